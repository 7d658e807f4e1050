"""Cover sheets for scanning: for one dossier or many, for what they lack, for chosen components or one for the whole.

A sheet bears the number of the dossier and none of its own; each dossier it was printed for has its entry in the log.
"""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, completeness, dossiers
from oms.catalogue import Component
from oms.completeness import ALL, Wish
from oms.errors import N_, BadInput
from oms.models import Dossier, Person, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing
from oms.permissions import Action, Actor, allowed, can, require
from oms.printing import CoverSheet, Imprint, draw_cover_sheets
from oms.stacks.codes import Sheet, write_code

MOST_SHEETS = 1_000
"""Two packets of paper: whoever wants more prints unit by unit."""


class For(enum.StrEnum):
    """Which sheets a dossier gets."""

    MISSING = "missing"
    CHOSEN = "chosen"
    WHOLE = "whole"

    @property
    def label(self) -> str:
        """The choice in words."""
        return {
            For.MISSING: N_("One sheet for every paper the dossier lacks"),
            For.CHOSEN: N_("One sheet for each component chosen below"),
            For.WHOLE: N_("One sheet for the whole dossier"),
        }[self]


@dataclass(frozen=True)
class Covered:
    """A dossier with the components it gets sheets for; None stands for the whole dossier."""

    dossier: Dossier
    components: tuple[Component | None, ...]


def cover_dossier(session: Session, dossier: Dossier, what: For, chosen: Collection[str] = ()) -> Covered:
    """The sheets of one dossier."""
    if what == For.MISSING:
        rows = completeness.presences(dossier, completeness.counting(session, dossiers.contents(session, dossier)))
        return Covered(dossier, tuple(row.component for row in rows if not row.documents))
    return Covered(dossier, _without_looking(dossier, what, chosen))


def cover_many(
    session: Session,
    what: For,
    chosen: Collection[str] = (),
    *,
    actor: Actor,
    wish: Wish = ALL,
) -> list[Covered]:
    """The sheets of all dossiers the actor may add to now, by the name of the person; a component in the wish narrows to
    those that lack it, as on the list of missing papers."""
    if what == For.MISSING or wish.component_id:
        lacking = completeness.list_lacking(session, wish, actor=actor)
        open_ones = [row for row in lacking if can(actor, Action.SCAN_UPLOAD, row.dossier)]
        if what == For.MISSING:
            return [
                Covered(row.dossier, tuple(one for one in row.missing if wish.component_id in ("", one.id)))
                for row in open_ones
            ]
        return [Covered(row.dossier, _without_looking(row.dossier, what, chosen)) for row in open_ones]
    query = select(Dossier).join(Dossier.person).where(allowed(actor, Action.SCAN_UPLOAD))
    if wish.unit_id:
        query = query.where(Dossier.custodian_id == wish.unit_id)
    if wish.category:
        query = query.where(Dossier.category == wish.category)
    query = query.options(joinedload(Dossier.person), joinedload(Dossier.custodian))
    rows = session.scalars(query.order_by(Person.sort_key, Dossier.number))
    return [Covered(dossier, _without_looking(dossier, what, chosen)) for dossier in rows]


def _without_looking(dossier: Dossier, what: For, chosen: Collection[str]) -> tuple[Component | None, ...]:
    if what == For.WHOLE:
        return (None,)
    return tuple(row for row in dossiers.components_of(dossier) if row.id in chosen)


def cover_sheets(session: Session, covered: Sequence[Covered], *, key: bytes, printing: Printing) -> Paper:
    """The sheets as one PDF in the order given, written down for each dossier; `BadInput` when there is none to print."""
    wanted = [one for one in covered if one.components]
    count = sum(len(one.components) for one in wanted)
    if not count:
        raise BadInput(N_("There is no sheet to print: nothing is missing, or no component was chosen."))
    if count > MOST_SHEETS:
        raise BadInput(
            N_("These would be %(count)s sheets; at most %(most)s are printed at once. Choose fewer dossiers."),
            count=count,
            most=MOST_SHEETS,
        )
    sheets = []
    for one in wanted:
        require(printing.actor, Action.SCAN_UPLOAD, one.dossier)
        sheets += [_sheet(one.dossier, component, key) for component in one.components]
        audit.record(
            session,
            "paper:print",
            one.dossier,
            actor=printing.actor,
            words=printing.purpose_words,
            paper="cover-sheets",
            sheets=len(one.components),
        )
    imprint = Imprint(
        number="Tờ bìa quét",
        printed_by=printing.actor.name,
        printed_at=now().astimezone(HANOI),
        purpose=printing.purpose_words.lower(),
    )
    name = wanted[0].dossier.number if len(wanted) == 1 else f"{len(wanted)}-ho-so"
    return Paper(f"to-bia-quet-{name}.pdf", PDF, draw_cover_sheets(sheets, imprint))


def _sheet(dossier: Dossier, component: Component | None, key: bytes) -> CoverSheet:
    said = Sheet(dossier.number, component.id if component else "")
    facts = {
        "code": write_code(key, said),
        "full_name": dossier.person.full_name,
        "number": dossier.number,
        "category": catalogue.term("category", dossier.category.value).label_vi,
        "unit": dossier.custodian.name,
    }
    if component is None:
        return CoverSheet(**facts)
    group = catalogue.component_group(component.group).label_vi
    return CoverSheet(**facts, component=component.label_vi, group=group, form=component.form or "")
