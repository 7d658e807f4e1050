"""Cutting pages out of a scan file without touching what the scanner wrote: no picture is decoded or packed anew.

A piece holds the chosen pages and nothing else of the file: no picture, note or description of another page goes along.
The same pages of the same file always give the same bytes. The file is taken apart in the box.
"""

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pikepdf

from oms import box
from oms.errors import N_, FileRefused
from oms.recognition.opening import OpenedScan

CUTTABLE = ("application/pdf", "image/tiff")
_PAGE_KEYS = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
_HARMLESS_NOTES = ("/Link", "/Popup")
_DEEPEST = 8
"""Forms within forms: a scanner's page has one or none."""
_NONE = pikepdf.Dictionary()
_MARGIN = 1024**2
"""Bytes a piece may have beyond twice its file: a piece has less than its file, but for what lay packed in it."""


class NotCuttable(FileRefused):
    """A file whose pages cannot be taken apart without changing them."""

    what = N_("File that cannot be divided")


def check_cuttable(scan: OpenedScan) -> None:
    """Raise `NotCuttable` for a file that must stay whole: signed, with notes on its pages, or a single picture."""
    if scan.layout is not None:
        raise NotCuttable(N_("%(name)s is a Word file. Upload it to its dossier."), name=scan.name)
    if scan.media_type not in CUTTABLE:
        raise NotCuttable(N_("%(name)s is a single picture. Scan a stack as PDF or TIFF."), name=scan.name)
    if scan.signed:
        raise NotCuttable(
            N_("%(name)s is signed: dividing it would break the signature. Upload it to its dossier."), name=scan.name
        )
    _ask(scan, check_pages, pages=scan.pages)


def cut(scan: OpenedScan, numbers: Sequence[int], out: Path) -> None:
    """Write the pages of these numbers (from 1), in this order, as a file of the same type; raises `NotCuttable`."""
    pages = _ask(scan, cut_pages, most=2 * scan.path.stat().st_size + _MARGIN, numbers=list(numbers))
    with out.open("xb") as file:
        file.write(pages)


def _ask(
    scan: OpenedScan, function: Callable[..., tuple[None, bytes]], *, most: int = 0, **arguments: Any
) -> bytearray:
    try:
        return box.call(function, scan.path, most=most, media_type=scan.media_type, **arguments)[1]
    except (box.Said, box.Broke):  # whatever a library, or a frame that is none, makes of it: the file stays whole
        raise NotCuttable(
            N_("%(name)s cannot be divided without changing its pages (layers, notes, or not as a scanner writes it)."),
            name=scan.name,
        ) from None


def check_pages(file: BinaryIO, media_type: str, pages: int) -> tuple[None, bytes]:
    """In the box: fail where a page cannot be taken out of the file."""
    if media_type == "image/tiff":
        for _frame in _Tiff(file).walk(range(1, pages + 1)):
            pass
        return None, b""
    with pikepdf.open(file) as pdf:
        if "/OCProperties" in pdf.Root:
            raise ValueError("layers")
        for page in pdf.pages:
            _lone_page(page)
    return None, b""


def cut_pages(file: BinaryIO, media_type: str, numbers: Sequence[int]) -> tuple[None, bytes]:
    """In the box: the pages as a file of their own."""
    out = io.BytesIO()
    if media_type == "image/tiff":
        _Tiff(file).copy(numbers, out)
        return None, out.getvalue()
    with pikepdf.open(file) as pdf, pikepdf.new() as made:
        pages = list(pdf.pages)
        for number in numbers:
            lone = pdf.make_indirect(_lone_page(pages[number - 1]))
            made.pages.append(pikepdf.Page(made.copy_foreign(lone)))
        made.save(
            out,
            deterministic_id=True,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return None, out.getvalue()


def _lone_page(page: pikepdf.Page) -> pikepdf.Dictionary:
    """The page with what is drawn on it, and nothing it shares with others; `ValueError` for one with notes."""
    for note in page.obj.get("/Annots", []):
        if str(note.get("/Subtype")) not in _HARMLESS_NOTES:
            raise ValueError("notes")
    lone = pikepdf.Dictionary(Type=pikepdf.Name.Page)
    for key in _PAGE_KEYS:
        if (value := _inherited(page.obj, key)) is not None:
            lone[key] = value
    resources = _inherited(page.obj, "/Resources")
    if resources is not None:
        lone.Resources = _used(resources, page, _DEEPEST)
    if "/Contents" in page.obj:
        lone.Contents = page.obj.Contents
    return lone


def _inherited(node: pikepdf.Object, key: str) -> pikepdf.Object | None:
    for _ in range(50):  # a tree of pages that is a ring must not hold us
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node.Parent
    return None


def _used(resources: pikepdf.Object, drawn: pikepdf.Page | pikepdf.Object, depth: int) -> pikepdf.Dictionary:
    """The resources with only those pictures and forms that are drawn: many scanners give all pages one list of all."""
    if depth == 0 or "/Pattern" in resources:
        raise ValueError("forms within forms, or patterns: no scanner draws so")
    own = pikepdf.Dictionary({key: value for key, value in resources.items() if key != "/XObject"})
    names = {
        str(instruction.operands[0])
        for instruction in pikepdf.parse_content_stream(drawn, "Do")
        if str(instruction.operator) == "Do"
    }
    shown = {}
    for name, thing in resources.get("/XObject", _NONE).items():
        if name not in names:
            continue
        if thing.get("/Subtype") == pikepdf.Name.Form:
            inside = thing.Resources  # a form that takes those of the page would lose them: an error, so it stays whole
            if len(_used(inside, thing, depth - 1).get("/XObject", _NONE)) != len(inside.get("/XObject", _NONE)):
                raise ValueError("a form that shares pictures")
        shown[name] = thing
    if shown:
        own.XObject = pikepdf.Dictionary(shown)
    return own


_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value, by the number of its type (TIFF 6.0 section 2, BigTIFF)."""
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_COMPRESSION, _OLD_JPEG = 259, 6
_DATA = ((273, 279), (324, 325))
"""Where the picture lies and how long it is: strips, tiles."""
_LEFT_OUT = frozenset({330, 700, 33723, 34377, 34665, 34853, 40965})
"""What points elsewhere in the file or describes the whole of it: sub-frames, XMP, IPTC, Photoshop, EXIF, GPS."""
_MOST_TAGS, _MOST_FRAMES = 400, 20_000


@dataclass(frozen=True)
class _Tag:
    number: int
    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class _Frame:
    tags: tuple[_Tag, ...]
    place_tag: int
    pieces: tuple[tuple[int, int], ...]


class _Tiff:
    """The frames of a TIFF as they lie in the file; every tag and every packed strip is copied as it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        start = self._read(0, 4)
        self._order = "<" if start[:2] == b"II" else ">"
        self._big = struct.unpack(self._order + "H", start[2:])[0] == 43
        # Width of an offset, format of an offset, of the number of tags, of one tag.
        self._wide = 8 if self._big else 4
        self._offset, self._number, self._entry = ("Q", "Q", "HHQ") if self._big else ("I", "H", "HHI")
        self._first = self._whole(8 if self._big else 4, self._offset)

    def _read(self, place: int, length: int) -> bytes:
        if place < 0 or place + length > self._size:
            raise ValueError("outside of the file")
        self._file.seek(place)
        return self._file.read(length)

    def _whole(self, place: int, form: str) -> int:
        return int(struct.unpack(self._order + form, self._read(place, struct.calcsize("=" + form)))[0])

    def walk(self, numbers: Sequence[int]) -> Iterator[_Frame]:
        """The frames of these numbers, in this order."""
        places, seen, place = list[int](), set[int](), self._first
        while place and len(places) < min(max(numbers), _MOST_FRAMES):
            if place in seen:
                raise ValueError("frames in a ring")
            seen.add(place)
            places.append(place)
            count = self._whole(place, self._number)
            if count > _MOST_TAGS:
                raise ValueError("too many tags")
            step = struct.calcsize("=" + self._number) + count * (struct.calcsize("=" + self._entry) + self._wide)
            place = self._whole(place + step, self._offset)
        for number in numbers:
            yield self._frame(places[number - 1])

    def _frame(self, place: int) -> _Frame:
        tags = {}
        start, step = struct.calcsize("=" + self._number), struct.calcsize("=" + self._entry)
        for index in range(self._whole(place, self._number)):
            at = place + start + index * (step + self._wide)
            number, kind, count = struct.unpack(self._order + self._entry, self._read(at, step))
            length = _SIZES[kind] * count
            value_at = at + step if length <= self._wide else self._whole(at + step, self._offset)
            if number not in _LEFT_OUT:
                tags[number] = _Tag(number, kind, count, self._read(value_at, length))
        if _COMPRESSION in tags and self._values(tags[_COMPRESSION]) == (_OLD_JPEG,):
            raise ValueError("old JPEG")
        ((where, lengths),) = [pair for pair in _DATA if pair[0] in tags]
        pieces = tuple(zip(self._values(tags[where]), self._values(tags[lengths]), strict=True))
        for offset, length in pieces:
            self._read(offset + max(length, 1) - 1, 1)
        return _Frame(tuple(tags[number] for number in sorted(tags)), where, pieces)

    def _values(self, tag: _Tag) -> tuple[int, ...]:
        return struct.unpack(f"{self._order}{tag.count}{_WHOLE[tag.kind]}", tag.value)

    def copy(self, numbers: Sequence[int], out: BinaryIO) -> None:
        """A TIFF of these frames alone, in the same order of bytes."""
        head = b"II" if self._order == "<" else b"MM"
        head += struct.pack(self._order + ("HHH" if self._big else "H"), *((43, 8, 0) if self._big else (42,)))
        out.write(head + bytes(self._wide))
        link = len(head)
        for frame in self.walk(numbers):
            link = self._put(frame, link, out)

    def _put(self, frame: _Frame, link: int, out: BinaryIO) -> int:
        """Write one frame, tie it to the one before at `link`; where the next is tied."""
        offsets = []
        for offset, length in frame.pieces:
            offsets.append(_align(out))
            out.write(self._read(offset, length))
        entries = []
        for tag in frame.tags:
            kind, value = tag.kind, tag.value
            if tag.number == frame.place_tag:
                kind = 16 if self._big else 4
                value = struct.pack(f"{self._order}{len(offsets)}{self._offset}", *offsets)
            if len(value) > self._wide:
                at = _align(out)
                out.write(value)
                value = struct.pack(self._order + self._offset, at)
            entry = struct.pack(self._order + self._entry, tag.number, kind, tag.count)
            entries.append(entry + value.ljust(self._wide, b"\0"))
        place = _align(out)
        out.write(struct.pack(self._order + self._number, len(entries)) + b"".join(entries))
        end = out.tell()
        out.write(bytes(self._wide))
        out.seek(link)
        out.write(struct.pack(self._order + self._offset, place))
        out.seek(0, 2)
        return end


def _align(out: BinaryIO) -> int:
    """The place of the next value: an even one, as the format wants it."""
    if out.tell() % 2:
        out.write(b"\0")
    return out.tell()
