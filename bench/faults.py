"""Faults of the machine, one after the other, under a running server: nothing is lost, people are told, it goes on.

    python bench/faults.py [disks] [starts] [lock] [stop] [copies] [bytes] [boxes] [secrets]

One line of figures for each drill, 1 where something was other than it must be; without names all of them. `disks` and
`starts` need root, loop devices and mkfs.ext4.
"""

import argparse
import importlib
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import household

DRILLS = {
    "starts": ("disks", "starts"),
    "lock": ("services", "lock"),
    "stop": ("services", "stop"),
    "copies": ("contents", "copies"),
    "bytes": ("contents", "spoilt"),
    "boxes": ("boxes", "killed"),
    "secrets": ("boxes", "secrets"),
    "disks": ("disks", "run"),
}
AS_ROOT = ("disks", "starts")


def main() -> int:
    """Run what was asked for; 1 when something is not as it should be, 2 when it cannot be tried here."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("drills", nargs="*", choices=[*DRILLS, []], default=[])
    chosen = options.parse_args().drills or list(DRILLS)
    household.end_in_order()
    if set(chosen) & set(AS_ROOT) and (os.geteuid() or not shutil.which("mkfs.ext4")):
        print("full disks need root, loop devices and e2fsprogs: nothing was tried")
        return 2
    faults: list[str] = []
    for name in chosen:
        room, drill = DRILLS[name]
        _lines, found = getattr(importlib.import_module(f"faulting.{room}"), drill)()
        for one in dict.fromkeys(found):
            print(f"  MISS {one}", flush=True)
        faults += found
    print(f"faults: {len(chosen)} drills ({', '.join(chosen)}), {len(faults)} misses")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
