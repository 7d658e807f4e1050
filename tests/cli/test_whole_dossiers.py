"""`oms export-dossiers`: by number or by unit; what cannot leave is named."""

import io
import zipfile
from pathlib import Path

import pikepdf
from sqlalchemy import select

from oms import accounts, db, storage
from oms.models import AuditEntry, Unit
from tests import factories


def test_dossiers_become_files(oms, world, engine, settings, tmp_path: Path):
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(out)
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="cli")
        full, empty = (factories.make_dossier(session, world.units["sonv"], name) for name in ("Lê Ba", "Lê Tư"))
        scan = factories.make_scan(session, full, officer.account_id)
        scan.pdf_sha256 = storage.put(settings.scans, [out.getvalue()])[0]
        factories.make_document(session, full, scan, actor=officer)
        number, nothing, unit = full.number, empty.number, session.get_one(Unit, world.units["sonv"]).code
    folder = tmp_path / "out"
    assert oms("export-dossiers", number, "--folder", str(folder), "--as", "canbo.sotc").code == 1
    assert not folder.exists()
    done = oms("export-dossiers", number, "--folder", str(folder), "--form", "pdf", "--as", "canbo.sonv")
    assert done.code == 0 and (folder / f"{number}.pdf").read_bytes().startswith(b"%PDF")
    many = oms("export-dossiers", "--unit", unit, "--folder", str(folder), "--as", "canbo.sonv")
    assert many.code == 1 and nothing in many.out
    assert zipfile.ZipFile(folder / f"{number}.zip").testzip() is None
    assert sorted(path.suffix for path in folder.iterdir()) == [".pdf", ".zip"]
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == "dossier:export"))
        assert sorted(rows) == ["done", "done", "refused", "refused"]
