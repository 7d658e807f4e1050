"""Rules of safety for the source: what must not be written where, and the few places that may, with the reason."""

import re
from collections.abc import Iterator

import pytest

from oms.settings import CHECKOUT

# rule: (what is searched for, in which files, where it may stand: `intake` marks a sentence of ours up, whose values
# Markup escapes; `sheet` uses the function that escapes, no parser; invented people are drawn by lot; a password is looked for in a published list
# by the SHA-1 that names it there)
RULES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "no pickle": (r"\bimport (c?pickle|marshal|shelve|dill)\b|\bpickle\.loads?\(", "oms/**/*.py", ()),
    "no eval": (r"(?<![\w.])(eval|exec)\(", "oms/**/*.py", ()),
    "no shell": (r"shell=True|os\.system\(|os\.popen\(", "oms/**/*.py", ()),
    "no YAML that makes objects": (r"yaml\.(load|unsafe_load|full_load)\(", "oms/**/*.py", ()),
    "no marks past the escaping": (r"\bMarkup\(|\|\s*safe\b", "oms/**/*.py", ("oms/web/intake.py",)),
    "no safe filter in pages": (r"\|\s*safe\b|autoescape\s+false", "templates/**/*.html", ()),
    "no template from a text": (r"render_template_string|Template\(", "oms/web/*.py", ()),
    "no request to the network": (r"^\s*(import|from) (requests|httpx|aiohttp)\b|urlopen\(", "oms/**/*.py", ("oms/accounts/provider.py",)),
    "no weak hash": (r"hashlib\.(md5|sha1)\(", "oms/**/*.py", ("oms/accounts/found_out.py",)),
    "no comparing of secrets by ==": (r"(token|secret|code_sha256|csrf)\w* == (?!None)", "oms/web/*.py", ()),
    "no name of a temporary file": (r"tempfile\.mktemp\(", "oms/**/*.py", ()),
    "no unpacking of archives": (r"\.extractall\(", "oms/**/*.py", ()),
    "no XML parser": (r"\bfrom lxml|xml\.(etree|sax|dom|parsers)|minidom", "oms/**/*.py", ("oms/printing/sheet.py", "oms/recognition/word/package.py")),
    "no assert in a door": (r"^\s+assert ", "oms/web/access.py", ()),
    "no debugger": (r"debug=True|pdb\.set_trace|breakpoint\(", "oms/**/*.py", ()),
    "no CSRF exemption in pages": (r"csrf\.exempt(?!\(csp_reports\.report\))|csrf_exempt", "oms/web/*.py", ()),
    "no file sent by a name from outside": (r"send_from_directory\(", "oms/**/*.py", ()),
    "no header believed by hand": (r"X-Forwarded|X-Original-URL|X-HTTP-Method", "oms/**/*.py", ()),
    "no inline script": (r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=\"|javascript:", "templates/**/*.html", ()),
    "no inline style": (r"\sstyle=\"|<style", "templates/**/*.html", ()),
    "no markup written by scripts": (r"innerHTML|outerHTML|document\.write|insertAdjacentHTML", "oms/web/static/js/**/*.js", ()),
    "nothing kept in the browser": (r"localStorage|sessionStorage|indexedDB", "oms/web/static/js/**/*.js", ()),
    "no cipher that notices no change": (r"\bmodes\.|ciphers import Cipher\b|PKCS1v15|PKCS5|\b3?DES\b|Blowfish", "oms/**/*.py", ()),
    "no random numbers but the system's": (
        r"^\s*(import random\b|from random\b)|uuid1\(",
        "oms/**/*.py",
        ("oms/specimens/", "oms/demo"),
    ),
    "no ear for other windows": (r"postMessage|addEventListener\(\s*[\"']message[\"']", "oms/web/static/js/**/*.js", ()),
    "no address elsewhere": (r"(src|href)=\"https?://", "templates/**/*.html", ()),
}  # fmt: skip


def found(rule: str) -> Iterator[str]:
    pattern, files, _may = RULES[rule]
    for path in sorted(CHECKOUT.glob(files)):
        name = str(path.relative_to(CHECKOUT))
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if re.search(pattern, line):
                yield f"{name}:{number}: {line.strip()[:90]}"


@pytest.mark.parametrize("rule", RULES)
def test_the_source_keeps_the_rule(rule: str) -> None:
    assert [line for line in found(rule) if not line.startswith(RULES[rule][2] or ("none",))] == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if RULES[rule][2]])
def test_no_exception_outlives_its_reason(rule: str) -> None:
    lines = list(found(rule))
    assert [may for may in RULES[rule][2] if not any(line.startswith(may) for line in lines)] == []


def test_the_rules_are_about_files_that_exist() -> None:
    assert [rule for rule, (_pattern, files, _may) in RULES.items() if not any(CHECKOUT.glob(files))] == []
