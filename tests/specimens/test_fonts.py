"""A font without Vietnamese letters is noticed, and the package to install is named."""

from pathlib import Path

import pytest

from oms.errors import Unavailable
from oms.specimens import fonts


@pytest.fixture(autouse=True)
def forget() -> None:
    fonts.find_family.cache_clear()


def test_a_family_with_every_letter_is_found() -> None:
    family = fonts.find_family()
    for path in family.files:
        assert fonts.missing_letters(path) == ""
    assert len(set(fonts.VIETNAMESE_LETTERS)) > 134  # 67 letters with marks in both cases, and more


def test_the_package_is_named_when_there_is_no_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", (tmp_path,))
    with pytest.raises(Unavailable, match="fonts-liberation2"):
        fonts.find_family()
    fonts.find_family.cache_clear()
