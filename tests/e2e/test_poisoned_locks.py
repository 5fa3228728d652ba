"""Lock files that somebody has tampered with, scanned as users do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import HARMLESS, PYPROJECT, UV_LOCK

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

INDEX = "https://pypi.packages.example/simple"
EVIL = "https://pypi.evil.example/simple"
DEFAULT = '\n[[tool.uv.index]]\nurl = "https://user:secret@pypi.packages.example/simple"\ndefault = true\n'
GIT = 'source = { git = "https://code.example/tap?rev=main" }'
TAP = f'name = "tap"\nversion = "1.0"\nsource = {{ registry = "{INDEX}" }}'


def findings(cli: Cli, *arguments: str) -> list[tuple[str, str, str]]:
    """Rule, severity and package of every open finding."""
    document = cli("scan", "-f", "json", *arguments).json
    return [(f["rule"], f["severity"], f["subject"].partition("?")[0]) for f in document["findings"]]


@pytest.fixture
def sink(cli: Cli) -> Cli:
    """The project, with advisories of which none affects it."""
    cli.advise(HARMLESS)
    return cli


def test_an_ordinary_lock(sink: Cli) -> None:
    """Nothing to say."""
    assert findings(sink) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("tap-1.0-py3", "evil-1.0-py3", ("resolved-mismatch", "high", "pkg:pypi/tap@1.0")),
        ("tap-1.0-py3", "tap-1.1-py3", ("resolved-mismatch", "high", "pkg:pypi/tap@1.0")),
        (f', hash = "sha256:{"b" * 64}"', "", ("weak-integrity", "medium", "pkg:pypi/tap@1.0")),
        (f"sha256:{'b' * 64}", f"md5:{'b' * 32}", ("weak-integrity", "medium", "pkg:pypi/tap@1.0")),
        (
            "https://files.packages.example/tap",
            "http://files.packages.example/tap",
            ("insecure-source", "medium", "pkg:pypi/tap@1.0"),
        ),
        (TAP, TAP.replace(INDEX, EVIL), ("foreign-registry", "high", "pkg:pypi/tap@1.0")),
        (TAP, f'name = "tap"\nversion = "1.0"\n{GIT}', ("unpinned-git", "high", "pkg:pypi/tap@1.0")),
    ],
)
def test_a_poisoned_lock(sink: Cli, old: str, new: str, found: tuple[str, str, str]) -> None:
    """One line of it is another."""
    assert old in UV_LOCK
    sink.write("pyproject.toml", PYPROJECT + DEFAULT)
    sink.write("uv.lock", UV_LOCK.replace(old, new))

    assert findings(sink) == [found]
    assert sink("scan").code == (1 if found[1] == "high" else 0)


def test_dependency_confusion(sink: Cli) -> None:
    """A further index, and no hash that decides."""
    sink.write("requirements.txt", f"--extra-index-url {EVIL}\nown==1.0\n")

    assert findings(sink) == [("mixed-indexes", "medium", "pkg:pypi/own@1.0")]


def test_the_policy_names_registries(sink: Cli) -> None:
    """A lock made through another mirror is told; one that the policy names is not."""
    sink.write("bomvet.toml", f'registries = ["{EVIL}"]\n')
    assert [rule for rule, _, _ in findings(sink)] == ["foreign-registry"] * 2

    sink.write("bomvet.toml", f'registries = ["{EVIL}", "{INDEX}/"]\n')
    assert findings(sink) == []


def test_a_waiver(sink: Cli) -> None:
    """By the id of the rule, for one package."""
    sink.write("uv.lock", UV_LOCK.replace("tap-1.0-py3", "evil-1.0-py3"))
    sink.write(
        "bomvet.toml",
        '[[waivers]]\nid = "resolved-mismatch"\nreason = "a fork"\nowner = "ada"\nexpires = 2999-01-01\n'
        'purl = "pkg:pypi/tap"\n',
    )
    assert (findings(sink), sink("scan").code) == ([], 0)


def test_the_table_tells_what_to_do(sink: Cli) -> None:
    """The rule, what is wrong, where, and what to do."""
    sink.write("uv.lock", UV_LOCK.replace("tap-1.0-py3", "evil-1.0-py3"))
    out = " ".join(sink("scan").out.split())

    assert "✗ HIGH resolved-mismatch What is installed as tap@1.0 is not that:" in out
    assert "where uv.lock:24 why sink@1.0 > pipe@2.0 > tap@1.0 do Do not install from this lock." in out


def test_configuration_is_evidence(sink: Cli) -> None:
    """What clients are configured for stands in the SBOM and in the result, without what lets somebody in."""
    sink.write("pyproject.toml", PYPROJECT + DEFAULT)
    sink.write(".npmrc", "@acme:registry=https://npm.acme.example/\n//npm.acme.example/:_authToken=secret\n")
    stated = [
        p["value"] for p in sink("sbom").json["metadata"]["properties"] if p["name"] == "bomvet:configured-registry"
    ]
    result = sink("scan", "-f", "json").out

    line = (PYPROJECT + DEFAULT).splitlines().index("[[tool.uv.index]]") + 2
    assert stated == ["npm @acme https://npm.acme.example/ (.npmrc:1)", f"pypi {INDEX} (pyproject.toml:{line})"]
    assert [r["default"] for r in json.loads(result)["inventory"]["registries"]] == [False, True]
    assert "secret" not in result
