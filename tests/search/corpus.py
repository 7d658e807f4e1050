"""Invented items to search in; the names belong to nobody."""

from oms.search.interface import Item, Kind


def item(
    id: str, heading: str = "", text: str = "", *, dossier: str = "d1", kind: Kind = "page", **more: object
) -> Item:
    """An item with the given words, in dossier d1 unless said otherwise."""
    return Item(id=id, kind=kind, dossier=dossier, heading=heading, text=text, **more)  # type: ignore[arg-type]


LETTERS = [
    item("hoa", "Võ Thị Hòa\n123-QĐ/TW", "Quyết định bổ nhiệm công chức năm 2019", year=2019, component="c1"),
    item("hoa-new", "Võ Thị Hoà", "Nhận xét đánh giá", year=2020, component="c2", dossier="d2"),
    item("duong", "Lê Văn Dương", "con Dương, quê quán Lâm Đồng", component="c1", category="party_member"),
    item("road", "Sơ đồ đường", "đường Trần Phú", component="c2", category="civil_servant"),
    item("minority", "K'Bris", "thôn 3, xã Đạ Sar", kind="dossier", dossier="d3"),
    item("page-only", "", "Nhận xét của chi bộ về đồng chí Trần Quốc Toản, số 15/QĐ-BNV ngày 03/02/1998", dossier="d3"),
    item("number-scattered", "123 trang", "Kế hoạch TW và QĐ khác", dossier="d2"),
]
EVERY_DOSSIER = frozenset({"d1", "d2", "d3"})
