"""Ignore lists of other tools: what becomes a waiver, what is told, and what is refused."""

from __future__ import annotations

import datetime as dt
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import PolicyFileError
from bomvet.model.finding import Waiver
from bomvet.policy.document import Ignores
from bomvet.policy.ignores import Ignored, read_ignores

END = dt.date(2027, 3, 31)
ALL = Ignores(owner="sec", reason="taken over", expires=END)


def read(text: str, name: str, defaults: Ignores = ALL, folder: str = "") -> Ignored:
    """What a list comes to."""
    return read_ignores(textwrap.dedent(text), name, defaults, folder)


def problems(text: str, name: str, defaults: Ignores = ALL) -> tuple[str, ...]:
    """All that is wrong with a list."""
    with pytest.raises(PolicyFileError) as caught:
        read(text, name, defaults)
    return caught.value.problems


def waiver(id_: str, line: int, name: str, **values: object) -> Waiver:
    """A waiver with the words of the defaults."""
    stated = {"reason": "taken over", "owner": "sec", "expires": END, **values}
    return Waiver(id=id_, line=line, source=name, **stated)  # type: ignore[arg-type]


# -- Trivy -----------------------------------------------------------------------------------------------------


def test_trivyignore() -> None:
    """Ids with an end, which is the day before Trivy's; the comment at an entry is its reason."""
    text = """\
        # Accepted by the board,
        # for the time being
        CVE-2018-14618

        # of nothing

        GHSA-x exp:2026-03-01
          CVE-2019-1   # until the rewrite
        #
        PYSEC-2021-1
        AVD-AWS-0104
        DS002
        """

    assert read(text, ".trivyignore") == Ignored(
        (
            waiver("CVE-2018-14618", 3, ".trivyignore", reason="Accepted by the board, for the time being"),
            waiver("GHSA-x", 7, ".trivyignore", expires=dt.date(2026, 2, 28)),
            waiver("CVE-2019-1", 8, ".trivyignore", reason="until the rewrite"),
            waiver("PYSEC-2021-1", 10, ".trivyignore"),
        ),
        (
            ".trivyignore:11: AVD-AWS-0104 is no advisory; not taken over",
            ".trivyignore:12: DS002 is no advisory; not taken over",
        ),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nCVE-1 exp:soon", "line 2: 'soon' is no date such as 2026-12-31"),
        ("CVE-1 exp:2026-13-01", "line 1: '2026-13-01' is no date such as 2026-12-31"),
        ("CVE-1 exp:0001-01-01", "line 1: '0001-01-01' is no date such as 2026-12-31"),
        ("CVE-1 CVE-2", "line 1: what follows CVE-1 is not understood"),
        ("CVE-1 exp:2026-01-01 exp:2027-01-01", "line 1: what follows CVE-1 is not understood"),
    ],
)
def test_trivyignore_that_is_none(text: str, problem: str) -> None:
    """A line that is not understood may narrow the entry, and is refused."""
    assert problems(text, ".trivyignore") == (problem,)


def test_trivyignore_yaml() -> None:
    """Each path and each package of an entry is a waiver of its own, and narrows as there."""
    text = """\
        misconfigurations:
          - id: AVD-1
        secrets:
        vulnerabilities:
          - id: CVE-1
            paths: ["/a/METADATA", "b"]
            statement: " not reachable "
          - id: CVE-2
            purls:
              - pkg:pypi/x
              - pkg:npm/y
            paths:
              - c
            expired_at: 2026-12-01
          - id: CVE-3
            severity: low
          - id: "CVE-4"
            expired_at: 2026-12-01T12:00:00Z
        """
    name = ".trivyignore.yaml"

    assert read(text, name) == Ignored(
        (
            waiver("CVE-1", 5, name, path="a/METADATA", reason="not reachable"),
            waiver("CVE-1", 5, name, path="b", reason="not reachable"),
            waiver("CVE-2", 8, name, purl="pkg:pypi/x", path="c", expires=dt.date(2026, 11, 30)),
            waiver("CVE-2", 8, name, purl="pkg:npm/y", path="c", expires=dt.date(2026, 11, 30)),
            waiver("CVE-4", 17, name, expires=dt.date(2026, 11, 30)),
        ),
        (
            ".trivyignore.yaml:1: misconfigurations are not looked for; not taken over",
            ".trivyignore.yaml:15: CVE-3 has severity, which no waiver can say; not taken over",
        ),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("vulnerabilities:\n- paths: [a]\n", "line 2: an entry needs an id, and may have lists of paths and purls"),
        ("vulnerabilities:\n- id: 7\n", "line 2: an entry needs an id, and may have lists of paths and purls"),
        (
            "vulnerabilities:\n- id: a\n  paths: x",
            "line 2: an entry needs an id, and may have lists of paths and purls",
        ),
        (
            "vulnerabilities:\n- id: a\n  purls: [1]",
            "line 2: an entry needs an id, and may have lists of paths and purls",
        ),
        ("\nvulnerabilities: [a]", "line 2: vulnerabilities must be a list of mappings"),
        ("[a]", "line 1: not a YAML mapping"),
        ("a: [", "line 2: not YAML: "),
        ("a: 1\na: 2", 'not YAML: duplicate entry with key "a"'),
        ("vulnerabilities:\n- id: CVE-1\n  expired_at: 7", "line 2: '7' is no date such as 2026-12-31"),
    ],
)
def test_trivyignore_yaml_that_is_none(text: str, problem: str) -> None:
    """Each mistake is told with its line, where that is known."""
    (found,) = problems(text, "x.trivyignore.yml")

    assert found.startswith(problem)


def test_lists_in_one_line() -> None:
    """Where no line can be told for an entry, that of the list stands for it."""
    assert read("\nvulnerabilities: [{id: CVE-1}, {id: CVE-2}]", ".trivyignore.yaml").waivers == (
        waiver("CVE-1", 2, ".trivyignore.yaml"),
        waiver("CVE-2", 2, ".trivyignore.yaml"),
    )


# -- OSV-Scanner -----------------------------------------------------------------------------------------------


def test_osv_scanner() -> None:
    """Ids for all packages, and packages for all advisories."""
    text = """\
        [[IgnoredVulns]]
        id = "GO-2022-0968"
        ignoreUntil = 2022-11-09
        reason = "no ssh"

        [[IgnoredVulns]]
        id = "GHSA-1"
        ignoreUntil = 2026-12-31T08:00:00Z

        [[IgnoredVulns]]
        id = "GHSA-2"
        shade = "blue"

        [[PackageOverrides]]
        name = "Flask_X"
        version = "1.0"
        ecosystem = "PyPI"
        ignore = true
        effectiveUntil = 2027-01-01
        reason = "not shipped"

        [[PackageOverrides]]
        name = "@a/b"
        ecosystem = "npm"
        vulnerability.ignore = true
        license.override = ["MIT"]

        [[PackageOverrides]]
        name = "lib"
        ecosystem = "Go"
        ignore = true

        [[PackageOverrides]]
        ecosystem = "npm"
        ignore = true

        [[PackageOverrides]]
        name = "c"
        ecosystem = "npm"
        group = "dev"
        ignore = true

        [[PackageOverrides]]
        name = "d"
        ecosystem = "npm"
        license.override = ["MIT"]
        """
    name = "osv-scanner.toml"
    found = read(text, name)

    assert found.waivers == (
        waiver("GO-2022-0968", 1, name, expires=dt.date(2022, 11, 8), reason="no ssh"),
        waiver("GHSA-1", 6, name, expires=dt.date(2026, 12, 30)),
        waiver(
            "known-vulnerability",
            14,
            name,
            purl="pkg:pypi/flask-x@1.0",
            expires=dt.date(2026, 12, 31),
            reason="not shipped",
        ),
        waiver("known-vulnerability", 22, name, purl="pkg:npm/%40a/b"),
    )
    assert [note.removeprefix("osv-scanner.toml:").removesuffix("; not taken over") for note in found.notes] == [
        "1: that it is for its own folder alone",
        "10: GHSA-2 has shade, which no waiver can say",
        "28: an override with the ecosystem 'Go', which no waiver can say",
        "33: an override with no name, which no waiver can say",
        "37: an override with group, which no waiver can say",
        "43: an override that ignores no advisory",
    ]


def test_osv_scanner_of_a_folder() -> None:
    """It is for its own folder, as there."""
    text = '[[IgnoredVulns]]\nid = "GHSA-1"\n[[PackageOverrides]]\nname = "a"\necosystem = "npm"\nignore = true\n'
    name = "services/a/osv-scanner.toml"

    assert read(text, name, folder="services/a") == Ignored(
        (
            waiver("GHSA-1", 1, name, path="services/a"),
            waiver("known-vulnerability", 3, name, path="services/a", purl="pkg:npm/a"),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[IgnoredVulns]\nid = 'a'", "line 1: IgnoredVulns must be an array of tables: [[IgnoredVulns]]"),
        ("\nPackageOverrides = [1]", "line 2: PackageOverrides must be an array of tables: [[PackageOverrides]]"),
        ("[[IgnoredVulns]]\nreason = 'a'", "line 1: an entry needs an id"),
        ("[[IgnoredVulns]]\nid = ''", "line 1: an entry needs an id"),
        ("[[IgnoredVulns]]\nid = 'a'\nignoreUntil = 'soon'", "line 1: 'soon' is no date such as 2026-12-31"),
    ],
)
def test_osv_scanner_that_is_none(text: str, problem: str) -> None:
    """Each mistake is told with its line."""
    assert problems(text, "osv-scanner.toml") == (problem,)


def test_osv_scanner_that_is_no_toml() -> None:
    """As in the policy itself."""
    (problem,) = problems("[", "osv-scanner.toml")

    assert problem.startswith("line 1: not TOML: ")


def test_empty_lists() -> None:
    """Nothing is ignored, and there is nothing to tell."""
    for name in (".trivyignore", ".trivyignore.yaml", "osv-scanner.toml", ".grype.yaml"):
        assert read("# nothing\n", name, Ignores()) == Ignored((), ())


# -- Grype -----------------------------------------------------------------------------------------------------


def test_grype() -> None:
    """Rules with what a waiver can say; all others are left out, and told."""
    text = """\
        fail-on-severity: high
        ignore:
          - vulnerability: CVE-1
            include-aliases: true
            reason: "not reachable"
          - vulnerability: CVE-2
            fix-state: wont-fix
          - package: {name: libcurl, type: deb}
          - vulnerability: CVE-3
            package:
              name: "@a/b"
              version: "1.0"
              type: npm
              language: javascript
              location: "/usr/lib/node_modules/**"
          - package:
              name: Django_X
              language: python
          - package:
              type: npm
          - package:
              location: "/usr/**"
          - vulnerability: CVE-4
            package:
              location: "/usr/**"
          - vulnerability: CVE-5
            package: {name: "lib.*", type: npm}
          - vulnerability: CVE-6
            package: {name: a}
          - vulnerability: CVE-7
            package: {name: a, type: npm, upstream-name: b}
          - vulnerability: CVE-8
            package: {name: a, type: npm, version: 1.10}
          - vulnerability: CVE-9
            fix-state: ""
            package: {version: ""}
        """
    found = read(text, ".grype.yaml")

    assert found.waivers == (
        waiver("CVE-1", 3, ".grype.yaml", reason="not reachable"),
        waiver("CVE-3", 9, ".grype.yaml", purl="pkg:npm/%40a/b@1.0", path="usr/lib/node_modules/**"),
        waiver("known-vulnerability", 16, ".grype.yaml", purl="pkg:pypi/django-x"),
        waiver("CVE-4", 23, ".grype.yaml", path="usr/**"),
        waiver("CVE-9", 34, ".grype.yaml"),
    )
    assert [note.removeprefix(".grype.yaml:") for note in found.notes] == [
        "6: CVE-2 with fix-state, which no waiver can say; not taken over",
        "8: a rule with its package, which no waiver can say; not taken over",
        "19: a rule with its package, which no waiver can say; not taken over",
        "21: a rule with no package, which no waiver can say; not taken over",
        "26: CVE-5 with its package, which no waiver can say; not taken over",
        "28: CVE-6 with its package, which no waiver can say; not taken over",
        "30: CVE-7 with upstream-name, which no waiver can say; not taken over",
        "32: CVE-8 with version, which no waiver can say; not taken over",
    ]


def test_grype_that_is_none() -> None:
    """A package that is no mapping."""
    assert problems("ignore:\n  - package: a\n", "x/.grype.yml") == ("line 2: package must be a mapping",)


# -- all -------------------------------------------------------------------------------------------------------


def test_what_no_entry_states_the_policy_must() -> None:
    """All that is lacking is told at once, with the lines and with what to write."""
    text = "CVE-1\n# because\nCVE-2 exp:2026-12-31\n" + "CVE-3\n" * 12

    stated = "which the policy can state for all under [ignores]"
    assert problems(text, ".trivyignore", Ignores()) == (
        f'line 1, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 4 more: without owner, {stated}: owner = "who answers for them"',
        f'line 1, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 3 more: without reason, {stated}: reason = "why they may wait"',
        f"line 1, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 3 more: without expires, {stated}: expires = 2026-12-31",
    )
    assert problems("# r\nCVE-1 exp:2026-12-31", ".trivyignore", Ignores()) == (
        'line 2: without owner, which the policy can state for all under [ignores]: owner = "who answers for them"',
    )
    assert len(read("# r\nCVE-1 exp:2026-12-31", ".trivyignore", Ignores(owner="me")).waivers) == 1


def test_a_file_of_another_kind() -> None:
    """The name tells the format."""
    assert problems("", "ignore.txt") == (
        "is no list of ignored advisories: known are .trivyignore, .trivyignore.yaml, osv-scanner.toml, .grype.yaml",
    )


def test_too_many() -> None:
    """A list has an end."""
    assert problems("CVE-1\n" * 10_001, ".trivyignore") == ("has more than 10,000 entries",)


@given(
    st.sampled_from([".trivyignore", ".trivyignore.yaml", "osv-scanner.toml", ".grype.yaml"]),
    st.text(alphabet="vulnerabilities:ignore\n- []{}\"'#=C1 ", max_size=80),
)
def test_no_text_is_a_crash(name: str, text: str) -> None:
    """Waivers, or an error that names the file."""
    try:
        found = read_ignores(text, name, ALL).waivers
    except PolicyFileError as error:
        assert error.problems  # noqa: PT017 - either is right
    else:
        assert all(w.owner == "sec" and w.source == name for w in found)
