"""The vault of a closed installation: which keys seal what lies in its data folder, and what a sealed file looks like.

A data folder with the file `vault.json` is sealed: database, stored files and index are encrypted with keys that stand
in that file, wrapped by a key that lies elsewhere (decision 024). Whoever keeps bytes in the folder asks `keys_of`: so
nobody can write in the open there by forgetting something. Knows no database and no page.
"""

from oms.vault.keeping import FILE, Keys, VaultClosed, create, is_sealed, keys_of, lock, try_key, unlock
from oms.vault.key_files import KeyRefused
from oms.vault.objects import (
    HEADER,
    Damaged,
    Spool,
    address_of,
    file_size,
    is_former,
    is_present,
    proves,
    seal,
    signs_of,
    size_in,
    spool,
    unseal,
)

__all__ = [
    "FILE",
    "HEADER",
    "Damaged",
    "KeyRefused",
    "Keys",
    "Spool",
    "VaultClosed",
    "address_of",
    "create",
    "file_size",
    "is_former",
    "is_present",
    "is_sealed",
    "keys_of",
    "lock",
    "proves",
    "seal",
    "signs_of",
    "size_in",
    "spool",
    "try_key",
    "unlock",
    "unseal",
]
