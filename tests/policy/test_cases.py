"""Tests of policies: made-up findings, and what becomes of them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from bomvet.errors import PolicyFileError
from bomvet.pipeline import version_key
from bomvet.policy.cases import Case, judged, read_cases
from bomvet.policy.document import read_policy

TODAY = dt.date(2026, 11, 24)


def cases(text: str) -> tuple[Case, ...]:
    """The tests of a document that holds nothing else."""
    return read_cases(text, "bomvet.tests.toml", alone=True)


def case(text: str) -> Case:
    """One test, of which the name and what is expected do not matter."""
    (found,) = cases(f'[[tests]]\nname = "n"\nexpect = "pass"\n{text}')
    return found


def was(text: str, policy: str) -> str:
    """What `policy` makes of one test."""
    return judged(case(text), read_policy(policy, "bomvet.toml"), TODAY, version_key).was


def problems(text: str, *, alone: bool = True) -> tuple[str, ...]:
    """All that is wrong with tests."""
    with pytest.raises(PolicyFileError) as caught:
        read_cases(text, "bomvet.tests.toml", alone=alone)
    return caught.value.problems


# -- what becomes of it ----------------------------------------------------------------------------------------

WAIVED = '[[waivers]]\nid = "CVE-2024-1"\nreason = "r"\nowner = "o"\nexpires = 2026-12-31\n'


@pytest.mark.parametrize(
    ("text", "policy", "expected"),
    [
        ('advisory = { severity = "high" }', "", "fail"),
        ('advisory = { severity = "medium" }', "", "warn"),
        ("", "", "pass"),
        ('component = { name = "a" }', "", "pass"),
        ('advisory = { severity = "high" }', WAIVED, "waived"),
        ('advisory = { severity = "high" }\ntoday = 2027-01-01', WAIVED, "fail"),
        ('advisory = { id = "CVE-9", severity = "low" }', WAIVED + 'path = "x"\n', "warn"),
        ('advisory = { id = "CVE-9", aliases = ["CVE-2024-1"], severity = "high" }', WAIVED, "waived"),
        (
            'component = { name = "a", version = "1.10" }\nadvisory = { severity = "high" }',
            WAIVED + 'purl = "pkg:pypi/a"\nversions = ">=1.9"\n',
            "waived",
        ),
        (
            'component = { locations = ["a/uv.lock"] }\nadvisory = { severity = "high" }',
            WAIVED + 'path = "a"\n',
            "waived",
        ),
        ("advisory = {}", "", "fail"),
        ("advisory = {}", 'unknown-severity = "pass"', "warn"),
        ("advisory = {}", 'unknown-severity = "incomplete"', "incomplete"),
        ("advisory = {}", 'unknown-severity = "incomplete"\nallow-incomplete = true', "warn"),
        ("advisory = { score = 9.8 }", 'fail-on = "critical"', "fail"),
        ("advisory = { score = 0 }", 'fail-on = "low"', "warn"),
        ("advisory = { score = 7 }", 'fail-on = "high"', "fail"),
        ("advisory = { kev = true }", 'fail-on = "kev"', "fail"),
        ("advisory = { ransomware = true }", 'fail-on = "kev and ransomware"', "fail"),
        ("advisory = { }", 'fail-on = "kev, epss>0"', "warn"),
        ("advisory = { }\ncatalogues = []", 'fail-on = "kev, epss>0"', "incomplete"),
        ("advisory = { epss = 0.5 }", 'fail-on = "epss>=0.5"', "fail"),
        ("advisory = { epss_percentile = 1 }", 'fail-on = "epss-percentile>=1"', "fail"),
        ('advisory = { fixed = "2" }', 'fail-on = "fixable"', "fail"),
        ("advisory = { malicious = true }", 'fail-on = "malicious and critical"', "fail"),
        ('advisory = { published = "2026-01-01" }', 'fail-on = "age>30d"', "fail"),
        ("advisory = { }\ncomponent = { direct = false }", 'fail-on = "direct"', "warn"),
        ("advisory = { }", 'fail-on = "direct and runtime"', "fail"),
        ('advisory = { }\ncomponent = { scope = "dev" }', 'fail-on = "dev"', "fail"),
        ("advisory = { }\nscore = 70", 'fail-on = "score>=70"', "fail"),
        ("advisory = { }", 'fail-on = "score>=70"', "incomplete"),
        ('finding = { rule = "unpinned-git" }', 'fail-on = "medium"', "fail"),
        ('finding = { rule = "unpinned-git", severity = "low" }', 'fail-on = "medium"', "warn"),
        ('finding = { rule = "unpinned-git" }', 'fail-on = "medium"\n[severity]\nunpinned-git = "low"', "warn"),
        ('finding = { rule = "unpinned-git" }', 'disable = ["unpinned-git"]', "pass"),
        ('finding = { rule = "x" }\nservice = {}', 'fail-on = "rule:x and runtime"', "fail"),
        ("", "require-components = true", "pass"),
        ("", f'unused-waivers = "fail"\n{WAIVED}', "pass"),
    ],
)
def test_outcomes(text: str, policy: str, expected: str) -> None:
    """As a scan would end whose inventory holds nothing else."""
    assert was(text, policy) == expected


@pytest.mark.parametrize(
    ("text", "when", "on"),
    [
        ('component = { name = "@a/b", type = "npm", version = "1" }', "component.purl == 'pkg:npm/%40a/b@1'", None),
        ('component = { name = "a", type = "cargo", version = "1" }', "component.purl == 'pkg:cargo/a@1'", None),
        ('component = { purl = "pkg:x/y", name = "a" }', "component.purl == 'pkg:x/y' && component.name == 'a'", None),
        ('component = { licences = ["MIT"] }', "component.licences == ['MIT']", None),
        (
            f'component = {{ hashes = ["sha1:{"0" * 40}"] }}',
            "component.hashes.all(h, h.startsWith('sha1:')) && component.hashes.size() == 1",
            None,
        ),
        ('component = { registry = "https://a.example" }', "component.registry == 'https://a.example'", None),
        ('component = { properties = { a = "b" } }', "component.properties['a'] == 'b'", None),
        ("component = { dependants = 5 }", "component.direct && component.dependants == 5", None),
        ("component = { dependants = 5, direct = false }", "!component.direct && component.dependants == 5", None),
        ("component = { first_party = true }", "component.first_party", None),
        (
            'release = { age_days = 3, yanked = "-", status = "archived", maintainers = ["a"] }',
            "release.age_days == 3 && release.yanked == '-' && release.status == 'archived' && release.maintainers == ['a']",
            "release",
        ),
        ('release = { deprecated = "b" }', "release.deprecated == 'b' && release.yanked == ''", "release"),
        ('release = { latest = "2" }', "release.latest == '2' && !has(release.age_days)", "release"),
        (
            'advisory = { ids = ["GHSA-1"], cwes = [79], summary = "s", clean = "2", severity = "none" }',
            "advisory.ids == ['GHSA-1'] && advisory.cwes == [79] && advisory.summary == 's' && advisory.clean == '2'",
            "advisory",
        ),
        (
            'service = { provider = "aws", name = "s3", endpoints = ["e"], authenticated = false }',
            "service.ref == 'svc:aws/s3' && service.endpoints == ['e'] && !service.authenticated",
            "service",
        ),
        (
            'service = { trust_boundary = true, settings = { a = "b" }, locations = ["x"] }',
            "service.trust_boundary && service.settings['a'] == 'b' && service.locations == ['x']",
            "service",
        ),
        ('service = { ref = "svc:x" }', "service.ref == 'svc:x'", "service"),
        ("", "provenance.status == 'not-established' && !has(provenance.files)", None),
        (
            'provenance = { repository = "https://git.example/a", ref = "refs/tags/v2" }',
            (
                "provenance.status == 'verified' && provenance.repository == 'https://git.example/a' && "
                "provenance.ref_class == 'tag' && provenance.kinds == ['slsa-provenance'] && provenance.log == 'proof' && "
                "provenance.files == 1 && provenance.attested_files == 1 && provenance.changes == []"
            ),
            None,
        ),
        (
            'provenance = { ref_class = "branch", kinds = ["signature"], log = "promise", slsa = "SLSA Build L2" }',
            (
                "provenance.ref == 'refs/heads/main' && provenance.kinds == ['signature'] && provenance.log == 'promise' "
                "&& provenance.slsa == ''"
            ),
            "release",
        ),
        (
            'provenance = { status = "absent", level = "none", files = 3, declared = ["https://git.example/a"] }',
            (
                "provenance.kinds == [] && provenance.issuer == '' && provenance.level == 'none' && "
                "provenance.attested_files == 0 && provenance.files == 3 && provenance.declared.size() == 1"
            ),
            None,
        ),
        (
            'provenance = { status = "identity-mismatch", changes = ["trigger", "owner"], owner = "o", issuer = "i" }',
            "provenance.changes == ['owner', 'trigger'] && provenance.owner == 'o' && provenance.issuer == 'i'",
            None,
        ),
        (
            'provenance = { workflow = "w", trigger = "t", runner = "r", commit = "c" }',
            (
                "provenance.workflow == 'w' && provenance.trigger == 't' && provenance.runner == 'r' && "
                "provenance.commit == 'c' && !has(provenance.level) && !has(provenance.declared)"
            ),
            None,
        ),
    ],
)
def test_fields(text: str, when: str, on: str | None) -> None:
    """Each field of the tables is that of the expressions."""
    rule = f'[[rules]]\nid = "own"\nwhen = "{when}"\nseverity = "critical"\n' + (f'on = "{on}"\n' if on else "")

    assert was(text, rule) == "fail"


@pytest.mark.parametrize(
    ("text", "policy", "wrong"),
    [
        ('expect = "fail"\nadvisory = { kev = true }', 'fail-on = "kev, high"', ""),
        ('expect = "fail"\ncondition = "kev"\nadvisory = { kev = true }', 'fail-on = "kev, high"', ""),
        (
            'expect = "fail"\ncondition = "high"\nadvisory = { kev = true }',
            'fail-on = "kev, high"',
            "expected the condition high, was kev",
        ),
        (
            'expect = "warn"\ncondition = "high"\nadvisory = { severity = "low" }',
            "",
            "expected the condition high, was none",
        ),
        (
            'expect = "pass"\nadvisory = { severity = "high" }',
            "",
            "expected pass, was fail: high; 1 finding of severity high or worse",
        ),
        (
            'expect = "fail"\nadvisory = { }\ncatalogues = []',
            'fail-on = "kev"',
            (
                "expected fail, was incomplete: fail-on = kev cannot be decided for CVE-2024-1 of pkg:pypi/example: the "
                "advisory data holds no KEV catalogue; `bomvet db update` fetches it; 1 question could not be answered"
            ),
        ),
        ('expect = "fail"', "", "expected fail, was pass"),
        ('expect = "fail"\nrule = "known-vulnerability"\nadvisory = { severity = "high" }', "", ""),
        ('expect = "waived"\nrule = "known-vulnerability"\nadvisory = { severity = "high" }', WAIVED, ""),
        (
            'expect = "fail"\nrule = "x"\nadvisory = { severity = "high" }',
            "",
            "expected the rule x, was known-vulnerability",
        ),
        ('expect = "pass"\nrule = "x"', "", "expected the rule x, was none"),
        (
            'expect = "fail"\nrule = "x"\nadvisory = { severity = "high" }\nfinding = { rule = "x", severity = "low" }',
            "",
            "expected the rule x, was known-vulnerability",
        ),
    ],
)
def test_what_is_wrong(text: str, policy: str, wrong: str) -> None:
    """The outcome, the condition and the rule are held against what is expected; a rule that fails must refuse."""
    (found,) = cases(f'[[tests]]\nname = "n"\n{text}')

    assert judged(found, read_policy(policy, "bomvet.toml"), TODAY).wrong == wrong


# -- reading ---------------------------------------------------------------------------------------------------


def test_in_the_policy_and_beside_it() -> None:
    """Tests stand among the settings, in a table of another file, or in a file of their own."""
    text = 'fail-on = "high"\n[[tests]]\nname = "a"\nexpect = "fail"\n'
    in_tool = 'x = 1\n[[tool.bomvet.tests]]\nname = "a"\nexpect = "fail"\n'

    assert [(c.name, c.expect, c.line) for c in read_cases(text, "bomvet.toml")] == [("a", "fail", 2)]
    assert [c.line for c in read_cases(in_tool, "pyproject.toml", ("tool", "bomvet"))] == [2]
    assert read_cases("tool = 1", "pyproject.toml", ("tool", "bomvet")) == ()
    assert read_cases("[tool]\nbomvet = 1", "pyproject.toml", ("tool", "bomvet")) == ()
    assert problems(text) == ("line 1: unknown setting fail-on; known are tests",)


HEAD = '[[tests]]\nname = "a"\nexpect = "fail"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tests = 1", "line 1: tests must be an array of tables: [[tests]]"),
        ("[[tests]]\nname = 'a'", "line 1: a test needs name and expect; expect is missing"),
        (
            "[[tests]]\nname = 'a'\nexpect = 'x'",
            "line 3: tests[1].expect must be one of fail, warn, pass, waived, incomplete, not 'x'",
        ),
        (HEAD + "condition = 'kef'", "line 4: tests[1].condition (column 1): 'kef' is no term; did you mean kev?"),
        (HEAD + "today = 'x'", "line 4: tests[1].today must be a date such as 2026-12-31"),
        (HEAD + "catalogues = ['x']", "line 4: tests[1].catalogues may be kev and epss, not 'x'"),
        (HEAD + "catalogues = 1", "line 4: tests[1].catalogues must be a list of texts"),
        (HEAD + "score = 101", "line 4: tests[1].score must be a number from 0 to 100"),
        (HEAD + "score = true", "line 4: tests[1].score must be a number from 0 to 100"),
        (HEAD + "finding = {}", "line 4: tests[1].finding needs the rule"),
        (
            HEAD + "finding = { rule = 'x', severity = 'y' }",
            ("line 4: tests[1].finding.severity must be one of critical, high, medium, low, none, unknown, not 'y'"),
        ),
        (HEAD + "componant = {}", "line 4: unknown setting tests[1].componant; did you mean component?"),
        (
            HEAD + "component = { nmae = 'a' }",
            "line 4: unknown setting tests[1].component.nmae; did you mean name?",
        ),
        (HEAD + "component = { name = 1 }", "line 4: tests[1].component.name must be a text"),
        (HEAD + "component = { name = '' }", "line 1: tests[1]: a component needs a name"),
        (HEAD + "component = { direct = 1 }", "line 4: tests[1].component.direct must be true or false"),
        (HEAD + "component = { dependants = true }", "line 4: tests[1].component.dependants must be a whole number"),
        (HEAD + "component = { licences = 'MIT' }", "line 4: tests[1].component.licences must be a list of texts"),
        (HEAD + "component = { properties = [] }", "line 4: tests[1].component.properties must be a table of texts"),
        (HEAD + "component = { scope = 'x' }", "line 1: tests[1]: must be one of required, optional, dev, not 'x'"),
        (HEAD + "component = { hashes = ['x:1'] }", "line 1: tests[1]: 'x' is no known hash algorithm"),
        (HEAD + "advisory = { cwes = ['x'] }", "line 4: tests[1].advisory.cwes must be a list of whole numbers"),
        (HEAD + "advisory = { epss = 'x' }", "line 4: tests[1].advisory.epss must be a number"),
        (
            HEAD + "advisory = { severity = 'x' }",
            "line 1: tests[1]: must be one of critical, high, medium, low, none, unknown, not 'x'",
        ),
        (
            HEAD + "provenance = { ref_class = 'x' }",
            "line 1: tests[1]: must be one of tag, branch, pull-request, not 'x'",
        ),
        (
            HEAD + "provenance = { log = 'x' }",
            "line 1: tests[1]: must be one of proof, promise, none, not 'x'",
        ),
        (
            HEAD + "provenance = { level = 'x' }",
            "line 1: tests[1]: must be one of none, provenance, trusted-publisher, staged-publish, not 'x'",
        ),
        (HEAD + "provenance = { files = 'x' }", "line 4: tests[1].provenance.files must be a whole number"),
        (HEAD + "provenance = { file = 1 }", "line 4: unknown setting tests[1].provenance.file; did you mean files?"),
        (HEAD + "advisory = 1", "line 4: tests[1].advisory must be a table"),
        (HEAD + "service = {}\nadvisory = {}", "line 1: a test is about a service, or about a component"),
    ],
)
def test_mistakes(text: str, problem: str) -> None:
    """Each is told with its line, and with what it should be."""
    assert problem in problems(text)


def test_what_is_of_the_wrong_kind_is_not_made() -> None:
    """A mistake in a field is told once, and is no crash of what would be made of it."""
    text = HEAD + "component = { hashes = 1, name = 1, properties = 1, dependants = 'x' }\nadvisory = { score = 'x' }"

    assert len(problems(text)) == 5


def test_the_rule_about_provenance_of_the_reference() -> None:
    """It finds what others built and what nobody attested, and leaves open what is not known."""
    text = (Path(__file__).parents[2] / "docs" / "reference" / "policy-language.md").read_text("utf-8")
    block = re.search(r'```toml\n(\[\[rules\]\]\nid = "ours"\n.*?)```', text, re.DOTALL)
    assert block
    component = 'component = { name = "@acme/a", type = "npm" }\n'
    outcomes = {
        component + 'provenance = { repository = "https://github.com/acme/a" }': "pass",
        component + 'provenance = { repository = "https://github.com/mallory/a" }': "fail",
        component + 'provenance = { status = "absent" }': "fail",
        component + 'provenance = { status = "not-established" }': "incomplete",
        component: "incomplete",
        'component = { name = "other" }': "pass",
        'component = { name = "@acme/own", first_party = true }': "pass",
    }

    assert {case_: was(case_, block[1]) for case_ in outcomes} == outcomes
