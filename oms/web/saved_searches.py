"""Searches the account keeps, over HTTP: keep, open, rename, delete. Only ever the own ones."""

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from oms import db, saved_searches
from oms.errors import BadInput, OmsError
from oms.models import SavedSearch
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.search import query_string, read_filters

bp = Blueprint("saved_searches", __name__, url_prefix="/search/saved")


@bp.post("")
@guarded(Action.SEARCH)
def save() -> Any:
    """Keep the question of the address under the typed name."""
    address = query_string()
    try:
        saved_searches.save(g.session, request.form.get("name", ""), address, actor=g.actor)
        access.commit()
        flash(_("The search is kept. The start page shows what is new in it."), "success")
    except BadInput as error:
        flash(sentence_of(error), "danger")
    return redirect(url_for("search.show") + "?" + address)


@bp.get("/<id>")
@guarded(Action.SEARCH)
def show(id: str) -> Any:
    """Ask a kept question again; from now on only what comes in later is new."""
    saved = saved_searches.get_saved(g.session, id, actor=g.actor)
    address = saved.address
    with db.writing(house().engine) as session:
        saved_searches.look_at(saved_searches.get_saved(session, id, actor=g.actor))
    return redirect(url_for("search.show") + "?" + address)


@bp.post("/<id>/name")
@guarded(Action.SEARCH)
def rename(id: str) -> Any:
    """Give a kept question another name."""
    saved = saved_searches.get_saved(g.session, id, actor=g.actor)
    try:
        saved_searches.rename(g.session, saved, request.form.get("name", ""), actor=g.actor)
        access.commit()
    except BadInput as error:
        flash(sentence_of(error), "danger")
    return redirect(url_for("search.show"))


@bp.post("/<id>/delete")
@guarded(Action.SEARCH)
def delete(id: str) -> Any:
    """Keep a question no longer."""
    saved_searches.delete_saved(g.session, saved_searches.get_saved(g.session, id, actor=g.actor), actor=g.actor)
    access.commit()
    flash(_("The search is no longer kept."), "success")
    return redirect(url_for("search.show"))


def count_all() -> list[tuple[SavedSearch, int | None, int | None]]:
    """What is kept, with how much each finds now and how much of it is new; None where the index cannot answer."""
    counted: list[tuple[SavedSearch, int | None, int | None]] = []
    for saved in saved_searches.list_saved(g.session, actor=g.actor):
        parts = MultiDict(parse_qsl(saved.address))
        try:
            total, new = saved_searches.count_new(
                g.session,
                house().search,
                parts.get("q", ""),
                read_filters(parts),
                saved.looked_at,
                actor=g.actor,
            )
        except OmsError:  # a unit or filter that is gone, or no index: the rest of the start page is shown
            counted.append((saved, None, None))
        else:
            counted.append((saved, total, new))
    return counted
