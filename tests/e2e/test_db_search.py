"""`bomvet db search`: what the database has under a name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import ADVISORY, Cli

WITHDRAWN: dict[str, Any] = {
    "id": "PYSEC-2026-7",
    "modified": "2026-01-03T00:00:00Z",
    "withdrawn": "2026-01-03T00:00:00Z",
    "upstream": ["CVE-2026-0002"],
    "affected": [
        {"package": {"ecosystem": ecosystem, "name": name}, "versions": ["1.0"]}
        for ecosystem, name in (
            ("PyPI", "Tap_Water"), ("npm", "tap"), ("npm", "b"), ("npm", "c"), ("npm", "d"), ("npm", "@acme/e"),
        )
    ],
}  # fmt: skip
FIRST = """\
ID                   SEVERITY  PACKAGES AND SUMMARY
GHSA-aaaa-bbbb-cccc  critical  PyPI/tap
                               CVE-2026-0001
                               Leaky tap
"""
SECOND = """\
ID            SEVERITY  PACKAGES AND SUMMARY
PYSEC-2026-7  unknown   PyPI/tap-water, npm/@acme/e, npm/b, npm/c, npm/d and 1 more (withdrawn)
                        CVE-2026-0002
"""
RANGE = FIRST.replace("CVE-2026-0001\n", f"CVE-2026-0001\n{' ' * 31}in range [0, 1.1)\n")


@pytest.fixture(autouse=True)
def _records(cli: Cli) -> None:
    cli.advise(ADVISORY, WITHDRAWN)
    cli.told()


@pytest.mark.parametrize(
    ("query", "out"),
    [
        ("GHSA-aaaa-bbbb-cccc", FIRST),
        ("ghsa-AAAA-bbbb-cccc", FIRST),
        ("cve-2026-0001", FIRST),
        ("CVE-2026-0002", SECOND),
        ("Tap.Water", SECOND),
        ("@acme/e", SECOND),
        ("pkg:pypi/tap", FIRST),
        ("pkg:pypi/tap@1.0", RANGE),
    ],
)
def test_found(cli: Cli, query: str, out: str) -> None:
    """An id, an alias, what is upstream, a package in any spelling, and a purl with and without a version."""
    ran = cli("db", "search", query)

    assert (ran.code, ran.out, ran.err) == (0, out, "")


def test_a_name_in_several_ecosystems(cli: Cli) -> None:
    """A name is looked up in all ecosystems."""
    ran = cli("db", "search", "tap", "-f", "json")

    assert [one["id"] for one in ran.json["advisories"]] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-7"]


@pytest.mark.parametrize("query", ["CVE-2026-0009", "absent", "pkg:pypi/tap@1.1", "pkg:pypi/absent", "\x1b[31m"])
def test_not_found(cli: Cli, query: str) -> None:
    """Exit code 1, which is no error; what was asked cannot steer the terminal."""
    ran = cli("db", "search", query)

    shown = query.replace("\x1b", "\ufffd")
    assert (ran.code, ran.out, ran.err) == (1, "", f"nothing is known under {shown}\n")


def test_as_json(cli: Cli) -> None:
    """One object with all that is kept of each."""
    ran = cli("db", "search", "pkg:pypi/tap@1.0.0", "-f", "json")

    assert (ran.code, ran.json) == (
        0,
        {
            "query": "pkg:pypi/tap@1.0.0",
            "advisories": [
                {
                    "id": "GHSA-aaaa-bbbb-cccc",
                    "aliases": ["CVE-2026-0001"],
                    "upstream": [],
                    "summary": "Leaky tap",
                    "references": [],
                    "published": "2026-01-01T00:00:00Z",
                    "modified": "2026-01-02T00:00:00Z",
                    "withdrawn": "",
                    "severity": "critical",
                    "cwes": [],
                    "packages": [{"ecosystem": "PyPI", "name": "tap"}],
                    "evidence": "in range [0, 1.1)",
                }
            ],
        },
    )
    assert cli("db", "search", "absent", "-f", "json").json == {"query": "absent", "advisories": []}


@pytest.mark.parametrize(
    ("query", "code", "error"),
    [
        ("pkg:pypi/tap@one", 3, "the version 'one' cannot be ordered, so these stay open: GHSA-aaaa-bbbb-cccc"),
        ("pkg:", 2, "'pkg:' names no package"),
        ("pkg:nuget2/x@1", 2, "pkg:nuget2/x@1: nuget2 cannot be matched by this version of bomvet"),
        ("", 2, "QUERY is empty"),
    ],
)
def test_cannot_be_answered(cli: Cli, query: str, code: int, error: str) -> None:
    """What cannot be answered is told, and is not "nothing"."""
    ran = cli("db", "search", query)

    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (code, "", f"bomvet: {error}")


def test_without_a_database(cli: Cli) -> None:
    """No database is exit 3."""
    ran = cli("db", "search", "tap", "--db", "absent.db")

    assert (ran.code, ran.err.splitlines()[0]) == (3, "bomvet: there is no advisory database")
