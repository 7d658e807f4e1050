"""Stock-taking with a scanner, a telephone or by hand: counts, scanning, differences."""

import tempfile
from pathlib import Path

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import intake, organisation, staging, stocktaking, viruses
from oms.errors import N_, BadInput, FileRefused
from oms.models import DifferenceKind, Stocktaking, Unit
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import allow_feature
from oms.web.work import Due, source

bp = Blueprint("stocktaking", __name__, url_prefix="/stocktaking")

LARGEST_PHOTOGRAPH = 20 * 1024 * 1024


def _own_units() -> list[Unit]:
    ids = g.actor.units.get(Action.STOCK_COUNT, frozenset())
    return [unit for unit in organisation.custodians(g.session, organisation.today()) if unit.id in ids]


@bp.get("")
@guarded(Action.STOCK_COUNT)
def index() -> str:
    """Counts, and the form that begins one."""
    return _index()


def _index(problem: str = "") -> str:
    counts = stocktaking.list_counts(g.session, actor=g.actor)
    options = [(unit.id, unit.name) for unit in _own_units()]
    return render_template(
        "stocktaking/index.html",
        counts=counts,
        places={count.id: stocktaking.place_of(count).words for count in counts},
        options=options,
        values=request.form,
        problem=problem,
    )


@bp.post("")
@guarded(Action.STOCK_COUNT)
def start() -> ResponseReturnValue:
    """Begin a count by the label of a shelf, or by what is typed."""
    form, units = request.form, _own_units()
    try:
        if label := form.get("label", "").strip():
            code, place = stocktaking.read_shelf_label(label)
            unit = next((unit for unit in units if unit.code == code), None)
        else:
            place = stocktaking.make_place(form.get("room", ""), form.get("shelf", ""), form.get("box", ""))
            chosen = form.get("unit", units[0].id if len(units) == 1 else "")
            unit = next((unit for unit in units if unit.id == chosen), None)
        if unit is None:
            raise BadInput(N_("This shelf is not one of your unit. Count the shelves of your own unit."))
        count = stocktaking.start(g.session, unit, place, actor=g.actor)
        access.commit()
    except BadInput as error:
        return _index(sentence_of(error)), error.status
    return redirect(url_for(".show", id=count.id))


@bp.get("/<id>")
@guarded(Action.STOCK_COUNT)
def show(**loaded: Stocktaking) -> str:
    """A count: scanning while it is open, the differences when it is finished."""
    allow_feature("camera")
    count = loaded["stocktaking"]
    stocktaking.view(g.session, count, actor=g.actor)
    papers = stocktaking.counted(g.session, count)
    ought = stocktaking.expected(g.session, count) if count.finished_at is None else []
    numbers = count.expected if count.expected is not None else [dossier.number for dossier in ought]
    seen = {paper.code for paper in papers}
    return render_template(
        "stocktaking/show.html",
        count=count,
        place=stocktaking.place_of(count).words,
        papers=papers,
        numbers=set(numbers),
        left=[dossier for dossier in ought if dossier.number not in seen],
        totals=stocktaking.totals(numbers, papers),
        differences=stocktaking.differences_of(g.session, count) if count.finished_at else [],
        ways=stocktaking.WAYS,
        way_labels=stocktaking.WAY_LABELS,
    )


@bp.post("/<id>/scan")
@guarded(Action.STOCK_COUNT)
def scan(**loaded: Stocktaking) -> ResponseReturnValue:
    """One label, typed by a scanner or a person, or photographed."""
    count = loaded["stocktaking"]
    try:
        codes = [request.form.get("code", "")] if request.form.get("code", "").strip() else _photographed()
        for code in codes:
            if code.startswith(stocktaking.SHELF_LABEL):
                continue
            paper, is_new = stocktaking.scan(g.session, count, code, actor=g.actor)
            if is_new:
                flash(_("%(number)s is counted.", number=paper.code), "success")
            else:
                flash(_("%(number)s was counted before.", number=paper.code), "info")
        access.commit()
    except (BadInput, FileRefused) as error:
        flash(sentence_of(error), "danger")
    return redirect(url_for(".show", id=count.id))


def _photographed() -> list[str]:
    """The labels on the photograph that was sent; it never lies on a disk and is wiped at once."""
    given = request.files.get("photograph")
    if given is None or not given.filename:
        raise BadInput(N_("Scan a label, type a number or take a photograph of the label."))
    data = given.stream.read(LARGEST_PHOTOGRAPH + 1)
    if len(data) > LARGEST_PHOTOGRAPH:
        raise BadInput(N_("The photograph is too large. Take it with fewer pixels."))
    with tempfile.TemporaryDirectory(dir=staging.folder(house().settings)) as folder:
        path = Path(folder) / "photograph"
        path.write_bytes(data)
        viruses.look_for(house().settings, path, intake.label_of(given.filename))
        return list(stocktaking.read_photograph(path))


@bp.post("/<id>/finish")
@guarded(Action.STOCK_COUNT)
def finish(**loaded: Stocktaking) -> ResponseReturnValue:
    """End the count and show the differences."""
    count = loaded["stocktaking"]
    stocktaking.finish(g.session, count, actor=g.actor)
    access.commit()
    flash(_("Count %(number)s is finished.", number=count.number), "success")
    return redirect(url_for(".show", id=count.id))


@bp.post("/<id>/settle")
@guarded(Action.STOCK_COUNT)
def settle(**loaded: Stocktaking) -> ResponseReturnValue:
    """Settle one difference."""
    count, form = loaded["stocktaking"], request.form
    try:
        row = stocktaking.settle(g.session, count, form.get("difference", ""), form.get("way", ""), actor=g.actor)
        access.commit()
    except BadInput as error:
        flash(sentence_of(error), "danger")
    else:
        flash(_("%(number)s: settled.", number=row.code), "success")
    return redirect(url_for(".show", id=count.id))


@bp.get("/<id>/differences.xlsx")
@guarded(Action.STOCK_COUNT)
def export(**loaded: Stocktaking) -> Response:
    """The differences for Excel."""
    count = loaded["stocktaking"]
    titles = [_("Number"), _("Person"), _("Difference"), _("Settled"), _("Day")]
    say = {kind.value: _(kind.label) for kind in DifferenceKind}
    say |= {way: _(label) for way, label in stocktaking.WAY_LABELS.items()}
    data = stocktaking.export(g.session, count, titles, say, actor=g.actor)
    answer = Response(data, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{count.number}.xlsx")
    return answer


@source
def due_of_mine() -> list[Due]:
    """Counts that wait to be finished or settled."""
    if not g.actor.has(Action.STOCK_COUNT):
        return []
    return [
        Due(
            title=_("Count %(number)s", number=count.number),
            url=url_for("stocktaking.show", id=count.id),
            text=_("Settle the differences.") if count.finished_at else _("Go on scanning, then finish the count."),
            meta=stocktaking.place_of(count).words,
            icon="upc-scan",
        )
        for count in stocktaking.count_open(g.session, actor=g.actor)
    ]
