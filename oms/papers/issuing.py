"""Issuing a paper: its number in the book of the body, how often it was printed, and the entry in the log.

A number is taken once for each body, kind and object, by somebody of that body; whoever prints the paper again gets
the same number. Knows no layout and no request.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, organisation
from oms.errors import N_, BadInput, Refused
from oms.models import Category, Dossier, PaperIssue, PaperKind, Precision, Unit, now
from oms.organisation import HANOI
from oms.permissions import Action, Actor, can
from oms.printing import Body, Imprint, Subject, write_number

PDF = "application/pdf"
PURPOSES = tuple(term.id for term in catalogue.terms("paper_purpose"))

# Short signs of the kinds in the number; PC, BB, GGT and BC by NĐ 30/2020/NĐ-CP Phụ lục III, the others in their manner.
_SIGNS = {
    PaperKind.TRANSFER_SLIP: "PC",
    PaperKind.HANDOVER_SLIP: "PGN",
    PaperKind.HANDOVER_MINUTES: "BB",
    PaperKind.HANDOVER_LIST: "DSGN",
    PaperKind.LOSS_MINUTES: "BBM",
    PaperKind.CONTENTS_LIST: "ML",
    PaperKind.CONTROL_SHEET: "PKS",
    PaperKind.SUPPLEMENT_REQUEST: "PĐN",
    PaperKind.CONSULTATION_SLIP: "PNC",
    PaperKind.CONSULTATION_LOG: "PTD",
    PaperKind.ENVELOPE: "BHS",
    PaperKind.DOSSIER_LABEL: "NHS",
    PaperKind.DISPOSAL_MINUTES: "BBH",
    PaperKind.VERIFICATION_MINUTES: "BBXM",
    PaperKind.PAPER_LOSS_MINUTES: "BBTL",
    PaperKind.ATTESTATION: "GXN",
    PaperKind.LEAVING_MINUTES: "BBTV",
    PaperKind.ACCESS_REVIEW: "BBRS",
    PaperKind.TRANSFER_LETTER: "GGT",
    PaperKind.DOSSIER_REGISTER: "SĐK",
    PaperKind.HANDOVER_REGISTER: "SGN",
    PaperKind.CONSULTATION_REGISTER: "STD",
    PaperKind.MEMBERSHIP_REGISTER: "SCSH",
}
# TT 07/2019/TT-BNV gives codes to the forms of public employees; those of civil servants have none.
_FORMS = {
    PaperKind.HANDOVER_SLIP: "HS04-VC/BNV",
    PaperKind.TRANSFER_SLIP: "HS05-VC/BNV",
    PaperKind.CONSULTATION_SLIP: "HS06-VC/BNV",
    PaperKind.CONSULTATION_LOG: "HS07-VC/BNV",
    PaperKind.ENVELOPE: "HS09a-VC/BNV",
    PaperKind.CONTENTS_LIST: "HS09b-VC/BNV",
}
_STATE_CATEGORIES = frozenset({Category.CIVIL_SERVANT, Category.PUBLIC_EMPLOYEE, Category.CONTRACT_WORKER})
_STATE_HOSTS = frozenset({"state_agency", "public_service_unit"})
# The organisation is a đảng bộ, its papers come from its committee.
_COMMITTEES = (
    ("Đảng bộ tỉnh ", "Tỉnh ủy "),
    ("Đảng bộ cơ sở ", "Đảng ủy "),
    ("Đảng bộ ", "Đảng ủy "),
    ("Chi bộ cơ sở ", "Chi bộ "),
)


@dataclass(frozen=True)
class Paper:
    """A paper ready to leave: file name, media type, bytes, and its number ("" for what carries none)."""

    file_name: str
    media_type: str
    body: bytes
    number: str = ""


@dataclass(frozen=True)
class Printing:
    """Who prints, for what (an id of the vocabulary `paper_purpose`), and the address of the installation."""

    actor: Actor
    purpose: str
    address: str = ""

    def __post_init__(self) -> None:
        """Refuse a purpose that is not one of the list."""
        if self.purpose not in PURPOSES:
            raise BadInput(N_("Choose what the paper is for. The purpose is printed on it and written down."))

    @property
    def purpose_words(self) -> str:
        """The purpose as it stands on the paper."""
        return catalogue.term("paper_purpose", self.purpose).label_vi


def body_of(unit: Unit, category: Category | None = None) -> Body:
    """How a unit heads its papers: as a Party body, or as the state body it belongs to for dossiers of state staff."""
    top = unit
    while top.parent is not None:
        top = top.parent
    place = top.name.partition("Đảng bộ tỉnh ")[2]
    if category in _STATE_CATEGORIES and unit.host_name and unit.org_type in _STATE_HOSTS:
        return Body(unit.host_name, "", False, _initials(unit.host_name), place)
    above = committee_name(unit.parent.name) if unit.parent else ""
    return Body(committee_name(unit.name), above, True, unit.symbol or "", place)


def committee_name(name: str) -> str:
    """The committee that signs for an organisation: “Đảng bộ cơ sở Sở Y tế” signs as “Đảng ủy Sở Y tế”."""
    for organisation_word, committee in _COMMITTEES:
        if name.startswith(organisation_word):
            return committee + name.removeprefix(organisation_word)
    return name


def _initials(name: str) -> str:
    return "".join(word[0].upper() for word in name.split() if word[0].isalpha())


def form_of(kind: PaperKind, category: Category) -> str:
    """The code of the official form, where the rule gives it one."""
    code = _FORMS.get(kind) if category == Category.PUBLIC_EMPLOYEE else None
    return f"Mẫu {code}" if code else ""


def check_code(sha256: str | None) -> str:
    """The first sixteen digits of a SHA-256 in groups of four: short enough to compare by eye."""
    digits = (sha256 or "")[:16].upper()
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


def write_date(day: date | None, precision: Precision | str | None = None) -> str:
    """A date as much as the paper says: dd/mm/yyyy, mm/yyyy or yyyy; empty when unknown."""
    if day is None:
        return ""
    return day.strftime({"month": "%m/%Y", "year": "%Y"}.get(str(precision or "day"), "%d/%m/%Y"))


def tell_of(dossier: Dossier, *, actor: Actor) -> Subject:
    """Whose dossier it is; facts beyond name and number only for those who may read the dossier now."""
    person = dossier.person
    category = catalogue.term("category", dossier.category.value).label_vi
    if not can(actor, Action.DOSSIER_READ, dossier):
        return Subject(person.full_name, dossier.number, category)
    return Subject(
        full_name=person.full_name,
        dossier_number=dossier.number,
        category=category,
        other_names=", ".join(alias.name for alias in person.aliases),
        birth=write_date(person.birth_date, person.birth_precision),
        home_town=person.home_town or "",
        position=person.position or "",
        unit=person.unit.short_name,
        personal_id=person.personal_id or "",
    )


def issue(
    session: Session,
    kind: PaperKind,
    thing: object,
    unit: Unit,
    body: Body,
    *,
    printing: Printing,
    yearly: int | None = None,
    check: str = "",
    address: str = "",
    request: str = "",
) -> Imprint:
    """The number and foot of a paper about `thing` in the book of `unit`, written down as printed once more.

    `yearly` is the year of a register. Raises `Refused` while the unit has not issued the paper and the actor is of
    another one.
    """
    subject = str(getattr(thing, "id", ""))
    found = _find_or_number(session, kind, unit, f"{subject}:{yearly}" if yearly else subject, yearly, printing.actor)
    found.times += 1
    found.last_printed_at = now()
    session.flush()
    number = write_number(found.number, _SIGNS[kind], body)
    audit.record(
        session,
        "paper:print",
        thing,
        actor=printing.actor,
        words=printing.purpose_words,
        paper=kind.value,
        number=number,
        times=found.times,
    )
    return Imprint(
        number=number,
        printed_by=printing.actor.name,
        printed_at=now().astimezone(HANOI),
        purpose=printing.purpose_words.lower(),
        request=request,
        check_code=check_code(check),
        address=address,
        times=found.times,
    )


def issuing_unit(session: Session, kind: PaperKind, subject: str) -> Unit | None:
    """The body whose book has the paper already: a dossier that went on does not get it a second number."""
    query = select(Unit).join(PaperIssue, PaperIssue.unit_id == Unit.id)
    return session.scalars(query.where(PaperIssue.kind == kind, PaperIssue.subject == subject)).first()


def _find_or_number(
    session: Session, kind: PaperKind, unit: Unit, subject: str, yearly: int | None, actor: Actor
) -> PaperIssue:
    query = (
        select(PaperIssue)
        .where(PaperIssue.kind == kind, PaperIssue.subject == subject, PaperIssue.unit_id == unit.id)
        .with_for_update()
    )
    found = session.scalar(query)
    if found is not None:
        return found
    if not any(unit.id in units for units in actor.units.values()):
        raise Refused(
            N_("%(unit)s has not issued this paper yet, and only that unit takes its number. Ask there."),
            unit=unit.name,
        )
    year = yearly or organisation.today().year
    try:
        with session.begin_nested():
            number = dossiers.next_number(session, f"paper-{kind.value}-{unit.id}-{year}")
            made = PaperIssue(kind=kind, subject=subject, unit_id=unit.id, year=year, number=number, times=0)
            session.add(made)
            session.flush()
    except IntegrityError:  # somebody else took the number a moment ago; the counter went back with the savepoint
        return session.scalars(query).one()
    return made
