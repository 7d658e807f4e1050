"""Taking in one file over HTTP, for the upload page and the API alike.

The order is the promise of `oms.intake`: examine, keep, enter and commit, then deliver, then say so.
"""

from dataclasses import dataclass
from typing import BinaryIO

from flask_babel import gettext
from sqlalchemy.orm import Session

from oms import db, intake, storage
from oms.errors import FileRefused, NotFound, OmsError
from oms.models import Dossier, Scan
from oms.permissions import Actor
from oms.web.access import deliver, house
from oms.web.errors import sentence_of

RECEIVED, KNOWN, REFUSED = "received", "known", "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one file: `state` "received", "known" (same bytes were there) or "refused"."""

    name: str
    state: str
    scan: Scan | None = None
    error: OmsError | None = None

    @property
    def message(self) -> str:
        """The sentence for the sender."""
        said: str
        if self.error is not None:
            said = sentence_of(self.error)
        elif self.state == KNOWN:
            said = gettext("%(name)s was received before; nothing was added.", name=self.name)
        else:
            said = gettext("%(name)s was received and will be read.", name=self.name)
        return said


def receive_file(dossier_id: str, stream: BinaryIO, name: str, *, actor: Actor) -> Outcome:
    """Take one file into a dossier the actor may upload to; a refused file costs the others nothing.

    Raises `Refused` when the dossier is frozen and `NotFound` when it is no longer the actor's.
    """
    arrival = None
    try:
        arrival = intake.examine(house().settings, storage.chunks(stream), name)
        intake.keep(house().settings, arrival)
        with db.writing(house().engine) as session:
            scan, is_new = intake.receive(session, _dossier(session, dossier_id), arrival, actor=actor)
        deliver(session)
        return Outcome(arrival.name, RECEIVED if is_new else KNOWN, scan)
    except FileRefused as error:
        with db.writing(house().engine) as session:
            intake.refuse(session, _dossier(session, dossier_id), error.what, actor=actor)
        return Outcome(intake.label_of(name), REFUSED, error=error)
    finally:
        if arrival is not None:
            intake.discard(arrival)


def _dossier(session: Session, dossier_id: str) -> Dossier:
    dossier = session.get(Dossier, dossier_id)
    if dossier is None:
        raise NotFound()
    return dossier
