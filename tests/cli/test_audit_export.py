"""`oms audit export`: the whole log for a check elsewhere, by who may read it."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from oms import audit, db
from oms.audit import proof
from oms.models import AuditEntry


def test_the_log_leaves_for_who_reads_it_and_holds_elsewhere(oms, world, engine, tmp_path: Path):
    with db.writing(engine) as session:
        for _ in range(3):
            audit.record(session, "account:sign_in", actor=None)
    out = tmp_path / "log.jsonl"
    refused = oms("audit", "export", str(out), "--as", "canbo.sonv")
    assert refused.code == 1 and not out.exists()
    assert oms("audit", "export", str(out), "--as", "kiemtra.khoi").code == 0
    assert len(out.read_text().splitlines()) == 4  # and the refusal before
    check = [sys.executable, proof.__file__, "verify", str(out)]
    assert subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 0
    out.write_text(out.read_text().replace("account:sign_in", "account:sign_out", 1))
    assert subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 1
    with db.reading(engine) as session:
        told = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq.desc()).limit(1))
        assert told.one() == ("audit:list", "done")
