"""Whose account it is: the head ties an account of the unit to the person of a dossier, so that leaving and moving show.

The account then also shows its owner what the law lets people see of their own dossier; hence the same name is asked
for, and nobody ties their own.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import accounts, audit
from oms.access_reviews.listing import holdings
from oms.access_reviews.signing import lock_open
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import AccessReview, Account, Dossier
from oms.permissions import Action, Actor, allowed, require, require_confirmed
from oms.vietnamese.text import fold


def tie(session: Session, review: AccessReview, account_id: str, dossier_number: str, *, actor: Actor) -> Account:
    """Tie an account of an open review to the person of a dossier the head may read; without a number it is untied."""
    require(actor, Action.ACCESS_REVIEW_SIGN, review)
    lock_open(session, review)
    account = next((one.account for one in holdings(session, review.unit) if one.account.id == account_id), None)
    if account is None:
        raise BadInput(N_("The list has changed meanwhile, or names your own account. Reload the page."))
    if account.id == actor.account_id:
        raise Refused(N_("Nobody ties their own account to a person. Ask the head above."))
    person_id = None
    if number := dossier_number.strip().upper():
        dossier = session.scalar(
            select(Dossier).where(Dossier.number == number, allowed(actor, Action.DOSSIER_READ)).limit(1)
        )
        if dossier is None:
            raise BadInput(N_("Your unit keeps no dossier with this number. Check it on the page of the person."))
        if _name(dossier.person.full_name) != _name(account.full_name):
            raise BadInput(N_("The account and the dossier bear different names, so they are not tied."))
        person_id = dossier.person_id
    if person_id == account.person_id:
        raise Conflict(N_("It is so already. Nothing was changed."))
    require_confirmed(actor)
    account.person_id = person_id
    accounts.end_sessions(session, account)
    session.flush()
    audit.record(session, "account:tie", account, actor=actor, person=person_id, review=review.number)
    return account


def _name(written: str) -> str:
    return " ".join(fold(written).split())
