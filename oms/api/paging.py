"""Lists of the API: ?limit= (at most 200) and an opaque ?cursor=, which the answer gives as `next`."""

import re
from typing import Any

from marshmallow import Schema, fields, validate

from oms.errors import N_, BadInput

LIMIT = 200
USUAL = 50
# Far enough for any list of an office, and an offset both databases take.
LAST_PAGE = 1_000_000
_CURSOR = re.compile(r"([0-9]{1,7})-([0-9]{1,3})")


class PageArguments(Schema):
    """The arguments of every list."""

    limit = fields.Integer(load_default=USUAL, validate=validate.Range(1, LIMIT))
    cursor = fields.String(load_default="", metadata={"description": "`next` of the page before, with the same limit."})


def page_of(arguments: dict[str, Any]) -> tuple[int, int]:
    """Number (from 1) and size of the page asked for; `BadInput` for a cursor that is not one of this list."""
    size: int = arguments["limit"]
    if not arguments["cursor"]:
        return 1, size
    match = _CURSOR.fullmatch(arguments["cursor"])
    if match is None or int(match[2]) != size or not 1 <= int(match[1]) <= LAST_PAGE:
        raise BadInput(
            N_("The cursor does not belong to this list. Take `next` of the page before, with the same limit.")
        )
    return int(match[1]), size


def after(page: int, size: int, *, more: bool) -> str | None:
    """The cursor of the page after this one, or None at the end."""
    return f"{page + 1}-{size}" if more else None


def listed(item: type[Schema], name: str) -> type[Schema]:
    """The schema of a page of `item`."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(allow_none=True, required=True),
            "total": fields.Integer(),
        },
        name=name,
    )
