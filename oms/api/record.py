"""The record of a dossier: what holds for each key and what was said about it, keying and deciding values."""

from typing import Any

from flask import g
from marshmallow import Schema, fields

from oms import record
from oms.api.door import gives, room, takes
from oms.models import Dossier, StatementKind
from oms.permissions import Action
from oms.record import Record, Value, ValueState
from oms.web.access import commit, guarded

bp = room("record", "Records")


class StatementShape(Schema):
    """One writing: keyed by an officer or decided by a third person, with what the machine had read then."""

    kind = fields.Enum(StatementKind, by_value=True)
    text = fields.String()
    read = fields.String(attribute="read_text")
    page = fields.String(attribute="page_id", allow_none=True)
    box = fields.List(fields.Integer(), allow_none=True)
    by = fields.String(attribute="account.username")
    at = fields.AwareDateTime()


class ReadShape(Schema):
    """What stands on a filed page now."""

    text = fields.String()
    page = fields.String(attribute="page_id")
    box = fields.List(fields.Integer(), allow_none=True)
    doubtful = fields.Boolean()


class ValueShape(Schema):
    """A value: `text` is what holds now; what one officer keyed is hidden from whoever may key it second."""

    key = fields.String(attribute="item.key")
    state = fields.Enum(ValueState, by_value=True)
    text = fields.String(allow_none=True)
    read = fields.Nested(ReadShape, allow_none=True)
    verified = fields.Nested(StatementShape, allow_none=True)
    waiting = fields.List(fields.Nested(StatementShape))


class RowShape(Schema):
    """A row of a table by its printed columns; without `line` only the machine read it."""

    cells = fields.List(fields.String())
    line = fields.String(allow_none=True)
    page = fields.String(attribute="page_id", allow_none=True)


class RecordShape(Schema):
    """The record by the usual form of the dossier; closed keys are absent."""

    form = fields.String(attribute="form.id")
    values = fields.Function(lambda found: ValueShape(many=True).dump(list(found.values.values())))
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(RowShape)))


class ValueArguments(Schema):
    """A value as it stands on the paper."""

    text = fields.String(required=True)


class DecisionArguments(ValueArguments):
    """What the paper says by the third look, and why."""

    reason = fields.String(required=True)


@bp.get("/dossiers/<number>/record")
@guarded(Action.RECORD_READ, by="number")
@gives(RecordShape)
def show(dossier: Dossier) -> Record:
    """Everything the caller may see of the record; closed keys are absent. The look is in the log."""
    return record.view(g.session, dossier, actor=g.actor)


@bp.post("/dossiers/<number>/record/<key>")
@guarded(Action.RECORD_EDIT, by="number")
@takes(ValueArguments)
@gives(ValueShape)
def key_value(given: dict[str, Any], dossier: Dossier, key: str) -> Value:
    """Key a value; what is keyed twice is verified when a second officer keys the same."""
    value = record.key_value(g.session, dossier, key, given["text"], actor=g.actor)
    commit()
    return value


@bp.post("/dossiers/<number>/record/<key>/settle")
@guarded(Action.RECORD_SETTLE, by="number")
@takes(DecisionArguments)
@gives(ValueShape)
def settle(given: dict[str, Any], dossier: Dossier, key: str) -> Value:
    """Decide a value two officers keyed differently; not for one of the two."""
    value = record.decide(g.session, dossier, key, given["text"], reason=given["reason"], actor=g.actor)
    commit()
    return value
