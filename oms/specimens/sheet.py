"""One blank A4 page to set text on, which remembers every line as the truth of the page.

Measures are points for type and pixels for places, at 200 dots per inch. Knows nothing of what is written.
"""

from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFont

from oms.specimens.fonts import FontFamily, find_family

DPI = 200
WIDTH, HEIGHT = 1654, 2339
"""A4, 210 × 297 mm, in pixels."""

MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 236, 138, 157, 157
"""30, 17.5, 20 and 20 mm, inside the bounds of NĐ 30/2020/NĐ-CP, Phụ lục I."""

LEADER_STEP = 9
"""Pixels between the dots of a leader: the full stops of 13-point type."""

INK = (24, 24, 28)
Align = Literal["left", "center", "right"]
Run = tuple[str, str]
"""A piece of text and its style: "regular", "bold", "italic", "bold_italic"."""

TextLike = str | Sequence[Run]
Word = tuple[str, str, float]


def millimetres(length: float) -> int:
    """A length on paper in pixels."""
    return round(length * DPI / 25.4)


class Sheet:
    """A page that grows from the top; `y` is the top of what comes next, `lines` what was written so far."""

    def __init__(self, family: FontFamily | None = None) -> None:
        self.family = family or find_family()
        self.image = Image.new("RGB", (WIDTH, HEIGHT), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.y = float(MARGIN_TOP)
        self.left = float(MARGIN_LEFT)
        self.right = float(WIDTH - MARGIN_RIGHT)
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """The truth of the page: its lines in reading order."""
        return "\n".join(self.lines)

    @property
    def room(self) -> float:
        """Pixels left above the lower margin."""
        return HEIGHT - MARGIN_BOTTOM - self.y

    def font(self, style: str, points: float) -> ImageFont.FreeTypeFont:
        """A font of this page by style and size in points."""
        return self.family.font(style, round(points * DPI / 72))

    def skip(self, points: float) -> None:
        """Leave empty space."""
        self.y += points * DPI / 72

    def line(
        self,
        text: TextLike,
        *,
        points: float = 13,
        style: str = "regular",
        align: Align = "left",
        span: tuple[float, float] | None = None,
        spacing: float = 1.2,
    ) -> None:
        """Write one line between the bounds `span` (default: the margins) and go below it."""
        runs = _runs(text, style)
        left, right = span or (self.left, self.right)
        width = sum(self.font(look, points).getlength(part) for part, look in runs)
        x = {"left": left, "center": (left + right - width) / 2, "right": right - width}[align]
        baseline = self._baseline(points)
        for part, look in runs:
            font = self.font(look, points)
            self.draw.text((x, baseline), part, font=font, fill=INK, anchor="ls")
            x += font.getlength(part)
        self._note("".join(part for part, _ in runs))
        self.y += points * DPI / 72 * spacing

    def rule(self, width: float, *, span: tuple[float, float] | None = None) -> None:
        """Draw a thin line of this width in the middle of the span, close below the last line."""
        left, right = span or (self.left, self.right)
        middle = (left + right) / 2
        self.draw.line((middle - width / 2, self.y + 5, middle + width / 2, self.y + 5), fill=INK, width=2)
        self.skip(4)

    def paragraph(
        self,
        text: TextLike,
        *,
        points: float = 14,
        style: str = "regular",
        indent: float = 79,
        spacing: float = 1.3,
        before: float = 4,
        span: tuple[float, float] | None = None,
    ) -> None:
        """Write justified text with an indented first line."""
        self.skip(before)
        left, right = span or (self.left, self.right)
        rows = self._break(_runs(text, style), points, right - left, indent)
        for number, row in enumerate(rows):
            start = left + (indent if number == 0 else 0)
            self._set_row(row, start, right, points, justify=number < len(rows) - 1)
            self.y += points * DPI / 72 * spacing

    def columns(
        self,
        left: Sequence[tuple[TextLike, str, float]],
        right: Sequence[tuple[TextLike, str, float]],
        *,
        divide: float = 0.4,
        align: tuple[Align, Align] = ("center", "center"),
    ) -> None:
        """Write two blocks beside each other; a row is (text, style, points), the text "—" draws a rule."""
        top, middle = self.y, self.left + (self.right - self.left) * divide
        bottoms = []
        for rows, span, where in (
            (left, (self.left - 60, middle - 20), align[0]),
            (right, (middle, self.right), align[1]),
        ):
            self.y = top
            for text, style, points in rows:
                if text == "—":
                    self.rule(points * DPI / 72, span=span)
                else:
                    self.line(text, style=style, points=points, align=where, span=span)
            bottoms.append(self.y)
        self.y = max(bottoms)

    def fields(
        self,
        *pairs: tuple[str, str],
        points: float = 12,
        shares: Sequence[float] = (),
        spacing: float = 1.42,
        leaders: bool = True,
    ) -> None:
        """Write labels with their values and dotted leaders, several side by side in the given shares of the line."""
        shares = shares or [1 / len(pairs)] * len(pairs)
        baseline, x, full = self._baseline(points), self.left, self.right - self.left
        label_font = self.font("regular", points)
        for (label, value), share in zip(pairs, shares, strict=True):
            end = x + full * share - (12 if share < 1 else 0)
            self.draw.text((x, baseline), label, font=label_font, fill=INK, anchor="ls")
            start = x + label_font.getlength(label) + 8
            value_font = self._fitting(value, points, end - start - 4)
            self.draw.text((start + 4, baseline), value, font=value_font, fill=(16, 24, 84), anchor="ls")
            # typed forms have the leaders behind the value, on the base line
            for dot in range(int(start + 12 + value_font.getlength(value)), int(end) if leaders else 0, LEADER_STEP):
                self.draw.ellipse((dot, baseline - 2, dot + 2, baseline), fill=INK)
            x += full * share
        self._note("  ".join(f"{label} {value}".strip() for label, value in pairs))
        self.y += points * DPI / 72 * spacing

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], *, points: float = 11
    ) -> int:
        """Draw a ruled table until the page is full; returns how many rows found room."""
        edges = [self.left]
        for share in shares:
            edges.append(edges[-1] + (self.right - self.left) * share / sum(shares))
        done = -1
        for number, cells in enumerate([header, *rows]):
            style = "bold" if number == 0 else "regular"
            broken = [
                self._break(_runs(cell, style), points, edges[column + 1] - edges[column] - 20, 0)
                for column, cell in enumerate(cells)
            ]
            step = points * DPI / 72 * 1.2
            height = max(map(len, broken)) * step + 14
            if height > self.room:
                break
            self._table_row(broken, edges, height, step, points, heading=number == 0)
            self._note("  ".join(cell for cell in cells if cell))
            done = number
        return done

    def stamp(self, picture: Image.Image, x: float, y: float) -> None:
        """Press ink on the page: `picture` has a white ground and is multiplied with what is there."""
        left, top = round(x), round(y)
        box = (left, top, left + picture.width, top + picture.height)
        self.image.paste(ImageChops.multiply(self.image.crop(box), picture), box)

    def _fitting(self, text: str, points: float, width: float) -> ImageFont.FreeTypeFont:
        """The italic font, smaller where people would write smaller to find room."""
        for size in (points, points * 0.88, points * 0.76, points * 0.66):
            font = self.font("italic", size)
            if font.getlength(text) <= width:
                break
        return font

    def _table_row(
        self,
        cells: Sequence[Sequence[Sequence[Word]]],
        edges: Sequence[float],
        height: float,
        step: float,
        points: float,
        *,
        heading: bool,
    ) -> None:
        top = self.y
        for column, rows in enumerate(cells):
            self.draw.rectangle((edges[column], top, edges[column + 1], top + height), outline=INK, width=2)
            self.y = top + 6 + (height - 14 - len(rows) * step) / 2 * heading
            for row in rows:
                width = _row_width(row, self, points)
                inset = (edges[column + 1] - edges[column] - width) / 2 if heading or column == 0 else 10
                self._set_row(row, edges[column] + inset, edges[column + 1] - 10, points, justify=False, note=False)
                self.y += step
        self.y = top + height

    def _break(self, runs: Sequence[Run], points: float, width: float, indent: float) -> list[list[Word]]:
        """Divide text into rows of words that fit; a word longer than the row stands alone."""
        rows: list[list[Word]] = [[]]
        used = indent
        for text, style in runs:
            font = self.font(style, points)
            space = font.getlength(" ")
            for word in text.split():
                length = font.getlength(word)
                if rows[-1] and used + space + length > width:
                    rows.append([])
                    used = 0.0
                used += length + (space if rows[-1] else 0)
                rows[-1].append((word, style, length))
        return rows

    def _set_row(
        self, row: Sequence[Word], left: float, right: float, points: float, *, justify: bool, note: bool = True
    ) -> None:
        if not row:
            return
        baseline = self._baseline(points)
        space = self.font("regular", points).getlength(" ")
        if justify and len(row) > 1:
            space = (right - left - sum(length for _, _, length in row)) / (len(row) - 1)
        x = left
        for word, style, length in row:
            self.draw.text((x, baseline), word, font=self.font(style, points), fill=INK, anchor="ls")
            x += length + space
        if note:
            self._note(" ".join(word for word, _, _ in row))

    def _baseline(self, points: float) -> float:
        return round(self.y + points * DPI / 72 * 0.92)

    def _note(self, text: str) -> None:
        if text.strip():
            self.lines.append(" ".join(text.split()))


def _runs(text: TextLike, style: str) -> list[Run]:
    return [(text, style)] if isinstance(text, str) else list(text)


def _row_width(row: Sequence[Word], sheet: Sheet, points: float) -> float:
    return sum(length for _, _, length in row) + sheet.font("regular", points).getlength(" ") * max(0, len(row) - 1)
