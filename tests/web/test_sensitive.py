"""Religion, ethnicity, health, relatives: whoever needs them sees them, a head meets them on no page, print or answer."""

import io
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, campaigns, db, record
from oms.campaigns import Draft
from oms.models import Declaration, Person, Verdict
from tests.api.conftest import Caller, caller  # noqa: F401
from tests.campaigns.acts import REASON, opening
from tests.factories import World
from tests.test_checks import NAME, dossier_of, put
from tests.test_papers import text_of

Open = Callable[[str], FlaskClient]
ETHNICITY, RELIGION, HEALTH, RELATIVE, JUDGED = "Raglai", "Đạo Kín Đáo", "Bệnh Kín Đáo", "Vàng Kín Đáo", "Cháu Kín Đáo"
SECRET = (ETHNICITY, RELIGION, HEALTH, RELATIVE, JUDGED)


@pytest.fixture
def places(engine: Engine, world: World) -> dict[str, str]:
    """A dossier with sensitive values wherever the house writes some down."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="job")
        dossier = dossier_of(session, world)
        session.get_one(Person, dossier.person_id).ethnicity = ETHNICITY
        rows = {"family_self": [["Cha", RELATIVE, "1950", ""]]}
        page = put(session, dossier, {"full_name": NAME, "religion": RELIGION, "ethnicity": ETHNICITY}, tables=rows)
        record.key_value(session, dossier, "health", HEALTH, actor=officer)
        record.write_row(session, dossier, "family_self", ["Mẹ", RELATIVE, "1955", ""], actor=officer)
        form = opening(world, fields=("family_self",))
        campaign = campaigns.open_campaign(session, form, actor=officer)
        declared = session.scalars(select(Declaration).where(Declaration.campaign_id == campaign.id)).one()
        rows = {"family_self": [["Con", RELATIVE, "2020", ""]]}
        campaigns.save(session, declared, Draft(rows=rows), actor=officer)
        campaigns.hand_in(session, declared, actor=officer)
        said = {entry.id: (Verdict.REFUSED, f"{REASON}: {JUDGED}") for entry in declared.entries}
        campaigns.judge(session, declared, said, actor=officer)
        return {
            "dossier": dossier.id,
            "number": dossier.number,
            "person": dossier.person_id,
            "scan": page.scan_id,
            "declaration": declared.id,
            "campaign": campaign.id,
            "campaign_number": campaign.number,
        }


PAGES = (
    "/people/{person}",
    "/people",
    "/dossiers/{dossier}",
    "/record/{dossier}",
    "/record/{dossier}?form=2C-BNV/2008",
    "/review/{scan}",
    "/declarations/{declaration}",
    "/campaigns/{campaign}",
    "/checks",
    "/figures",
    "/milestones/retirement",
    "/figures/reports/bm02",
)
ANSWERS = (
    "people",
    "dossiers",
    "dossiers/{number}",
    "dossiers/{number}/record",
    "campaigns/{campaign_number}/declarations",
)


def met(texts: dict[str, str]) -> dict[str, list[str]]:
    """The sensitive words in each of the texts."""
    found = {name: [word for word in SECRET if word in text] for name, text in texts.items()}
    return {name: words for name, words in found.items() if words}


def papers_of(client: FlaskClient, places: dict[str, str]) -> dict[str, str]:
    """The short CV as Word and PDF, and the form of the supplement, as text."""
    address, found = f"/short-cvs/{places['dossier']}", {}
    asked = {"form": "2C-BNV/2008", "purpose": "Bổ nhiệm", "unverified": "1"}
    answer = client.post(address, data={**asked, "kind": "docx"})
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as word:
        found["docx"] = word.read("word/document.xml").decode()
    found["pdf"] = text_of(client.post(address, data={**asked, "kind": "pdf"}).data)
    found["supplement"] = text_of(client.post(f"/declarations/{places['declaration']}/form").data)
    return found


def test_a_head_meets_them_nowhere(client_as: Open, caller: Callable[[str], Caller], places) -> None:  # noqa: F811
    head, program = client_as("bithu.sonv"), caller("bithu.sonv")
    texts = {}
    for address in (one.format(**places) for one in PAGES):
        answer = head.get(address)
        assert answer.status_code == 200, address
        texts[address] = answer.text
    for address in (one.format(**places) for one in ANSWERS):
        answer = program.get(address)
        assert answer.status_code == 200, address
        texts[address] = str(answer.get_json())
    assert met({**texts, **papers_of(head, places)}) == {}


def test_whoever_needs_them_sees_them(client_as: Open, places) -> None:
    officer = client_as("canbo.sonv")
    texts = {address: officer.get(address.format(**places)).text for address in PAGES}
    assert met({**texts, **papers_of(officer, places)}) == {
        "/people/{person}": [ETHNICITY],
        "/record/{dossier}": [ETHNICITY, RELIGION, HEALTH, RELATIVE],
        "/record/{dossier}?form=2C-BNV/2008": [ETHNICITY, RELIGION, HEALTH, RELATIVE],
        "/review/{scan}": [ETHNICITY, RELIGION],
        "/declarations/{declaration}": [RELATIVE, JUDGED],
        "docx": [ETHNICITY, RELIGION, HEALTH, RELATIVE],
        "pdf": [ETHNICITY, RELIGION, HEALTH, RELATIVE],
        "supplement": [RELATIVE],
    }
