"""The policy file: every setting, and every error with its line."""

from __future__ import annotations

import datetime as dt

import pytest

from bomvet.errors import PolicyFileError
from bomvet.model.facts import Severity
from bomvet.model.finding import Waiver
from bomvet.policy.conditions import TERMS, conditions
from bomvet.policy.document import (
    Exploitation,
    Ignores,
    Policy,
    Provenance,
    UnknownSeverity,
    UnusedWaivers,
    cool_down,
    fail_on,
    max_age,
    read_policy,
)
from bomvet.policy.expressions import compiled
from bomvet.policy.rules import CustomRule

TOOL = ("tool", "bomvet")

WHOLE = """\
fail-on = ["critical", "kev, epss>0.5 and runtime"]
unknown-severity = "incomplete"
unused-waivers = "fail"
allow-incomplete = true
require-components = true
exclude = ["vendor", "docs/*.txt"]
registries = ["https://npm.packages.example", "https://pypi.packages.example/simple"]
cool-down = "14d"
ask-registries = true
author = " Example Ltd <security@shop.example> "
disable = ["weak-integrity"]
ignore-files = [".trivyignore"]

[db]
max-age = "36h"

[severity]
unpinned-git = "low"

[ignores]
owner = "me"
reason = "old"
expires = 2027-01-01

[[rules]]
id = "own"
when = "component.direct"

[[rules]]
id = "other-1"
on = "advisory"
when = "advisory.kev"
severity = "low"
message = "m"
help = "h"
remediation = "r"

[[waivers]]
id = "CVE-2024-1"
reason = "not reachable"
owner = "security@shop.example"
expires = 2026-12-31

[[waivers]]
id = "GHSA-x"
reason = "accepted"
owner = "me"
expires = "2027-01-31"
purl = "pkg:pypi/a"
versions = ">=1.0, <2"
path = "apps/*"
"""

POLICY = Policy(
    fail_on=conditions("critical, kev, epss>0.5 and runtime"),
    unknown_severity=UnknownSeverity.INCOMPLETE,
    unused_waivers=UnusedWaivers.FAIL,
    max_age=dt.timedelta(hours=36),
    allow_incomplete=True,
    require_components=True,
    exclude=("vendor", "docs/*.txt"),
    registries=("https://npm.packages.example", "https://pypi.packages.example/simple"),
    cool_down=14,
    ask_registries=True,
    author="Example Ltd <security@shop.example>",
    disable=("weak-integrity",),
    severities=(("unpinned-git", Severity.LOW),),
    ignore_files=(".trivyignore",),
    ignores=Ignores(owner="me", reason="old", expires=dt.date(2027, 1, 1)),
    rules=(
        CustomRule(id="own", when=compiled("component.direct", "component"), line=25),
        CustomRule(
            id="other-1",
            when=compiled("advisory.kev", "advisory"),
            on="advisory",
            severity=Severity.LOW,
            message="m",
            help="h",
            remediation="r",
            line=29,
        ),
    ),
    waivers=(
        Waiver(
            id="CVE-2024-1",
            reason="not reachable",
            owner="security@shop.example",
            expires=dt.date(2026, 12, 31),
            line=38,
        ),
        Waiver(
            id="GHSA-x",
            reason="accepted",
            owner="me",
            expires=dt.date(2027, 1, 31),
            purl="pkg:pypi/a",
            versions=">=1.0, <2",
            path="apps/*",
            line=44,
        ),
    ),
)


def problems(text: str, table: tuple[str, ...] = ()) -> tuple[str, ...]:
    """All that is wrong with a policy file."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "bomvet.toml", table)
    assert str(caught.value).splitlines()[1:] == [
        line for problem in caught.value.problems for line in f"  {problem}".splitlines()
    ]
    return caught.value.problems


def test_every_setting() -> None:
    """All settings together."""
    assert read_policy(WHOLE, "bomvet.toml") == POLICY


@pytest.mark.parametrize("text", ["", "# nothing\n", "waivers = []\n[db]\n"])
def test_defaults(text: str) -> None:
    """What is not stated is as built in."""
    assert read_policy(text, "bomvet.toml") == Policy()


def test_in_pyproject() -> None:
    """The same settings in a table of another file; the other tables are nobody's business here."""
    text = '[project]\nname = "a"\nfail-on = 1\n[tool.bomvet]\nfail-on = "low"\n[tool.other]\nx = 1\n'

    assert read_policy(text, "pyproject.toml", TOOL) == Policy(fail_on=conditions("low"))


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1", "tool = 1", "[project]\nname = 'bomvet'"])
def test_pyproject_without_a_policy(text: str) -> None:
    """A file that does not speak of policy has the default one."""
    assert read_policy(text, "pyproject.toml", TOOL) == Policy()


def test_dotted_keys_and_inline_tables() -> None:
    """TOML has several ways to say the same."""
    dotted = read_policy(
        'db.max-age = "1d"\nwaivers = [{ id = "a", reason = "b", owner = "c", expires = 2026-01-01 }]', ""
    )
    in_tool = read_policy('tool.bomvet.db."max-age" = "1d"', "pyproject.toml", TOOL)

    assert dotted.max_age == in_tool.max_age == dt.timedelta(days=1)
    assert dotted.waivers == (Waiver(id="a", reason="b", owner="c", expires=dt.date(2026, 1, 1), line=2),)


def test_never() -> None:
    """No severity fails."""
    assert read_policy('fail-on = "never"', "bomvet.toml") == Policy(fail_on=())


@pytest.mark.parametrize("level", ["critical", "high", "medium", "low"])
def test_thresholds(level: str) -> None:
    """Each level is one."""
    assert [condition.severity for condition in fail_on(level)] == [level]


@pytest.mark.parametrize(
    ("text", "age"), [("7d", 7 * 24), ("36h", 36), ("0d", 0), ("99999d", 99999 * 24), ("7 d", 7 * 24)]
)
def test_ages(text: str, age: int) -> None:
    """Days and hours."""
    assert max_age(text) == dt.timedelta(hours=age)


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "7w", "1.5d", "999999d", "7d 3h", "7D", "٧d"])
def test_ages_that_are_none(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ValueError, match=r"^must be a number of days or hours such as '7d' or '36h', not "):
        max_age(text)


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("0", 0), ("0d", 0), ("30 d", 30), ("9999d", 9999)])
def test_cool_down(text: str, days: int) -> None:
    """Full days, or none."""
    assert cool_down(text) == days


def test_expiry_with_a_time_of_day() -> None:
    """A moment stands for its day."""
    text = '[[waivers]]\nid = "a"\nreason = "b"\nowner = "c"\nexpires = 2026-12-31T10:00:00Z'

    assert [w.expires for w in read_policy(text, "bomvet.toml").waivers] == [dt.date(2026, 12, 31)]


WAIVER = '[[waivers]]\nid = "a"\nreason = "b"\nowner = "c"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\nfail-on = 'hihg'", "line 2: fail-on (column 1): 'hihg' is no term; did you mean high?"),
        (
            "fail-on = 'none'",
            f"line 1: fail-on (column 1): 'none' is no term; known are {', '.join(TERMS)}",
        ),
        ("fail-on = []", 'line 1: fail-on has no condition; "never" refuses nothing'),
        ("fail-on = ['high', 'never']", "line 1: fail-on says never and something else: never stands alone"),
        ("fail-on = ['high', 'kef']", "line 1: fail-on[2] (column 1): 'kef' is no term; did you mean kev?"),
        ("fail-on = ['high', 1]", "line 1: fail-on[2] must be a text that is not empty"),
        ("fail-on = 7", "line 1: fail-on must be a text that is not empty"),
        ("fail-on = ''", "line 1: fail-on must be a text that is not empty"),
        ("unknown-severity = 'x'", "line 1: unknown-severity must be one of fail, incomplete, pass, not 'x'"),
        ("allow-incomplete = 'yes'", "line 1: allow-incomplete must be true or false"),
        ("require-components = 1", "line 1: require-components must be true or false"),
        ("exclude = 'vendor'", "line 1: exclude must be a list of texts"),
        ("exclude = [\n 1]", "line 1: exclude must be a list of texts"),
        ("exclude = ['']", "line 1: exclude must be a list of texts"),
        ("registries = 'https://a.example'", "line 1: registries must be a list of texts"),
        (
            "registries = ['https://a.example', 'npm']",
            "line 1: registries[2] must be a URL such as https://npm.acme.example",
        ),
        ("cool-down = '1w'", "line 1: cool-down must be a number of days such as '7d', or '0', not '1w'"),
        ("cool-down = 7", "line 1: cool-down must be a text that is not empty"),
        ("ask-registries = 'yes'", "line 1: ask-registries must be true or false"),
        ("author = ' '", "line 1: author must be a text that is not empty"),
        ("db = '7d'", "line 1: db must be a table"),
        (
            "[db]\n\nmax-age = 'old'",
            "line 3: db.max-age must be a number of days or hours such as '7d' or '36h', not 'old'",
        ),
        ("[db]\nmax-age = 7", "line 2: db.max-age must be a text that is not empty"),
        ("[db]\npath = 'x'", "line 2: unknown setting db.path; known are max-age, url"),
        ("db.path = 'x'", "line 1: unknown setting db.path; known are max-age, url"),
        ("\nfail_on = 'high'", "line 2: unknown setting fail_on; did you mean fail-on?"),
        ("[[waiver]]\nid = 'x'", "line 1: unknown setting waiver; did you mean waivers?"),
        ("[waivers]\nid = 'x'", "line 1: waivers must be an array of tables: [[waivers]]"),
        ("waivers = [1]", "line 1: waivers[1] must be a table"),
        (
            "[[waivers]]\nid = 'a'",
            "line 1: a waiver needs id, reason, owner, expires; reason, owner, expires is missing",
        ),
        (WAIVER + "expires = 'soon'", "line 5: waivers[1].expires must be a date such as 2026-12-31"),
        (WAIVER + "expires = 7", "line 5: waivers[1].expires must be a date such as 2026-12-31"),
        (WAIVER + "expires = 10:00:00", "line 5: waivers[1].expires must be a date such as 2026-12-31"),
        (WAIVER + "expires = 2026-01-01\npurl = ''", "line 6: waivers[1].purl must be a text that is not empty"),
        (
            WAIVER + "expires = 2026-01-01\nuntil = 1",
            "line 6: unknown setting waivers[1].until; known are id, reason, owner, expires, purl, versions, path",
        ),
    ],
)
def test_errors(text: str, problem: str) -> None:
    """Each mistake is told with its line, what it should be and what it is."""
    assert problem in problems(text)


def test_all_errors_at_once() -> None:
    """Nobody should have to run it again to see the next mistake; they come in the order of the file."""
    text = f"[[waivers]]\nid = 'a'\n\n{WAIVER}expires = 1\n[db]\nmax-age = 1\nx = 1\n"

    assert problems(text) == (
        "line 1: a waiver needs id, reason, owner, expires; reason, owner, expires is missing",
        "line 8: waivers[2].expires must be a date such as 2026-12-31",
        "line 10: db.max-age must be a text that is not empty",
        "line 11: unknown setting db.x; known are max-age, url",
    )


def test_the_message() -> None:
    """The first line names the file and counts, the others say what is wrong, and the hint where to read on."""
    with pytest.raises(PolicyFileError) as one:
        read_policy("fail-on = 1", "bomvet.toml")
    with pytest.raises(PolicyFileError) as two:
        read_policy("fail-on = 1\nauthor = 1", "bomvet.toml")

    assert str(one.value) == "bomvet.toml: 1 error\n  line 1: fail-on must be a text that is not empty"
    assert str(two.value).startswith("bomvet.toml: 2 errors\n  line 1: ")
    assert one.value.hint == "`bomvet list settings` shows every setting"
    assert one.value.exit_code == 2


def test_lines_in_pyproject() -> None:
    """Lines count from the top of the file, wherever the table stands."""
    text = '[project]\nfail-on = 1\n\n[tool.bomvet]\n\nfail-on = 1\n\n[[tool.bomvet.waivers]]\nid = "a"\nexpires = 1\n'

    assert problems(text, TOOL) == (
        "line 6: fail-on must be a text that is not empty",
        "line 8: a waiver needs id, reason, owner, expires; reason, owner is missing",
        "line 10: waivers[1].expires must be a date such as 2026-12-31",
    )


def test_the_table_is_none() -> None:
    """A value in the place of the table is told."""
    assert problems("[tool]\nbomvet = 1", TOOL) == ("line 2: the document must be a table",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\nfail-on = ", 3),
        ("a = 1\na = 2", 2),
        ("fail-on = 'high", 1),
        ("a = [\n\n", 3),
        ("a = " + "[" * 5000, 1),
        ("a = " + "1" * 5000, 1),
    ],
)
def test_no_toml(text: str, line: int) -> None:
    """A file that is not TOML is told with the line where it stops being that."""
    (problem,) = problems(text)

    assert problem.startswith(f"line {line}: not TOML: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("max-age = '7d'", "line 1: unknown setting max-age; it belongs under [db]"),
        (
            "[tool.bomvet]\nfail-on = 'low'",
            "line 1: unknown setting tool; the prefix [tool.bomvet] is for pyproject.toml alone",
        ),
    ],
)
def test_a_likely_mistake_is_explained(text: str, problem: str) -> None:
    """What belongs elsewhere is said to."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "bomvet.toml")

    assert caught.value.problems == (problem,)


def test_a_waiver_for_something_that_is_no_purl_is_refused() -> None:
    """A bare name would cover nothing, and look as if it did."""
    text = '[[waivers]]\nid = "X"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\npurl = "pyyaml"\n'
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "bomvet.toml")

    assert caught.value.problems == ("line 6: waivers[1].purl must be a purl such as pkg:pypi/pyyaml",)


def test_a_manifest_without_the_table_is_no_policy() -> None:
    """A pyproject.toml that only mentions bomvet, as a dependency, decides nothing."""
    assert read_policy('[project]\nname = "bomvet"\n', "pyproject.toml", ("tool", "bomvet")).source == ""
    assert (
        read_policy('[tool.bomvet]\nfail-on = "low"\n', "pyproject.toml", ("tool", "bomvet")).source == "pyproject.toml"
    )
    assert read_policy("", "bomvet.toml").source == "bomvet.toml"


RULE = '[[rules]]\nid = "own"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("unused-waivers = 'x'", "line 1: unused-waivers must be one of warn, fail, not 'x'"),
        ("disable = 'x'", "line 1: disable must be a list of texts"),
        ("enable = 'x'", "line 1: enable must be a list of texts"),
        ("ignore-files = [1]", "line 1: ignore-files must be a list of texts"),
        ("[ignores]\nid = 1", "line 2: unknown setting ignores.id; known are owner, reason, expires"),
        ("[ignores]\nowner = 1", "line 2: ignores.owner must be a text that is not empty"),
        ("[ignores]\nexpires = 1", "line 2: ignores.expires must be a date such as 2026-12-31"),
        ("severity = 1", "line 1: severity must be a table"),
        ("[severity]\nx = 'y'", "line 2: severity.x must be one of critical, high, medium, low, none, not 'y'"),
        (
            "[severity]\n\nknown-vulnerability = 'low'",
            "line 3: known-vulnerability weighs what each advisory says; state it in fail-on",
        ),
        ("rules = 1", "line 1: rules must be an array of tables: [[rules]]"),
        ("rules = [" + "{}," * 101 + "]", "line 1: rules has more than 100 rules"),
        ("[[rules]]\nid = 'a'", "line 1: a rule needs id and when; when is missing"),
        ("[[rules]]\nwhen = 'true'", "line 1: a rule needs id and when; id is missing"),
        ("[[rules]]\nid = 'A b'\nwhen = 'true'", "line 2: rules[1].id must be words such as no-copyleft"),
        (
            RULE + "when = 'true'\non = 'x'",
            "line 4: rules[1].on must be one of component, advisory, release, service, not 'x'",
        ),
        (
            RULE + "when = 'true'\nseverity = 'x'",
            "line 4: rules[1].severity must be one of critical, high, medium, low, none, not 'x'",
        ),
        (RULE + "when = 1", "line 3: rules[1].when must be a text that is not empty"),
        (
            RULE + "when = 'true'\nmesage = 1",
            "line 4: unknown setting rules[1].mesage; did you mean message?",
        ),
        (RULE + "when = 'true'\n" + RULE + "when = 'true'", "line 4: the rule own stands twice"),
        (
            RULE + 'when = "component.nmae == 1"',
            "line 3: rules[1].when: column 19: component has no field nmae; did you mean name?",
        ),
        (
            RULE + "when = '''component.direct\n&& zz'''",
            "line 4: rules[1].when: column 4: zz is no variable; known are component, release, provenance",
        ),
        (
            RULE + 'when = """\ncomponent.direct &&\n  zz == 1"""',
            "line 5: rules[1].when: column 3: zz is no variable; known are component, release, provenance",
        ),
        (RULE + "when = 'component.name'", "line 3: rules[1].when: must be true or false, and gives a text"),
        (
            WAIVER + "expires = 2026-01-01\npurl = 'pkg:pypi/a'\nversions = '1.0'",
            "line 7: waivers[1].versions must be a range such as '>=1.0, <1.4.2', not '1.0'",
        ),
        (
            WAIVER + "expires = 2026-01-01\nversions = '<1.0'",
            "line 6: waivers[1].versions needs a purl without a version, such as pkg:pypi/pyyaml",
        ),
        (
            WAIVER + "expires = 2026-01-01\npurl = 'pkg:npm/%40a/b@1'\nversions = '<1.0'",
            "line 7: waivers[1].versions needs a purl without a version, such as pkg:pypi/pyyaml",
        ),
    ],
)
def test_errors_of_rules_and_waivers(text: str, problem: str) -> None:
    """Each mistake is told with its line, and in an expression with its place there."""
    assert problem in problems(text)


def test_names_of_rules() -> None:
    """They are held against the rules that there are, which are asked for only where some are named."""
    text = (
        'fail-on = ["rule:own", "rule:weak-integrty"]\ndisable = ["weak"]\n[severity]\nunpined-git = "low"\n'
        f"{RULE}when = 'true'\n[[rules]]\nid = 'weak-integrity'\nwhen = 'true'\n"
    )
    with pytest.raises(PolicyFileError) as caught:
        read_policy(text, "bomvet.toml", built_in=lambda: ["weak-integrity", "unpinned-git"])

    assert caught.value.problems == (
        "line 1: fail-on: there is no rule weak-integrty; did you mean weak-integrity?",
        "line 2: disable: there is no rule weak; known are unpinned-git, weak-integrity",
        "line 4: severity: there is no rule unpined-git; did you mean unpinned-git?",
        "line 8: weak-integrity is a built-in rule; a rule of the policy needs its own id",
    )
    assert read_policy("", "bomvet.toml", built_in=lambda: pytest.fail("nobody asked")) == Policy()
    stated = "enable = ['c']\ndisable = ['a']\n[severity]\nb = 'low'"
    policy = read_policy(stated, "bomvet.toml", built_in=lambda: ["a", "b", "c"])
    assert (policy.enable, policy.disable) == (("c",), ("a",))


def test_rules_to_run_besides_the_usual_ones() -> None:
    """They have to be there, and cannot be switched off as well."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy("enable = ['a', 'b']\ndisable = ['b']", "bomvet.toml", built_in=lambda: ["b"])

    assert caught.value.problems == (
        "line 1: enable: b is disabled as well",
        "line 1: enable: there is no rule a; known are b",
    )


def test_tests_are_for_another_reader() -> None:
    """A scan does not stumble over them."""
    assert read_policy("tests = 1", "bomvet.toml") == Policy()


def test_provenance() -> None:
    """Whether it is verified, what nobody asks about, and whether a promise of the log is enough."""
    text = '[provenance]\nverify = true\nexempt = ["pkg:npm/@acme/*"]\nrequire-proof = true\n'

    stated = read_policy(text, "bomvet.toml").provenance
    assert stated == Provenance(verify=True, exempt=("pkg:npm/@acme/*",), proof=True)
    assert read_policy("[provenance]\n", "bomvet.toml").provenance == Provenance()


def test_provenance_with_errors() -> None:
    """Each with its line; a name is no pattern of purls."""
    with pytest.raises(PolicyFileError) as caught:
        read_policy('[provenance]\nverify = "yes"\nexempt = ["pkg:npm/a", "left-pad"]\nrequire = true', "bomvet.toml")

    assert caught.value.problems == (
        "line 2: provenance.verify must be true or false",
        "line 3: provenance.exempt[2] must be a pattern of purls such as pkg:npm/@acme/*",
        "line 4: unknown setting provenance.require; did you mean require-proof?",
    )


def test_places_to_ask_for_what_is_exploited() -> None:
    """URLs, or nobody; left out, the own ones of those who publish them."""
    text = '[exploitation]\nkev-url = "https://mirror.packages.example/kev.json"\nepss-url = "none"\n'

    assert read_policy(text, "bomvet.toml").exploitation == Exploitation(
        kev_url="https://mirror.packages.example/kev.json", epss_url="none"
    )
    assert read_policy("[exploitation]\n", "bomvet.toml").exploitation == Exploitation()
    with pytest.raises(PolicyFileError) as caught:
        read_policy('[exploitation]\nkev-url = "nowhere"\n', "bomvet.toml")
    assert caught.value.problems == ("line 2: exploitation.kev-url must be a URL such as https://osv.acme.example",)
