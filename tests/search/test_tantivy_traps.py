"""What tantivy does badly, walked around."""

import json
import shutil
from pathlib import Path

import pytest

from tests.search.conftest import open_engine
from tests.search.corpus import LETTERS


def test_a_file_left_by_a_killed_writer_stops_no_later_one(tmp_path: Path) -> None:
    """Marks of deleted documents are named by segment and count of operations: the next writer wants the same name."""
    pytest.importorskip("tantivy")
    engine = open_engine("tantivy", tmp_path / "index")
    engine.rebuild(LETTERS)
    index: Path = engine._place()  # type: ignore[attr-defined]
    shutil.copytree(tmp_path / "index", tmp_path / "copy")
    open_engine("tantivy", tmp_path / "copy").put(LETTERS[:1])
    names = {file.name for file in (tmp_path / "copy" / index.name).glob("*.del")}
    assert names
    for name in names:
        (index / name).write_bytes(b"half written")
    known = index / ".managed.json"
    known.write_text(json.dumps(json.loads(known.read_text()) + sorted(names)))
    engine.put(LETTERS[:1])
    assert engine.healthy()
    assert engine.ids() == {item.id for item in LETTERS}
