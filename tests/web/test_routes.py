"""Every address of the program at once: guarded or public, and nothing of another unit by any of them."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from oms import (
    access_reviews,
    accounts,
    campaigns,
    consultations,
    custody,
    db,
    membership,
    procedures,
    reorganisation,
    search,
)
from oms.consultations import Sought, Wish
from oms.models import (
    AccessReview,
    Account,
    AuditEntry,
    Campaign,
    Category,
    Consultation,
    ConsultationKind,
    Correction,
    Declaration,
    Document,
    Dossier,
    LocateAnswer,
    MembershipAsking,
    MembershipKind,
    MembershipTransfer,
    Page,
    PaperLoss,
    PaperLossKind,
    Person,
    PersonAlias,
    Reorganisation,
    Scan,
    SubjectRequest,
    SubjectRequestKind,
    Transfer,
    Unit,
    Verification,
)
from oms.organisation import today
from oms.permissions import Action, Actor
from oms.procedures import paper_losses, verifications
from oms.settings import Settings
from tests import factories
from tests.factories import World

CANARIES = {
    "name": "Canarius Hồ Sơn Ca",
    "alias": "Bídanhcanari",
    "text": "chữcanarikínđáo",
    "title": "Quyếtđịnhcanari",
    "file": "tệpcanari.pdf",
    "reason": "Lýdocanari",
    "purpose": "Mụcđíchcanari",
    "decision": "Quyếtđịnhsắpxếpcanari",
}
# What a guard loads, and the foreign ids of that kind: any other id is no such row for it.
NAMES: dict[type, tuple[str, ...]] = {
    Dossier: ("dossier", "dossier_number"),
    Person: ("person",),
    Scan: ("scan",),
    Page: ("page",),
    Document: ("document",),
    Transfer: ("transfer", "transfer_number"),
    Consultation: ("consultation",),
    Reorganisation: ("reorganisation",),
    MembershipTransfer: ("membership",),
    MembershipAsking: ("asking",),
    Correction: ("correction",),
    Campaign: ("campaign", "campaign_number"),
    Declaration: ("declaration",),
    Verification: ("verification",),
    SubjectRequest: ("subject_request",),
    PaperLoss: ("paper_loss",),
    LocateAnswer: ("locate_answer",),
    AccessReview: ("access_review",),
    Account: ("account",),
    Unit: ("unit",),
}
PUBLIC_WITHOUT_SIGN_IN = {
    "account.sign_in",
    "static",
    "health.healthz",
    "health.readyz",
    "health.searchz",
    "csp_reports.report",
    "design.show",
}


@pytest.fixture
def foreign(engine: Engine, settings: Settings, world: World) -> dict[str, str]:
    """A dossier of Sở Tài chính with a scan, a page, a document and a draft transfer, each with canary words."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sotc", via="web")
        dossier = factories.make_dossier(session, world.units["sotc"], CANARIES["name"])
        session.add(PersonAlias(person_id=dossier.person_id, name=CANARIES["alias"]))
        scan = factories.make_scan(session, dossier, officer.account_id, (CANARIES["text"], "trang hai"))
        scan.file_name = CANARIES["file"]
        document = factories.make_document(session, dossier, scan, title=CANARIES["title"], actor=officer)
        page = document.id and session.scalars(db_pages(scan.id)).first()
        receiver = session.get_one(Unit, world.units["btc"])
        transfer = custody.prepare(session, dossier, receiver, CANARIES["reason"], actor=officer, proof=factories.PROOF)
        asker = accounts.get_actor(session, "canbo.soyt", via="web")
        wish = Wish(dossier.number, ConsultationKind.SCREEN, CANARIES["purpose"], "1-CV", "Quyết định", today())
        consultation = consultations.request(session, wish, actor=asker)
        granted = [page for _document, pages in consultations.offer(session, consultation) for page in pages]
        head = accounts.get_actor(session, "bithu.sotc", via="web")
        consultations.approve(session, consultation, granted, today(), actor=head)
        order = consultations.request_copy(session, consultation, CANARIES["purpose"], actor=asker)
        question = consultations.ask(session, Sought(CANARIES["name"], CANARIES["purpose"]), actor=asker)
        planner = accounts.get_actor(session, "canbo.khoi", via="web")
        day, merger = today(), {"kind": "merge", "from": ["soyt"], "to": ["sotc"]}
        plan = reorganisation.draft(
            session,
            [merger],
            decision_number="1-QĐ/TU",
            decided_on=day,
            decision_body=CANARIES["decision"],
            effective_on=day,
            actor=planner,
        )
        member = factories.make_dossier(session, world.units["sotc"], CANARIES["name"], category=Category.PARTY_MEMBER)
        home = session.get_one(Unit, world.units["soyt"])
        moving = membership.Wish(MembershipKind.OFFICIAL, home, "1-QĐ", today(), CANARIES["reason"])
        move = membership.prepare(session, member, moving, actor=officer)
        asking = MembershipAsking(
            dossier_id=member.id,
            asked_by_id=world.accounts["canbo.soyt"],
            kind=MembershipKind.OFFICIAL,
            destination=CANARIES["purpose"],
            reason=CANARIES["reason"],
        )
        session.add(asking)
        session.flush()
        wrong = procedures.Proposal("home_town", CANARIES["purpose"], CANARIES["reason"], document.id)
        correction = procedures.propose(session, dossier, wrong, actor=officer)
        case = verifications.Case(CANARIES["purpose"], CANARIES["name"], CANARIES["reason"])
        verification = verifications.open_case(session, member, case, actor=officer)
        asked = SubjectRequest(
            number="YC-1",
            dossier_id=member.id,
            kind=SubjectRequestKind.COPY,
            asked_by_id=officer.account_id,
            reason=CANARIES["reason"],
            acknowledge_due_on=today(),
            due_on=today(),
        )
        session.add(asked)
        session.flush()
        said = paper_losses.Declaration(
            PaperLossKind.LOST, today(), CANARIES["reason"], component_id="pm_05", title=CANARIES["title"]
        )
        loss = paper_losses.declare(session, member, said, second=head, actor=officer)
        campaign, declaration = _declare(session, world, dossier, officer)
        account = session.get_one(Account, world.accounts["canbo.sotc"])
        ids = {
            "dossier": dossier.id,
            "dossier_number": dossier.number,
            "person": dossier.person_id,
            "scan": scan.id,
            "page": page.id,
            "document": document.id,
            "transfer": transfer.id,
            "transfer_number": transfer.number,
            "consultation": consultation.id,
            "copy": order.id,
            "reorganisation": plan.id,
            "membership": move.id,
            "asking": asking.id,
            "correction": correction.id,
            "campaign": campaign.id,
            "campaign_number": campaign.number,
            "declaration": declaration.id,
            "verification": verification.id,
            "subject_request": asked.id,
            "paper_loss": loss.id,
            "locate_answer": question.answers[0].id,
            "account": account.id,
            "access_review": _review_rights(session, world).id,
            "unit": world.units["sotc"],
        }
    search.rebuild(engine, settings)
    return ids


def _declare(session: Session, world: World, dossier: Dossier, officer: Actor) -> tuple[Campaign, Declaration]:
    """A campaign of Sở Tài chính and the supplement of the dossier in it, handed in."""
    unit = world.units["sotc"]
    wish = campaigns.NewCampaign(
        CANARIES["purpose"], today().year, today(), today(), unit, [unit], [Category.CIVIL_SERVANT], ["current_address"]
    )
    campaign = campaigns.open_campaign(session, wish, actor=officer)
    declaration = session.query(Declaration).filter_by(dossier_id=dossier.id).one()
    draft = campaigns.Draft(values={"current_address": (CANARIES["text"], "")})
    campaigns.save(session, declaration, draft, actor=officer)
    campaigns.hand_in(session, declaration, actor=officer)
    return campaign, declaration


def _review_rights(session: Session, world: World) -> AccessReview:
    """A review of the rights in Sở Tài chính, with a reason in it."""
    head = accounts.get_actor(session, "bithu.sotc", via="web")
    review = access_reviews.start(session, session.get_one(Unit, world.units["sotc"]), actor=head)
    said = {world.accounts["canbo.sotc"]: ("revoked", CANARIES["reason"])}
    access_reviews.decide(session, review, said, actor=head)
    return review


def db_pages(scan_id: str):
    from sqlalchemy import select

    from oms.models import Page

    return select(Page).where(Page.scan_id == scan_id).order_by(Page.number)


def rules(app: Flask) -> Iterator[Rule]:
    yield from app.url_map.iter_rules()


def ids_for(app: Flask, rule: Rule, ids: dict[str, str]) -> list[str]:
    """The foreign ids an address could take: of what its guard loads or its place is called; all when neither tells.

    A guard that finds nothing of its kind answers before anybody reads the other places of the address.
    """
    subject = getattr(app.view_functions[rule.endpoint], "subject", None)
    if subject is not None and rule.arguments & {"id", "number"}:
        own = NAMES.get(subject, ("dossier",))
    else:
        called = {argument.removesuffix("_id") for argument in rule.arguments}
        own = tuple(name for name in ids if name.removesuffix("_number") in called)
    return [ids[name] for name in own if name in ids] or list(ids.values())


def addresses(app: Flask, rule: Rule, ids: dict[str, str]) -> list[str]:
    """The rule with every foreign id that could mean something in the places of its address, each address once."""
    adapter = app.url_map.bind("localhost")
    found = []
    for value in ids_for(app, rule, ids):
        arguments: dict[str, object] = {}
        for argument in rule.arguments:
            converter = type(rule._converters[argument]).__name__
            if converter == "IntegerConverter":
                arguments[argument] = 1
            elif converter == "AnyConverter":
                arguments[argument] = next(iter(rule._converters[argument].items))
            elif argument == "step":
                arguments[argument] = "submit"
            elif argument in ("id", "number"):
                arguments[argument] = value
            else:
                arguments[argument] = ids.get(argument.removesuffix("_id"), value)
        found.append(adapter.build(rule.endpoint, arguments))
    return list(dict.fromkeys(found))


def test_every_endpoint_says_who_may_come_in(app: Flask) -> None:
    for rule in rules(app):
        guard = getattr(app.view_functions[rule.endpoint], "guard", None)
        assert guard == "public" or isinstance(guard, Action), rule.endpoint


def test_nobody_gets_anything_without_signing_in(app: Flask, client_as: Callable[[str], FlaskClient], foreign) -> None:
    client = client_as("")
    for rule in rules(app):
        if app.view_functions[rule.endpoint].guard == "public":
            continue
        for address in addresses(app, rule, foreign):
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                answer = client.open(address, method=method)
                assert answer.status_code in (302, 401), f"{method} {address}: {answer.status_code}"
                assert_no_canary(answer.get_data(), f"{method} {address}")


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sonv", "kiemtra.khoi", "nguoilaodong.sonv", "quantri"])
def test_nothing_of_another_unit_by_any_address(
    app: Flask, client_as: Callable[[str], FlaskClient], foreign, username: str, engine: Engine
) -> None:
    """GET and POST to every address with every foreign id: never a word of it, never a fault of ours."""
    client = client_as(username)
    token = _token(engine, username)
    asked = 0
    for rule in rules(app):
        if rule.endpoint in ("static", "account.sign_out", "account.sign_in", "health.searchz"):
            continue
        for address in addresses(app, rule, foreign):
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                if "/tokens" in address and method == "DELETE":
                    continue
                headers = {"Authorization": f"Bearer {token}"} if address.startswith("/api/") else {}
                answer = client.open(address, method=method, headers=headers)
                asked += 1
                assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
                if username != "kiemtra.khoi" or "audit" not in address:
                    # The administrator prepares reorganisations of every board below.
                    known = ("decision",) if username == "quantri" else ()
                    assert_no_canary(answer.get_data(), f"{method} {address}", known)
    assert asked > 100


@pytest.mark.parametrize("words", [*CANARIES.values(), "canari", "Canarius"])
def test_search_finds_nothing_of_another_unit(client_as: Callable[[str], FlaskClient], foreign, words: str) -> None:
    answer = client_as("canbo.sonv").get("/search", query_string={"q": words})
    assert answer.status_code == 200
    body = answer.get_data(as_text=True)
    assert foreign["dossier"] not in body and foreign["dossier_number"] not in body and foreign["page"] not in body


def test_the_holder_does_find_it(client_as: Callable[[str], FlaskClient], foreign) -> None:
    """The canaries are there to be found, so the silence above means something."""
    client = client_as("canbo.sotc")
    assert CANARIES["name"] in client.get(f"/dossiers/{foreign['dossier']}").get_data(as_text=True)
    assert foreign["dossier"] in client.get("/search", query_string={"q": CANARIES["name"]}).get_data(as_text=True)


@pytest.mark.parametrize(
    "kind", ["dossiers", "people", "scans", "pages", "transfers", "consultations", "reorganisations", "membership"]
)
def test_not_yours_and_no_such_are_one_answer(client_as: Callable[[str], FlaskClient], foreign, kind: str) -> None:
    client = client_as("canbo.sonv")
    keys = {"dossiers": "dossier", "people": "person", "scans": "scan", "pages": "page", "transfers": "transfer"}
    key = (keys | {"consultations": "consultation", "reorganisations": "reorganisation", "membership": "membership"})[
        kind
    ]
    yours = client.get(f"/{kind}/{foreign[key]}")
    nothing = client.get(f"/{kind}/{'0' * 16}")
    assert yours.status_code == nothing.status_code == 404
    same = yours.get_data(as_text=True).replace(foreign[key], "X") == nothing.get_data(as_text=True).replace(
        "0" * 16, "X"
    )
    assert same


def test_a_refusal_leaves_an_entry(client_as: Callable[[str], FlaskClient], foreign, engine: Engine) -> None:
    client_as("canbo.sonv").get(f"/dossiers/{foreign['dossier']}")
    with db.reading(engine) as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert entry is not None
        assert (entry.action, entry.outcome) == ("dossier:read", "refused")


def assert_no_canary(data: bytes, where: str, known: tuple[str, ...] = ()) -> None:
    text = data.decode("utf-8", "replace")
    for place, word in CANARIES.items():
        assert place in known or word not in text, f"{where} leaks the {place}"


def _token(engine: Engine, username: str) -> str:
    with db.writing(engine) as session:
        account = session.query(Account).filter_by(username=username).one()
        secret, _ = accounts.sign_in(session, account.id, kind="api")
    return secret
