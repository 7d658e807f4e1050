"""Dated rules for looking whether the values of a dossier fit together, and the pay table they are held against.

Knows the rules and their sources; does not know dossiers.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, Source, read_labels, read_validity
from oms.errors import N_


@dataclass(frozen=True, kw_only=True)
class OrderRule(Labelled, Dated):
    """The value `later` must not lie earlier than `months_at_least` after the value `earlier`."""

    earlier: str
    later: str
    kind: str
    months_at_least: int


@dataclass(frozen=True, kw_only=True)
class BirthRule(Labelled, Dated):
    """Which paper says the birth date that holds: `papers` are components, the first that is there."""

    member: bool
    papers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CareerRule(Labelled, Dated):
    """Months that may lie open between two rows of a career, and months two rows may share."""

    gap_months: int
    overlap_months: int


@dataclass(frozen=True)
class PayGroup:
    """A line of the pay table: coefficient of step 1, rise for each step, number of steps."""

    id: str
    first: Decimal
    rise: Decimal
    steps: int
    basis: str
    source: Source

    def at(self, step: int) -> Decimal | None:
        """The coefficient of a step, counted from 1; None for a step the group does not have."""
        return self.first + self.rise * (step - 1) if 1 <= step <= self.steps else None


@dataclass(frozen=True, kw_only=True)
class PayRank(Dated):
    """The group a rank code is paid by."""

    code: str
    group: PayGroup


@dataclass(frozen=True)
class Compared:
    """A value that must agree wherever it stands: as a date, or as a number of the same length."""

    key: str
    kind: str


@dataclass(frozen=True)
class CheckRules:
    """All rules of a file."""

    orders: tuple[OrderRule, ...]
    compared: tuple[Compared, ...]
    births: tuple[BirthRule, ...]
    careers: tuple[CareerRule, ...]
    groups: tuple[PayGroup, ...]
    ranks: tuple[PayRank, ...]


def read_checks(path: Path) -> CheckRules:
    """The rules of a file; raises `CatalogueError`."""
    top = open_file(path)
    groups = tuple(_read_group(entry) for entry in top.entries("pay_groups"))
    rules = CheckRules(
        orders=tuple(_read_order(entry) for entry in top.entries("orders")),
        compared=tuple(_read_compared(entry) for entry in top.entries("compared")),
        births=tuple(_read_birth(entry) for entry in top.entries("birth_date_stands")),
        careers=tuple(_read_career(entry) for entry in top.entries("career")),
        groups=groups,
        ranks=tuple(_read_rank(entry, {group.id: group for group in groups}) for entry in top.entries("ranks")),
    )
    top.finish()
    return rules


def _read_order(entry: Entry) -> OrderRule:
    rule = OrderRule(
        **read_labels(entry),
        earlier=entry.text("earlier"),
        later=entry.text("later"),
        kind=entry.choice("kind", ("order", "age", "probation")),
        months_at_least=entry.number("months_at_least"),
        **read_validity(entry),
    )
    entry.finish()
    return rule


def _read_compared(entry: Entry) -> Compared:
    compared = Compared(entry.text("key"), entry.choice("as", ("date", "number")))
    entry.finish()
    return compared


def _read_birth(entry: Entry) -> BirthRule:
    rule = BirthRule(
        **read_labels(entry), member=entry.flag("member"), papers=entry.texts("papers"), **read_validity(entry)
    )
    entry.finish()
    return rule


def _read_career(entry: Entry) -> CareerRule:
    rule = CareerRule(
        **read_labels(entry),
        gap_months=entry.number("gap_months"),
        overlap_months=entry.number("overlap_months"),
        **read_validity(entry),
    )
    entry.finish()
    return rule


def _read_group(entry: Entry) -> PayGroup:
    group = PayGroup(
        entry.text("id"),
        _figure(entry, "first"),
        _figure(entry, "rise"),
        entry.number("steps"),
        entry.text("basis"),
        Source(entry.choice("source", list(Source))),
    )
    entry.finish()
    return group


def _figure(entry: Entry, key: str) -> Decimal:
    try:
        return Decimal(entry.text(key))
    except InvalidOperation:
        raise entry.mistake_at(
            key,
            N_("%(file)s, line %(line)s: “%(key)s” must be a figure like 2.34, not “%(value)s”."),
            value=entry.text(key),
        ) from None


def _read_rank(entry: Entry, groups: dict[str, PayGroup]) -> PayRank:
    rank = PayRank(code=entry.text("code"), group=groups[entry.choice("group", groups)], **read_validity(entry))
    entry.finish()
    return rank


@cache
def check_rules() -> CheckRules:
    """The rules of truth checks, past and present."""
    return read_checks(FOLDER / "checks.yaml")


def birth_rule(on: date, *, member: bool) -> BirthRule | None:
    """Which birth date holds by the rule in force on the day."""
    return next((rule for rule in check_rules().births if rule.member == member and rule.in_force(on)), None)


def career_rule(on: date) -> CareerRule | None:
    """What a career may leave open, by the rule in force on the day."""
    return next((rule for rule in check_rules().careers if rule.in_force(on)), None)


@lru_cache(maxsize=8192)
def pay_groups(code: str | None = None, on: date | None = None) -> tuple[PayGroup, ...]:
    """The group of a rank code on a day; all groups when the code is not known to the catalogue."""
    rules = check_rules()
    known = tuple(rank.group for rank in rules.ranks if rank.code == code and (on is None or rank.in_force(on)))
    return known or rules.groups
