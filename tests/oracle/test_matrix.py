"""AZ-0 to AZ-3, SL-1, SL-5: every address in everybody's name, against an oracle that knows nothing of the program.

Here a share of the questions, the same in each run: each address and role with one of its things. All of them, and the
crawl beside them, are `python bench/authorisation.py`.
"""

import re
from copy import deepcopy

import pytest
from sqlalchemy import select, true
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from oms import accounts, db, search
from oms.models import Base, Dossier
from oms.permissions import deciding
from oms.web import access
from tests import factories
from tests.oracle import hanging
from tests.oracle.addresses import RULES
from tests.oracle.asking import Cell, Findings, House, cells, run
from tests.oracle.buttons import closed_buttons
from tests.oracle.oracle import IN
from tests.oracle.organisation import NOBODYS, WORD, is_worded
from tests.oracle.stricter import STRICTER

# Texts that the state of the rows forbids here: of what is decided, cleared, signed or proved.
EMPTY = {
    "corrections.decision_number",
    "membership_boxes.signer",
    "record_statements.read_text",
    "record_statements.reason",
    "stacks.clearance",
    "subject_requests.proof_name",
}

# What reading may leave behind: the log, counters, and whose a scan at the desk is (decision 019), which ends by itself.
BESIDE = {"audit_entries", "audit_words", "counters", "desk_days", "desk_leases", "sign_ins"}


def test_every_address_has_a_row_in_the_table_of_the_oracle(house: House) -> None:
    assert set(RULES) == {rule.endpoint for rule in house.app.url_map.iter_rules()}


def test_every_text_of_somebody_bears_a_canary(house: House) -> None:
    bare = set()
    with db.reading(house.engine) as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(select(table)).mappings().all() if table.name not in NOBODYS else []
            for column in filter(is_worded, table.columns if rows else ()):
                if not any(WORD.search(str(row[column.name])) for row in rows):
                    bare.add(f"{table.name}.{column.name}")
    assert bare <= EMPTY


@pytest.mark.parametrize("endpoint", sorted(RULES))
def test_the_answers_are_those_of_the_oracle_and_bear_nobody_elses_words(
    house: House, asked: dict[str, list[Cell]], endpoint: str
) -> None:
    findings = Findings()
    house.written.clear()
    run(house, asked[endpoint], findings, closed_buttons)
    assert findings.cells
    assert findings.mismatches == []
    assert findings.leaks == []
    assert findings.offers == []
    assert findings.telling == []
    assert house.written <= BESIDE, "whoever reads changes nothing"


def test_enough_is_asked_and_met(house: House, asked: dict[str, list[Cell]]) -> None:
    assert sum(len(some) for some in asked.values()) > 3_000
    findings = Findings()
    shown = [cell for some in asked.values() for cell in some if cell.who == "canbo.sonv" and cell.method == "GET"]
    run(house, [cell for cell in shown if cell.expected == IN], findings)
    assert len(findings.met) > 200, "the silence of the others would mean nothing"


def test_a_refusal_nobody_looked_at_is_a_mismatch(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {endpoint for endpoint, _status in STRICTER} <= set(RULES)
    monkeypatch.setattr(deciding, "can", lambda _actor, _action, _thing=None: False)
    findings = Findings()
    every = [cell for cell in cells(house.app, house.organisation) if cell.who == "canbo.sonv"]
    run(house, [cell for cell in every if cell.endpoint == "intake.upload" and cell.expected == IN], findings)
    assert len(findings.mismatches) == findings.cells > 1


def test_a_door_left_open_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "allowed", lambda _actor, _action: true())
    # Behind the door the domain asks again: it takes both to let anybody in.
    monkeypatch.setattr(deciding, "can", lambda _actor, _action, _thing=None: True)
    findings, doors = Findings(), ("dossiers.scans", "pages.show", "people.show")
    every = cells(house.app, house.organisation)
    run(house, [cell for cell in every if cell.endpoint in doors and cell.who == "bithu.sotc"], findings)
    assert findings.mismatches and findings.leaks


def test_what_moved_away_is_met_nowhere_though_the_index_has_not_heard_of_it(house: House) -> None:
    """SL-5: the database decides last."""
    dossier = house.organisation.things["dossier"]["own"]
    words = sorted(word for word, whose in house.organisation.words.items() if whose.of == "own")
    asked = [f"{door}?q={word[:length]}" for word in words[:12] for length in (4, 7) for door in DOORS]
    assert any(house.ask("canbo.sonv", "GET", f"/search?q={word}").text.count(dossier) for word in words)
    with db.writing(house.engine) as session:
        session.get_one(Dossier, dossier).custodian_id = house.organisation.world.units["soyt"]
    try:
        for address in (*asked, "/", "/people", "/checks", "/completeness", "/figures", "/api/v1/dossiers"):
            told = house.ask("canbo2.sonv", "GET", address).text
            assert dossier not in told, address
    finally:
        house.undo()


def crowd(session: Session, house: House) -> None:
    """Twice as much in Sở Nội vụ and Sở Y tế, with the same words."""
    organisation = deepcopy(house.organisation)  # all of this is undone: nobody else asks about it
    units = organisation.world.units
    officer = accounts.get_actor(session, "canbo.sonv", via="job")
    for code in ("sonv", "soyt", "sonv", "soyt"):
        dossier = factories.make_dossier(session, units[code], "Người zqaaaaa")
        scan = factories.make_scan(session, dossier, officer.account_id, ("QUYẾT ĐỊNH nâng bậc lương zqaaaaa",) * 5)
        by = officer if code == "sonv" else accounts.get_actor(session, "canbo.soyt", via="job")
        document = factories.make_document(session, dossier, scan, title="Quyết định zqaaaaa", actor=by)
        hanging.hang(session, organisation, f"crowd {dossier.id}", dossier, document)


def plain(answer: TestResponse) -> str:
    """A page without what is new in each answer."""
    if "spreadsheet" in answer.headers["Content-Type"]:
        return "a file with the time it was made"
    text = answer.get_data(as_text=True)
    text = re.sub(r'(csrf[^>]*?(value|content)=|data-session-[a-z]+=|name="seat"[^>]*?)"[^"]*"', "", text)
    return re.sub(r"\d\d:\d\d(:\d\d)?", "", text)


DOORS = ("/search", "/search/suggestions", "/api/v1/search", "/api/v1/search/suggest")


@pytest.mark.parametrize("who", ["canbo.sotc", "bithu.sotc"])
def test_what_others_are_given_changes_no_byte(house: House, who: str) -> None:
    """Counts, facets, order, suggestions: all are the same when the other units have twice as much."""
    lists = [rule for rule in house.app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]
    lists = [rule.rule for rule in lists if RULES[rule.endpoint].letters not in ("public", "I", "A")]
    asked = [*lists, *(f"{door}?q={words}" for door in DOORS for words in ("quyet dinh", "nang bac luong", "zqaaa"))]
    asked = [address for address in asked if not address.startswith(("/account", "/api/v1/me"))]
    before = {address: plain(house.ask(who, "GET", address)) for address in asked}
    house.undo()  # the searches just asked would show as the own last ones
    settings = house.app.extensions["oms"].settings
    with db.writing(house.engine) as session:
        crowd(session, house)
    search.rebuild(house.engine, settings)
    try:
        after = {address: plain(house.ask(who, "GET", address)) for address in asked}
    finally:
        house.undo()
        search.rebuild(house.engine, settings)
    assert [address for address in asked if before[address] != after[address]] == []
