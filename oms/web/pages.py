"""Pages and files of scans over HTTP: image beside text, word boxes, downloads; all by opaque ids.

Looks: showing a page writes one entry (`page:view`), and so does every download, before its first byte. Images and word
boxes are parts of the page that shows them: each is guarded by itself and writes no second entry, but one of its own
where the page was not shown a short time ago (`oms.web.looks`). In small images nothing can be read.
"""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request, send_file, url_for

from oms import catalogue, gate, intake, marks, review, search, storage
from oms.errors import N_, NotFound
from oms.models import Page, Scan
from oms.permissions import Action
from oms.reading import unpack_words
from oms.recognition import Word, doubtful_words, word
from oms.recognition.doubts import find_doubts
from oms.recognition.thumbnails import shrink
from oms.search import within
from oms.search.asking import words_to_mark
from oms.search.snippets import matching_words
from oms.web import looks
from oms.web.access import guarded, house
from oms.web.headers import FILE_POLICY

bp = Blueprint("pages", __name__)

# What a stored original may call itself; anything else leaves as plain bytes.
MEDIA_TYPES = frozenset({"application/pdf", "image/tiff", "image/jpeg", "image/png", "image/heic", word.MEDIA_TYPE})


@bp.get("/pages/<id>")
@guarded(Action.PAGE_READ)
def show(page: Page) -> str:
    """One page, image and text side by side, what was searched for marked on both."""
    words = request.args.get("q", "").strip()[: search.WORDS_LENGTH]
    review.look_at(g.session, page, words, actor=g.actor)
    place = review.place_of(g.session, page)
    found = within.find_pages(g.session, page, words_to_mark(words)) if words else []
    return render_template(
        "pages/show.html",
        page=page,
        scan=page.scan,
        dossier=page.scan.dossier,
        document=page.document,
        place=place,
        previous_url=_neighbour(place.previous_id, words),
        next_url=_neighbour(place.next_id, words),
        lines=text_lines(page, words),
        words=words,
        found=found,
        found_before=next((one for one in reversed(found) if one.number < place.number), None),
        found_after=next((one for one in found if one.number > place.number), None),
        suspected=gate.suspected(page.scan, [page]),
    )


def _neighbour(page_id: str | None, words: str) -> str:
    return url_for(".show", id=page_id, q=words or None) if page_id else ""


def text_lines(page: Page, words: str = "") -> list[list[tuple[int, str, bool]]]:
    """The text that holds now, line by line: number of the word on the image, the word, whether it is searched for."""
    lines = review.tie_words(page.text, [word.text for word in unpack_words(page.words)])
    shown = words_to_mark(words)
    hits = matching_words([word for line in lines for _number, word in line], shown) if shown else set()
    counted = iter(range(sum(len(line) for line in lines)))
    return [[(number, word, next(counted) in hits) for number, word in line] for line in lines]


@dataclass(frozen=True)
class ShownField:
    """A value of a form as it is shown: its printed label, the crop of the page image and why to look at it."""

    label: str
    value: str
    box: str
    flag: str


def page_findings(page: Page, *, closed: Collection[str]) -> list[ShownField]:
    """The values of the form that stand on a page, in printed order, but the `closed` keys; empty for other pages."""
    found = page.findings or {}
    if not found.get("form"):
        return []
    form = catalogue.form(found["form"])
    return [
        ShownField(form.label_of(key), value["value"], _box(value["box"]), value["flag"] or "")
        for key, value in found["fields"].items()
        if key not in closed
    ]


def page_doubts(page: Page) -> list[dict[str, Any]]:
    """The doubtful words that still stand in the text as they were read: number, word, likely readings and box."""
    read = unpack_words(page.words)
    standing = _standing(page, read)
    return [
        {
            "place": doubt.place,
            "text": doubt.text,
            "readings": doubt.readings,
            "box": _place(read[doubt.place]),
        }
        for doubt in find_doubts(read)
        if doubt.place in standing
    ]


def _place(word: Word) -> str:
    return _box((word.left, word.top, word.width, word.height))


def _standing(page: Page, read: Sequence[Word]) -> set[int]:
    """The numbers of the read words that nobody put right since."""
    lines = review.tie_words(page.text, [word.text for word in read])
    return {number for line in lines for number, word in line if number < len(read) and word == read[number].text}


def _box(sides: Sequence[int] | None) -> str:
    return ",".join(str(side) for side in sides) if sides else ""


@bp.get("/pages/<id>/words")
@guarded(Action.PAGE_READ)
def words(page: Page) -> Response:
    """Boxes of the read words in pixels of the page image: number, left, top, width, height, confidence, doubt."""
    _look_at_part(page)
    read = unpack_words(page.words)
    doubtful = set(doubtful_words(read))
    if page.corrected:
        doubtful &= _standing(page, read)
    return jsonify(
        [
            {"i": i, "l": w.left, "t": w.top, "w": w.width, "h": w.height, "c": w.confidence, "d": int(i in doubtful)}
            for i, w in enumerate(read)
        ]
    )


@bp.get("/pages/<id>/image.jpg")
@guarded(Action.PAGE_READ)
def image(page: Page) -> Response:
    """The upright page as a JPEG, with the hidden mark of who looks at it."""
    _look_at_part(page)
    return _inline(io.BytesIO(marks.image_for(house().settings, g.actor, page.id, _image_of(page))))


@bp.get("/pages/<id>/thumbnail.jpg")
@guarded(Action.PAGE_READ)
def thumbnail(page: Page) -> Response:
    """The page small, for lists."""
    with storage.proved(house().settings.scans, _image_of(page)) as path:
        return _inline(io.BytesIO(shrink(path)))


def _look_at_part(page: Page) -> None:
    if not looks.told_by("page:view", page.id):
        review.look_at(g.session, page, actor=g.actor)


def _image_of(page: Page) -> str:
    if page.image_sha256 is None:
        raise NotFound(N_("There is no image of this page yet. Wait until it has been read."))
    return page.image_sha256


def _inline(content: io.BytesIO) -> Response:
    answer = send_file(content, mimetype="image/jpeg", etag=False, conditional=False)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.get("/scans/<id>/original")
@guarded(Action.SCAN_DOWNLOAD)
def original(scan: Scan) -> Response:
    """The file as it was uploaded, under the name it had and the suffix of what it is."""
    return send_stored(intake.take_copy(g.session, scan, actor=g.actor), scan.media_type, scan.file_name)


@bp.get("/scans/<id>/searchable.pdf")
@guarded(Action.SCAN_DOWNLOAD)
def pdf(scan: Scan) -> Response:
    """All pages with their text behind the image."""
    sha256 = intake.take_copy(g.session, scan, actor=g.actor, searchable=True)
    return _attachment(sha256, "application/pdf", f"{Path(scan.file_name).stem}-{scan.dossier.number}.pdf")


def send_stored(sha256: str, media_type: str, name: str) -> Response:
    """A received file as a download, under its name with the suffix of what it is."""
    kind = media_type if media_type in MEDIA_TYPES else "application/octet-stream"
    stem, suffix = Path(name).stem, Path(name).suffix
    endings = intake.SUFFIXES.get(kind, (".bin",))
    ours = suffix if suffix.lower() in endings else endings[0]
    return _attachment(sha256, kind, intake.label_of(stem)[: intake.NAME_LENGTH - len(ours)] + ours)


def _attachment(sha256: str, kind: str, name: str) -> Response:
    """The stored bytes as a download; the name goes out in ASCII and, where that loses letters, in UTF-8 (RFC 5987)."""
    label = intake.label_of(name)  # again on the way out: a line break in a header would be a second header
    with storage.proved(house().settings.scans, sha256) as path:
        answer: Any = send_file(
            path, mimetype=kind, as_attachment=True, download_name=label, etag=False, conditional=False
        )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer  # type: ignore[no-any-return]
