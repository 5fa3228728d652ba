"""`setup.cfg`: `SETUP_CFG`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.inventory import (
    Completeness,
    Component,
    Inventory,
    Kind,
    Licence,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.resolvers.python.setup_cfg import SETUP_CFG
from tests.harness import component, run_resolver
from tests.resolvers.mutations import survives

TEXT = """\
[metadata]
name = Shop_API
version = 1.0
license = MIT

[options]
install_requires =
    # the web
    flask >=2,<3  # comment
    redis==5.0 ; python_version < "3.9"

[options.extras_require]
Pay_Later =
    stripe
"""


def here(line: int) -> Location:
    """A line of the file."""
    return Location(path="setup.cfg", line=line)


def test_what_is_declared() -> None:
    """Requirements are components with their lines; one that is pinned has a version and is no open question."""
    project = Component(
        purl="pkg:generic/shop-api@1.0",
        name="shop-api",
        version="1.0",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        licences=(Licence(expression="MIT"),),
        locations=(Location(path="setup.cfg"),),
    )
    marker = 'python_version < "3.9"'
    flask = Component(
        purl="pkg:pypi/flask", name="flask", locations=(here(9),), properties=(("bomvet:requirement", ">=2,<3"),)
    )
    redis = Component(
        purl="pkg:pypi/redis@5.0",
        name="redis",
        version="5.0",
        locations=(here(10),),
        properties=(("bomvet:marker", marker), ("bomvet:requirement", "==5.0")),
    )
    stripe = Component(purl="pkg:pypi/stripe", name="stripe", scope=Scope.OPTIONAL, locations=(here(14),))

    assert run_resolver(SETUP_CFG, {"setup.cfg": TEXT}, "setup.cfg") == Inventory(
        components=(project, flask, redis, stripe),
        relationships=(
            Relationship(source=project.purl, target="pkg:pypi/flask", evidence=(here(9),)),
            Relationship(source=project.purl, target="pkg:pypi/redis@5.0", markers=(marker,), evidence=(here(10),)),
            Relationship(
                source=project.purl, target="pkg:pypi/stripe", roles=("extra:pay-later",), evidence=(here(14),)
            ),
        ),
        unknowns=(
            Unknown(location=here(9), resolver="python/setup-cfg", reason="not locked: flask >=2,<3"),
            Unknown(location=here(14), resolver="python/setup-cfg", reason="not locked: stripe"),
        ),
    )


@pytest.mark.parametrize(
    ("beside", "names"),
    [
        ({"poetry.lock": ""}, []),
        ({"requirements.txt": "flask==2.1\n"}, ["redis", "stripe"]),
        ({".venv/lib/python3.11/site-packages/flask/__init__.py": ""}, []),
        ({"pyproject.toml": "[build-system]\nrequires = []\n"}, ["flask", "redis", "stripe"]),
        ({"pyproject.toml": "[build-system]\nbuild-backend = 'hatchling.build'\n"}, []),
        ({"pyproject.toml": "[project]\nname = 'a'\n"}, []),
        ({"pyproject.toml": "[project]\nname = 'a'\ndynamic = ['dependencies']\n"}, ["flask", "redis"]),
        ({"pyproject.toml": "[tool.poetry]\nname = 'a'\n"}, []),
    ],
)
def test_who_else_speaks(beside: dict[str, str], names: list[str]) -> None:
    """A lock, a requirements file and what is installed speak for it; pyproject.toml says what setuptools asks it for."""
    found = run_resolver(SETUP_CFG, {"setup.cfg": TEXT, **beside}, "setup.cfg")

    assert [c.name for c in found.components if not c.first_party] == names


def test_a_lock_older_than_the_file() -> None:
    """What the lock does not name is told, and is no component."""
    files = {"setup.cfg": TEXT, "uv.lock": '[[package]]\nname = "flask"\n[package.metadata]\nx = [{ name = "redis" }]'}
    found = run_resolver(SETUP_CFG, files, "setup.cfg")

    assert [(c.name, c.dependencies) for c in found.components] == [("shop-api", Completeness.UNKNOWN)]
    assert [u.reason for u in found.unknowns] == ["not locked: stripe, which uv.lock does not name"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a; b>1", ["a", "b"]),
        ("\n  a; python_version > '3'\n", ["a"]),
        (" file: req/run.txt, more.txt", ["x", "y"]),
        (" file: pinned.txt", []),
        ("", []),
    ],
)
def test_values(value: str, expected: list[str]) -> None:
    """A list stands on lines of its own or behind semicolons, or in requirements files that the value names."""
    files = {"setup.cfg": f"[options]\ninstall_requires ={value}", "req/run.txt": "x\n", "more.txt": "y==1\n"}
    found = run_resolver(SETUP_CFG, files, "setup.cfg")

    assert [c.name for c in found.components if not c.first_party] == expected
    missing = [u.reason for u in found.unknowns if not u.reason.startswith("not locked")]
    assert missing == (
        ["its dependencies stand in pinned.txt, which cannot be read: No such file or directory"]
        if "pinned" in value
        else []
    )


def test_a_named_file_that_has_its_own_reader() -> None:
    """A requirements file of the project is read as such, and not twice."""
    files = {"setup.cfg": "[options]\ninstall_requires = file: requirements.txt", "requirements.txt": "a\n"}

    assert run_resolver(SETUP_CFG, files, "setup.cfg").unknowns == ()


def test_what_a_named_file_may_not_hold() -> None:
    """Problems of such a file, and includes, which no build follows, are told where they stand."""
    files = {
        "setup.cfg": "[options.extras_require]\nx = file: deps.txt\n[options]\nzip_safe = no",
        "deps.txt": "?!\n-r b.txt\n./c\na\n",
    }
    found = run_resolver(SETUP_CFG, files, "setup.cfg")

    assert [(str(u.location), u.reason) for u in found.unknowns] == [
        ("deps.txt:1", "?!: is no requirement (Expected package name at the start of dependency specifier)"),
        ("deps.txt:2", "includes b.txt, which no build follows"),
        ("deps.txt:3", "./c holds no Python project"),
        ("deps.txt:4", "not locked: a"),
    ]
    assert [(e.target, e.roles) for e in found.relationships] == [("pkg:pypi/a", ("extra:x",))]


def test_what_is_no_requirement() -> None:
    """A line that is none is told with its line."""
    found = run_resolver(SETUP_CFG, {"setup.cfg": "[options]\ninstall_requires =\n  a b\n"}, "setup.cfg")

    assert [(u.location.line, u.reason.partition(" (")[0]) for u in found.unknowns] == [(3, "a b: is no requirement")]
    assert component(found, "project").dependencies is Completeness.INCOMPLETE


@pytest.mark.parametrize("text", ["", "[flake8]\nmax = 3\n", "[metadata]\nlong = x\n", "name = x\n  y\n[metadata\n=\n"])
def test_settings_of_tools_are_no_project(text: str) -> None:
    """Many a setup.cfg is for linters alone."""
    assert run_resolver(SETUP_CFG, {"setup.cfg": text}, "setup.cfg") == Inventory()


@given(st.lists(st.sampled_from([*TEXT.splitlines(), "[options", "  x", "=", "[a]b", "install_requires : a", "\t;"])))
def test_damaged_files(lines: list[str]) -> None:
    """Lines in any order are read or told."""
    assert survives(SETUP_CFG, {"setup.cfg": "\n".join(lines)}, "setup.cfg") is not None


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    assert survives(SETUP_CFG, {"setup.cfg": b"[metadata]\nname=a\n" + data}, "setup.cfg") is not None
