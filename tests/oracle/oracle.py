"""Who may do what, written a second time from the policy that heads sign and from docs/security.md.

Knows nothing of the program: no import of it, no word of its code but the names of addresses. People and dossiers are
those of `organisation`. `answer` says in what way an address must answer; `may_meet` whose words may stand in it.
Letters are roles: O officer, H head, I inspector, S the person concerned, A administrator. "H*" is an act a head may
delegate. "!" stops while a transfer or a hold keeps the dossier still, "!!" also when it is closed.
"""

from dataclasses import dataclass

IN, REFUSED, HIDDEN, BARRED, SIGN_IN = "let in", "refused", "hidden", "barred", "sign in"

ALL = frozenset({"khoi", "btc", "sonv", "sonv_c1", "sotc", "soyt"})
# person: what they are today, as role and units in which it counts
PEOPLE: dict[str, tuple[str, frozenset[str]]] = {
    "": ("", frozenset()),  # nobody has signed in
    "nghi.sonv": ("", frozenset()),  # the account is closed, the browser still open
    "thoi.sonv": ("-", frozenset()),  # the only role ended yesterday
    "canbo.sonv": ("O", frozenset({"sonv", "sonv_c1"})),  # with the cells below
    "canbo2.sonv": ("O*", frozenset({"sonv"})),  # without them; acts for the head, too
    "bithu.sonv": ("H", frozenset({"sonv", "sonv_c1"})),
    "canbo.sotc": ("O", frozenset({"sotc"})),
    "bithu.sotc": ("H", frozenset({"sotc"})),
    "canbo.soyt": ("O", frozenset({"soyt"})),
    "canbo.khoi": ("O", frozenset({"btc"})),
    "truongban.khoi": ("H", frozenset({"btc"})),
    "kiemtra.khoi": ("I", ALL),
    "nguoilaodong.sonv": ("S", frozenset({"sonv"})),
    "quantri": ("A", ALL),
}
KEEPER = dict.fromkeys(("own", "under_way", "closed", "held", "sealed", "managed", "person", "lent"), "sonv")
KEEPER |= {"cell": "sonv_c1", "other": "sotc", "gone": "sotc", "bloc": "btc"}
MANAGER = KEEPER | {"managed": "btc", "gone": "sonv"}  # who keeps it changed with the transfer, who manages it did not
FIRST = KEEPER | {"gone": "sonv"}  # who kept it when what hangs on it was written
STILL, CLOSED = {"under_way", "held"}, {"closed"}
PARTIES = {
    "under_way": {"sonv", "btc", "sotc"},
    "gone": {"sonv", "btc", "sotc"},
    "other": {"sotc"},
}  # the last: a draft
ASKED_BY = {"consultation": "canbo.soyt", "inspection": "kiemtra.khoi"}
ASKED_IN = {
    "sonv": ("own", "cell", "under_way", "gone", "closed", "held", "sealed", "person", "lent"),
    "sotc": ("other",),
}
OWN = {"nguoilaodong.sonv": "person"}  # whose dossier is whose
FOLDERS = {"sonv": "canbo.sonv", "sotc": "canbo.sotc", "btc": "canbo.khoi", "sonv_c1": "canbo.sonv"}


def units_of(relation: str, kind: str, corner: str) -> set[str]:
    """The units that stand in a relation to a thing."""
    if relation == "unit":
        return {"soyt", KEEPER[corner]} if kind == "transfer_request" else {FIRST.get(corner, corner)}
    if relation == "order":
        return {KEEPER[corner], MANAGER[corner], *({FIRST[corner]} if kind in ("hold", "old_hold") else ())}
    if relation == "asked":
        return {corner, *(KEEPER[one] for one in ASKED_IN[corner]), *(MANAGER[one] for one in ASKED_IN[corner])}
    table = {"keep": KEEPER, "manage": MANAGER, "from": FIRST}
    if relation in table:
        return {table[relation][corner]}
    if relation == "to":
        return {"under_way": {"sotc"}, "gone": {"sotc"}}.get(corner, set())
    return {"parties": PARTIES.get(corner, set()), "late": {FIRST.get(corner, ""), KEEPER.get(corner, "")}}.get(
        relation, set(ALL) if relation == "any" else set()
    )


# kind of thing: who knows that it exists
SEEN = {
    "dossier": "OH keep", "person": "OH keep", "scan": "OH keep", "waiting": "OH keep", "page": "OH keep",
    "document": "OH keep", "finding": "OH keep", "verification": "OH keep", "paper_loss": "OH keep",
    "subject_request": "OH keep", "purge": "OH keep", "correction": "OH order", "attestation": "OH order",
    "leaving": "OH order", "hold": "OH order", "old_hold": "OH order", "declaration": "OH order",
    "campaign": "OH asked", "transfer": "OH parties", "transfer_request": "OH unit", "late_paper": "O late",
    "membership": "OH from", "asking": "O keep", "consultation": "OH keep", "inspection": "OH keep",
    "locate_answer": "OH unit", "mass_transfer": "OH unit", "disposal": "OH unit", "package": "OH unit",
    "arrival": "O unit", "stack": "O unit", "stocktaking": "O unit", "folder": "O unit", "reorganisation": "OHA unit",
    "alarm": "IA any", "access_review": "H unit", "unit": "OHIA any", "account": "A any", "insert_scan": "- any", "insert_page": "- any", "insert_document": "- any",
}  # fmt: skip


def has(who: str, letters: str, units: set[str], *, lent: bool = False) -> bool:
    """Whether somebody has one of the roles in one of the units; `lent`: or acts there for the head."""
    role, own = PEOPLE[who]
    fits = role[:1] in letters and role not in ("", "-")
    return (fits or (lent and "*" in role and "H" in letters)) and bool(own & units)


def sees(who: str, kind: str, corner: str) -> bool:
    """Whether somebody may know that a thing exists."""
    letters, relation = SEEN[kind].split()
    if kind == "folder":
        return FOLDERS[corner] == who
    return ASKED_BY.get(kind) == who or has(who, letters, units_of(relation, kind, corner))


@dataclass(frozen=True)
class Rule:
    """One line of the table of addresses: what for, who, in which relation, and what stops it."""

    kind: str
    letters: str
    relation: str
    lent: bool
    stops: str


def answer(who: str, rule: Rule, corner: str | None) -> str:
    """In what way an address must answer somebody."""
    role, units = PEOPLE[who]
    if rule.letters == "public":
        return IN
    if role == "":
        return SIGN_IN
    if rule.letters == "mine":
        return IN if OWN.get(who) == corner and corner is not None else (REFUSED if role == "-" else HIDDEN)
    if rule.kind == "-" or corner is None:
        return IN if has(who, rule.letters, set(units), lent=rule.lent) else REFUSED
    if rule.stops == "first" and not has(who, rule.letters, set(ALL)):
        return REFUSED  # here the role is asked for before the thing is looked for
    if not sees(who, rule.kind, corner):
        return HIDDEN
    if rule.letters != "=" and not has(who, rule.letters, units_of(rule.relation, rule.kind, corner), lent=rule.lent):
        return REFUSED
    stopped = (rule.stops in ("!", "!!") and corner in STILL) or (rule.stops == "!!" and corner in CLOSED)
    return BARRED if stopped else IN


# Room of a word: the kinds of things that show it to whoever may see one of them of that corner.
_CASES = "correction attestation leaving hold old_hold declaration transfer membership late_paper package"
ROOMS = {
    "number": f"dossier {_CASES} consultation inspection transfer_request",
    "name": f"dossier {_CASES}",
    "title": "dossier transfer correction",  # a correction names the paper it rests on
    "managed": "correction attestation leaving",
    "insert": "insert_scan",
    "delegation": "disposal",  # of the own unit, for its officers and heads
    **dict.fromkeys(("text", "person", "paper", "case", "asked", "sensitive", "purge"), "dossier"),
    "hold": "hold old_hold", "declared": "declaration", "move": "membership", "late": "late_paper",
    "request": "transfer_request", "look": "consultation inspection", "plan": "reorganisation",
    "batch": "mass_transfer", "stock": "stocktaking", "campaign": "campaign declaration",
}  # fmt: skip
# What the person concerned reads of the own dossier, and what a reader of granted pages does.
TOLD_TO_THE_PERSON = {"number", "name", "title", "person", "asked", "declared", "managed", "campaign"}
TOLD_TO_THE_READER = {"number", "name", "title", "look"}
READERS = {"lent": {"canbo.soyt", "kiemtra.khoi"}}
NOT_IN_THE_LOG = {"text", "sensitive", "insert", "person", "declared", "saved_search"}


def may_meet(who: str, room: str, corner: str, *, in_log: bool = False, number: bool = False) -> bool:
    """Whether a word, or an id, of this room and corner may stand in an answer to somebody; `in_log`: of the log."""
    if number and sees(who, "reorganisation", "btc"):
        return True  # a plan that is tried out lists what is still open in a unit that ends, by its numbers
    if in_log and PEOPLE[who][0] == "I":
        return room not in NOT_IN_THE_LOG
    if room == "saved_search" or corner in PEOPLE:
        return corner == who or FOLDERS.get(corner) == who
    if room == "sensitive" and PEOPLE[who][0][:1] != "O":
        return False
    if OWN.get(who) == corner and room in TOLD_TO_THE_PERSON:
        return True
    if room == "campaign" and OWN.get(who) in ASKED_IN[corner]:
        return True
    if room == "question":  # asked by one unit, answered by the board that holds most
        return who == "canbo.soyt" or ("btc" in PEOPLE[who][1] & {"btc"} and PEOPLE[who][0] in "OH")
    if who in READERS.get(corner, ()) and room in TOLD_TO_THE_READER:
        return True
    return any(sees(who, kind, corner) for kind in ROOMS.get(room, room).split() if _fits(kind, corner))


def _fits(kind: str, corner: str) -> bool:
    """Whether there is a thing of this kind in the corner."""
    of_dossier = corner in KEEPER
    if kind in ("hold", "transfer", "membership", "late_paper", "inspection"):
        own = {"hold": {"held"}, "membership": {"lent", "other"}, "late_paper": {"gone"}, "inspection": {"lent"}}
        return corner in own.get(kind, PARTIES)
    of_unit = SEEN[kind].endswith("unit") and kind not in ("transfer_request", "package")
    return of_dossier != (of_unit or kind == "campaign")
