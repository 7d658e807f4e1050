"""The start page: the work that waits for me, and what I should know today. Each right adds its part."""

from typing import Any

from flask import Blueprint, g, render_template
from flask_babel import gettext as _

from oms import accounts, custody, desk, health, intake, organisation, overview, people, protection
from oms.audit_reading import action_label
from oms.models import Account, Role, Scan, ScanState, Unit
from oms.permissions import Action
from oms.web import looks, milestones, saved_searches
from oms.web import work as waiting
from oms.web.access import guarded, house
from oms.web.transfers import TONES

bp = Blueprint("start", __name__)

# What fits on one screen; the lists themselves have everything.
SHOWN = 5
UNFINISHED = (ScanState.RECEIVED, ScanState.READING)


@bp.get("/")
@guarded(Action.OWN_READ)
def show() -> str:
    """Work waiting, figures, changes; for inspectors the log, for administrators the installation."""
    overview.look(g.session, actor=g.actor)
    parts: dict[str, Any] = dict.fromkeys(
        ("work", "files", "log", "health", "own", "helpers", "searches", "own_due", "let_in")
    )
    if g.actor.opened is not None:
        return render_template("start/show.html", **parts | _closed())
    if g.actor.has(Action.DOSSIER_READ):
        parts["work"] = _work()
    if g.actor.has(Action.SEARCH):
        parts["searches"] = saved_searches.count_all()
    if g.actor.has(Action.AUDIT_READ):
        parts["log"] = overview.log_state(g.session, house().settings, actor=g.actor)
    if g.actor.has(Action.SYSTEM_READ):
        parts["health"] = health.examine(g.session, house().settings, actor=g.actor)
    if parts["work"] is None and parts["log"] is None and parts["health"] is None:
        parts["own"], parts["helpers"] = _own()
    if parts["work"] is None:
        parts["own_due"] = waiting.due()
    return render_template("start/show.html", tones=TONES, **parts)


def _closed() -> dict[str, Any]:
    """In the closed installation: who has a file is looked up, and what is open is told; no work of others."""
    actor = g.actor
    return {
        "files": overview.count_figures(g.session, actor=actor) if actor.has(Action.DOSSIER_READ) else None,
        "let_in": protection.let_in(g.session, actor=actor) if actor.has(Action.ACCESS_REVIEW_SIGN) else None,
        "action_label": action_label,
        "log": overview.log_state(g.session, house().settings, actor=actor) if actor.has(Action.AUDIT_READ) else None,
        "health": health.examine(g.session, house().settings, actor=actor) if actor.has(Action.SYSTEM_READ) else None,
    }


@bp.get("/reading")
@guarded(Action.SCAN_READ)
def reading() -> str:
    """The scans being read, fetched again and again by the start page."""
    if not looks.asked_again("work:list"):
        overview.look(g.session, actor=g.actor)
    return render_template("start/_reading.html", **_reading())


def _work() -> dict[str, Any]:
    session, actor = g.session, g.actor
    scans = overview.count_scans(session, actor=actor)
    transfers = custody.waiting_for(session, actor=actor)
    return {
        "transfers": sorted(transfers, key=lambda due: due[0].prepared_at)[:SHOWN],
        "transfer_count": len(transfers),
        "to_check": desk.waiting_scans(session, actor=actor, limit=SHOWN) if scans.get(ScanState.READ) else [],
        "scans": scans,
        "failed": _failed(scans),
        "figures": overview.count_figures(session, actor=actor),
        "changes": overview.latest_changes(session, actor=actor),
        "today": organisation.today(),
        "due": waiting.due(),
        "ahead": milestones.reminders(),
        **_reading(),
    }


def _failed(counts: dict[ScanState, int]) -> list[tuple[Scan, str]]:
    if not counts.get(ScanState.FAILED):
        return []
    scans = intake.list_scans(g.session, actor=g.actor, states=(ScanState.FAILED,), limit=SHOWN)
    return [(scan, _(scan.error, **(scan.error_values or {})) if scan.error else "") for scan in scans]


def _reading() -> dict[str, Any]:
    scans = intake.list_scans(g.session, actor=g.actor, states=UNFINISHED, limit=SHOWN)
    return {"reading": scans, "progress": intake.progress_of(g.session, [scan.id for scan in scans])}


def _own() -> tuple[list[tuple[Any, list[Account]]], list[Account]]:
    """The dossiers about me with those who answer for them; and whom to ask when there are none."""
    found = people.own_dossiers(g.session, actor=g.actor)
    officers = accounts.holders(g.session, Role.OFFICER, {dossier.custodian_id for dossier in found})
    unit: Unit | None = g.session.get(Unit, g.actor.unit_id) if g.actor.unit_id else None
    helpers = accounts.holders(g.session, Role.OFFICER, {unit.id})[unit.id] if unit and not found else []
    return [(dossier, officers[dossier.custodian_id]) for dossier in found], helpers
