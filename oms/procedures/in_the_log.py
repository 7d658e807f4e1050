"""What the log calls the acts of the procedures."""

from oms.errors import N_

IN_THE_LOG: dict[str, str] = {
    "correction:read": N_("Read a correction"),
    "correction:list": N_("List corrections"),
    "correction:view": N_("Open a correction"),
    "correction:propose": N_("Propose to correct a value"),
    "correction:decide": N_("Correct a value by decision"),
    "correction:refuse": N_("Refuse a correction"),
    "correction:withdraw": N_("Withdraw a correction"),
    "verification:read": N_("Read a verification"),
    "verification:lead": N_("Lead a verification"),
    "verification:list": N_("List verifications"),
    "verification:view": N_("Open a page of a verification"),
    "verification:open": N_("Open a verification"),
    "verification:describe": N_("Correct what a verification asks"),
    "verification:extend": N_("Extend a verification"),
    "verification:end": N_("End a verification"),
    "verification:conclude": N_("Write the minutes of a verification"),
    "verification:file_minutes": N_("Name the signed minutes of a verification"),
    "verification:give_up": N_("Give a verification up"),
}
