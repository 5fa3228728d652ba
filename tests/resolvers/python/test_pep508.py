"""Requirements of locks and manifests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from bomvet.model.purl import pypi_name
from bomvet.resolvers.python._lock import Dependency
from bomvet.resolvers.python._pep508 import requirement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A_b", Dependency("a-b")),
        ("a.b >=1, <2", Dependency("a-b", specifier=">=1, <2")),
        ("a (>=1,<2) ; os_name == 'x'", Dependency("a", specifier=">=1,<2", marker="os_name == 'x'")),
        ("a[X_y, z]==1.*;python_version<'3'", Dependency("a", ("x-y", "z"), "python_version<'3'", "==1.*")),
        ("a[]", Dependency("a")),
        ("a @ https://h.example/a;b.whl ; os_name == 'x'", Dependency("a", marker="os_name == 'x'")),
        ("a[x] @ file:///${PROJECT_ROOT}/libs/a", Dependency("a", ("x",))),
        ("a@git+https://h.example/a@main", Dependency("a")),
        ("-e file:///${PROJECT_ROOT}/a#subdirectory=s&egg=A[x]", Dependency("a", ("x",))),
        ("-e file:///a", None), ("", None), ("-x", None), ("a b", None), ("a 1.0", None), ("a @", None), ("a @ b c", None),
        ("a (>=1", None), ("a[x", None), ("a >=1 (2)", None),
    ],
)  # fmt: skip
def test_what_it_says(text: str, expected: Dependency | None) -> None:
    """Name, extras, range and marker; of an address only that it is one."""
    assert requirement(text) == expected


@given(
    name=st.sampled_from(["a", "A.b", "a_b-c", "x1"]),
    extras=st.sampled_from(["", "[x]", "[ x , Y_z ]"]),
    extent=st.sampled_from(["", ">=1", " (>=1,<2)", "~=1.2", "== 1.*", " @ https://h.example/p", "1", "(", "@"]),
    marker=st.sampled_from(["", "; os_name == 'x'", " ;os_name=='x' or os_name=='y'", ";"]),
)
@settings(deadline=None, max_examples=300, derandomize=True)
def test_as_packaging_reads_it(name: str, extras: str, extent: str, marker: str) -> None:
    """What `packaging` takes is taken, with the same name, extras, range and marker."""
    text = f"{name}{extras}{extent}{marker}"
    try:
        expected = Requirement(text)
    except InvalidRequirement:
        return
    found = requirement(text)

    assert found is not None
    assert found.name == pypi_name(expected.name)
    assert set(found.extras) == {pypi_name(extra) for extra in expected.extras}
    assert bool(found.specifier) is bool(expected.specifier)
    assert bool(found.marker) is (expected.marker is not None)


@given(text=st.text("a-_.[],;@ ()<>=!'\n#&e", max_size=60))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_text(text: str) -> None:
    """No text makes it fail."""
    assert requirement(text) is None or isinstance(requirement(text), Dependency)


def test_long_texts_take_no_longer_than_they_are() -> None:
    """The time is linear, whatever the text: this would take minutes otherwise."""
    assert requirement("a" * 100_000 + "@") is None
    assert requirement("a-" * 50_000 + "(") is None
    assert requirement("a[" + "x," * 50_000) is None
