"""Spans of time as careers write them."""

import pytest

from oms.vietnamese.spans import parse_span


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("9/1998 - 8/2003", (1998 * 12 + 8,) * 2, (2003 * 12 + 7,) * 2),
        ("Từ tháng 9/1998 đến tháng 8/2003", (1998 * 12 + 8,) * 2, (2003 * 12 + 7,) * 2),
        ("Từ tháng 10 năm 2010 đến nay", (2010 * 12 + 9,) * 2, None),
        ("1998 – 2003", (1998 * 12, 1998 * 12 + 11), (2003 * 12, 2003 * 12 + 11)),
        ("02/9/2010 đến 30/6/2012", (2010 * 12 + 8,) * 2, (2012 * 12 + 5,) * 2),
    ],
)
def test_a_span_knows_what_it_can_mean(text: str, begins: tuple[int, int], ends: tuple[int, int] | None) -> None:
    span = parse_span(text)
    assert span is not None and (span.begins, span.ends) == (begins, ends)


@pytest.mark.parametrize(
    "text", ["", "1998", "không nhớ", "13/1998 - 8/2003", "8/2003 - 9/1998", "1 - 2 - 3", "31/02/1998 - nay"]
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert parse_span(text) is None
