"""What is said about a person beside a hit: no more than the papers say."""

from datetime import date

import pytest

from oms.models import Person, Precision
from oms.search.records import born


@pytest.mark.parametrize(
    ("precision", "shown"),
    [(Precision.DAY, "01/11/1983"), (Precision.MONTH, "11/1983"), (Precision.YEAR, "1983"), (None, "01/11/1983")],
)
def test_a_birth_date_is_as_exact_as_the_papers(precision: Precision | None, shown: str) -> None:
    assert born(Person(full_name="Lò Văn Pó", birth_date=date(1983, 11, 1), birth_precision=precision)) == shown


def test_no_birth_date_is_no_text() -> None:
    assert born(Person(full_name="Lò Văn Pó")) is None
