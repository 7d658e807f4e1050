"""`oms upload` and `oms status`."""

import json

from sqlalchemy import select

from oms import db, staging
from oms.models import AuditEntry, Job, Scan, ScanState
from tests import factories


def _make_files(folder):
    good = folder / "quyết định.png"
    good.write_bytes(factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(620, 877))))
    empty = folder / "empty.pdf"
    empty.touch()
    return good, empty


def _entries(engine, action):
    with db.reading(engine) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq))
        return [(entry.outcome, json.loads(entry.body)["via"]) for entry in found]


def test_received_means_row_and_job_and_bytes_and_entry(oms, world, engine, settings, tmp_path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    good, empty = _make_files(tmp_path)
    answer = oms("upload", good, empty, "--dossier", number, "--as", "canbo.sonv", "--json")
    assert answer.code == 1, "one of the two files was refused"
    received, refused = answer.documents
    assert received["state"] == "received" and refused["state"] == "refused"
    assert "empty" in answer.err
    assert (settings.scans / received["sha256"][:2] / received["sha256"]).read_bytes() == good.read_bytes()
    with db.reading(engine) as session:
        assert session.get_one(Scan, received["scan"]).state == ScanState.RECEIVED
        assert session.scalars(select(Job.kind)).all() == ["read_scan"]
    assert _entries(engine, "scan:upload") == [("done", "cli"), ("refused", "cli")]
    assert list(staging.folder(settings).iterdir()) == []


def test_the_same_file_twice_is_said(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    good, _ = _make_files(tmp_path)
    first = oms("upload", good, "--dossier", number, "--as", "canbo.sonv", "--json").documents[0]
    second = oms("upload", good, "--dossier", number, "--as", "canbo.sonv", "--json")
    assert second.code == 0
    assert second.documents[0]["scan"] == first["scan"] and second.documents[0]["known"] is True


def test_a_dossier_of_another_unit_does_not_exist(oms, world, engine, settings, tmp_path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sotc"]).number
    good, _ = _make_files(tmp_path)
    theirs = oms("upload", good, "--dossier", number, "--as", "canbo.sonv")
    nobodys = oms("upload", good, "--dossier", "HS-999999", "--as", "canbo.sonv")
    assert (theirs.code, theirs.out) == (nobodys.code, nobodys.out) == (1, "")
    assert theirs.err.replace(number, "N") == nobodys.err.replace("HS-999999", "N")
    assert _entries(engine, "scan:upload") == [("refused", "cli"), ("refused", "cli")]
    assert not any(path.is_file() for path in settings.scans.rglob("*"))


def test_status_names_files_only_to_those_who_may_read_them(oms, world, engine):
    with db.writing(engine) as session:
        mine = factories.make_scan(
            session, factories.make_dossier(session, world.units["sonv"]), world.accounts["canbo.sonv"]
        )
        theirs = factories.make_scan(
            session, factories.make_dossier(session, world.units["sotc"]), world.accounts["canbo.sotc"]
        )
    everything = oms("status", "--json")
    assert {row["scan"] for row in everything.documents} == {mine.id, theirs.id}
    assert all("file" not in row for row in everything.documents) and "quyết định.pdf" not in everything.out
    own = oms("status", "--as", "canbo.sonv", "--json").documents
    assert [row["scan"] for row in own] == [mine.id] and own[0]["file"] == "quyết định.pdf"
    assert oms("status", theirs.id, "--as", "canbo.sonv").code == 1
    assert oms("status", "--as", "kiemtra.khoi").code == 1
    assert _entries(engine, "scan:list")[:2] == [("done", "system"), ("done", "cli")]


def test_a_doubtful_file_is_refused_where_nobody_can_look(oms, world, engine, settings, tmp_path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    path = tmp_path / "bìa.png"
    path.write_bytes(factories.stamped_png("####"))
    answer = oms("upload", path, "--dossier", number, "--as", "canbo.sonv")
    assert answer.code == 1 and "two people can decide" in answer.err
    assert _entries(engine, "scan:upload") == [("refused", "cli")]
    assert list(staging.folder(settings).iterdir()) == []
