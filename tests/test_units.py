"""The services of `deploy/` are shut in: what each may not do, and what systemd itself thinks of it where it is here."""

import re
import shutil
import subprocess

import pytest

from oms.settings import CHECKOUT

# Exposure as `systemd-analyze security` counts it, from 0 to 10. Web and worker make the box for files from outside:
# they must be let make namespaces and mounts, which alone is worth 1.5.
BARS = {
    "oms-web": 2.5,
    "oms-worker": 2.5,
    "oms-protection-web": 2.5,
    "oms-protection-worker": 2.5,
    "oms-protection-backup": 1.5,
    "oms-seal": 2.5,
    "oms-backup": 1.5,
    "oms-drill": 1.5,
    "oms-check": 1.5,
    "oms-protection-check": 1.5,
}
WRITTEN = {"/var/lib/oms", "/var/lib/oms-protection", "/var/backups/oms", "/var/backups/oms-protection"}
MUST = (
    "NoNewPrivileges=true",
    "ProtectSystem=strict",
    "ProtectHome=true",
    "PrivateDevices=true",
    "ProtectProc=invisible",
    "RestrictSUIDSGID=true",
    "LockPersonality=true",
    "IPAddressDeny=any",
    "SystemCallErrorNumber=EPERM",
    "LimitCORE=0",
)


def unit(name: str) -> str:
    return (CHECKOUT / "deploy" / f"{name}.service").read_text()


def test_every_service_has_its_bar() -> None:
    assert {path.stem for path in (CHECKOUT / "deploy").glob("*.service")} == set(BARS)


@pytest.mark.parametrize("house", ["oms", "oms-protection"])
def test_every_night_each_house_is_looked_at(house: str) -> None:
    timer = (CHECKOUT / "deploy" / f"{house}-check.timer").read_text()
    assert "OnCalendar=*-*-* " in timer and "Persistent=true" in timer
    assert "ExecStart=/opt/oms/.venv/bin/oms check --nightly" in unit(f"{house}-check").splitlines()
    page = (CHECKOUT / "docs" / ("install.md" if house == "oms" else "protection.md")).read_text()
    started = next(line for line in page.splitlines() if "systemctl daemon-reload" in line)
    assert f"{house}-check.timer" in started, "who installs starts it"


@pytest.mark.parametrize("name", BARS)
def test_a_service_reaches_no_other_machine_and_nothing_it_does_not_need(name: str) -> None:
    lines = unit(name).splitlines()
    assert [one for one in MUST if one not in lines] == []
    assert "IPAddressAllow=localhost" in lines, "what else it may reach, the office writes into a drop-in"
    writes = next(line for line in lines if line.startswith("ReadWritePaths="))
    assert set(writes.partition("=")[2].split()) <= WRITTEN
    assert ("CapabilityBoundingSet=" in lines) == (name != "oms-seal"), "root's seal keeps two capabilities"
    # What lies in memory must not reach a disk; the seal reads the log alone.
    assert ("MemorySwapMax=0" in lines) == (name != "oms-seal")
    # Emptied when one of several services of a user stops, /dev/shm would lose what waits there to be looked at.
    assert "RemoveIPC=true" not in lines


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
@pytest.mark.parametrize("name", BARS)
def test_systemd_finds_it_no_more_exposed_than_that(name: str) -> None:
    path = CHECKOUT / "deploy" / f"{name}.service"
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", told)[1]) <= BARS[name]  # type: ignore[index]
