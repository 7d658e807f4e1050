"""Files that mean no good, or that a broken program writes: what the door must refuse, and the box must survive.

Each is small and made byte by byte. `OK` must come in, `LOCKED` and `REFUSED` must not; of `EITHER` only that nothing
happens: a scan with a warning, or a refusal in a sentence.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pikepdf
from PIL import Image

from oms.specimens import word_files

OK, EITHER, REFUSED, LOCKED = "ok", "either", "refused", "locked"

LISTENER = 9
"""Port of this machine that some of them would like to speak to."""

TRACE = "/dev/shm/pwned"  # nosec B108 - what a hostile file tries to leave
"""Where some of them would like to leave something."""

_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R%s>>"


@dataclass(frozen=True)
class Specimen:
    """A hostile file: its name, what may become of it, and its bytes."""

    name: str
    fate: str
    content: bytes


def draw_all() -> Iterator[Specimen]:
    """Every file, one after the other."""
    for name, (fate, draw) in _DRAWN.items():
        yield Specimen(name, fate, draw())


def _pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """The objects, numbered from 1, as a PDF with a right list of their places."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Root 1 0 R/Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def _stream(content: bytes, about: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), about, content)


def _one_page(
    content: bytes = b"0 0 m 595 842 l S", page: bytes = b"", *more: bytes, catalog: bytes = _CATALOG
) -> bytes:
    return _pdf(catalog, _PAGES, _PAGE % page, _stream(content), *more)


def _swollen(size: int) -> bytes:
    packer = zlib.compressobj(9)
    piece = b"0 0 m " * 174_763
    packed = b"".join(packer.compress(piece) for _ in range(size // len(piece)))
    return packed + packer.flush()


def _flate_bomb() -> bytes:
    packed = _swollen(1 << 30)
    return _pdf(_CATALOG, _PAGES, _PAGE % b"", _stream(packed, b"/Filter/FlateDecode"))


def _endless_draws() -> bytes:
    """Forms that each draw the next ten times: a billion strokes in two kilobytes."""
    forms = []
    for level in range(10):
        inner = b"/X Do " * 10 if level < 9 else b"0 0 m 9 9 l S"
        resources = b"/Resources<</XObject<</X %d 0 R>>>>" % (level + 6) if level < 9 else b""
        forms.append(_stream(inner, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]" + resources))
    return _one_page(b"/X Do", b"/Resources<</XObject<</X 5 0 R>>>>", *forms)


def _actions() -> bytes:
    listener = b"http://127.0.0.1:%d/" % LISTENER
    act = b"<</S/JavaScript/JS(app.launchURL('%s'))/Next[<</S/URI/URI(%s)>><</S/Launch/F(/usr/bin/touch %s)>>]>>"
    act %= (listener, listener, TRACE.encode())
    return _one_page(page=b"/AA<</O %s>>" % act, catalog=b"<</Type/Catalog/Pages 2 0 R/OpenAction %s>>" % act)


def _outside_stream() -> bytes:
    """A page whose drawing, and a picture on it, lie in files of the machine."""
    outside = b"<</Length 0/F(/etc/passwd)>>\nstream\n\nendstream"
    picture = b"<</Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray/Length 0"
    picture += b"/F<</FS/URL/F(http://127.0.0.1:%d/)>>>>\nstream\n\nendstream" % LISTENER
    page = _PAGE % b"/Resources<</XObject<</P 5 0 R>>>>"
    return _pdf(_CATALOG, _PAGES, page, outside, picture)


def _huge_image() -> bytes:
    image = _stream(
        b"\0", b"/Type/XObject/Subtype/Image/Width 2000000000/Height 2000000000/BitsPerComponent 8/ColorSpace/DeviceRGB"
    )
    return _one_page(b"/P Do", b"/Resources<</XObject<</P 5 0 R>>>>", image)


def _deep_arrays() -> bytes:
    return _one_page(b"[" * 200_000 + b"]" * 200_000, b"/Deep " + b"[" * 200_000 + b"]" * 200_000)


def _many_pages() -> bytes:
    count = 2_001
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    return _pdf(_CATALOG, b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), *[page] * count)


def _locked() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(user="mở", owner="chủ"))
    return out.getvalue()


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey picture that says its size and little else."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    out = b"\x89PNG\r\n\x1a\n"
    for kind, content in (head, *chunks, (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out


def _text_bomb() -> bytes:
    return _png(20, 20, (b"zTXt", b"Comment\0\0" + _swollen(1 << 28)))


def _tiff(strip_bytes: int = 100, following: int = 0) -> bytes:
    tags = ((256, 10), (257, 10), (258, 8), (259, 1), (262, 1), (273, 8), (278, 10), (279, strip_bytes))
    frame = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 120) + b"\xff" * 112 + frame + struct.pack("<I", following)


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("L", (400, 500), "white").save(out, "JPEG", dpi=(72, 72))
    return out.getvalue()


_DRAWN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "ok.pdf": (OK, _one_page),
    "ok.jpg": (OK, _jpeg),
    "a picture that is a ZIP, too.jpg": (OK, lambda: _jpeg() + b"PK\x05\x06" + bytes(18)),
    "actions.pdf": (EITHER, _actions),
    "streams from outside.pdf": (EITHER, _outside_stream),
    "flate bomb.pdf": (EITHER, _flate_bomb),
    "endless draws.pdf": (EITHER, _endless_draws),
    "deep arrays.pdf": (EITHER, _deep_arrays),
    "huge image.pdf": (REFUSED, _huge_image),
    "huge page.pdf": (REFUSED, lambda: _one_page(page=b"/UserUnit 99999")),
    "many pages.pdf": (REFUSED, _many_pages),
    "pages in a ring.pdf": (
        EITHER,
        lambda: _pdf(_CATALOG, b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", _PAGE % b"", _stream(b"")),
    ),
    "pages that are not there.pdf": (
        REFUSED,
        lambda: _pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 900>>", _PAGE % b"", _stream(b"")),
    ),
    "list of places in a ring.pdf": (
        EITHER,
        lambda: _pdf(_CATALOG, _PAGES, _PAGE % b"", _stream(b""), trailer=b"/Prev 9"),
    ),
    "locked.pdf": (LOCKED, _locked),
    "cut off.jpg": (REFUSED, lambda: _jpeg()[:700]),
    "huge picture.png": (REFUSED, lambda: _png(60_000, 60_000)),
    "comment bomb.png": (EITHER, _text_bomb),
    "frames in a ring.tif": (EITHER, lambda: _tiff(following=120)),
    "strip outside.tif": (REFUSED, lambda: _tiff(strip_bytes=4_000_000_000)),
    "vector.svg": (REFUSED, lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "program.ps": (REFUSED, lambda: b"%!PS\n(%pipe%touch " + TRACE.encode() + b") (w) file"),
    "page.html.pdf": (REFUSED, lambda: b"<html><script>alert(1)</script></html>"),
    "empty.pdf": (REFUSED, lambda: b""),
    **word_files.hostile(f"http://127.0.0.1:{LISTENER}/", TRACE),
}
