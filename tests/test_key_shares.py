"""A key on three papers: any two give it back, one tells nothing, and what is typed wrong is named."""

import itertools
import random
import secrets
from pathlib import Path

import pytest

from oms.backup import sealing, shares
from oms.errors import BadInput

KEY = bytes(range(32))


def test_any_two_of_three_give_the_key_back_as_typed() -> None:
    for _ in range(20):
        key = secrets.token_bytes(shares.KEY)
        papers = [shares.read([line.lower().replace(" ", "") for line in share.lines]) for share in shares.split(key)]
        for one, other in itertools.permutations(papers, 2):
            assert shares.join(one, other) == key


def test_one_paper_fits_every_key() -> None:
    """With one paper in hand any key is possible: there is a third block that makes it."""
    first, *_ = shares.split(KEY)
    for _ in range(20):
        wanted = secrets.token_bytes(shares.KEY)
        missing = shares._sum(wanted, first.blocks[: shares.KEY], first.blocks[shares.KEY :])
        other = shares.Share(2, first.of, shares._prove(wanted), first.blocks[shares.KEY :] + missing)
        assert shares.join(shares.Share(1, first.of, other.proof, first.blocks), other) == wanted


def test_a_wrong_sign_is_found_in_its_line() -> None:
    share = shares.split(KEY)[0]
    assert len(share.lines) == shares.LINES
    chance = random.Random(5)
    found = 0
    for _ in range(200):
        number = chance.randrange(shares.LINES)
        line = list(share.lines[number])
        place = chance.choice([at for at, sign in enumerate(line) if sign.isalnum()])
        line[place] = chance.choice([sign for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if sign != line[place]])
        lines = [*share.lines[:number], "".join(line), *share.lines[number + 1 :]]
        try:
            read = shares.read(lines)
        except BadInput as error:
            assert error.values.get("number") == number + 1
            found += 1
        else:
            with pytest.raises(BadInput):
                shares.join(read, shares.split(KEY)[1])
    assert found >= 195, "the two signs of a line miss one mistake in a thousand"


def test_letters_that_look_alike_may_be_mixed_up() -> None:
    share = shares.split(KEY)[1]
    assert shares.read([line.replace("0", "O").replace("1", "l") for line in share.lines]) == share


@pytest.mark.parametrize(
    "papers",
    [
        lambda one, other: (one[0], one[0]),
        lambda one, other: (one[0], other[1]),
        lambda one, other: (one[0], shares.Share(2, one[0].of, one[0].proof, bytes(64))),
    ],
    ids=["the same twice", "of two keys", "made up"],
)
def test_papers_that_do_not_go_together_are_refused(papers) -> None:
    with pytest.raises(BadInput):
        shares.join(*papers(shares.split(KEY), shares.split(secrets.token_bytes(32))))


def test_lines_that_are_missing_or_foreign_are_refused() -> None:
    lines = shares.split(KEY)[0].lines
    for wrong in (lines[:-1], (), ("không phải khóa",), (*lines, lines[0])):
        with pytest.raises(BadInput):
            shares.read(wrong)


def test_a_key_that_comes_back_is_the_one_that_was_lost(tmp_path: Path) -> None:
    public = sealing.new_key(tmp_path / "safe.key")
    papers = shares.split(sealing.read_key(tmp_path / "safe.key").private_bytes_raw())
    assert sealing.write_key(tmp_path / "again.key", shares.join(papers[2], papers[0])) == public
    assert (tmp_path / "again.key").read_text() == (tmp_path / "safe.key").read_text()
    assert (tmp_path / "again.key").stat().st_mode & 0o777 == 0o400
