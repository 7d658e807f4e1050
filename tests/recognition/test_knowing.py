"""What a page is, what its head and foot say, where documents begin, and which words want a look."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from oms.recognition.boundaries import Side, propose_documents
from oms.recognition.doubts import find_doubts, propose
from oms.recognition.forms import sense
from oms.recognition.kinds import PageKind
from oms.recognition.knowing import know_page
from oms.recognition.pages import PageReading, Word
from oms.recognition.pictures import Picture
from oms.recognition.separators import find_codes, share_of_photographs

TODAY = date(2026, 11, 25)
LEFT, RIGHT = 100, 900
DECISION = (
    (LEFT, "ỦY BAN NHÂN DÂN TỈNH SƠN LA"),
    (LEFT, "SỞ NỘI VỤ"),
    (LEFT, "Số: 15/QĐ-SNV"),
    (RIGHT, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    (RIGHT, "Độc lập - Tự do - Hạnh phúc"),
    (RIGHT, "Sơn La, ngày 12 tháng 3 năm 2015"),
    (500, "QUYẾT ĐỊNH"),
    (500, "Về việc nâng bậc lương"),
    (LEFT, "Căn cứ Nghị định số 24/2014/NĐ-CP ngày 04 tháng 4 năm 2014;"),
    (LEFT, "Điều 1. Nâng bậc lương đối với ông Vàng A Páo."),
)
FOOT = ((LEFT, "Nơi nhận:"), (1100, "KT. GIÁM ĐỐC"), (1100, "PHÓ GIÁM ĐỐC"), (1100, "Lò Văn Inh"))


def reading(*lines: tuple[int, str], foot: tuple[tuple[int, str], ...] = (), confidence: float = 96.0) -> PageReading:
    """A page of 1654 by 2339 pixels with lines from the top, and others from 1700 on."""
    words = []
    placed = [(left, 100 + 45 * place, text) for place, (left, text) in enumerate(lines)]
    placed += [(left, 1700 + 45 * place, text) for place, (left, text) in enumerate(foot)]
    for number, (left, top, text) in enumerate(placed):
        at = left
        for part in text.split():
            words.append(Word(part, at, top, 12 * len(part), 30, confidence, number))
            at += 12 * (len(part) + 1)
    text = "\n".join(line[2] for line in placed)
    return PageReading(1, text, tuple(words), confidence, "good", 0, 0.0, 1654, 2339, 200, (), 0.0, "ocr")


def known(*lines: tuple[int, str], foot: tuple[tuple[int, str], ...] = (), confidence: float = 96.0) -> PageReading:
    return know_page(reading(*lines, foot=foot, confidence=confidence), None, TODAY)


def head_of(page: PageReading) -> dict[str, str]:
    return {key: found.value for key, found in page.head.items()}


def test_a_state_decision_says_what_it_is() -> None:
    page = known(*DECISION, foot=FOOT)
    assert page.kind == "decision"
    assert head_of(page) == {
        "number": "15/QĐ-SNV",
        "date": "12/03/2015",
        "issuer": "SỞ NỘI VỤ",
        "title": "Quyết định về việc nâng bậc lương",
        "office": "KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC",
        "signer": "Lò Văn Inh",
    }
    assert page.head["number"].box == (LEFT, 190, 12 * 13, 30)
    assert all(found.flag is None for found in page.head.values())


def test_a_party_letter_says_what_it_is() -> None:
    page = known(
        (LEFT, "ĐẢNG BỘ TỈNH SƠN LA"), (LEFT, "BAN TỔ CHỨC"), (LEFT, "*"), (LEFT, "Số 05-CV/BTCTU"),
        (RIGHT, "ĐẢNG CỘNG SẢN VIỆT NAM"), (RIGHT, "Sơn La, ngày 03 tháng 02 năm 2020"),
        (LEFT, "V/v thẩm tra lý lịch"), (LEFT, "của người xin vào Đảng"), (500, "Kính gửi: Đảng ủy Sở Nội vụ"),
        foot=((1100, "T/M BAN THƯỜNG VỤ"), (1100, "Hồ Thị So")),
    )  # fmt: skip
    assert page.kind == "letter"
    found = head_of(page)
    assert (found["number"], found["date"], found["issuer"]) == ("05-CV/BTCTU", "03/02/2020", "BAN TỔ CHỨC")
    assert found["title"] == "Công văn về việc thẩm tra lý lịch của người xin vào Đảng"
    assert (found["office"], found["signer"]) == ("T/M BAN THƯỜNG VỤ", "Hồ Thị So")


def test_a_certificate_is_dated_at_its_foot_and_not_by_a_birth() -> None:
    page = known(
        (500, "BẰNG KHEN"),
        (LEFT, "Tặng cho ông: Vàng A Páo"),
        (LEFT, "Sinh ngày: 04 tháng 10 năm 1982"),
        foot=((1100, "Sơn La, ngày 14 tháng 07 năm 2005"),),
    )
    assert {key: head_of(page)[key] for key in ("date", "person", "birth_date")} == {
        "date": "14/07/2005",
        "person": "Vàng A Páo",
        "birth_date": "04/10/1982",
    }


def test_a_line_that_only_begins_with_days_dates_nothing() -> None:
    page = known(
        (LEFT, "Số: 772 QĐ/UB"),
        (RIGHT, "ngày 13 tháng 11 năm 1977"),
        (500, "GIẤY CHỨNG NHẬN"),
        (LEFT, "ngày hoặc 20 ngày cộng dồn trong thời hạn 365 ngày"),
    )
    assert (head_of(page)["number"], head_of(page)["date"]) == ("772 QĐ/UB", "13/11/1977")


def test_specks_hide_neither_a_title_nor_a_signer() -> None:
    head = [(left, "QUYE.T ĐỊNH" if text == "QUYẾT ĐỊNH" else text) for left, text in DECISION]
    page = known(*head, foot=(*FOOT[:2], (1100, "“PHÓ.GIÁM ĐỐC"), (1100, "``Lò Văn Inh")))
    assert head_of(page)["title"] == "Quyết định về việc nâng bậc lương"
    assert head_of(page)["signer"] == "Lò Văn Inh"


def test_common_words_of_issuer_and_subject_are_put_as_they_are_written_and_flagged() -> None:
    odd = {"SỞ NỘI VỤ": "BAN TÔ CHÚC", "Về việc nâng bậc lương": "Về việc bố nhiệm cán bộ"}
    page = known(*((left, odd.get(text, text)) for left, text in DECISION))
    assert (page.head["issuer"].value, page.head["issuer"].flag) == ("BAN TỔ CHỨC", sense.MENDED)
    assert (page.head["title"].value, page.head["title"].flag) == (
        "Quyết định về việc bổ nhiệm cán bộ",
        sense.MENDED,
    )


def test_what_is_only_mentioned_is_not_taken() -> None:
    page = known((LEFT, "Căn cứ Quyết định số 15/QĐ-SNV ngày 12 tháng 3 năm 2015 của Giám đốc Sở Nội vụ;"))
    assert page.kind == "continuation"
    assert not {"number", "date", "issuer", "title", "signer"} & set(page.head)


@pytest.mark.parametrize(
    ("line", "key", "flag"),
    [
        ("Số: 15/QX-SNV", "number", sense.UNUSUAL),
        ("Sơn La, ngày 0x tháng 3 năm 2015", "date", sense.NO_DATE),
        ("Sơn La, ngày 0Ì tháng 3 năm 2015", "date", sense.LOOKALIKE),
        ("Sơn La, ngày 31 tháng 02 năm 2015", "date", sense.NO_DATE),
        ("Sơn La 03 tháng 0Ï năm 1999", "date", sense.LOOKALIKE),
        ("Sơn La, ngày 01 tháng 02 năm 2051", "date", sense.FUTURE),
    ],
)
def test_what_cannot_be_in_a_head_is_flagged(line: str, key: str, flag: str) -> None:
    assert known((LEFT, "SỞ NỘI VỤ"), (LEFT, line)).head[key].flag == flag


def test_a_signer_whose_family_name_is_none_is_flagged_and_stays_as_read() -> None:
    signer = known(*DECISION, foot=(*FOOT[:3], (1100, "Đỉnh Văn Inh"))).head["signer"]
    assert (signer.value, signer.flag) == ("Đỉnh Văn Inh", sense.UNUSUAL)


def test_a_doubtful_head_is_flagged() -> None:
    assert known(*DECISION, confidence=70.0).head["number"].flag == sense.UNSURE


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (((500, "BẰNG KHEN"), (500, "Tặng cho ông Vàng A Páo")), PageKind.CERTIFICATE),
        (((500, "GIẤY CHỨNG NHẬN"),), PageKind.CERTIFICATE),
        (((500, "KHEN"), (LEFT, "Tặng cho bà: Lò Thị So"), (LEFT, "Vào sổ số: 12")), PageKind.CERTIFICATE),
        (((500, "QUYÉT ĐINH"), (LEFT, "Điều 1.")), PageKind.DECISION),
        (((500, "NGHỊ QUYẾT"), (500, "về công tác cán bộ")), PageKind.RESOLUTION),
        (((500, "DANH SÁCH CÁN BỘ ĐƯỢC NÂNG LƯƠNG"), (LEFT, "1 Vàng A Páo")), PageKind.TABLE),
        (((500, "HỒ SƠ CÁN BỘ, CÔNG CHỨC"), (500, "Họ và tên: Vàng A Páo")), PageKind.COVER),
        (((500, "BẢN KIỂM ĐIỂM CÁ NHÂN"), (500, "Năm 2020")), PageKind.ASSESSMENT),
        (((500, "SƠ YẾU LÝ LỊCH"), (LEFT, "Họ và tên")), PageKind.CV),
        (((500, "TỜ NGĂN"),), PageKind.SEPARATOR),
        (((LEFT, "và các đồng chí " * 8),), PageKind.CONTINUATION),
        (((LEFT, "ảnh"),), PageKind.OTHER),
    ],
)
def test_kinds_by_title_and_layout(lines: tuple[tuple[int, str], ...], kind: PageKind) -> None:
    assert known(*lines).kind == kind


def test_a_word_inside_a_sentence_is_no_title() -> None:
    assert (
        known((LEFT, "Căn cứ quyết định của Giám đốc về việc nâng lương cho các đồng chí có tên " * 2)).kind
        == "continuation"
    )


def test_a_blank_page_is_blank() -> None:
    assert know_page(replace(reading(), quality="blank"), None, TODAY).kind == "blank"


def test_a_page_with_a_code_separates() -> None:
    code = cv2.QRCodeEncoder.create().encode("OMS:HS-000123")
    sheet = np.full((2339, 1654), 255, np.uint8)
    big = cv2.resize(code, (300, 300), interpolation=cv2.INTER_NEAREST)
    sheet[400:700, 600:900] = big
    picture = Picture(sheet, 200)
    assert find_codes(picture) == ("OMS:HS-000123",)
    page = know_page(reading((500, "Bản quét tiếp theo")), picture, TODAY)
    assert (page.kind, page.codes) == ("separator", ("OMS:HS-000123",))
    assert find_codes(Picture(np.full((2339, 1654), 255, np.uint8), 200)) == ()


def test_a_page_of_photographs_is_told_by_its_dark_parts() -> None:
    sheet = np.full((2339, 1654), 250, np.uint8)
    sheet[300:1300, 300:1100] = 90
    picture = Picture(sheet, 200)
    assert share_of_photographs(picture) > 0.12
    assert know_page(reading((500, "Ảnh 1")), picture, TODAY).kind == "photograph"


def side(kind: PageKind, **more: object) -> Side:
    return Side(kind, **more)  # type: ignore[arg-type]


def test_documents_begin_where_they_show_it_and_every_page_lies_in_one() -> None:
    sides = [
        side(PageKind.DECISION),
        side(PageKind.CONTINUATION),
        side(PageKind.TABLE),
        side(PageKind.BLANK),
        side(PageKind.CV, form="2C-BNV/2008", first_of_form=True),
        side(PageKind.CV, form="2C-BNV/2008"),
        side(PageKind.SEPARATOR),
        side(PageKind.CONTINUATION),
        side(PageKind.CONTINUATION, printed_number=1),
        side(PageKind.CERTIFICATE),
        side(PageKind.OTHER),
        side(PageKind.LETTER),
    ]
    found = [stretch.pages for stretch in propose_documents(sides)]
    assert found == [(0, 1, 2, 3), (4, 5), (6,), (7,), (8,), (9,), (10,), (11,)]
    assert propose_documents([]) == []


def test_another_form_and_a_second_cv_begin_anew() -> None:
    first = side(PageKind.CV, form="2C-BNV/2008", first_of_form=True)
    found = propose_documents([first, side(PageKind.CV, form="2C/TCTW-98"), first])
    assert [stretch.pages for stretch in found] == [(0,), (1,), (2,)]


@pytest.mark.parametrize(
    ("word", "reading"),
    [("dịnh", "định"), ("quyêt", "quyết"), ("rnức", "mức"), ("1ương", "lương"), ("(dảng", "(đảng"), ("QUYÊT", "QUYẾT")],
)
def test_likely_readings_come_first(word: str, reading: str) -> None:
    assert propose(word)[0] == reading


@pytest.mark.parametrize("word", ["Nguyển", "15/QĐ-SNV", "12/03/2015", "3,33", "QĐ", "", "…"])
def test_names_and_figures_get_no_proposal(word: str) -> None:
    assert propose(word) == ()


def test_doubtful_words_are_listed_with_their_places() -> None:
    words = [
        Word("cán", 0, 0, 30, 20, 95.0, 0),
        Word("bộ", 40, 0, 30, 20, 95.0, 0),
        Word("quyêtx", 80, 0, 60, 20, 30.0, 0),
    ]
    assert [(doubt.place, doubt.text) for doubt in find_doubts(words)] == [(2, "quyêtx")]
