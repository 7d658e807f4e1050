"""`oms read`: reading without a database."""

import pikepdf
import pytest

from oms import cli
from tests import factories


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    path = folder / "trang.png"
    path.write_bytes(factories.png_of(factories.draw_page("QUYẾT ĐỊNH", "bổ nhiệm cán bộ")))
    (folder / "notes.txt").write_text("not a scan")
    return path


def test_folder_is_read_and_a_searchable_pdf_is_written(page, tmp_path, monkeypatch, capsys):
    import json

    monkeypatch.setenv("OMS_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    out = tmp_path / "out.pdf"
    assert cli.run(["read", str(page.parent), "--json", "--pdf", str(out)]) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    wanted = {
        "file",
        "page",
        "text",
        "confidence",
        "quality",
        "rotation",
        "skew",
        "form",
        "fields",
        "secrecy",
        "seconds",
    }
    assert wanted <= document.keys()
    assert document["page"] == 1 and "QUYẾT ĐỊNH" in document["text"]
    assert "trang.png, page 1" in captured.err
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 1
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_file_costs_the_others_nothing(page, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    assert cli.run(["read", str(broken), str(page)]) == 1
    captured = capsys.readouterr()
    assert "QUYẾT ĐỊNH" in captured.out and "broken.pdf" in captured.err


def test_no_file_is_wrong_use(capsys):
    assert cli.run(["read"]) == 2
    assert cli.run(["read", "/nowhere/at/all.pdf"]) == 2
    assert cli.run(["no-such-command"]) == 2
