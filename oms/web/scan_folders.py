"""A named folder as a ZIP over HTTP: looked at in the background, shown file by file, then taken in.

Looks: a list with what became of each file writes one entry; the part that is asked again while a job works does not.
"""

from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import audit, db, quotas, scan_folders, staging, storage
from oms.errors import N_, BadInput, FileRefused, OmsError
from oms.models import Category, FolderImport, ImportState
from oms.permissions import Action
from oms.scan_folders import KNOWN, LEFT_OUT, SAID, TAKEN, WOULD_TAKE
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of

bp = Blueprint("scan_folders", __name__, url_prefix="/scan-folders")

TONES = {TAKEN: "success", WOULD_TAKE: "success", KNOWN: "info", LEFT_OUT: "danger"}
STATE_TONES = {ImportState.LOOKED: "warning", ImportState.DONE: "success", ImportState.REFUSED: "danger"}
MINUTES = staging.SECONDS // 60


@bp.get("")
@guarded(Action.SCAN_IMPORT)
def index() -> str:
    """Choose the ZIP; those given in lately."""
    imports = scan_folders.list_imports(g.session, actor=g.actor)
    audit.record(g.session, "scan:list", actor=g.actor, total=len(imports))
    return render_template(
        "scan_folders/index.html",
        imports=imports,
        categories=[(kind.value, _(kind.label)) for kind in Category],
        tones=STATE_TONES,
        largest=scan_folders.LARGEST >> 20,
        day=quotas.day_of(g.session, actor=g.actor),
    )


@bp.post("")
@guarded(Action.SCAN_IMPORT, writing=False)
def give() -> Any:
    """Put the ZIP into memory and have its files looked at."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput(N_("Choose the ZIP first."))
    category = next((kind for kind in Category if kind.value == request.form.get("category")), None)
    access.limit_uploads()
    access.end_request(g.pop("session"))
    settings, staged, import_id = house().settings, None, None
    try:
        staged = scan_folders.stage(settings, storage.chunks(cast(BinaryIO, file.stream)))
        with db.writing(house().engine) as session:
            import_id = scan_folders.give(session, settings, staged, file.filename, category=category, actor=g.actor).id
    except FileRefused as error:
        with db.writing(house().engine) as session:
            scan_folders.refuse(session, error.what, actor=g.actor)
        flash(sentence_of(error), "danger")
        return redirect(url_for(".index"))
    except BaseException:
        if staged is not None:
            scan_folders.drop(settings, staged, import_id)
        raise
    access.deliver(session)
    return redirect(url_for(".show", id=import_id))


@bp.get("/<id>")
@guarded(Action.SCAN_IMPORT)
def show(folderimport: FolderImport) -> str:
    """What becomes of each file."""
    scan_folders.view(g.session, folderimport, actor=g.actor)
    return render_template("scan_folders/show.html", **_whole(folderimport))


@bp.get("/<id>/progress")
@guarded(Action.SCAN_IMPORT)
def progress(folderimport: FolderImport) -> str:
    """The part that changes while the job is at work."""
    return render_template("scan_folders/_progress.html", **_whole(folderimport))


def _whole(folder: FolderImport) -> dict[str, Any]:
    counts = scan_folders.count(g.session, folder)
    goes_on = folder.state in (ImportState.LOOKING, ImportState.TAKING)
    lines = scan_folders.lines_of(g.session, folder, actor=g.actor, sentence=sentence_of)
    return {
        "folder": folder,
        "goes_on": goes_on,
        "tone": STATE_TONES.get(folder.state, "info"),
        "problem": sentence_of(OmsError(folder.error, **(folder.error_values or {}))) if folder.error else "",
        "counts": {state: counts.get(state, 0) for state in SAID},
        "done": sum(counts.values()),
        # Those that need a hand first: nobody scrolls through a thousand lines to find three.
        "lines": [] if goes_on else sorted(lines, key=lambda line: line.state != LEFT_OUT),
        "said": {state: _(word) for state, word in SAID.items()},
        "tones": TONES,
        "minutes": MINUTES,
    }


@bp.post("/<id>/take-in")
@guarded(Action.SCAN_IMPORT)
def take_in(folderimport: FolderImport) -> Any:
    """Have the files taken in that could be."""
    scan_folders.confirm(g.session, house().settings, folderimport, actor=g.actor)
    access.commit()
    return redirect(url_for(".show", id=folderimport.id))


@bp.post("/<id>/discard")
@guarded(Action.SCAN_IMPORT)
def discard(folderimport: FolderImport) -> Any:
    """Wipe the ZIP."""
    scan_folders.discard(g.session, house().settings, folderimport, actor=g.actor)
    access.commit()
    if scan_folders.count(g.session, folderimport).get(TAKEN):
        flash(_("The ZIP was wiped; what was received before stays."), "success")
    else:
        flash(_("The ZIP was wiped; nothing was taken in."), "success")
    return redirect(url_for(".index"))


@bp.post("/<id>/report.xlsx")
@guarded(Action.SCAN_IMPORT)
def export(folderimport: FolderImport) -> Response:
    """The list as an Excel file, with its purpose written down."""
    content = scan_folders.export(
        g.session,
        folderimport,
        _sum_up(folderimport),
        purpose=request.form.get("purpose", ""),
        actor=g.actor,
        sentence=sentence_of,
        translate=_,
    )
    access.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename="nhap-ban-quet.xlsx")
    return answer


def _sum_up(folder: FolderImport) -> str:
    counts = scan_folders.count(g.session, folder)
    parts = [f"{_(word)}: {counts[state]}" for state, word in SAID.items() if counts.get(state)]
    return "; ".join(parts)
