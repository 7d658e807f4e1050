"""Who lacks one right alone is refused by whatever asks for it, and shown no row by whatever lists by it.

A second question behind a first is missed by nobody who lacks both. So each function is called once for each right it
asks for, by somebody who has every other one, with stand-ins for all it is given.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, literal_column

from oms import permissions, profile
from oms.accounts.delegations import DELEGABLE
from oms.campaigns.steps import get_step
from oms.custody.mass.choosing import Wanted
from oms.errors import ConfirmationNeeded, Refused
from oms.models import (
    AttestationState,
    Category,
    ConsultationState,
    CorrectionState,
    Declaration,
    DisposalState,
    FindingState,
    LeavingState,
    PackageDirection,
    ReorganisationState,
    SubjectRequestState,
)
from oms.organisation import today
from oms.permissions import Action, Actor, deciding
from oms.search.interface import Query
from tests.doors import ASKING, CONFIRMING, FULL, LISTING, StandIn, call, given, questions, refuser, statements

EVERY = frozenset({"unit"})


def _pairs(functions: dict[str, Callable[..., Any]], guard: str) -> list[tuple[str, str]]:
    return sorted({(name, right) for name, one in functions.items() for right in questions(one, guard)})


def _all_but(right: str) -> Actor:
    # A right the source does not name may be any: then all are lacking.
    units = {one: EVERY for one in Action if right and one.name != right}
    return Actor("a", "x", "X", units=units, confirmed=True)


def thing(**known: Any) -> StandIn:
    return StandIn(**known)


def session_of(*rows: Any) -> StandIn:
    """A session that finds these rows, whatever it is asked."""
    found = StandIn()
    found.scalars.side_effect = lambda *_asked: StandIn(all=lambda: list(rows), __iter__=lambda _all: iter(rows))
    return found


# Of a document and of its page, whichever is looked for.
_PAPER = thing(id="d", document_id="d", component_id="c", issued_on=None, position=1, filed_at=1)
_IN_USE = thing(held=False, frozen=False)
_OF_PAPER = {"session": session_of(_PAPER), "dossier": thing(category=Category.CIVIL_SERVANT)}


# What a function looks at before it asks: with plain stand-ins it would never come to the question.
SHARPER: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "campaigns.checking.papers_of": lambda: [{"declaration": thing(dossier=thing(category=Category.CIVIL_SERVANT))}],
    "campaigns.finding._counted": lambda: [{"by": Declaration.campaign_id}],
    "consultations.choosing.candidates": lambda: [{"request": thing(wanted="hoa"), "words": "hoa"}],
    "consultations.choosing.choose": lambda: [
        {"request": thing(state=ConsultationState.REQUESTED, dossier=None)},
    ],
    "custody.mass.choosing.fitting": lambda: [{"wanted": Wanted()}],
    "custody.mass.running.take_out": lambda: [
        {"session": session_of(thing(transfer=None)), "reason": "theo quyết định", "member_ids": ["m"]}
    ],
    "disposal.due": lambda: [
        {"rule": thing(permanent=False, what=what, days=1), "among": None} for what in ("unfiled_scan", "whole_dossier")
    ],
    "disposal.execute": lambda: [{"disposal": thing(state=DisposalState.APPROVED, items=[thing(dossier=_IN_USE)])}],
    "dossiers.open_dossier": lambda: [{"custodian": thing(id="unit"), "person": thing(), "category": "x"}],
    "first_load.loading._owners": lambda: [{"wanted": [thing(person=thing(personal_id="1"))]}],
    "papers.cover_sheets.cover_sheets": lambda: [{"covered": [thing(components=(None,))], "key": b"k"}],
    "papers.file_print.take_number": lambda: [{"document_ids": ["d"], **_OF_PAPER}],
    "papers.registers._dossiers_held": lambda: [{"year": 2026}],
    "papers.whole_dossier.take": lambda: [_OF_PAPER],
    "people.list_people": lambda: [{"unit_id": "unit"}],
    "procedures.attestations._begin": lambda: [{"attestation": thing(state=AttestationState.ASKED)}],
    "procedures.corrections._begin": lambda: [{"correction": thing(state=CorrectionState.PROPOSED)}],
    "procedures.verifications.named_document": lambda: [{"document_id": "d"}],
    "procedures.verifications.send_to_verification": lambda: [{"finding": thing(state=FindingState.SENT)}],
    "rearranging._begin": lambda: [{"told": [(thing(), None)]}],
    "search.finding._rows": lambda: [{"kind": "page", "ids": ["a"]}],
    "search.suggesting._documents": lambda: [{"query": Query("12", frozenset()), "asked": ["12"]}],
    "search.suggesting._dossiers": lambda: [{"ids": ["a"]}],
}
# Rooms of the installation for protection files; they are not in the other one.
CLOSED = ("protection.", "papers.file_print.")
# These come to the question after what stand-ins cannot tell them: tests of their own refuse them.
ASKED_BEHIND = {("papers.opening_slip.opening_slip", "TRANSFER_SEND")}
LISTED_BEHIND = {
    ("access_reviews.tying.tie", "DOSSIER_READ"),
    ("figures.staff.read_staff", "RECORD_READ"),
    ("packages.answering.read_answer", "PACKAGE_READ"),
}
ASKED = _pairs(ASKING, "require")
LISTED = _pairs(LISTING, "allowed")


def test_nobody_is_left_out_without_a_reason() -> None:
    assert set(ASKED) > ASKED_BEHIND and set(LISTED) > LISTED_BEHIND


@pytest.mark.parametrize(("name", "right"), sorted(set(ASKED) - ASKED_BEHIND))
def test_who_lacks_one_right_is_refused(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    sharper = SHARPER.get(name, lambda: [{}])()[0]
    monkeypatch.setattr(profile, "is_closed", lambda _session: name.startswith(CLOSED))
    with pytest.raises(Refused) as refused:
        call(ASKING[name], {**given(ASKING[name], _all_but(right)), **sharper})
    assert refuser(refused.value) is ASKING[name]
    assert _raiser(refused.value) is deciding.require.__code__, "what was refused was something else"


@pytest.mark.parametrize(
    ("name", "right"), [(name, right) for name, one in ASKING.items() for right in questions(one, "require", "second")]
)
def test_the_second_person_who_lacks_a_right_is_refused(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    with pytest.raises(Refused) as refused:
        call(
            ASKING[name],
            {**given(ASKING[name], _all_but("none")), "second": replace(FULL, units=_all_but(right).units)},
        )
    assert refuser(refused.value) is ASKING[name]


@pytest.mark.parametrize(("name", "right"), sorted(set(LISTED) - LISTED_BEHIND))
def test_each_list_asks_for_its_right_in_the_database(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mark(actor: Actor, action: Any) -> ColumnElement[bool]:
        # Asked here, not by another list that this one is made from.
        here = sys._getframe(1).f_code.co_qualname.startswith(LISTING[name].__qualname__) and actor is nearly
        asked.append(f"asked_{len(asked)}_" if here and (not right or action.name == right) else "")
        return literal_column(asked[-1] or "other_right")

    nearly, said = _all_but("none"), ""
    monkeypatch.setattr(profile, "is_closed", lambda _session: name.startswith(CLOSED))
    patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    patch(monkeypatch, "allowed", mark)
    for sharper in SHARPER.get(name, lambda: [{}])():
        arguments, answer = {**given(LISTING[name], nearly), **sharper}, None
        with suppress(Exception):  # the stand-ins end somewhere behind the question
            answer = call(LISTING[name], arguments)
        said += " ".join(statements([answer, *arguments.values()]))
    found = [one for one in asked if one and one in said]
    assert len(found) >= questions(LISTING[name], "allowed").count(right)


def patch(monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[..., Any]) -> None:
    """Put something in the place of a question wherever a room took it in."""
    real = getattr(permissions, name)
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("oms") and vars(module).get(name) is real:
            monkeypatch.setattr(module, name, other)


def _raiser(error: BaseException) -> object:
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code


# What these look at before they ask for the password, as it is when they may go on.
FRESH: dict[str, Callable[[], dict[str, Any]]] = {
    "access_reviews.signing.sign": lambda: {"review": thing(signed_at=None, state="open")},
    "accounts.delegations.give": lambda: {
        "delegate": thing(id="b", disabled=False),
        "actions": [next(iter(DELEGABLE))],
        "decision": "Giấy ủy quyền số 5",
        "valid_from": today(),
        "valid_to": today(),
    },
    "campaigns.checking.attest": lambda: {
        "declaration": thing(state=next(iter(get_step("attest").start)), dossier=_IN_USE)
    },
    "custody.moving.take": lambda: {
        "step": thing(start=["here"], other_person=False, needs_reason=False, binding=True),
        "transfer": thing(state="here"),
        "session": _nothing(),
    },
    "disposal.decide": lambda: {"disposal": thing(state=DisposalState.PROPOSED), "approved": True},
    "holds.lift": lambda: {"hold": thing(lifted_at=None, lift_asked_by_id="b")},
    "packages.answering.acknowledge": lambda: {"package": thing(direction=PackageDirection.IN, answered_at=None)},
    "papers.file_print.take_number": lambda: {"document_ids": ["d"], **_OF_PAPER},
    "procedures.answering.grant": lambda: {
        "request": thing(state=SubjectRequestState.FORWARDED, forwarded_by_id="b", answered_by_id="b", dossier=_IN_USE)
    },
    "procedures.requests.take_copy": lambda: {
        "request": thing(
            asked_by_id="a",
            dossier=thing(person_id=None),
            state=SubjectRequestState.GRANTED,
            collected_on=None,
            open_until=today(),
        )
    },
    "procedures.attestations._begin": lambda: {"attestation": thing(state=AttestationState.ASKED, dossier=_IN_USE)},
    "procedures.corrections._begin": lambda: {"correction": thing(state=CorrectionState.PROPOSED, dossier=_IN_USE)},
    "procedures.reopening._reported": lambda: _of_leaving(mistake_by_id="b"),
    "procedures.reopening.reopen": lambda: {**_of_leaving(mistake_by_id=None), "number": "12-QĐ/TU"},
    "reorganisation.ordering.order": lambda: {"change": thing(state=ReorganisationState.APPROVED)},
    "reorganisation.steps.approve": lambda: {"change": thing(state=ReorganisationState.SUBMITTED)},
    "reorganisation.steps.execute": lambda: {"change": thing(state=ReorganisationState.APPROVED)},
    "reorganisation.steps.undo": lambda: {"change": thing(state=ReorganisationState.EXECUTED)},
}


def _nothing() -> StandIn:
    """A session that finds nothing."""
    nothing = session_of()
    nothing.scalar.return_value = None
    return nothing


def _of_leaving(**more: Any) -> dict[str, Any]:
    return {"session": _nothing(), "leaving": thing(state=LeavingState.CLOSED, dossier=_IN_USE, **more)}


@pytest.mark.parametrize("name", sorted(FRESH))
def test_whose_password_is_not_fresh_is_asked_before_anything_is_done(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch(monkeypatch, "can", lambda *_: True)
    monkeypatch.setattr(profile, "is_closed", lambda _session: name.startswith(CLOSED))
    with pytest.raises(ConfirmationNeeded) as needed:
        call(CONFIRMING[name], {**given(CONFIRMING[name], replace(_all_but("none"), confirmed=False)), **FRESH[name]()})
    assert refuser(needed.value) is CONFIRMING[name]


def test_the_list_of_a_batch_as_a_table_asks_for_a_fresh_password(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "papers.mass_transfers.handover_list_excel"
    monkeypatch.setattr("oms.papers.mass_transfers._listed", lambda *_: [thing()])
    with pytest.raises(ConfirmationNeeded) as needed:
        call(CONFIRMING[name], given(CONFIRMING[name], replace(FULL, confirmed=False)))
    assert refuser(needed.value) is CONFIRMING[name]


def test_the_slip_with_the_code_is_for_who_may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    slip = ASKING["papers.opening_slip.opening_slip"]
    patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    monkeypatch.setattr("oms.packages.check_code", lambda *_: None)
    with pytest.raises(Refused) as refused:
        call(slip, given(slip, _all_but("TRANSFER_SEND")))
    assert refuser(refused.value) is slip
