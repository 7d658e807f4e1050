"""Words for what the columns of the audit log hold: outcomes, ways in, and what is wrong with a broken chain."""

from oms.errors import N_

OUTCOMES: dict[str, str] = {
    "done": N_("Done"),
    "refused": N_("Refused"),
    "known": N_("Was there already"),
    "held": N_("Waits for a decision"),
}
WAYS: dict[str, str] = {
    "web": N_("Browser"),
    "api": N_("API"),
    "cli": N_("Command line"),
    "job": N_("Background job"),
    "system": N_("System"),
}
FINDINGS: dict[str, str] = {
    "gap": N_("An entry is missing here."),
    "chain-broken": N_("This entry, or the one before it, is not what was written."),
    "contradicts-body": N_("The columns or the words of this entry contradict what was written."),
}
