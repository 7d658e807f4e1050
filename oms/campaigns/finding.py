"""Campaigns as lists: which there are, how far each unit is, whose supplement waits for whom.

Everything is counted by the database, with a number of queries that grows with nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.models import (
    Account,
    Campaign,
    Declaration,
    DeclarationState,
    Dossier,
    DossierStatus,
    Person,
    Unit,
)
from oms.organisation import grassroots_of, today, units_below
from oms.permissions import Action, Actor, allowed, require
from oms.permissions.declaring import USING
from oms.vietnamese.names import name_key

PAGE_SIZE = 50
NOT_HANDED_IN = (DeclarationState.NOT_STARTED, DeclarationState.DRAFT, DeclarationState.RETURNED)
"""States in which the unit has no supplement in its hands."""
STILL_ASKED = or_(
    Declaration.state.not_in(NOT_HANDED_IN),
    Declaration.dossier_id.in_(select(Dossier.id).where(Dossier.status == DossierStatus.OPEN)),
)
"""Whoever left before handing in is not waited for any more."""
NOT_CLOSED = Declaration.dossier_id.not_in(select(Dossier.id).where(Dossier.status == DossierStatus.CLOSED))
"""Something can still be written in the record."""
HAS_ACCOUNT = (
    select(Account.id).where(Account.person_id == Dossier.person_id, ~Account.disabled).correlate(Dossier).exists()
)
"""Whether the person of a dossier can sign in."""


@dataclass
class Progress:
    """How many supplements stand where; `no_account` of those not handed in cannot declare by themselves."""

    unit: Unit | None = None
    states: Counter[DeclarationState] = field(default_factory=Counter)
    no_account: int = 0

    @property
    def total(self) -> int:
        """All that were asked for."""
        return sum(self.states.values())

    @property
    def handed_in(self) -> int:
        """Those that came to the unit, whatever became of them since."""
        return self.total - self.left

    @property
    def left(self) -> int:
        """Those that have not come."""
        return sum(self.states[state] for state in NOT_HANDED_IN)

    def add(self, state: DeclarationState, number: int, *, account: bool) -> None:
        """Count some more."""
        self.states[state] += number
        if state in NOT_HANDED_IN and not account:
            self.no_account += number


def list_campaigns(
    session: Session, *, actor: Actor, page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[tuple[Campaign, Progress]], int]:
    """Campaigns the actor may know of, open ones first, each with how far it is; and how many in all."""
    condition = allowed(actor, Action.CAMPAIGN_READ)
    campaigns = session.scalars(
        select(Campaign)
        .where(condition)
        .options(joinedload(Campaign.unit))
        .order_by(Campaign.closed_at.is_not(None), Campaign.ends_on.desc(), Campaign.id)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(Campaign).where(condition)) or 0
    found = {campaign.id: Progress() for campaign in campaigns}
    query = _counted(actor, Declaration.campaign_id).where(Declaration.campaign_id.in_(found))
    for id, state, account, number in session.execute(query):
        found[id].add(state, number, account=account)
    audit.record(session, "campaign:list", actor=actor, total=total)
    return [(campaign, found[campaign.id]) for campaign in campaigns], total


def _counted(actor: Actor, by: Any) -> Select[Any, DeclarationState, bool, int]:
    """Supplements by something, state and account, of all units for the body that opened the campaign."""
    own = Campaign.unit_id.in_(actor.units.get(Action.CAMPAIGN_OPEN, frozenset()))
    own_head = Campaign.unit_id.in_(actor.units.get(Action.CAMPAIGN_READ, frozenset()))
    return (
        select(by, Declaration.state, HAS_ACCOUNT, func.count())
        .select_from(Declaration)
        .join(Dossier, Dossier.id == Declaration.dossier_id)
        .join(Campaign, Campaign.id == Declaration.campaign_id)
        .where(or_(own, own_head, allowed(actor, Action.DECLARATION_READ)), STILL_ASKED)
        .group_by(by, Declaration.state, HAS_ACCOUNT)
    )


def view(session: Session, campaign: Campaign, *, actor: Actor) -> tuple[Progress, list[Progress]]:
    """How far the whole campaign is, and each grassroots unit in it; whoever is furthest behind comes first."""
    require(actor, Action.CAMPAIGN_READ, campaign)
    whole, units = progress_of(session, campaign, actor=actor)
    audit.record(session, "campaign:view", campaign, actor=actor, total=whole.total)
    return whole, units


def progress_of(session: Session, campaign: Campaign, *, actor: Actor) -> tuple[Progress, list[Progress]]:
    """As `view`, without a word in the log: cells are counted with the organisation they lie in."""
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    whole, found = Progress(), defaultdict[str, Progress](Progress)
    for unit_id, state, account, number in session.execute(
        _counted(actor, USING).where(Declaration.campaign_id == campaign.id)
    ):
        home = grassroots_of(units[unit_id])
        found[home.id].unit = home
        found[home.id].add(state, number, account=account)
        whole.add(state, number, account=account)
    return whole, sorted(found.values(), key=lambda row: (-row.left, name_key(row.unit.name if row.unit else "")))


def list_declarations(
    session: Session,
    campaign: Campaign,
    *,
    actor: Actor,
    unit_id: str = "",
    states: Sequence[DeclarationState] = (),
    no_account: bool = False,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> tuple[list[tuple[Declaration, bool]], int]:
    """Supplements of the people the actor may know of, by name, each with whether the person has an account."""
    require(actor, Action.CAMPAIGN_READ, campaign)
    query = _narrowed(session, campaign, actor, unit_id=unit_id, states=states, no_account=no_account)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.options(joinedload(Declaration.dossier).joinedload(Dossier.person).joinedload(Person.unit)).order_by(
        Person.sort_key, Dossier.number
    )
    if size is not None:
        query = query.limit(size).offset((max(page, 1) - 1) * size)
    rows = [(declaration, account) for declaration, account in session.execute(query)]
    audit.record(session, "declaration:list", campaign, actor=actor, total=total)
    return rows, total


def count_blank(
    session: Session, campaign: Campaign, *, actor: Actor, unit_id: str = "", no_account: bool = False
) -> int:
    """How many of the people the actor may know of have not begun."""
    states = (DeclarationState.NOT_STARTED,)
    query = _narrowed(session, campaign, actor, unit_id=unit_id, states=states, no_account=no_account)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _narrowed(
    session: Session,
    campaign: Campaign,
    actor: Actor,
    *,
    unit_id: str,
    states: Sequence[DeclarationState],
    no_account: bool,
) -> Select[Declaration, bool]:
    condition = and_(Declaration.campaign_id == campaign.id, allowed(actor, Action.DECLARATION_READ), STILL_ASKED)
    if states:
        condition &= Declaration.state.in_(states)
    if unit_id:
        condition &= USING.in_(units_below(session, {unit_id}))
    if no_account:
        condition &= ~HAS_ACCOUNT
    return select(Declaration, HAS_ACCOUNT).join(Declaration.dossier).join(Dossier.person).where(condition)


@dataclass(frozen=True)
class Waiting:
    """How much of one campaign waits for the actor: to be checked, to be attested, and what has not come."""

    campaign: Campaign
    to_check: int
    to_attest: int
    left: int

    @property
    def late(self) -> bool:
        """The last day has passed and something has not come."""
        return self.left > 0 and self.campaign.ends_on < today()


def waiting_for(session: Session, *, actor: Actor) -> list[Waiting]:
    """What waits for an officer or head, the campaign that ends first in front; with one query for each kind.

    What is checked of a closed dossier can be attested no more, so it does not wait for that.
    """
    counts: dict[str, dict[str, int]] = {}
    open_ones = select(Campaign.id).where(Campaign.closed_at.is_(None), Campaign.starts_on <= today())
    kinds = (
        ("to_check", Action.DECLARATION_CHECK, (DeclarationState.SENT,), true()),
        ("to_attest", Action.DECLARATION_ATTEST, (DeclarationState.CHECKED,), NOT_CLOSED),
        ("left", Action.DECLARATION_ENTER, NOT_HANDED_IN, Declaration.campaign_id.in_(open_ones)),
    )
    for name, action, states, condition in kinds:
        if not actor.has(action):
            continue
        query = select(Declaration.campaign_id, func.count()).where(
            Declaration.state.in_(states), allowed(actor, action), STILL_ASKED, condition
        )
        for id, number in session.execute(query.group_by(Declaration.campaign_id)):
            counts.setdefault(id, {})[name] = number
    campaigns = session.scalars(select(Campaign).where(Campaign.id.in_(counts)).order_by(Campaign.ends_on, Campaign.id))
    return [
        Waiting(one, *(counts[one.id].get(name, 0) for name in ("to_check", "to_attest", "left"))) for one in campaigns
    ]
