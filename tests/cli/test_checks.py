"""`oms check-truth` and `oms print-cv`."""

from oms import db
from tests.test_checks import NAME, dossier_of, put


def test_dossiers_are_looked_through_and_a_second_run_finds_nothing_new(oms, world, engine):
    with db.writing(engine) as session:
        dossier = dossier_of(session, world)
        put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
        number = dossier.number
    assert oms("check-truth", "--json").documents == [{"dossiers": 1, "new": 1}]
    assert oms("check-truth", number, "--json").documents == [{"dossiers": 1, "new": 0}]
    assert oms("check-truth", "HS-999999", "--json").documents == [{"dossiers": 0, "new": 0}]


def test_a_short_cv_is_written_as_word_or_pdf_for_who_may_read_it(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        number = dossier_of(session, world).number
    for name, begins in (("cv.docx", b"PK"), ("cv.pdf", b"%PDF")):
        done = oms("print-cv", number, "--out", str(tmp_path / name), "--purpose", "Bổ nhiệm", "--as", "canbo.sonv")
        assert done.code == 0 and (tmp_path / name).read_bytes().startswith(begins)
    refused = oms("print-cv", number, "--out", str(tmp_path / "x.pdf"), "--purpose", "Bổ nhiệm", "--as", "canbo.sotc")
    assert refused.code == 1 and not (tmp_path / "x.pdf").exists()
    assert oms("print-cv", number, "--out", str(tmp_path / "x.exe"), "--purpose", "x", "--as", "canbo.sonv").code == 1
