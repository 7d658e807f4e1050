"""Every function that asks for a right asks before anything else: whoever calls it, a page, a program or a job.

Pages ask first, so a guard behind them that is gone is missed by no test of a page. Here each function is called by
somebody without any right, with stand-ins for all it is given, and must be the one that refuses; then by somebody with
every right whose password is not fresh. Lists ask the database for what cannot be.
"""

from contextlib import suppress

import pytest

from oms.errors import ConfirmationNeeded, Refused
from oms.permissions import Actor, deciding
from tests.doors import ASKING, CONFIRMING, LISTING, call, given, refuser, statements

# These look first at what they are given (a step, a number, a version) and ask then: tests of their own refuse them.
RIGHT_LATER = frozenset(
    {
        "consultations.choosing.choose",
        "papers.cover_sheets.cover_sheets",
        "papers.file_print._opening_of",
        "papers.file_print.take_number",
        "procedures.attestations._begin",
        "procedures.corrections._begin",
        "protection.close",
        "protection.let_in",
        "protection.open_together",
        "rearranging._begin",
    }
)
FRESHNESS_LATER = frozenset(
    {
        "access_reviews.signing.sign",
        "access_reviews.tying.tie",
        "accounts.delegations.give",
        "campaigns.checking.attest",
        "consultations.deciding.approve",
        "consultations.deciding.decide_copy",
        "consultations.viewing.take_copy",
        "custody.mass.running.order",
        "custody.moving.take",
        "disposal.decide",
        "holds.lift",
        "membership.moving._begin",
        "packages.answering.acknowledge",
        "packages.exporting._check",
        "papers.file_print.take_number",
        "papers.mass_transfers.handover_list_excel",
        "papers.registers.write_excel",
        "procedures.answering.grant",
        "procedures.attestations._begin",
        "procedures.corrections._begin",
        "procedures.leavings.consent",
        "procedures.reopening._reported",
        "procedures.reopening.reopen",
        "procedures.requests.take_copy",
        "protection.open_together",
        "reorganisation.ordering.order",
        "reorganisation.steps.approve",
        "reorganisation.steps.execute",
        "reorganisation.steps.undo",
    }
)
# These refuse before they ask the database, ask only for somebody, or choose among several rights.
LISTED_LATER = frozenset(
    {
        "access_reviews.tying.tie",
        "campaigns.checking.attest_all",
        "campaigns.checking.papers_of",
        "campaigns.finding._counted",
        "campaigns.finding.waiting_for",
        "consultations.choosing.candidates",
        "consultations.finding.overdue",
        "custody.mass.acts.seen_by",
        "custody.mass.batches.add",
        "custody.mass.batches.batch_of",
        "custody.mass.batches.overdue",
        "custody.mass.choosing.fitting",
        "disposal.due",
        "figures.staff.read_staff",
        "first_load.loading._owners",
        "packages.answering.read_answer",
        "papers.file_print.register",
        "papers.registers._dossiers_held",
        "procedures.attestations.of_dossier",
        "procedures.corrections.of_dossier",
        "procedures.leaving_lists.of_dossier",
        "procedures.verifications.named_document",
        "record.numbers.numbers_of",
        "search.finding._rows",
        "search.suggesting._documents",
        "search.suggesting._dossiers",
    }
)
NOBODY = Actor("a", "x", "X", units={})


@pytest.mark.parametrize("name", sorted(ASKING.keys() - RIGHT_LATER))
def test_who_has_no_right_is_refused_first_of_all(name: str) -> None:
    with pytest.raises(Refused) as refused:
        call(ASKING[name], given(ASKING[name], NOBODY))
    assert refuser(refused.value) is ASKING[name]


@pytest.mark.parametrize("name", sorted(CONFIRMING.keys() - FRESHNESS_LATER))
def test_whose_password_is_not_fresh_is_asked_first_of_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "can", lambda *_: True)
    with pytest.raises(ConfirmationNeeded) as needed:
        call(CONFIRMING[name], given(CONFIRMING[name], NOBODY))
    assert refuser(needed.value) is CONFIRMING[name]


@pytest.mark.parametrize("name", sorted(LISTING.keys() - LISTED_LATER))
def test_who_has_no_right_is_shown_no_row(name: str) -> None:
    arguments, answer = given(LISTING[name], NOBODY), None
    with suppress(Exception):  # the stand-ins end somewhere behind the question
        answer = call(LISTING[name], arguments)
    assert any("false" in statement for statement in statements([answer, *arguments.values()]))


def test_nobody_is_left_out_without_a_reason() -> None:
    assert len(ASKING) >= 212 and len(CONFIRMING) >= 46, (
        "a guard was taken out; found by their source, they would not miss it"
    )
    assert ASKING.keys() > RIGHT_LATER and CONFIRMING.keys() > FRESHNESS_LATER
