"""What happens when the reading program is missing, crashes, hangs or talks nonsense: a small fake stands in."""

import os
import signal

import numpy as np
import pytest

from oms.recognition import errors
from oms.recognition.engine import read_words
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


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_crash_is_told_from_a_refusal(fake_engine, name):
    fake_engine(f"kill -{signal.Signals[name].value} $$")
    with pytest.raises(errors.EngineCrashed):
        read_words(PAGE)


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


def test_a_page_that_crashes_poppler_fails_alone(tmp_path, monkeypatch):
    from oms.recognition import open_scan, read_page
    from tests.recognition.sheets import draw_sheet

    draw_sheet(height=2).save(tmp_path / "a.pdf")
    (tmp_path / "pdftoppm").write_text("#!/bin/sh\nkill -11 $$\n")
    (tmp_path / "pdftoppm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(errors.PageNotRendered, match="Page 1 of Đơn"):
        read_page(open_scan(tmp_path / "a.pdf", name="Đơn.pdf"), 1, tmp_path)


def test_a_missing_poppler_is_named(tmp_path, monkeypatch):
    from oms.recognition import open_scan, read_page
    from tests.recognition.sheets import draw_sheet

    draw_sheet(height=2).save(tmp_path / "a.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.RendererMissing, match="poppler-utils"):
        read_page(open_scan(tmp_path / "a.pdf"), 1, tmp_path)
