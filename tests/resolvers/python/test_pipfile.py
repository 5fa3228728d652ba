"""`Pipfile`: `PIPFILE`."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Scope
from bomvet.resolvers.python.pipfile import PIPFILE
from tests.harness import component, run_resolver
from tests.resolvers.mutations import damaged, survives, toml

TEXT = """\
[[source]]
url = "https://${TOKEN}@pypi.packages.example/simple"
name = "own"
[[source]]
url = "https://extra.packages.example/simple"
[requires]
python_version = "3.11"
[packages]
Flask_Login = "*"
a = "==1.0"
b = { version = ">=2", extras = ["x"], markers = "os_name == 'nt'", sys_platform = "== 'win32'" }
c = { git = "https://git.packages.example/c", ref = "v1", editable = true }
d = { path = ".", editable = true }
e = { file = "https://packages.example/e.zip" }
f = { version = "<3", index = "own" }
[dev-packages]
pytest = ">=8"
[docs]
mkdocs = "~=1.6"
"""


def test_what_is_declared() -> None:
    """Packages of all tables with their roles, sources, markers and lines."""
    found = run_resolver(PIPFILE, {"Pipfile": TEXT, "setup.py": "setup(name='shop')"}, "Pipfile")
    edges = {r.target.partition("?")[0]: (r.roles, r.markers, r.evidence[0].line) for r in found.relationships}
    marker = "(os_name == 'nt') and (sys_platform == 'win32')"

    assert component(found, "shop").dependencies is Completeness.COMPLETE
    assert edges == {
        "pkg:pypi/flask-login": ((), (), 9),
        "pkg:pypi/a@1.0": ((), (), 10),
        "pkg:pypi/b": ((), (marker,), 11),
        "pkg:pypi/c": ((), (), 12),
        "pkg:pypi/e": ((), (), 14),
        "pkg:pypi/f": ((), (), 15),
        "pkg:pypi/pytest": (("dev",), (), 17),
        "pkg:pypi/mkdocs": (("extra:docs",), (), 19),
    }
    assert {c.name: c.scope for c in found.components if c.scope is not Scope.REQUIRED} == {
        "mkdocs": Scope.OPTIONAL,
        "pytest": Scope.DEV,
    }
    assert component(found, "b").properties == (
        ("bomvet:extra", "x"),
        ("bomvet:extra-registry", "https://extra.packages.example/simple"),
        ("bomvet:marker", marker),
        ("bomvet:registry", "https://pypi.packages.example/simple"),
        ("bomvet:requirement", ">=2"),
    )
    assert [(u.location.line, u.reason) for u in found.unknowns] == [
        (9, "not locked: Flask_Login"),
        (11, "not locked: b >=2"),
        (12, "not locked: c @ git+https://git.packages.example/c@v1, which names no commit"),
        (15, "not locked: f <3"),
        (17, "not locked: pytest >=8"),
        (19, "not locked: mkdocs ~=1.6"),
    ]


@pytest.mark.parametrize(("beside", "count"), [("Pipfile.lock", 1), ("poetry.lock", 1), ("requirements.txt", 8)])
def test_a_lock_speaks(beside: str, count: int) -> None:
    """Beside a lock it gives the project alone; a requirements file speaks for what it names."""
    found = run_resolver(PIPFILE, {"Pipfile": TEXT, beside: "a==1\n"}, "Pipfile")

    assert len(found.components) == count


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("packages = 3", "packages is no table of packages"),
        ("[packages]\na = 3", "a: is neither a version nor a table"),
        ("[packages]\na = [[]]", "a: is neither a version nor a table"),
        ('[packages]\n"" = "1"', ": is no name of a package"),
        ('[packages]\n"a b" = "1"', "a b: is no name of a package"),
        ("[packages]\na = {path = '../x'}", "a @ ../x lies outside the scanned tree"),
    ],
)
def test_what_is_no_requirement(text: str, reason: str) -> None:
    """It is told with its line."""
    (unknown,) = run_resolver(PIPFILE, {"Pipfile": text}, "Pipfile").unknowns

    assert (unknown.location.line, unknown.reason) == (len(text.splitlines()), reason)


def test_no_toml() -> None:
    """A syntax error is told with its line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PIPFILE, {"Pipfile": "[packages]\na = =\n"}, "Pipfile")

    assert caught.value.line == 2


@given(damaged(tomli.loads(TEXT)))
def test_damaged_files(document: Any) -> None:
    """Whatever stands where, it is read or told."""
    survives(PIPFILE, {"Pipfile": toml(document) if isinstance(document, dict) else ""}, "Pipfile")


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(PIPFILE, {"Pipfile": data}, "Pipfile")
