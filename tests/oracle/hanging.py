"""What hangs on a dossier of the canary organisation, and on a unit: one of everything, as plain rows.

Rows and not acts of the domain: the matrix asks who may come near a thing, whatever brought it there.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import access_reviews, campaigns, consultations, custody, membership, reorganisation
from oms.consultations import Sought, Wish
from oms.models import (
    Alarm,
    AlarmKind,
    Attestation,
    AttestationKind,
    Campaign,
    Category,
    ConsultationKind,
    Correction,
    DecidedBy,
    Declaration,
    Disposal,
    Document,
    Dossier,
    FileSignature,
    Finding,
    FindingKind,
    FindingPlace,
    FolderImport,
    Hold,
    LatePaper,
    LateState,
    Leaving,
    LeavingWay,
    LocateAnswer,
    MassTransfer,
    MembershipAsking,
    MembershipKind,
    Package,
    PackageArrival,
    PackageDirection,
    Page,
    PaperLoss,
    PaperLossKind,
    Purge,
    RecordRow,
    RecordStatement,
    SavedSearch,
    Scan,
    SignatureCheck,
    SignatureVerdict,
    Stack,
    StackPage,
    StackPageKind,
    StackPiece,
    StatementKind,
    Stocktaking,
    SubjectRequest,
    SubjectRequestKind,
    Transfer,
    TransferRequest,
    Unit,
    Verification,
    now,
)
from oms.models.custody import AttachedFile, FilePurpose
from oms.organisation import today
from oms.permissions import Actor
from tests.factories import PROOF

Actors = Callable[[str], Actor]


def hang(session: Session, organisation: Any, name: str, dossier: Dossier, document: Document) -> None:
    """One of everything on a dossier."""
    world, day = organisation.world, today()
    officer, other, stranger = (world.accounts[one] for one in ("canbo.sonv", "canbo2.sonv", "canbo.soyt"))
    say = lambda room: organisation.word(room, name)  # noqa: E731 - as in `organisation`
    page = session.scalars(select(Page).join(Scan).where(Scan.dossier_id == dossier.id)).first()
    assert page is not None

    def add(kind: str, row: Any) -> Any:
        session.add(row)
        session.flush()
        return organisation.add(kind, name, row)

    for scan in session.scalars(select(Scan).where(Scan.dossier_id == dossier.id)):
        scan.signed = True
        names = {column: say("text") for column in ("signer", "organisation", "issuer")}
        judged = FileSignature(number=1, verdict=SignatureVerdict.VALID, fingerprint="0" * 64, evidence={}, **names)
        session.add(SignatureCheck(scan_id=scan.id, total=1, signatures=[judged]))
    words, at = {"reason": say("case")}, {"dossier_id": dossier.id}
    finding = add(
        "finding",
        Finding(
            **at, kind=FindingKind.BIRTH, key="birth_date", fingerprint="0" * 64, message="%(here)s",
            details={"here": say("case")}, version=1,
        ),
    )  # fmt: skip
    session.add(FindingPlace(finding_id=finding.id, place=1, page_id=page.id, text=say("case")))
    add(
        "verification",
        Verification(
            number=f"XM-{say('case')}", **at, question=say("case"), verifiers=say("case"), opened_by_id=officer,
            due_on=day, basis="luật",
        ),
    )  # fmt: skip
    add(
        "paper_loss",
        PaperLoss(
            number=f"MH-{say('case')}", **at, component_id="cs_short_cv", title=say("case"), kind=PaperLossKind.LOST,
            noticed_on=day, circumstances=say("case"), declared_by_id=officer, second_id=other, due_on=day, basis="",
        ),
    )  # fmt: skip
    add(
        "correction",
        Correction(
            number=f"DC-{say('managed')}", **at, field="home_town", old_value=say("managed"), new_value=say("managed"),
            reason=say("managed"), document_id=document.id, decider=DecidedBy.MANAGING_BODY, basis="",
            proposed_by_id=officer,
        ),
    )  # fmt: skip
    add(
        "attestation",
        Attestation(
            number=f"CN-{say('managed')}", **at, kind=AttestationKind.DOSSIER, purpose=say("managed"),
            decider=DecidedBy.MANAGING_BODY, basis="", asked_by_id=officer,
        ),
    )  # fmt: skip
    if dossier.category != Category.PARTY_MEMBER:  # theirs go on with the membership
        add(
            "leaving",
            Leaving(
                number=f"TV-{say('managed')}", **at, way=LeavingWay.RETIREMENT, decision_number=say("managed"),
                decision_on=day, leaves_on=day, due_on=day, basis="", opened_by_id=officer,
            ),
        )  # fmt: skip
    asker = world.accounts["nguoilaodong.sonv"] if name == "person" else stranger
    add(
        "subject_request",
        SubjectRequest(
            number=f"YC-{say('asked')}", **at, kind=SubjectRequestKind.COPY, asked_by_id=asker, reason=say("asked"),
            acknowledge_due_on=day, due_on=day, document_ids=[document.id],
        ),
    )  # fmt: skip
    add(
        "asking",
        MembershipAsking(
            **at, asked_by_id=asker, kind=MembershipKind.OFFICIAL, destination=say("asked"), reason=say("asked")
        ),
    )
    add(
        "old_hold",
        Hold(
            number=f"TG-{say('hold')}", **at, unit_id=dossier.custodian_id, reason=say("hold"), decision=say("hold"),
            ordered_by_id=officer, lift_asked_by_id=officer, lifted_by_id=other, lifted_at=now(),
        ),
    )  # fmt: skip
    add("purge", Purge(**at, pages=1, documents=0, purged_by_id=officer, confirmed_by_id=other, **words))
    session.add(
        RecordStatement(
            **at, key="health", place=1, kind=StatementKind.KEYED, text=say("sensitive"), account_id=officer
        )
    )
    cells = ["Cha", say("sensitive"), "1950", ""]
    session.add(
        RecordRow(**at, key="family_self", line=dossier.id, place=1, position=1, cells=cells, account_id=officer)
    )
    add(
        "package",
        Package(
            package_id=dossier.id * 2, direction=PackageDirection.OUT, **at, unit_id=dossier.custodian_id,
            peer_key="0" * 64, peer_name=say("package"), transfer_number=f"CG-{say('package')}",
            manifest_sha256="0" * 64, size=10, made_by_id=officer,
        ),
    )  # fmt: skip
    add(
        "transfer_request",
        TransferRequest(
            number=f"DN-{say('request')}", **at, asked_by_id=stranger, unit_id=world.units["soyt"],
            wanted=dossier.number, basis_number=say("request"), basis_on=day, reason=say("request"),
        ),
    )  # fmt: skip


def hang_on_units(session: Session, organisation: Any) -> None:
    """One of everything that hangs on a unit and not on a dossier."""
    world, day = organisation.world, today()
    alarm = Alarm(key="log", kind=AlarmKind.LOG_BROKEN, values={"seq": 1}, note=organisation.word("alarm", "khoi"))
    session.add(alarm)
    session.flush()
    organisation.add("alarm", "khoi", alarm)
    people = {"sonv": "canbo.sonv", "sotc": "canbo.sotc", "btc": "canbo.khoi", "sonv_c1": "canbo.sonv"}
    for code, username in people.items():
        unit, officer = world.units[code], world.accounts[username]
        say = lambda room, code=code: organisation.word(room, code)  # noqa: E731 - as in `organisation`

        def add(kind: str, row: Any, code: str = code) -> Any:
            session.add(row)
            session.flush()
            return organisation.add(kind, code, row)

        stack = add(
            "stack",
            Stack(
                unit_id=unit, sha256=f"{len(code):064x}", file_name=f"{say('stack')}.pdf", media_type="application/pdf",
                size=10, page_count=1, given_by_id=officer, state="divided", doubtful=[],
            ),
        )  # fmt: skip
        piece = add("stack_piece", StackPiece(stack_id=stack.id, code=f"HS-{say('stack')}"))
        session.add(StackPage(stack_id=stack.id, number=1, kind=StackPageKind.PAGE, piece_id=piece.id, blank=False))
        add(
            "stocktaking",
            Stocktaking(number=f"KK-{say('stock')}", unit_id=unit, room=say("stock"), started_by_id=officer),
        )
        add(
            "disposal",
            Disposal(
                number=f"HT-{say('disposal')}", unit_id=unit, rule_id="unfiled_scan", council=[say("disposal")],
                minutes=say("disposal"), minutes_on=day, legal_reason=say("disposal"), proposed_by_id=officer,
            ),
        )  # fmt: skip
        add(
            "arrival",
            PackageArrival(
                package_id=f"{len(code):032x}", transfer_number=f"CG-{say('arrival')}", sha256="0" * 64, size=10,
                unit_id=unit, given_by_id=officer, problems=[], state="code_needed",
            ),
        )  # fmt: skip
        add(
            "mass_transfer",
            MassTransfer(
                number=f"DT-{say('batch')}", from_unit_id=unit, to_unit_id=world.units["soyt"],
                approving_unit_id=world.units["btc"], reason=say("batch"), basis_number=say("batch"), basis_on=day,
                prepared_by_id=officer,
            ),
        )  # fmt: skip
        add("folder", FolderImport(given_by_id=officer, file_name=say("folder"), state="done", ended_at=now()))
        add("saved_search", SavedSearch(account_id=officer, name=say("saved_search"), address="/search?q=a"))


def let_go(session: Session, organisation: Any, actor: Actors) -> None:
    """What reaches over to others: looks, questions, campaigns, moves of members, a plan of the board."""
    world, day = organisation.world, today()
    for name, id in organisation.things["dossier"].items():
        say = lambda room, name=name: organisation.word(room, name)  # noqa: E731 - as in `organisation`
        dossier = session.get_one(Dossier, id)
        askers = ("canbo.soyt", "kiemtra.khoi") if name == "lent" else ("canbo.soyt",)
        for asker in askers:
            wish = Wish(
                dossier.number, ConsultationKind.SCREEN, f"Thẩm tra {say('look')}", say("look"), say("look"), day
            )
            look = consultations.request(session, wish, actor=actor(asker))
            if name == "lent":
                pages = [page for _document, some in consultations.offer(session, look) for page in some]
                consultations.approve(session, look, pages, day, actor=actor("bithu.sonv"))
            organisation.add("consultation" if asker == "canbo.soyt" else "inspection", name, look)
    question = consultations.ask(
        session, Sought(f"Người {organisation.word('question', 'soyt')}", organisation.word("question", "soyt")),
        actor=actor("canbo.soyt"),
    )  # fmt: skip
    for answer in session.scalars(select(LocateAnswer).where(LocateAnswer.question_id == question.id)):
        code = next(code for code, id in world.units.items() if id == answer.unit_id)
        organisation.add("locate_answer", code, answer)
    for code, head in (("sonv", "bithu.sonv"), ("sotc", "bithu.sotc")):
        unit = session.get_one(Unit, world.units[code])
        organisation.add("access_review", code, access_reviews.start(session, unit, actor=actor(head)))
    for code, username in (("sonv", "canbo.sonv"), ("sotc", "canbo.sotc")):
        _open_campaign(session, organisation, code, actor(username))
    for name, officer, to in (("lent", "canbo.sonv", "sotc"), ("other", "canbo.sotc", "soyt")):
        home = session.get_one(Unit, world.units[to])
        reason = f"Điều động {organisation.word('move', name)}"
        wish = membership.Wish(MembershipKind.OFFICIAL, home, "1-QĐ", day, reason)
        dossier = session.get_one(Dossier, organisation.things["dossier"][name])
        organisation.add("membership", name, membership.prepare(session, dossier, wish, actor=actor(officer)))
    plan = reorganisation.draft(
        session,
        [{"kind": "merge", "from": ["soyt"], "to": ["sotc"]}],
        decision_number="1-QĐ/TU",
        decided_on=day,
        decision_body=f"Tỉnh ủy {organisation.word('plan', 'btc')}",
        effective_on=day,
        actor=actor("canbo.khoi"),
    )
    organisation.add("reorganisation", "btc", plan)


def _open_campaign(session: Session, organisation: Any, code: str, officer: Actor) -> Campaign:
    unit, day = organisation.world.units[code], today()
    wish = campaigns.NewCampaign(
        f"Bổ sung {organisation.word('campaign', code)}", day.year, day, day + timedelta(days=9), unit, [unit],
        list(Category), ["phone", "current_address"],
    )  # fmt: skip
    made = campaigns.open_campaign(session, wish, actor=officer)
    organisation.add("campaign", code, made)
    names = {id: name for name, id in organisation.things["dossier"].items()}
    for declaration in session.scalars(select(Declaration).where(Declaration.campaign_id == made.id)):
        name = names[declaration.dossier_id]
        draft = campaigns.Draft(values={"current_address": (f"Nhà {organisation.word('declared', name)}", "")})
        campaigns.save(session, declaration, draft, actor=officer)
        organisation.add("declaration", name, declaration)
    return made


def take_steps(session: Session, transfer: Transfer, steps: Sequence[str], actor: Actors) -> None:
    """Bring a transfer on its way, each step by who takes it; one that arrived leaves a late paper behind."""
    by = {"submit": "canbo.sonv", "approve": "truongban.khoi", "dispatch": "canbo.sonv", "accept": "bithu.sotc"}
    for name in steps:
        who = actor(by[name])
        if name == "accept":
            custody.tick_rest(session, transfer, actor=actor("canbo.sotc"))
        custody.take(
            session, custody.choose_step(transfer, name, actor=who), transfer, actor=who, reason="Theo quyết định"
        )


def late_paper(session: Session, organisation: Any, name: str, transfer: Transfer) -> None:
    """A paper that came after its dossier had gone, sent on."""
    officer = organisation.world.accounts["canbo.sonv"]
    attached = AttachedFile(
        transfer_id=transfer.id, purpose=FilePurpose.LATE, sha256="0" * 64,
        file_name=organisation.word("late", name), media_type="application/pdf", size=9, page_count=1,
        added_by_id=officer,
    )  # fmt: skip
    session.add(attached)
    session.flush()
    paper = LatePaper(
        transfer_id=transfer.id, dossier_id=transfer.dossier_id, unit_id=transfer.from_unit_id, file_id=attached.id,
        title=organisation.word("late", name), state=LateState.SENT, brought_by_id=officer, sent_at=now(),
    )  # fmt: skip
    session.add(paper)
    session.flush()
    organisation.add("late_paper", name, paper)


__all__ = ["PROOF", "hang", "hang_on_units", "late_paper", "let_go", "take_steps"]
