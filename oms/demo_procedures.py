"""Procedures for the demo: a correction that waits for the head who decides. Everything goes through the real doors."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import procedures
from oms.models import Document, Dossier, Unit
from oms.permissions import Action, Actor, can


def add_procedures(session: Session, code: str, actors: Mapping[str, Actor]) -> None:
    """The officer of unit `code` proposes another home town for somebody whose dossier has a document."""
    officer = actors["canbo.sonv"]
    found = session.execute(
        select(Document, Dossier)
        .join(Dossier, Dossier.id == Document.dossier_id)
        .join(Unit, Unit.id == Dossier.custodian_id)
        .where(Unit.code == code)
        .order_by(Dossier.number, Document.position)
    ).all()
    for document, dossier in found:
        if not can(officer, Action.CORRECTION_PROPOSE, dossier) or procedures.why_fixed(session, dossier, "home_town"):
            continue
        proposal = procedures.Proposal(
            "home_town",
            "xã Hiệp Thạnh, huyện Đức Trọng, tỉnh Lâm Đồng",
            "Khi lập sổ đã ghi theo nơi thường trú; giấy tờ gốc ghi quê quán khác.",
            document.id,
        )
        procedures.propose(session, dossier, proposal, actor=officer)
        return
