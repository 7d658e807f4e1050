"""First load (nạp dữ liệu ban đầu): people and their dossiers from one Excel file, all of them or none.

`check` reads a file and says of every cell that cannot be taken what is wrong; nothing is written but the look.
`load` does the same and, when nothing is wrong, enters everybody in one transaction. Rows that are there already are
counted and left as they are, so the same file may come twice.
"""

from oms.first_load.checking import Mistake, Report
from oms.first_load.loading import Loaded, check, load, names_of_units
from oms.first_load.workbooks import MOST_BYTES, MOST_ROWS, Table, read, template

__all__ = [
    "MOST_BYTES",
    "MOST_ROWS",
    "Loaded",
    "Mistake",
    "Report",
    "Table",
    "check",
    "load",
    "names_of_units",
    "read",
    "template",
]
