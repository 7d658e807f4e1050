"""What happens when the reading program is missing, crashes, hangs or talks nonsense: a small fake stands in."""

import os
import signal

import numpy as np
import pikepdf
import pytest

from oms import box
from oms.recognition import errors
from oms.recognition.engine import Tesseract, read_words
from oms.recognition.pictures import Picture

PAGE = Picture(np.full((200, 600), 255, np.uint8), 300.0)

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


@pytest.fixture
def fake_engine(tmp_path, monkeypatch):
    """Puts a shell script called tesseract before the real one; `$out` is where the answer belongs."""

    def install(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "tesseract").write_text(f'#!/bin/sh\nout="$2.tsv"\n{script}\n')
        (folder / "tesseract").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return install


def test_a_missing_program_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.EngineMissing, match="tesseract-ocr"):
        read_words(PAGE)


def test_a_missing_language_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))  # the real program, with an empty folder of languages
    with pytest.raises(errors.LanguageMissing, match="tesseract-ocr-vie"):
        read_words(PAGE)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGTERM"])
def test_a_crash_is_told_from_a_refusal(fake_engine, name):
    fake_engine(f"kill -{signal.Signals[name].value} $$")
    with pytest.raises(errors.EngineCrashed):
        read_words(PAGE)


@pytest.mark.parametrize(
    "script", ["kill -9 $$", "echo \"terminate called after throwing an instance of 'std::bad_alloc'\" >&2; kill -6 $$"]
)
def test_a_page_that_runs_out_of_memory_is_named(fake_engine, script):
    fake_engine(script)
    with pytest.raises(errors.EngineOutOfMemory, match="ran out of memory"):
        read_words(PAGE)


def test_another_model_is_another_reader(fake_engine):
    fake_engine(f"printf '{HEADER}\\n5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t90\\t%s\\n' \"$4\" > $out")
    assert [word.text for word in read_words(PAGE) + Tesseract("Vietnamese")(PAGE)] == ["vie", "Vietnamese"]


def test_an_error_of_the_program_is_a_crash_and_its_words_are_not_repeated(fake_engine):
    fake_engine('echo "secret text of the page" >&2; exit 1')
    with pytest.raises(errors.EngineCrashed) as caught:
        read_words(PAGE)
    assert "secret" not in str(caught.value)


def test_a_program_that_hangs_is_stopped(fake_engine):
    fake_engine("exec sleep 60")
    with pytest.raises(errors.EngineTimedOut, match="1 seconds"):
        read_words(PAGE, seconds=1)


@pytest.mark.parametrize(
    "answer",
    [
        "no table",
        "",
        f"{HEADER}\n5\t1\t1\t1\t1\t1\tleft\t0\t10\t10\t90\tchữ",
        f"{HEADER}\n5\t1\t1",
        f"{HEADER}\n5\t1\t1\t1\t1\t1\t0\t0\t10\t10\tnan\tchữ",
        f"{HEADER}\n5\t1\t1\t1\t1\t1\t0\t0\t10\t-10\t90\tchữ",
        r"\377\376\375",
    ],
)
def test_a_garbled_answer_is_refused(fake_engine, answer):
    fake_engine(f"printf '{answer}' > $out")
    with pytest.raises(errors.EngineGarbled):
        read_words(PAGE)


def test_no_answer_is_refused(fake_engine):
    fake_engine("exit 0")
    with pytest.raises(errors.EngineGarbled):
        read_words(PAGE)


def test_words_come_in_order_composed_and_without_empty_ones(fake_engine):
    rows = [
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t91.5\tQuy\u1ebft",
        "5\t1\t1\t1\t1\t2\t50\t20\t30\t40\t95\t ",
        "5\t1\t1\t1\t2\t1\t10\t70\t30\t40\t80\tđi\u0323nh",
        "5\t1\t2\t1\t1\t1\t10\t120\t30\t40\t70\tsố",
    ]
    fake_engine("cat > $out <<'END'\n" + "\n".join([HEADER, *rows]) + "\nEND")
    words = read_words(PAGE)
    assert [(word.text, word.line, word.paragraph) for word in words] == [("Quyết", 0, 0), ("định", 1, 0), ("số", 2, 1)]
    assert (words[0].left, words[0].top, words[0].width, words[0].height) == (10, 20, 30, 40)
    assert words[0].confidence == 91.5


def test_the_program_runs_with_one_thread(fake_engine):
    fake_engine(f"printf '{HEADER}\\n5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t90\\t%s\\n' \"$OMP_THREAD_LIMIT\" > $out")
    assert [word.text for word in read_words(PAGE)] == ["1"]


@pytest.fixture
def without_a_box(monkeypatch):
    """Fakes on the PATH of this process are not seen in a box: what runs there runs here."""

    def call(function, path, *, most=0, **arguments):
        try:
            with path.open("rb") as file:
                value, data = function(file, **arguments)
        except box.Said:
            raise
        except Exception:
            raise box.Said("broke") from None
        return value, bytearray(memoryview(data).cast("B"))

    monkeypatch.setattr(box, "call", call)


def test_a_page_that_crashes_poppler_fails_alone(tmp_path, monkeypatch, without_a_box):
    from oms.recognition import open_scan, read_page
    from tests.recognition.sheets import draw_sheet

    draw_sheet(height=2).save(tmp_path / "a.pdf")
    (tmp_path / "pdftoppm").write_text("#!/bin/sh\nkill -11 $$\n")
    (tmp_path / "pdftoppm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(errors.PageNotRendered, match="Page 1 of Đơn"):
        read_page(open_scan(tmp_path / "a.pdf", name="Đơn.pdf"), 1, tmp_path)


def test_a_missing_poppler_is_named(tmp_path, monkeypatch, without_a_box):
    from oms.recognition import open_scan, read_page
    from tests.recognition.sheets import draw_sheet

    draw_sheet(height=2).save(tmp_path / "a.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.RendererMissing, match="poppler-utils"):
        read_page(open_scan(tmp_path / "a.pdf"), 1, tmp_path)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("kill -11 $$", errors.EngineCrashed),
        ("kill -9 $$", errors.EngineOutOfMemory),
        ("echo nonsense > $out", errors.EngineGarbled),
    ],
)
def test_a_bad_page_costs_the_others_of_the_file_nothing(fake_engine, tmp_path, script, error):
    """The fake reads two pages and fails on the second of three: pages are told apart by their shape."""
    from oms.recognition import FailedPage, read_file
    from tests.recognition.sheets import draw_sheet

    sheets = [draw_sheet([word], height=height) for word, height in (("một", 2), ("hai", 4), ("ba", 2))]
    sheets[0].save(tmp_path / "a.tif", save_all=True, append_images=sheets[1:], dpi=(200, 200))
    fake_engine(
        f"set -- $(head -c 15 $1 | tr '\\n' ' ')\nif [ $(($2 / $3)) -lt 3 ]; then {script}\n"
        f"else printf '{HEADER}\\n5\\t1\\t1\\t1\\t1\\t1\\t9\\t9\\t90\\t30\\t90\\tchữ\\n' > $out; fi"
    )
    first, second, third = read_file(tmp_path / "a.tif", workers=1, pdf=tmp_path / "out.pdf")
    assert (first.text, third.text) == ("chữ", "chữ")
    assert isinstance(second, FailedPage) and isinstance(second.error, error)
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        assert len(pdf.pages) == 3  # the page that was not read is there as a picture
