"""Dated limits beyond which something raises an alarm. Knows numbers, not people."""

from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity


@dataclass(frozen=True, kw_only=True)
class AlarmRule(Labelled, Dated):
    """The numbers of `alarms.yaml`, where each is explained."""

    dossiers_an_hour: int
    unusual_from: int
    unusual_times: int
    history_days: int
    history_hours: int
    night_from: int
    night_to: int
    night_dossiers: int
    exports_an_hour: int
    wrong_tries_a_day: int
    wrong_tries_everywhere: int
    everywhere_minutes: int
    disk_percent: int

    def is_night(self, hour: int) -> bool:
        """Whether an hour of the day (0 to 23) belongs to the night."""
        if self.night_from > self.night_to:
            return hour >= self.night_from or hour < self.night_to
        return self.night_from <= hour < self.night_to


_NUMBERS = tuple(field.name for field in fields(AlarmRule) if field.type is int)


def read_alarm_rules(path: Path) -> tuple[AlarmRule, ...]:
    """The rules of a file, one at most for each day; raises `CatalogueError`."""
    top = open_file(path)
    rules: list[AlarmRule] = []
    for entry in top.entries("alarm_rules"):
        numbers: dict[str, Any] = {name: entry.number(name) for name in _NUMBERS}
        rule = AlarmRule(**read_labels(entry), **numbers, **read_validity(entry))
        entry.finish()
        if any(overlap(rule, other) for other in rules):
            raise entry.mistake("two rules of alarms hold on one day")
        rules.append(rule)
    top.finish()
    return tuple(rules)


@cache
def _rules() -> tuple[AlarmRule, ...]:
    return read_alarm_rules(FOLDER / "alarms.yaml")


def alarm_rule(on: date) -> AlarmRule | None:
    """The limits of a day, or None when none hold."""
    return next((rule for rule in _rules() if rule.in_force(on)), None)
