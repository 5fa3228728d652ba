"""OSV records, taken apart: what is kept, what is tolerated and counted, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.advisories import records
from bomvet.advisories.records import BrokenRecordError, listing, read_record

FULL: dict[str, Any] = {
    "schema_version": "1.7.5",
    "id": "PYSEC-2024-1",
    "modified": "2024-02-03T04:05:06.789Z",
    "published": "2024-02-01T00:00:00Z",
    "aliases": ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"],
    "upstream": ["CVE-2024-1"],
    "related": ["CVE-2024-2"],
    "summary": "  A flaw\n in Example ",
    "details": "At length.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Example_Package", "purl": "pkg:pypi/example-package"},
            "ranges": [
                {"type": "GIT", "repo": "https://git.example/x", "events": [{"introduced": "0"}, {"fixed": "abc123"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4"}]},
                {"type": "SEMVER", "events": [{"introduced": "2.0.0", "last_affected": "2.1.0"}, {"limit": "3"}]},
            ],
            "versions": ["1.0", "1.0.0", "1.1", "junk"],
            "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
            "database_specific": {"last_known_affected_version_range": "<= 1.3"},
        },
        {"package": {"ecosystem": "Debian:12", "name": "Example"}, "versions": ["1.0", "1.0.0"]},
        {"ranges": [{"type": "GIT", "repo": "https://git.example/x", "events": [{"introduced": "0"}]}]},
    ],
    "references": [
        {"type": "WEB", "url": "https://advisories.example/1"},
        {"type": "WEB", "url": "https://advisories.example/1"},
        {"type": "WEB", "url": "javascript:alert(1)"},
    ],
    "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-79", "CWE-20", "CWE-79", "NVD-CWE-noinfo", 7]},
    "credits": [{"name": "Somebody"}],
}


def affected(**fields: Any) -> dict[str, Any]:
    """A record with one affected element of those fields."""
    package = {"ecosystem": "PyPI", "name": "example"}
    return {"id": "X-1", "affected": [{"package": package, **fields}]}


def faults(document: dict[str, Any]) -> list[str]:
    """What was tolerated."""
    return read_record(document).faults


def test_whole_record() -> None:
    """Everything that a scan needs is kept in canonical form, and nothing else."""
    record = read_record(FULL)
    assert record.advisory == {
        "id": "PYSEC-2024-1",
        "aliases": ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"],
        "upstream": ["CVE-2024-1"],
        "summary": "A flaw in Example",
        "severity": [["CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]],
        "level": "MODERATE",
        "cwes": [7, 20, 79],
        "references": ["https://advisories.example/1"],
        "published": "2024-02-01T00:00:00Z",
        "modified": "2024-02-03T04:05:06.789Z",
        "withdrawn": "",
    }
    assert record.entries == [
        (
            "PyPI",
            "example-package",
            {
                "id": "PYSEC-2024-1",
                "versions": "\n1\n1.1\njunk\n",
                "ranges": [
                    [["introduced", "0"], ["fixed", "1.4"]],
                    [["introduced", "2.0.0"], ["last_affected", "2.1.0"], ["limit", "3"]],
                ],
                "hint": "<= 1.3",
                "severity": [["CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P"]],
                "withdrawn": False,
            },
        ),
        (
            "Debian:12",
            "Example",
            {
                "id": "PYSEC-2024-1",
                "versions": "\n1.0\n1.0.0\n",
                "ranges": [],
                "hint": "",
                "severity": [],
                "withdrawn": False,
            },
        ),
    ]
    assert record.faults == []


def test_least_record() -> None:
    """An id is all that a record must have."""
    record = read_record({"id": "X-1"})
    assert (record.entries, record.faults) == ([], [])
    assert {key for key, value in record.advisory.items() if value} == {"id"}


@pytest.mark.parametrize("document", [None, [], "X-1", 1, {}, {"id": None}, {"id": ""}, {"id": 7}, {"id": "X" * 201}])
def test_no_record(document: Any) -> None:
    """Without an id of reasonable length that is text there is no record."""
    with pytest.raises(BrokenRecordError):
        read_record(document)


def test_null_fields() -> None:
    """`null` where a list, text or table is due counts as absent and as one fault each."""
    names = ["aliases", "upstream", "severity", "references", "published", "modified", "withdrawn", "affected"]
    record = read_record({"id": "X-1", **dict.fromkeys(names), "database_specific": None, "summary": None})
    assert (record.entries, len(record.faults)) == ([], len(names))
    assert "aliases is NoneType, not list" in record.faults
    assert record.advisory["aliases"] == []


def test_null_within_affected() -> None:
    """The same goes for what stands within an affected element, and the entry stays."""
    record = read_record(affected(versions=None, ranges=None, severity=None, database_specific=None))
    assert len(record.faults) == 3
    assert record.entries[0][2] == {
        "id": "X-1",
        "versions": "",
        "ranges": [],
        "hint": "",
        "severity": [],
        "withdrawn": False,
    }


def test_wrong_types_within_lists() -> None:
    """What stands in a list and is of another kind is left out and counted, the rest of the list stays."""
    document = {"id": "X-1", "aliases": ["CVE-1", 2], "affected": [None, *affected(versions=["1", 2])["affected"]]}
    record = read_record(document)
    assert record.advisory["aliases"] == ["CVE-1"]
    assert record.entries[0][2]["versions"] == "\n1\n"
    assert record.faults == [
        "aliases holds something else than text",
        "affected holds something else than objects",
        "versions holds something else than text",
    ]


def test_affected_without_package() -> None:
    """An element about a repository alone is none about a component, and no fault."""
    record = read_record({"id": "X-1", "affected": [{"ranges": []}]})
    assert (record.entries, record.faults) == ([], [])


@pytest.mark.parametrize("package", [{"name": "x"}, {"ecosystem": "PyPI"}, {"name": 1, "ecosystem": "PyPI"}, None, "x"])
def test_half_a_package(package: Any) -> None:
    """An element whose package lacks ecosystem or name is left out, and that is told."""
    record = read_record({"id": "X-1", "affected": [{"package": package}]})
    assert record.entries == []
    assert record.faults


def test_unknown_keys() -> None:
    """Keys that the schema does not know do no harm."""
    document = affected(versions=["1"], extra={"a": 1}) | {"surprise": [1, 2]}
    assert read_record(document).entries == read_record(affected(versions=["1"])).entries
    assert faults(document) == []


def test_git_range_first() -> None:
    """A GIT range, also where it stands first, neither is compared nor hides the ranges behind it."""
    git = {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "4" * 40}]}
    own = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4"}]}
    record = read_record(affected(ranges=[git, own]))
    assert record.entries[0][2]["ranges"] == [[["introduced", "0"], ["fixed", "1.4"]]]
    assert record.faults == []


def test_range_of_unknown_type() -> None:
    """A range of no known type cannot be judged; it is left out and told."""
    events = [{"introduced": "0"}]
    document = affected(ranges=[{"type": "COMMIT", "events": events}, {"events": events}])
    assert read_record(document).entries[0][2]["ranges"] == []
    assert faults(document) == ["range of the unknown type 'COMMIT'", "range of the unknown type ''"]


def test_broken_events() -> None:
    """An event without version is left out; one whose version is no text stays as one that nobody can read."""
    events = [{"introduced": 0}, {"fixed": None}, {"introduced": "1", "fixed": ""}, {"reverted": "2"}, {}, "x"]
    document = affected(ranges=[{"type": "ECOSYSTEM", "events": events}])
    assert read_record(document).entries[0][2]["ranges"] == [[["introduced", ""], ["introduced", "1"]]]
    assert faults(document) == [
        "events holds something else than objects",
        "introduced is int, not str",
        *["event that is none of the four kinds"] * 3,
    ]


def test_range_without_events() -> None:
    """A range that says nothing is no range."""
    assert read_record(affected(ranges=[{"type": "SEMVER", "events": []}])).entries[0][2]["ranges"] == []


def test_withdrawn() -> None:
    """The entries of a withdrawn record say so."""
    record = read_record(affected(versions=["1"]) | {"withdrawn": "2024-01-01T00:00:00Z"})
    assert (record.advisory["withdrawn"], record.entries[0][2]["withdrawn"]) == ("2024-01-01T00:00:00Z", True)


def test_summary_from_details() -> None:
    """Without a summary the first words of the details stand in, cut where they go on too long."""
    short = read_record({"id": "X-1", "summary": " ", "details": "# Impact\n\nBad."}).advisory["summary"]
    long = read_record({"id": "X-1", "details": "word " * 10_000}).advisory["summary"]
    assert (short, len(long), long[-8:]) == ("# Impact Bad.", 300, "rd wo...")


def test_weaknesses_of_the_wrong_kind() -> None:
    """Names of weaknesses that are no text are passed over, however deep they are nested."""
    nested: list[Any] = []
    for _ in range(2000):
        nested = [nested]
    document = {"id": "X-1", "database_specific": {"cwe_ids": [nested, None, "CWE-79", 20]}}
    assert read_record(document).advisory["cwes"] == [20, 79]


def test_references_are_bounded() -> None:
    """Five web addresses are kept, in the order given."""
    references = [{"type": "WEB", "url": f"https://advisories.example/{n}"} for n in range(9)]
    kept = read_record({"id": "X-1", "references": references}).advisory["references"]
    assert kept == [f"https://advisories.example/{n}" for n in range(5)]


def test_listing() -> None:
    """Versions stand between line feeds, each once, so that a search finds whole versions alone."""
    text = listing(["2", "1.1", "2", "1"])
    assert text == "\n2\n1.1\n1\n"
    assert (listing(["1.1"]) in text, listing([".1"]) in text, listing([])) == (True, False, "")


def test_listed_versions_have_no_line_breaks() -> None:
    """A listed text with a line break cannot pass for two versions, in any ecosystem."""
    npm = {"id": "X-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1\n2"]}]}
    found = [read_record(d).entries[0][2]["versions"] for d in (npm, affected(versions=["a\n1"]))]
    assert found == ["\n1 2\n", "\na 1\n"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def dirty_records(draw: st.DrawFn) -> dict[str, Any]:
    """The whole record with one or more values, at any depth, replaced by something else."""

    def spoiled(value: Any, depth: int) -> Any:
        if depth and draw(st.integers(0, 9)) == 0:
            return draw(JSON)
        if isinstance(value, dict):
            return {key: spoiled(item, depth + 1) for key, item in value.items()}
        return [spoiled(item, depth + 1) for item in value] if isinstance(value, list) else value

    document: dict[str, Any] = spoiled(FULL, 0)
    return document


@given(dirty_records())
@settings(deadline=None, derandomize=True, max_examples=150)
def test_no_record_is_too_dirty(document: dict[str, Any]) -> None:
    """Whatever stands in a record in place of what is due, it is read or refused, and never raises otherwise."""
    try:
        record = read_record(document)
    except BrokenRecordError:
        return
    assert record.advisory["id"] == document["id"]
    assert all(name and entry["id"] == document["id"] for _, name, entry in record.entries)


def test_releases_are_filed_in_one_spelling() -> None:
    """Whoever asks need not know how a record spells the release."""
    names = ["Ubuntu:22.04:LTS", "Ubuntu:Pro:22.04:LTS", "Alpine:3.18", "Debian:12"]
    affected = [{"package": {"ecosystem": name, "name": "bash"}} for name in names]
    entries = read_record({"id": "X-1", "affected": affected}).entries
    assert [ecosystem for ecosystem, _, _ in entries] == [
        "Ubuntu:22.04",
        "Ubuntu:Pro:22.04",
        "Alpine:v3.18",
        "Debian:12",
    ]


@pytest.mark.parametrize(
    ("specific", "urgency"),
    [
        ({"urgency": "unimportant"}, "unimportant"),
        ({"urgency": "Low**"}, "low"),
        ({"ubuntu_priority": "negligible"}, "negligible"),
        ({"urgency": 5}, None),
        ({}, None),
        ("low", None),
    ],
)
def test_urgency(specific: object, urgency: str | None) -> None:
    """The word of the distribution stays with the package that it is about."""
    package = {"ecosystem": "Debian:12", "name": "bash"}
    document = {"id": "X-1", "affected": [{"package": package, "ecosystem_specific": specific}]}
    assert read_record(document).entries[0][2].get("urgency") == urgency


def test_summary_of_much_white_space() -> None:
    """White space between words takes nothing from the length that a summary may have."""
    text = " ".join(["word"] * 30) + " " * 400 + "end"
    record = read_record({"id": "A", "summary": text})
    assert record.advisory["summary"] == " ".join(["word"] * 30) + " end"


def test_reference_that_is_no_text() -> None:
    """A URL of another type is a fault, and the others stay."""
    record = read_record({"id": "A", "references": [{"url": 7}, {"url": "https://a.example"}]})
    assert (record.advisory["references"], record.faults) == (["https://a.example"], ["url is int, not str"])


def test_spellings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of versions is forgotten when it is too much, and nothing changes by that."""
    monkeypatch.setattr(records, "_MAX_SPELLINGS", 2)
    affected = [{"package": {"ecosystem": "PyPI", "name": "x"}, "versions": [f"{n}.0" for n in range(1, 6)]}]
    assert read_record({"id": "A", "affected": affected}).entries[0][2]["versions"] == "\n1\n2\n3\n4\n5\n"
