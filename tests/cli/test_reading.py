"""`oms read`: reading without a database."""

import json

import pikepdf
import pytest
from sqlalchemy import select

from oms import cli, db
from oms.models import Page
from tests import factories, signing

KEYS = {"file", "page", "text", "confidence", "quality", "rotation", "skew", "form", "fields", "secrecy", "seconds"}


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    path = folder / "trang.png"
    path.write_bytes(factories.png_of(factories.draw_page("QUYẾT ĐỊNH", "bổ nhiệm cán bộ", size=(620, 877))))
    (folder / "notes.txt").write_text("not a scan")
    return path


@pytest.fixture
def read(tmp_path, monkeypatch, capsys):
    """`read("file", "--json")` runs `oms read` in English, without any installation; gives code, output, messages."""
    monkeypatch.setenv("OMS_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("OMS_LANGUAGE", "en")

    def run(*arguments):
        capsys.readouterr()
        code = cli.run(["read", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_read_and_a_searchable_pdf_is_written(page, tmp_path, read):
    out = tmp_path / "out.pdf"
    code, printed, said = read(page.parent, "--json", "--pdf", out)
    assert code == 0
    document = json.loads(printed)
    assert document.keys() >= KEYS
    assert document["page"] == 1 and "QUYẾT ĐỊNH" in document["text"]
    assert "trang.png, page 1 of 1" in said
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 1


def test_damaged_files_and_pages_cost_the_others_nothing(page, tmp_path, read):
    broken, half = tmp_path / "broken.pdf", tmp_path / "half.tif"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    half.write_bytes(factories.tiff_with_unreadable_page(factories.draw_page("BIÊN BẢN", size=(620, 877))))
    code, printed, said = read(broken, half, page)
    assert code == 1
    assert "BIÊN BẢN" in printed and "QUYẾT ĐỊNH" in printed
    assert "broken.pdf" in said and "half.tif, page 2" in said


def test_a_run_goes_on_where_it_was_stopped(page, tmp_path, read, monkeypatch):
    scan, kept = tmp_path / "hai trang.pdf", tmp_path / "kept"
    scan.write_bytes(factories.pdf_of(*(factories.draw_page(word, size=(620, 877)) for word in ("MỘT", "HAI"))))
    first = read(scan, "--out", kept, "--json")
    assert first[0] == 0
    (folder,) = kept.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["page-0001.json", "page-0002.json"]
    (folder / "page-0002.json").unlink()  # as if it had been killed before the second page
    one = folder / "page-0001.json"
    one.write_text(json.dumps({**json.loads(one.read_text()), "text": "was read before"}))
    code, printed, _ = read(scan, "--out", kept, "--json")
    before, again = map(json.loads, printed.splitlines())
    assert (code, before["text"]) == (0, "was read before")
    assert again["text"] == json.loads(first[1].splitlines()[1])["text"]


def test_half_a_page_of_a_killed_run_is_read_again_and_a_changed_file_too(page, tmp_path, read):
    kept = tmp_path / "kept"
    assert read(page, "--out", kept)[0] == 0
    (folder,) = kept.iterdir()
    (folder / "page-0001.json").write_text('{"page": 1, "text": "QUY')
    assert "QUYẾT ĐỊNH" in read(page, "--out", kept)[1]
    page.write_bytes(factories.png_of(factories.draw_page("BIÊN BẢN", size=(620, 877))))
    assert "BIÊN BẢN" in read(page, "--out", kept)[1]
    assert len(list(kept.iterdir())) == 2


def test_error_rates_are_printed_for_pages_whose_truth_is_known(page, tmp_path, read):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "trang.txt").write_text("QUYẾT ĐỊNH bổ nhiêm cán bộ", encoding="utf-8")  # one mark is wrong on purpose
    code, printed, _ = read(page.parent, "--compare", truth, "--json")
    document, mean = map(json.loads, printed.splitlines())
    assert code == 0
    assert document["cer"] == pytest.approx(1 / 26) and document["wer"] == pytest.approx(1 / 6)
    assert (document["cer_unmarked"], document["wer_unmarked"]) == (0, 0)
    assert mean == {"mean": {key: document[key] for key in mean["mean"]}, "pages": 1}
    _, printed, _ = read(page, "--compare", truth / "trang.txt")
    assert printed.splitlines()[0].startswith("CER 0.0385  WER 0.1667  without marks: CER 0.0000  WER 0.0000")
    assert printed.splitlines()[1].endswith("mean of 1 pages")


def test_a_page_without_truth_is_named_and_not_counted(page, tmp_path, read):
    code, printed, said = read(page, "--compare", tmp_path)
    assert (code, printed) == (1, "")
    assert "no truth for page 1" in said


def test_the_truth_of_many_pages_is_found_by_number_or_by_form_feeds(tmp_path, read):
    scan = tmp_path / "hai.pdf"
    scan.write_bytes(factories.pdf_of(*(factories.draw_page(word, size=(620, 877)) for word in ("MỘT", "HAI"))))
    (tmp_path / "hai.txt").write_text("MỘT\fHAI", encoding="utf-8")
    assert json.loads(read(scan, "--compare", tmp_path, "--json")[1].splitlines()[-1])["mean"]["cer"] == 0
    (tmp_path / "hai-2.txt").write_text("BA", encoding="utf-8")
    assert json.loads(read(scan, "--compare", tmp_path, "--json")[1].splitlines()[1])["cer"] == 1


def test_the_worker_reads_the_same(page, world, engine, settings, oms):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    own = oms("read", page, "--json").documents[0]
    assert oms("upload", page, "--dossier", number, "--as", "canbo.sonv").code == 0
    assert oms("worker", "--until-idle").code == 0
    with db.reading(engine) as session:
        row = session.scalars(select(Page)).one()
        assert (row.text, row.quality.value, row.confidence) == (own["text"], own["quality"], own["confidence"])
        assert (row.rotation, row.skew, row.width, row.height) == tuple(
            own[key] for key in ("rotation", "skew", "width", "height")
        )


@pytest.mark.parametrize(
    "arguments", [[], ["/nowhere/at/all.pdf"], ["PAGE", "--no-such-option"], ["PAGE", "--compare", "/nowhere"]]
)
def test_wrong_use(page, read, arguments):
    assert read(*(page if argument == "PAGE" else argument for argument in arguments))[0] == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--pdf", "o.pdf", "--out", "kept"), "leave out --out"),
        (("PAGE", "--pdf", "o.pdf"), "exactly one FILE"),
        (("PAGE", "--compare", "PAGE"), "name a folder after --compare"),
        (("--pdf", "/nowhere/o.pdf"), "Nothing can be written in “/nowhere”"),
        (("--pdf", "/dev/null/o.pdf"), "Nothing can be written in “/dev/null”"),
        (("--out", "/proc/kept/deeper"), "Nothing can be written in “/proc”"),
        (("--compare", "PAGE"), "cannot be read as text"),
    ],
)
def test_what_cannot_end_well_is_refused_in_words_before_anything_is_read(page, read, monkeypatch, options, sentence):
    monkeypatch.setattr("oms.cli.reading.read_file", lambda *_, **__: pytest.fail("a page was read"))
    monkeypatch.setattr("oms.cli.reading.os.access", lambda folder, _mode: str(folder) != "/proc")
    code, _, said = read(page, *(page if option == "PAGE" else option for option in options))
    assert code == 1 and sentence in said


def test_a_bad_truth_in_a_folder_costs_its_own_file_only(page, tmp_path, read):
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "trang.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "truth" / "copy.txt").write_text("QUYẾT ĐỊNH bổ nhiệm cán bộ", encoding="utf-8")
    (page.parent / "copy.png").write_bytes(page.read_bytes())
    code, printed, said = read(page.parent, "--compare", tmp_path / "truth")
    assert code == 1 and "cannot be read as text" in said
    assert "copy.png, 1" in printed and "mean of 1 pages" in printed
    assert "[1/2] " in said and "[2/2] " in said


def test_an_empty_folder_is_said(tmp_path, read):
    (tmp_path / "empty").mkdir()
    code, _, said = read(tmp_path / "empty")
    assert code == 1 and "no PDF, TIFF, JPEG, PNG, HEIC or DOCX file" in said


def test_digital_signatures_are_judged_too(tmp_path, read, monkeypatch):
    house = signing.house()
    path, roots = tmp_path / "ky.pdf", tmp_path / "roots"
    path.write_bytes(signing.sign(signing.blank(), house.an))
    roots.mkdir()
    (roots / "goc.cer").write_bytes(house.root.der)
    monkeypatch.setenv("OMS_SIGNATURE_ROOTS", str(roots))
    code, printed, said = read(path, "--json")
    (one,) = json.loads(printed)["signatures"]
    assert (code, one["verdict"], one["signer"]) == (0, "valid", "Nguyễn Thị An (thử nghiệm)")
    assert "digital signature 1, Nguyễn Thị An (thử nghiệm): Valid, unchanged since it was signed" in said
