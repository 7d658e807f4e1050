"""Holds what an act committed against the entries it committed with it: nothing without an entry, none twice (AT-2).

The rule: each changed row is told of by an entry of the same transaction, which names the row, what it belongs to, or
its dossier; in a batch each dossier by its own. No two entries of an act say the same of the same thing. What is shown
has its entry before the first byte: of the dossier that the address names exactly one. A refusal changes nothing.
"""

import re
from collections import Counter
from collections.abc import Iterator

from tests.recording import Act, Change, Entry, Transaction

# Tables that are no state of the house, each with its reason.
BOOKKEEPING = {
    "audit_words": "the words of an entry",
    "attempts": "wrong tries, counted",
    "counters": "numbers given out, requests counted",
    "jobs": "work that waits; what ordered it has the entry",
    "desk_days": "seconds at the desk, for figures that name nobody",
    "desk_drafts": "what somebody is typing, theirs alone until it is saved or filed, which has the entry",
    "desk_leases": "whose a scan at the desk is, for minutes",
    "recent_searches": "the own last searches of a session; the search has the entry",
    "upload_days": "bytes counted for the limit of a day",
    "passkey_challenges": "a question of a minute",
    "facts": "when the machine last looked, backed up and measured; what it does about it has the entry",
    "sqlite_sequence": "numbers of SQLite",
}
# Columns that are none.
COLUMNS = {"sign_ins": {"seen_at"}, "second_factors": {"last_counter"}, "saved_searches": {"looked_at"}}
# Steps on the way to what has its entry: a second factor that is not in force yet; pages the machine reads one by one,
# until the scan is read.
STEPS = {("second_factors", "insert"), ("second_factors", "secret")}
READING = {"job read_scan", "job read_page"}
# Columns that say who did something and where, not what a row is about.
WHO = ("_by_id", "second_id", "from_unit_id", "to_unit_id", "approving_unit_id")
# Files: of these every answer shows something.
FILES = ("image/jpeg", "image/png", "image/tiff", "image/heic", "application/pdf", "application/zip", "application/vnd")
# Parts of pages: the page that shows them has the entry, where it was shown to this person a short time ago.
PARTS = {
    "pages.image": "page:view",
    "pages.words": "page:view",
    "search.line": "search:find",
    "inserts.image": "insert:look",
    "reading_room.image": "consultation:look",
    "gate.image": "secrecy:look",
    "intake.progress": "scan:list",
    "intake.scan_progress": "scan:view",
}
# Addresses whose answers need no entry, each with its reason.
NEEDING_NONE = {
    "pages.thumbnail": "too small for letters; lists are full of them",
    "stacks.picture": "too small for letters; part of the stack",
    "static": "of the program",
    "first_load.template": "an empty form",
    "second_factor.picture": "the own secret, shown to its owner while it is set up",
    "search.suggest": "at most one entry a minute (docs/search.md)",
    "api_search.suggest": "at most one entry a minute (docs/search.md)",
}


_IN = re.compile("[ /.]")


def is_counted(change: Change) -> bool:
    """Whether a changed row is a state that an entry must tell of."""
    if change.table in BOOKKEEPING or {(change.table, change.verb), (change.table, *change.columns)} & STEPS:
        return False
    return not (change.columns and change.columns <= COLUMNS.get(change.table, set()))


def names_in(entry: Entry) -> set[str]:
    """Everything an entry names: its thing, its dossier, its session, and what stands in its detail."""
    said = (entry.thing, entry.dossier, entry.body.get("session"), *_texts(entry.body.get("detail")))
    return {name for name in said if name}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def untold(transaction: Transaction) -> list[Change]:
    """The changed rows of which no entry of the same transaction tells."""
    named = {name for entry in transaction.entries for name in names_in(entry)}
    left = [change for change in transaction.changes if is_counted(change)]
    while True:
        # A dossier that changed is told of by itself: that another one of the batch has an entry is not enough.
        told = [change for change in left if named & (_links(change) | change.owners)]
        if not told:
            return left
        left = [change for change in left if change not in told]
        named |= {name for change in told for name in _links(change) if change.table != "dossiers"}


def _links(change: Change) -> set[str]:
    """What a row is about: its own id and those it names, but who did it and where, unless it names nothing else."""
    if change.table == "dossiers":
        return {change.ids["id"]}
    said = {name: str(value) for name, value in change.ids.items() if value and not name.endswith(WHO)}
    if set(said) <= {"id", "account_id", "unit_id"}:
        return set(said.values())
    return {value for name, value in said.items() if name not in ("account_id", "unit_id")}


def doubled(act: Act) -> list[str]:
    """Entries of one act that tell the same of the same thing."""
    found = Counter(
        (str(entry), entry.thing, entry.dossier, str(entry.body.get("detail")), entry.body.get("words"))
        for entry in act.entries
    )
    return [f"{n} times {key[0]} of {key[1] or key[2]}" for key, n in found.items() if n > 1]


def late(act: Act) -> list[Entry]:
    """Entries committed when bytes had left already."""
    return [entry for one in act.transactions if act.sent and one.moment > act.sent for entry in one.entries]


def unseen(act: Act, before: list[Entry], *, shown: bool = False, dossier: str | None = None) -> list[str]:
    """What is wrong with the looks of an answer; `shown`: words of somebody stand in it, `dossier`: of this one.

    `before` are the entries of the same person in the last minutes.
    """
    is_file = act.status in (200, 206) and act.headers.get("content-type", "").startswith(FILES)
    if act.endpoint in NEEDING_NONE or not (shown or is_file):
        return []
    if not act.entries and act.endpoint in PARTS and any(_is_whole(entry, act) for entry in before):
        return []
    ids = set(_IN.split(act.name))
    if act.status >= 400 and (act.entries or any(names_in(entry) & {dossier, *ids} for entry in before)):
        return []  # the refusal has its entry, or a form shows again what its sender saw before
    done = [entry for entry in act.entries if entry.outcome == "done"]
    of_it = [entry for entry in done if entry.dossier == dossier]
    if not done:
        return ["shown without an entry"]
    if dossier is not None and len(of_it) != 1:
        return [f"shown with {len(of_it)} entries of its dossier"]
    return []


def _is_whole(entry: Entry, act: Act) -> bool:
    """Whether an entry is of the page that shows this part."""
    if entry.action not in (PARTS[act.endpoint], "page:view"):
        return False
    return entry.action in ("search:find", "scan:list", "secrecy:look") or bool(
        names_in(entry) & set(_IN.split(act.name))
    )


def faults(act: Act) -> list[str]:
    """What is wrong with an act, in words."""
    left = [change for transaction in act.transactions for change in untold(transaction)]
    found = [f"no entry tells of {change}" for change in left if act.name not in READING]
    found += [f"said {said}" for said in doubled(act)]
    found += [f"after the first byte: {entry}" for entry in late(act)]
    if act.kind == "request" and act.status >= 400:
        # A password given again counts, also when what it was given for is refused afterwards.
        left = [one for one in act.transactions if {entry.action for entry in one.entries} != {"account:confirm"}]
        kept = [change for one in left for change in filter(is_counted, one.changes)]
        found += [f"refused with {act.status}, and yet: {change}" for change in kept]
    return found
