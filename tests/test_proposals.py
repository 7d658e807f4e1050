"""Proposals for the pages of a scan: documents, what they are, and papers of somebody else."""

from datetime import date

import pytest
from sqlalchemy import Engine

from oms import catalogue, db, proposals, review
from oms.models import Page, Person, PersonAlias, Precision
from oms.recognition.forms import sense
from oms.recognition.kinds import PageKind
from tests import factories
from tests.factories import World


def found(value: str, flag: str | None = None) -> dict[str, object]:
    return {"value": value, "box": [1, 2, 3, 4], "confidence": 95.0, "flag": flag}


def page(number: int, kind: str, *, form: str | None = None, head=None, fields=None, filed: bool = False) -> Page:
    findings = {"head": head or {}, "form": form, "fields": fields or {}, "tables": {}, "codes": []}
    return Page(
        number=number, kind=kind, findings=findings, corrected=False, text="", document_id="d" if filed else None
    )


HEAD = {
    "number": found("15/QĐ-SNV", sense.UNSURE),
    "date": found("12/03/2015"),
    "issuer": found("SỞ NỘI VỤ"),
    "title": found("Quyết định về việc nâng bậc lương thường xuyên"),
}
COMPONENTS = catalogue.components("civil_servant", date(2026, 11, 25))


def test_every_waiting_page_lies_in_one_proposal() -> None:
    pages = [
        page(1, "decision", head=HEAD),
        page(2, "continuation", head={"signer": found("Lò Văn Inh")}),
        page(3, "cv", form="2C-BNV/2008", fields={"full_name": found("VÀNG A PÁO")}),
        page(4, "letter", filed=True),
    ]
    one, two = proposals.propose(pages, COMPONENTS)
    assert [p.number for p in one.pages] == [1, 2] and [p.number for p in two.pages] == [3]
    assert one.values == {
        "title": "Quyết định về việc nâng bậc lương thường xuyên",
        "number": "15/QĐ-SNV",
        "issued_on": "12/03/2015",
        "issuing_body": "SỞ NỘI VỤ",
        "signer": "Lò Văn Inh",
        "component": "cs_personnel_decision",
    }
    assert one.flags == {"number": sense.UNSURE}
    assert (two.values["component"], two.values["title"]) == ("cs_short_cv", "Sơ yếu lý lịch cán bộ, công chức")


def test_a_text_that_is_no_date_is_not_put_into_the_field() -> None:
    head = {"date": found("Sơn La, ngày 0Ì tháng 3", sense.NO_DATE)}
    (one,) = proposals.propose([page(1, "decision", head=head)], COMPONENTS)
    assert "issued_on" not in one.values and one.flags == {"issued_on": sense.NO_DATE}


@pytest.mark.parametrize("title", ["", "Thông báo", "Giấy mời họp cơ quan"])
def test_a_component_that_is_not_sure_is_not_proposed(title: str) -> None:
    assert proposals.propose_component(PageKind.LETTER, None, title, COMPONENTS) is None


def test_a_component_only_referred_to_is_never_proposed() -> None:
    rows = catalogue.components("cadre", date(2026, 11, 25))
    label = "Kết luận về tiêu chuẩn chính trị / thẩm tra, xác minh"
    assert proposals.propose_component(PageKind.OTHER, None, label, rows) != "cadre_political_standards"


def person(name: str = "Vàng A Páo", *aliases: str) -> Person:
    return Person(
        full_name=name,
        birth_date=date(1980, 5, 3),
        birth_precision=Precision.DAY,
        aliases=[PersonAlias(name=alias) for alias in aliases],
    )


def test_the_list_of_pages_brings_what_was_found_without_a_query_each(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("một", "hai"))
        scan_id = scan.id
    with db.reading(engine) as session:
        scan = session.get_one(type(scan), scan_id)
        assert all("findings" in row.__dict__ for row in review.list_pages(session, scan))


def test_a_file_named_by_rule_says_what_its_pages_do_not():
    silent = [page(1, "other"), page(2, "continuation")]
    label = COMPONENTS[0].label_vi
    (one,) = proposals.propose(silent, COMPONENTS, f"03.{label}.pdf")
    assert one.values["title"] == label and one.values.get("component") in (COMPONENTS[0].id, None)
    (plain,) = proposals.propose(silent, COMPONENTS, "scan0001.pdf")
    assert "title" not in plain.values
    head = {"title": {"value": "Quyết định nâng lương"}}
    (said,) = proposals.propose([page(1, "decision", head=head)], COMPONENTS, "03.Lý lịch.pdf")
    assert said.values["title"] == "Quyết định nâng lương", "the paper itself goes first"
