"""Alarms by mail, through the relay of the house: `OMS_MAIL_RELAY` and `OMS_MAIL_TO`; without both nothing leaves.

A mail says what was noticed and where to look; it names accounts, never dossiers or people of dossiers. What could not
be sent is sent with the next round, for a day, and the system page says how many wait.
"""

import logging
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import make_msgid

from sqlalchemy import Engine, select

from oms import db, health, words
from oms.alarms.sentences import sentence_of
from oms.errors import N_
from oms.models import Alarm, now
from oms.organisation import HANOI
from oms.settings import Settings

log = logging.getLogger(__name__)

SUBJECT = N_("OMS: %(count)s new alarms")
CLOSING = N_("Look at them in OMS under “Alarms”, and write there what you found.")
AT_ONCE = 50
PATIENCE = 10
"""Seconds for the relay to answer."""


def send_waiting(engine: Engine, settings: Settings) -> int:
    """Mail what was not mailed yet and is not older than a day, all in one letter; how many alarms that were.

    They are marked as mailed first, so that of two workers one sends, and unmarked when the relay does not take them.
    """
    if not (settings.mail_relay and settings.mail_to):
        return 0
    with db.writing(engine) as session:
        fresh = (Alarm.mailed_at.is_(None), Alarm.raised_at > now() - health.MAILED_WITHIN)
        query = select(Alarm).where(*fresh).order_by(Alarm.raised_at).limit(AT_ONCE)
        waiting = session.scalars(query.with_for_update()).all()
        for alarm in waiting:
            alarm.mailed_at = now()
    if not waiting:
        return 0
    host, _, port = settings.mail_relay.partition(":")
    try:
        with smtplib.SMTP(host, int(port or 25), timeout=PATIENCE) as relay:
            relay.send_message(_letter(waiting, settings))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        log.warning("alarms are not mailed, the relay does not take them: %s", error)
        with db.writing(engine) as session:
            for alarm in session.scalars(select(Alarm).where(Alarm.id.in_([alarm.id for alarm in waiting]))):
                alarm.mailed_at = None
        return 0
    return len(waiting)


def _letter(waiting: Sequence[Alarm], settings: Settings) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = settings.mail_from or settings.mail_to.split()[0]
    letter["To"] = ", ".join(settings.mail_to.split())
    language = settings.language
    letter["Subject"] = words.translate(SUBJECT, {"count": len(waiting)}, language)
    letter["Message-ID"] = make_msgid(domain="oms.invalid")
    lines = [
        f"{alarm.raised_at.astimezone(HANOI):%d/%m/%Y %H:%M}  "
        + words.translate(sentence_of(alarm), alarm.values, language)
        for alarm in waiting
    ]
    letter.set_content("\n".join([*lines, "", words.translate(CLOSING, language=language)]))
    return letter
