"""Days to come for the demo: posts whose term ends soon, a discipline in force, somebody who retires. Everything goes
through the real doors."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import record
from oms.models import Category, Dossier, LeavingWay, Unit
from oms.organisation import today
from oms.permissions import Action, Actor, can
from oms.procedures import leavings
from oms.procedures.leavings import Left

FORM = "SYLL-TT06-2023"
# Days from today until the term of a post of five years ends.
_TERMS = (20, 75, 300)


def add_days_to_come(session: Session, code: str, actors: Mapping[str, Actor]) -> None:
    """The officer of unit `code` keys days of appointment of three people and a discipline of a fourth, and enters that a
    fifth retires."""
    officer = actors["canbo.sonv"]
    query = (
        select(Dossier)
        .join(Unit, Unit.id == Dossier.custodian_id)
        .where(Unit.code == code, Dossier.category != Category.PARTY_MEMBER)
        .order_by(Dossier.number)
    )
    open_ones = [one for one in session.scalars(query) if can(officer, Action.RECORD_EDIT, one)]
    for dossier, days in zip(open_ones[1:], _TERMS, strict=False):
        ends = today() + timedelta(days=days)
        appointed = f"{min(ends.day, 28):02}/{ends.month:02}/{ends.year - 5}"
        for key, text in (("appointment_date", appointed), ("current_position", "Phó Trưởng phòng")):
            record.key_value(session, dossier, key, text, actor=officer, form_id=FORM)
    for dossier in open_ones[5:6]:
        day = today() - timedelta(days=100)
        cells = [f"{day:%d/%m/%Y}", "", "Khiển trách", "Chậm xử lý hồ sơ được giao", "Giám đốc Sở"]
        record.write_row(session, dossier, "discipline", cells, actor=officer, form_id=FORM)
    for dossier in open_ones[6:7]:
        decided = today() - timedelta(days=23)
        left = Left(LeavingWay.RETIREMENT, "86/QĐ-SNV", decided, today())
        leavings.begin(session, dossier, left, actor=officer)
