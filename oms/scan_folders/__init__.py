"""Many scans at once, from a folder named by rule `SoCCCD_HoTen/STT.Ten.N.pdf`, on the disk or as a ZIP.

Taking the files in is the gate's affair, file by file, as for every scan. A ZIP that comes by the browser lies in memory
only (`oms.scan_folders.imports`).
"""

from oms.scan_folders.archives import LARGEST, Archive, ArchiveRefused
from oms.scan_folders.going import (
    KNOWN,
    LEFT_OUT,
    SAID,
    TAKEN,
    WOULD_TAKE,
    Fate,
    Folder,
    Line,
    go,
    read_file,
    write_report,
)
from oms.scan_folders.imports import (
    Staged,
    confirm,
    count,
    discard,
    drop,
    export,
    give,
    give_up,
    lines_of,
    list_imports,
    refuse,
    stage,
    view,
    work_off,
)
from oms.scan_folders.planning import Planned, find_files, plan, write_down

__all__ = [
    "KNOWN",
    "LARGEST",
    "LEFT_OUT",
    "SAID",
    "TAKEN",
    "WOULD_TAKE",
    "Archive",
    "ArchiveRefused",
    "Fate",
    "Folder",
    "Line",
    "Planned",
    "Staged",
    "confirm",
    "count",
    "discard",
    "drop",
    "export",
    "find_files",
    "give",
    "give_up",
    "go",
    "lines_of",
    "list_imports",
    "plan",
    "read_file",
    "refuse",
    "stage",
    "view",
    "work_off",
    "write_down",
    "write_report",
]
