"""The short CV of a dossier, filled in: what is known of the person, under the rights of who prints it.

What an officer entered in the register or verified stands as it is; what was only read from the papers comes along when
that is wished, and is marked. A value only few may see is never printed for others: the line says so.
"""

from typing import Literal

from sqlalchemy.orm import Session

from oms import audit, record
from oms.catalogue.form_prints import FormPrint, form_print, form_prints
from oms.errors import N_, BadInput
from oms.exporting import require_purpose
from oms.models import Dossier, now
from oms.organisation import HANOI
from oms.papers.filling import known_of
from oms.papers.issuing import PDF, Paper
from oms.permissions import Action, Actor, require
from oms.printing.sheet import Imprint
from oms.printing.short_cv import ShortCv, draw_short_cv, write_short_cv

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
As = Literal["docx", "pdf"]


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
    closed = record.closed_keys(dossier, actor=actor)
    known = known_of(session, dossier, printed, closed=closed)
    asked = {*printed.keys, *(key for block in printed.blocks for key in (block.table_key, block.text_key) if key)}
    wanted = asked if unverified else asked - known.unverified
    imprint = Imprint(
        number=dossier.number,
        printed_by=f"{actor.name} ({actor.username})",
        printed_at=now().astimezone(HANOI),
        purpose=purpose,
    )
    return ShortCv(
        printed,
        imprint,
        {key: text for key, text in known.values.items() if key in wanted},
        {key: rows for key, rows in known.tables.items() if key in wanted},
        frozenset(known.unverified & wanted),
        frozenset(closed & asked),
    )
