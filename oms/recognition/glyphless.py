"""A font whose letters are all empty: invisible text needs a font that every viewer accepts and that weighs nothing.

One glyph without outline stands for every character; characters are their own UTF-16 codes. It is the second glyph of
the font: the first means “missing”, and a document for the archive may not use that (ISO 19005-2, 6.2.11.8). Format: OpenType 1.9,
tables head, hhea, hmtx, maxp, loca, glyf; PDF side: ISO 32000-1, 9.7 (composite fonts) and 9.10.3 (ToUnicode).
"""

import struct

import pikepdf
from pikepdf import Array, Dictionary, Name

EM = 1000
ADVANCE = 500
ASCENT, DESCENT = 800, -200

_MADE = 3_029_529_600
"""The first second of the year 2000, counted from 1904 as fonts do: a date that never changes."""


def add_font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """Put the font into `pdf` and return it, to be named in the resources of any number of pages."""
    file = pikepdf.Stream(pdf, _font_file())
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/OMSAAA+Glyphless"),
        Flags=4,
        FontBBox=Array([0, DESCENT, ADVANCE, ASCENT]),
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
        FontFile2=file,
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/OMSAAA+Glyphless"),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=ADVANCE,
        CIDToGIDMap=pikepdf.Stream(pdf, b"\0\1" * 65536),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/OMSAAA+Glyphless"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=pikepdf.Stream(pdf, _to_unicode()),
        )
    )


def encode(text: str) -> bytes:
    """The codes of `text` in the font; what UTF-16 writes in two parts does not occur and becomes a white square."""
    return "".join(character if ord(character) < 0x10000 else "\u25a1" for character in text).encode("utf-16-be")


def _to_unicode() -> bytes:
    rows = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256) if not 0xD8 <= high <= 0xDF]
    parts = [rows[start : start + 100] for start in range(0, len(rows), 100)]  # the format allows 100 at a time
    ranges = "\n".join(f"{len(part)} beginbfrange\n" + "\n".join(part) + "\nendbfrange" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{ranges}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def _font_file() -> bytes:
    tables = {
        b"glyf": b"\0" * 4,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh",
            *(0x00010000, 0x00010000, 0, 0x5F0F3CF5, 0, EM, _MADE, _MADE),
            *(0, DESCENT, ADVANCE, ASCENT, 0, 3, 2, 0, 0),
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x00010000, ASCENT, DESCENT, 0, ADVANCE, 0, 0, 0, 1, *(0,) * 7, 2),
        b"hmtx": struct.pack(">HhHh", ADVANCE, 0, ADVANCE, 0),
        b"loca": struct.pack(">HHH", 0, 0, 0),
        b"maxp": struct.pack(">I14H", 0x00010000, 2, 0, 0, 0, 0, 1, *(0,) * 8),
    }
    directory, body = b"", b""
    start = 12 + 16 * len(tables)
    for tag, data in tables.items():  # in the order of their tags, as the format wants
        padded = data + b"\0" * (-len(data) % 4)
        directory += tag + struct.pack(">III", _checksum(padded), start + len(body), len(data))
        body += padded
    font = struct.pack(">IHHHH", 0x00010000, len(tables), 64, 2, 16 * len(tables) - 64) + directory + body
    place = font.index(b"\x5f\x0f\x3c\xf5") - 4
    adjustment = (0xB1B0AFBA - _checksum(font)) & 0xFFFFFFFF
    return font[:place] + struct.pack(">I", adjustment) + font[place + 4 :]


def _checksum(data: bytes) -> int:
    return int(sum(struct.unpack(f">{len(data) // 4}I", data))) & 0xFFFFFFFF
