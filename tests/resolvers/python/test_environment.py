"""What the files of an environment tell of it, and which markers hold in what is possible."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.resolvers.python._environment import Environment, Layout, Platform, extension, layout, of_tag, possible
from bomvet.resolvers.python._environment import settings as read_settings

LINUX = (Platform("linux", "x86_64"),)
KNOWN = Environment(python="3.11.7", implementation="cpython", platforms=LINUX)
OPEN = Environment(python="", implementation="", platforms=possible(windows=False, linux=False))


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("lib/python3.11/site-packages", Layout("3.11", "cpython", windows=False, prefix="")),
        ("a/.venv/lib/python3.13t/site-packages", Layout("3.13", "cpython", windows=False, prefix="a/.venv")),
        ("e/lib64/pypy3.10/site-packages", Layout("3.10", "pypy", windows=False, prefix="e")),
        ("usr/lib/python3/dist-packages", Layout("", "cpython", windows=False, prefix=None)),
        ("e/Lib/site-packages", Layout("", "", windows=True, prefix="e")),
        ("Lib/site-packages", Layout("", "", windows=True, prefix="")),
        ("site-packages", Layout("", "", windows=False, prefix=None)),
        ("", Layout("", "", windows=False, prefix=None)),
    ],
)
def test_layouts(folder: str, expected: Layout) -> None:
    """The path of the folder tells the version of Python, and where the environment is."""
    assert layout(folder) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_a.cpython-311-x86_64-linux-gnu.so", ("cpython", "3.11", LINUX)),
        ("_a.cpython-39-aarch64-linux-musl.so", ("cpython", "3.9", (Platform("linux", "aarch64"),))),
        ("_a.cpython-312-darwin.so", ("cpython", "3.12", (Platform("darwin", "arm64"), Platform("darwin", "x86_64")))),
        ("_a.cp313t-win_amd64.pyd", ("cpython", "3.13", (Platform("win32", "AMD64"),))),
        ("_a.pypy310-pp73-x86_64-linux-gnu.so", ("pypy", "3.10", LINUX)),
        ("_a.abi3.so", ("", "", ())),
        ("a.py", ("", "", ())),
    ],
)
def test_extension_modules(name: str, expected: tuple[str, str, tuple[Platform, ...]]) -> None:
    """The name of an extension module tells what it was built for."""
    assert extension(["a", "b.so", name]) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64", LINUX),
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", LINUX),
        ("cp311-abi3-manylinux2014_aarch64", (Platform("linux", "aarch64"),)),
        ("cp36-cp36m-manylinux1_i686", (Platform("linux", "i686"),)),
        ("cp311-cp311-musllinux_1_2_armv7l", (Platform("linux", "armv7l"),)),
        ("cp311-cp311-linux_x86_64", LINUX),
        ("cp311-cp311-macosx_11_0_arm64", (Platform("darwin", "arm64"),)),
        ("cp311-cp311-macosx_10_9_universal2", (Platform("darwin", "arm64"), Platform("darwin", "x86_64"))),
        ("cp311-cp311-win_amd64", (Platform("win32", "AMD64"),)),
        ("cp311-cp311-win_arm64", (Platform("win32", "ARM64"),)),
        ("cp311-cp311-win32", (Platform("win32", "x86"),)),
        ("py3-none-any", ()),
        ("", ()),
    ],
)
def test_tags(tag: str, expected: tuple[Platform, ...]) -> None:
    """The tag of a wheel tells its platform, unless it runs on any."""
    assert of_tag(tag) == expected


def test_settings() -> None:
    """Keys of pyvenv.cfg in lower case; what is none is passed over."""
    assert read_settings(b"home = /usr/bin\r\nVersion=3.12.1\nnothing\nprompt = a = b\n\xff") == {
        "home": "/usr/bin",
        "version": "3.12.1",
        "prompt": "a = b",
    }


@pytest.mark.parametrize(
    ("marker", "known", "unknown"),
    [
        ('python_version < "3.12"', True, None),
        ('python_version >= "3.8"', True, True),
        ('python_version < "3"', False, False),
        ('python_full_version >= "3.11.4"', True, None),
        ('sys_platform == "win32"', False, False),
        ('sys_platform == "darwin"', False, None),
        ('os_name == "posix"', True, True),
        ('platform_machine == "x86_64"', True, None),
        ('implementation_name == "cpython"', True, True),
        ('platform_python_implementation == "PyPy"', False, False),
    ],
)
def test_markers(marker: str, *, known: bool, unknown: bool | None) -> None:
    """A marker holds, or does not, or hangs on what the files do not tell."""
    assert [KNOWN.holds(marker), OPEN.holds(marker)] == [known, unknown]


def test_a_version_without_its_patch_release() -> None:
    """Then the patch release is open, and nothing else."""
    half = Environment(python="3.11", implementation="pypy", platforms=possible(windows=True, linux=False))

    assert half.holds('python_full_version >= "3.11.4"') is None
    assert half.holds('python_version == "3.11"') is True
    assert half.holds('platform_python_implementation == "PyPy" and sys_platform == "win32"') is True


def test_extras() -> None:
    """An extra counts where it is asked for, in any spelling."""
    assert KNOWN.holds('extra == "X_y"', "x-y") is True
    assert KNOWN.holds('extra == "x"') is False
    assert KNOWN.holds('os_name == "posix"', "x") is True


@pytest.mark.parametrize(
    "marker", ["", "nonsense", "os_name", 'a == "b"', "(" * 500, 'os_name == "x"' + " or os_name == 'y'" * 500]
)
def test_no_markers(marker: str) -> None:
    """What is no marker, or longer than any, is refused."""
    with pytest.raises(ValueError, match="marker"):
        KNOWN.holds(marker)


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ["os_name", "==", "'x'", "and", "or", "(", ")", "extra", "python_version", "<", "'3'", "in", "~="]
            )
        ).map(" ".join),
    )
)
def test_any_text_is_a_marker_or_none(text: str) -> None:
    """Nothing but the refusal is raised."""
    with suppress(ValueError):
        assert KNOWN.holds(text) in (True, False)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (KNOWN, "cpython 3.11.7, linux x86_64"),
        (
            Environment(python="3.11", implementation="pypy", platforms=possible(windows=False, linux=True)),
            "pypy 3.11, linux",
        ),
        (Environment(python="", implementation="", platforms=possible(windows=True, linux=False)), "cpython, win32"),
        (OPEN, "cpython"),
    ],
)
def test_what_is_said_of_it(environment: Environment, expected: str) -> None:
    """What is known, and nothing else."""
    assert str(environment) == expected
