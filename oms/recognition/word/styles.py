"""How paragraphs and letters of a Word document look, from its styles down to what is said in place; and its numbers.

What is not understood is left as it is by default: a look never decides whether a text is shown.
"""

from collections.abc import Callable, Mapping

from oms.recognition.word.blocks import Look
from oms.recognition.word.package import Element, Package

Facts = dict[str, str]
"""Properties by name: `sz`, `b`, `jc`, `left`…; "0" says that something is switched off."""

_OFF = ("0", "false", "off", "none")
_SWITCHES = ("b", "i", "strike", "dstrike", "caps", "vanish", "webHidden")
_TWIP = 1 / 20
_LEAST_SIZE, _MOST_SIZE = 6.0, 72.0
"""Points: smaller letters could not be read by whoever looks at the page, and a page holds few larger ones."""

_LIGHT = 0.75
"""Brightness from which letters are drawn black: white ones would hide on white paper."""


class Styles:
    """The styles of a document."""

    def __init__(self, package: Package, ties: Mapping[str, str]) -> None:
        tree = package.maybe_xml(ties.get("styles"))
        self._styles = {style.get("w_styleId", ""): style for style in tree.iter("w_style")}
        defaults = [style for style in self._styles.values() if style.get("w_default") == "1"]
        self._normal = next((s.get("w_styleId", "") for s in defaults if s.get("w_type") == "paragraph"), "")
        self._base = facts_of(tree.find("w_docDefaults/w_rPrDefault/w_rPr"))
        self._base |= facts_of(tree.find("w_docDefaults/w_pPrDefault/w_pPr"))
        self._known: dict[str, Facts] = {}

    def paragraph(self, own: Element | None) -> Facts:
        """What holds for a paragraph with these properties of its own, for its letters too."""
        style = value_of(own, "w_pStyle") or self._normal
        return self._base | self._of(style) | facts_of(own)

    def letters(self, paragraph: Facts, own: Element | None) -> Facts:
        """What holds for letters with these properties of their own, in such a paragraph."""
        return paragraph | self._of(value_of(own, "w_rStyle")) | facts_of(own)

    def table(self, own: Element | None) -> Element | None:
        """The rules around the cells of a table, from itself or its style."""
        if own is not None and own.find("w_tblBorders") is not None:
            return own.find("w_tblBorders")
        name, seen = value_of(own, "w_tblStyle"), 0
        while name in self._styles and seen < 20:
            found = self._styles[name].find("w_tblPr/w_tblBorders")
            if found is not None:
                return found
            name, seen = value_of(self._styles[name], "w_basedOn"), seen + 1
        return None

    def _of(self, name: str) -> Facts:
        if name not in self._known:
            self._known[name] = {}  # a style that is its own base ends here
            style = self._styles.get(name)
            if style is not None:
                below = self._of(value_of(style, "w_basedOn"))
                self._known[name] = below | facts_of(style.find("w_pPr")) | facts_of(style.find("w_rPr"))
        return self._known[name]


def is_on(element: Element | None) -> bool:
    """Whether a switch is there and not switched off."""
    return element is not None and element.get("w_val", "") not in _OFF


def value_of(element: Element | None, name: str) -> str:
    """The value of a property; "" for none."""
    found = element.find(name) if element is not None else None
    return found.get("w_val", "") if found is not None else ""


def facts_of(properties: Element | None) -> Facts:
    """The properties of a paragraph or of letters that matter here."""
    found: Facts = {}
    for one in properties if properties is not None else ():
        name, value = one.tag.removeprefix("w_"), one.get("w_val", "")
        if name in _SWITCHES:
            found[name] = "0" if value in _OFF else "1"
        elif name in ("sz", "u", "jc", "vertAlign", "color"):
            found[name] = value
        elif name in ("ind", "spacing") and one.get("w_val") is None:
            found |= {f"{name}.{key.removeprefix('w:')}": said for key, said in one.attrib.items()}
        elif name == "rFonts":
            found["font"] = one.get("w_ascii") or one.get("w_hAnsi") or found.get("font", "")
        elif name == "numPr":
            found["numId"], found["ilvl"] = value_of(one, "w_numId"), value_of(one, "w_ilvl") or "0"
        elif name == "pageBreakBefore":
            found[name] = "0" if value in _OFF else "1"
    return {name: value for name, value in found.items() if value != "" or name in ("numId",)}


def number(value: str | None, fallback: float = 0.0) -> float:
    """A number of the file, kept within what a page can be."""
    try:
        return max(-20_000.0, min(20_000.0, float(value or "")))
    except ValueError:
        return fallback


def points(facts: Facts, *names: str) -> float:
    """The first of these properties, given in twentieths of a point."""
    return next((number(facts[name]) * _TWIP for name in names if name in facts), 0.0)


def look_of(facts: Facts) -> Look:
    """How letters with these properties look."""
    size = max(_LEAST_SIZE, min(_MOST_SIZE, number(facts.get("sz"), 22.0) / 2))
    return Look(
        size=size,
        bold=facts.get("b") == "1",
        italic=facts.get("i") == "1",
        underlined=facts.get("u", "none") != "none",
        struck="1" in (facts.get("strike"), facts.get("dstrike")),
        capitals=facts.get("caps") == "1",
        place={"superscript": "super", "subscript": "sub"}.get(facts.get("vertAlign", ""), ""),
        colour=_colour(facts.get("color", "")),
        font=facts.get("font", ""),
    )


def _colour(value: str) -> str:
    try:
        red, green, blue = (int(value[place : place + 2], 16) for place in (0, 2, 4))
    except ValueError:
        return ""
    light = (0.3 * red + 0.59 * green + 0.11 * blue) / 255
    return "" if light > _LIGHT or len(value) != 6 else f"#{value}"


class Numbers:
    """The numbers in front of paragraphs, counted as the document goes on."""

    def __init__(self, package: Package, ties: Mapping[str, str]) -> None:
        tree = package.maybe_xml(ties.get("numbering"))
        kinds = {kind.get("w_abstractNumId", ""): kind for kind in tree.iter("w_abstractNum")}
        self._levels: dict[str, dict[int, Element]] = {}
        self._group: dict[str, str] = {}
        for one in tree.iter("w_num"):
            name, kind = one.get("w_numId", ""), value_of(one, "w_abstractNumId")
            found = kinds.get(kind)
            levels = {_level(level): level for level in found.iter("w_lvl")} if found is not None else {}
            starts = {_level(said): said for said in one.iter("w_lvlOverride")}
            levels |= {place: said.find("w_lvl") or levels.get(place, said) for place, said in starts.items()}
            self._levels[name], self._group[name] = levels, name if starts else kind
        self._counts: dict[tuple[str, int], int] = {}

    def next(self, name: str, place: int) -> tuple[str, Facts]:
        """The number of the next paragraph of this list and depth, and how it stands."""
        levels = self._levels.get(name, {})
        level = levels.get(place)
        if level is None:
            return "", {}
        group = self._group[name]
        start = int(number(value_of(level, "w_start"), 1))
        self._counts[group, place] = self._counts.get((group, place), start - 1) + 1
        for deeper in range(place + 1, 9):
            self._counts.pop((group, deeper), None)
        text = value_of(level, "w_lvlText")
        for depth in range(place + 1):
            below = levels.get(depth)
            count = self._counts.get((group, depth), 1)
            text = text.replace(f"%{depth + 1}", _written(count, value_of(below, "w_numFmt")))
        if value_of(level, "w_numFmt") == "bullet":
            text = text if text.strip() and (text.isascii() or len(text.strip()) > 1) else "•"
        return text, facts_of(level.find("w_pPr"))


def _level(element: Element) -> int:
    return int(number(element.get("w_ilvl"), 0))


def _written(count: int, kind: str) -> str:
    """A number as its list writes it."""
    count = max(0, min(count, 99_999))
    ways: dict[str, Callable[[int], str]] = {
        "lowerLetter": _letters,
        "upperLetter": lambda n: _letters(n).upper(),
        "lowerRoman": lambda n: _roman(n).lower(),
        "upperRoman": _roman,
        "decimalZero": lambda n: f"{n:02}",
        "none": lambda _n: "",
    }
    return ways.get(kind, str)(count)


def _letters(count: int) -> str:
    place, times = (count - 1) % 26, min((count - 1) // 26 + 1, 9)
    return chr(ord("a") + place) * times if count else ""


def _roman(count: int) -> str:
    written, rest = "", min(count, 3_999)
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    ):
        written += sign * (rest // value)
        rest %= value
    return written
