"""An organisation in which every text anywhere is a canary: a word of its own that tells whose it is.

Twelve dossiers stand in as many relations to the people who ask (own, of a cell below, of another unit, of the Bloc,
under way, gone, closed, held still, with a sealed insert, managed from above, of the person who asks, lent to a
reader). Each has one of everything that can hang on a dossier. Whose a word is, is written in `Organisation.words`.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import Engine, String, Text, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from oms import accounts, custody, db, holds, inserts, review, search, storage
from oms.accounts import delegations
from oms.models import (
    Account,
    Assignment,
    AuditEntry,
    Base,
    Category,
    Dossier,
    Page,
    Person,
    PersonAlias,
    Role,
    Scan,
    Transfer,
    Unit,
    UnitKind,
)
from oms.organisation import today
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import PROOF, World
from tests.oracle import hanging

WORD = re.compile(r"zq[a-z]{5}", re.IGNORECASE)
ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")

# dossier: (unit that holds it at first, body that manages it)
DOSSIERS = {
    "own": ("sonv", "sonv"),
    "cell": ("sonv_c1", "sonv_c1"),
    "other": ("sotc", "sotc"),
    "bloc": ("btc", "btc"),
    "under_way": ("sonv", "sonv"),
    "gone": ("sonv", "sonv"),
    "closed": ("sonv", "sonv"),
    "held": ("sonv", "sonv"),
    "sealed": ("sonv", "sonv"),
    "managed": ("sonv", "btc"),
    "person": ("sonv", "sonv"),
    "lent": ("sonv", "sonv"),
}
# Texts that are codes of the program or of the law and not words of anybody.
CODES = {
    "id", "code", "kind", "state", "key", "table_name", "field", "component_id", "rule_id", "form_id", "action",
    "outcome", "token_sha256", "password_hash", "code_sha256", "secret", "language", "username", "media_type",
    "proof_type", "series", "who", "holder", "step", "start", "end", "act", "decider", "role", "category",
    "personal_id", "party_code", "agency_code", "org_type", "error", "refusal", "address", "hash", "previous", "body",
    "way", "settlement", "table", "precision", "fingerprint", "package_id", "peer_key", "before", "value", "line",
    "quality", "since", "browser_sha256", "source", "public_key", "object_kind", "sort_key", "gender", "answer_kind",
}  # fmt: skip
# What a word that was given to a column of a table is about, where the table hangs on something else than a dossier.
KIND_OF_TABLE = {
    "holds": "hold", "corrections": "managed", "attestations": "managed", "leavings": "managed",
    "leaving_copies": "managed", "declarations": "declared", "declared_entries": "declared", "campaigns": "campaign",
    "transfers": "transfer", "transfer_events": "transfer", "transfer_checks": "transfer", "packages": "package",
    "attached_files": "late", "late_papers": "late", "signature_checks": "text", "file_signatures": "text", "transfer_requests": "request", "subject_requests": "asked",
    "membership_transfers": "move", "membership_boxes": "move", "membership_events": "move",
    "membership_askings": "asked", "consultations": "look", "copy_orders": "look", "locate_requests": "question",
    "locate_answers": "question", "reorganisations": "plan", "mass_transfers": "batch", "mass_transfer_runs": "batch",
    "stacks": "stack", "stack_pieces": "stack", "stack_pages": "stack", "stocktakings": "stock", "disposals": "disposal",
    "package_arrivals": "arrival", "folder_imports": "folder", "saved_searches": "saved_search",
    "delegations": "delegation", "documents": "title", "people": "person", "person_aliases": "person",
    "dossiers": "paper", "findings": "case", "finding_places": "case", "verifications": "case", "paper_losses": "case",
    "record_statements": "sensitive", "record_rows": "sensitive", "purges": "purge", "scans": "text", "pages": "text",
    "paper_moves": "paper", "access_reviews": "access_review", "access_review_rows": "access_review", "insert_openings": "insert",
}  # fmt: skip
# Tables of the machine and of the house itself; the names of units and accounts are known to everybody in the house.
NOBODYS = {
    "accounts", "assignments", "attempts", "audit_entries", "audit_words", "counters", "desk_days", "facts", "jobs",
    "paper_issues", "recovery_codes", "second_factors", "sign_ins", "trusted_installations", "unit_names",
    "unit_successions", "units", "campaign_units", "desk_leases", "grants", "standing_facts",
}  # fmt: skip


@dataclass(frozen=True)
class Whose:
    """Where a word or an id stands: the room it is of, and the thing it hangs on (a dossier, a unit or an account)."""

    room: str
    of: str
    # It is the number of a case, and says nothing but that there is one.
    number: bool = False


@dataclass
class Organisation:
    """What was built: ids by name, whose each word is, and the things of each kind by the corner they stand in."""

    world: World
    words: dict[str, Whose] = field(default_factory=dict)
    ids: dict[str, Whose] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def word(self, room: str, of: str) -> str:
        """A new canary."""
        serial, letters = len(self.words), ""
        for _place in range(5):
            serial, letter = divmod(serial, 26)
            letters = chr(97 + letter) + letters
        made = f"zq{letters}"
        self.words[made] = Whose(KIND_OF_TABLE.get(room, room), of)
        return made

    def add(self, kind: str, of: str, thing: Any) -> Any:
        """Remember a thing under its kind and corner."""
        self.things.setdefault(kind, {})[of] = thing.id
        return thing


MORE_ACCOUNTS = {
    "thoi.sonv": (Role.OFFICER, "sonv"),
    "nghi.sonv": (Role.OFFICER, "sonv"),
}


def build(engine: Engine, settings: Settings) -> Organisation:
    """Build it all, index it, and return the map."""
    with db.writing(engine) as session:
        world = factories.make_world(session)
        organisation = Organisation(world)
        _hire(session, organisation)
        for name in DOSSIERS:
            _make(session, organisation, name, settings)
    # Each of these ends as its officers would end it, so that what follows from a state is there, too.
    with db.writing(engine) as session:
        hanging.hang_on_units(session, organisation)
        hanging.let_go(session, organisation, lambda name: accounts.get_actor(session, name, via="job"))
        _word_everything(session, organisation)
    with db.writing(engine) as session:
        _bring_into_states(session, organisation, lambda name: accounts.get_actor(session, name, via="job"))
        _word_everything(session, organisation)
        _know_ids(session, organisation)
    search.rebuild(engine, settings)
    return organisation


def _hire(session: Session, organisation: Organisation) -> None:
    """Besides the ordinary ones: an officer whose role ended and one who has left; one is not for the cells below."""
    world = organisation.world
    for name, (role, unit) in MORE_ACCOUNTS.items():
        made = factories.make_account(session, name, role, session.get_one(Unit, world.units[unit]))
        world.accounts[name] = made.id
    for assignment in session.scalars(select(Assignment).where(Assignment.account_id == world.accounts["canbo2.sonv"])):
        assignment.with_units_below = False
    yesterday = today() - timedelta(days=1)
    for assignment in session.scalars(select(Assignment).where(Assignment.account_id == world.accounts["thoi.sonv"])):
        assignment.valid_to = yesterday
    session.flush()


def _make(session: Session, organisation: Organisation, name: str, settings: Settings) -> None:
    """A dossier with one of everything."""
    world, (keeper, manager) = organisation.world, DOSSIERS[name]
    say = lambda room: organisation.word(room, name)  # noqa: E731 - a name for the two words it saves everywhere
    officer = world.accounts["canbo.sonv"]
    category = Category.PARTY_MEMBER if name in ("lent", "other") else Category.CIVIL_SERVANT
    dossier = factories.make_dossier(session, world.units[keeper], f"Người {say('name')}", category=category)
    dossier.number, dossier.managing_body_id = f"HS-{say('number').upper()}", world.units[manager]
    dossier.shelf_room, dossier.shelf, dossier.shelf_box = say("paper"), say("paper"), say("paper")
    person = session.get_one(Person, dossier.person_id)
    person.ethnicity, person.home_town, person.position = say("sensitive"), say("person"), say("person")
    person.staff_code = say("person")
    session.add(PersonAlias(person_id=person.id, name=say("person"), source=say("person")))
    session.flush()
    organisation.add("dossier", name, dossier)
    organisation.add("person", name, person)
    texts = tuple(f"QUYẾT ĐỊNH nâng bậc lương {say('text')} {say('text')}" for _page in range(2))
    scan = factories.make_scan(session, dossier, officer, texts)
    scan.file_name = f"{say('text')}.pdf"
    _store(session, organisation, name, scan, settings)
    by = accounts.get_actor(session, _officer_of(keeper), via="job")
    if name not in ("under_way", "gone"):  # they could not leave with a page that lies in no document
        waiting = factories.make_scan(session, dossier, officer, (f"chờ xếp {say('text')}",))
        waiting.file_name = f"{say('text')}.pdf"
        _store(session, organisation, name, waiting, settings)
        organisation.add("waiting", name, waiting)
    document = factories.make_document(session, dossier, scan, title=f"Quyết định {say('title')}", actor=by)
    document.number, document.issuing_body, document.signer = say("title"), say("title"), say("title")
    organisation.add("scan", name, scan)
    organisation.add("document", name, document)
    organisation.add("page", name, session.scalars(select(Page).where(Page.scan_id == scan.id)).first())
    hanging.hang(session, organisation, name, dossier, document)


def _officer_of(unit: str) -> str:
    return {"sonv": "canbo.sonv", "sonv_c1": "canbo.sonv", "sotc": "canbo.sotc", "btc": "canbo.khoi"}[unit]


def _store(session: Session, organisation: Organisation, name: str, scan: Scan, settings: Settings) -> None:
    """Real files: the original with a canary in its metadata, and an image of each page with one in its comment."""
    pdf = io.BytesIO()
    sheet = Image.new("L", (120, 170), 255)
    sheet.save(pdf, "PDF", title=organisation.word("text", name), author=organisation.word("text", name))
    scan.sha256, scan.size = storage.put(settings.scans, [pdf.getvalue()])
    scan.pdf_sha256 = scan.sha256
    for page in session.scalars(select(Page).where(Page.scan_id == scan.id)):
        picture = io.BytesIO()
        sheet.save(picture, "JPEG", comment=organisation.word("text", name).encode())
        page.image_sha256, _size = storage.put(settings.scans, [picture.getvalue()])
        page.width, page.height = sheet.size
    session.flush()


def _bring_into_states(session: Session, organisation: Organisation, actor: Callable[[str], Actor]) -> None:
    """Under way, gone, closed, held still, with a sealed insert; and what is personal."""
    world, sure = organisation.world, lambda name: replace(actor(name), confirmed=True)
    dossiers = {name: session.get_one(Dossier, id) for name, id in organisation.things["dossier"].items()}
    for name, steps in (
        ("own", ()),
        ("under_way", ("submit", "approve", "dispatch")),
        ("gone", ("submit", "approve", "dispatch", "accept")),
    ):
        if name == "own":
            continue
        receiver = session.get_one(Unit, world.units["sotc"])
        reason = f"Theo quyết định {organisation.word('transfer', name)}"
        transfer = custody.prepare(session, dossiers[name], receiver, reason, actor=sure("canbo.sonv"), proof=PROOF)
        organisation.add("transfer", name, transfer)
        hanging.take_steps(session, transfer, steps, sure)
        if name == "gone":
            hanging.late_paper(session, organisation, name, transfer)
    draft = custody.prepare(
        session, dossiers["other"], session.get_one(Unit, world.units["btc"]),
        f"Theo quyết định {organisation.word('transfer', 'other')}", actor=sure("canbo.sotc"), proof=PROOF,
    )  # fmt: skip
    organisation.add("transfer", "other", draft)
    held = f"Đang xác minh {organisation.word('hold', 'held')}"
    order = holds.order(
        session, dossiers["held"], whole_person=False, reason=held, decision=held, actor=sure("bithu.sonv")
    )
    organisation.add("hold", "held", order)
    dossiers["closed"].status = "closed"
    _seal(session, organisation, dossiers["sealed"], sure)
    who = session.get_one(Account, world.accounts["nguoilaodong.sonv"])
    who.person_id = dossiers["person"].person_id
    session.get_one(Account, world.accounts["nghi.sonv"]).disabled = True
    delegations.give(
        session,
        session.get_one(Account, world.accounts["canbo2.sonv"]),
        session.get_one(Unit, world.units["sonv"]),
        [one.value for one in delegations.DELEGABLE],
        decision=f"Giấy ủy quyền {organisation.word('delegation', 'sonv')}",
        valid_from=today(),
        valid_to=today() + timedelta(days=30),
        actor=sure("bithu.sonv"),
    )
    session.flush()


def _seal(session: Session, organisation: Organisation, dossier: Dossier, sure: Callable[[str], Actor]) -> None:
    words = [organisation.word("insert", "sealed") for _place in range(3)]
    scan = factories.make_scan(session, dossier, organisation.world.accounts["canbo.sonv"], (f"tố cáo {words[0]}",))
    scan.file_name = f"{words[1]}.pdf"
    pages = [page.id for page in review.pages_with_text(session, scan)]
    filing = review.Filing("cs_verified_complaint", f"Đơn {words[2]}")
    document = review.file_pages(session, scan, pages, filing, actor=sure("canbo.sonv"))
    inserts.seal(session, document, "Theo công văn số 5", second=sure("canbo2.sonv"), actor=sure("canbo.sonv"))
    organisation.add("insert_scan", "sealed", scan)
    organisation.add("insert_document", "sealed", document)
    organisation.things["insert_page"] = {"sealed": pages[0]}


def corner_of(
    session: Session, organisation: Organisation, table: str, row: dict[str, Any], seen: int = 0
) -> str | None:
    """The dossier, unit or account a row hangs on, by following what it refers to."""
    columns = Base.metadata.tables[table].columns
    for column in sorted(columns, key=lambda one: not one.name.endswith(("dossier_id", "person_id", "declaration_id"))):
        for key in column.foreign_keys:
            other, id = key.column.table.name, row.get(column.name)
            if id is None or other in NOBODYS or column.name.endswith(("_by_id", "second_id")):
                continue
            if other == "dossiers":
                return next((name for name, one in organisation.things["dossier"].items() if one == id), None)
            if other == "people":
                return next((name for name, one in organisation.things["person"].items() if one == id), None)
            parent = session.execute(text(f"SELECT * FROM {other} WHERE id = :id"), {"id": id}).mappings().first()
            if parent is not None and seen < 4:
                return corner_of(session, organisation, other, dict(parent), seen + 1)
    unit = next((row[name] for name in ("unit_id", "from_unit_id", "board_id") if row.get(name)), None)
    if unit is not None:
        return next(code for code, id in organisation.world.units.items() if id == unit)
    who = next((row[name] for name in ("account_id", "asked_by_id", "given_by_id") if row.get(name)), None)
    return next((name for name, id in organisation.world.accounts.items() if id == who), None)


def _word_everything(session: Session, organisation: Organisation) -> None:
    """Every text that nobody gave a canary yet gets one, in every row of every table that is somebody's."""
    session.flush()
    for table in Base.metadata.sorted_tables:
        if table.name in NOBODYS:
            continue
        for row in session.execute(select(table)).mappings().all():
            corner = corner_of(session, organisation, table.name, dict(row))
            if corner is None:
                continue
            for column in table.columns:
                if is_worded(column) and not WORD.search(str(row[column.name] or "")):
                    _word(session, organisation, table, column, row, corner)
    session.expire_all()


def is_worded(column: Any) -> bool:
    """Whether a column holds words of people."""
    plain = isinstance(column.type, String | Text) and not hasattr(column.type, "enums")
    return plain and not column.foreign_keys and column.name not in CODES and not re.search(r"sha256|_id$", column.name)


def _word(session: Session, organisation: Organisation, table: Any, column: Any, row: Any, corner: str) -> None:
    made = organisation.word(table.name, corner)
    try:
        with session.begin_nested():
            session.execute(table.update().where(table.c.id == row["id"]).values({column.name: made}))
    except DatabaseError:  # what must stay empty in this state holds no word of anybody
        del organisation.words[made]


def _know_ids(session: Session, organisation: Organisation) -> None:
    """Whose each id is."""
    for table in Base.metadata.sorted_tables:
        if table.name in NOBODYS or "id" not in table.columns:
            continue
        for row in session.execute(select(table)).mappings().all():
            corner = corner_of(session, organisation, table.name, dict(row)) if table.name != "dossiers" else None
            if table.name in ("dossiers", "people"):
                kind = {"dossiers": "dossier", "people": "person"}[table.name]
                corner = next((name for name, id in organisation.things[kind].items() if id == row["id"]), None)
            if corner is not None:
                organisation.ids[row["id"]] = Whose(
                    "number" if corner in DOSSIERS else KIND_OF_TABLE.get(table.name, table.name), corner
                )
            if isinstance(row.get("number"), str):
                organisation.numbers[row["id"]] = row["number"]
                for word in WORD.findall(row["number"].lower()) if table.name != "documents" else ():
                    organisation.words[word] = replace(organisation.words[word], number=True)


__all__ = ["AuditEntry", "Organisation", "Transfer", "UnitKind", "Whose", "build"]
