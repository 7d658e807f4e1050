"""Days in forms: what was typed, as a day of the calendar or a sentence that says how it is written."""

from datetime import date

from oms.errors import N_, BadInput
from oms.vietnamese.dates import ImpossibleDate, Precision, parse_date


def read_day(written: str) -> date | None:
    """The day that was typed, None for nothing; raises `BadInput` for what is no whole day."""
    typed = written.strip()
    if not typed:
        return None
    try:
        found = parse_date(typed)
    except ImpossibleDate:
        raise BadInput(N_("%(day)s is not a day of the calendar. Correct the date."), day=typed) from None
    if found is None or found.precision != Precision.DAY:
        raise BadInput(N_("Write the day as day/month/year, for example 03/02/2026."))
    return found.first
