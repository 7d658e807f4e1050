"""Every right of the program and whom it serves, written a second time from the policy; a right without a row fails.

`kind: who relation stops: rights`, in the letters and relations of `oracle`; a line of kind `-` asks for the role alone,
one of kind `all` reaches every row there is. "*" is an act a head may delegate. `asker` is whoever asked and the keeper,
`giver` whoever handed it in, `decider` the board that decides, `next` nobody before it is sent.
"""

from dataclasses import dataclass

from tests.oracle import oracle

_TABLE = """
-: O: dossier:create transfer:ask package:take_in disposal:propose
-: OH: search:use delegation:read
-: OHI: figures:read consultation:request
-: H: delegation:give
-: HA: access_review:state
-: A: system:read
-: OHISA: own:read membership:ask request:ask
all: OHIA: unit:read
all: A: account:manage
all: I: audit:read
all: IA: alarm:read

dossier: OH keep: dossier:read record:read insert:open
dossier: O keep: record:read_sensitive
dossier: O keep !: dossier:edit attestation:ask paper_loss:declare
dossier: O keep !!: record:edit scan:upload document:file correction:propose leaving:open verification:open
dossier: OH keep !!: record:settle
dossier: H* order: hold:order
dossier: OH keep: paper:read
dossier: O keep: paper:move
scan: OH keep: scan:read
scan: O keep: scan:download
page: OH keep: page:read
page: O keep !: page:review
page: OHI asker: consultation:look
document: OH keep: document:read
person: OH keep: person:read
person: OH manage: protection_flag:read
person: H manage: protection_flag:set

hold: OH order: hold:read
old_hold: OH order: hold:read
disposal: OH unit: disposal:read
disposal: H* unit: disposal:decide
access_review: H unit: access_review:read access_review:sign
stocktaking: O unit: stock:count
folder: O giver: scan:import
stack: O unit: stack:divide
arrival: O unit: package:take_in
package: OH unit: package:read
reorganisation: OHA unit: reorganisation:read
reorganisation: OA unit: reorganisation:prepare
reorganisation: H unit: reorganisation:approve

transfer: OH parties: transfer:read
transfer: O from: transfer:prepare
transfer: H* decider: transfer:approve
transfer: OH from: transfer:send
transfer: OH receiver: transfer:receive
transfer: H parties: transfer:lose
mass_transfer: OH unit: mass_transfer:read
transfer_request: OH unit: transfer_request:read
transfer_request: O keep: transfer_request:answer
late_paper: O late: late_paper:read
membership: OH from: membership:read
membership: O from: membership:prepare
membership: H* next: membership:sign
membership: OH next: membership:receive
asking: O keep: membership:answer

consultation: OHI asker: consultation:read
consultation: H* keep: consultation:approve
consultation: OH keep: loan:hand_out
inspection: OHI asker: consultation:read
inspection: H* keep: consultation:approve
inspection: OH keep: loan:hand_out
locate_answer: OH unit: locate:answer

correction: OH order: correction:read
correction: H* manage: correction:decide
leaving: OH order: leaving:read
leaving: O keep: leaving:handle
leaving: H* manage: leaving:consent
attestation: OH order: attestation:read
attestation: H* manage: attestation:give
finding: OH keep: check:read
finding: O keep !: check:settle
verification: OH keep: verification:read
verification: O keep !: verification:lead
paper_loss: OH keep: paper_loss:read
paper_loss: O keep !: paper_loss:settle
subject_request: OH keep: request:read
subject_request: O keep: request:answer
subject_request: H* keep: request:decide
campaign: OH asked: campaign:read
campaign: O unit: campaign:open
declaration: OH order: declaration:read
declaration: O keep: declaration:enter declaration:check
declaration: H* manage: declaration:attest

insert_scan: - any: scan:read scan:download
insert_page: - any: page:read page:review consultation:look
insert_document: - any: document:read
"""


@dataclass(frozen=True)
class Right:
    """One line: about what kind of thing, who has it in which relation, and what stops it."""

    kind: str
    letters: str
    lent: bool
    relation: str
    stops: str


def _read() -> dict[str, list[Right]]:
    rights: dict[str, list[Right]] = {}
    for line in filter(None, _TABLE.splitlines()):
        kind, who, names = (part.strip() for part in line.split(": ", 2))
        letters, relation, stops = (*who.split(), "", "")[:3]
        for name in names.split():
            right = Right(kind, letters.rstrip("*"), letters.endswith("*"), relation, stops)
            rights.setdefault(name, []).append(right)
    return rights


RIGHTS = _read()
DECIDES = {
    "under_way": {"btc"},
    "gone": {"btc"},
    "other": {"sotc"},
}  # the board above both; what goes up: the sending head
RECEIVES = {"under_way": {"sotc"}, "gone": {"sotc"}, "other": {"btc"}}


def may(who: str, right: Right, corner: str | None) -> bool:
    """Whether somebody may do it, to a thing in this corner."""
    role = oracle.PEOPLE[who][0]
    if corner is None:
        return oracle.has(who, right.letters, set(oracle.ALL), lent=right.lent)
    if right.relation == "giver":
        return oracle.FOLDERS[corner] == who
    if right.relation == "asker":
        kind = "page" if right.kind == "page" else "request"
        if kind == "page":  # granted to two readers, in one dossier
            return who in oracle.READERS.get(corner, ())
        return who == oracle.ASKED_BY[right.kind] or (role[:1] in "OH" and _in(who, right, {oracle.KEEPER[corner]}))
    units = {"decider": DECIDES, "receiver": RECEIVES}.get(right.relation)
    own = units[corner] if units else set() if right.relation == "next" else _units(right, corner)
    stopped = (right.stops in ("!", "!!") and corner in oracle.STILL) or (
        right.stops == "!!" and corner in oracle.CLOSED
    )
    return _in(who, right, own) and not stopped


def _units(right: Right, corner: str) -> set[str]:
    return oracle.units_of(right.relation, right.kind, corner)


def _in(who: str, right: Right, units: set[str]) -> bool:
    return oracle.has(who, right.letters, units, lent=right.lent)
