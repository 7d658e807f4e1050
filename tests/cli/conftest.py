"""The command line on the installation of the test, in this process."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from oms import cli, search
from oms.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON documents of standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine (or of the test run) reaches the commands."""
    for name in list(os.environ):
        if name.startswith("OMS_"):
            monkeypatch.delenv(name)


@pytest.fixture
def oms(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """`oms("search", "hoa", "--as", "canbo.sonv")` runs that command in English."""
    monkeypatch.setenv("OMS_HOME", str(settings.home))
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    if settings.database_url:
        monkeypatch.setenv("OMS_DATABASE_URL", settings.database_url)

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    yield run
    search._engine_at.cache_clear()
