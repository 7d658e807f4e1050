"""Dated rules of dossier work: who approves a transfer, and how long things may take."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories
from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity, refuse_repeated
from oms.catalogue.units import unit_kinds
from oms.catalogue.working_days import calendar_of_work
from oms.errors import N_, NotFound, Refused


class Approver(StrEnum):
    """Whose signature a transfer needs."""

    SENDING_HEAD = "sending_head"
    """The head of the sending unit."""
    RECEIVING_HEAD = "receiving_head"
    """The head of the receiving unit: what comes from outside is confirmed there."""
    UPPER_CUSTODIAN_HEAD = "upper_custodian_head"
    """The head of the board that keeps the dossiers for the committee above the sending unit."""


@dataclass(frozen=True, kw_only=True)
class TransferRule(Labelled, Dated):
    """Who approves a transfer from one of the kinds `senders` to one of the kinds `receivers`.

    `loss_by_two`: a head declares the dossier lost only together with a second person of one of the two units.
    """

    senders: frozenset[str]
    receivers: frozenset[str]
    approver: Approver
    loss_by_two: bool


@dataclass(frozen=True, kw_only=True)
class TimeLimit(Labelled, Dated):
    """A limit of `amount` units ("day", "working_day", "month", "year"), counted from the event `starts`.

    `bound` "max": not later than, "min": not earlier than. `warn_before`: days before the end to remind.
    """

    applies_to: tuple[str, ...]
    starts: str
    amount: int
    unit: str
    bound: str
    warn_before: int

    def ends(self, start: date) -> date:
        """The last day of the limit; the day of the starting event is not counted."""
        if self.unit == "day":
            return start + timedelta(days=self.amount)
        if self.unit == "working_day":
            return calendar_of_work().after(start, self.amount)
        months = start.month - 1 + self.amount * (12 if self.unit == "year" else 1)
        year, month = start.year + months // 12, months % 12 + 1
        return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, kw_only=True)
class ReadinessRule(Dated):
    """A line of the readiness check of a transfer; one that `blocks` keeps it from being submitted and approved."""

    id: str
    blocks: bool


def read_transfer_rules(path: Path) -> tuple[TransferRule, ...]:
    """The transfer rules of a file, at most one per pair of kinds and day; raises `CatalogueError`."""
    top = open_file(path)
    kinds = [kind.id for kind in unit_kinds()]
    found: list[TransferRule] = []
    for entry in top.entries("transfer_rules"):
        rule = TransferRule(
            **read_labels(entry),
            senders=frozenset(entry.choices("senders", kinds)),
            receivers=frozenset(entry.choices("receivers", kinds)),
            approver=Approver(entry.choice("approver", list(Approver))),
            loss_by_two=entry.flag("loss_by_two"),
            **read_validity(entry),
        )
        entry.finish()
        for other in found:
            if rule.senders & other.senders and rule.receivers & other.receivers and overlap(rule, other):
                message = N_("%(file)s, line %(line)s: the rules “%(id)s” and “%(other)s” decide the same transfer.")
                raise entry.mistake(message, id=rule.id, other=other.id)
        found.append(rule)
    top.finish()
    return tuple(found)


def read_time_limits(path: Path) -> tuple[TimeLimit, ...]:
    """The time limits of a file; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, TimeLimit] = {}
    for entry in top.entries("time_limits"):
        refuse_repeated(entry, entry.text("id"), found)
        found[entry.text("id")] = TimeLimit(
            **read_labels(entry),
            applies_to=entry.choices("applies_to", categories()),
            starts=entry.text("starts"),
            amount=entry.number("amount"),
            unit=entry.choice("unit", ("day", "working_day", "month", "year")),
            bound=entry.choice("bound", ("max", "min")),
            warn_before=entry.number_or_none("warn_before") or 0,
            **read_validity(entry),
        )
        entry.finish()
    top.finish()
    return tuple(found.values())


def read_readiness(path: Path) -> tuple[ReadinessRule, ...]:
    """The lines of the readiness check of a file; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, ReadinessRule] = {}
    for entry in top.entries("readiness"):
        refuse_repeated(entry, entry.text("id"), found)
        found[entry.text("id")] = ReadinessRule(
            id=entry.text("id"),
            blocks=entry.flag("blocks"),
            **read_validity(entry),
        )
        entry.finish()
    top.finish()
    return tuple(found.values())


@cache
def transfer_rules() -> tuple[TransferRule, ...]:
    """All transfer rules, past and present."""
    return read_transfer_rules(FOLDER / "transfer_rules.yaml")


@cache
def time_limits() -> tuple[TimeLimit, ...]:
    """All time limits, past and present."""
    return read_time_limits(FOLDER / "time_limits.yaml")


def transfer_rule(sender_kind: str, receiver_kind: str, on: date | None = None) -> TransferRule:
    """The rule for a transfer between units of these kinds on the day; `Refused` when such units hand over none."""
    day = on or date.today()
    for rule in transfer_rules():
        if sender_kind in rule.senders and receiver_kind in rule.receivers and rule.in_force(day):
            return rule
    raise Refused(
        N_("Units of these kinds do not hand over dossiers to each other. Choose the unit that keeps the dossiers.")
    )


def time_limit(id: str, on: date | None = None) -> TimeLimit:
    """The time limit in force on the day; `NotFound` when there is none."""
    day = on or date.today()
    for limit in time_limits():
        if limit.id == id and limit.in_force(day):
            return limit
    raise NotFound(N_("The catalogue has no time limit “%(id)s” for %(day)s."), id=id, day=day)


@cache
def readiness_rules() -> tuple[ReadinessRule, ...]:
    """All lines of the readiness check, past and present."""
    return read_readiness(FOLDER / "readiness.yaml")


def readiness_on(on: date | None = None) -> dict[str, ReadinessRule]:
    """The lines of the readiness check in force on the day, by id."""
    day = on or date.today()
    return {rule.id: rule for rule in readiness_rules() if rule.in_force(day)}
