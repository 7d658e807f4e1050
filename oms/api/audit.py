"""The audit log for those who may read it."""

from typing import Any

from flask import g
from marshmallow import Schema, fields

from oms import audit_reading
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, listed
from oms.audit_reading import Filters
from oms.errors import N_, BadInput
from oms.permissions import Action
from oms.web.access import guarded

bp = room("audit", "Audit log")


class AuditArguments(PageArguments):
    """What narrows the log; days are days in Vietnam, both included."""

    username = fields.String(load_default="")
    action = fields.String(load_default="")
    dossier = fields.String(load_default="", metadata={"description": "Number of the dossier."})
    outcome = fields.String(load_default="")
    first = fields.Date(load_default=None)
    last = fields.Date(load_default=None)


class EntryShape(Schema):
    """An entry with the names of today; `body` is what `hash` covers, together with `previous`."""

    seq = fields.Integer(attribute="entry.seq")
    at = fields.DateTime(attribute="entry.at")
    username = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    action = fields.String(attribute="entry.action")
    outcome = fields.String(attribute="entry.outcome")
    dossier = fields.String(allow_none=True)
    thing = fields.String(allow_none=True)
    words = fields.String(allow_none=True)
    body = fields.String(attribute="entry.body")
    hash = fields.String(attribute="entry.hash")
    previous = fields.String(attribute="entry.previous")


@bp.get("/audit")
@guarded(Action.AUDIT_READ)
@gives(listed(EntryShape, "AuditEntries"))
@takes(AuditArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Entries of the audit log, the latest first."""
    limit, cursor = asked.pop("limit"), asked.pop("cursor")
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 15):
        raise BadInput(
            N_("The cursor does not belong to this list. Take `next` of the page before, with the same limit.")
        )
    lines, older = audit_reading.list_entries(
        g.session, Filters(**asked), actor=g.actor, before=int(cursor) if cursor else None, limit=limit
    )
    return {"items": lines, "next": str(older) if older else None}
