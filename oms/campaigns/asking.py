"""What a declaration of one dossier asks for: the values and tables of its campaign, as the usual form prints them.

Beside each the value as the record has it now. Some values are shown to those only who need them for their work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from oms import catalogue, record
from oms.catalogue import FormItem, FormTable
from oms.models import Campaign, Declaration, Dossier
from oms.organisation import today
from oms.permissions import Action, Actor
from oms.permissions.declaring import using_body
from oms.record.facts import gather

_USUAL_FORMS = ("2C-BNV/2008", "2C/TCTW-98")


@dataclass(frozen=True)
class Asked:
    """A value or a table that may be declared, with what the record says now."""

    thing: FormItem | FormTable
    present: str
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> str:
        """The key of the forms."""
        return self.thing.key

    @property
    def label(self) -> str:
        """The printed label, in Vietnamese as on the form."""
        return self.thing.labels[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table; one without a heading for free text; none for a value."""
        return (self.thing.columns or (self.label,)) if isinstance(self.thing, FormTable) else ()


def things_of(campaign: Campaign, dossier: Dossier) -> tuple[FormItem | FormTable, ...]:
    """What is asked of this dossier: a table that only the form of other dossiers has is not asked for."""
    usual = catalogue.form(record.usual_form(dossier))
    own = {thing.key: thing for thing in usual.things}
    others = {
        thing.key
        for id in _USUAL_FORMS
        if id != usual.id
        for thing in catalogue.form(id).tables
        if thing.key not in own
    }
    known = catalogue.supplement_things(today())
    wanted = [key for key in campaign.fields if key in known and key not in others]
    return tuple(own.get(key, known[key][0]) for key in wanted)


def ask(session: Session, declaration: Declaration, things: Sequence[FormItem | FormTable]) -> list[Asked]:
    """The things with what the record says now, with a fixed number of queries."""
    dossier = declaration.dossier
    facts = gather(session, dossier)
    written = record.written_rows(session, dossier)
    found = []
    for thing in things:
        if isinstance(thing, FormTable):
            rows = written.get(thing.key) or tuple(row.cells for row in facts.rows if row.key == thing.key)
            found.append(Asked(thing, "", rows))
        else:
            holding = facts.holding(thing.key)
            found.append(Asked(thing, holding.text if holding else ""))
    return found


def may_see(key: str, declaration: Declaration, *, actor: Actor) -> bool:
    """Whether an officer or head sees this value: what few need to know is for those of the three bodies who may."""
    if key not in catalogue.record_keys("need_to_know", today()):
        return True
    dossier = declaration.dossier
    open_in = actor.units.get(Action.RECORD_READ_SENSITIVE, frozenset())
    return bool(open_in & {using_body(dossier), dossier.custodian_id, dossier.managing_body_id})
