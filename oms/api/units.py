"""The organisation as it is today."""

from typing import Any

from flask import g

from oms import organisation
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import UnitShape
from oms.permissions import Action
from oms.web.access import guarded

bp = room("units", "The organisation")


@bp.get("/units")
@guarded(Action.UNIT_READ)
@gives(listed(UnitShape, "Units"))
@takes(PageArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """The units that exist today, by code."""
    page, size = page_of(asked)
    organisation.look_over(g.session, actor=g.actor)
    units = organisation.units_on(g.session, organisation.today())
    start = (page - 1) * size
    items = units[start : start + size]
    return {"items": items, "total": len(units), "next": after(page, size, more=start + size < len(units))}
