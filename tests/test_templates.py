"""Every template: compiles, has no inline script or style, asks no question of the database, trusts nothing."""

import re
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parent.parent / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_is_safe_and_compiles(path: Path, app: Flask) -> None:
    source = path.read_text("utf-8")
    assert not re.search(r"\|\s*safe\b", source), "what people typed must stay escaped"
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "the policy forbids inline scripts"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", source), "the policy forbids inline styles and handlers"
    assert ".query(" not in source and "session." not in source, "no questions to the database here"
    app.jinja_env.get_template(str(path.relative_to(ROOT)))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_form_that_changes_something_carries_its_token(path: Path) -> None:
    source = path.read_text("utf-8")
    for form in re.findall(r"<form\b[^>]*method=[\"']post[\"'].*?</form>", source, re.S | re.I):
        assert any(token in form for token in ("csrf_token", "fields.token()", "_hidden(version)")), form[:120]
