"""Pages of the audit log for the inspector: the list with its filters, one entry, the state of the chain."""

import json
from datetime import date

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import audit_reading
from oms.audit import extracts, sealing
from oms.audit_reading import ACTIONS, Filters, Line, action_label
from oms.audit_words import FINDINGS, OUTCOMES, WAYS
from oms.papers import Paper
from oms.papers.seal_slip import seal_slip
from oms.permissions import Action
from oms.vietnamese.dates import ImpossibleDate, Precision, parse_date
from oms.web import access
from oms.web.access import house
from oms.web.papers import send_paper

bp = Blueprint("audit", __name__, url_prefix="/audit")
# No log is longer, and both databases take the number.
LAST = 10**15


@bp.get("")
@access.guarded(Action.AUDIT_READ)
def index() -> ResponseReturnValue:
    """The latest entries that pass the filters; ?before= goes further back."""
    filters, problems = _read_filters()
    before = request.args.get("before", type=int)
    before = min(before, LAST) if before is not None else None
    lines, older = audit_reading.list_entries(g.session, filters, actor=g.actor, before=before)
    return render_template(
        "audit/index.html",
        lines=lines,
        older=older,
        before=before,
        typed=request.args,
        problems=problems,
        filtered=filters != Filters(),
        action_label=action_label,
        words_of=_words_of,
        actions=sorted(((key, _(label)) for key, label in ACTIONS.items()), key=lambda choice: choice[1].casefold()),
        outcomes=[(key, _(label)) for key, label in OUTCOMES.items()],
        outcome_labels=OUTCOMES,
    )


@bp.get(f"/<int(max={LAST}):seq>")
@access.guarded(Action.AUDIT_READ)
def show(seq: int) -> ResponseReturnValue:
    """One entry with everything its hash covers."""
    line = audit_reading.get_entry(g.session, seq, actor=g.actor)
    return render_template(
        "audit/show.html",
        line=line,
        entry=line.entry,
        body=json.dumps(line.body, ensure_ascii=False, indent=2, sort_keys=True),
        via=WAYS.get(line.body["via"], line.body["via"]),
        address=line.body["address"],
        action_label=action_label,
        words_of=_words_of,
        outcome_labels=OUTCOMES,
    )


@bp.get("/verify")
@access.guarded(Action.AUDIT_READ)
def verify() -> ResponseReturnValue:
    """Check the whole chain now and say what was found."""
    found = audit_reading.check_chain(g.session, house().settings, actor=g.actor)
    return render_template(
        "audit/verify.html",
        found=found,
        finding=FINDINGS.get(found.finding, ""),
        findings=FINDINGS,
        seal=sealing.state_of(house().settings),
    )


@bp.post("/slip")
@access.guarded(Action.AUDIT_READ, writing=True)
def slip() -> ResponseReturnValue:
    """The last checkpoint on paper, for the register."""
    paper = seal_slip(g.session, house().settings, actor=g.actor)
    access.commit()
    return send_paper(paper)


@bp.post("/extract")
@access.guarded(Action.AUDIT_READ, writing=False)  # hashing a long log must keep nobody from writing
def extract() -> ResponseReturnValue:
    """All entries about one dossier, with their proofs, as a file another installation can check."""
    number = request.form.get("dossier", "")
    body = extracts.extract(g.session, house().settings, number, actor=g.actor)
    return send_paper(Paper(f"trich-luc-nhat-ky-{number}.json", "application/json", body))


def _words_of(line: Line) -> str | None:
    """The words of the entry; the sentence of a refusal in the language of the reader, where it is the bare sentence."""
    words = line.words
    if not words or line.entry.outcome != "refused" or " · " not in words:
        return words
    path, sentence = words.split(" · ", 1)
    return f"{path} · {_(sentence)}" if sentence else words


def _read_filters() -> tuple[Filters, list[tuple[str, str]]]:
    """The filters of the address, and what of them cannot be understood."""
    problems: list[tuple[str, str]] = []

    def day(name: str) -> date | None:
        typed = request.args.get(name, "").strip()
        try:
            written = parse_date(typed) if typed else None
        except ImpossibleDate:
            written = None
        if typed and (written is None or written.precision != Precision.DAY):
            problems.append((name, _("Write the day as day/month/year, for example 03/02/2026.")))
            return None
        return written.first if written else None

    words = {
        name: request.args.get(name, "").replace("\x00", "").strip()
        for name in ("username", "action", "dossier", "outcome")
    }
    return Filters(**words, first=day("first"), last=day("last")), problems
