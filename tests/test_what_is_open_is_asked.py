"""What a function lets somebody do or see by a question of its own changes with the right it asks for.

Each function that asks `can` is called with stand-ins by somebody who may do everything and by somebody who lacks that one
right, then by somebody who has that one alone and by nobody. What comes back must not be the same, and whoever has the right
must get an answer: a function that refuses everybody, or breaks on its stand-ins, proves nothing.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from oms.campaigns.steps import get_step
from oms.models import Category, MembershipKind, MembershipState, Transfer, TransferState
from oms.permissions import Action, Actor
from tests.doors import FULL, FUNCTIONS, StandIn, call, given, name_of, questions
from tests.test_each_right_is_asked import patch, session_of, thing

OPENING = {name_of(one): one for one in FUNCTIONS if questions(one, "can")}
PAIRS = sorted({(name, right) for name, one in OPENING.items() for right in questions(one, "can")})


def _dossier_of_document() -> dict[str, Any]:
    found = StandIn()
    found.get.return_value = thing(dossier_id="d")
    return {"session": found, "dossier": thing(id="d"), "document_id": "x"}


def _step(**more: Any) -> StandIn:
    return thing(name="step", action=Action.TRANSFER_SEND, start=["here"], other_person=False, **more)


# What a function looks at beside the right, as it is when the right decides; one for each way there is.
SHARPER: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "campaigns.checking.papers_of": lambda: [{"declaration": thing(dossier=thing(category=Category.CIVIL_SERVANT))}],
    "campaigns.steps.may_take": lambda: [{"step": _step(), "declaration": thing(state="here")}],
    "campaigns.steps.require_step": lambda: [
        {"step": (step := get_step("check")), "declaration": thing(state=next(iter(step.start)))}
    ],
    "custody.checking.may_check": lambda: [{"transfer": thing(state=TransferState.IN_TRANSIT)}],
    "custody.checking.may_settle": lambda: [{"transfer": thing(state=TransferState.ACCEPTED_WITH_RESERVATIONS)}],
    "custody.finding.may_read_list": lambda: [{"transfer": thing(state=TransferState.ACCEPTED)}],
    "custody.late_papers.may_bring": lambda: [{"transfer": thing(state=TransferState.ACCEPTED)}],
    "custody.losses.may_declare_lost": lambda: [
        {"transfer": thing(state=TransferState.IN_TRANSIT, due_on=date(2020, 1, 1))}
    ],
    "custody.mass.acts._is_open_to": lambda: [{"act": thing(step=None, action=Action.TRANSFER_SEND), "batch": _BATCH}],
    "custody.mass.running.may_stop": lambda: [{"run": thing(act="submit"), "batch": _BATCH}],
    "custody.outside.may_relist": lambda: [{"transfer": thing(state=TransferState.ARRIVED)}],
    "custody.proofs.may_add_proof": lambda: [
        {"transfer": thing(state=state)} for state in (TransferState.ARRIVED, TransferState.DRAFT)
    ],
    "custody.steps.choose_step": lambda: [{"name": "submit", "transfer": thing(state=TransferState.DRAFT)}],
    "custody.steps.steps_open_to": lambda: [{"transfer": thing(state=TransferState.DRAFT)}],
    "gate.check_second": lambda: [{}, {"thing": Transfer()}],
    "membership.steps.choose_step": lambda: [{"name": "submit", "move": thing(state=MembershipState.DRAFT)}],
    "membership.steps.is_open_to": lambda: [{"step": _step(), "move": thing(state="here")}],
    "membership.sending.may_send_dossier": lambda: [
        {"move": thing(kind=MembershipKind.OFFICIAL, state=MembershipState.UNDER_WAY, transfer=None, dossier=_GONE)}
    ],
    "people.dossiers_of": lambda: [{"person": thing(dossiers=[thing()])}],
    "people.is_open": lambda: [{"key": "health", "person": thing(dossiers=[thing()])}],
    "papers.issuing.tell_of": lambda: [{"dossier": thing(category=Category.CIVIL_SERVANT)}],
    "procedures.paper_losses._document": lambda: [_dossier_of_document()],
    "procedures.verifications._document": lambda: [_dossier_of_document()],
    "scan_folders.imports.lines_of": lambda: [
        {"session": session_of(thing(file="a", dossier=thing(number="HS-1"), error=""))}
    ],
    "scan_folders.planning._owner": lambda: [
        {"label": "068085001234_NGUYEN_VAN_AN", "known": thing(by_id={"068085001234": [_OF_AN]})}
    ],
}
_GONE = thing(custodian_id="unit")
_OF_AN = thing(person=thing(full_name="Nguyễn Văn An", aliases=[]))
_BATCH = thing(from_unit_id="unit", to_unit_id="unit", approving_unit_id="unit")
# Here the right decides about what stand-ins cannot show: tests of their own look at it.
BEHIND = {
    ("packages.importing._open_dossier", "PERSON_READ"),
    ("papers.cover_sheets.cover_many", "SCAN_UPLOAD"),
    ("papers.supplements.supplement_form", "DECLARATION_READ"),  # tests/campaigns/test_declaring.py
    ("papers.supplements.supplement_form", "PERSON_READ"),  # tests/campaigns/test_declaring.py
    ("papers.transfers._discrepancies", "TRANSFER_RECEIVE"),
    ("purging.purge_attached", "TRANSFER_RECEIVE"),  # tests/test_proofs.py
    ("purging.purge_attached", "TRANSFER_SEND"),
}


NO_ANSWER = "no answer: "


def _outcome(name: str, actor: Actor, sharper: dict[str, Any]) -> str:
    """What comes back, or what is said instead, without the names of stand-ins."""
    try:
        answer = call(OPENING[name], {**given(OPENING[name], actor), **sharper})
    except Exception as refusal:
        return f"{NO_ANSWER}{type(refusal).__name__} {getattr(refusal, 'message', '')}"
    return re.sub(r"<StandIn[^>]*>|0x[0-9a-f]+", "…", repr(answer))


def is_decided_by_a_right(everything: str, all_but_it: str, it_alone: str, nothing: str) -> bool:
    """Whether the right decides what comes back, and gives its owner an answer.

    Where it is one of several that are needed it is missed, where it is one of several that are enough it opens.
    """
    pairs = ((everything, all_but_it), (it_alone, nothing))
    return any(owner != other and not owner.startswith(NO_ANSWER) for owner, other in pairs)


@pytest.mark.parametrize(("name", "right"), sorted(set(PAIRS) - BEHIND))
def test_who_lacks_the_right_is_given_something_else(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[Action] = set()
    patch(monkeypatch, "can", lambda _actor, action, _thing=None: action in held)
    actor = replace(FULL, account_id="a")
    every, this = set(Action), {one for one in Action if right in ("", one.name)}
    told = []
    for rights in (every, every - this, this, set[Action](), every):
        held.clear()
        held.update(rights)
        told.append([_outcome(name, actor, sharper) for sharper in SHARPER.get(name, lambda: [{}])()])
    assert told.pop() == told[0], "what comes back is not the same for the same person, so a difference says nothing"
    assert any(is_decided_by_a_right(*ways) for ways in zip(*told, strict=True))


@pytest.mark.parametrize(
    "told",
    [
        ("True", "True", "False", "False"),  # nobody asks for it
        (f"{NO_ANSWER}BadInput", f"{NO_ANSWER}Refused", f"{NO_ANSWER}BadInput", f"{NO_ANSWER}Refused"),
        (f"{NO_ANSWER}Refused", "True", "True", "True"),  # the wrong way round
    ],
)
def test_a_question_that_decides_nothing_is_noticed(told: tuple[str, str, str, str]) -> None:
    assert not is_decided_by_a_right(*told)
    assert is_decided_by_a_right("True", "False", "False", "False")


def test_nobody_is_left_out_without_a_reason() -> None:
    assert set(PAIRS) > BEHIND and SHARPER.keys() <= OPENING.keys()
