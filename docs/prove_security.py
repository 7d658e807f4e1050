"""Run the long checks of docs/security.md and print one table: claim, what was found, command, reached.

    python docs/prove_security.py [words of the claims to run]

Each check is a command of its own that ends with 0 when its claim holds; its last line is what was found.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = f"{sys.executable} -m pytest -q"
CHECKS = (
    ("No foreign byte, count or hint on any page", f"{sys.executable} bench/authorisation.py"),
    ("What people see after every change of rights", f"env OMS_TEST_LONG=1 {PYTEST} tests/test_who_sees.py"),
    ("Each guard is proved", f"{sys.executable} bench/guards.py"),
    ("The API bears whatever a program makes up", f"{sys.executable} bench/api_cases.py"),
    (
        "Certificates, TLS, services",
        f"{PYTEST} tests/test_certificates.py tests/test_units.py tests/test_asvs_table.py",
    ),
    ("Search tells nothing of others", f"{PYTEST} tests/test_search_leaks.py tests/web/test_search_leaks.py"),
    ("Sensitive values only for those who need them", f"{PYTEST} tests/web/test_sensitive.py"),
    ("No state secret is stored", f"{sys.executable} bench/secrecy.py --ordinary 260"),
    ("Bytes from outside are opened in a closed box only", f"{PYTEST} tests/box"),
    ("No file takes the server down", f"{sys.executable} bench/hostile.py"),
    ("No stored word becomes a program", f"{sys.executable} bench/stored_xss.py"),
    ("A picture that turned up says for whom it was made", f"{sys.executable} bench/marks.py"),
    (
        "Data of every version come up whole, killed at any statement",
        f"{PYTEST} tests/test_migrations_with_rows.py tests/test_migrations.py",
    ),
    ("No tampering with the log goes unseen", f"{PYTEST} tests/test_audit_seal.py"),
    ("Every change and look has its one entry in the log", f"{sys.executable} bench/audit_run.py"),
    (
        "A backup comes up again, a stolen one tells nothing",
        f"{PYTEST} tests/test_backup.py tests/test_sealed_backup.py",
    ),
    ("One bit turned, in files and in backups", f"{sys.executable} bench/flips.py"),
    ("No acknowledged upload is lost", f"{PYTEST} tests/test_killed.py tests/test_storage.py"),
    ("No power cut loses what was acknowledged", f"{sys.executable} bench/power_cuts.py"),
    ("… and a cut would show it", f"{sys.executable} bench/power_cuts.py --broken normal --cuts 8"),
    ("Killed at any moment, nothing is lost and nobody repairs", f"{sys.executable} bench/kills.py"),
    ("Disks, locks, ends, copies and boxes that go wrong", f"{sys.executable} bench/faults.py"),
    ("What must hold after a crash is named", f"{PYTEST} tests/test_fixity.py"),
    ("The index survives being killed", f"{sys.executable} bench/killing.py"),
    ("Nothing lies open in the protection installation", f"{sys.executable} bench/vault.py 50"),
    ("Sealed files, keys and rotation (ER-1 to ER-8)", f"{PYTEST} tests/vault"),
    ("One dossier, one holder", f"{PYTEST} tests/test_at_once.py tests/test_custody.py"),
    ("Passwords, sessions, second factor", f"{PYTEST} tests/test_accounts.py tests/test_guessing.py"),
    ("Names of accounts tell nothing; crowds at the doors", f"{sys.executable} bench/doors.py"),
    ("Slow clients keep nobody waiting", f"env OMS_TEST_LONG=1 {PYTEST} tests/web/test_slow_clients.py"),
    ("A hundred people at work", f"{sys.executable} bench/load.py --documents 100000"),
    ("The parts are those of the lock files", f"{sys.executable} deploy/list_parts.py --out /dev/null"),
    ("Nothing personal in logs, nobody outside spoken to", f"{PYTEST} tests/test_watching.py tests/oracle"),
    ("No program of ours, box or browser speaks to another machine", f"{sys.executable} bench/outbound.py"),
    ("The source keeps its rules; no known hole", "deploy/scan"),
)


def main() -> int:
    """Run what was asked for, or all; 1 when a claim does not hold."""
    asked = " ".join(sys.argv[1:]).lower()
    rows, failed = [("claim", "found", "command", "reached")], False
    for claim, command in CHECKS:
        if asked and asked not in claim.lower():
            continue
        print(f"… {claim}", flush=True)
        done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=False)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        failed |= done.returncode != 0
        shown = command.replace(sys.executable, "python")
        rows.append((claim, lines[-1].strip()[:100] if lines else "", shown, "no" if done.returncode else "yes"))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
