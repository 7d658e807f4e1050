"""The short CV of a dossier: what is known, by whom it may be seen, and who took it."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import catalogue, db, record
from oms.errors import BadInput, ConfirmationNeeded, Refused
from oms.models import AuditEntry, AuditWords, Category, Dossier, Gender
from oms.organisation import today
from oms.papers import short_cvs
from oms.permissions import Actor
from oms.printing.short_cv import DOTTED, WITHHELD
from tests.factories import World
from tests.printing.test_short_cv import text_of, word_text, words
from tests.test_checks import CAREER, NAME, dossier_of, put

Find = Callable[[str], Actor]


def take(session: Session, dossier: Dossier, who: Actor, **more: object) -> bytes:
    given: dict[str, object] = {"form_id": "2C-BNV/2008", "kind": "docx", "purpose": "Bổ nhiệm lại", "actor": who}
    return short_cvs.take(session, dossier, **(given | more)).body  # type: ignore[arg-type]


def confirmed(actor: Find, username: str = "canbo.sonv") -> Actor:
    return replace(actor(username), confirmed=True)


def with_pages(session: Session, world: World) -> Dossier:
    dossier = dossier_of(session, world)
    dossier.person.gender = Gender.MALE
    tables = {"work_history": CAREER, "family_self": [["Bố", "Vàng A Chứ", "1950", "nông dân"]]}
    put(session, dossier, {"full_name": NAME, "religion": "Không", "rank_code": "01.003"}, tables=tables)
    return dossier


def entries(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:short_cv")))


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_only_what_was_entered_unless_the_rest_is_wished(
    session: Session, world: World, actor: Find, kind: str
) -> None:
    dossier, who = with_pages(session, world), confirmed(actor)
    read = word_text if kind == "docx" else lambda content: words(text_of(content))
    said = read(take(session, dossier, who, kind=kind))
    assert "3) Sinh ngày: 03/05/1980, Giới tính (nam, nữ): Nam" in said and "VÀNG A PÁO" in said
    assert "01.003" not in said and CAREER[1][1] not in said and f"Mã ngạch: {DOTTED}" in said
    said = read(take(session, dossier, who, kind=kind, unverified=True))
    assert "Mã ngạch: 01.003 (*)" in said and CAREER[1][1] in said
    assert "3) Sinh ngày: 03/05/1980, Giới" in said, "what a person entered is not marked"
    first, second = entries(session)
    assert '"unverified":0' in first.body.replace(" ", "") and '"unverified":0' not in second.body.replace(" ", "")
    reason = session.get_one(AuditWords, first.seq)
    assert reason.words == "Bổ nhiệm lại" and first.dossier_id == dossier.id


def test_what_only_few_may_see_is_not_printed(session: Session, world: World, actor: Find) -> None:
    dossier = with_pages(session, world)
    assert "Vàng A Chứ" in word_text(take(session, dossier, confirmed(actor), unverified=True))
    said = word_text(take(session, dossier, replace(actor("bithu.sonv"), confirmed=True), unverified=True))
    assert "Vàng A Chứ" not in said
    closed = catalogue.record_keys("need_to_know", today())
    assert said.count(WITHHELD) == len([thing for thing in catalogue.form("2C-BNV/2008").things if thing.key in closed])


def test_what_was_verified_is_printed_and_not_marked(session: Session, world: World, actor: Find) -> None:
    dossier, officer = with_pages(session, world), confirmed(actor)
    record.key_value(session, dossier, "main_duty", "Theo dõi công tác hồ sơ", actor=officer)
    record.write_row(session, dossier, "training", ["Trường Chính trị tỉnh"], actor=officer)
    said = word_text(take(session, dossier, officer))
    assert "Theo dõi công tác hồ sơ" in said and "Trường Chính trị tỉnh" in said


def test_a_purpose_a_fresh_password_and_the_right_are_needed(session: Session, world: World, actor: Find) -> None:
    dossier = with_pages(session, world)
    with pytest.raises(BadInput, match="what the file is for"):
        take(session, dossier, confirmed(actor), purpose=" ")
    with pytest.raises(ConfirmationNeeded):
        take(session, dossier, replace(actor("canbo.sonv"), confirmed=False))
    with pytest.raises(BadInput, match="forms"):
        take(session, dossier, confirmed(actor), form_id="HS02-VC/BNV")
    with pytest.raises(BadInput, match="Word or PDF"):
        take(session, dossier, confirmed(actor), kind="exe")
    for username in ("canbo.sotc", "quantri", "kiemtra.khoi"):
        with pytest.raises(Refused):
            take(session, dossier, confirmed(actor, username))
    assert entries(session) == []


def test_each_dossier_has_its_usual_form(session: Session, world: World) -> None:
    kinds = {kind: record.usual_form(dossier_of(session, world, category=kind)) for kind in Category}
    assert kinds[Category.PARTY_MEMBER] == kinds[Category.CADRE] == "2C/TCTW-98"
    assert kinds[Category.CIVIL_SERVANT] == "2C-BNV/2008"


def test_the_page_asks_and_another_unit_finds_nothing(
    engine: Engine, world: World, client_as: Callable[[str], FlaskClient]
) -> None:
    with db.writing(engine) as session:
        dossier_id = with_pages(session, world).id
    client = client_as("canbo.sonv")
    text = client.get(f"/short-cvs/{dossier_id}").get_data(as_text=True)
    assert "2C-BNV/2008" in text and 'name="unverified"' in text
    assert f"/short-cvs/{dossier_id}" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    form = {"form": "2C-BNV/2008", "kind": "docx", "purpose": ""}
    assert client.post(f"/short-cvs/{dossier_id}", data=form).status_code in (400, 422)
    assert client_as("canbo.sotc").get(f"/short-cvs/{dossier_id}").status_code == 404
    assert client_as("canbo.sotc").post(f"/short-cvs/{dossier_id}", data=form).status_code == 404
    with db.reading(engine) as session:
        assert entries(session) == []


def test_the_word_file_opens_again(session: Session, world: World, actor: Find, tmp_path: Path) -> None:
    path = tmp_path / "cv.docx"
    path.write_bytes(take(session, with_pages(session, world), confirmed(actor), form_id="2C/TCTW-98"))
    document = Document(io.BytesIO(path.read_bytes()))
    assert any("SƠ YẾU LÝ LỊCH" in paragraph.text for paragraph in document.paragraphs)
    assert "{{" not in word_text(path.read_bytes())
