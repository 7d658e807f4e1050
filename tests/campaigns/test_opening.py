"""Campaigns: opened by whom for whom, until when, how far each unit is, closed and never emptied."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from oms import campaigns, catalogue
from oms.campaigns import Draft, overdue
from oms.catalogue.reading import FOLDER
from oms.catalogue.supplements import read_supplements
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    Campaign,
    Category,
    Declaration,
    DeclarationState,
    DeclaredEntry,
    DossierStatus,
    Unit,
)
from oms.organisation import today
from tests import factories
from tests.campaigns.acts import confirmed, handed_in, opening, told


def test_the_bloc_asks_everybody_and_a_unit_its_own(session, world, actor) -> None:
    held = {code: factories.make_dossier(session, world.units[code], f"Người {code}") for code in ("sonv", "sotc")}
    with pytest.raises(Refused, match="not below"):
        campaigns.open_campaign(session, opening(world, unit_ids=[world.units["sotc"]]), actor=actor("canbo.sonv"))
    with pytest.raises(Refused, match="opens no campaign"):
        campaigns.open_campaign(session, opening(world, "sotc"), actor=actor("canbo.sonv"))
    with pytest.raises(Refused):
        campaigns.open_campaign(session, opening(world), actor=actor("bithu.sonv"))
    made = campaigns.open_campaign(
        session, opening(world, "btc", unit_ids=[world.units["khoi"]]), actor=actor("canbo.khoi")
    )
    asked = session.scalars(select(Declaration.dossier_id).where(Declaration.campaign_id == made.id)).all()
    assert set(asked) == {one.id for one in held.values()}
    (_, progress), *_rest = campaigns.list_campaigns(session, actor=actor("canbo.khoi"))[0]
    assert progress.total == 2
    rows, total = campaigns.list_declarations(session, made, actor=actor("canbo.khoi"))
    assert (rows, total) == ([], 0), "the board counts, and names nobody whose dossier it does not manage"
    assert campaigns.list_declarations(session, made, actor=actor("canbo.sotc"))[1] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"fields": ["birth_date"]}, Refused),
        ({"fields": ["phone", "party_join_date"]}, Refused),
        ({"fields": ["gibt_es_nicht"]}, BadInput),
        ({"fields": []}, BadInput),
        ({"categories": []}, BadInput),
        ({"categories": [Category.PARTY_MEMBER]}, BadInput),
        ({"unit_ids": []}, BadInput),
        ({"name": " "}, BadInput),
        ({"year": 1990}, BadInput),
        ({"ends_on": today() - timedelta(days=3)}, BadInput),
        ({"starts_on": today() + timedelta(days=40)}, BadInput),
    ],
)
def test_a_campaign_that_cannot_be_is_refused(session, world, actor, change, error) -> None:
    factories.make_dossier(session, world.units["sonv"])
    with pytest.raises(error):
        campaigns.open_campaign(session, opening(world, **change), actor=actor("canbo.sonv"))
    session.rollback()
    assert told(session, "campaign") == []


def test_closed_dossiers_are_not_asked_and_newcomers_are_taken_in(session, world, asked, actor) -> None:
    factories.make_dossier(session, world.units["sonv"], "Đã đóng").status = DossierStatus.CLOSED
    factories.make_dossier(session, world.units["sonv"], "Mới đến")
    factories.make_dossier(session, world.units["sonv"], "Viên chức", category=Category.PUBLIC_EMPLOYEE)
    session.flush()
    campaign, officer = asked.campaign, actor("canbo.sonv")
    assert campaigns.count_newcomers(session, campaign) == 1
    assert campaigns.take_in(session, campaign, actor=officer) == 1
    assert campaigns.count_newcomers(session, campaign) == 0
    assert told(session, "campaign") == ["open", "take_in"]


def test_a_campaign_with_declarations_is_not_emptied(session, asked, actor, person) -> None:
    campaigns.save(session, asked, Draft(), actor=person())
    with pytest.raises(Conflict, match="cannot be taken back"):
        campaigns.discard(session, asked.campaign, actor=actor("canbo.sonv"))
    assert session.scalars(select(Declaration)).all() == [asked]


def test_a_campaign_opened_by_mistake_goes_without_trace_but_in_the_log(session, asked, actor) -> None:
    campaigns.discard(session, asked.campaign, actor=actor("canbo.sonv"))
    assert session.scalars(select(Campaign)).all() == [] == session.scalars(select(DeclaredEntry)).all()
    assert told(session, "campaign") == ["open", "discard"]


def test_the_last_day_follows_the_law_of_the_category() -> None:
    assert campaigns.deadline_of([Category.CIVIL_SERVANT], 2026)[0] == date(2027, 1, 15)
    assert campaigns.deadline_of([Category.PUBLIC_EMPLOYEE], 2026)[0] == date(2026, 12, 30)
    assert campaigns.deadline_of([Category.CIVIL_SERVANT, Category.PUBLIC_EMPLOYEE], 2026)[0] == date(2026, 12, 30)
    assert campaigns.deadline_of([Category.PARTY_MEMBER], 2026) is None


def test_progress_counts_by_grassroots_unit_and_names_those_without_account(
    session, world, asked, actor, person
) -> None:
    other = factories.make_dossier(session, world.units["sonv"], "Ở chi bộ")
    other.using_body_id = world.units["sonv_c1"]
    session.flush()
    campaigns.take_in(session, asked.campaign, actor=actor("canbo.sonv"))
    handed_in(session, asked, person)
    from oms.campaigns import finding

    whole, units = finding.view(session, asked.campaign, actor=actor("canbo.sonv"))
    assert (whole.total, whole.handed_in, whole.no_account) == (2, 1, 1)
    assert [row.unit.code for row in units] == ["sonv"]
    waits = campaigns.waiting_for(session, actor=actor("canbo.sonv"))
    assert [(one.to_check, one.to_attest, one.left) for one in waits] == [(1, 0, 1)]


def test_lists_ask_as_often_for_many_as_for_one(session, world, asked, actor) -> None:
    from oms.campaigns import finding

    officer = actor("canbo.sonv")

    def count() -> int:
        statements: list[str] = []
        session.expire_all()
        campaign = session.scalars(select(Campaign)).first()
        listen = lambda *a: statements.append(a[2])  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listen)
        campaigns.list_campaigns(session, actor=officer)
        finding.view(session, campaign, actor=officer)
        rows, _ = campaigns.list_declarations(session, campaign, actor=officer)
        _ = [(one.dossier.person.full_name, one.dossier.person.unit.name, account) for one, account in rows]
        campaigns.waiting_for(session, actor=officer)
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        return sum(statement.startswith("SELECT") for statement in statements)

    count()
    one = count()
    for place in range(6):
        factories.make_dossier(session, world.units["sonv"], f"Người {place}")
    campaigns.take_in(session, asked.campaign, actor=officer)
    campaigns.open_campaign(session, opening(world), actor=officer)
    assert count() == one


def test_whoever_left_is_not_waited_for(session, asked, actor) -> None:
    officer = actor("canbo.sonv")
    assert [one.left for one in campaigns.waiting_for(session, actor=officer)] == [1]
    asked.dossier.status = DossierStatus.CLOSED
    session.flush()
    assert campaigns.waiting_for(session, actor=officer) == []
    assert campaigns.list_declarations(session, asked.campaign, actor=officer)[1] == 0
    assert overdue.supplements(session, actor=officer) == ([], 0)


def test_attesting_many_leaves_those_behind_that_cannot_be(session, world, actor) -> None:
    made = [factories.make_dossier(session, world.units["sonv"], f"Người {place}") for place in range(3)]
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    for declaration in session.scalars(select(Declaration)).all():
        campaigns.save(session, declaration, Draft(), actor=actor("canbo.sonv"))
        campaigns.hand_in(session, declaration, actor=actor("canbo.sonv"))
        campaigns.finish_check(session, declaration, actor=actor("canbo.sonv"))
    made[1].frozen = True
    session.flush()
    with pytest.raises(ConfirmationNeeded):
        campaigns.attest_all(session, campaign, actor=replace(actor("bithu.sonv"), confirmed=False))
    done, left = campaigns.attest_all(session, campaign, actor=confirmed(actor("bithu.sonv")))
    assert done == 2 and [one.dossier_id for one, _ in left] == [made[1].id]


def test_a_closed_dossier_does_not_wait_for_the_head(session, world, actor) -> None:
    made = [factories.make_dossier(session, world.units["sonv"], f"Người {place}") for place in range(2)]
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    for declaration in session.scalars(select(Declaration)).all():
        campaigns.save(session, declaration, Draft(), actor=actor("canbo.sonv"))
        campaigns.hand_in(session, declaration, actor=actor("canbo.sonv"))
        campaigns.finish_check(session, declaration, actor=actor("canbo.sonv"))
    head = confirmed(actor("bithu.sonv"))
    assert [one.to_attest for one in campaigns.waiting_for(session, actor=head)] == [2]
    made[0].status = DossierStatus.CLOSED
    session.flush()
    assert [one.to_attest for one in campaigns.waiting_for(session, actor=head)] == [1]
    assert campaigns.attest_all(session, campaign, actor=head) == (1, [])
    assert campaigns.waiting_for(session, actor=head) == []
    closed = session.scalars(select(Declaration).where(Declaration.dossier_id == made[0].id)).one()
    with pytest.raises(Refused, match="Send the supplement back to the unit"):
        campaigns.attest(session, closed, actor=head)
    campaigns.send_back(session, closed, campaigns.get_step("send-back"), "Người này đã nghỉ hưu", actor=head)
    assert closed.state is DeclarationState.SENT and told(session).count("attest") == 1


def test_the_rules_are_whole_and_a_mistake_is_named(tmp_path) -> None:
    for category in Category:
        assert catalogue.supplement_form(category.value, today()).signers
    text = (FOLDER / "supplements.yaml").read_text(encoding="utf-8")
    path = tmp_path / "supplements.yaml"
    path.write_text(text.replace('last_day: "12-30"', 'last_day: "12-32"'), encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="12-32"):
        read_supplements(path)
    path.write_text(text.replace("applies_to: [cadre]", "applies_to: [civil_servant]"), encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="same dossiers"):
        read_supplements(path)


def test_a_unit_that_is_not_there_is_refused(session, world, actor) -> None:
    assert session.get(Unit, "x") is None
    with pytest.raises(Refused):
        campaigns.open_campaign(session, opening(world, unit_ids=["x"]), actor=actor("canbo.sonv"))
