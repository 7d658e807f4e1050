"""Moves of members for the demo: one whose letter waits at Sở Tài chính, one at the first box, one for a time.

Everything goes through the real doors.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import membership, organisation
from oms.models import Category, Dossier, MembershipKind, Transfer, Unit
from oms.organisation import today
from oms.permissions import Actor

# Kind, from which unit to which, the decision, and the steps with who takes them.
_SIGNED = (("submit", "canbo.sonv"), ("sign", "bithu.sonv"), ("sign", "truongban.khoi"))
_BACK = (("submit", "canbo.sotc"), ("sign", "bithu.sotc"), ("sign", "truongban.khoi"))
_MOVES: tuple[tuple[MembershipKind, str, str, str, tuple[tuple[str, str], ...]], ...] = (
    (MembershipKind.OFFICIAL, "so_noi_vu", "so_tai_chinh", "214-QĐ/ĐUK", _SIGNED),
    (MembershipKind.INTERNAL, "so_noi_vu", "so_noi_vu_c2", "37-CV/ĐU", _SIGNED[:1]),
    (MembershipKind.TEMPORARY, "so_tai_chinh", "so_noi_vu_c1", "156-QĐ/UBND", _BACK),
)


def add_moves(session: Session, actors: Mapping[str, Actor]) -> None:
    """Members without an open transfer and not the person with an account move by decisions of two weeks ago."""
    own = actors["nguoilaodong.sonv"].person_id
    taken: set[str] = set()
    for kind, start, end, number, steps in _MOVES:
        dossier = session.scalars(
            select(Dossier)
            .join(Unit, Unit.id == Dossier.custodian_id)
            .where(
                Unit.code == start,
                Dossier.category == Category.PARTY_MEMBER,
                Dossier.person_id != own,
                Dossier.id.not_in(select(Transfer.dossier_id)),
                Dossier.id.not_in(taken),
            )
            .order_by(Dossier.number.desc())
        ).first()
        if dossier is None:
            continue
        taken.add(dossier.id)
        wish = membership.Wish(
            kind,
            organisation.find_unit(session, end),
            number,
            today() - timedelta(days=14),
            f"Theo Quyết định số {number}" if kind != MembershipKind.INTERNAL else "Thay đổi phòng công tác",
            ends_on=today() + timedelta(days=180) if kind == MembershipKind.TEMPORARY else None,
            card_number=f"68.{100000 + len(taken)}",
            fees_until=today().replace(day=1),
        )
        move = membership.prepare(session, dossier, wish, actor=actors[steps[0][1]])
        for name, username in steps:
            actor = actors[username]
            membership.take(session, membership.choose_step(move, name, actor=actor), move, actor=actor)
    session.flush()
