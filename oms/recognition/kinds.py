"""What kind of paper a page is, by its title, its layout and its form.

The kinds are few and plain; a page that fits none of them is `other`, and one without head and title is the
`continuation` of the page before it. Nothing is guessed from single words inside sentences.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from oms.errors import N_
from oms.recognition.forms.strip import distance
from oms.recognition.segments import Segment, squeeze


class PageKind(StrEnum):
    """What a page is."""

    DECISION = "decision"
    RESOLUTION = "resolution"
    LETTER = "letter"
    CV = "cv"
    ASSESSMENT = "assessment"
    CERTIFICATE = "certificate"
    TABLE = "table"
    COVER = "cover"
    PHOTOGRAPH = "photograph"
    SEPARATOR = "separator"
    CONTINUATION = "continuation"
    BLANK = "blank"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _LABELS[self]


_LABELS = {
    PageKind.DECISION: N_("Decision"),
    PageKind.RESOLUTION: N_("Resolution"),
    PageKind.LETTER: N_("Official letter"),
    PageKind.CV: N_("CV form"),
    PageKind.ASSESSMENT: N_("Assessment"),
    PageKind.CERTIFICATE: N_("Diploma, certificate"),
    PageKind.TABLE: N_("List or table"),
    PageKind.COVER: N_("Cover"),
    PageKind.PHOTOGRAPH: N_("Page of photographs"),
    PageKind.SEPARATOR: N_("Separator sheet"),
    PageKind.CONTINUATION: N_("Following page"),
    PageKind.BLANK: N_("Blank page"),
    PageKind.OTHER: N_("Other paper"),
}

_TITLES: tuple[tuple[PageKind, tuple[str, ...]], ...] = (
    (PageKind.SEPARATOR, ("Tờ ngăn", "Tờ phân cách", "Tờ ngăn tài liệu")),
    (PageKind.DECISION, ("Quyết định",)),
    (PageKind.RESOLUTION, ("Nghị quyết",)),
    (
        PageKind.CERTIFICATE,
        (
            "Bằng khen", "Giấy khen", "Chứng nhận", "Chứng chỉ", "Bằng tốt nghiệp", "Giấy chứng nhận", "Bằng cử nhân",
            "Bằng thạc sĩ", "Bằng tiến sĩ", "Bằng kỹ sư", "Giấy khai sinh", "Giấy chứng nhận sức khỏe", "Huy hiệu Đảng",
        ),
    ),
    (
        PageKind.CV,
        (
            "Sơ yếu lý lịch", "Lý lịch cán bộ", "Sơ yếu lý lịch cán bộ, công chức", "Sơ yếu lý lịch viên chức",
            "Lý lịch đảng viên", "Lý lịch của người xin vào Đảng", "Tiểu sử tóm tắt",
        ),
    ),
    (
        PageKind.ASSESSMENT,
        (
            "Phiếu đánh giá, xếp loại chất lượng công chức", "Phiếu đánh giá, xếp loại chất lượng viên chức",
            "Phiếu đánh giá, xếp loại chất lượng cán bộ", "Bản tự đánh giá của người lao động", "Bản kiểm điểm cá nhân",
            "Bản tự kiểm điểm", "Bản nhận xét cán bộ", "Bản nhận xét, đánh giá", "Phiếu phân tích chất lượng đảng viên",
            "Nhận xét, đánh giá", "Bản nhận xét đánh giá cán bộ",
        ),
    ),
    (PageKind.TABLE, ("Danh sách", "Bảng lương", "Bảng tổng hợp", "Biểu tổng hợp")),
)  # fmt: skip
_SQUEEZED = [(kind, squeeze(title)) for kind, titles in _TITLES for title in titles]
_COVER = (
    "hosocanbo",
    "hosocongchuc",
    "hosovienchuc",
    "hosodangvien",
    "hosogoc",
    "hosocanbocongchuc",
    "biahoso",
    "hoso",
)
_TITLE_SHARE = 0.5
_TABLE_SHARE = 0.45
_PHOTOGRAPHS = 0.12
_FEW, _COVER_WORDS = 15, 70


def find_kind(
    segments: Sequence[Segment],
    text: str,
    height: int,
    *,
    form: str | None,
    blank: bool,
    codes: Sequence[str],
    photographs: float,
) -> PageKind:
    """The kind of a page; `photographs` is the share of the page that is dark pictures."""
    words = sum(len(segment.words) for segment in segments)
    titled = _titled(segments, height)
    few = words < 2 * _FEW
    listed = _is_list(segments) or _share_of_cells(text) > _TABLE_SHARE
    rules = (
        (PageKind.BLANK, blank),
        (PageKind.SEPARATOR, titled == PageKind.SEPARATOR or (bool(codes) and few)),
        (PageKind.CV, form is not None),
        (PageKind.PHOTOGRAPH, photographs > _PHOTOGRAPHS and few),
        (titled, titled in (PageKind.DECISION, PageKind.RESOLUTION) and not _is_list(segments)),
        (PageKind.TABLE, listed),
        (PageKind.COVER, words < _COVER_WORDS and _is_cover(segments)),
        (titled, titled is not None),
        (PageKind.CERTIFICATE, _is_award(segments)),
        (PageKind.LETTER, _is_letter(segments, height)),
        (PageKind.OTHER, words < _FEW or _has_country(segments, height)),
    )
    return next((kind for kind, holds in rules if holds and kind is not None), PageKind.CONTINUATION)


def _titled(segments: Sequence[Segment], height: int) -> PageKind | None:
    """The kind a line in capitals in the upper half names, letters of it misread or not."""
    for segment in segments:
        letters = segment.letters
        if segment.top > _TITLE_SHARE * height or not segment.is_capital or not 6 <= len(letters) <= 50:
            continue
        for kind, title in _SQUEEZED:
            if abs(len(title) - len(letters)) <= 3:
                cost, seen = distance(title, letters)
                if cost + len(letters) - seen <= len(title) // 6:
                    return kind
    return None


def _is_list(segments: Sequence[Segment]) -> bool:
    return any(segment.letters.startswith("danhsach") and segment.is_capital for segment in segments[:14])


def _share_of_cells(text: str) -> float:
    """Share of the words that stand in rows of a ruled table."""
    rows = [line for line in text.splitlines() if line.strip()]
    total = sum(len(row.split()) for row in rows)
    return sum(len(row.split()) for row in rows if "\t" in row) / total if total else 0.0


def _is_cover(segments: Sequence[Segment]) -> bool:
    return any(segment.is_capital and segment.letters.startswith(_COVER) for segment in segments)


def _is_award(segments: Sequence[Segment]) -> bool:
    """Whom it is given to and its number in the book, which diplomas and awards have: their titles, large and in colour,
    are what is lost first."""
    lines = [segment.letters for segment in segments]
    return any(line.startswith(("capcho", "tangcho")) for line in lines) and any(
        line.startswith(("vaoso", "sovaoso", "sohieu")) for line in lines
    )


def _is_letter(segments: Sequence[Segment], height: int) -> bool:
    """A head with a number or a date, and an addressee or a subject."""
    head = [segment for segment in segments if segment.top < _TITLE_SHARE * height]
    addressed = any("kinhgui" in segment.letters or "gui:" in segment.text.lower() for segment in head)
    subject = any(re.match(r"\W{0,2}[VvYy]\s?[/lI1]\s?[vVyY]\b", segment.text) for segment in head)
    return _has_country(segments, height) and (addressed or subject or _has_number(head))


def _has_country(segments: Sequence[Segment], height: int) -> bool:
    """Whether the country or the Party stands over the page."""
    for segment in segments:
        if segment.top < _TITLE_SHARE * height:
            for mark in ("conghoaxahoichunghia", "dangcongsanvietnam", "doclaptudohanhphuc"):
                if len(segment.letters) >= len(mark) - 4 and distance(mark, segment.letters)[0] <= 4:
                    return True
    return False


def _has_number(head: Sequence[Segment]) -> bool:
    return any(re.match(r"so\d", segment.letters) for segment in head)
