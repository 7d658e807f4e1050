"""All parts of the program as one list (SBOM), from what is installed and what the lock files say.

    python deploy/list_parts.py [--out FILE] [PACKAGE OF THE SYSTEM …]

CycloneDX 1.6 in JSON: each Python package that is installed, with the hashes of which its file must have one; each package
the front end is built from, with the hash of its file; the packages of the system that are named. Versions, licences as the
packages say them. The list of one state is always the same. Ends with 1, and says why, where something is installed that is
not locked, locked and not installed, or of another version.
"""

import argparse
import base64
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"oms", "pip"}
"""The program itself, and what installs."""
# Their metadata name none; so it stands in the licence file each of them brings.
_SAID_IN_FILES = {"huey": "MIT", "peewee": "MIT", "sqlcipher3": "Zlib"}
_LONGEST_LICENCE = 60
"""Some packages write the whole text where its name belongs."""

Component = dict[str, Any]


def locked(text: str) -> dict[str, tuple[str, list[str]]]:
    """Version and SHA-256 hashes of each package of `requirements.lock` that belongs on this machine."""
    found = {}
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ")):
        if entry.startswith("#") or not entry.strip():
            continue
        said = entry.partition("--hash")[0].partition("\n")[0].strip()
        needed = Requirement(said)
        if needed.marker is None or needed.marker.evaluate({"extra": "test"}):
            version = str(needed.specifier).removeprefix("==")
            found[canonicalize_name(needed.name)] = version, re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
    return found


def installed() -> dict[str, metadata.Distribution]:
    """What this Python finds, by name; of two the first, as Python does."""
    found: dict[str, metadata.Distribution] = {}
    for one in metadata.distributions():
        found.setdefault(canonicalize_name(one.metadata["Name"]), one)
    return {name: one for name, one in found.items() if name not in NOT_OURS}


def differences(there: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """What is not as locked, in words: names and versions that are installed, and that should be."""
    found = [f"{name} {there[name]} is installed and not locked" for name in there.keys() - wanted.keys()]
    found += [f"{name} {wanted[name]} is locked and not installed" for name in wanted.keys() - there.keys()]
    both = there.keys() & wanted.keys()
    found += [f"{one} is {there[one]}, locked is {wanted[one]}" for one in both if there[one] != wanted[one]]
    return sorted(found)


def licences_of(about: Any) -> list[dict[str, Any]]:
    """What a Python package says of its licence: an expression, else its classifiers, else a word."""
    if expression := about.get("License-Expression"):
        return [{"expression": expression}]
    said = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier", []) if one.startswith("License :: ")]
    words = (about.get("License") or "").strip().splitlines()
    if not said and words and len(words[0]) <= _LONGEST_LICENCE:
        said = [words[0]]
    if not said and (known := _SAID_IN_FILES.get(canonicalize_name(about["Name"]))):
        return [{"license": {"id": known}}]
    return [{"license": {"name": one}} for one in said if one != "OSI Approved"]


def python_parts(lock: dict[str, tuple[str, list[str]]]) -> Iterator[Component]:
    """Each Python package that is installed."""
    for name, one in sorted(installed().items()):
        purl = f"pkg:pypi/{name}@{one.version}"
        part: Component = {"type": "library", "bom-ref": purl, "name": name, "version": one.version, "purl": purl}
        part["licenses"] = licences_of(one.metadata)
        hashes = [{"alg": "SHA-256", "content": one} for one in lock.get(name, ("", []))[1]]
        # Any of these files may have been taken: one for each system, processor and version of Python.
        files = {"type": "distribution", "url": f"https://pypi.org/project/{name}/{one.version}/#files"}
        yield part | {"externalReferences": [files | {"hashes": hashes}]} if hashes else part


def front_end_parts(text: str) -> Iterator[Component]:
    """Each package of `package-lock.json`; those that only build are left out at run time."""
    for place, one in sorted(json.loads(text)["packages"].items()):
        if not place:
            continue
        name = place.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{one['version']}"
        algorithm, _, digest = one["integrity"].partition("-")
        yield {
            "type": "library", "bom-ref": f"{purl}#{place}", "name": name, "version": one["version"], "purl": purl,
            "scope": "excluded" if one.get("dev") else "required",
            "licenses": [{"expression": one["license"]}] if one.get("license") else [],
            "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}],
        }  # fmt: skip


def system_parts(names: Iterable[str]) -> Iterator[Component]:
    """The packages of Debian or Ubuntu by these names, where there are any; of `a|b` whichever is installed."""
    for name in (each for wanted in names for each in wanted.split("|")):
        try:
            asked = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version} ${Architecture}", name]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return
        if done.returncode == 0 and done.stdout.startswith("installed "):
            _, version, processor = done.stdout.split()
            purl = f"pkg:deb/debian/{name}@{version}?arch={processor}"
            yield {"type": "application", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def list_parts(system: Iterable[str] = ()) -> Component:
    """The whole list."""
    lock = locked((ROOT / "requirements.lock").read_text())
    parts = [*python_parts(lock), *front_end_parts((ROOT / "package-lock.json").read_text()), *system_parts(system)]
    known = json.dumps(parts, sort_keys=True)
    ours = {"type": "application", "bom-ref": "oms", "name": "oms", "version": metadata.version("oms")}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, known)}",
        "version": 1,
        "metadata": {"component": ours},
        "components": parts,
    }


def main() -> int:
    """Write the list; 1 when what is installed is not what is locked."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--out", type=Path)
    reading.add_argument("system", nargs="*")
    chosen = reading.parse_args()
    found = list_parts(chosen.system)
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if chosen.out:
        chosen.out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    lock = locked((ROOT / "requirements.lock").read_text())
    wrong = differences(
        {name: one.version for name, one in installed().items()}, {name: version for name, (version, _) in lock.items()}
    )
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(found['components'])} parts, {len(wrong)} not as locked", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
