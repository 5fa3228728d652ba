"""Whether two markers can hold together."""

from __future__ import annotations

import pytest

from bomvet.resolvers.python._apart import apart


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("python_full_version < '3.10'", "python_full_version >= '3.10'"),
        ("python_full_version < '3.11.3'", "python_version >= '3.12'"),
        ("python_version == '3.9.*'", 'python_version > "3.9"'),
        ("sys_platform == 'win32'", "sys_platform == 'linux' or sys_platform == 'darwin'"),
        ("sys_platform != 'win32' and python_version < '3.9'", "python_version < '3.9' and sys_platform == 'win32'"),
    ],
)
def test_apart(one: str, other: str) -> None:
    """Both ways round, what one demands the other forbids."""
    assert apart(one, other)
    assert apart(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "python_version < '3.9'"),
        ("python_version < '3.9'", "python_version < '3.9'"),
        ("python_full_version < '3.11.3'", "python_version >= '3.11'"),
        ("python_version <= '3.10'", "python_full_version > '3.10.4'"),
        ("python_version > '3.25'", "python_version >= '3.9'"),
        ("python_version > '3.25'", "python_version != '4.2'"),
        ("sys_platform != 'win32'", "sys_platform != 'linux'"),
        ("sys_platform == 'win32'", "os_name == 'posix'"),
        ("sys_platform in 'linux darwin'", "sys_platform == 'win32'"),
        ("extra == 'a'", "extra != 'a'"),
        ("'3.9' > python_version", "python_version > '3.9'"),
        ("python_version < 'x'", "python_version > '3.9'"),
        ("no marker", "python_version > '3.9'"),
        ("python_version", "python_version > '3.9'"),
        ("python_version < '3.9' " + " and python_version < '3.9'" * 100, "python_version > '3.9'"),
        (
            "".join(f"os_name == '{n}' or sys_platform == '{n}' or " for n in range(20)) + "os_name == 'x'",
            "os_name == 'y'",
        ),
    ],
)
def test_together(one: str, other: str) -> None:
    """What may hold together, and what is not decided, is not apart."""
    assert not apart(one, other)
