"""What a general installation knows of protection files: that a person has one, and where its paper is kept.

No number, no content, no list of flagged people: nor in the log, where a look names the person and the flag does not,
and a flag that is set or taken away names nobody. The head of the managing body writes it down; head and officers of
that body may look, one look one entry. In the closed installation there is no flag: there the files are.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, profile
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Dossier, Person, ProtectionFlag, now
from oms.organisation import today
from oms.permissions import Action, Actor, can, require

PLACE_LENGTH = 200


def look(session: Session, person: Person, *, actor: Actor) -> ProtectionFlag | None:
    """The flag of the person, None where there is none; either answer is a look."""
    _only_general(session)
    require(actor, Action.PROTECTION_FLAG_READ, person)
    audit.record(session, "protection_flag:look", person, actor=actor)
    return _find(session, person)


def set_flag(session: Session, person: Person, kept_at: str, *, actor: Actor) -> ProtectionFlag:
    """Write down that the person has a protection file, or that it is kept elsewhere now."""
    _only_general(session)
    require(actor, Action.PROTECTION_FLAG_SET, person)
    place = " ".join(kept_at.split())
    if not 3 <= len(place) <= PLACE_LENGTH:
        raise BadInput(
            N_(
                "Say in 3 to %(limit)s characters which body keeps the paper. Nothing of what it holds is written here."
            ),
            limit=PLACE_LENGTH,
        )
    db.lock(session, person)  # two heads at once: the second one corrects what the first one wrote
    flag = _find(session, person)
    if flag is None:
        flag = ProtectionFlag(person_id=person.id)
        session.add(flag)
    flag.kept_at, flag.set_by_id, flag.set_at = place, actor.account_id, now()
    session.flush()
    audit.record(session, "protection_flag:set", flag, actor=actor)
    return flag


def clear(session: Session, person: Person, *, actor: Actor) -> None:
    """Take the flag away: there is no protection file any more."""
    _only_general(session)
    require(actor, Action.PROTECTION_FLAG_SET, person)
    db.lock(session, person)
    flag = _find(session, person)
    if flag is None:
        raise Conflict(N_("No protection file is written down for this person. Nothing is left to do."))
    session.execute(delete(ProtectionFlag).where(ProtectionFlag.person_id == person.id))
    audit.record(session, "protection_flag:clear", flag, actor=actor)


def moves_apart(session: Session, dossier: Dossier, *, actor: Actor) -> ProtectionFlag | None:
    """For a transfer: the flag of its person, told to those who may look; the file moves by its own paper way.

    The look at the transfer is the entry, with a flag and without: one of its own would say that there is one.
    """
    person = dossier.person
    if profile.is_closed(session) or not can(actor, Action.PROTECTION_FLAG_READ, person):
        return None
    return _find(session, person)


def refuse_withheld(session: Session, title: str) -> None:
    """Raise `BadInput` for a paper that belongs into a protection file, in a general installation."""
    rule = catalogue.withheld_papers(today())
    if rule is None or not rule.names(title) or profile.is_closed(session):
        return
    raise BadInput(
        N_(
            "By its title this paper belongs into the internal political protection file (%(basis)s), which never lies "
            "here. Do not file it: hand the paper to the protection officer and have this scan destroyed."
        ),
        basis=rule.basis,
    )


def _find(session: Session, person: Person) -> ProtectionFlag | None:
    return session.scalar(select(ProtectionFlag).where(ProtectionFlag.person_id == person.id))


def _only_general(session: Session) -> None:
    if profile.is_closed(session):
        raise NotFound()
