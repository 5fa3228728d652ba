"""CSV: `CSV`."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from bomvet.errors import UsageError
from bomvet.model.records import replace
from bomvet.reports.csv import COLUMNS, CSV
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN


def rows(result: Any = RESULT, **options: Any) -> list[dict[str, str]]:
    """What a strict reader makes of it."""
    return [*csv.DictReader(io.StringIO(text(CSV, result, **options), newline=""), strict=True)]


def test_the_columns() -> None:
    """Their order is kept: new ones come last."""
    assert text(CSV, CLEAN) == (
        "state,severity,rule,id,aliases,package,version,purl,scope,path,line,message,fix,remediation,kev,epss,cvss,"
        "risk,note,fingerprint\r\n"
    )
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_a_row_per_finding() -> None:
    """With all that is known of the first of them."""
    found = rows()

    assert found[0] == {
        "state": "refused",
        "severity": "critical",
        "rule": "known-vulnerability",
        "id": "CVE-2026-1",
        "aliases": "GHSA-of-CVE-2026-1",
        "package": "tap",
        "version": "1.0",
        "purl": "pkg:pypi/tap@1.0",
        "scope": "required",
        "path": "uv.lock",
        "line": "20",
        "message": "Leaks on every turn",
        "fix": "1.2",
        "remediation": "Upgrade tap to 1.2.",
        "kev": "2026-02-01",
        "epss": "0.93000",
        "cvss": "9.8",
        "risk": "80-95",
        "note": "Refused by fail-on = high",
        "fingerprint": sample.REFUSED.fingerprint,
    }
    assert [row["state"] for row in found] == [
        "refused", "told", "told", "known", "waived", "suppressed", "not-established", "not-established",
    ]  # fmt: skip


def test_open_questions_are_rows() -> None:
    """With their places, seen from the top of the repository."""
    found = [(row["path"], row["line"], row["message"]) for row in rows(folder="api")[-2:]]

    assert found == [
        ("api/setup.py", "4", "setup.py:4: calls a function"),
        ("", "", "pkg:pypi/valve@4.0: no advisories are kept for it"),
    ]


def test_what_is_not_known_is_empty() -> None:
    """A finding of another rule on something that is no component of the inventory."""
    found = rows(judged(CLEAN, findings=(replace(sample.OTHER, subject="svc:a/b"),)))[0]

    assert {key: value for key, value in found.items() if not value} == dict.fromkeys(
        ("id", "aliases", "version", "scope", "line", "fix", "remediation", "kev", "epss", "cvss", "risk", "note"), ""
    )
    assert (found["package"], found["path"]) == ("svc:a/b", "pyproject.toml")


def test_without_any_file() -> None:
    """No path then."""
    bare = replace(
        judged(CLEAN, findings=(sample.OTHER,)),
        inventory=replace(CLEAN.inventory, root=None),
        target=replace(CLEAN.target, inputs=()),
    )

    assert rows(bare)[0]["path"] == ""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@plumb/pipe", "'@plumb/pipe"),
        ("\t=1", "' =1"),
        ("\rx", "' x"),
        ("\nx", "' x"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("1-1", "1-1"),
        ("a=1", "a=1"),
        ("a\u2028b\x00c", "a b c"),
        ('say "x", y', 'say "x", y'),
    ],
)
def test_no_cell_is_a_formula(cell: str, expected: str) -> None:
    """Nor has one more than one line; quotes and commas come back as they were."""
    assert rows(judged(CLEAN, findings=(replace(sample.OTHER, message=cell),)))[0]["message"] == expected


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_nothing_is_more_than_text(words: str) -> None:
    """Whatever a name holds: every row has every column, and no cell begins a formula."""
    found = rows(sample.hostile(words))

    assert [len(row) for row in found] == [len(COLUMNS)] * 6
    assert [cell for row in found for cell in row.values() if cell[:1] in set("=+-@\t\r\n")] == []
    assert text(CSV, sample.hostile(words)).count("\r\n") == 7


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f csv` would look clean."""
    with pytest.raises(UsageError, match="the format csv shows findings"):
        text(CSV, KNOWN)
