"""A campaign of supplements for the demo, with declarations in every state. Everything goes through the real doors."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import campaigns, catalogue
from oms.campaigns import Draft, NewCampaign
from oms.models import Category, Declaration, Dossier, Unit, Verdict
from oms.organisation import today
from oms.permissions import Actor

_KINDS = (Category.CIVIL_SERVANT, Category.PUBLIC_EMPLOYEE)
_STATES = ("attested", "checked", "returned", "sent", "sent", "nothing")
_TRAINING = (
    "Trường Chính trị tỉnh",
    "Bồi dưỡng ngạch chuyên viên chính",
    "03/2026 - 05/2026",
    "Tập trung",
    "Chứng chỉ",
)


def add_campaign(session: Session, code: str, actors: Mapping[str, Actor]) -> None:
    """The officer of unit `code` opens the supplement of this year; some of its people have declared already."""
    unit = session.scalars(select(Unit).where(Unit.code == code)).one()
    held = select(Dossier.id).where(Dossier.custodian_id == unit.id, Dossier.category.in_(_KINDS))
    if session.scalar(held.limit(1)) is None:  # a very small demo may have nobody there
        return
    officer, year = actors["canbo.sonv"], today().year
    wish = NewCampaign(
        name=f"Bổ sung lý lịch công chức, viên chức năm {year}",
        year=year,
        starts_on=today(),
        ends_on=date(year + 1, 1, 15),
        unit_id=unit.id,
        unit_ids=[unit.id],
        categories=_KINDS,
        fields=sorted(catalogue.supplement_keys("usual", today())),
    )
    campaign = campaigns.open_campaign(session, wish, actor=officer)
    own = actors["nguoilaodong.sonv"]
    waiting = session.scalars(
        select(Declaration)
        .join(Declaration.dossier)
        .where(Declaration.campaign_id == campaign.id, ~Dossier.frozen, ~Dossier.held)
        .order_by(Dossier.number)
    ).all()
    mine = [one for one in waiting if one.dossier.person_id == own.person_id]
    for declaration in mine[:1]:
        campaigns.save(session, declaration, Draft(values={"phone": ("0912 345 678", "03/2026")}), actor=own)
    for state, declaration in zip(_STATES, (one for one in waiting if one not in mine), strict=False):
        _declare(session, declaration, state, actors)


def _declare(session: Session, declaration: Declaration, state: str, actors: Mapping[str, Actor]) -> None:
    """One declaration keyed from its signed paper, taken as far as `state` says."""
    officer, head = actors["canbo.sonv"], actors["bithu.sonv"]
    values = {"phone": ("0263 3822 456", "02/2026"), "it_skill": ("Chứng chỉ ứng dụng CNTT nâng cao", "05/2026")}
    draft = Draft() if state == "nothing" else Draft(values, {"training": [_TRAINING]})
    campaigns.save(session, declaration, draft, actor=officer)
    campaigns.hand_in(session, declaration, actor=officer)
    if state == "returned":
        step = campaigns.get_step("return")
        reason = "Chưa kèm bản sao chứng chỉ bồi dưỡng ngạch; đề nghị bổ sung."
        campaigns.send_back(session, declaration, step, reason, actor=officer)
    if state in ("checked", "attested"):
        campaigns.judge(
            session, declaration, {entry.id: (Verdict.APPROVED, "") for entry in declaration.entries}, actor=officer
        )
        campaigns.finish_check(session, declaration, actor=officer)
    if state == "attested":
        campaigns.attest(session, declaration, actor=head)
