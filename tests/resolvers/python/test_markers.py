"""Markers as text: what is left of them where extras and groups are known."""

from __future__ import annotations

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st
from packaging.markers import Marker

from bomvet.resolvers.python._conditions import alternatives, any_of_both, both
from bomvet.resolvers.python._markers import choices, environments, given


@pytest.mark.parametrize(
    ("marker", "extras", "groups", "left"),
    [
        ("python_version<'3'", (), (), "python_version<'3'"),
        ("extra == 'x'", ("x",), (), ""),
        ("extra == 'X_y'", ("x-y",), (), ""),
        ("extra == 'x'", (), (), None),
        ("'x' == extra", ("x",), (), ""),
        ("extra != 'x'", (), (), ""),
        ("extra != 'x'", ("x",), (), None),
        ('python_full_version <= "3.11.0a6" and extra == "toml"', ("toml",), (), 'python_full_version <= "3.11.0a6"'),
        ("extra == 'a' and os_name=='nt' or extra == 'b'", ("a",), (), "os_name == 'nt'"),
        ("extra == 'a' and os_name == 'nt' or extra == 'b'", ("a", "b"), (), ""),
        ("(os_name == 'a' or os_name == 'b') and extra == 'x'", ("x",), (), "os_name == 'a' or os_name == 'b'"),
        (
            "(os_name == 'a' or os_name == 'b') and sys_platform == 'c' and extra == 'x'", ("x",), (),
            "(os_name == 'a' or os_name == 'b') and sys_platform == 'c'",
        ),
        ("'dev' in dependency_groups", (), ("dev",), ""),
        ("'dev' not in dependency_groups", (), ("dev",), None),
        ("'x' in extras or 'dev'  not  in dependency_groups", (), (), ""),
        ("'x' in extras and python_version in '2.7, 3.0'", ("x",), (), "python_version in '2.7, 3.0'"),
        # What cannot be read is kept as it stands, and so is what only looks like a choice.
        ("extra ==", ("x",), (), "extra =="),
        ("extra", (), (), "extra"),
        ("extra == 'x' and", ("x",), (), "extra == 'x' and"),
        ("extra == 'x')", ("x",), (), "extra == 'x')"),
        ("(extra == 'x'", ("x",), (), "(extra == 'x'"),
        ("(extra == 'x' os_name", ("x",), (), "(extra == 'x' os_name"),
        ("extra extra extra", (), (), "extra extra extra"),
        ("extra == 'x' % 3", (), (), "extra == 'x' % 3"),
        ("extra == os_name", (), (), "extra == os_name"),
        ("os_name in extras", (), (), "os_name in extras"),
        ("(" * 50 + "extra == 'x'" + ")" * 50, ("x",), (), "(" * 50 + "extra == 'x'" + ")" * 50),
    ],
)  # fmt: skip
def test_what_is_left(marker: str, extras: tuple[str, ...], groups: tuple[str, ...], left: str | None) -> None:
    """Choices are decided, all else stays."""
    assert given(marker, extras, groups) == left


def test_choices() -> None:
    """Extras and groups that a marker speaks of, in whatever form."""
    marker = "extra == 'A_b' and ('c' in extras or 'Dev' not in dependency_groups) and os_name == 'x'"

    assert choices(marker) == (frozenset({"a-b", "c"}), frozenset({"dev"}))
    assert choices("os_name == 'x'") == choices("extra ==") == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("marker", "left"),
    [
        ("os_name == 'x'", "os_name == 'x'"),
        ("extra == 'x' and os_name == 'y'", "os_name == 'y'"),
        ("extra != 'x'", "extra != 'x'"),
    ],
)
def test_environments(marker: str, left: str) -> None:
    """All that is spoken of is chosen, unless it could not hold then."""
    assert environments(marker) == left


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ("", "", ""), ("a", "", "a"), ("", "b", "b"), ("a", "a", "a"), ("a", "b", "a and b"),
        ("a or b", "c", "(a or b) and c"), ("a", "('b')OR(c)", "a and (('b')OR(c))"),
        ("platform_system == 'x'", "b", "platform_system == 'x' and b"),
    ],
)  # fmt: skip
def test_both(one: str, other: str, result: str) -> None:
    """Brackets stand only where they are needed."""
    assert both(one, other) == result


def test_any_of_both() -> None:
    """Every pair, unless that would be too many."""
    many = tuple(f"m{n}" for n in range(9))

    assert any_of_both(("a", "b"), ("c",)) == ("a and c", "b and c")
    assert any_of_both((), ("c",)) == any_of_both(("c",), ()) == ("c",)
    assert any_of_both(("a", "b"), many) == many


def test_alternatives() -> None:
    """One that always holds makes the others idle."""
    assert (alternatives(["a", "b", "a"]), alternatives(["a", ""]), alternatives([])) == (("a", "b"), (), ())


ATOM = st.sampled_from(
    ["extra == 'x'", "extra != 'x'", "extra == 'y'", "os_name == 'nt'", "os_name != 'nt'", "sys_platform == 'p'"]
)
TREE = st.recursive(
    ATOM,
    lambda inner: st.builds(lambda a, sign, b: f"({a}) {sign} {b}", inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=8,
)


@cases(marker=TREE, chosen=st.sampled_from(["x", "y", "z"]), name=st.sampled_from(["nt", "posix"]))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_the_rest_holds_where_the_whole_does(marker: str, chosen: str, name: str) -> None:
    """What is left is true in just the environments in which the marker is true with that extra."""
    environment = {"os_name": name, "sys_platform": "p", "extra": chosen}
    left = given(marker, (chosen,))

    result = left is not None and (left == "" or Marker(left).evaluate(environment))
    assert result is Marker(marker).evaluate(environment)


@cases(text=st.text("extra=!'()ndor xs\n<", max_size=40))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_any_text(text: str) -> None:
    """No text makes it fail."""
    assert given(text, ("x",)) is None or isinstance(environments(text), str)
    assert len(choices(text)) == 2
