"""What a Word document consists of once it is read: paragraphs, pictures, tables, sections. Plain data, sizes in points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Look:
    """How letters look."""

    size: float = 12.0
    bold: bool = False
    italic: bool = False
    underlined: bool = False
    struck: bool = False
    capitals: bool = False
    place: str = ""
    colour: str = ""
    font: str = ""


@dataclass(frozen=True)
class Run:
    """Letters of one look; a line end is "\\n"."""

    text: str
    look: Look = Look()


@dataclass(frozen=True)
class Shown:
    """A picture as the text shows it: the part it lies in (None: outside of the file, not fetched), its size, and what
    is cut off its four sides, as shares."""

    part: str | None
    width: float
    height: float
    cut: tuple[float, float, float, float] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Paragraph:
    """Letters and pictures in order, how they stand, and the number in front ("" for none)."""

    pieces: Sequence[Run | Shown] = ()
    align: str = "left"
    left: float = 0.0
    right: float = 0.0
    first: float = 0.0
    above: float = 0.0
    below: float = 0.0
    leading: float = 1.15
    label: str = ""
    label_look: Look = Look()
    new_page: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: what is in it, how many columns wide, and which of its sides are ruled (above, right, below, left);
    one that only goes on from above has no blocks."""

    blocks: Sequence["Block"] = ()
    span: int = 1
    goes_on: bool = False
    sides: tuple[bool, bool, bool, bool] = (False, False, False, False)


@dataclass(frozen=True)
class Table:
    """Rows of cells; `widths` are those the file gives, and may be none."""

    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float] = ()
    heads: int = 0


@dataclass(frozen=True)
class NewPage:
    """From here on the next page."""


Block = Paragraph | Table | NewPage


@dataclass(frozen=True)
class Section:
    """Pages of one kind with what stands on them, and their heads and feet by "default", "first", "even"."""

    blocks: Sequence[Block]
    wide: bool = False
    margins: tuple[float, float, float, float] = (56.7, 42.5, 56.7, 85.0)
    head_at: float = 36.0
    foot_at: float = 36.0
    heads: Mapping[str, Sequence[Block]] = field(default_factory=dict)
    feet: Mapping[str, Sequence[Block]] = field(default_factory=dict)
    has_title: bool = False
    has_even: bool = False


@dataclass(frozen=True)
class Document:
    """A whole document: its sections, its notes, and what the file holds besides: what it is in Vietnamese, and the
    texts, whole."""

    sections: Sequence[Section]
    notes: Sequence[Block] = ()
    besides: Sequence[tuple[str, Sequence[str]]] = ()
