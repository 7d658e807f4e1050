"""A DOCX as the ZIP of parts it is: proved, its XML read without a DTD, its ties to the outside never followed.

Knows no text and no page. Everything here runs in the box; what must not be says so with a word (`box.Said`).
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element, TreeBuilder  # nosec B405 - builds the tree; expat below is told to take no DTD
from xml.parsers import expat  # nosec B407 - see above

from oms import box, zips

__all__ = ["Element", "Package", "Tie", "read_xml", "walk"]

MOST_PARTS, MOST_BYTES = 2_000, 200 * 1024 * 1024
_PIECE = 4096
_DEEPEST, _MOST_ELEMENTS = 500, 600_000
"""Ordinary files nest some thirty deep; a table in a table in a table adds six for each."""

_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TIES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
)
"""What the kinds of ties begin with, in the two spellings there are; any other kind is not known, however it ends."""
_ONCE = ("officeDocument", "styles", "numbering", "settings", "comments", "footnotes", "endnotes")
"""Of these a part has one: with two of them Word shows the one and we might the other."""
_MACROS = ("vbaProject", "vbaData", "macroEnabled", "activeX")
_PLAIN = (".xml", ".rels", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".odttf", ".sigs", ".psmdcp")
_SEEN_ELSEWHERE = ("docprops/thumbnail.", "word/printersettings/")
"""The picture of a file manager and the settings of a printer: no part of the document, and never opened."""

_SHORT = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing": "wp",
    "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing": "wp",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/drawingml/2006/picture": "pic",
    "http://purl.oclc.org/ooxml/drawingml/picture": "pic",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
}
"""Names of elements are written with these, whatever the file calls them; the last part stands alone for all others."""


@dataclass(frozen=True)
class Tie:
    """What a part is tied to: the kind, and the name of a part; `part` is None for what lies outside the file."""

    kind: str
    part: str | None


class Package:
    """The parts of a file that was proved to be a Word document without macros or other files in it."""

    def __init__(self, file: BinaryIO) -> None:
        """Prove it; raises `box.Said`, and unpacks no more than the list of kinds."""
        self._file = file
        try:
            entries = zips.prove(file, entries=MOST_PARTS, unpacked=MOST_BYTES)
        except zips.NotProved as error:
            raise box.Said(error.reason if error.reason in ("locked", "bytes", "entries") else "damaged") from None
        self._entries = {entry.name.lower(): entry for entry in entries if not entry.is_folder}
        if len(self._entries) != sum(not entry.is_folder for entry in entries):
            raise box.Said("damaged")
        for name in self._entries:
            if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
                raise box.Said("damaged")
        kinds = self.take("[Content_Types].xml") if "[content_types].xml" in self._entries else b""
        self.main = next((tie.part for tie in self.ties("").values() if tie.kind == "officeDocument" and tie.part), "")
        if any(word.encode() in kinds or word.lower() in name for word in _MACROS for name in self._entries):
            raise box.Said("macro")
        if not self.main or _MAIN.encode() not in kinds:
            raise box.Said("kind")
        self._prove_one_body(kinds)
        if any(not name.endswith(_PLAIN) and not name.startswith(_SEEN_ELSEWHERE) for name in self._entries):
            raise box.Said("unshown")

    def _prove_one_body(self, kinds: bytes) -> None:
        """One part is the document, and the list of kinds says so of it and of no other."""
        said = [one for one in read_xml(kinds) if one.get("ContentType", "").lower() == _MAIN]
        if [one.get("PartName", "").lower() for one in said] != [f"/{self.main.lower()}"]:
            raise box.Said("kind")
        for name in self._entries:
            if name.endswith(".xml") and name != self.main.lower() and _root_of(self.take(name)) == "w_document":
                raise box.Said("unshown")

    @property
    def is_signed(self) -> bool:
        """Whether somebody signed it: such a file must never be rewritten."""
        return any(name.startswith("_xmlsignatures/") for name in self._entries)

    def pictures(self) -> list[str]:
        """The names of all pictures in it, shown or not, in order."""
        return sorted(name for name in self._entries if _is_picture(name))

    def take(self, name: str) -> bytes:
        """The bytes of a part."""
        try:
            return zips.take(self._file, self._entries[name.lower()])
        except (KeyError, zips.NotProved):
            raise box.Said("damaged") from None

    def xml(self, name: str) -> Element:
        """A part as a tree of elements."""
        return read_xml(self.take(name))

    def maybe_xml(self, name: str | None) -> Element:
        """As `xml`; nothing for a part that is not there."""
        return self.xml(name) if name and name.lower() in self._entries else Element("nothing")

    def ties(self, part: str) -> dict[str, Tie]:
        """What a part is tied to, by the name it has for it."""
        folder, name = posixpath.split(part)
        found: dict[str, Tie] = {}
        once: set[str] = set()
        for tie in self.maybe_xml(posixpath.join(folder, "_rels", f"{name}.rels")):
            outside = tie.get("TargetMode") == "External"
            target = posixpath.normpath(posixpath.join("/", folder, tie.get("Target", ""))).lstrip("/")
            kind, own = _kind_of(tie.get("Type", "")), tie.get("Id", "")
            is_there = target.lower() in self._entries
            if own in found or (kind in _ONCE and (kind in once or outside or not is_there)):
                raise box.Said("damaged")
            once.add(kind)
            found[own] = Tie(kind, None if outside else target)
        return found


def _kind_of(said: str) -> str:
    return next((said.removeprefix(begin) for begin in _TIES if said.startswith(begin)), said)


def _root_of(data: bytes) -> str:
    """The name of the outermost element; "" for what is no XML."""
    names: list[str] = []
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda name, _attributes: names.append(_short(name))
    for start in range(0, len(data), _PIECE):
        try:
            parser.Parse(data[start : start + _PIECE], False)
        except expat.ExpatError:
            break
        if names:
            break
    return names[0] if names else ""


def _is_picture(name: str) -> bool:
    return name.endswith((".jpg", ".jpeg", ".png", ".tif", ".tiff")) and not name.startswith(_SEEN_ELSEWHERE)


def read_xml(data: bytes) -> Element:
    """The tree of a document without a DTD, neither deep nor endless; raises `box.Said`."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    open_elements = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal open_elements, count
        open_elements, count = open_elements + 1, count + 1
        if open_elements > _DEEPEST or count > _MOST_ELEMENTS:
            raise box.Said("long")
        builder.start(_short(name), {_short(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal open_elements
        open_elements -= 1
        builder.end(_short(name))

    def refuse(*_arguments: object) -> None:
        raise box.Said("dtd")

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise box.Said("damaged") from None
    return builder.close()


def _short(name: str) -> str:
    space, brace, local = name.rpartition("}")
    if not brace:
        return name
    short = _SHORT.get(space, "")
    return f"{short}_{local}" if short else local


def walk(tree: Element, *names: str) -> Iterator[Element]:
    """All elements below of these names."""
    return (element for element in tree.iter() if element.tag in names)
