"""From the parts of a DOCX to blocks: the text in its order, with nothing left out without a word.

What a reader of the printed file would not see (deleted text, comments, hidden text) is not part of the text; it is told
on a page of its own at the end. What cannot be shown at all (`box.Said("unshown")`) keeps the file out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from oms import box
from oms.recognition.word import pictures
from oms.recognition.word.blocks import Block, Cell, Document, Look, NewPage, Paragraph, Run, Section, Shown, Table
from oms.recognition.word.letters import join
from oms.recognition.word.package import Element, Package, Tie, walk
from oms.recognition.word.styles import Facts, Numbers, Styles, is_on, look_of, number, points, value_of

MOST_BLOCKS = 50_000
_DEEPEST_TABLE = 6

DELETED, COMMENT, HIDDEN = "Đã xoá (theo dõi thay đổi)", "Nhận xét", "Chữ ẩn"
OTHERWISE = "Cách hiển thị khác của một phần văn bản"
INSERTED = "Có chữ chèn thêm theo chế độ theo dõi thay đổi, chưa được chấp nhận; chữ đó có trong nội dung."
OUTSIDE = "[Ảnh nằm ngoài tệp, không lấy về]"

PAGE_NUMBER = "\ue000"
"""Stands where a head or foot has the number of its page."""

_THROUGH = ("w_ins", "w_moveTo", "w_smartTag", "w_hyperlink", "w_fldSimple", "w_customXml", "w_dir")
_LETTERS = ("w_t", "w_delText", "w_sym", "m_t", "a_t", "t")
"""What holds letters: each must have been read once the reading is done."""
_NEVER = ("w_altChunk", "w_subDoc", "w_contentPart", "contentPart", "w_dataBinding", "dataBinding", "w_bdo")
"""What brings in a text that does not stand here (a field bound to other data, too), or shows it the other way round."""
_GONE = ("w_del", "w_moveFrom")
_SYMBOLS = {0xA8: "☐", 0x6F: "☐", 0xFE: "☒", 0x78: "☒", 0xFC: "✓", 0x4A: "☺"}
"""What forms draw with Wingdings."""
_SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "zapf", "marlett", "mt extra", "monotype")


@dataclass
class _Field:
    """A field that is open: what it asks for."""

    asked: str = ""

    @property
    def is_page(self) -> bool:
        """Whether it is the number of the page."""
        return self.asked.split()[:1] == ["PAGE"]


class Reader:
    """Reads one document; counts blocks, numbers and notes as it goes."""

    def __init__(self, package: Package) -> None:
        """Get styles and numbers ready."""
        self.package = package
        self._ties = package.ties(package.main)
        named = {tie.kind: tie.part for tie in self._ties.values() if tie.part}
        self._named = named
        self._styles, self._numbers = Styles(package, named), Numbers(package, named)
        self._count = 0
        self._trees: dict[str, Element] = {}
        self._told: set[Element] = set()
        self._fields: list[_Field] = []
        self._note_numbers: dict[tuple[str, str], int] = {}
        self.besides: dict[str, list[str]] = {DELETED: [], HIDDEN: [], OTHERWISE: [], COMMENT: []}
        self._has_inserted = False
        self._has_even = is_on(package.maybe_xml(named.get("settings")).find("w_evenAndOddHeaders"))
        self._heads_before: dict[str, dict[str, list[Block]]] = {}

    def read(self) -> Document:
        """The whole document."""
        body = self._tree(self.package.main).find("w_body")
        if body is None:
            raise box.Said("damaged")
        sections, blocks = [], list[Block]()
        for block, ends in self._body(body):
            if block is not None:
                blocks.append(block)
            if ends is not None:
                sections.append(self._section(ends, blocks))
                blocks = []
        if blocks or not sections:
            sections.append(self._section(None, blocks))
        notes = list(self._notes())
        self._read_comments()
        self._prove_all_told()
        besides = [(f"{kind}:", texts) for kind, texts in self.besides.items() if texts]
        if self._has_inserted:
            besides.append((INSERTED, []))
        return Document(sections, notes, besides)

    def _tree(self, part: str | None) -> Element:
        """A part that holds text; all of it has to be told in the end."""
        if part is None:
            return Element("nothing")
        if part not in self._trees:
            self._trees[part] = self.package.xml(part)
        return self._trees[part]

    def _prove_all_told(self) -> None:
        """Whatever holds letters was read: a text that stands where nobody expects it keeps the file out."""
        for tree in self._trees.values():
            for element in tree.iter():
                is_left = element.tag in _LETTERS and element not in self._told
                if element.tag in _NEVER or (is_left and (element.tag == "w_sym" or (element.text or "").strip())):
                    raise box.Said("unshown")

    def _body(self, body: Element) -> Iterator[tuple[Block | None, Element | None]]:
        """Every block, with the properties of the section that ends behind it."""
        for element in body:
            if element.tag == "w_sectPr":
                yield None, element
                continue
            for block in self.blocks([element], self._ties):
                yield block, None
            ends = element.find("w_pPr/w_sectPr") if element.tag == "w_p" else None
            if ends is not None:
                yield None, ends

    def blocks(self, elements: Iterable[Element], ties: dict[str, Tie], deep: int = 0) -> Iterator[Block]:
        """The blocks that elements hold."""
        for element in elements:
            self._count += 1
            if self._count > MOST_BLOCKS:
                raise box.Said("long")
            if element.tag == "w_p":
                yield from self._paragraph(element, ties, deep)
            elif element.tag == "w_tbl":
                yield self._table(element, ties, deep + 1)
            elif element.tag == "w_sdt":
                yield from self.blocks(element.findall("w_sdtContent/*"), ties, deep)
            elif element.tag in (*_THROUGH, "w_sdtContent"):
                self._has_inserted |= element.tag == "w_ins"
                yield from self.blocks(element, ties, deep)
            elif element.tag == "mc_AlternateContent":
                yield from self.blocks(self._first_way(element), ties, deep)
            elif element.tag in _GONE:
                self._put_aside(DELETED, element)

    def _put_aside(self, kind: str, element: Element) -> None:
        self._told.update(walk(element, *_LETTERS))
        text = _written(element)
        if text:
            self.besides[kind].append(f"“{text}”")

    def _first_way(self, element: Element) -> Iterable[Element]:
        """Of several ways to show a thing the first; what another one says instead is told."""
        ways = list(element)
        self._tell_others(ways[:1], ways[1:])
        return ways[0] if ways else ()

    def _tell_others(self, shown: Iterable[Element], others: Iterable[Element]) -> None:
        said = {_written(way) for way in shown}
        for way in others:
            self._told.update(walk(way, *_LETTERS))
            if _written(way) not in said:
                said.add(_written(way))
                self._put_aside(OTHERWISE, way)

    def _paragraph(self, element: Element, ties: dict[str, Tie], deep: int) -> Iterator[Block]:
        own = element.find("w_pPr")
        facts = self._styles.paragraph(own)
        label, standing = "", Facts()
        if facts.get("numId", "0") not in ("0", ""):
            label, standing = self._numbers.next(facts["numId"], int(number(facts.get("ilvl"), 0)))
            facts = standing | facts if "ind.left" in facts else facts | standing
        made = _stand(facts, label)
        pieces: list[Run | Shown] = []
        extra: list[Block] = []
        open_fields = len(self._fields)
        for piece in self._pieces(element, facts, ties, extra, deep):
            if isinstance(piece, NewPage):
                yield replace(made, pieces=join(pieces))
                yield piece
                made, pieces = replace(made, label="", new_page=False), []
            else:
                pieces.append(piece)
        if any(field.is_page for field in self._fields[open_fields:]):
            raise box.Said("damaged")  # the number of a page ends where it begins, or it would swallow what follows
        yield replace(made, pieces=join(pieces))
        yield from extra

    def _pieces(
        self, element: Iterable[Element], facts: Facts, ties: dict[str, Tie], extra: list[Block], deep: int
    ) -> Iterator[Run | Shown | NewPage]:
        for part in element:
            if part.tag == "w_r":
                yield from self._run(part, facts, ties, extra, deep)
            elif part.tag == "w_sdt":
                for content in part.findall("w_sdtContent"):
                    yield from self._pieces(content, facts, ties, extra, deep)
            elif part.tag in _THROUGH:
                self._has_inserted |= part.tag == "w_ins"
                yield from self._pieces(part, facts, ties, extra, deep)
            elif part.tag in _GONE:
                self._put_aside(DELETED, part)
            elif part.tag == "mc_AlternateContent":
                way = self._first_way(part)
                yield from self._pieces(way, facts, ties, extra, deep)
            elif part.tag in ("m_oMath", "m_oMathPara"):
                self._told.update(walk(part, *_LETTERS))
                yield Run(_written(part), look_of(facts))

    def _run(
        self, run: Element, paragraph: Facts, ties: dict[str, Tie], extra: list[Block], deep: int
    ) -> Iterator[Run | Shown | NewPage]:
        facts = self._styles.letters(paragraph, run.find("w_rPr"))
        look, hidden = look_of(facts), "1" in (facts.get("vanish"), facts.get("webHidden"))
        if hidden:
            self._put_aside(HIDDEN, run)
        for part in self._parts(run):
            if part.tag in ("w_fldChar", "w_instrText"):
                yield from self._count_field(part, look)
            elif part.tag == "w_br" and part.get("w_type") == "page":
                yield NewPage()
            elif part.tag in ("w_drawing", "w_pict", "w_object"):
                yield from self._drawing(part, ties, extra, deep)
            elif part.tag == "w_delText":
                self._put_aside(DELETED, part)
            elif part.tag == "w_ruby" and not hidden:
                for inner in (part.findall("w_rubyBase"), part.findall("w_rt")):
                    for each in inner:
                        yield from self._pieces(each, facts, ties, extra, deep)
                        yield Run(" ", look)
            elif not hidden:
                text = self._text(part)
                if text and not (text.strip().isdigit() and any(field.is_page for field in self._fields)):
                    yield Run(text, look)

    def _parts(self, run: Iterable[Element]) -> Iterator[Element]:
        """What a run consists of, of several ways to show a thing the first."""
        for part in run:
            if part.tag == "mc_AlternateContent":
                yield from self._parts(self._first_way(part))
            else:
                yield part

    def _count_field(self, part: Element, look: Look) -> Iterator[Run]:
        """Of fields the value they had is shown, and nothing is ever looked up; the number of the page is ours."""
        kind = part.get("w_fldCharType", "")
        if kind == "begin":
            self._fields.append(_Field())
        elif part.tag == "w_instrText" and self._fields:
            self._fields[-1].asked += part.text or ""
        elif kind == "end" and self._fields:
            self._fields.pop()
        elif kind == "separate" and self._fields and self._fields[-1].is_page:
            yield Run(PAGE_NUMBER, look)

    def _text(self, part: Element) -> str:
        if part.tag in _LETTERS:
            self._told.add(part)
        if part.tag == "w_t":
            return part.text or ""
        if part.tag == "w_sym":
            return _symbol(part)
        if part.tag in ("w_footnoteReference", "w_endnoteReference"):
            key = part.tag.removeprefix("w_").removesuffix("Reference"), part.get("w_id", "")
            return f"[{self._note_numbers.setdefault(key, len(self._note_numbers) + 1)}]"
        plain = {"w_tab": "\t", "w_ptab": "\t", "w_br": "\n", "w_cr": "\n", "w_noBreakHyphen": "\u2011"}
        return plain.get(part.tag, "")

    def _drawing(self, part: Element, ties: dict[str, Tie], extra: list[Block], deep: int) -> Iterator[Run | Shown]:
        found = pictures.look_into(part)
        for shown in found.pictures:
            tie = ties.get(shown.part or "")
            yield replace(shown, part=tie.part if tie else None) if tie and tie.part else Run(OUTSIDE)
        if deep > _DEEPEST_TABLE and found.texts:
            raise box.Said("long")
        for text in found.texts:
            extra.extend(self.blocks(text, ties, deep + 1))
        self._tell_others(found.ways, found.other_ways)
        self._told.update(found.letters)
        extra.extend(Paragraph((Run(said),), align="center") for said in found.words)

    def _table(self, element: Element, ties: dict[str, Tie], deep: int) -> Table:
        if deep > _DEEPEST_TABLE:
            raise box.Said("long")
        rules = self._styles.table(element.find("w_tblPr"))
        rows, heads = list[list[Cell]](), 0
        found = list(_rows(element))
        for place, row in enumerate(found):
            if row.find("w_trPr/w_del") is not None:
                self._put_aside(DELETED, row)
                continue
            if row.find("w_trPr/w_tblHeader") is not None and heads == len(rows):
                heads += 1
            cells = list(_cells(row))
            edges = place == 0, place == len(found) - 1
            rows.append(
                [
                    self._cell(cell, ties, deep, rules, edges, (at == 0, at == len(cells) - 1))
                    for at, cell in enumerate(cells)
                ]
            )
        widths = [number(column.get("w_w")) / 20 for column in element.findall("w_tblGrid/w_gridCol")]
        return Table([row for row in rows if row], widths, heads if heads < len(rows) else 0)

    def _cell(
        self,
        cell: Element,
        ties: dict[str, Tie],
        deep: int,
        rules: Element | None,
        edges: tuple[bool, bool],
        ends: tuple[bool, bool],
    ) -> Cell:
        about = cell.find("w_tcPr")
        merged = about.find("w_vMerge") if about is not None else None
        goes_on = merged is not None and merged.get("w_val") != "restart"
        own = about.find("w_tcBorders") if about is not None else None
        wanted = (
            ("top", edges[0], "insideH"),
            ("right", ends[1], "insideV"),
            ("bottom", edges[1], "insideH"),
            ("left", ends[0], "insideV"),
        )
        above, right, below, left = (
            _is_ruled(own, side) if own is not None and own.find(f"w_{side}") is not None
            else _is_ruled(rules, side if outer else inner)
            for side, outer, inner in wanted
        )  # fmt: skip
        blocks = list(self.blocks(cell, ties, deep))
        span = max(1, min(64, int(number(value_of(about, "w_gridSpan"), 1))))
        return Cell(blocks, span, goes_on, (above, right, below, left))

    def _section(self, about: Element | None, blocks: list[Block]) -> Section:
        if about is None:
            return Section(blocks)
        size, margins = about.find("w_pgSz"), about.find("w_pgMar")
        wide = size is not None and number(size.get("w_w")) > number(size.get("w_h"))
        said = margins.attrib if margins is not None else {}
        sides = [max(14.0, min(200.0, abs(number(said.get(f"w_{side}"), 1134)) / 20)) for side in _SIDES]
        heads, feet = self._heads(about, "w_headerReference"), self._heads(about, "w_footerReference")
        return Section(
            blocks,
            wide,
            (sides[0], sides[1], sides[2], sides[3]),
            max(10.0, min(100.0, number(said.get("w_header"), 720) / 20)),
            max(16.0, min(100.0, number(said.get("w_footer"), 720) / 20)),
            heads,
            feet,
            is_on(about.find("w_titlePg")),
            self._has_even,
        )

    def _heads(self, about: Element, kind: str) -> dict[str, list[Block]]:
        found = dict(self._heads_before.get(kind, {}))  # a section without one has that of the section before
        for said in about.findall(kind):
            tie = self._ties.get(said.get("r_id", ""))
            if tie is not None and tie.part:
                tree, ties = self._tree(tie.part), self.package.ties(tie.part)
                found[said.get("w_type", "default")] = list(self.blocks(tree, ties))
        self._heads_before[kind] = found
        return found

    def _notes(self) -> Iterator[Block]:
        for kind in ("footnote", "endnote"):
            part = self._named.get(f"{kind}s")
            tree, ties = self._tree(part), self.package.ties(part) if part else {}
            for note in tree.findall(f"w_{kind}"):
                place = self._note_numbers.get((kind, note.get("w_id", "")))
                if note.get("w_type") in ("separator", "continuationSeparator", "continuationNotice"):
                    continue
                blocks = list(self.blocks(note, ties))
                first = blocks[0] if blocks else None
                if isinstance(first, Paragraph) and place is not None:
                    blocks[0] = replace(first, label=f"[{place}]")
                yield from blocks

    def _read_comments(self) -> None:
        for comment in self._tree(self._named.get("comments")):
            self._put_aside(COMMENT, comment)


_SIDES = ("top", "right", "bottom", "left")


def _rows(table: Element) -> Iterator[Element]:
    for part in table:
        if part.tag == "w_tr":
            yield part
        elif part.tag in (*_THROUGH, "w_sdt", "w_sdtContent"):
            yield from _rows(part)


def _cells(row: Element) -> Iterator[Element]:
    for part in row:
        if part.tag == "w_tc":
            yield part
        elif part.tag in (*_THROUGH, "w_sdt", "w_sdtContent"):
            yield from _cells(part)


def _symbol(part: Element) -> str:
    """A sign named by its number; in a font of letters 0xF04D is the letter 0x4D."""
    code = int(part.get("w_char", "0") or "0", 16) if _is_hex(part.get("w_char", "")) else 0
    if code >= 0xF000 and not part.get("w_font", "").lower().startswith(_SYMBOL_FONTS):
        code &= 0xFF
    return _SYMBOLS.get(code & 0xFF, "▪") if code >= 0xF000 else chr(code) if 32 <= code < 0xD800 else "▪"


def _written(element: Element) -> str:
    """All that is written in an element, with spaces where its paragraphs and lines end."""
    said = ""
    for part in element.iter():
        if part.tag in _LETTERS:
            said += _symbol(part) if part.tag == "w_sym" else part.text or ""
        elif part.tag in ("w_p", "a_p", "w_tab", "w_br", "w_cr", "a_br", "v_textpath"):
            said += f" {part.get('string', '')} "
    return " ".join(said.split())


def _is_ruled(rules: Element | None, side: str) -> bool:
    return rules is not None and value_of(rules, f"w_{side}") not in ("", "nil", "none")


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 4 and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _stand(facts: Facts, label: str) -> Paragraph:
    """How a paragraph with these properties stands."""
    left = points(facts, "ind.left", "ind.start")
    first = -points(facts, "ind.hanging") if "ind.hanging" in facts else points(facts, "ind.firstLine")
    lines = number(facts.get("spacing.line"), 240)
    exact = facts.get("spacing.lineRule", "auto") != "auto"
    return Paragraph(
        align={"center": "center", "right": "right", "end": "right", "both": "justify"}.get(
            facts.get("jc", ""), "left"
        ),
        left=max(0.0, min(250.0, left)),
        right=max(0.0, min(250.0, points(facts, "ind.right", "ind.end"))),
        first=max(-max(0.0, min(250.0, left)), min(250.0, first)),
        above=max(0.0, min(100.0, points(facts, "spacing.before"))),
        below=max(0.0, min(100.0, points(facts, "spacing.after"))),
        leading=1.15 if exact else max(1.1, min(3.0, 1.15 * lines / 240)),
        label=label,
        label_look=look_of(facts),
        new_page=facts.get("pageBreakBefore") == "1",
    )
