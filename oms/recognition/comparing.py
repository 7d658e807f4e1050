"""How far a reading is from the truth, for pages whose truth is known. Knows no files."""

import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from oms.vietnamese.text import nfc


@dataclass(frozen=True)
class ErrorRates:
    """Wrong characters per character of truth (CER) and wrong words per word (WER), with and without the marks."""

    cer: float
    wer: float
    cer_unmarked: float
    wer_unmarked: float


def compare(read: str, truth: str) -> ErrorRates:
    """The error rates of `read`; text counts in NFC with white space folded, capitals are told apart."""
    own, right = (" ".join(nfc(text).split()) for text in (read, truth))
    bare_own, bare_right = _drop_marks(own), _drop_marks(right)
    return ErrorRates(
        error_rate(own, right),
        error_rate(own.split(), right.split()),
        error_rate(bare_own, bare_right),
        error_rate(bare_own.split(), bare_right.split()),
    )


def _drop_marks(text: str) -> str:
    split = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(part for part in split if unicodedata.category(part) != "Mn")


def error_rate(own: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """Levenshtein distance per part of the truth; whatever is read where nothing stands counts as one error each."""
    names: dict[Hashable, int] = {}
    target = np.array([names.setdefault(part, len(names)) for part in right], dtype=np.int64)
    steps = np.arange(len(target) + 1)
    row = steps
    for place, part in enumerate(own, 1):
        best = np.minimum(row[:-1] + (target != names.get(part, -1)), row[1:] + 1)
        row = np.minimum.accumulate(np.concatenate(([place], best)) - steps) + steps
    return float(row[-1]) / max(1, len(target))
