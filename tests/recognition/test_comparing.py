"""Error rates against a known truth."""

import pytest

from oms.recognition.comparing import compare


def test_equal_text_has_no_errors_however_it_is_spaced_and_composed():
    rates = compare("Quy\u1ebft  định\n\nsố 5", "Quye\u0302\u0301t định số 5")
    assert (rates.cer, rates.wer, rates.cer_unmarked, rates.wer_unmarked) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("read", "rates"),
    [
        ("Quyêt định", (1 / 10, 1 / 2, 0, 0)),  # a mark is lost
        ("Quyết đjnh", (1 / 10, 1 / 2, 1 / 10, 1 / 2)),  # a letter is wrong
        ("Quyết", (5 / 10, 1 / 2, 5 / 10, 1 / 2)),  # a word is missing
        ("quyết định", (1 / 10, 1 / 2, 1 / 10, 1 / 2)),  # capitals count
        ("Quyết định và thêm", (8 / 10, 2 / 2, 8 / 10, 2 / 2)),
        ("", (1, 1, 1, 1)),
    ],
)
def test_errors_are_counted(read, rates):
    found = compare(read, "Quyết định")
    assert (found.cer, found.wer, found.cer_unmarked, found.wer_unmarked) == pytest.approx(rates)


def test_what_is_read_on_an_empty_page_counts():
    assert compare("abc", "").cer == 3
