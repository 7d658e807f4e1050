"""What the tests of supplements do again and again."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from oms import campaigns
from oms.campaigns import Draft, NewCampaign
from oms.models import (
    AuditEntry,
    Category,
    Verdict,
)
from oms.organisation import today

FIELDS = ("phone", "current_address", "salary_coefficient", "training", "family_self")
REASON = "Chưa có quyết định kèm theo"


def confirmed(somebody):
    return replace(somebody, confirmed=True)


def told(session, kind="declaration"):
    query = select(AuditEntry.action).where(AuditEntry.action.like(f"{kind}:%"), AuditEntry.outcome == "done")
    return [one.partition(":")[2] for one in session.scalars(query.order_by(AuditEntry.seq))]


def opening(world, unit="sonv", **more):
    given = NewCampaign(
        name="Bổ sung lý lịch năm 2026",
        year=today().year,
        starts_on=today() - timedelta(days=1),
        ends_on=today() + timedelta(days=30),
        unit_id=world.units[unit],
        unit_ids=[world.units[unit]],
        categories=[Category.CIVIL_SERVANT],
        fields=FIELDS,
    )
    return replace(given, **more)


def handed_in(session, asked, person, **draft):
    given = Draft(**draft) if draft else Draft(values={"phone": ("0912 345 678", "3/2026")})
    assert campaigns.save(session, asked, given, actor=person()) == {}
    campaigns.hand_in(session, asked, actor=person())
    return asked


def judged(session, asked, actor, verdict=Verdict.APPROVED, by="canbo.sonv"):
    said = {entry.id: (verdict, REASON) for entry in asked.entries}
    campaigns.judge(session, asked, said, actor=actor(by))
    campaigns.finish_check(session, asked, actor=actor(by))


def attested(session, asked, actor, by="bithu.sonv"):
    campaigns.attest(session, asked, actor=confirmed(actor(by)))
