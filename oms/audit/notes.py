"""Writing the notes that `proof` reads: what is signed of a log, and the public key it is proved with."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oms.audit.proof import DASH, ED25519, Break, Checkpoint, key_id


def text_of(checkpoint: Checkpoint) -> str:
    """The words of a checkpoint that are signed; of a later segment they say with which entry it begins."""
    root, first = base64.b64encode(checkpoint.root).decode(), f"first {checkpoint.first}\n"
    said = f"{checkpoint.origin}\n{checkpoint.size}\n{root}\nhead {checkpoint.head}\nat {checkpoint.at}\n"
    return said + first if checkpoint.first > 1 else said


def sign(signed: Checkpoint | Break, name: str, key: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint, or of a break."""
    if isinstance(signed, Checkpoint):
        text = text_of(signed)
    else:
        text = f"{name}/{signed.number}\n{json.dumps(signed._asdict())}\n"
    signature = key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n{DASH}{name} {base64.b64encode(signature).decode()}\n"


def written_key(name: str, public: bytes) -> str:
    """A public key as it is handed over: name, four bytes to tell it by, the key."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def end_of(checkpoint: Checkpoint) -> int:
    """The number of the last entry that is under a checkpoint."""
    return checkpoint.first - 1 + checkpoint.size
