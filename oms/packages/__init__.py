"""Sealed packages: a dossier travels to an installation without a link, whole or not at all.

A package is a BagIt bag (RFC 8493) inside one encrypted file; its opening code goes by another way. The format stands
in docs/packages.md. Nothing of a package is believed before every hash and the signature of the sender were proved.
"""

from oms.models import Package
from oms.packages.answering import LARGEST as LARGEST_ANSWER
from oms.packages.answering import Answer, acknowledge, close, read_answer
from oms.packages.arriving import arrivals, give, give_code, give_up, keep, let_go, take_in_arrival, view_arrival
from oms.packages.bag import NotABag, is_plain_bag
from oms.packages.exporting import Sealed, check_code, export, file_of, has_file
from oms.packages.finding import (
    checkpoints_of,
    find,
    list_packages,
    of_transfer,
    origin_of,
    receiving_units,
    view,
    waiting,
)
from oms.packages.foreign import refuse_foreign
from oms.packages.importing import refuse, take_in
from oms.packages.keys import (
    check_key,
    find_trusted,
    fingerprint,
    make_code,
    own_name,
    public_key,
    read_code,
    trust,
    trusted,
    write_code,
)
from oms.packages.opening import Opened, PackageRefused, open_package
from oms.packages.sealing import Damaged, NotSealed, WrongCode, read_header
from oms.packages.showing import show_scan

__all__ = [
    "LARGEST_ANSWER",
    "Answer",
    "Damaged",
    "NotABag",
    "NotSealed",
    "Opened",
    "Package",
    "PackageRefused",
    "Sealed",
    "WrongCode",
    "acknowledge",
    "arrivals",
    "check_code",
    "check_key",
    "checkpoints_of",
    "close",
    "export",
    "file_of",
    "find",
    "find_trusted",
    "fingerprint",
    "give",
    "give_code",
    "give_up",
    "has_file",
    "is_plain_bag",
    "keep",
    "let_go",
    "list_packages",
    "make_code",
    "of_transfer",
    "open_package",
    "origin_of",
    "own_name",
    "public_key",
    "read_answer",
    "read_code",
    "read_header",
    "receiving_units",
    "refuse",
    "refuse_foreign",
    "show_scan",
    "take_in",
    "take_in_arrival",
    "trust",
    "trusted",
    "view",
    "view_arrival",
    "waiting",
    "write_code",
]
