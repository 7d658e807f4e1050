"""`oms key-shares` and `oms key-join`: a lost key of backups comes back from two of three papers and opens the backup."""

from pathlib import Path

import cv2
import numpy as np
import pdf2image
import pytest

from oms import db
from tests import factories


@pytest.fixture
def papers(oms, tmp_path: Path) -> list[list[str]]:
    """The lines of the three papers, as a telephone reads them from the code of each printed page."""
    assert oms("backup-key", tmp_path / "safe.key").code == 0
    assert oms("key-shares", tmp_path / "safe.key", tmp_path / "papers.pdf").code == 0
    pages = pdf2image.convert_from_path(tmp_path / "papers.pdf", dpi=200, grayscale=True)
    assert len(pages) == 3
    found = []
    for page in pages:
        text, *_ = cv2.QRCodeDetectorAruco().detectAndDecode(np.array(page))
        found.append(text.split("\n"))
    return found


def test_a_backup_is_opened_with_two_of_three_papers(
    oms, engine, world, settings, tmp_path: Path, papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    public = oms(
        "key-join", tmp_path / "x.key", "--paper", _file(tmp_path, papers[0]), "--paper", _file(tmp_path, papers[1])
    )
    assert public.code == 0, public.err
    monkeypatch.setenv("OMS_BACKUP_KEYS", public.out.strip())
    assert oms("backup", tmp_path / "night").code == 0
    monkeypatch.delenv("OMS_BACKUP_KEYS")
    for lost in ("safe.key", "x.key"):
        (tmp_path / lost).unlink()
    again = oms(
        "key-join", tmp_path / "again.key", "--paper", _file(tmp_path, papers[2]), "--paper", _file(tmp_path, papers[0])
    )
    assert again.code == 0 and again.out == public.out
    assert oms("drill", tmp_path / "night", "--key", tmp_path / "again.key").code == 0


def test_one_paper_is_not_enough_and_nothing_is_written_over(oms, tmp_path: Path, papers) -> None:
    one = _file(tmp_path, papers[0])
    for given in (("--paper", one), ("--paper", one, "--paper", one)):
        refused = oms("key-join", tmp_path / "new.key", *given)
        assert refused.code == 1 and not (tmp_path / "new.key").exists()
    assert oms("key-shares", tmp_path / "safe.key", tmp_path / "papers.pdf").code == 1
    two = ("--paper", one, "--paper", _file(tmp_path, papers[1]))
    assert oms("key-join", tmp_path / "safe.key", *two).code == 1


def test_lines_are_typed_until_they_are_right(oms, tmp_path: Path, papers, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([papers[0][0].replace("-", "-9"), *papers[0], *papers[2]])
    monkeypatch.setattr("click.prompt", lambda *_args, **_more: next(typed))
    done = oms("key-join", tmp_path / "typed.key")
    assert done.code == 0 and (tmp_path / "typed.key").read_text() == (tmp_path / "safe.key").read_text()
    assert "Type it again" in done.err


def test_nobody_types_twelve_lines_for_a_file_that_is_there(
    oms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.key").write_text("x")
    monkeypatch.setattr("click.prompt", lambda *_args, **_more: pytest.fail("asked for a line"))
    refused = oms("key-join", tmp_path / "there.key")
    assert refused.code == 1 and "there.key" in refused.err and (tmp_path / "there.key").read_text() == "x"
    assert oms("key-join", tmp_path / "nowhere" / "new.key").code == 1


def _file(folder: Path, lines: list[str]) -> Path:
    path = folder / f"paper-{lines[0][:3]}.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
