"""The searchable PDF: each page its picture with the words, invisible, exactly over their images.

Only pixels that were encoded anew and plain text go in; nothing of a received PDF is copied. The file keeps PDF/A-2b
(ISO 19005-2): it contains all it needs to look the same in fifty years.
"""

import statistics
import struct
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import ImageCms

from oms.recognition.archive import ArchivalPicture, Colour, Patch, Stencil, compose
from oms.recognition.glyphless import ADVANCE, DESCENT, EM, add_font, encode
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture

_LEAST_GAP = 0.25
"""Space between two words as a part of the letter size: less, and programs copy them as one word."""

_BATCH = 100
"""Files open at once while pages are joined; systems commonly allow 1,024."""

_XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:language><rdf:Bag><rdf:li>vi-VN</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def write_layer(picture: Picture, words: Sequence[Word], words_dpi: float, out: Path) -> Path:
    """One PDF page: the picture made small, and `words` (boxes in pixels at `words_dpi`) as invisible text over it."""
    width, height = picture.width / picture.dpi * 72, picture.height / picture.dpi * 72
    pdf = pikepdf.new()
    drawing, images = _draw_picture(pdf, compose(picture), width, height)
    text = _draw_words(words, 72 / words_dpi, height)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(width, 3), round(height, 3)]),
        Resources=Dictionary(XObject=images, Font=Dictionary(Text=add_font(pdf))),
        Contents=pikepdf.Stream(pdf, drawing + text),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(out, deterministic_id=True)
    return out


def _draw_picture(pdf: pikepdf.Pdf, made: ArchivalPicture, width: float, height: float) -> tuple[bytes, Dictionary]:
    """The operators that lay colour, paper, ink and patches over each other, and the images they name."""
    drawn = [f"q {_fill(made.ground)} 0 0 {width:.3f} {height:.3f} re f"]
    images = Dictionary()
    layers: list[Patch | Stencil] = [*([made.paper] if made.paper else []), *made.stencils, *made.patches]
    for place, layer in enumerate(layers):
        left, top, right, bottom = layer.box
        sides = f"{(right - left) * width:.3f} 0 0 {(bottom - top) * height:.3f}"
        corner = f"{left * width:.3f} {(1 - bottom) * height:.3f}"
        colour = f"{_fill(layer.colour)} " if isinstance(layer, Stencil) else ""
        drawn.append(f"q {colour}{sides} {corner} cm /Layer{place} Do Q")
        images[f"/Layer{place}"] = _image(pdf, layer)
    return "\n".join([*drawn, "Q\n"]).encode("ascii"), images


def _fill(colour: Colour) -> str:
    return " ".join(f"{light / 255:.3f}" for light in colour) + " rg"


def _image(pdf: pikepdf.Pdf, layer: Patch | Stencil) -> pikepdf.Stream:
    if isinstance(layer, Patch):
        return _patch(pdf, layer)
    if layer.shades is None:
        return _stencil(pdf, layer)
    shaded = _patch(pdf, layer.shades)
    shaded.Mask = pdf.make_indirect(_stencil(pdf, layer))
    return shaded


def _patch(pdf: pikepdf.Pdf, patch: Patch) -> pikepdf.Stream:
    return pikepdf.Stream(
        pdf,
        patch.data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=patch.width,
        Height=patch.height,
        ColorSpace=Name.DeviceGray if patch.grey else Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )


def _stencil(pdf: pikepdf.Pdf, stencil: Stencil) -> pikepdf.Stream:
    return pikepdf.Stream(
        pdf,
        stencil.data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=stencil.width,
        Height=stencil.height,
        ImageMask=True,
        BitsPerComponent=1,
        Decode=Array([1, 0]),
        Filter=Name.CCITTFaxDecode,
        DecodeParms=Dictionary(K=-1, Columns=stencil.width, Rows=stencil.height, BlackIs1=True),
    )


def write_pdf(layers: Sequence[Path], out: Path) -> None:
    """Join one-page layers into one searchable PDF/A-2b; the same layers always give the same bytes."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".join-") as folder:
        parts = list(layers)
        while len(parts) > _BATCH:
            parts = [
                _join(parts[start : start + _BATCH], Path(folder) / f"{len(parts)}-{start}.pdf")
                for start in range(0, len(parts), _BATCH)
            ]
        _join(parts, out)


def _join(parts: Sequence[Path], out: Path) -> Path:
    joined = pikepdf.new()
    sources = [pikepdf.open(part) for part in parts]
    try:
        for source in sources:
            joined.pages.extend(source.pages)
        font = add_font(joined)
        for page in joined.pages:  # each layer brought the same font; one is enough
            page.obj.Resources.Font = Dictionary(Text=font)
        _declare_archival(joined)
        joined.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    finally:
        for source in sources:
            source.close()
    return out


def _declare_archival(pdf: pikepdf.Pdf) -> None:
    """What PDF/A asks of a file: which part of the standard it keeps, and what its colours mean. Nothing else is said
    about the document: no title, no names, no dates, no device."""
    profile = pikepdf.Stream(pdf, _colour_profile(), N=3, Alternate=Name.DeviceRGB)
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                OutputConditionIdentifier=pikepdf.String("sRGB"),
                DestOutputProfile=pdf.make_indirect(profile),
            )
        ]
    )
    pdf.Root.Metadata = pdf.make_indirect(pikepdf.Stream(pdf, _XMP, Type=Name.Metadata, Subtype=Name.XML))
    pdf.Root.Lang = pikepdf.String("vi-VN")


@cache
def _colour_profile() -> bytes:
    """The sRGB profile without the time it was made at: the same bytes every time."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:84] + bytes(16) + profile[100:]


def _draw_words(words: Sequence[Word], scale: float, height: float) -> bytes:
    """Text operators (mode 3: invisible), line by line; a real space follows each word but the last of a line."""
    drawn = ["BT 3 Tr"]
    for _, group in groupby(words, key=lambda word: word.line):
        line = list(group)
        size = max(1.0, statistics.median(word.height for word in line) * scale)
        bottom = statistics.median(word.top + word.height for word in line)
        base = height - bottom * scale - size * DESCENT / EM / 2  # not every word has a descender
        drawn.append(f"/Text {size:.2f} Tf")
        for word, following in zip(line, [*line[1:], None], strict=True):
            left, right = word.left * scale, (word.left + word.width) * scale
            space = ""
            if following:
                limit = following.left * scale - _LEAST_GAP * size
                if left < limit < right:
                    right = limit
                space = " "
            natural = len(encode(word.text)) / 2 * size * ADVANCE / EM
            stretch = max(1.0, 100 * (right - left) / natural)
            codes = encode(word.text + space).hex().upper()
            drawn.append(f"{stretch:.2f} Tz 1 0 0 1 {left:.2f} {base:.2f} Tm <{codes}> Tj")
    return "\n".join([*drawn, "ET"]).encode("ascii")
