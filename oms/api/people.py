"""People with a dossier the caller may read."""

from typing import Any

from flask import g
from marshmallow import fields

from oms import organisation, people
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import PersonShape
from oms.permissions import Action
from oms.web.access import guarded

bp = room("people", "People who have dossiers")


class PeopleArguments(PageArguments):
    """What narrows the list of people."""

    name = fields.String(load_default="", metadata={"description": "Words of the name, with or without marks."})
    unit = fields.String(load_default="", metadata={"description": "Code or id of the unit the person belongs to."})


@bp.get("/people")
@guarded(Action.PERSON_READ)
@gives(listed(PersonShape, "People"))
@takes(PeopleArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """People by given name, each with the numbers of the dossiers the caller may read."""
    page, size = page_of(asked)
    unit_id = organisation.find_unit(g.session, asked["unit"]).id if asked["unit"] else None
    found, total = people.list_people(
        g.session, actor=g.actor, name=asked["name"], unit_id=unit_id, page=page, size=size
    )
    items = [_shape(person) for person in found]
    return {"items": items, "total": total, "next": after(page, size, more=page * size < total)}


def _shape(person: Any) -> dict[str, Any]:
    names = ("id", "full_name", "birth_date", "birth_precision", "position", "unit")
    numbers = [dossier.number for dossier in people.dossiers_of(person, actor=g.actor)]
    return {**{name: getattr(person, name) for name in names}, "dossiers": numbers}
