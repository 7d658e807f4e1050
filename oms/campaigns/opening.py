"""Campaigns of supplements (đợt bổ sung lý lịch): opened for units and those below, asked anew, closed.

Who is asked is written down when the campaign is opened, and stays: who comes later is taken in by one act. What may
be declared does not change any more once it is open.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, dossiers
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Campaign,
    CampaignUnit,
    Category,
    Declaration,
    DeclarationState,
    Dossier,
    DossierStatus,
    Unit,
    new_id,
    now,
)
from oms.organisation import today, units_below
from oms.permissions import Action, Actor, require
from oms.permissions.declaring import USING
from oms.vietnamese.text import nfc

NAME_LENGTH = 200
_TOGETHER = 1_000
"""Rows written by one statement."""


@dataclass(frozen=True)
class NewCampaign:
    """What an officer writes down; `fields` are keys of the forms, `unit_ids` are asked with those below them.

    Without `ends_on` the law's own day for these categories holds.
    """

    name: str
    year: int
    starts_on: date
    ends_on: date | None
    unit_id: str
    unit_ids: Sequence[str]
    categories: Sequence[Category]
    fields: Sequence[str]


def deadline_of(categories: Collection[Category], year: int) -> tuple[date, str] | None:
    """The last day the law sets for these categories, with the rule; the earliest of several, None where none does.

    None, too, for a year no calendar has: the form asks before anybody has checked what was written.
    """
    found = []
    if not MINYEAR <= year < MAXYEAR:
        return None
    for category in categories:
        rule = catalogue.supplement_deadline(category.value, today())
        if rule is not None:
            found.append((rule.last_day(year), rule.basis))
    return min(found) if found else None


def reach(session: Session, unit: Unit) -> frozenset[str]:
    """The units a body may ask: itself and those below; a board that keeps dossiers all of its committee."""
    top = unit.parent_id if unit.keeps_dossiers and unit.parent_id else unit.id
    return units_below(session, {top})


def open_campaign(session: Session, new: NewCampaign, *, actor: Actor) -> Campaign:
    """Open a campaign: everybody who fits is asked from now on. Raises `BadInput` or `Refused`."""
    require_opening(actor, new.unit_id)
    unit = session.get_one(Unit, new.unit_id)
    ends_on = _check(session, new, unit)
    allowed_keys = catalogue.supplement_things(today())
    campaign = Campaign(
        number=f"BS-{new.year}-{dossiers.next_number(session, f'campaign-{new.year}'):04d}",
        name=_name(new.name),
        year=new.year,
        unit_id=unit.id,
        starts_on=new.starts_on,
        ends_on=ends_on,
        categories=[category.value for category in Category if category in new.categories],
        fields=[key for key in allowed_keys if key in new.fields],
        opened_by_id=actor.account_id,
        asked=[CampaignUnit(unit_id=id) for id in dict.fromkeys(new.unit_ids)],
    )
    session.add(campaign)
    session.flush()
    if not _ask(session, campaign):
        raise BadInput(N_("Nobody of these units has an open dossier of these categories. Choose others."))
    audit.record(
        session,
        "campaign:open",
        campaign,
        actor=actor,
        words=campaign.name,
        units=sorted(new.unit_ids),
        fields=campaign.fields,
    )
    return campaign


def require_opening(actor: Actor, unit_id: str) -> None:
    """Raise `Refused` unless the actor opens campaigns for this unit."""
    if unit_id not in actor.units.get(Action.CAMPAIGN_OPEN, frozenset()):
        raise Refused(N_("Your account opens no campaign for this unit. The dossier officer there does."))


def _check(session: Session, new: NewCampaign, unit: Unit) -> date:
    """The last day of a campaign that can be."""
    if not today().year - 5 <= new.year <= today().year + 1:
        raise BadInput(N_("Write the year the supplements tell of, such as %(year)s."), year=today().year)
    if not new.categories:
        raise BadInput(N_("Choose the categories of dossiers that are asked."))
    by_law = deadline_of(new.categories, new.year)
    ends_on = new.ends_on or (by_law[0] if by_law else None)
    if ends_on is None:
        raise BadInput(N_("No rule sets a last day for these categories. Write the last day."))
    if ends_on < new.starts_on:
        raise BadInput(N_("The last day lies before the first one. Correct the two days."))
    if ends_on < today():
        raise BadInput(N_("The last day has passed already. Nobody could declare any more."))
    if not new.unit_ids:
        raise BadInput(N_("Choose the units that are asked."))
    if not set(new.unit_ids) <= reach(session, unit):
        raise Refused(N_("One of these units is not below yours. Choose units of your own organisation."))
    if not new.fields:
        raise BadInput(N_("Choose at least one value that may be declared."))
    known, never = catalogue.supplement_things(today()), catalogue.supplement_keys("never", today())
    if set(new.fields) & never:
        raise Refused(
            N_("A value among these changes by a correction with its decision only. Take it out of the list.")
        )
    if not set(new.fields) <= set(known):
        raise BadInput(N_("One of these values is in no form. Choose from the list."))
    return ends_on


def _name(text: str) -> str:
    words = " ".join(nfc(text).split())
    if not words or len(words) > NAME_LENGTH:
        raise BadInput(N_("Give the campaign a name of at most %(count)s characters."), count=NAME_LENGTH)
    return words


def _fits(session: Session, campaign: Campaign) -> ColumnElement[bool]:
    """Open dossiers of the categories in the units asked, within reach of the opener, and not asked yet."""
    units = units_below(session, {row.unit_id for row in campaign.asked})
    managed = reach(session, session.get_one(Unit, campaign.unit_id))
    asked = select(Declaration.dossier_id).where(Declaration.campaign_id == campaign.id)
    return (
        Dossier.category.in_([Category(value) for value in campaign.categories])
        & (Dossier.status == DossierStatus.OPEN)
        & USING.in_(units)
        & Dossier.managing_body_id.in_(managed)
        & Dossier.id.not_in(asked)
    )


def _ask(session: Session, campaign: Campaign) -> int:
    """Write down everybody who fits and is not asked yet; return how many."""
    ids = session.scalars(select(Dossier.id).where(_fits(session, campaign)).order_by(Dossier.number)).all()
    rows = [
        {
            "id": new_id(),
            "campaign_id": campaign.id,
            "dossier_id": dossier_id,
            "state": DeclarationState.NOT_STARTED,
            "on_paper": False,
            "reason": "",
            "version": 1,
        }
        for dossier_id in ids
    ]
    for start in range(0, len(rows), _TOGETHER):
        session.execute(insert(Declaration), rows[start : start + _TOGETHER])
    return len(rows)


def count_newcomers(session: Session, campaign: Campaign) -> int:
    """How many fit the campaign and are not asked: they came after it was opened."""
    if campaign.closed_at is not None:
        return 0
    return session.scalar(select(func.count(Dossier.id)).where(_fits(session, campaign))) or 0


def take_in(session: Session, campaign: Campaign, *, actor: Actor) -> int:
    """Ask those, too, who fit and came later; return how many."""
    _begin(session, campaign, actor, None)
    count = _ask(session, campaign)
    audit.record(session, "campaign:take_in", campaign, actor=actor, total=count)
    return count


def change(
    session: Session, campaign: Campaign, *, name: str, ends_on: date, actor: Actor, version: int | None = None
) -> None:
    """Another name or another last day; who is asked and for what stays."""
    _begin(session, campaign, actor, version)
    if ends_on < campaign.starts_on or ends_on < today():
        raise BadInput(N_("The last day lies before the first one, or has passed. Correct the day."))
    campaign.name, campaign.ends_on = _name(name), ends_on
    session.flush()
    audit.record(session, "campaign:change", campaign, actor=actor, words=campaign.name, ends_on=ends_on.isoformat())


def close(session: Session, campaign: Campaign, *, actor: Actor, version: int | None = None) -> None:
    """End it: nothing more is handed in. What was handed in is still checked and attested."""
    _begin(session, campaign, actor, version)
    campaign.closed_at, campaign.closed_by_id = now(), actor.account_id
    session.flush()
    audit.record(session, "campaign:close", campaign, actor=actor)


def discard(session: Session, campaign: Campaign, *, actor: Actor) -> None:
    """Take a campaign back that was opened by mistake; `Conflict` once somebody has begun to declare."""
    _begin(session, campaign, actor, None)
    of_campaign = Declaration.campaign_id == campaign.id
    # Locked first: nobody begins while it goes.
    states = set(session.scalars(select(Declaration.state).where(of_campaign).with_for_update()))
    if states - {DeclarationState.NOT_STARTED}:
        raise Conflict(N_("Declarations lie in this campaign: it cannot be taken back any more. Close it instead."))
    audit.record(session, "campaign:discard", campaign, actor=actor, words=campaign.name)
    session.execute(delete(Declaration).where(of_campaign))
    session.execute(delete(CampaignUnit).where(CampaignUnit.campaign_id == campaign.id))
    session.execute(delete(Campaign).where(Campaign.id == campaign.id))


def _begin(session: Session, campaign: Campaign, actor: Actor, version: int | None) -> None:
    db.lock(session, campaign)
    require(actor, Action.CAMPAIGN_OPEN, campaign)
    if version is not None and version != campaign.version:
        raise Conflict(N_("Somebody else just changed this campaign. Reload the page and look again."))
    if campaign.closed_at is not None:
        raise Conflict(N_("Campaign %(number)s is closed."), number=campaign.number)
