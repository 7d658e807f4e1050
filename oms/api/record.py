"""The record of a dossier: what holds for each key and what was said about it, keying and deciding values."""

from typing import Any

from flask import g
from marshmallow import Schema, fields

from oms import record
from oms.api.door import gives, room, takes
from oms.models import Dossier, StatementKind
from oms.permissions import Action
from oms.record import Value, ValueState
from oms.web.access import commit, guarded

bp = room("record", "Records")


class StatementShape(Schema):
    """One statement: read by the machine, keyed by an officer or decided by a third person."""

    kind = fields.Enum(StatementKind, by_value=True)
    text = fields.String()
    page = fields.String(attribute="page_id", allow_none=True)
    box = fields.List(fields.Integer(), allow_none=True)
    confidence = fields.Float(allow_none=True)
    flag = fields.String(allow_none=True)
    stated_by = fields.String(attribute="stated_by.username")
    stated_at = fields.AwareDateTime()


class ValueShape(Schema):
    """A value: `text` is what holds now; in state "keyed" it is hidden from whoever may key it second."""

    key = fields.String()
    state = fields.Enum(ValueState, by_value=True)
    text = fields.String(allow_none=True)
    statements = fields.List(fields.Nested(StatementShape))


class ValueArguments(Schema):
    """A value as it stands on the paper."""

    text = fields.String(required=True)


@bp.get("/dossiers/<number>/record")
@guarded(Action.RECORD_READ, by="number")
@gives(ValueShape(many=True))
def show(dossier: Dossier) -> list[Value]:
    """Everything the caller may see of the record; closed keys are absent. The look is in the log."""
    return list(record.get_record(g.session, dossier, actor=g.actor).values.values())


@bp.post("/dossiers/<number>/record/<key>")
@guarded(Action.RECORD_EDIT, by="number")
@takes(ValueArguments)
@gives(ValueShape)
def key_value(given: dict[str, Any], dossier: Dossier, key: str) -> Value:
    """Key a value; what is keyed twice is verified when a second officer keys the same."""
    value = record.state(g.session, dossier, key=key, text=given["text"], actor=g.actor)
    commit()
    return value


@bp.post("/dossiers/<number>/record/<key>/settle")
@guarded(Action.RECORD_SETTLE, by="number")
@takes(ValueArguments)
@gives(ValueShape)
def settle(given: dict[str, Any], dossier: Dossier, key: str) -> Value:
    """Decide a value two officers keyed differently; not for one of the two."""
    value = record.settle(g.session, dossier, key=key, text=given["text"], actor=g.actor)
    commit()
    return value
