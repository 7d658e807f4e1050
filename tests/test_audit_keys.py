"""The files of keys of the seal: what is broken there is told in a sentence that says what to do, and that helps."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from oms import db
from oms.audit import sealing, segments
from oms.errors import Conflict
from oms.permissions import Actor
from oms.settings import Settings
from tests.test_audit import without_triggers
from tests.test_audit_seal import a_dossier, a_house, a_sealed_log, recompute

__all__ = ["a_dossier", "a_house", "a_sealed_log"]

BROKEN = {
    sealing.KEYS: (b"oms-audit/123456789012+00000000+AAAA\n", b"no key\n", b"\xff\xfe\x00", b"oms-audit"),
    sealing.KEY: (b"", b"short"),
}


@pytest.mark.parametrize("moved_aside", [False, True])
@pytest.mark.parametrize(("name", "content"), [(name, one) for name, some in BROKEN.items() for one in some])
def test_a_broken_file_of_keys_is_named_and_the_log_goes_on_when_it_was_put_right(
    sealed: Engine, house: Settings, actor: Callable[[str], Actor], name: str, content: bytes, moved_aside: bool
) -> None:
    with without_triggers(sealed) as session:
        recompute(session)
    file = sealing.folder(house) / name
    good = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content)
    with pytest.raises(Conflict, match="Put a good copy in its place") as told:
        segments.begin(sealed, house, "Kiểm tra", actor=actor("kiemtra.khoi"))
    assert str(file) in str(told.value)
    if moved_aside:
        file.rename(file.with_name("kept.txt"))
    else:
        file.write_bytes(good)
    segments.begin(sealed, house, "Kiểm tra", actor=actor("kiemtra.khoi"))
    with db.reading(sealed) as session:
        found = sealing.verify_log(session, replace(house, seal_anchors=""))
    assert (found.finding, len(found.older)) == ("", 1)
