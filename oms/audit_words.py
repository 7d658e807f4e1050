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
REARRANGING: dict[str, str] = {
    "document:reorder_pages": N_("Change the order of pages"),
    "document:split": N_("Split a document"),
    "document:merge": N_("Join two documents"),
    "document:move_pages": N_("Move pages of a document"),
    "dossier:reorder_documents": N_("Change the order of documents"),
    "page:turn": N_("Turn a page"),
    "dossier:undo_rearranging": N_("Undo a change of order"),
}
RECORD: dict[str, str] = {
    "record:view": N_("Look at the record"),
    "record:read": N_("Read the record"),
    "record:read_sensitive": N_("Read sensitive values of the record"),
    "record:edit": N_("Fill in the record"),
    "record:settle": N_("Settle a disagreement about a value of the record"),
    "record:propose": N_("Take a reading into the record"),
    "record:keyed": N_("Key a value of the record"),
    "record:decided": N_("Decide a value of the record"),
}
