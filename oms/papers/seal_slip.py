"""The state of the audit log on paper: the anchor that needs no machine."""

from datetime import datetime

from sqlalchemy.orm import Session

from oms import audit, organisation
from oms.audit import sealing
from oms.audit.notes import end_of
from oms.audit.proof import NOTES_FILE, Break, Checkpoint, read_notes
from oms.errors import N_, Conflict
from oms.models import Unit, now
from oms.organisation import HANOI
from oms.packages import own_name
from oms.papers.issuing import PDF, Paper, body_of
from oms.permissions import Action, Actor, require
from oms.printing import Imprint, SealSlip, draw_seal_slip
from oms.settings import Settings


def seal_slip(session: Session, settings: Settings, *, actor: Actor) -> Paper:
    """Phiếu ghi trạng thái nhật ký of the last checkpoint; `Conflict` before there is one. It bears no number."""
    require(actor, Action.AUDIT_READ)
    state = sealing.state_of(settings)
    last = state.last
    if last is None:
        raise Conflict(N_("No checkpoint was signed yet; the worker does it every ten minutes. Try again then."))
    signed = datetime.fromisoformat(last.at).astimezone(HANOI)
    slip = SealSlip(
        body=body_of(session.get_one(Unit, actor.unit_id)),
        imprint=Imprint(number="", printed_by=actor.name, printed_at=now().astimezone(HANOI), purpose="lưu sổ"),
        day=organisation.today(),
        installation=own_name(session),
        entries=f"{last.size:,}".replace(",", "."),
        segment=_segment(last, state.breaks),
        signed_at=f"{signed:%H:%M ngày %d/%m/%Y}",
        root=last.root.hex(),
        head=last.head,
        key=last.origin,
        note=read_notes(sealing.folder(settings) / NOTES_FILE)[-1],
    )
    audit.record(session, "audit:slip", actor=actor, size=end_of(last))
    return Paper(f"phieu-nhat-ky-{signed:%Y%m%d-%H%M}.pdf", PDF, draw_seal_slip(slip))


def _segment(last: Checkpoint, breaks: tuple[Break, ...]) -> str:
    """Of a log that was broken: which segment was signed, and where the older ones are broken; else nothing."""
    if not breaks:
        return ""
    told = "; ".join(
        f"trước mục {one.first} "
        + (f"phát hiện sai lệch tại mục {one.seq}" if one.seq else "không tin cậy được các điểm xác nhận")
        for one in breaks
    )
    return f"đoạn {last.number}, từ mục {last.first} ({told})"
