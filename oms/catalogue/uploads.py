"""Dated limits of what one account may bring in within a day. Knows numbers, not people."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity


@dataclass(frozen=True, kw_only=True)
class UploadRule(Labelled, Dated):
    """The numbers of `uploads.yaml`, where each is explained."""

    files_an_hour: int
    files_a_day: int
    megabytes_a_day: int
    near_percent: int
    put_off_minutes: int

    @property
    def octets_a_day(self) -> int:
        """Bytes of all files of an account and day."""
        return self.megabytes_a_day * 1024 * 1024


def read_upload_rules(path: Path) -> tuple[UploadRule, ...]:
    """The rules of a file, one at most for each day; raises `CatalogueError`."""
    top = open_file(path)
    rules: list[UploadRule] = []
    for entry in top.entries("upload_rules"):
        rule = UploadRule(
            **read_labels(entry),
            files_an_hour=entry.number("files_an_hour"),
            files_a_day=entry.number("files_a_day"),
            megabytes_a_day=entry.number("megabytes_a_day"),
            near_percent=entry.number("near_percent"),
            put_off_minutes=entry.number("put_off_minutes"),
            **read_validity(entry),
        )
        entry.finish()
        if any(overlap(rule, other) for other in rules):
            raise entry.mistake("two rules of uploads hold on one day")
        rules.append(rule)
    top.finish()
    return tuple(rules)


@cache
def _rules() -> tuple[UploadRule, ...]:
    return read_upload_rules(FOLDER / "uploads.yaml")


def upload_rule(on: date) -> UploadRule | None:
    """The limits of a day, or None when none hold."""
    return next((rule for rule in _rules() if rule.in_force(on)), None)
