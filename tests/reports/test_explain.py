"""What is said of one component or advisory: `_explain`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, NotEstablishedError, UsageError
from bomvet.model.facts import AdvisoryAnswer, Catalogue, Epss, Facts, Kev, Rating, Severity, Standing
from bomvet.model.finding import Assessment, Finding, RiskScore, ScoreTerm, Verdict, Waived, Waiver
from bomvet.model.inventory import Component, Confidence, Distribution, Inventory, Location, Scope, Unknown
from bomvet.model.provenance import ProvenanceAnswer, ProvenanceStatus
from bomvet.model.result import PluginStatus, Snapshot, Status
from bomvet.reports._explain import (
    NoSuchComponentError,
    Subject,
    affected,
    explain,
    laid_out,
    matching,
    read_subject,
)
from tests.reports.samples import HOSTILE_TEXT, SAMPLES, edge, hostile, match, package, project, result, sha256

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult

SNAPSHOT = Snapshot(obtained="2026-11-24T12:00:00Z", source="osv.dev", digest="sha256:00", records=24)
OK = PluginStatus(id="osv", status=Status.OK)
ROOT = project("sink")
TAP = package(
    "tap",
    scope=Scope.DEV,
    distributions=(Distribution(url="https://files.packages.example/tap.whl", hashes=(sha256("a"),)),),
    locations=(Location(path="uv.lock", line=7), Location(path="uv.lock", line=9)),
    properties=(("bomvet:marker", "sys_platform == 'win32'"), ("bomvet:extra", "hot"), ("other", "1")),
)
PIPE = package("pipe", "2.0")
HIGH = Rating(severity=Severity.HIGH, score=7.5, vector="CVSS:3.1/AV:N", source="GHSA-0000-1")
LEAK = match(1, HIGH, aliases=(), evidence=("GHSA-0000-1: in range [0, 1.1)",), fixed="1.1", clean="1.2")


def known(*matches: Any, **fields: Any) -> AdvisoryAnswer:
    """An answer with matches."""
    return AdvisoryAnswer(**{"standing": Standing.KNOWN, "matches": matches, **fields})


def scanned(answer: AdvisoryAnswer | None = None, **fields: Any) -> ScanResult:
    """A scan of `sink`, which asks for `pipe`, which asks for `tap`; `answer` is that of `tap`."""
    advisories = {TAP.purl: answer} if answer else {}
    inventory = Inventory(root=ROOT, components=(TAP, PIPE), relationships=(edge(ROOT, PIPE), edge(PIPE, TAP)))
    given_fields = {"facts": Facts(advisories=advisories), "advisory_data": SNAPSHOT, "plugins": (OK,), **fields}
    return result(given_fields.pop("inventory", inventory), **given_fields)


def finding(**fields: Any) -> Finding:
    """What the check makes of `LEAK`."""
    fields = {"locations": TAP.locations, "remediation": "Upgrade tap to 1.2.", "ids": (LEAK.id, *LEAK.ids), **fields}
    return Finding(
        rule="known-vulnerability",
        subject=TAP.purl,
        severity=Severity.HIGH,
        message="leaks",
        instance=LEAK.id,
        **fields,
    )


def waiver(**fields: Any) -> Waiver:
    """A waiver for `LEAK`."""
    return Waiver(**{"id": LEAK.id, "reason": "dry", "owner": "ada", "expires": dt.date(2026, 1, 2), **fields})


def told(scan: ScanResult, subject: str = "tap", **options: Any) -> str:
    """The text."""
    return explain(scan, subject, target=".", **options).text


# ── what is meant ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tap", {"name": "tap"}),
        (" tap ", {"text": "tap", "name": "tap"}),
        ("tap@1", {"name": "tap", "version": "1"}),
        ("tap == 1.0", {"name": "tap", "version": "1.0"}),
        ("tap===1.0", {"name": "tap", "version": "1.0"}),
        ("@scope/tap", {"name": "@scope/tap"}),
        ("@scope/tap@1", {"name": "@scope/tap", "version": "1"}),
        ("pkg:pypi/tap", {"kind": "pypi", "name": "tap"}),
        ("PKG://PyPI/Tap@1%2B2#sub", {"kind": "pypi", "name": "Tap", "version": "1+2"}),
        ("pkg:npm/%40scope/tap@1", {"kind": "npm", "name": "@scope/tap", "version": "1"}),
        ("pkg:npm/@scope/tap", {"kind": "npm", "name": "@scope/tap"}),
        (
            "pkg:pypi/tap@1?b=%2F&a=x@y",
            {"kind": "pypi", "name": "tap", "version": "1", "qualifiers": ("a=x@y", "b=/")},
        ),
    ],
)
def test_spellings(text: str, expected: dict[str, Any]) -> None:
    """Each way to name a component is read."""
    assert read_subject(text) == Subject(**{"text": text, **expected})


@pytest.mark.parametrize("text", ["pkg:", "pkg:pypi", "pkg:pypi/", "pkg:/tap"])
def test_a_purl_without_type_or_name(text: str) -> None:
    """Is refused as wrong use."""
    with pytest.raises(UsageError, match="is no purl"):
        read_subject(text)


FORK = Component(purl="pkg:pypi/dotted-name@1.0?vcs_url=git%2Bx", name="dotted-name", version="1.0")
PLAIN = package("dotted-name")
NEWER = package("dotted-name", "2.0")
NPM = Component(purl="pkg:npm/Foo.js@1", name="Foo.js", version="1")
ALL = result(Inventory(root=ROOT, components=(FORK, PLAIN, NEWER, NPM)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dotted.Name", [PLAIN, FORK, NEWER]),
        ("dotted_name@1", [PLAIN, FORK]),
        ("dotted-name==2.0.0", [NEWER]),
        ("pkg:pypi/Dotted_Name", [PLAIN, FORK, NEWER]),
        ("pkg:pypi/dotted-name@1.0", [PLAIN]),
        ("pkg:pypi/dotted-name@1.0?vcs_url=git%2Bx", [FORK]),
        ("pkg:pypi/dotted-name@1.0?vcs_url=git+x", [FORK]),
        ("pkg:pypi/dotted-name@1.0?other=x", [PLAIN, FORK]),
        ("pkg:pypi/dotted-name@3", []),
        ("pkg:npm/dotted-name", []),
        ("Foo.js", [NPM]),
        ("foo-js", []),
        ("pkg:npm/Foo.js@1", [NPM]),
        ("pkg:npm/Foo.js@1.0", []),
        ("sink", [ROOT]),
        ("pkg:generic/sink@1.0", [ROOT]),
    ],
)
def test_matching(text: str, expected: list[Component]) -> None:
    """Python names in any spelling; the very purl where there is one, else without its qualifiers."""
    assert matching(ALL, read_subject(text)) == expected


def test_affected() -> None:
    """The components that an advisory affects, by any of its names in any case."""
    scan = scanned(known(match(1, HIGH)))

    assert affected(scan, "cve-2026-1") == affected(scan, "PYSEC-2026-1") == affected(scan, "ghsa-0000-1") == [TAP]
    assert affected(scan, "CVE-2026-2") == []


# ── the component ───────────────────────────────────────────────────────────────────────────────


def test_a_component_and_its_advisory() -> None:
    """Everything, in aligned columns."""
    scan = scanned(known(LEAK), assessment=Assessment(verdict=Verdict.FAILED, findings=(finding(),)))

    assert explain(scan, "tap", target=".").exit_code == 0
    assert told(scan) == (
        "pkg:pypi/tap@1.0\n"
        "  scope   dev\n"
        "  stated  uv.lock:7\n"
        "          uv.lock:9\n"
        "  files   1 distribution, 1 hash\n"
        "  extra   hot\n"
        "  marker  sys_platform == 'win32'\n"
        "  other   1\n"
        "  why     1 direct dependant:\n"
        "    sink@1.0 > pipe@2.0 > tap@1.0\n"
        "  advisories  1 known as of 2026-11-24 (24 records)\n"
        "              not looked up in KEV and EPSS\n"
        "\n"
        "  CVE-2026-1  HIGH 7.5\n"
        "    about   Weakness 1\n"
        "    rated   CVSS:3.1/AV:N (GHSA-0000-1)\n"
        "    also    GHSA-0000-1\n"
        "    matched GHSA-0000-1: in range [0, 1.1)\n"
        "    fixed   in 1.1\n"
        "    clean   1.2, which no known advisory affects\n"
        "    do      Upgrade tap to 1.2.\n"
    )


KEV = Kev(added="2021-12-10", due="2021-12-24", ransomware=True)
EPSS = Epss(score=0.94358, percentile=0.99955, date="2026-11-24", model="v2025.03.14", band="99-100")
LISTS = {
    "kev": Catalogue(date="2026-11-20", version="2026.11.20", entries=1),
    "epss": Catalogue(date="2026-11-24", version="v2025.03.14", entries=1),
}


@pytest.mark.parametrize(
    ("weakness", "lists", "lines"),
    [
        (
            replace(LEAK, kev=KEV, epss=EPSS),
            LISTS,
            [
                "kev     KEV since 2021-12-10, used for ransomware, due 2021-12-24",
                "epss    0.94 (99th percentile, 2026-11-24), band 99-100, model v2025.03.14",
            ],
        ),
        (
            replace(LEAK, kev=Kev(added=""), epss=replace(EPSS, score=0.00207, percentile=0.43229, model="")),
            LISTS,
            ["kev     KEV", "epss    0.00207 (43rd percentile, 2026-11-24), band 99-100"],
        ),
        (LEAK, LISTS, ["kev     not in the catalogue of 2026-11-20", "epss    no score as of 2026-11-24"]),
        (LEAK, {"epss": LISTS["epss"]}, ["not looked up in KEV", "epss    no score as of 2026-11-24"]),
        (LEAK, {"kev": LISTS["kev"]}, ["not looked up in EPSS", "kev     not in the catalogue of 2026-11-20"]),
        (replace(LEAK, id="GHSA-1"), LISTS, []),
        (replace(LEAK, id="GHSA-1"), {}, []),
    ],
)
def test_exploitation_of_an_advisory(weakness: Any, lists: Any, lines: list[str]) -> None:
    """What KEV and EPSS say, that they say nothing, and that nobody asked them; of no CVE there is nothing to say."""
    scan = scanned(facts=Facts(advisories={TAP.purl: known(weakness)}, catalogues=lists))

    said = [line.strip() for line in told(scan).splitlines()]
    assert [line for line in said if "KEV" in line or "EPSS" in line or line[:4] in ("kev ", "epss")] == lines


def test_a_risk_has_its_terms() -> None:
    """Each with its points and its reason."""
    terms = (
        ScoreTerm(name="severity", low=22.5, high=22.5, why="CVE-2026-1 is high"),
        ScoreTerm(name="exploitation", low=0, high=25, why="KEV is not known"),
    )
    score = RiskScore(subject=TAP.purl, low=23, high=48, terms=terms)
    scan = scanned(known(LEAK), assessment=Assessment(verdict=Verdict.PASSED, scores=(score,)))

    assert (
        "  risk    23 to 48 of 100:\n"
        "    22.5        severity     CVE-2026-1 is high\n"
        "    0 to 25     exploitation KEV is not known\n"
    ) in told(scan)
    assert "risk" not in told(scan, "pipe")


def test_malware_is_judged_too() -> None:
    """What to do about a malicious package is told with its advisory."""
    bad = replace(finding(remediation="Remove tap."), rule="malicious-package")
    scan = scanned(known(LEAK), assessment=Assessment(verdict=Verdict.FAILED, findings=(bad,)))

    assert told(scan).endswith("    do      Remove tap.\n")


def test_what_was_scanned_is_explained_too() -> None:
    """The root is a component that no advisory speaks of."""
    assert told(scanned(), "sink") == (
        "pkg:generic/sink@1.0\n"
        "  scope   required\n"
        "  files   0 distributions, 0 hashes\n"
        "  why     it is what was scanned\n"
        "  advisories  not asked about: it is a project of the scanned tree\n"
    )


def test_several_components_are_set_apart() -> None:
    """An empty line stands between two."""
    text = told(ALL, "dotted-name")

    assert [block.partition("\n")[0] for block in text.split("\n\n")] == [PLAIN.purl, FORK.purl, NEWER.purl]


def why(*edges: Any, components: tuple[Component, ...] = (PIPE, TAP)) -> list[str]:
    """The lines that tell why `tap` is there."""
    scan = scanned(inventory=Inventory(root=ROOT, components=components, relationships=edges))
    text = told(scan)
    return text[text.index("  why") : text.index("  advisories")].splitlines()


def test_why() -> None:
    """The direct dependants are counted, with the shortest path through each."""
    assert why() == ["  why     nothing asks for it"]
    assert why(edge(PIPE, TAP)) == ["  why     1 direct dependant, to which nothing else leads"]
    assert why(edge(ROOT, PIPE), edge(PIPE, TAP), edge(ROOT, TAP)) == [
        "  why     2 direct dependants, the shortest path through each:",
        "    sink@1.0 > tap@1.0",
        "    sink@1.0 > pipe@2.0 > tap@1.0",
    ]
    assert why(edge(ROOT, TAP), edge(TAP, PIPE), edge(PIPE, TAP)) == [
        "  why     2 direct dependants, the shortest path through each:",
        "    sink@1.0 > tap@1.0",
        "    ... and 1 to which nothing else leads",
    ]


def test_many_paths_and_places_are_cut_and_counted() -> None:
    """Ten of each, then how many more."""
    users = tuple(package(f"user-{n:02}") for n in range(12))
    crowded = replace(TAP, locations=tuple(Location(path="r.txt", line=n) for n in range(1, 13)))
    edges = (*(edge(ROOT, user) for user in users), *(edge(user, crowded) for user in users))
    scan = scanned(inventory=Inventory(root=ROOT, components=(*users, crowded), relationships=edges))
    lines = told(scan).splitlines()

    assert lines[11:13] == ["          r.txt:10", "          ... and 2 more"]
    assert lines[-3:-1] == ["    sink@1.0 > user-09@1.0 > tap@1.0", "    ... and 2 more"]


# ── advisories ──────────────────────────────────────────────────────────────────────────────────


def advisories(scan: ScanResult) -> str:
    """What is said of advisories, as one line."""
    text = told(scan)
    return " ".join(text[text.index("  advisories") :].split())


@pytest.mark.parametrize(
    ("answer", "fields", "expected", "code"),
    [
        (AdvisoryAnswer(standing=Standing.ABSENT), {}, "none known as of 2026-11-24 (24 records)", 0),
        (
            AdvisoryAnswer(standing=Standing.ABSENT, withdrawn=1),
            {"advisory_data": replace(SNAPSHOT, records=1)},
            "none known as of 2026-11-24 (1 record) 1 withdrawn advisory would have matched",
            0,
        ),
        (
            AdvisoryAnswer(standing=Standing.ABSENT, withdrawn=2),
            {"plugins": (PluginStatus(id="osv", status=Status.PARTIAL, reason="it is old"),)},
            (
                "not established: it is old none known as of 2026-11-24 (24 records) "
                "2 withdrawn advisories would have matched"
            ),
            3,
        ),
        (
            AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="the version is not known"),
            {},
            "not established: the version is not known",
            3,
        ),
        (None, {}, "not established: nothing was asked about it", 3),
        (
            None,
            {"plugins": (PluginStatus(id="osv", status=Status.SKIPPED, reason="no database"),), "advisory_data": None},
            "not established: no database",
            3,
        ),
        (None, {"plugins": (), "advisory_data": None}, "not established: there is no advisory data", 3),
    ],
)
def test_standing(answer: AdvisoryAnswer | None, fields: dict[str, Any], expected: str, code: int) -> None:
    """Clean, stale, open and not asked are told apart, and what is open is exit code 3."""
    scan = scanned(answer, **fields)

    assert advisories(scan) == f"advisories {expected}"
    assert explain(scan, "tap", target=".").exit_code == code


def test_answers_without_a_date() -> None:
    """Answers that came without a database are told, and not trusted wholly."""
    scan = scanned(AdvisoryAnswer(standing=Standing.ABSENT), advisory_data=None)

    assert advisories(scan) == "advisories not established: there is no advisory data none known of unknown date"


def test_gravest_first() -> None:
    """By severity, unknown after high; then by score, then by id; but what was asked for before all."""
    matches = (
        match(5, Rating(severity=Severity.LOW, score=3.0)),
        match(4, Rating(severity=Severity.UNKNOWN)),
        match(3, Rating(severity=Severity.MEDIUM, score=5.0)),
        match(2, Rating(severity=Severity.HIGH, score=7.0)),
        match(1, Rating(severity=Severity.HIGH, score=8.0)),
        match(6, Rating(severity=Severity.CRITICAL)),
    )
    scan = scanned(known(*matches))

    def order(subject: str) -> list[str]:
        return [line[11] for line in told(scan, subject).splitlines() if line.startswith("  CVE-")]

    assert order("tap") == ["6", "1", "2", "4", "3", "5"]
    assert order("PYSEC-2026-3") == ["3", "6", "1", "2", "4", "5"]
    assert "6 known as of 2026-11-24 (24 records), gravest first" in advisories(scan)


def test_little_is_known_of_an_advisory() -> None:
    """What a record does not state is told in words."""
    bare = replace(
        LEAK,
        ids=(LEAK.id,),
        summary="",
        rating=Rating(severity=Severity.UNKNOWN),
        evidence=(),
        fixed="",
        clean="",
        confidence=Confidence.LOW,
    )
    word = replace(bare, id="CVE-2026-9", rating=Rating(severity=Severity.LOW, source="GHSA-x"))

    assert told(scanned(known(word, bare))).partition("\n\n")[2] == (
        "  CVE-2026-1  UNKNOWN (low confidence)\n"
        "    about   no record has a summary\n"
        "    rated   no record states a severity\n"
        "    fixed   in no known version\n"
        "    clean   no known version\n"
        "\n"
        "  CVE-2026-9  LOW (low confidence)\n"
        "    about   no record has a summary\n"
        "    rated   no vector (GHSA-x)\n"
        "    also    CVE-2026-1\n"
        "    fixed   in no known version\n"
        "    clean   no known version\n"
    )


def policy_lines(assessment: Assessment) -> list[str]:
    """What the policy makes of `LEAK`, without the columns."""
    lines = told(scanned(known(LEAK), assessment=assessment)).splitlines()
    return [line[12:] for line in lines if line.startswith(("    policy", "    do"))]


def test_a_waiver_in_force() -> None:
    """Until when, by whom and why; an expired one for the same does not matter then."""
    waived = Waived(finding=finding(), waiver=waiver(expires=dt.date(2099, 1, 1)))
    assessment = Assessment(verdict=Verdict.PASSED, waived=(waived,), expired=(waiver(),))

    assert policy_lines(assessment) == ["waived until 2099-01-01 by ada: dry", "Upgrade tap to 1.2."]


@pytest.mark.parametrize(
    ("fields", "covers"),
    [
        ({}, True),
        ({"id": "GHSA-0000-1"}, True),
        ({"id": "known-vulnerability"}, True),
        ({"id": "CVE-1"}, False),
        ({"purl": "pkg:pypi/tap"}, True),
        ({"purl": "pkg:pypi/tap@1.0"}, True),
        ({"purl": "pkg:pypi/pipe"}, False),
        ({"path": "*.lock"}, True),
        ({"path": "web/"}, False),
    ],
)
def test_an_expired_waiver(fields: dict[str, str], covers: bool) -> None:  # noqa: FBT001
    """Is told where it was for this finding: by any name, within its purl and path."""
    assessment = Assessment(verdict=Verdict.FAILED, findings=(finding(),), expired=(waiver(**fields),))

    assert policy_lines(assessment) == [*["waiver of ada expired 2026-01-02"] * covers, "Upgrade tap to 1.2."]


def test_a_path_covers_no_finding_without_a_place() -> None:
    """As the policy judges it; and a finding may come without a remedy."""
    homeless = finding(locations=(), remediation="")

    assert policy_lines(Assessment(verdict=Verdict.FAILED, findings=(homeless,), expired=(waiver(path="*"),))) == []


# ── nothing found ───────────────────────────────────────────────────────────────────────────────


def unknown(reason: str, path: str = "requirements.txt", line: int = 1) -> Unknown:
    """Something that was not understood."""
    return Unknown(location=Location(path=path, line=line), resolver="r", reason=reason)


def refused(scan: ScanResult, subject: str, target: str = ".") -> tuple[type[BomvetError], list[str], str]:
    """The error: its kind, its lines and its hint."""
    with pytest.raises(BomvetError) as caught:
        explain(scan, subject, target=target)
    return type(caught.value), str(caught.value).split("\n"), caught.value.hint


def test_no_such_component() -> None:
    """Is exit code 1, with the command that lists those that there are, to be typed as it stands."""
    assert refused(scanned(), "kettle", "my app") == (
        NoSuchComponentError,
        ["sink has no component 'kettle'"],
        "`bomvet sbom 'my app' -f table` lists them",
    )
    assert NoSuchComponentError("").exit_code == 1


def test_other_versions() -> None:
    """Are named."""
    assert refused(ALL, "pkg:pypi/Dotted.name@9")[:2] == (
        NoSuchComponentError,
        ["sink has dotted-name@1.0, dotted-name@1.0, dotted-name@2.0, not @9"],
    )


def test_what_is_not_known_may_hold_it() -> None:
    """Exit code 3 with ten open questions, those that name the package first, whole words alone."""
    reasons = ["requests-mock is open", "my-requests is open", "Requests>=2 is open", "is open (a, requests.)"]
    unknowns = tuple(unknown(reason, line=n) for n, reason in enumerate([*reasons, *"abcdefghi"], start=1))
    scan = scanned()
    kind, lines, hint = refused(replace(scan, inventory=replace(scan.inventory, unknowns=unknowns)), "requests")

    assert (kind, hint) == (NotEstablishedError, "`bomvet sbom . -f table` lists them")
    assert lines[:4] == [
        "not established whether sink has 'requests'",
        "  requirements.txt:3: Requests>=2 is open",
        "  requirements.txt:4: is open (a, requests.)",
        "  requirements.txt:1: requests-mock is open",
    ]
    assert (len(lines), lines[-1]) == (12, "  ... and 3 more")


def test_another_version_beside_what_is_not_known() -> None:
    """Does not establish that the asked one is absent, and is told all the same."""
    scan = scanned()
    lines = refused(replace(scan, inventory=replace(scan.inventory, unknowns=(unknown("odd"),))), "tap@9")[1]

    assert lines == ["not established whether sink has 'tap@9'", "  it has tap@1.0", "  requirements.txt:1: odd"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("cve-2024-1", "CVE-2024-1"),
        ("pysec-2024-1", "PYSEC-2024-1"),
        ("MAL-2024-1", "MAL-2024-1"),
        ("ghsa-AAAA-bbbb-cccc", "GHSA-aaaa-bbbb-cccc"),
    ],
)
def test_an_advisory_that_affects_nothing(typed: str, shown: str) -> None:
    """Is exit code 1, with the date of the data."""
    answer = explain(scanned(AdvisoryAnswer(standing=Standing.ABSENT)), typed, target=".")

    assert answer.text == f"sink: {shown} affects no component, as of 2026-11-24 (24 records)\n"
    assert answer.exit_code == 1


def test_a_component_may_be_called_like_an_advisory() -> None:
    """A name that only begins like an id is that of a component."""
    assert refused(scanned(), "cve-bin-tool")[1] == ["sink has no component 'cve-bin-tool'"]


def test_an_advisory_that_may_affect_something() -> None:
    """Exit code 3 with all that is open: the data, what was not read, what could not be judged."""
    scan = scanned(
        AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="no order"),
        plugins=(PluginStatus(id="osv", status=Status.PARTIAL, reason="it is old"),),
    )
    scan = replace(scan, inventory=replace(scan.inventory, unknowns=(unknown("odd"),)))

    assert refused(scan, "CVE-2024-1") == (
        NotEstablishedError,
        [
            "not established whether CVE-2024-1 affects sink",
            "  osv: it is old",
            "  requirements.txt:1: odd",
            "  pkg:pypi/tap@1.0: no order",
        ],
        "`bomvet scan .` tells all that is open",
    )


def test_a_result_without_a_root() -> None:
    """Is called as the target is."""
    rootless = replace(scanned(), inventory=Inventory())

    assert refused(rootless, "tap")[1] == ["app has no component 'tap'"]


# ── layout ──────────────────────────────────────────────────────────────────────────────────────


def test_text_is_wrapped_below_its_beginning() -> None:
    """Lines break at blanks, and only there."""
    rows = [("  scope   ", "word " * 12), ("    do      ", f"a {'x' * 50} b-c")]

    assert laid_out(rows, 30) == (  # as if it were 40
        "  scope   word word word word word word\n"
        "          word word word word word word\n"
        "    do      a\n"
        f"            {'x' * 50}\n"
        "            b-c\n"
    )


def test_wide_terminals_are_used() -> None:
    """The width is that of the terminal."""
    scan = scanned(known(replace(LEAK, summary="word " * 40)))

    assert max(map(len, told(scan).splitlines())) <= 80
    assert 120 < max(map(len, told(scan, width=160).splitlines())) <= 160


def test_foreign_text_cannot_steer_a_terminal() -> None:
    """Control characters and commands of pipelines are taken out, wherever they stand; line breaks are blanks."""
    evil = "a\x1b[2Jb\u202ec\r\n::error::d"
    advisory = replace(LEAK, id=f"CVE-{evil}", summary=evil, evidence=(evil,), fixed=evil, clean=evil, aliases=(evil,))
    component = replace(TAP, properties=((evil, evil),), locations=(Location(path=evil),))
    scan = scanned(known(advisory), inventory=Inventory(root=project(evil), components=(component,)))
    texts = [told(scan), "\n".join(refused(scan, f"{evil}!")[1])]

    assert not any(mark in text for mark in ("\x1b", "\u202e", "\r", "::") for text in texts)
    assert "    about   a�[2Jb�c :\u200b:error:\u200b:d\n" in texts[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_everything_can_be_explained(name: str) -> None:
    """Each component of each sample, by its own purl, begins with that purl."""
    scan = SAMPLES[name]

    for component in scan.inventory.components:
        assert told(scan, component.purl).splitlines()[0] == component.purl[:3997] + "..." * (
            len(component.purl) > 4000
        )


@settings(deadline=None, max_examples=60, derandomize=True)
@given(one=HOSTILE_TEXT, other=HOSTILE_TEXT)
def test_whatever_is_typed_or_scanned(one: str, other: str) -> None:
    """There is an answer or an error with a sentence, and nothing that steers a terminal."""
    scan = hostile(one, other)
    try:
        text = told(scan, other)
    except BomvetError as error:
        text = str(error)

    assert text
    assert "\x1b" not in text


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.text(" abc-.:\u2028\t\n", max_size=300), st.integers(1, 120))
def test_no_word_is_lost(text: str, width: int) -> None:
    """Whatever the width, all words stand there in order, and only a long word exceeds it."""
    lines = laid_out([("  why     ", text)], width).splitlines()
    words = " ".join(lines).replace("\u200b", "").split()

    assert words == ["why", *text.split()]
    assert all(len(line.replace("\u200b", "")) <= max(width, 40) or len(line.split()) <= 2 for line in lines)


# -- who built it ----------------------------------------------------------------------------------------------

BUILT = ProvenanceAnswer(status=ProvenanceStatus.ABSENT, registry="npm.packages.example", required=True)
MOVED = Finding(
    rule="publisher-changed", subject=TAP.purl, severity=Severity.HIGH, message="Tap moved.", remediation="Ask."
)


def test_who_built_it_and_what_rules_say_of_that() -> None:
    """After the risk, with what to do; findings of other components are not told."""
    facts = Facts(advisories={TAP.purl: known(standing=Standing.ABSENT)}, provenance={TAP.purl: BUILT})
    other = replace(MOVED, subject=PIPE.purl)
    assessment = Assessment(
        verdict=Verdict.FAILED, findings=(MOVED, other), scores=(RiskScore(subject=TAP.purl, low=1, high=2),)
    )

    told = explain(scanned(facts=facts, assessment=assessment), "tap", target=".")

    assert (
        "  risk    1 to 2 of 100:\n"
        "  provenance  absent, asked of npm.packages.example\n"
        "    publisher-changed  HIGH: Tap moved.\n"
        "    do      Ask.\n"
        "  advisories  none known"
    ) in told.text
    assert told.exit_code == 0


@pytest.mark.parametrize("required", [True, False])
def test_who_built_it_is_not_established(required: bool) -> None:  # noqa: FBT001
    """Exit code 3 where the verdict hangs on it."""
    answer = replace(BUILT, status=ProvenanceStatus.NOT_ESTABLISHED, reason="offline", required=required)
    facts = Facts(advisories={TAP.purl: known(standing=Standing.ABSENT)}, provenance={TAP.purl: answer})

    told = explain(scanned(facts=facts), "tap", target=".")

    assert "  provenance  not established, asked of npm.packages.example: offline\n" in told.text
    assert told.exit_code == (3 if required else 0)
