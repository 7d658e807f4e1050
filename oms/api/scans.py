"""Scans and their pages: state, text with boxes, files, and filing pages as a document."""

import io
from pathlib import Path
from typing import Any

from flask import Response, g, send_file
from marshmallow import Schema, fields, validate

from oms import intake, marks, review, signatures, storage
from oms.api.door import gives, gives_file, room, takes
from oms.api.shapes import DocumentShape, ScanShape, SignatureCheckShape, SignatureShape, Value
from oms.errors import N_, NotFound
from oms.models import Original, Page, Precision, Scan
from oms.permissions import Action
from oms.reading import unpack_words
from oms.review import Filing
from oms.web.access import commit, guarded, house
from oms.web.headers import FILE_POLICY
from oms.web.signatures import describe

bp = room("scans", "Scans and pages")


class WordShape(Schema):
    """A read word: box in pixels of the page image, confidence 0 to 100 (-1: not known), number of its line."""

    text = fields.String()
    left = fields.Integer()
    top = fields.Integer()
    width = fields.Integer()
    height = fields.Integer()
    confidence = fields.Float()
    line = fields.Integer()


class FoundShape(Schema):
    """A value that stands on a page: box (left, top, width, height) in pixels of its image, and why to look at it."""

    value = fields.String()
    box = fields.List(fields.Integer(), allow_none=True)
    confidence = fields.Float()
    flag = fields.String(allow_none=True)


class FindingsShape(Schema):
    """What was found on a page by the machine; a proposal until a person has confirmed it."""

    head = fields.Dict(keys=fields.String(), values=fields.Nested(FoundShape))
    form = fields.String(allow_none=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.Nested(FoundShape), data_key="fields", attribute="fields")
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.List(fields.String())))
    codes = fields.List(fields.String())


class PageShape(Schema):
    """A page: the text that holds now, and the words as they were read."""

    scan = fields.String(attribute="scan_id")
    number = fields.Integer()
    state = Value()
    text = fields.String()
    corrected = fields.Boolean()
    quality = Value(allow_none=True)
    confidence = fields.Float(allow_none=True)
    rotation = fields.Integer()
    skew = fields.Float()
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    document = fields.String(attribute="document_id", allow_none=True)
    version = fields.Integer()
    kind = fields.String(allow_none=True)
    findings = fields.Nested(FindingsShape, allow_none=True)
    words = fields.List(fields.Nested(WordShape))


class CorrectedText(Schema):
    """The right text of a page."""

    page = fields.Integer(required=True, validate=validate.Range(1, 99_999))
    text = fields.String(required=True)
    version = fields.Integer(load_default=None, metadata={"description": "The version of the page that was read."})


class Verification(Schema):
    """What a person says about pages of a scan after looking at them; all waiting pages unless `pages` names some."""

    pages = fields.List(fields.Integer(validate=validate.Range(1, 99_999)), load_default=None, allow_none=True)
    component = fields.String(required=True)
    title = fields.String(required=True)
    number = fields.String(load_default=None, allow_none=True)
    date = fields.Date(load_default=None, allow_none=True)
    precision = fields.Enum(Precision, by_value=True, load_default=Precision.DAY)
    issuing_body = fields.String(load_default=None, allow_none=True)
    signer = fields.String(load_default=None, allow_none=True)
    original = fields.Enum(Original, by_value=True, load_default=Original.ORIGINAL)
    texts = fields.List(fields.Nested(CorrectedText), load_default=[])
    # Why a page that seems to be about somebody else belongs here all the same; without it such a page is refused.
    despite = fields.String(load_default="", validate=validate.Length(max=2000))


@bp.get("/scans/<id>")
@guarded(Action.SCAN_READ)
@gives(ScanShape)
def show(scan: Scan) -> dict[str, Any]:
    """What became of an upload and how far its reading is."""
    intake.view(g.session, scan, actor=g.actor)
    names = (
        "id",
        "dossier",
        "sha256",
        "file_name",
        "media_type",
        "size",
        "page_count",
        "state",
        "received_at",
        "signed",
    )
    return {
        **{name: getattr(scan, name) for name in (*names, "error", "error_values")},
        "progress": intake.progress_of(g.session, [scan.id])[scan.id],
        "searchable_pdf": scan.pdf_sha256 is not None,
        "signatures": _verdicts(scan),
    }


def _verdicts(scan: Scan) -> dict[str, Any] | None:
    check = signatures.latest(g.session, scan) if scan.signed else None
    if check is None:
        return None
    names = [name for name in SignatureShape().fields if name != "sentences"]
    judged = [
        {
            **{name: getattr(one.row, name) for name in names},
            "sentences": [one.label, one.who, one.when, *one.sentences],
        }
        for one in describe(check)
    ]
    about = {name: getattr(check, name) for name in SignatureCheckShape().fields if name != "signatures"}
    return {**about, "signatures": judged}


@bp.get("/scans/<id>/pages/<int(max=99999):number>")
@guarded(Action.PAGE_READ, model=Scan)
@gives(PageShape)
def page(scan: Scan, number: int) -> dict[str, Any]:
    """One page with its text and the words that were read."""
    found = _page(scan, number)
    fields_of_row = [name for name in PageShape().fields if name not in ("words", "scan", "document")]
    row = {name: getattr(found, name) for name in (*fields_of_row, "scan_id", "document_id")}
    return {**row, "words": unpack_words(found.words)}


@bp.get("/scans/<id>/pages/<int(max=99999):number>/image")
@guarded(Action.PAGE_READ, model=Scan)
@gives_file("image/jpeg")
def image(scan: Scan, number: int) -> Response:
    """The upright page as a JPEG, with the hidden mark of who asks; boxes of words are in its pixels."""
    found = _page(scan, number)
    if found.image_sha256 is None:
        raise NotFound(N_("There is no image of this page yet. Wait until it has been read."))
    content = io.BytesIO(marks.image_for(house().settings, g.actor, found.id, found.image_sha256))
    return _attachment(content, "image/jpeg", f"{scan.id}-{number}.jpg")


@bp.get("/scans/<id>/original")
@guarded(Action.SCAN_DOWNLOAD)
@gives_file("application/octet-stream")
def original(scan: Scan) -> Response:
    """The file as it was received, byte for byte."""
    return _file(intake.take_copy(g.session, scan, actor=g.actor), scan.media_type, scan.file_name)


@bp.get("/scans/<id>/pdf")
@guarded(Action.SCAN_DOWNLOAD)
@gives_file("application/pdf")
def pdf(scan: Scan) -> Response:
    """All pages as one PDF with the text behind the images."""
    sha256 = intake.take_copy(g.session, scan, actor=g.actor, searchable=True)
    return _file(sha256, "application/pdf", f"{Path(scan.file_name).stem}.pdf")


@bp.post("/scans/<id>/verify")
@guarded(Action.DOCUMENT_FILE, model=Scan)
@gives(DocumentShape, 201)
@takes(Verification)
def verify(given: dict[str, Any], scan: Scan) -> Any:
    """Confirm pages of a scan, correcting their text where needed, and file them as a document of the dossier."""
    for text in given["texts"]:
        corrected = review.get_page(g.session, scan, text["page"])
        review.correct(g.session, corrected, text["text"], actor=g.actor, version=text["version"])
    if given["pages"] is None:
        chosen = [page.id for page in review.list_pages(g.session, scan) if page.document_id is None]
    else:
        chosen = [review.get_page(g.session, scan, number).id for number in given["pages"]]
    filing = Filing(
        component_id=given["component"],
        title=given["title"],
        number=given["number"],
        issued_on=given["date"],
        issued_precision=given["precision"] if given["date"] else None,
        issuing_body=given["issuing_body"],
        signer=given["signer"],
        original=given["original"],
        despite=given["despite"],
    )
    document = review.file_pages(g.session, scan, chosen, filing, actor=g.actor)
    commit()
    return document


def _page(scan: Scan, number: int) -> Page:
    found = review.get_page(g.session, scan, number)
    review.look_at(g.session, found, actor=g.actor)
    return found


def _file(sha256: str, media_type: str, name: str) -> Response:
    with storage.proved(house().settings.scans, sha256) as path:
        return _attachment(path, media_type, name)


def _attachment(content: Path | io.BytesIO, media_type: str, name: str) -> Response:
    answer = send_file(
        content, mimetype=media_type, as_attachment=True, download_name=name, etag=False, conditional=False
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer
