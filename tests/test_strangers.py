"""The guard before filing: pages that seem to be about somebody else wait for a reason."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import checks, review
from oms.checks import strangers
from oms.errors import Conflict
from oms.models import Finding, FindingKind, FindingState, Page, Person, PersonAlias, Precision
from oms.permissions import Actor
from oms.recognition.forms import sense
from tests.factories import World
from tests.test_checks import NAME, dossier_of, entries, put, value

Find = Callable[[str], Actor]


def person(name: str = NAME, *aliases: str) -> Person:
    return Person(
        full_name=name,
        birth_date=date(1980, 5, 3),
        birth_precision=Precision.DAY,
        aliases=[PersonAlias(name=alias) for alias in aliases],
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"full_name": value("THÁI KIM KHANH")}, strangers.OTHER_NAME),
        ({"full_name": value("VÀNG A PÁO"), "birth_date": value("03/05/1981")}, strangers.OTHER_BIRTH),
        ({"full_name": value("VÀNG A PÁO"), "birth_date": value("1981")}, strangers.OTHER_BIRTH),
        ({"full_name": value("VÀNG A PÁO"), "birth_date": value("1980")}, None),
        ({"full_name": value("VÁNG A PAO"), "birth_date": value("03/05/1980")}, None),
        ({"full_name": value("THÁI K1M", sense.NO_NUMBER)}, None),
        ({"birth_date": value("31/02/1981", sense.NO_DAY)}, None),
        ({}, None),
    ],
)
def test_a_paper_of_somebody_else_is_noticed(fields: dict[str, object], message: str | None) -> None:
    page = Page(number=3, kind="cv", findings={"fields": fields})
    warnings = strangers.find_strangers(person(), [page])
    assert [warning.message for warning in warnings] == ([message] if message else [])
    assert all(warning.values["page"] == 3 for warning in warnings)


def test_another_name_of_the_same_person_is_no_stranger() -> None:
    pages = [Page(number=1, findings={"fields": {"full_name": value("GIÀNG THỊ MỶ")}})]
    assert strangers.find_strangers(person("Vàng A Páo", "Giàng Thị Mỷ"), pages) == []


def test_a_page_of_somebody_else_is_filed_only_with_a_reason(session: Session, world: World, actor: Find) -> None:
    dossier = dossier_of(session, world)
    who = actor("canbo.sonv")
    page = put(session, dossier, {"full_name": "THÁI KIM KHANH"}, filed=False)
    filing = review.Filing("cs_short_cv", "Sơ yếu lý lịch")
    with pytest.raises(Conflict, match="somebody else"):
        review.file_pages(session, page.scan, [page.id], filing, actor=who)
    assert session.scalar(select(func.count(Finding.id))) == 0 and entries(session, "document:file") == []
    despite = review.Filing("cs_short_cv", "Sơ yếu lý lịch", despite="Tên cũ, chưa có giấy đổi tên")
    review.file_pages(session, page.scan, [page.id], despite, actor=who)
    (finding,) = session.scalars(select(Finding)).all()
    assert (finding.kind, finding.state) == (FindingKind.STRANGER, FindingState.EXPLAINED)
    assert finding.reason == "Tên cũ, chưa có giấy đổi tên" and finding.settled_by_id == who.account_id
    (entry,) = entries(session, "document:file")
    assert '"strange":[1]' in entry.body.replace(" ", "")
    checks.check(session, dossier, actor=who)
    assert session.scalar(select(func.count(Finding.id))) == 1, "what was confirmed is not found again"
