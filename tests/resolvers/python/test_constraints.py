"""Which of several versions a dependency means."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from bomvet.model.inventory import Component, Location
from bomvet.resolvers.python._constraints import fitting, python_marker, specifiers
from bomvet.resolvers.python._lock import Dependency, Package


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("", ("",)), ("*", ("",)), ("1.2.3", ("==1.2.3",)), ("=1.2", ("==1.2",)), ("v1.2", ("==1.2",)),
        ("^1.2.3", (">=1.2.3,<2",)), ("^0.2.3", (">=0.2.3,<0.3",)), ("^0.0.3", (">=0.0.3,<0.0.4",)),
        ("^0", (">=0,<1",)), ("^0.0", (">=0.0,<0.1",)), ("^1!2.0", (">=1!2.0,<1!3",)), ("^2a1", (">=2a1,<3",)),
        ("~1", (">=1,<2",)), ("~1.2", (">=1.2,<1.3",)), ("~1.2.3", (">=1.2.3,<1.3",)),
        ("~=1.2", ("~=1.2",)), (">=1,<2", (">=1,<2",)), (">= 1.0 , < 2", (">=1.0,<2",)), (">=1 <2", (">=1,<2",)),
        (">=1,!=1.5.*", (">=1,!=1.5.*",)), ("1.*", ("==1.*",)), ("===1.0+local", ("===1.0+local",)),
        ("^1.0 || ^2.0", (">=1.0,<2", ">=2.0,<3")), ("<1|>2", ("<1", ">2")),
        ("nonsense here?", ()), ("^x", ()), (">", ()), ("1 ||", ("==1", "")),
    ],
)  # fmt: skip
def test_ranges_as_pep_440(constraint: str, expected: tuple[str, ...]) -> None:
    """Poetry's signs are written out; what cannot be read is none."""
    assert specifiers(constraint) == expected


@pytest.mark.parametrize(
    ("constraint", "marker"),
    [
        ("", ""), ("*", ""), ("?", ""), (">=3.8", 'python_version >= "3.8"'),
        ("^3.8", 'python_version >= "3.8" and python_full_version < "4"'.replace("python_full_version", "python_version")),
        (">=3.6.1", 'python_full_version >= "3.6.1"'), ("3.9.*", 'python_version == "3.9"'), ("!=3.0.*", 'python_version != "3.0"'),
        ("~2.7 || ^3.6", '(python_version >= "2.7" and python_version < "2.8") or (python_version >= "3.6" and python_version < "4")'),
        ("<3 || >4", 'python_version < "3" or python_version > "4"'),
    ],
)  # fmt: skip
def test_python_as_a_marker(constraint: str, marker: str) -> None:
    """What a dependency says of Python is a condition of it."""
    assert python_marker(constraint) == marker


def package(version: str, *markers: str) -> Package:
    """A package of some version, for some environments."""
    found = Package(Component(purl=f"pkg:pypi/n@{version}", name="n", version=version), Location(path="x"))
    found.markers = markers or None
    return found


def chosen(packages: list[Package], specifier: str = "", marker: str = "") -> list[str]:
    """The versions that a dependency means."""
    found = fitting(packages, Dependency("n", specifier=specifier, marker=marker))
    return [package.component.version for package in found]


def test_by_version() -> None:
    """Only those in the range, prereleases and local versions too."""
    packages = [package("1.0"), package("2.0b1"), package("2.0+cpu")]

    assert chosen(packages, "^1.0") == ["1.0"]
    assert chosen(packages, ">=2.0b1") == ["2.0b1", "2.0+cpu"]
    assert chosen(packages, "<1.5 || ==2.0") == ["1.0", "2.0+cpu"]
    assert chosen(packages, "*") == chosen(packages) == ["1.0", "2.0b1", "2.0+cpu"]


def test_an_overridden_range() -> None:
    """Where none fits, somebody overrode the range: any may be meant."""
    assert chosen([package("1"), package("2")], ">=3") == ["1", "2"]


def test_what_cannot_be_judged_is_kept() -> None:
    """A version or a range that is none excludes nothing."""
    assert chosen([package("git"), package("2")], "<2") == ["git"]
    assert chosen([package("1"), package("2")], "what is this") == ["1", "2"]
    assert chosen([package("1"), package("2")], ">=1.*") == ["1", "2"]


@pytest.mark.parametrize(
    ("marker", "versions"),
    [
        ("python_version < '3.8'", ["1"]),
        ("python_version >= '3.9'", ["2"]),
        ("python_full_version < '3.9.2'", ["1", "2"]),
        ("sys_platform == 'win32' and python_version == '3.12'", ["2"]),
        ("sys_platform == 'win32' and os_name == 'posix'", ["1", "2"]),  # nowhere: nothing is excluded
        ("extra == 'x'", ["1", "2"]),
        ("not a marker", ["1", "2"]),
    ],
)
def test_by_environment(marker: str, versions: list[str]) -> None:
    """Only those that are for an environment of the dependency."""
    packages = [package("1", "python_version < '3.9'"), package("2", "python_version >= '3.9'", "os_name == 'x'")]

    assert chosen(packages, marker=marker) == versions


def test_by_machine() -> None:
    """Machines that markers name are told apart, the rarer ones too."""
    packages = [package("1", "platform_machine == 's390x'"), package("2", "platform_machine == 'x86_64'")]

    assert chosen(packages, marker="platform_machine == 's390x'") == ["1"]


def test_many_versions_of_python() -> None:
    """A marker that names very many is compared at some of them."""
    many = " or ".join(f"python_version == '3.{n}'" for n in range(99))

    assert chosen([package("1", many), package("2", "python_version < '2.0'")], marker=many) == ["1"]


@given(
    sign=st.sampled_from(["^", "~"]),
    numbers=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    version=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=300, derandomize=True)
def test_carets_and_tildes(sign: str, numbers: list[int], version: list[int]) -> None:
    """What is allowed is at least the number, and the same up to the part that may change."""
    width = max(len(numbers), len(version))
    low, here = ([*parts, *[0] * (width - len(parts))] for parts in (numbers, version))
    kept = min(len(numbers), 2) if sign == "~" else next((n + 1 for n, x in enumerate(numbers) if x), len(numbers))
    (text,) = specifiers(sign + ".".join(map(str, numbers)))

    allowed = SpecifierSet(text).contains(".".join(map(str, version)))
    assert allowed is (
        here >= low and (here[:kept] == low[:kept] if len(numbers) > 1 or sign == "^" else here[0] == low[0])
    )
