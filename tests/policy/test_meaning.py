"""What a policy means, in words."""

from __future__ import annotations

import datetime as dt

import pytest

from bomvet.policy.document import read_policy
from bomvet.policy.meaning import meaning

TODAY = dt.date(2026, 11, 24)
FAILS = "A finding fails where any of these is true; all others are told only:"


def told(text: str) -> list[str]:
    """The lines about a policy."""
    return list(meaning(read_policy(text, "bomvet.toml"), TODAY))


def test_the_built_in_policy() -> None:
    """High and worse fail, and so does what nobody has rated."""
    assert told("") == [FAILS, "  severity high or worse", "A severity that nobody has stated is taken for the worst"]


def test_all_there_is_to_say() -> None:
    """Every setting that decides has its line."""
    text = """\
fail-on = ["kev and runtime", "epss>0.5 and critical"]
unknown-severity = "incomplete"
cool-down = "7d"
vex = ["vex/*.json", "a.vex"]
allow-incomplete = true
require-components = true
enable = ["c"]
disable = ["a", "b"]
[severity]
unpinned-git = "low"
[[rules]]
id = "own"
on = "advisory"
when = '''
advisory.kev
&& component.direct'''
"""
    assert told(text) == [
        FAILS,
        "  kev and runtime",
        "  epss>0.5 and critical",
        "A severity that nobody has stated is an open question",
        "The advisory data must hold EPSS scores and the KEV catalogue, else exit code 3: `bomvet db update` fetches them",
        "Rules that are run besides the usual ones: c",
        "Rules that are not run: a, b",
        "Findings of unpinned-git are low",
        "Rule own (high) finds each advisory of which this is true:",
        "  advisory.kev && component.direct",
        "A release of less than 7 days is a finding of new-release",
        "Statements of VEX that answer findings: vex/*.json, a.vex",
        "Open questions warn, and do not end in exit code 3",
        "A result without components fails",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('fail-on = "never"', ["No finding fails: all are told only (fail-on = never)"]),
        ('fail-on = "malicious"', [FAILS, "  malicious"]),
        (
            'fail-on = "cvss>=7"\nunknown-severity = "pass"',
            [FAILS, "  cvss>=7", "A severity that nobody has stated is taken for none"],
        ),
    ],
)
def test_conditions(text: str, lines: list[str]) -> None:
    """What plays no role is not spoken of."""
    assert told(text) == lines


def test_waivers() -> None:
    """Those that have run out, and those that will within 30 days, in the order of their ends."""
    ends = {"a": "2026-11-23", "b": "2026-11-24", "c": "2026-12-24", "d": "2026-12-25", "e": "2026-11-25"}
    text = 'fail-on = "never"\nunused-waivers = "fail"\n' + "".join(
        f'[[waivers]]\nid = "{name}"\nreason = "r"\nowner = "me"\nexpires = {end}\n' for name, end in ends.items()
    )

    assert told(text)[1:] == [
        "Waivers: 5, and one that covers nothing fails",
        "  expired on 2026-11-23: a (me, bomvet.toml:3)",
        "  expires on 2026-11-24, in 0 days: b (me, bomvet.toml:8)",
        "  expires on 2026-11-25, in 1 day: e (me, bomvet.toml:23)",
        "  expires on 2026-12-24, in 30 days: c (me, bomvet.toml:13)",
    ]


def test_a_waiver_for_a_package() -> None:
    """The package is named."""
    text = (
        'fail-on = "never"\n[[waivers]]\nid = "a"\nreason = "r"\nowner = "me"\nexpires = 2026-01-01\npurl = "pkg:npm/x"'
    )

    assert told(text)[1:] == ["Waivers: 1", "  expired on 2026-01-01: a in pkg:npm/x (me, bomvet.toml:2)"]
