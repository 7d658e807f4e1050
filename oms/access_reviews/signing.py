"""What the head says of each account, and the signing, at which revoked rights end."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import accounts, audit, catalogue, db, dossiers
from oms.access_reviews.listing import Holding, holdings, sha256_of, told_role
from oms.accounts import delegations
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    AccessReview,
    AccessReviewRow,
    Account,
    Assignment,
    ReviewVerdict,
    Role,
    Unit,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed

REASON_LENGTH = 10, 300


def start(session: Session, unit: Unit, *, actor: Actor) -> AccessReview:
    """Begin the review of a unit, or go on with the open one."""
    if unit.id not in actor.units.get(Action.ACCESS_REVIEW_SIGN, frozenset()):
        raise Refused(N_("The rights in a unit are reviewed by its head."))
    query = select(AccessReview).where(AccessReview.unit_id == unit.id, AccessReview.signed_at.is_(None))
    if (going := session.scalar(query)) is not None:
        return going
    rule = catalogue.access_review_rule(today())
    year = today().year
    review = AccessReview(
        number=f"RSQ-{year}-{dossiers.next_number(session, f'access-review-{year}'):04d}",
        unit_id=unit.id,
        basis=rule.basis if rule else "",
        started_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(review)
            session.flush()
    except IntegrityError:  # another window was faster
        return session.scalars(query).one()
    audit.record(session, "access_review:start", review, actor=actor, number=review.number, unit=unit.id)
    return review


def view(session: Session, review: AccessReview, *, actor: Actor) -> list[Holding]:
    """The accounts of an open review as they are now, written down as a look."""
    require(actor, Action.ACCESS_REVIEW_READ, review)
    audit.record(session, "access_review:view", review, actor=actor, unit=review.unit_id)
    return holdings(session, review.unit) if review.signed_at is None else []


def verdicts(review: AccessReview, held: Sequence[Holding]) -> dict[str, AccessReviewRow]:
    """The verdicts that still hold, by account: those on rights that have not changed since."""
    now_is = {one.account.id: one.rights_sha256 for one in held}
    return {
        row.account_id: row
        for row in review.rows
        if row.verdict is not None and now_is.get(row.account_id) == row.rights_sha256
    }


def decide(session: Session, review: AccessReview, said: Mapping[str, tuple[str, str]], *, actor: Actor) -> None:
    """Keep what the head says of accounts (verdict and reason by account id); nothing is taken away before the signing."""
    require(actor, Action.ACCESS_REVIEW_SIGN, review)
    lock_open(session, review)
    held = {one.account.id: one for one in holdings(session, review.unit)}
    before = {row.account_id: row for row in review.rows}
    changed = 0
    for account_id, (verdict, reason) in said.items():
        holding = held.get(account_id)
        if holding is None or account_id == actor.account_id:
            raise BadInput(N_("The list has changed meanwhile, or names your own account. Reload the page."))
        words = " ".join(reason.split())
        if verdict not in set(ReviewVerdict):
            raise BadInput(N_("Confirm or revoke: choose one of the two for each account."))
        if verdict == ReviewVerdict.REVOKED and not REASON_LENGTH[0] <= len(words) <= REASON_LENGTH[1]:
            raise BadInput(
                N_("Write why the rights of %(username)s are revoked, in 10 to 300 characters."),
                username=holding.account.username,
            )
        row = before.get(account_id) or AccessReviewRow(review_id=review.id, account_id=account_id)
        state = (ReviewVerdict(verdict), words, holding.rights_sha256)
        changed += state != (row.verdict, row.reason, row.rights_sha256)
        row.verdict, row.reason, row.rights_sha256 = state
        session.add(row)
    session.flush()
    session.expire(review, ["rows"])
    if changed:
        audit.record(session, "access_review:decide", review, actor=actor, accounts=changed)


def lock_open(session: Session, review: AccessReview) -> None:
    """Hold the review; raises `Conflict` once it is signed."""
    db.lock(session, review)
    if review.signed_at is not None:
        raise Conflict(N_("This review is signed. Nothing in it changes any more."))


def sign(session: Session, review: AccessReview, *, actor: Actor) -> int:
    """Sign: what is revoked ends at once, and what everybody could do is kept; how many accounts lost their rights."""
    require(actor, Action.ACCESS_REVIEW_SIGN, review)
    lock_open(session, review)
    held = holdings(session, review.unit)
    good = verdicts(review, held)
    good.pop(actor.account_id, None)  # what another head said of who signs now: nobody is to end or confirm themselves
    if any(one.account.id not in good and one.account.id != actor.account_id for one in held):
        raise Conflict(
            N_("Some accounts have no verdict yet, or their rights have changed since. Look at the list again.")
        )
    revoked = [one for one in held if one.account.id in good and good[one.account.id].verdict == ReviewVerdict.REVOKED]
    _keep_an_administrator(session, revoked)
    require_confirmed(actor)
    for row in review.rows:
        if row.account_id not in good:  # no longer in the list, or the own account of who signs
            session.delete(row)
    session.flush()  # the own row is written anew below
    for one in held:
        row = good.get(one.account.id) or AccessReviewRow(
            review_id=review.id, account_id=one.account.id, rights_sha256=one.rights_sha256
        )
        row.told = _told(one)
        session.add(row)
    for one in revoked:
        for assignment in one.assignments:
            accounts.end_reviewed(session, assignment, review, actor=actor)
        for delegation in one.delegations:
            delegations.end_reviewed(session, delegation, review, actor=actor)
    session.flush()
    session.expire(review, ["rows"])
    sealed = seal_of(review)
    review.signed_by_id, review.signed_at, review.sealed_sha256 = actor.account_id, now(), sealed
    session.flush()
    audit.record(
        session,
        "access_review:sign",
        review,
        actor=actor,
        number=review.number,
        accounts=len(held),
        revoked=len(revoked),
        sha256=sealed,
    )
    return len(revoked)


def seal_of(review: AccessReview) -> str:
    """The SHA-256 over what a signed review says."""
    rows = [[row.account_id, row.verdict.value if row.verdict else None, row.reason, row.told] for row in review.rows]
    return sha256_of([review.number, review.unit_id, sorted(rows, key=str)])


def _keep_an_administrator(session: Session, revoked: Sequence[Holding]) -> None:
    """An installation without an administrator can be helped by nobody."""
    going = {one.id for holding in revoked for one in holding.assignments if one.role == Role.ADMINISTRATOR}
    if not going:
        return
    day = today()
    left = session.scalar(
        select(Assignment.id)
        .join(Assignment.account)
        .where(
            Assignment.role == Role.ADMINISTRATOR,
            Assignment.id.not_in(going),
            Assignment.valid_from <= day,
            Assignment.valid_to.is_(None) | (Assignment.valid_to >= day),
            ~Account.disabled,
        )
        .limit(1)
    )
    if left is None:
        raise Refused(N_("Nobody would be left to manage accounts. Let another administrator be made first."))


def _told(one: Holding) -> dict[str, Any]:
    """What stands in the signed list about an account."""
    return {
        "username": one.account.username,
        "name": one.account.full_name,
        "roles": [told_role(role) | {"place": role.unit.name} for role in one.assignments],
        "delegations": [
            {"head": lent.head.full_name, "actions": lent.actions, "until": lent.valid_to.isoformat()}
            for lent in one.delegations
        ],
        "looks": [look.number for look in one.consultations],
        "last_sign_in": one.last_sign_in.isoformat() if one.last_sign_in else None,
        "marks": list(one.marks),
    }
