"""Markers in environments that are described."""

from __future__ import annotations

import sys
from platform import machine

import pytest
from packaging.markers import Marker

from bomvet.errors import UsageError
from bomvet.model.environments import Environment
from bomvet.versions.markers import environments, holds, platform, python_version

LINUX = Environment(python="3.12", platform="linux/x86_64")


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_version >= '3.12'", True),
        ("python_version < '3.12'", False),
        ("python_full_version >= '3.12.4'", True),
        ("python_full_version < '3.12.4'", True),
        ("python_full_version < '3.12'", False),
        ("sys_platform == 'win32'", False),
        ("sys_platform == 'linux' and platform_machine == 'x86_64'", True),
        ("platform_machine == 'aarch64'", False),
        ("os_name == 'posix' and platform_system == 'Linux'", True),
        ("implementation_name == 'pypy'", False),
        ("platform_python_implementation == 'CPython'", True),
        ("extra == 'test'", True),
        ("'dev' in dependency_groups", True),
        ("no marker", True),
        ("python_version ~= '3'", True),
        ("platform_release >= '20'", False),
        ("(" * 5000, True),
    ],
)
def test_one_environment(marker: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """A marker holds where it can be true; what nobody can decide counts as it may be."""
    assert holds(marker, LINUX) is expected


def test_an_open_platform() -> None:
    """Without a platform any will do, and without a version any of Python."""
    assert holds("sys_platform == 'win32'", Environment(python="3.12"))
    assert holds("python_version < '3.9'", Environment(platform="linux/x86_64"))
    assert not holds("sys_platform == 'cygwin'", Environment(python="3.12"))
    assert not holds("python_version < '3'", Environment(platform="windows/AMD64"))


def test_a_patch_release() -> None:
    """A version in full is just that one."""
    exact = Environment(python="3.12.3", platform="linux/x86_64")

    assert [holds(f"python_full_version {rest}", exact) for rest in ("< '3.12.4'", ">= '3.12.4'")] == [True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="compares with the interpreter here, which is described for Linux")
@pytest.mark.parametrize(
    "variable",
    [
        "implementation_name", "os_name", "platform_machine", "platform_python_implementation", "platform_system",
        "python_full_version", "python_version", "sys_platform",
    ],
)  # fmt: skip
def test_this_interpreter(variable: str) -> None:
    """Described, the interpreter here has the values that it gives itself."""
    here = Environment(python=sys.version.split()[0], platform=f"linux/{machine()}")
    from packaging.markers import default_environment  # noqa: PLC0415 - for this alone

    values: dict[str, object] = {**default_environment()}
    marker = f"{variable} == {values[variable]!r}"

    assert Marker(marker).evaluate()
    assert holds(marker, here)


def test_the_product_of_both() -> None:
    """Each version on each platform, in the names of the markers, and each once."""
    assert environments(["3.12", "3.13"], ["linux/amd64", "macOS/arm64", "Linux/x86_64"]) == (
        Environment(python="3.12", platform="linux/x86_64"),
        Environment(python="3.12", platform="darwin/arm64"),
        Environment(python="3.13", platform="linux/x86_64"),
        Environment(python="3.13", platform="darwin/arm64"),
    )
    assert environments([], []) == ()
    assert environments([], ["windows/x64"]) == (Environment(platform="windows/AMD64"),)


@pytest.mark.parametrize(
    ("pythons", "platforms", "message"),
    [
        (["3"], [], "must be a version of Python such as 3.12, not '3'"),
        (["3.12b1"], [], "must be a version of Python such as 3.12, not '3.12b1'"),
        ([], ["linux"], "must be OS/ARCH such as linux/x86_64, with OS one of linux, darwin, windows, not 'linux'"),
        (
            [],
            ["beos/ppc"],
            "must be OS/ARCH such as linux/x86_64, with OS one of linux, darwin, windows, not 'beos/ppc'",
        ),
    ],
)
def test_what_is_no_environment(pythons: list[str], platforms: list[str], message: str) -> None:
    """A version or platform that is none is refused in words."""
    with pytest.raises(UsageError) as caught:
        environments(pythons, platforms)
    assert str(caught.value) == message


def test_checks_of_single_texts() -> None:
    """What the command line asks of each text."""
    assert (python_version("3.12.1"), platform("windows/arm64")) == ("3.12.1", "windows/ARM64")
