"""SARIF 2.1.0: `SARIF`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import UsageError
from bomvet.model.facts import Facts, Rating, Severity
from bomvet.model.finding import Assessment, Verdict
from bomvet.model.inventory import Inventory, Location
from bomvet.model.records import replace
from bomvet.model.result import Target
from bomvet.reports import sarif
from bomvet.reports.sarif import SARIF, uri
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN, SAMPLES, hostile
from tests.reports.schemas import sarif_faults


def run(result: Any = RESULT, **options: Any) -> Any:
    """The one run of the log, which is valid."""
    document = json.loads(text(SARIF, result, **options))
    assert sarif_faults(document) == []
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    return document["runs"][0]


def named(result: Any) -> dict[str, Any]:
    """The results by advisory, else by rule."""
    return {item["ruleId"]: item for item in run(result)["results"]}


# -- results ---------------------------------------------------------------------------------------------------


def test_a_result_stands_alone() -> None:
    """It names the component, the advisory, how bad it is, what to do and what refuses it, at the line of each lock."""
    assert run()["results"][0] == {
        "ruleId": "CVE-2026-1",
        "ruleIndex": 2,
        "level": "error",
        "message": {
            "text": "tap@1.0 has CVE-2026-1 (critical, known to be exploited, EPSS 0.93): Leaks on every turn. "
            "Upgrade tap to 1.2. Refused by fail-on = high."
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "uv.lock", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 20},
                }
            },
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "web/uv.lock", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 3},
                }
            },
        ],
        "partialFingerprints": {"bomvet/v1": sample.REFUSED.fingerprint},
        "properties": {
            "rule": "known-vulnerability",
            "purl": "pkg:pypi/tap@1.0",
            "severity": "critical",
            "confidence": "high",
            "state": "refused",
            "ids": ["CVE-2026-1", "GHSA-of-CVE-2026-1"],
            "scope": "required",
            "fixedVersion": "1.2",
            "evidence": ["GHSA-of-CVE-2026-1: in range [0, 1.1)"],
            "kev": {"added": "2026-02-01", "due": "2026-02-22", "ransomware": True},
            "epss": {"score": 0.93, "percentile": 0.99, "date": "2026-11-23", "model": "v2025.03.14"},
            "risk": {"low": 80, "high": 95},
        },
    }


def test_the_level_is_what_the_policy_makes_of_it() -> None:
    """An error is refused, a warning told, a note told of little severity, known by the baseline or settled."""
    found = [(item["ruleId"], item["level"], item["properties"]["state"]) for item in run()["results"]]

    assert found == [
        ("CVE-2026-1", "error", "refused"),
        ("CVE-2026-2", "warning", "told"),
        ("weak-integrity", "note", "told"),
        ("GHSA-aaaa-bbbb-cccc", "note", "known"),
        ("CVE-2026-3", "note", "waived"),
        ("CVE-2026-4", "note", "suppressed"),
    ]


def test_what_is_settled_is_suppressed() -> None:
    """A waiver and a VEX statement are accepted suppressions with the reason; nothing else has one."""
    found = {name: item.get("suppressions") for name, item in named(RESULT).items()}

    assert found == {
        "CVE-2026-1": None,
        "CVE-2026-2": None,
        "weak-integrity": None,
        "GHSA-aaaa-bbbb-cccc": None,
        "CVE-2026-3": [
            {"kind": "external", "status": "accepted", "justification": "Waived by ada until 2027-01-31: never dry"}
        ],
        "CVE-2026-4": [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "Not affected vulnerable code not in execute path by the word of seal.openvex.json of "
                "Grace: It is made of brass",
            }
        ],
    }


def test_what_has_no_place_is_shown_at_the_project() -> None:
    """The root's manifest, else the first file that was read, else none."""
    bare = replace(RESULT, inventory=replace(RESULT.inventory, root=None))
    unread = replace(bare, target=Target(kind="dir", name="x"))
    found = [named(result)["weak-integrity"]["locations"] for result in (RESULT, bare, unread)]

    assert [[item["physicalLocation"]["artifactLocation"]["uri"] for item in items] for items in found] == [
        ["pyproject.toml"],
        ["pyproject.toml"],
        [],
    ]
    assert found[0][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_paths_are_those_of_the_repository() -> None:
    """A scan of a folder below the top names its files from the top, and has a category of its own."""
    found = run(folder="services/web")

    place = found["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    notice = found["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]
    assert place == {"uri": "services/web/uv.lock", "uriBaseId": "%SRCROOT%"}
    assert notice["artifactLocation"]["uri"] == "services/web/setup.py"
    assert (found["automationDetails"], run()["automationDetails"]) == (
        {"id": "bomvet/services/web/"},
        {"id": "bomvet/"},
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("uv.lock", "uv.lock"),
        ("a b/ü#1?.txt", "a%20b/%C3%BC%231%3F.txt"),
        ("c:/x", "c%3A/x"),
        ("100%/x", "100%25/x"),
        ("back\\slash", "back%5Cslash"),
        ("\udcff.lock", "%FF.lock"),
        ("\ud800.lock", "%5Cud800.lock"),
        ("/etc/passwd", "etc/passwd"),
        ("", "."),
    ],
)
def test_a_path_as_a_reference(path: str, expected: str) -> None:
    """Percent-encoded, byte for byte, and never absolute."""
    assert uri(path) == expected


def test_no_finding_is_there_twice() -> None:
    """What two checks say alike is one result."""
    twice = judged(findings=(sample.REFUSED, sample.REFUSED))

    assert [item["ruleId"] for item in run(twice)["results"]] == ["CVE-2026-1", "CVE-2026-3", "CVE-2026-4"]


def test_places_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses a result with too many places."""
    monkeypatch.setattr(sarif, "MAX_LOCATIONS", 1)
    found = run()["results"][0]

    assert (len(found["locations"]), found["properties"]["locations"]) == (1, 2)


def test_results_beyond_the_limit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses a file with too many; the gravest are kept, and the run did not succeed."""
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    found = run(judged(not_established=()))

    assert [item["level"] for item in found["results"]] == ["error", "warning"]
    invocation = found["invocations"][0]
    told = [item["message"]["text"] for item in invocation["toolExecutionNotifications"] if item["level"] == "error"]
    assert told == ["4 further findings are not in this file, which may hold 2; -f json has all."]
    assert invocation["executionSuccessful"] is False


def test_a_service_is_no_package() -> None:
    """What is no component is named by its reference."""
    found = replace(sample.OTHER, subject="svc:aws/s3", message="Open to all")
    item = named(judged(findings=(found,)))["weak-integrity"]

    assert (item["message"]["text"], item["properties"]["subject"]) == ("svc:aws/s3: Open to all.", "svc:aws/s3")
    assert "purl" not in item["properties"]


# -- rules -----------------------------------------------------------------------------------------------------


def test_every_rule_is_described() -> None:
    """All rules that judged are there, found anything or not, and every advisory is one of its own."""
    found = [(rule["id"], rule["name"], rule["defaultConfiguration"]["level"]) for rule in rules(RESULT)]

    assert found == [
        ("known-vulnerability", "KnownVulnerability", "warning"),
        ("weak-integrity", "WeakIntegrity", "note"),
        ("CVE-2026-1", "KnownVulnerability", "error"),
        ("CVE-2026-2", "KnownVulnerability", "warning"),
        ("GHSA-aaaa-bbbb-cccc", "KnownVulnerability", "error"),
        ("CVE-2026-3", "KnownVulnerability", "note"),
        ("CVE-2026-4", "KnownVulnerability", "error"),
    ]


def rules(result: Any) -> list[Any]:
    """The descriptors."""
    found: list[Any] = run(result)["tool"]["driver"]["rules"]
    return found


def test_a_rule_has_its_help() -> None:
    """Title and help, as text and as Markdown."""
    assert rules(RESULT)[1] == {
        "id": "weak-integrity",
        "name": "WeakIntegrity",
        "shortDescription": {"text": "A weak hash."},
        "fullDescription": {"text": "Nothing strong says what is meant."},
        "help": {
            "text": "Nothing strong says what is meant.",
            "markdown": "**A weak hash**\n\nNothing strong says what is meant.",
        },
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["security", "supply-chain"], "security-severity": "2.0"},
    }


def test_an_advisory_has_its_help() -> None:
    """What is known of it whatever the component is; references are public web addresses."""
    assert rules(RESULT)[2] == {
        "id": "CVE-2026-1",
        "name": "KnownVulnerability",
        "shortDescription": {"text": "CVE-2026-1: Leaks on every turn."},
        "fullDescription": {"text": "Leaks on every turn."},
        "help": {
            "text": "Summary: Leaks on every turn\n"
            "Names: CVE-2026-1, GHSA-of-CVE-2026-1, PYSEC-2026-1\n"
            "Severity: critical (9.8)\n"
            "Vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n"
            "Exploited: in CISA's catalogue since 2026-02-01\n"
            "EPSS: 0.93000 as of 2026-11-23\n"
            "Reference: https://advisories.example/1\n"
            "Reference: https://advisories.example/x\n"
            "Reference: javascript:alert(1)",
            "markdown": "**Leaks on every turn**\n"
            "\n"
            "| | |\n"
            "| --- | --- |\n"
            "| Names | <code>CVE-2026-1, GHSA-of-CVE-2026-1, PYSEC-2026-1</code> |\n"
            "| Severity | <code>critical (9.8)</code> |\n"
            "| Vector | <code>CVSS&#58;3.1/AV&#58;N/AC&#58;L/PR&#58;N/UI&#58;N/S&#58;U/C&#58;H/I&#58;H/A&#58;H</code> |\n"
            "| Exploited | <code>in CISA's catalogue since 2026-02-01</code> |\n"
            "| EPSS | <code>0.93000 as of 2026-11-23</code> |\n"
            "\n"
            "- [https&#58;\u200b//advisories.example/1](https://advisories.example/1)\n"
            "- [https&#58;\u200b//advisories.example/x](https://advisories.example/x)\n"
            "- javascript&#58;alert(1)\n",
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "supply-chain", "external/cwe/cwe-020", "external/cwe/cwe-079"],
            "security-severity": "9.8",
        },
    }


@pytest.mark.parametrize(
    ("severity", "score", "expected"),
    [
        (Severity.CRITICAL, 9.8, "9.8"),
        (Severity.CRITICAL, None, "9.5"),
        (Severity.CRITICAL, 5.0, "9.5"),
        (Severity.HIGH, 7.0, "7.0"),
        (Severity.HIGH, 9.9, "8.0"),
        (Severity.MEDIUM, 4.2, "4.2"),
        (Severity.LOW, 0.1, "0.1"),
        (Severity.NONE, 0.0, "0.0"),
        (Severity.UNKNOWN, None, None),
        (Severity.UNKNOWN, 7.0, None),
    ],
)
def test_the_number_says_the_same_as_the_word(severity: Severity, score: float | None, expected: str | None) -> None:
    """GitHub makes its own word of the number: that of the score only where it is ours too."""
    advisory = replace(sample.LEAK, rating=Rating(severity=severity, score=score), summary="")
    answer = replace(RESULT.facts.advisories[sample.TAP.purl], matches=(advisory,))
    result = replace(
        judged(findings=(sample.finding(sample.TAP, advisory),)), facts=Facts(advisories={sample.TAP.purl: answer})
    )
    rule = next(rule for rule in rules(result) if rule["id"] == "CVE-2026-1")

    assert rule["properties"].get("security-severity") == expected
    assert rule["shortDescription"] == {"text": "CVE-2026-1: A component is affected by CVE-2026-1."}
    assert "\n**" not in rule["help"]["markdown"]


def test_the_gravest_rating_of_an_advisory_counts() -> None:
    """Of two components with one advisory."""
    milder = replace(sample.LEAK, rating=Rating(severity=Severity.HIGH, score=7.1))
    answers = {**RESULT.facts.advisories}
    answers[sample.SEAL.purl] = replace(answers[sample.SEAL.purl], matches=(milder,))
    both = judged(findings=(sample.finding(sample.SEAL, milder), sample.REFUSED))
    found = run(replace(both, facts=Facts(advisories=answers)))

    assert [item["ruleId"] for item in found["results"][:2]] == ["CVE-2026-1"] * 2
    indexes = {item["ruleIndex"] for item in found["results"][:2]}
    (index,) = indexes
    assert found["tool"]["driver"]["rules"][index]["properties"]["security-severity"] == "9.8"


def test_a_rule_that_nothing_describes() -> None:
    """A finding of a check that is not among the rules has a rule all the same."""
    found = rules(replace(judged(findings=(replace(sample.OTHER, rule="odd"),)), rules=()))

    assert [rule["id"] for rule in found] == ["odd", "known-vulnerability", "CVE-2026-3", "CVE-2026-4"]
    assert found[0]["shortDescription"] == {"text": "odd."}


# -- the run ---------------------------------------------------------------------------------------------------


def test_open_questions_are_notifications() -> None:
    """With their places; the run did not succeed, since its silence is no answer."""
    invocation = run()["invocations"][0]

    assert invocation == {
        "executionSuccessful": False,
        "toolExecutionNotifications": [
            {
                "descriptor": {"id": "not-established", "index": 0},
                "level": "error",
                "message": {"text": "setup.py:4: calls a function."},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": "setup.py", "uriBaseId": "%SRCROOT%"},
                            "region": {"startLine": 4},
                        }
                    }
                ],
            },
            {
                "descriptor": {"id": "not-established", "index": 0},
                "level": "error",
                "message": {"text": "pkg:pypi/valve@4.0: no advisories are kept for it."},
            },
            {
                "descriptor": {"id": "passed-over", "index": 1},
                "level": "note",
                "message": {"text": "old/uv.lock: named by a .gitignore file."},
            },
        ],
        "toolConfigurationNotifications": [
            {
                "descriptor": {"id": "waiver", "index": 3},
                "level": "warning",
                "message": {"text": "The waiver of CVE-2026-9 by ada expired on 2026-01-31."},
            },
            {
                "descriptor": {"id": "waiver", "index": 3},
                "level": "note",
                "message": {"text": "The waiver of CVE-2026-8 by ada covers nothing."},
            },
            {
                "descriptor": {"id": "note", "index": 4},
                "level": "note",
                "message": {"text": "pump.csaf.json: a statement is about another product."},
            },
        ],
    }


def test_allowed_questions_are_warnings() -> None:
    """They stay open all the same."""
    allowed = judged(policy=replace(sample.POLICY, allow_incomplete=True))
    invocation = run(allowed)["invocations"][0]

    assert [item["level"] for item in invocation["toolExecutionNotifications"]] == ["warning", "warning", "note"]
    assert invocation["executionSuccessful"] is False


def test_a_clean_run() -> None:
    """Nothing found, nothing open: no result, and a run that succeeded."""
    found = run(CLEAN)

    assert (found["results"], found["invocations"]) == ([], [{"executionSuccessful": True}])
    assert found["properties"] == {
        "verdict": "passed",
        "target": "sink@1",
        "policy": "bomvet.toml",
        "advisoryData": "osv.dev of 2026-11-24T00:00:00Z, sha256:00",
        "refused": 0,
    }


def test_a_run_without_policy_and_data() -> None:
    """The built-in policy, and what is not known, have no keys of their own."""
    bare = replace(CLEAN, advisory_data=None, inventory=Inventory(), assessment=Assessment(verdict=Verdict.PASSED))
    built_in = judged(CLEAN, policy=replace(sample.POLICY, source=""))

    assert run(bare)["properties"] == {"verdict": "passed", "target": "sink", "refused": 0}
    assert run(built_in)["properties"]["policy"] == "built in"


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f sarif` would look clean."""
    with pytest.raises(UsageError, match="the format sarif shows findings, and none were looked for") as caught:
        text(SARIF, KNOWN)

    assert caught.value.hint == "use bomvet scan -f sarif"


# -- hostile and large -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_nothing_is_more_than_text(words: str) -> None:
    """Whatever a name holds: the log is valid, no message holds a link, and no file lies outside."""
    found = run(sample.hostile(words))

    assert [item["message"]["text"] for item in found["results"] if "](" in item["message"]["text"]] == []
    uris = [p["physicalLocation"]["artifactLocation"]["uri"] for item in found["results"] for p in item["locations"]]
    assert uris
    assert [one for one in uris if one.startswith("/") or "://" in one] == []


@pytest.mark.parametrize("name", [name for name, result in SAMPLES.items() if result.assessment])
def test_samples_are_valid(name: str) -> None:
    """The scans that CycloneDX is tested with."""
    assert run(SAMPLES[name])["tool"]["driver"]["name"] == "bomvet"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30), st.text("0aZ.-+:/@%#?[] \\", max_size=30))
def test_any_text_is_valid(one: str, other: str) -> None:
    """Against the schema of OASIS, with its formats."""
    run(hostile(one, other))
    run(sample.hostile(one + other))


def test_ten_thousand_findings() -> None:
    """Each has its result and its rule, in the order of the findings."""
    found = run(sample.many(10_000))

    assert [item["ruleId"] for item in found["results"]] == [f"CVE-2026-{n}" for n in range(10_000)]
    assert len(found["tool"]["driver"]["rules"]) == 10_002


def test_the_same_result_gives_the_same_bytes() -> None:
    """Nothing of the run, the machine or the order of a set is in it."""
    assert text(SARIF) == text(SARIF, replace(RESULT))


def test_fingerprints_do_not_hang_on_lines() -> None:
    """After a line was added above, every result has the fingerprint that it had, at its new line."""
    moved = replace(sample.REFUSED, locations=(Location(path="uv.lock", line=21),))
    before, after = run()["results"][0], run(judged(findings=(moved,)))["results"][0]

    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert after["locations"][0]["physicalLocation"]["region"] == {"startLine": 21}


def test_what_to_do_is_not_lost_behind_a_long_summary() -> None:
    """An advisory may tell a story; the title of its rule is the first sentence that says something."""
    advisory = replace(sample.LEAK, summary="tap is a library for water. It leaks. " + "Drop by drop " * 500)
    answers = {sample.TAP.purl: replace(RESULT.facts.advisories[sample.TAP.purl], matches=(advisory,))}
    long = replace(sample.REFUSED, message=advisory.summary)
    found = run(replace(judged(findings=(long,)), facts=Facts(advisories=answers)))

    message = found["results"][0]["message"]["text"]
    assert message.endswith("Drop... Upgrade tap to 1.2. Refused by fail-on = high.")
    assert len(message) < 700
    rule = next(rule for rule in found["tool"]["driver"]["rules"] if rule["id"] == "CVE-2026-1")
    assert rule["shortDescription"] == {"text": "CVE-2026-1: It leaks."}
    assert len(rule["fullDescription"]["text"]) == 1000
