"""The short CV of a dossier, filled in: what is known of the person, under the rights of who prints it.

What an officer entered in the register or verified stands as it is; what was only read from the papers comes along when
that is wished, and is marked. A value only few may see is never printed for others: the line says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.orm import Session

from oms import audit, catalogue, record
from oms.catalogue.form_prints import FormPrint, form_print, form_prints
from oms.errors import N_, BadInput
from oms.exporting import require_purpose
from oms.models import Dossier, Gender, Person, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper
from oms.permissions import Action, Actor, require
from oms.printing.sheet import Imprint
from oms.printing.short_cv import ShortCv, draw_short_cv, write_short_cv
from oms.record.facts import READ, VERIFIED, Facts, RowFact, gather

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
As = Literal["docx", "pdf"]


@dataclass
class Known:
    """What is known of a person by key: values, rows of tables, and which of both nobody verified."""

    values: dict[str, str] = field(default_factory=dict)
    tables: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    unverified: set[str] = field(default_factory=set)


def choices() -> list[tuple[str, str]]:
    """Ids of the forms that can be printed, with their names."""
    return [(printed.id, f"{printed.corner} – {printed.label_vi}") for printed in form_prints()]


def take(
    session: Session,
    dossier: Dossier,
    *,
    form_id: str,
    kind: str,
    purpose: str,
    actor: Actor,
    unverified: bool = False,
) -> Paper:
    """The filled form as Word or PDF; raises `BadInput` without a purpose, `ConfirmationNeeded` without a fresh
    password. Who took it, for what and how much was unverified is written down."""
    require(actor, Action.DOSSIER_READ, dossier)
    if form_id not in {printed.id for printed in form_prints()}:
        raise BadInput(N_("Choose one of the forms."))
    if kind not in ("docx", "pdf"):
        raise BadInput(N_("Choose Word or PDF."))
    reason = require_purpose(purpose, actor=actor)
    cv = fill(session, dossier, form_print(form_id), purpose=reason, actor=actor, unverified=unverified)
    body = write_short_cv(cv) if kind == "docx" else draw_short_cv(cv)
    audit.record(
        session,
        "paper:short_cv",
        dossier,
        actor=actor,
        words=reason,
        form=form_id,
        kind_of=kind,
        unverified=len(cv.unverified),
    )
    name = f"{form_id.replace('/', '-')}_{dossier.number}.{kind}"
    return Paper(name, WORD if kind == "docx" else PDF, body)


def fill(
    session: Session, dossier: Dossier, printed: FormPrint, *, purpose: str, actor: Actor, unverified: bool
) -> ShortCv:
    """The form with what is known; without `unverified` only what a person entered or verified."""
    known = _known(session, dossier)
    keys = {*printed.keys, *(key for block in printed.blocks for key in (block.table_key, block.text_key) if key)}
    wanted = keys if unverified else keys - known.unverified
    imprint = Imprint(
        number=dossier.number,
        printed_by=f"{actor.name} ({actor.username})",
        printed_at=now().astimezone(HANOI),
        purpose=purpose,
    )
    withheld = frozenset(_withheld(printed, dossier, actor))
    return ShortCv(
        printed,
        imprint,
        {key: text for key, text in known.values.items() if key in wanted - withheld},
        {key: rows for key, rows in known.tables.items() if key in wanted - withheld},
        frozenset(known.unverified & wanted - withheld),
        withheld,
    )


def _withheld(printed: FormPrint, dossier: Dossier, actor: Actor) -> Iterator[str]:
    """What the form asks and the actor has no need to know (`catalogue/record_rules.yaml`)."""
    form = catalogue.form(printed.id)
    yield from (thing.key for thing in form.things if not record.may_see(thing, dossier, actor=actor))


def _known(session: Session, dossier: Dossier) -> Known:
    """What the record, the register and the filed pages say, in this order: what two looked at weighs most."""
    facts = gather(session, dossier)
    known = Known(dict(_of_register(dossier.person)))
    for key in dict.fromkeys(fact.key for fact in facts.values):
        fact = facts.holding(key)
        if fact is not None and (key not in known.values or fact.rank == VERIFIED):
            known.values[key] = fact.text
            if fact.rank == READ:
                known.unverified.add(key)
    for key, rows in _tables(facts).items():
        known.tables[key] = rows
        known.unverified.add(key)
    for key, written in record.written_rows(session, dossier).items():
        known.tables[key] = written
        known.unverified.discard(key)
    return known


def _of_register(person: Person) -> Iterator[tuple[str, str]]:
    """Values of the register beyond those of `facts`, as forms write them."""
    words: Mapping[Gender, str] = {Gender.MALE: "Nam", Gender.FEMALE: "Nữ"}
    if person.gender is not None:
        yield "gender", words[person.gender]
    others = {
        "staff_code": person.staff_code,
        "home_town": person.home_town,
        "ethnicity": person.ethnicity,
        "current_position": person.position,
        "other_names": ", ".join(alias.name for alias in person.aliases),
    }
    yield from ((key, text) for key, text in others.items() if text)


def _tables(facts: Facts) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The rows of each table as one paper has them: the paper with the most rows."""
    papers: dict[str, dict[str | None, list[RowFact]]] = {}
    documents = {page.id: page.document_id for page in facts.pages}
    for row in facts.rows:
        papers.setdefault(row.key, {}).setdefault(documents.get(row.page_id or ""), []).append(row)
    return {key: tuple(row.cells for row in max(rows.values(), key=len)) for key, rows in papers.items()}
