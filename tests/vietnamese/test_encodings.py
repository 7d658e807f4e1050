"""Text from before Unicode. The bytes of TCVN3 and VISCII were made by iconv, those of VPS by recode, VNI was typed by
its rules."""

import pytest

from oms.vietnamese.encodings import LegacyEncoding, convert, detect

RIGHT = (
    "Căn cứ Quyết định số 12 về việc bổ nhiệm cán bộ, đồng chí Nguyễn Thị Phượng được hưởng lương từ ngày ký; "
    "ưỡn ẹo, thuở xưa, kỹ sư"
)
TCVN3 = (
    "C\xa8n c\xf8 Quy\xd5t \xae\xdenh s\xe8 12 v\xd2 vi\xd6c b\xe6 nhi\xd6m c\xb8n b\xe9, \xae\xe5ng ch\xdd Nguy\xd4n "
    "Th\xde Ph\xad\xeeng \xae\xad\xeec h\xad\xebng l\xad\xacng t\xf5 ng\xb5y k\xfd; \xad\xecn \xd1o, thu\xeb x\xada, "
    "k\xfc s\xad"
)
VISCII = (
    b"C\xe5n c\xd1 Quy\xaat \xf0\xb8nh s\xaf 12 v\xab vi\xaec b\xb1 nhi\xaem c\xe1n b\xb5, \xf0\xb0ng ch\xed "
    b"Nguy\xadn Th\xb8 Ph\xdf\xfeng \xf0\xdf\xfec h\xdf\xb7ng l\xdf\xbdng t\xd7 ng\xe0y k\xfd; \xdf\xden \xa9o, "
    b"thu\xb7 x\xdfa, k\xdb s\xdf"
)
VPS = (
    b"C\xe6n c\xd9 Quy\x89t \xc7\xcenh s\xd3 12 v\x8a vi\x8cc b\xb0 nhi\x8cm c\xe1n b\xb6, \xc7\xd2ng ch\xed "
    b"Nguy\xcdn Th\xce Ph\xdc\xaeng \xc7\xdc\xaec h\xdc\xaang l\xdc\xd6ng t\xd8 ng\xe0y k\x9a; \xdc\xabn \xcbo, "
    b"thu\xaa x\xdca, k\xcf s\xdc"
)
VNI = (
    "Caên cöù Quyeát ñònh soá 12 veà vieäc boå nhieäm caùn boä, ñoàng chí Nguyeãn Thò Phöôïng ñöôïc höôûng löông töø "
    "ngaøy kyù; öôõn eïo, thuôû xöa, kyõ sö"
)


@pytest.mark.parametrize(("text", "encoding"), [(TCVN3, LegacyEncoding.TCVN3), (VNI, LegacyEncoding.VNI)])
def test_old_text_is_known_and_converted(text, encoding):
    assert detect(text) is encoding
    assert convert(text, encoding) == RIGHT


@pytest.mark.parametrize("latin", ["latin-1", "cp1252"])
@pytest.mark.parametrize(("data", "encoding"), [(VISCII, LegacyEncoding.VISCII), (VPS, LegacyEncoding.VPS)])
def test_signs_of_windows_and_of_iso_mean_the_same(data, encoding, latin):
    text = "".join(bytes((code,)).decode(latin, "ignore") or chr(code) for code in data)
    assert detect(text) is encoding
    assert convert(text, encoding) == RIGHT


def test_a_hyphen_in_viscii_is_a_letter_only_inside_a_syllable():
    text = "Nguy-n Th\xb8 Ph\xdf\xfeng, 12-N Q\xd0-UB - kinh-t\xaa"
    assert convert(text, LegacyEncoding.VISCII) == "Nguyễn Thị Phượng, 12-N QĐ-UB - kinh-tế"


@pytest.mark.parametrize("hyphen", ["-", "\u2212", "\u2011"])
def test_the_u_horn_that_became_a_hyphen_is_found_and_hyphens_stay(hyphen):
    text = f"Ph{hyphen}\xeeng tr{hyphen}\xeang, 12-N Q\xa7-UB - kinh-t\xd5"
    assert convert(text, LegacyEncoding.TCVN3) == "Phượng trường, 12-N QĐ-UB - kinh-tế"


def test_capitals_with_marks_are_converted():
    text = "COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM Ñoäc laäp - Töï do - Haïnh phuùc QUYEÁT ÑÒNH"
    assert detect(text) is LegacyEncoding.VNI
    assert convert(text, LegacyEncoding.VNI) == (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc QUYẾT ĐỊNH"
    )


@pytest.mark.parametrize("vowel", "ăâêôơưđáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵĂÂÊÔƠƯĐ")
def test_every_letter_of_tcvn3_is_there(vowel):
    assert vowel in [convert(chr(code), LegacyEncoding.TCVN3) for code in range(0xA1, 0xFF)]


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        "The quick brown fox jumps over the lazy dog near the river bank",
        "Ministère de l'Éducation nationale, Genève, été, forêt, naïf",
        "k\xfc s\xad",
        "",
        "12/QĐ-UBND 21/9/1973",
    ],
)
def test_other_text_is_left_alone(text):
    assert detect(text) is None
