"""What a drawing in a Word document shows: pictures, boxes of text, words drawn as pictures.

Lines and shapes without a text are left out; what cannot be shown (charts, diagrams, embedded files, ink) says so.
"""

from dataclasses import dataclass, field, replace

from oms import box
from oms.recognition.word.blocks import Shown
from oms.recognition.word.package import Element
from oms.recognition.word.styles import number

_POINTS_PER_EMU = 1 / 12_700
_UNSHOWN = ("chart", "relIds", "contentPart", "o_OLEObject", "control", "w_control", "movie", "o_extrusion3d")
_MARGIN = 10_000.0


@dataclass(frozen=True)
class Drawn:
    """What was found; parts of pictures are names of ties, texts the elements that hold blocks, letters those whose text
    is among the words; ways were looked into, other ways to show the same were not."""

    pictures: list[Shown] = field(default_factory=list)
    texts: list[Element] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    letters: list[Element] = field(default_factory=list)
    ways: list[Element] = field(default_factory=list)
    other_ways: list[Element] = field(default_factory=list)


def look_into(element: Element) -> Drawn:
    """What a drawing shows; of two ways to draw it the first, and neither may be one that cannot be shown."""
    found = Drawn()
    _walk(element, found, (0.0, 0.0))
    return found


def _walk(element: Element, found: Drawn, size: tuple[float, float]) -> None:
    if element.tag in _UNSHOWN:
        raise box.Said("unshown")
    if element.tag == "mc_AlternateContent":
        _walk_alternatives(element, found, size)
        return
    if element.tag == "w_txbxContent":
        found.texts.append(element)
        return
    if element.tag == "a_p":
        letters = list(element.iter("a_t"))
        found.letters.extend(letters)
        found.words.append("".join(each.text or "" for each in letters))
        return
    if element.tag in ("wp_inline", "wp_anchor"):
        size = _extent(element.find("wp_extent"))
    elif element.tag in ("v_shape", "v_rect"):
        size = _styled(element.get("style", ""))
    if element.tag == "pic_pic":
        _take_picture(element, found, size)
        return
    if element.tag == "v_imagedata":
        found.pictures.append(Shown(element.get("r_id") or element.get("r_link"), *size))
    if element.tag == "v_textpath" and element.get("string"):
        found.words.append(element.get("string", ""))
    for part in element:
        _walk(part, found, size)


def _walk_alternatives(element: Element, found: Drawn, size: tuple[float, float]) -> None:
    for place, way in enumerate(element):
        _walk(way, found if place == 0 else Drawn(), size)
        (found.other_ways if place else found.ways).append(way)


def _take_picture(picture: Element, found: Drawn, size: tuple[float, float]) -> None:
    blip = next(picture.iter("a_blip"), None)
    if blip is None:
        return
    cut = next(picture.iter("a_srcRect"), None)
    sides = [max(0.0, min(0.95, number(cut.get(side)) / 100_000)) if cut is not None else 0.0 for side in "ltrb"]
    if sides[0] + sides[2] > 0.95 or sides[1] + sides[3] > 0.95:
        sides = [0.0] * 4
    own = _extent(next(picture.iter("a_ext"), None))
    shown = Shown(blip.get("r_embed") or blip.get("r_link"), *size)
    if min(own) > 1 and (min(size) < 1 or own[0] * own[1] < size[0] * size[1]):
        shown = replace(shown, width=own[0], height=own[1])
    found.pictures.append(replace(shown, cut=(sides[0], sides[1], sides[2], sides[3])))


def _extent(element: Element | None) -> tuple[float, float]:
    if element is None:
        return 0.0, 0.0
    return _emu(element.get("cx")), _emu(element.get("cy"))


def _emu(value: str | None) -> float:
    try:
        return max(0.0, min(_MARGIN, float(value or "0") * _POINTS_PER_EMU))
    except ValueError:
        return 0.0


def _styled(style: str) -> tuple[float, float]:
    """Width and height of an old drawing, as its style says."""
    said = dict(part.split(":", 1) for part in style.split(";") if ":" in part)
    units = {"pt": 1.0, "in": 72.0, "cm": 28.35, "mm": 2.835}
    found = []
    for side in ("width", "height"):
        text = said.get(side, "").strip()
        found.append(max(0.0, number(text[:-2]) * units.get(text[-2:], 0.0)))
    return found[0], found[1]
