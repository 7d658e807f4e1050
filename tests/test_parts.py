"""The list of all parts (SBOM) says what is installed and locked, and a server without Internet asks nobody."""

import importlib
import json
import os
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def parts() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "deploy")
        return importlib.import_module("list_parts")


@pytest.fixture(scope="module")
def listed(parts: Any) -> list[dict[str, Any]]:
    found = parts.list_parts(["bash"])
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert found == parts.list_parts(["bash"]), "the list of one state is always the same"
    return list(found["components"])


def test_the_list_is_what_is_installed_and_that_is_what_is_locked(parts: Any, listed: list[dict[str, Any]]) -> None:
    there = {one["name"]: one["version"] for one in listed if one["purl"].startswith("pkg:pypi/")}
    installed = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version for one in metadata.distributions()}
    assert there == {name: version for name, version in installed.items() if name not in ("oms", "pip")}
    lock = parts.locked((ROOT / "requirements.lock").read_text())
    assert parts.differences(there, {name: version for name, (version, _) in lock.items()}) == []
    for one in listed:
        if one["purl"].startswith("pkg:pypi/"):
            (files,) = one["externalReferences"]
            assert {hash["content"] for hash in files["hashes"]} == set(lock[one["name"]][1]), one["name"]


def test_what_is_not_as_locked_is_said(parts: Any) -> None:
    there, wanted = {"flask": "3.1.0", "stranger": "1"}, {"flask": "3.1.1", "missing": "2"}
    assert parts.differences(there, wanted) == [
        "flask is 3.1.0, locked is 3.1.1",
        "missing 2 is locked and not installed",
        "stranger 1 is installed and not locked",
    ]


def test_every_part_has_a_version_and_a_licence_and_is_there_once(listed: list[dict[str, Any]]) -> None:
    assert len({one["bom-ref"] for one in listed}) == len(listed) > 100
    assert all(one["version"] for one in listed)
    without = [one["name"] for one in listed if not one.get("licenses") and not one["purl"].startswith("pkg:deb/")]
    assert without == []


def test_the_front_end_has_the_hashes_of_its_lock_file(listed: list[dict[str, Any]]) -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    there = [one for one in listed if one["purl"].startswith("pkg:npm/")]
    assert len(there) == len(lock) - 1
    assert all(len(one["hashes"][0]["content"]) == 128 for one in there), "SHA-512"
    assert {"bootstrap", "bootstrap-icons"} <= {one["name"] for one in there if one["scope"] == "required"}


def test_a_lock_of_another_machine_is_left_out(parts: Any) -> None:
    lock = "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\nB_c[d]==2 \\\n    --hash=sha256:"
    assert parts.locked(lock + "f" * 64 + "\n    # via d\n") == {"b-c": ("2", ["f" * 64])}


def test_without_internet_nothing_is_asked_of_it(tmp_path: Path) -> None:
    def commands(*more: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        asked = ["make", "--dry-run", "--always-make", "setup", f"VENV={tmp_path}/venv", *more]
        return subprocess.run(asked, cwd=ROOT, env=kept, capture_output=True, text=True, check=True).stdout

    assert "npm ci" in commands() and "--no-index" not in commands()
    told = commands("OFFLINE=/media/oms")
    installs = [line for line in told.splitlines() if "pip install" in line]
    assert len(installs) == 2 and all("--no-index --find-links /media/oms/wheels" in line for line in installs)
    assert "--require-hashes" in installs[0] and "npm" not in told and "/media/oms/vendor.tar" in told
