"""Words for what the columns of the audit log hold: outcomes, ways in, and what is wrong with a broken chain."""

from oms.errors import N_

OUTCOMES: dict[str, str] = {
    "done": N_("Done"),
    "refused": N_("Refused"),
    "known": N_("Was there already"),
    "held": N_("Waits for a decision"),
    "failed": N_("Failed"),
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
    "contradicts-checkpoint": N_("A signed checkpoint tells of another log: entries up to here were written anew."),
    "truncated": N_(
        "A signed checkpoint tells of more entries: from here on the log was cut off, or an old one put back."
    ),
    "bad-signature": N_(
        "A checkpoint does not bear a valid signature: somebody has changed the checkpoints or the key."
    ),
    "frozen-changed": N_("An older segment is not what it was when it was left behind: it was changed once more."),
}
LOG: dict[str, str] = {
    "audit:read": N_("Read the audit log"),
    "audit:list": N_("List the audit log"),
    "audit:view": N_("Open an audit entry"),
    "audit:verify": N_("Check the audit log"),
    "audit:extract": N_("Take an extract of the audit log"),
    "audit:slip": N_("Print the state of the audit log"),
    "mark:read": N_("Read the hidden mark of a picture"),
    "audit:segment": N_("Begin a new segment of the audit log"),
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
    "record:view": N_("Look at the record of a dossier"),
    "record:read": N_("Look at the record of a dossier"),
    "record:read_sensitive": N_("Read sensitive values of the record"),
    "record:edit": N_("Write a value of the record"),
    "record:key": N_("Write a value of the record"),
    "record:settle": N_("Decide a value two officers differ about"),
    "record:key_number": N_("Write the number of a document a second time"),
    "record:decide_number": N_("Decide a number two officers differ about"),
    "record:decide": N_("Decide a value two officers differ about"),
    "record:row": N_("Write a row of the record"),
    "record:remove_row": N_("Take a row out of the record"),
    "record:take": N_("Take over what the machine read"),
}
ACCESS: dict[str, str] = {
    "account:passkey_add": N_("Add a passkey"),
    "account:tie": N_("Tie an account to a person"),
    "account:passkey_remove": N_("Remove a passkey"),
    "account:provider_tie": N_("Tie an account to the office’s sign-in"),
    "account:provider_untie": N_("Untie an account from the office’s sign-in"),
    "account:gone": N_("End the sessions of who left the directory"),
    "access_review:state": N_("See where reviews of rights stand"),
    "access_review:read": N_("Read a review of rights"),
    "access_review:list": N_("List reviews of rights"),
    "access_review:view": N_("Open a review of rights"),
    "access_review:start": N_("Begin a review of rights"),
    "access_review:decide": N_("Confirm or revoke rights in a review"),
    "access_review:sign": N_("Sign a review of rights"),
    "protection_flag:read": N_("Ask whether there is a protection file"),
    "protection_flag:look": N_("See whether there is a protection file"),
    "protection_flag:set": N_("Write down that there is a protection file"),
    "protection_flag:clear": N_("Take away the note of a protection file"),
}
SUPPLEMENTS: dict[str, str] = {
    "campaign:read": N_("Look at campaigns of supplements"),
    "campaign:list": N_("List campaigns of supplements"),
    "campaign:view": N_("Open a campaign of supplements"),
    "campaign:open": N_("Begin a campaign of supplements"),
    "campaign:change": N_("Change a campaign of supplements"),
    "campaign:take_in": N_("Ask more people in a campaign"),
    "campaign:close": N_("Close a campaign of supplements"),
    "campaign:discard": N_("Take a campaign back before anybody declared"),
    "declaration:read": N_("Look at a supplement"),
    "declaration:view": N_("Open a supplement"),
    "declaration:list": N_("List supplements"),
    "declaration:export": N_("Export a list of supplements"),
    "declaration:enter": N_("Write a supplement for a person"),
    "declaration:write": N_("Write in a supplement"),
    "declaration:send": N_("Hand a supplement in"),
    "declaration:recall": N_("Take a supplement back"),
    "declaration:judge": N_("Approve or refuse declared values"),
    "declaration:check": N_("Finish the check of a supplement"),
    "declaration:return": N_("Send a supplement back"),
    "declaration:attest": N_("Attest a supplement"),
    "declaration:send-back": N_("Send a checked supplement back to the unit"),
    "declaration:print": N_("Print the form of a supplement"),
    "declaration:paper": N_("Name the signed paper of a supplement"),
}
SCANS: dict[str, str] = {
    "scan:read": N_("Read a scan"),
    "scan:list": N_("List scans"),
    "scan:view": N_("Open a scan"),
    "scan:upload": N_("Upload a scan"),
    "scan:take_over": N_("Take a scan over from a colleague at the desk"),
    "scan:import": N_("Take in a folder of scans"),
    "scan:download": N_("Download a scan"),
    "scan:read_again": N_("Have a scan read again"),
    "scan:check_signatures": N_("Have the digital signatures of a scan judged again"),
    "scan:signatures": N_("Judge the digital signatures of a scan"),
}
STACKS: dict[str, str] = {
    "scan:import_view": N_("Look at the import of a folder of scans"),
    "scan:import_export": N_("Take the list of an import as a file"),
    "stack:divide": N_("Divide a stack of scans"),
    "stack:list": N_("Look at the stacks of scans"),
    "stack:view": N_("Open a stack of scans"),
    "stack:give": N_("Give in a stack of scans"),
    "stack:assign": N_("Say whose pages of a stack are"),
    "stack:leave_out": N_("Leave pages of a stack out"),
    "stack:join": N_("Join two pieces of a stack"),
    "stack:split": N_("Split a piece of a stack"),
    "stack:order": N_("Have a stack taken in"),
    "stack:take_in": N_("Take in a stack"),
    "stack:withdraw": N_("Withdraw a stack"),
}
