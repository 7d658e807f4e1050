"""No look without an entry: before the first byte leaves, what is shown stands in the log, or nothing is shown.

A view writes down what it shows. Where an address names something of a dossier and its view wrote nothing (a form with
values of the dossier in it, a form that was refused and shown again), the entry is written here, so that a view cannot
forget it. Images, word boxes and lines are parts of the page that shows them: while that page's own entry is young they
need no second one (`told_by`), asked for by themselves they leave one.
"""

from dataclasses import replace

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session

from oms import audit, db
from oms.audit import Line
from oms.web.access import end_request, house

# What entries of pages end with.
LOOKS = (":list", ":view", ":look", ":ask", ":list_requests", ":report", ":due", ":apart", ":own")
# What a look at a thing is called that belongs to no dossier.
VIEWS = {"masstransfer": "mass_transfer:view", "stocktaking": "stock:view", "reorganisation": "reorganisation:view"}
VIEWS |= {kind: f"{kind}:view" for kind in ("campaign", "stack", "person", "package", "unit", "account", "disposal")}
# Nothing of a dossier can be read in them: pictures too small for letters, and how much time is left.
TELLING_NOTHING = frozenset({"pages.thumbnail", "reading_room.remaining"})


def told_by(action: str, naming: str = "") -> bool:
    """Whether what is shown is part of a page of which a young entry tells: of this action, and naming this id."""
    told = audit.told_lately(g.session, action, naming, actor=g.actor)
    if told:
        g.pop("shown", None)
    return told


def asked_again(action: str, naming: str = "") -> bool:
    """Whether a page that stands in the log asks for itself again; any browser can say so, hence the log is asked.

    An entry every two seconds would bury the others.
    """
    return request.headers.get("X-Requested-With") == "poll" and told_by(action, naming)


def add_write_looks(app: Flask) -> None:
    """Before the first byte leaves, what was looked at is in the log; a page that cannot be logged is not shown."""

    @app.after_request
    def write_looks(response: Response) -> Response:
        session: Session | None = g.get("session")
        if request.method != "GET" and 400 <= response.status_code < 500 and response.mimetype == "text/html":
            _write_shown_again(session)
        elif session is not None and not session.info["writing"]:
            if request.method == "GET" and response.status_code in (200, 206) and not session.info.get("looks"):
                audit.record_all(session, _untold())
            audit.write_looks(session)
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        end_request(g.pop("session", None))


def _untold() -> list[Line]:
    """The entry that is missing when an answer shows something of a dossier and nothing tells of it."""
    shown: Line | None = g.get("shown")
    if shown is None or shown.dossier_id is None or request.endpoint in TELLING_NOTHING:
        return []
    return [audit.naming_the_second(replace(shown, action="dossier:view", actor=g.actor))]


def _write_shown_again(session: Session | None) -> None:
    """A form was refused and shown again: what was written down of the page is lost with the change, so it is repeated.

    Who looked at the thing a short time ago is shown what they know.
    """
    noted = session.info if session is not None else {}
    # The act may have looked at what the page shows, too: that is one look.
    lines = list({(line.action, line.object_id, line.words): line for line in noted.get("looks", [])}.values())
    lost = {(line.action, line.object_id): line for line in noted.get("told", []) if line.action.endswith(LOOKS)}
    end_request(g.pop("session", None))
    if not lines:
        with db.reading(house().engine) as reader:
            lines = [line for line in lost.values() or _untold() or _of_no_dossier() if not _is_known(reader, line)]
    if lines:
        with db.writing(house().engine) as writer:
            audit.record_all(writer, lines)


def _is_known(reader: Session, line: Line) -> bool:
    id = line.object_id
    return id is not None and any(audit.told_lately(reader, ending, id, actor=g.actor) for ending in LOOKS)


def _of_no_dossier() -> list[Line]:
    """The same of a thing that belongs to no dossier."""
    shown: Line | None = g.get("shown")
    if shown is None or shown.dossier_id is not None or shown.kind not in VIEWS:
        return []
    return [audit.naming_the_second(replace(shown, action=VIEWS[shown.kind], actor=g.actor))]
