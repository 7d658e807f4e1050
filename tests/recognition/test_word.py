"""Word files: the text as it is, on pages of ours; what cannot be looked at keeps the file out."""

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageDraw

from oms import box
from oms.errors import FileRefused, UnsupportedFile
from oms.recognition import look_at, open_scan, read_page, word
from oms.recognition.embedded import find_embedded_words
from oms.recognition.word.opening import lay_out_word
from oms.specimens.fonts import find_family
from oms.specimens.word_files import draw, paragraph, part, picture, ties
from tests import factories

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FONTS = [str(path) for path in find_family().files]


def lay_out(content: bytes) -> tuple[dict, bytes]:
    """Laid out without walls around."""
    return lay_out_word(io.BytesIO(content), FONTS)


def text_of(tmp_path: Path, body: str, parts: dict[str, bytes] | None = None) -> str:
    """What the first page says, line by line."""
    file = tmp_path / "a.docx"
    file.write_bytes(draw(body, parts))
    words = find_embedded_words(open_scan(file), 1, dpi=200)
    lines: dict[int, list[str]] = {}
    for found in words:
        lines.setdefault(found.line, []).append(found.text)
    return "\n".join(" ".join(line) for line in lines.values())


def png(text: str, size: tuple[int, int] = (1000, 400)) -> bytes:
    """A picture with large letters."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((60, 120), text, font=find_family().font("bold", 70), fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_the_text_is_taken_as_it_is_in_its_order_with_its_numbers(tmp_path):
    styles = part(
        "styles",
        '<w:style w:type="paragraph" w:styleId="A"><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>',
    )
    numbers = part(
        "numbering",
        '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/>'
        '<w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num>',
    )
    parts = {
        "word/styles.xml": styles,
        "word/numbering.xml": numbers,
        "word/_rels/document.xml.rels": ties(a=("styles", "styles.xml"), b=("numbering", "numbering.xml")),
    }
    cell = "<w:tc>" + paragraph("Ô %s") + "</w:tc>"
    table = "<w:tbl>" + "".join(f"<w:tr>{cell % 1}{cell % 2}</w:tr>" for _ in range(2)) + "</w:tbl>"
    body = (
        paragraph("QUYẾT ĐỊNH")
        + paragraph("Điều này", '<w:pStyle w:val="A"/>') * 2
        + table
        + paragraph("Hết &lt;b&gt;")
    )
    assert text_of(tmp_path, body, parts).split("\n") == [
        "QUYẾT ĐỊNH", "III. Điều này", "IV. Điều này", "Ô 1 Ô 2", "Ô 1 Ô 2", "Hết <b>",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("font", "typed", "meant"),
    [
        (".VnTime", "Céng hßa x· héi", "Cộng hòa xã hội"),
        (".VnTimeH", "®¶ng céng s¶n", "ĐẢNG CỘNG SẢN"),
        ("VNI-Times", "Coäng hoøa", "Cộng hòa"),
        (".VnTime", "Cộng hòa", "Cộng hòa"),
        ("Times New Roman", "Äo", "Äo"),
    ],
)
def test_letters_of_old_fonts_are_what_they_mean(tmp_path, font, typed, meant):
    first, rest = typed[:3], typed[3:]  # a vowel and its mark may stand in two runs
    run = '<w:r><w:rPr><w:rFonts w:ascii="{0}" w:hAnsi="{0}"/></w:rPr><w:t xml:space="preserve">{1}</w:t></w:r>'
    assert text_of(tmp_path, f"<w:p>{run.format(font, first)}{run.format(font, rest)}</w:p>") == meant


def test_what_a_reader_would_not_see_is_told_apart_from_the_text(tmp_path):
    body = (
        "<w:p><w:r><w:t>Còn lại</w:t></w:r><w:del><w:r><w:delText>đã bỏ</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t> thêm</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>giấu đi</w:t></w:r></w:p>"
    )
    comments = part("comments", f'<w:comment w:id="1">{paragraph("nên sửa")}</w:comment>')
    parts = {"word/comments.xml": comments, "word/_rels/document.xml.rels": ties(a=("comments", "comments.xml"))}
    assert text_of(tmp_path, body, parts) == "Còn lại thêm"
    scan = open_scan(tmp_path / "a.docx")
    besides = " ".join(found.text for found in find_embedded_words(scan, 2, dpi=200))
    assert scan.pages == 2 and all(said in besides for said in ("“đã bỏ”", "“giấu đi”", "“nên sửa”", "chèn thêm"))


def test_letters_that_hide_are_shown(tmp_path):
    letters = '<w:color w:val="FFFFFF"/><w:sz w:val="2"/>'
    assert text_of(tmp_path, paragraph("trắng và bé", letters=letters)) == "trắng và bé"


def test_heads_feet_notes_boxes_and_pages_stand_where_they_belong(tmp_path):
    page = '<w:fldSimple w:instr=" PAGE "/>'
    number = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    page = number.format("begin") + "<w:r><w:instrText> PAGE </w:instrText></w:r>" + number.format("separate")
    page += "<w:r><w:t>9</w:t></w:r>" + number.format("end")
    framed = "<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>" + paragraph("trong khung")
    framed += '</w:txbxContent></v:textbox><v:textpath string="chữ chìm"/></v:shape></w:pict></w:r></w:p>'
    body = (
        paragraph("Một")
        + '<w:p><w:r><w:footnoteReference w:id="5"/><w:br w:type="page"/><w:t>Hai</w:t></w:r></w:p>'
        + framed
    )
    body += '<w:sectPr><w:headerReference w:type="default" r:id="h"/><w:footerReference w:type="default" r:id="f"/></w:sectPr>'
    parts = {
        "word/h.xml": part("hdr", paragraph("Đầu")),
        "word/f.xml": part("ftr", f"<w:p><w:r><w:t>Trang </w:t></w:r>{page}</w:p>"),
        "word/n.xml": part("footnotes", f'<w:footnote w:id="5">{paragraph("xem thêm")}</w:footnote>'),
        "word/_rels/document.xml.rels": ties(h=("header", "h.xml"), f=("footer", "f.xml"), n=("footnotes", "n.xml")),
    }
    first = text_of(tmp_path, body, parts).split("\n")
    second = [found.text for found in find_embedded_words(open_scan(tmp_path / "a.docx"), 2, dpi=200)]
    assert first == ["Đầu", "Một", "[1]", "Trang 1"]
    assert " ".join(second) == "Đầu Hai trong khung chữ chìm Chú thích [1] xem thêm Trang 2"


def test_a_row_taller_than_a_page_is_laid_out_and_nothing_is_lost():
    long = "".join(paragraph(f"dòng {n}") for n in range(150))
    row = f'<w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>{long}</w:tc><w:tc>{paragraph("bên")}</w:tc></w:tr>'
    below = f"<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc>{paragraph('dưới')}</w:tc></w:tr>"
    about, pdf = lay_out(draw(f"<w:tbl>{row}{below}</w:tbl>"))
    assert about["pages"] > 2
    assert len(pikepdf.open(io.BytesIO(pdf)).pages) == about["pages"]


def test_the_same_file_gives_the_same_pages():
    content = draw(
        paragraph("Một") + picture("p"),
        {"word/_rels/document.xml.rels": ties(p=("image", "a.png")), "word/a.png": png("A")},
    )
    assert lay_out(content) == lay_out(content)


def test_pictures_are_read_where_they_stand(tmp_path):
    parts = {"word/_rels/document.xml.rels": ties(p=("image", "a.png")), "word/a.png": png("Giấy chứng nhận 4567")}
    file = tmp_path / "a.docx"
    file.write_bytes(draw(paragraph("Phía trên") + picture("p", 12, 4.8) + paragraph("Phía dưới"), parts))
    reading = read_page(open_scan(file), 1, tmp_path / "read").reading
    said = " ".join(reading.text.split())
    assert said == "Phía trên Giấy chứng nhận 4567 Phía dưới" and reading.source == "ocr"
    (number,) = [found for found in reading.words if found.text == "4567"]
    assert 0.3 * reading.width < number.left < 0.7 * reading.width and number.top > 100


def test_the_gate_looks_at_the_text_and_at_pictures_the_page_hides(tmp_path):
    file = tmp_path / "a.docx"
    body = paragraph("Một") * 20 + paragraph("TỐI MẬT", '<w:jc w:val="right"/>') + picture("p", 0.5, 0.7)
    parts = {
        "word/_rels/document.xml.rels": ties(p=("image", "a.png")),
        "word/a.png": factories.stamped_png("TUYỆT MẬT"),
        "word/media/not-shown.png": factories.stamped_png("MẬT"),
    }
    file.write_bytes(draw(body, parts))
    assert [found.levels for found in look_at(open_scan(file))] == [("TỐI MẬT",), ("TUYỆT MẬT",), ("MẬT",)]


def test_a_mark_alone_on_a_page_is_asked_though_the_page_is_all_but_empty(tmp_path):
    file = tmp_path / "a.docx"
    file.write_bytes(draw(paragraph("TỐI MẬT")))
    assert [found.levels for found in look_at(open_scan(file))] == [("TỐI MẬT",)]
    file.write_bytes(draw(paragraph("MỘT")))
    assert list(look_at(open_scan(file))) == []


def test_a_document_beside_the_document_is_never_the_one_that_is_shown(tmp_path):
    other = part("document", f"<w:body>{paragraph('Mồi')}</w:body>")
    real = ties(main=("officeDocument", "word/document.xml"))
    decoy = b'<Relationship Id="a" Type="http://evil/officeDocument" Target="word/decoy.xml"/><Relationship '
    for first in (decoy, decoy.replace(b"http://evil", f"{OFFICE}".encode()), decoy.replace(b"decoy", b"gone")):
        file = tmp_path / "a.docx"
        file.write_bytes(
            draw(parts={"_rels/.rels": real.replace(b"<Relationship ", first, 1), "word/decoy.xml": other})
        )
        with pytest.raises(FileRefused):
            open_scan(file)
    file.write_bytes(draw(parts={"_rels/.rels": real.replace(b"<Relationship ", decoy, 1)}))
    words = [found.text for found in find_embedded_words(open_scan(file), 1, dpi=200)]
    assert words == ["Một", "tờ", "giấy"]  # a tie of a kind nobody knows is none


@pytest.mark.parametrize(
    ("tied", "taken"),
    [
        ('<Relationship Id="a" Type="{0}/comments" Target="a.xml"/>', True),
        ('<Relationship Id="a" Type="{0}/comments" Target="a.xml"/>' * 2, False),
        ('<Relationship Id="a" Type="{0}/comments" Target="gone.xml"/>', False),
        (
            '<Relationship Id="a" Type="{0}/comments" Target="a.xml"/>'
            '<Relationship Id="b" Type="{0}/comments" Target="b.xml"/>',
            False,
        ),
    ],
)
def test_ties_that_can_be_read_in_two_ways_keep_a_file_out(tied, taken):
    content = draw(
        parts={
            "word/_rels/document.xml.rels": f"<Relationships>{tied.format(OFFICE)}</Relationships>".encode(),
            "word/a.xml": part("comments", f"<w:comment>{paragraph('một')}</w:comment>"),
            "word/b.xml": part("comments", f"<w:comment>{paragraph('hai')}</w:comment>"),
        }
    )
    if taken:
        assert lay_out(content)[0]["pages"] == 2
    else:
        with pytest.raises(box.Said, match="damaged"):
            lay_out(content)


def test_a_table_of_very_many_columns_does_not_vanish(tmp_path):
    cells = "".join(f'<w:tc><w:tcPr><w:gridSpan w:val="60"/></w:tcPr>{paragraph(f"ô {n}")}</w:tc>' for n in range(4))
    assert text_of(tmp_path, f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>") == "ô 0\nô 1\nô 2\nô 3"


def test_what_stands_in_a_cell_that_only_goes_on_is_shown_in_the_one_above(tmp_path):
    rows = "".join(
        f"<w:tr><w:tc><w:tcPr><w:vMerge{how}/></w:tcPr>{paragraph(text)}</w:tc></w:tr>"
        for how, text in ((' w:val="restart"', "trên"), ("", "dưới"))
    )
    assert text_of(tmp_path, f"<w:tbl>{rows}</w:tbl>") == "trên\ndưới"


def test_hidden_text_is_told_whole_and_asked_for_marks(tmp_path):
    hidden = paragraph("chữ " * 6_000, letters="<w:vanish/>") + paragraph("TỐI MẬT", letters="<w:vanish/>")
    file = tmp_path / "a.docx"
    file.write_bytes(draw(paragraph("Một") * 20 + hidden))
    assert [found.levels for found in look_at(open_scan(file))] == [("TỐI MẬT",)]


MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def ways(first: str, second: str) -> str:
    """Two ways to show a thing."""
    return (
        f'<mc:AlternateContent {MC}><mc:Choice Requires="w14">{first}</mc:Choice>'
        f"<mc:Fallback>{second}</mc:Fallback></mc:AlternateContent>"
    )


@pytest.mark.parametrize(
    "body",
    [
        ways(paragraph("chữ"), paragraph("chữ")),
        f"<w:p>{ways('<w:r><w:t>chữ</w:t></w:r>', '')}</w:p>",
        f"<w:p><w:r>{ways('<w:t>chữ</w:t>', '<w:t>chữ</w:t>')}</w:r></w:p>",
        "<w:p><w:r><w:ruby><w:rt/><w:rubyBase><w:r><w:t>chữ</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>",
        "<w:p><w:r><w:drawing><x:lockedCanvas xmlns:x='x'><a:p><a:r><a:t>ch</a:t></a:r><a:r><a:t>ữ</a:t></a:r></a:p>"
        "</x:lockedCanvas></w:drawing></w:r></w:p>",
    ],
)
def test_text_is_shown_wherever_it_may_stand(tmp_path, body):
    assert text_of(tmp_path, body).split() == ["chữ"]
    assert open_scan(tmp_path / "a.docx").pages == 1


def test_another_way_to_show_a_thing_is_told_where_it_says_something_else(tmp_path):
    file = tmp_path / "a.docx"
    for body in (
        ways(paragraph("chữ"), paragraph("TỐI MẬT")),
        f"<w:p><w:r>{ways('<w:t>chữ</w:t>', '<w:t>TỐI MẬT</w:t>')}</w:r></w:p>",
    ):
        file.write_bytes(draw(body))
        assert [found.levels for found in look_at(open_scan(file))] == [("TỐI MẬT",)]


@pytest.mark.parametrize(
    "body",
    [
        f"<w:nobodyKnows>{paragraph('chữ')}</w:nobodyKnows>",
        "<w:p><w:nobodyKnows><w:r><w:t>chữ</w:t></w:r></w:nobodyKnows></w:p>",
        '<w:p><w:nobodyKnows><w:r><w:sym w:font="Arial" w:char="004D"/></w:r></w:nobodyKnows></w:p>',
        '<w:p><w:contentPart r:id="a"/></w:p>',
        '<w:p><w:subDoc r:id="a"/></w:p>',
        f"<w:sdt><w:sdtPr><w:dataBinding/></w:sdtPr><w:sdtContent>{paragraph('chữ')}</w:sdtContent></w:sdt>",
        f"<w:tbl>{paragraph('chữ')}</w:tbl>",
        '<w:p><w:bdo w:val="rtl"><w:r><w:t>TẬM IỐT</w:t></w:r></w:bdo></w:p>',
    ],
)
def test_text_that_would_go_unseen_keeps_the_file_out(tmp_path, body):
    file = tmp_path / "a.docx"
    file.write_bytes(draw(body))
    with pytest.raises(UnsupportedFile, match="Save it as PDF"):
        open_scan(file)


def test_the_number_of_a_page_swallows_nothing_else(tmp_path):
    begun = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
    text = "<w:r><w:t>chữ</w:t></w:r>"
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    with pytest.raises(FileRefused, match="damaged"):
        text_of(tmp_path, f"<w:p>{begun}{text}</w:p>{paragraph('sau')}")
    assert text_of(tmp_path, f"<w:p>{begun}{text}{end}</w:p>{paragraph('sau')}") == "chữ\nsau"


def test_heads_that_are_switched_off_or_taken_over_are_shown_as_word_does(tmp_path):
    parts = {
        "word/h.xml": part("hdr", paragraph("Đầu")),
        "word/_rels/document.xml.rels": ties(h=("header", "h.xml")),
    }
    head = '<w:headerReference w:type="{}" r:id="h"/>'
    off = paragraph("Một") + f'<w:sectPr>{head.format("default")}<w:titlePg w:val="0"/></w:sectPr>'
    assert text_of(tmp_path, off, parts) == "Đầu\nMột"
    before = f"<w:p><w:pPr><w:sectPr>{head.format('first')}</w:sectPr></w:pPr></w:p>"
    text_of(tmp_path, before + paragraph("Một") + "<w:sectPr><w:titlePg/></w:sectPr>", parts)
    second = [found.text for found in find_embedded_words(open_scan(tmp_path / "a.docx"), 2, dpi=200)]
    assert second == ["Đầu", "Một"]


def test_small_pictures_are_looked_at_where_no_page_shows_them_whole(tmp_path):
    small = Image.open(io.BytesIO(png("MẬT", (300, 300)))).resize((300, 300))
    out = io.BytesIO()
    small.save(out, "PNG")
    shown = {"word/_rels/document.xml.rels": ties(p=("image", "a.png")), "word/a.png": out.getvalue()}
    file = tmp_path / "a.docx"
    file.write_bytes(draw(picture("p", 5, 5), shown))
    assert lay_out(file.read_bytes())[0]["inner"] == []
    fill = '<w:background><v:background><v:fill r:id="p" type="frame"/></v:background></w:background>'
    file.write_bytes(draw(fill + paragraph("Một"), shown))
    assert lay_out(file.read_bytes())[0]["inner"] == [(0, 1)]
    assert [found.levels for found in look_at(open_scan(file))] == [("MẬT",)]


def test_an_ordinary_file_raises_no_doubt_and_keeps_its_signature_known(tmp_path):
    file = tmp_path / "a.docx"
    file.write_bytes(draw(parts={"_xmlsignatures/sig1.xml": b"<x/>"}))
    scan = open_scan(file)
    assert (scan.media_type, scan.pages, scan.signed) == (word.MEDIA_TYPE, 1, True) and list(look_at(scan)) == []


def test_an_old_or_locked_file_is_told_what_to_do(tmp_path):
    file = tmp_path / "a.doc"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(UnsupportedFile, match=r"save it as \.docx or PDF"):
        open_scan(file)


def test_pictures_nobody_can_look_at_keep_the_file_out(tmp_path):
    for name, data in (("a.emf", b"x"), ("a.gif", b"GIF89a"), ("a.png", b"no picture")):
        file = tmp_path / "a.docx"
        file.write_bytes(
            draw(picture("p"), {"word/_rels/document.xml.rels": ties(p=("image", name)), f"word/{name}": data})
        )
        with pytest.raises(FileRefused, match="Save it as PDF"):
            open_scan(file)


def test_a_box_that_lies_is_not_believed():
    good = {"pages": 1, "signed": False, "boxes": [], "inner": []}
    for lie in (
        {"pages": 0},
        {"pages": True},
        {"signed": 1},
        {"boxes": [[2, 0, 0, 1, 1]]},
        {"inner": [[0, 3]]},
        {"boxes": [[1]]},
    ):
        with pytest.raises((ValueError, TypeError)):
            word.Layout({**good, **lie}, bytearray(b"%PDF-1.4"))
    with pytest.raises(ValueError, match="no layout"):
        word.Layout(good, bytearray(b"MZ"))
