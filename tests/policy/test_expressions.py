"""Expressions of rules: what is wrong with one is told before it is used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.policy.expressions import FUNCTIONS, Fault, FaultsError, compiled, evaluated, said
from bomvet.policy.variables import SCHEMA

NO_OVERLOAD = "No such overload: the operation is not defined for the given operand types"


def faults(text: str, on: str = "component") -> tuple[Fault, ...]:
    """All that is wrong with `text`."""
    with pytest.raises(FaultsError) as caught:
        compiled(text, on)
    return caught.value.faults


@pytest.mark.parametrize(
    ("text", "on", "fields"),
    [
        ("component.direct", "component", {"component": {"direct"}}),
        (
            "component.name == 'a' && release.age_days < 3",
            "release",
            {"component": {"name"}, "release": {"age_days"}},
        ),
        ("component['version'] == '1'", "component", {"component": {"version"}}),
        ("has(advisory.kev) && advisory.kev", "advisory", {"advisory": {"kev"}}),
        ("service.settings['tls'] == 'off'", "service", {"service": {"settings"}}),
        ("component.licences.exists(l, l in ['a', 'b'])", "component", {"component": {"licences"}}),
        ("size(component) > 3", "component", {"component": {field.name for field in SCHEMA["component"]}}),
        ("'component.typo' == \"foo(x)\" // advisory.nothing", "component", {}),
        ("component.name.matches(r'^\\d+$')", "component", {"component": {"name"}}),
        ("[1, 2].map(x, x * 2).exists(y, y == component.dependants)", "component", {"component": {"dependants"}}),
        ("provenance.status != 'verified'", "component", {"provenance": {"status"}}),
        ("int(component.version) > 3", "component", {"component": {"version"}}),
        ("component.properties['x'] == 'y'", "component", {"component": {"properties"}}),
        ("10 / component.dependants > 3", "component", {"component": {"dependants"}}),
        ("timestamp(advisory.published) < timestamp('2024-01-01T00:00:00Z')", "advisory", {"advisory": {"published"}}),
        ("79 in advisory.cwes", "advisory", {"advisory": {"cwes"}}),
        ("'''a''' == 'b' || component.direct", "component", {"component": {"direct"}}),
    ],
)
def test_what_is_asked(text: str, on: str, fields: dict[str, set[str]]) -> None:
    """The fields of each variable, which alone are made ready; texts and comments ask for nothing."""
    found = compiled(text, on)

    assert found.text == text
    assert {name: set(asked) for name, asked in found.fields.items()} == fields


@pytest.mark.parametrize(
    ("text", "on", "expected"),
    [
        ("", "component", [Fault(1, 1, "syntax: mismatched input '<EOF>'")]),
        ("component.direct &&", "component", [Fault(1, 20, "syntax: mismatched input '<EOF>'")]),
        ("component.name ==\n  'a' )", "component", [Fault(2, 7, "syntax: extraneous input ')'")]),
        ("compnent.name == 'a'", "component", [Fault(1, 1, "compnent is no variable; did you mean component?")]),
        ("zz", "service", [Fault(1, 1, "zz is no variable; known are service")]),
        (
            "true ||\n component.nmae == 'a'",
            "component",
            [Fault(2, 12, "component has no field nmae; did you mean name?")],
        ),
        ("component['nmae'] == 'a'", "component", [Fault(1, 11, "component has no field nmae; did you mean name?")]),
        (
            "provenance.xyzzy == 'a'",
            "component",
            [
                Fault(
                    1,
                    12,
                    "provenance has no field xyzzy; known are status, kinds, issuer, repository, owner, workflow, ref, ref_class, trigger, runner, commit, level, slsa, log, attested_files, files, changes, declared",
                )
            ],
        ),
        ("advisory.kev", "component", [Fault(1, 1, 'advisory is known in rules with on = "advisory"')]),
        (
            "release.age_days > 1",
            "service",
            [Fault(1, 1, 'release is known in rules with on = "component" or "advisory" or "release"')],
        ),
        (
            "component.name.startWith('a') || foo(1)",
            "component",
            [
                Fault(1, 16, "startWith is no function; did you mean startsWith?"),
                Fault(1, 34, f"foo is no function; known are {', '.join(FUNCTIONS)}"),
            ],
        ),
        (
            "component.licences.exists(component, component == 'x')",
            "component",
            [
                Fault(1, 27, "component is a variable and cannot be the name in a macro"),
                Fault(1, 38, "component is a variable and cannot be the name in a macro"),
                Fault(1, 1, "component is a variable and cannot be the name in a macro"),
            ],
        ),
        (
            "[1].all(a, [2].all(b, [3].all(c, true)))",
            "component",
            [Fault(1, 30, "more than 2 macros within each other")],
        ),
        ("component.name", "component", [Fault(1, 0, "must be true or false, and gives a text")]),
        ("component.dependants", "component", [Fault(1, 0, "must be true or false, and gives a number")]),
        ("component.hashes", "component", [Fault(1, 0, "must be true or false, and gives a list")]),
        ("null", "component", [Fault(1, 0, "must be true or false, and gives nothing")]),
        ("b'x'", "component", [Fault(1, 0, "must be true or false, and gives something else")]),
        ("component.name > 3", "component", [Fault(1, 0, NO_OVERLOAD)]),
        (
            "component.name.matches('(')",
            "component",
            [Fault(1, 0, "Function 'matches' error: '(' not a valid regex")],
        ),
        (f"'{'x' * 2000}' == ''", "component", [Fault(1, 0, "is longer than 2,000 characters")]),
    ],
)
def test_mistakes(text: str, on: str, expected: list[Fault]) -> None:
    """Each with its line and column, also where an evaluation would not come by it."""
    assert faults(text, on) == tuple(sorted(expected))


def test_macros_one_after_the_other() -> None:
    """Only what is nested multiplies."""
    text = "[1].all(a, a > 0) && [1].all(a, [2].all(b, b > a)) && ([3].exists(c, (c > 0)))"

    assert compiled(text, "component").fields == {}


@given(st.text(alphabet="component.dirctnae()[]{}'\"|&!=<>0 \n", max_size=60))
def test_no_text_is_a_crash(text: str) -> None:
    """Whatever stands there is an expression, or a fault."""
    try:
        found = compiled(text, "component")
    except FaultsError as error:
        text = error.faults[0].text
    else:
        text = found.text

    assert text


@pytest.mark.parametrize("text", ["(" * 900 + "true" + ")" * 900, "[" * 900 + "]" * 900])
def test_deep_nesting_is_a_fault(text: str) -> None:
    """The parser's limit is met as any other mistake."""
    assert faults(text)


def test_evaluation_gives_the_failure() -> None:
    """A value, or what went wrong, never an exception."""
    program = compiled("10 / component.dependants > 3", "component").program
    value, failure = evaluated(program, {"component": {"dependants": 0}})

    assert (value, said(failure or Exception())) == (None, "division by zero in CEL expression")
    assert evaluated(program, {"component": {"dependants": 1}}) == (True, None)


def test_what_the_library_says_is_cut() -> None:
    """A sentence that fits on two lines."""
    assert said(ValueError("x" * 200)) == "x" * 159 + "…"
    assert said(ValueError("one. two")) == "one"
