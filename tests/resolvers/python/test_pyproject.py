"""Manifests: the project itself, and dependencies that nothing locks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Completeness, Component, Inventory, Kind, Location, Relationship, Scope, Unknown
from bomvet.model.purl import pypi_name
from bomvet.resolvers.python.pyproject import PYPROJECT
from tests.harness import MemoryTree, run_resolver
from tests.resolvers.mutations import damaged, survives, toml

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = '[project]\nname = "a"\ndependencies = ["b>1"]\n'
TWO = '[project]\nname = "a"\ndependencies = ["b>1"]\noptional-dependencies = { x = ["c", "a[y]"], y = ["d"] }\n'


def reasons(files: Mapping[str, bytes | str], path: str = "pyproject.toml") -> list[str]:
    """What is not known of the manifest at `path`."""
    return [u.reason for u in run_resolver(PYPROJECT, files, path).unknowns]


def open_(*texts: str) -> list[str]:
    """The reasons for open dependencies."""
    return [f"not locked: {text}" for text in texts]


def test_unlocked_dependencies() -> None:
    """A dependency is a component without a version, an edge and an open question, each with its line."""
    here = Location(path="pyproject.toml", line=3)
    project = Component(
        purl="pkg:generic/a",
        name="a",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="pyproject.toml"),),
    )
    b = Component(purl="pkg:pypi/b", name="b", locations=(here,), properties=(("bomvet:requirement", ">1"),))

    assert run_resolver(PYPROJECT, {"pyproject.toml": ONE}, "pyproject.toml") == Inventory(
        components=(project, b),
        relationships=(Relationship(source="pkg:generic/a", target="pkg:pypi/b", evidence=(here,)),),
        unknowns=(Unknown(location=here, resolver="python/pyproject", reason="not locked: b>1"),),
    )


def test_extras_are_declared_too() -> None:
    """Extras count as dependencies; what an extra asks of the project itself is what the other extra asks for."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": TWO.replace("a[y]", "A[y, n]")}, "pyproject.toml")

    assert [u.reason for u in found.unknowns] == open_("b>1", "c", "d")
    assert {(c.name, c.scope) for c in found.components} == {
        ("a", Scope.REQUIRED), ("b", Scope.REQUIRED), ("c", Scope.OPTIONAL), ("d", Scope.OPTIONAL),
    }  # fmt: skip
    assert {(r.target, r.roles) for r in found.relationships} == {
        ("pkg:pypi/b", ()), ("pkg:pypi/c", ("extra:x",)), ("pkg:pypi/d", ("extra:x", "extra:y")),
    }  # fmt: skip


def test_credentials_are_not_shown() -> None:
    """A dependency by URL is named without the user and password in it."""
    text = '[project]\nname = "a"\ndependencies = ["b @ git+https://me:secret@git.packages.example/b"]'

    assert reasons({"pyproject.toml": text}) == open_("b @ git+https://git.packages.example/b, which names no commit")


def test_poetry_dependencies() -> None:
    """Poetry's table names dependencies as keys, and the interpreter among them is none."""
    text = '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "^3.11"\nB_b = "^1"\n'
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert ([c.name for c in found.components], [u.reason for u in found.unknowns]) == (["a", "b-b"], open_("B_b ^1"))


@pytest.mark.parametrize(
    "lock", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml"]
)
def test_a_lock_beside_locks(lock: str) -> None:
    """Any lock file beside the manifest states the versions: its own resolver says whether it is read."""
    assert reasons({"x/pyproject.toml": TWO, f"x/{lock}": "[[package]]"}, "x/pyproject.toml") == []


def test_a_lock_that_holds_nothing_locks_nothing() -> None:
    """A `uv.lock` of a version line alone would hide what the manifest asks for."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": TWO, "uv.lock": "version = 1\n"}, "pyproject.toml")

    assert [c.name for c in found.components] == ["a"]
    assert [u.reason for u in found.unknowns] == [
        f"not locked: {text}, which uv.lock does not name" for text in ("b>1", "c", "d")
    ]


METADATA = '[[package]]\nname = "C"\n[package.metadata]\nrequires-dist = [{ name = "b", marker = "x" }]\n'


@pytest.mark.parametrize("path", ["pyproject.toml", "p/a/pyproject.toml"])
def test_a_lock_older_than_the_manifest(path: str) -> None:
    """What the manifest declares and uv.lock does not name anywhere was added after the lock was written."""
    assert reasons({path: TWO, "uv.lock": METADATA + 'source = { editable = "p/a" }'}, path) == open_(
        "d, which uv.lock does not name"
    )


def test_an_unreadable_lock_beside() -> None:
    """A lock that cannot be read is for its own resolver to tell of."""

    class Sealed(MemoryTree):
        """A tree whose locks cannot be read."""

        def read(self, path: str) -> bytes:
            """Everything but locks."""
            if path.endswith(".lock"):
                raise FileUnreadableError("is larger than 1 bytes")
            return super(Sealed, self).read(path)  # noqa: UP008 - a class with slots is made twice

    assert PYPROJECT.parse(Sealed({"pyproject.toml": ONE, "uv.lock": ""}), "pyproject.toml").unknowns == ()


@pytest.mark.parametrize(
    ("more", "files", "told"),
    [
        ("", {}, True),
        ("", {"uv.lock": ""}, False),
        ("", {"requirements.txt": ""}, False),
        ('[tool.poetry.dependencies]\npython = "3"', {}, False),
    ],
)
def test_dynamic_dependencies(more: str, files: dict[str, str], told: bool) -> None:  # noqa: FBT001
    """Dependencies that only a build states are unknown, unless something beside the manifest states them."""
    text = f'[project]\nname = "a"\ndynamic = ["dependencies"]\n{more}'
    reason = "its dependencies are dynamic, and nothing locks them: what it asks for is open"

    assert reasons({"pyproject.toml": text, **files}) == ([reason] if told else [])


def test_constraints_lock_nothing() -> None:
    """A file of constraints alone installs nothing, so that what it names is not in the result."""
    files = {"pyproject.toml": ONE, "requirements-constraints.txt": "b==2"}

    assert reasons(files) == open_("b>1")
    assert reasons({**files, "requirements.txt": "-c requirements-constraints.txt\nc==1"}) == open_("b>1")
    assert reasons({**files, "requirements.txt": "-c requirements-constraints.txt\nb"}) == []


@pytest.mark.parametrize("directory", ["", "p/a"])
def test_a_lock_that_is_passed_over_locks_nothing(directory: str) -> None:
    """A lock that an ignore file names is there, but what it holds is not in the result."""

    class Ignoring(MemoryTree):
        """A tree whose locks are ignored."""

        def paths(self) -> list[str]:
            """Everything but locks."""
            return [path for path in sorted(self.files) if not path.endswith(".lock")]

    path = f"{directory}/pyproject.toml".lstrip("/")
    tree = Ignoring({path: ONE, "uv.lock": '[[package]]\nsource = { editable = "p/a" }'})

    assert [u.reason for u in PYPROJECT.parse(tree, path).unknowns] == open_("b>1")


@pytest.mark.parametrize("lock", ["uv.lock", "y/uv.lock", "x/y/uv.lock"])
def test_a_lock_elsewhere_does_not(lock: str) -> None:
    """A lock of another folder that does not name this one says nothing of it."""
    assert reasons({"x/pyproject.toml": ONE, lock: 'name = "x"'}, "x/pyproject.toml") == open_("b>1")


@pytest.mark.parametrize("key", ["editable", "virtual", "directory"])
def test_a_member_of_a_workspace(key: str) -> None:
    """The lock of a uv workspace above counts for the members that it names."""
    files = {"w/p/a/pyproject.toml": ONE, "w/uv.lock": f'[[package]]\nsource = {{ {key} = "p/a" }}'}

    assert reasons(files, "w/p/a/pyproject.toml") == []


def test_a_package_called_like_the_folder_is_no_member() -> None:
    """That a lock holds a package with the folder's name does not make the folder a member."""
    files = {"a/pyproject.toml": ONE, "uv.lock": '[[package]]\nname = "a"\n'}

    assert reasons(files, "a/pyproject.toml") == open_("b>1")


def test_an_unreadable_lock_above() -> None:
    """A lock above that cannot be read locks nothing, and does not lose the project."""

    class Sealed(MemoryTree):
        """A tree whose locks cannot be read."""

        def read(self, path: str) -> bytes:
            """Everything but locks."""
            if path.endswith(".lock"):
                raise FileUnreadableError("is larger than 1 bytes")
            return super(Sealed, self).read(path)  # noqa: UP008 - a class with slots is made twice

    found = PYPROJECT.parse(Sealed({"a/pyproject.toml": ONE, "uv.lock": ""}), "a/pyproject.toml")

    assert ([c.name for c in found.components], [u.reason for u in found.unknowns]) == (["a", "b"], open_("b>1"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "B==1\nc==2\nd==3\n"}, []),
        ({"requirements/base.txt": "b==1\n", "requirements/x.txt": "c==1\nd @ https://packages.example/d.zip\n"}, []),
        ({"requirements-dev.txt": "pytest==8\n"}, open_("b>1", "c", "d")),
        ({"requirements.txt": "b\n"}, open_("c", "d")),
        ({"requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": "b==1\n"}, open_("c", "d")),
        ({"requirements.txt": "-r deploy/all.txt\n"}, []),
        ({"requirements.txt": "# coding: no-such\n"}, []),
        ({"other/requirements.txt": "b==1\nc==1\nd==1\n"}, open_("b>1", "c", "d")),
        ({"notes.txt": "b==1\nc==1\nd==1\n"}, open_("b>1", "c", "d")),
        ({"requirements.in": "b==1\nc==1\nd==1\n"}, open_("b>1", "c", "d")),
    ],
)
def test_requirements_files_lock_what_they_name(files: dict[str, str], expected: list[str]) -> None:
    """Requirements files of the project lock the names in them; includes from elsewhere leave that to their resolver."""
    assert reasons({"pyproject.toml": TWO, **files}) == expected


def test_a_folder_called_like_requirements_is_none() -> None:
    """That the project's own folder has "requirements" in its name makes no requirements file of any text in it."""
    files = {"requirements-tool/pyproject.toml": ONE, "requirements-tool/notes.txt": "b==1"}

    assert reasons(files, "requirements-tool/pyproject.toml") == open_("b>1")


def test_settings_of_tools_are_no_project() -> None:
    """A manifest that holds only settings of tools describes nothing."""
    assert run_resolver(PYPROJECT, {"pyproject.toml": "[tool.ruff]\nx = 1"}, "pyproject.toml") == Inventory()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[project]\ndependencies = 3", "project.dependencies holds int where a requirement belongs"),
        ("[project]\ndependencies = [3]", "project.dependencies holds int where a requirement belongs"),
        ("[project]\noptional-dependencies = 3", "optional-dependencies is no table: what it asks for is not known"),
        ("[project]\noptional-dependencies = { x = 3 }", "project.optional-dependencies.x holds int where a requirement belongs"),
        ("[tool.poetry]\ndependencies = 3", "dependencies is no table: what it asks for is not known"),
        ("[tool.poetry.dependencies]\nx = 3", "x: is neither a version nor a table"),
        ('[project]\ndependencies = ["?!"]', "?!: is no requirement (Expected package name at the start of dependency specifier)"),
        ('[project]\ndependencies = ["x ; y"]', "x ; y: is no requirement (Expected a marker variable or quoted string)"),
        ("[tool.poetry]\ngroup.x = 3", "tool.poetry.group.x holds int where a requirement belongs"),
        ("[tool.poetry]\ngroup.x = { include-groups = [3] }", "tool.poetry.group.x holds int where a requirement belongs"),
        ("[dependency-groups]\nx = 3", "dependency-groups.x holds int where a requirement belongs"),
        ("[dependency-groups]\nx = [{ y = 3 }]", "dependency-groups.x holds dict where a requirement belongs"),
        ('[dependency-groups]\nx = [{ include-group = "y" }]', "group x includes group y, which is not there"),
        ('[dependency-groups]\nx = [{ include-group = "x" }]', "group x includes itself, which no installer takes"),
    ],
)  # fmt: skip
def test_what_is_no_requirement(text: str, reason: str) -> None:
    """What cannot be read is told with its line, and what is asked for counts as incomplete."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert [(u.location.line, u.reason) for u in found.unknowns] == [(2, reason)]
    assert Completeness.COMPLETE not in {c.dependencies for c in found.components}


EVERYTHING = """\
[build-system]
requires = ["hatchling>=1.27", 3]

[project]
name = "Shop"
keywords = ["b>1"]
dependencies = [
    "b>1",
    "c[x,Y_z] == 2.0 ; python_version < \\"3.9\\"",
    'd @ git+https://me:secret@git.packages.example/d@0123456789012345678901234567890123456789#egg=d',
    "e @ https://packages.example/e-1.0-py3-none-any.whl",
    "f(>=1)",
    "own",
]

[project.optional-dependencies]
all = ["shop[pay]"]
Pay_Now = ["stripe"]
pay = ["shop[pay-now,none]"]

[dependency-groups]
lint = ["ruff"]
Dev = [{ include-group = "LINT" }, "shop[pay]", "pytest"]

[tool.pdm.dev-dependencies]
doc = ["mkdocs", "-e file:///${PROJECT_ROOT}/libs/own#egg=own"]

[tool.uv]
dev-dependencies = ["tox"]

[tool.uv.sources]
own = { workspace = true }
b = { index = "extra" }
ruff = [{ git = "https://git.packages.example/ruff", tag = "v1", marker = "os_name == 'nt'" }, { index = "main" }]

[[tool.uv.index]]
name = "main"
url = "https://me:secret@pypi.packages.example/simple"
default = true

[[tool.uv.index]]
name = "extra"
url = "https://extra.packages.example/simple"
explicit = true

[[tool.uv.index]]
url = "https://more.packages.example/simple"
"""


def test_everything_that_a_manifest_may_hold() -> None:
    """All lists and tables, with extras of the project itself, groups in groups, sources and indexes."""
    files = {"pyproject.toml": EVERYTHING, "libs/own/pyproject.toml": '[project]\nname = "own"\nversion = "1"\n'}
    found = run_resolver(PYPROJECT, files, "pyproject.toml")
    main, more = "https://pypi.packages.example/simple", "https://more.packages.example/simple"
    edges = {r.target: (r.roles, r.markers, [e.line for e in r.evidence]) for r in found.relationships}
    commit = "0123456789012345678901234567890123456789"

    assert edges == {
        "pkg:generic/own@1?path=libs/own": ((), (), [13, 26]),
        "pkg:pypi/b": ((), (), [8]),
        "pkg:pypi/c@2.0": ((), ('python_version < "3.9"',), [9]),
        f"pkg:pypi/d?vcs_url=git%2Bhttps://git.packages.example/d%40{commit}": ((), (), [10]),
        "pkg:pypi/e?download_url=https://packages.example/e-1.0-py3-none-any.whl": ((), (), [11]),
        "pkg:pypi/f": ((), (), [12]),
        "pkg:pypi/mkdocs": (("group:doc",), (), [26]),
        "pkg:pypi/pytest": (("group:dev",), (), [23]),
        "pkg:pypi/ruff": (("group:dev", "group:lint"), (), [22]),
        "pkg:pypi/ruff?vcs_url=git%2Bhttps://git.packages.example/ruff%40v1": (
            ("group:dev", "group:lint"), ("os_name == 'nt'",), [22],
        ),
        "pkg:pypi/stripe": (("extra:all", "extra:pay", "extra:pay-now", "group:dev"), (), [18]),
        "pkg:pypi/tox": (("group:dev",), (), [29]),
    }  # fmt: skip
    assert {c.name: c.properties for c in found.components if c.name in ("b", "c", "f", "shop")} == {
        "b": (("bomvet:registry", "https://extra.packages.example/simple"), ("bomvet:requirement", ">1")),
        "c": (
            ("bomvet:extra", "x"),
            ("bomvet:extra", "y-z"),
            ("bomvet:extra-registry", more),
            ("bomvet:marker", 'python_version < "3.9"'),
            ("bomvet:registry", main),
            ("bomvet:requirement", "==2.0"),
        ),
        "f": (("bomvet:extra-registry", more), ("bomvet:registry", main), ("bomvet:requirement", ">=1")),
        "shop": (("bomvet:build-requires", "hatchling>=1.27"),),
    }
    assert {c.name: c.scope for c in found.components if c.scope is not Scope.REQUIRED} == {
        "mkdocs": Scope.DEV, "pytest": Scope.DEV, "ruff": Scope.DEV, "stripe": Scope.OPTIONAL, "tox": Scope.DEV,
    }  # fmt: skip
    assert [u.reason for u in found.unknowns] == open_(
        "b>1", "f(>=1)", "stripe", "ruff", "ruff @ git+https://git.packages.example/ruff@v1, which names no commit",
        "pytest", "mkdocs", "tox",
    )  # fmt: skip


POETRY = """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
Python = "^3.11"
a = "^1.2.3"
b = { version = "~2", optional = true, extras = ["x"], markers = "os_name == 'nt'" }
c = { version = "*", optional = true }
d = [{ version = "<2", python = "<3.8", platform = "win32" }, { version = "^2", python = "^3.8", source = "own" }]
e = { git = "https://git.packages.example/e.git", rev = "0123456789012345678901234567890123456789" }
f = { path = "libs/f", develop = true }
g = { url = "https://packages.example/g.tar.gz" }
h = { file = "dist/h-1-py3-none-any.whl" }
i = "1.0"
j = ">=1, !=1.5"
k = "^0.0.3 || ^1"
l = { path = "libs/none" }
[tool.poetry.extras]
pay = ["b", "a", 3]
[tool.poetry.dev-dependencies]
tox = "~3.1"
[tool.poetry.group.test]
include-groups = ["lint"]
[tool.poetry.group.test.dependencies]
pytest = "==8.0"
[tool.poetry.group.lint.dependencies]
ruff = "0.*"
[[tool.poetry.source]]
name = "own"
url = "https://own.packages.example/simple"
priority = "explicit"
[[tool.poetry.source]]
name = "first"
url = "https://first.packages.example/simple"
[[tool.poetry.source]]
name = "second"
url = "https://second.packages.example/simple"
priority = "supplemental"
"""


def test_poetrys_tables() -> None:
    """Constraints of Poetry's own, tables, lists of tables, groups that include others, sources."""
    files = {"pyproject.toml": POETRY, "libs/f/setup.py": "setup(name='f', version='3')"}
    found = run_resolver(PYPROJECT, files, "pyproject.toml")
    edges = {r.target.partition("?")[0]: (r.roles, r.markers, r.evidence[0].line) for r in found.relationships}
    requirements = {
        c.name: [value for key, value in c.properties if key == "bomvet:requirement"] for c in found.components
    }

    assert edges == {
        "pkg:generic/f@3": ((), (), 10),
        "pkg:pypi/a": ((), (), 5),
        "pkg:pypi/b": (("extra:pay",), ("os_name == 'nt'",), 6),
        "pkg:pypi/c": (("optional",), (), 7),
        "pkg:pypi/d": (
            (),
            (
                '(python_version < "3.8") and (sys_platform == "win32")',
                'python_version >= "3.8" and python_version < "4"',
            ),
            8,
        ),
        "pkg:pypi/e": ((), (), 9),
        "pkg:pypi/g": ((), (), 11),
        "pkg:pypi/h": ((), (), 12),
        "pkg:pypi/i@1.0": ((), (), 13),
        "pkg:pypi/j": ((), (), 14),
        "pkg:pypi/k": ((), (), 15),
        "pkg:pypi/pytest@8.0": (("group:test",), (), 24),
        "pkg:pypi/ruff": (("group:lint", "group:test"), (), 26),
        "pkg:pypi/tox": (("group:dev",), (), 20),
    }
    assert {name: stated for name, stated in requirements.items() if stated} == {
        "a": [">=1.2.3,<2"],
        "b": [">=2,<3"],
        "d": ["<2", ">=2,<3"],
        "i": ["==1.0"],
        "j": [">=1,!=1.5"],
        "k": ["^0.0.3 || ^1"],
        "pytest": ["==8.0"],
        "ruff": ["==0.*"],
        "tox": [">=3.1,<3.2"],
    }
    assert [u.reason for u in found.unknowns] == [
        *open_("a ^1.2.3", "b ~2", "c", "d <2", "d ^2", "j >=1, !=1.5", "k ^0.0.3 || ^1"),
        "l @ libs/none holds no Python project",
        *open_("tox ~3.1", "ruff 0.*"),
    ]
    registries = {value for c in found.components for key, value in c.properties if key == "bomvet:registry"}
    assert registries == {"https://first.packages.example/simple", "https://own.packages.example/simple"}


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0.0", ">=0.0,<0.1"), ("^0", ">=0,<1"),
     ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"), ("^1.0rc1", "^1.0rc1"), (f"^{'9' * 40}", f"^{'9' * 40}"),
     ("<2,^1", "<2,>=1,<2"), ("~=1.2", "~=1.2")],
)  # fmt: skip
def test_constraints_of_poetry(constraint: str, expected: str) -> None:
    """They are told as PEP 440 writes them where it can, else as they stand."""
    text = f'[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nx = "{constraint}"\n'
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert [p for c in found.components for p in c.properties] == [("bomvet:requirement", expected)]


def test_poetrys_main_table_beside_pep_621() -> None:
    """Where the project's table states dependencies, Poetry's only says more of those; its groups stand."""
    poetry = '[tool.poetry.dependencies]\nc = "1"\n[tool.poetry.group.x.dependencies]\nd = "1"\n'
    static = f'[project]\nname = "a"\ndependencies = ["b"]\n{poetry}'
    dynamic = f'[project]\nname = "a"\ndynamic = ["dependencies"]\n{poetry}'
    found = [run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml") for text in (static, dynamic)]

    assert [[c.name for c in one.components if not c.first_party] for one in found] == [["b", "d"], ["c", "d"]]


def test_flit() -> None:
    """Flit's older table."""
    text = '[tool.flit.metadata]\nmodule = "a"\nrequires = ["b>1"]\n[tool.flit.metadata.requires-extra]\nx = ["c"]\n'
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert [(r.target, r.roles) for r in found.relationships] == [("pkg:pypi/b", ()), ("pkg:pypi/c", ("extra:x",))]


DYNAMIC = """\
[project]
name = "a"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["deps.txt", "requirements.txt"] }
optional-dependencies.x = { file = "x.txt" }
optional-dependencies.y = 3
[tool.hatch.metadata.hooks.requirements_txt]
files = ["hatch.txt"]
"""


def test_dynamic_dependencies_from_files() -> None:
    """What setuptools or Hatch take from files of the tree is read there; requirements files have their own reader."""
    files = {"deps.txt": "b>1\n", "x.txt": "c\n", "hatch.txt": "d\n"}
    found = run_resolver(PYPROJECT, {"pyproject.toml": DYNAMIC, **files}, "pyproject.toml")
    both = run_resolver(PYPROJECT, {"pyproject.toml": DYNAMIC, **files, "requirements.txt": "b==1"}, "pyproject.toml")

    assert [(str(u.location), u.reason) for u in found.unknowns] == [
        ("deps.txt:1", "not locked: b>1"),
        ("hatch.txt:1", "not locked: d"),
        (
            "pyproject.toml:5",
            "its dependencies stand in requirements.txt, which cannot be read: No such file or directory",
        ),
        ("x.txt:1", "not locked: c"),
    ]
    assert [(r.target, r.roles) for r in found.relationships] == [
        ("pkg:pypi/b", ()), ("pkg:pypi/c", ("extra:x",)), ("pkg:pypi/d", ()),
    ]  # fmt: skip
    assert [str(u.location) for u in both.unknowns] == ["deps.txt:1", "hatch.txt:1", "x.txt:1"]


def test_dynamic_dependencies_of_setuptools() -> None:
    """Where setup.py or setup.cfg stands beside it, those say what is dynamic."""
    text = '[project]\nname = "a"\ndynamic = ["dependencies"]\n'

    assert reasons({"pyproject.toml": text, "setup.py": "setup(install_requires=['b'])"}) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("3", "b>1: has a source that is no table"),
        ("{ x = 1 }", "b>1: has a source that is not understood"),
        ("{ workspace = true }", "b, a member of the workspace, is not in the scanned tree"),
        ("{ path = '../b' }", "b @ ../b lies outside the scanned tree"),
        ("{ path = 'b' }", "b @ b holds no Python project"),
    ],
)
def test_sources_that_lead_nowhere(source: str, reason: str) -> None:
    """A source that is not understood, or not there, is told."""
    assert reasons({"pyproject.toml": f"{ONE}[tool.uv.sources]\nb = {source}\n"}) == [reason]


@pytest.mark.parametrize(
    ("place", "purl"),
    [
        ("wheels/b-1.0-py3-none-any.whl", "pkg:pypi/b?file_name=b-1.0-py3-none-any.whl"),
        (".", "pkg:generic/a"),
        ("../a", "pkg:generic/a"),
    ],
)
def test_paths(place: str, purl: str) -> None:
    """An archive of the tree is a package by its file, a folder is a project; the project does not need itself."""
    files = {"x/a/pyproject.toml": f"{ONE}[tool.uv.sources]\nb = {{ path = '{place}' }}\n"}
    found = run_resolver(PYPROJECT, files, "x/a/pyproject.toml")

    assert [r.target for r in found.relationships] == ([purl] if "pypi" in purl else [])
    assert found.unknowns == ()


def test_a_marker_that_is_nested_too_deeply() -> None:
    """It is told, and breaks nothing."""
    text = f"b ; {'(' * 5000}os_name == 'x'{')' * 5000}"
    (reason,) = reasons({"pyproject.toml": f'[project]\nname = "a"\ndependencies = ["{text}"]\n'})

    assert reason.endswith((": is nested too deeply", ")"))


def test_a_file_url() -> None:
    """A requirement with the URL of a file is one of the tree, if it lies in it."""
    text = '[project]\nname = "a"\ndependencies = ["b @ file:libs/b", "c @ file:///libs/c"]\n'
    found = run_resolver(PYPROJECT, {"pyproject.toml": text, "libs/b/setup.py": ""}, "pyproject.toml")

    assert [r.target for r in found.relationships] == ["pkg:generic/b?path=libs/b"]
    assert [u.reason for u in found.unknowns] == ["c @ file:///libs/c lies outside the scanned tree"]


INDEXES = """\
[project]
name = "a"
dependencies = ["b"]
[tool.uv]
index-url = "https://old.packages.example/simple"
extra-index-url = ["https://more.packages.example/simple", 3]
[[tool.pdm.source]]
url = "https://pdm.packages.example/simple"
[[tool.pdm.source]]
name = "none"
[[tool.pdm.source]]
url = "https://second.packages.example/simple"
"""


def test_indexes() -> None:
    """Uv's older settings, and PDM's sources; what has no URL says nothing."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": INDEXES}, "pyproject.toml")

    assert [p for c in found.components for p in c.properties] == [
        ("bomvet:extra-registry", "https://more.packages.example/simple"),
        ("bomvet:extra-registry", "https://second.packages.example/simple"),
        ("bomvet:registry", "https://pdm.packages.example/simple"),
    ]


def test_settings_of_the_wrong_type_say_nothing() -> None:
    """Settings that are none of a requirement's are left out."""
    text = """[build-system]
requires = 3
[project]
name = "a"
dynamic = 3
dependencies = ["b"]
[tool.uv]
index = 3
extra-index-url = 3
[tool.poetry]
extras = { x = 3 }
source = [3]
group.y.include-groups = 3
"""

    assert reasons({"pyproject.toml": text}) == open_("b")


def test_a_long_line_costs_no_square() -> None:
    """Texts are not looked for in lines that no one wrote by hand; the key's line stands for them."""
    quotes = '\\"' * 50_000
    text = f'[project]\nname = "a"\ndependencies = [\n"b", # {quotes}\n"c"]\n'
    started = time.process_time()
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert time.process_time() - started < 2
    assert [u.location.line for u in found.unknowns] == [3, 5]


def test_markers_of_a_source_and_of_the_requirement_hold_together() -> None:
    """A package is taken from a source where both say so."""
    text = """[project]
name = "a"
dependencies = ["b ; python_version > '3'"]
[tool.uv.sources]
b = { url = "https://packages.example/b.zip", marker = "os_name == 'nt'" }
"""
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert [r.markers for r in found.relationships] == [("(python_version > \"3\") and (os_name == 'nt')",)]


@pytest.mark.parametrize(
    ("folder", "more", "open_names"),
    [
        (".venv/lib/python3.11/site-packages", {}, []),
        (".venv/lib/python3.11/site-packages", {"libs/uv.lock": ""}, []),
        (".venv/lib/python3.11/site-packages", {"requirements-dev.txt": "pytest\n"}, ["b>1"]),
        ("node_modules", {}, ["b>1"]),
        ("", {}, ["b>1"]),
    ],
)
def test_what_is_installed_speaks(folder: str, more: dict[str, str], open_names: list[str]) -> None:
    """Packages installed below the project are read instead, unless a requirements file keeps them from being."""
    files = {"p/pyproject.toml": ONE, f"p/{folder}/x/y.txt": "", **{f"p/{path}": text for path, text in more.items()}}

    assert reasons(files, "p/pyproject.toml") == open_(*open_names)


def test_an_environment_that_a_lock_above_hides() -> None:
    """What is installed is not read where a lock or a requirements file stands above: then nothing speaks."""
    files = {"p/pyproject.toml": ONE, "p/.venv/lib/python3.11/site-packages/b/c.py": ""}

    assert reasons({**files, "requirements.txt": "x\n"}, "p/pyproject.toml") == open_("b>1")
    assert reasons({**files, "pdm.lock": ""}, "p/pyproject.toml") == open_("b>1")
    assert reasons({**files, "requirements/x.txt": "", "requirements.md": ""}, "p/pyproject.toml") == []
    assert reasons({**files, "a/site-packages/x.py": "", "q/site-packages/x.py": ""}, "p/pyproject.toml") == []
    del files["p/.venv/lib/python3.11/site-packages/b/c.py"]
    assert reasons({**files, "q/site-packages/x.py": ""}, "p/pyproject.toml") == open_("b>1")


def test_too_much_is_told() -> None:
    """Lists beyond the limits are cut, and that is told."""
    many = "\n".join(f'g{n} = ["a{n}"]' for n in range(1_001))
    text = f"[dependency-groups]\n{many}\n"
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert len(found.components) == 1_001
    assert "more than 1,000 entries in dependency-groups: the rest was not read" in [u.reason for u in found.unknowns]


def test_groups_that_multiply_are_bounded() -> None:
    """Groups that all include each other cost no more than the limit allows."""
    lines = [f'g{n} = [{{ include-group = "g{(n + 1) % 400}" }}, "a{n}"]' for n in range(400)]
    text = "[dependency-groups]\n" + "\n".join(lines)
    started = time.process_time()
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert time.process_time() - started < 5
    assert "more than 50,000 requirements: the rest was not read" in [u.reason for u in found.unknowns]


DOCUMENT = tomli.loads(EVERYTHING) | {"tool": {**tomli.loads(EVERYTHING)["tool"], **tomli.loads(POETRY)["tool"]}}


@given(damaged(DOCUMENT))
def test_damaged_manifests(document: Any) -> None:
    """Whatever stands where, it is read or told."""
    files = {"pyproject.toml": toml(document) if isinstance(document, dict) else "", "libs/own/pyproject.toml": ""}
    survives(PYPROJECT, files, "pyproject.toml")


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(PYPROJECT, {"pyproject.toml": data}, "pyproject.toml")


@given(st.text("b[]x,>=1.;()'\"@ :/-#", max_size=20))
def test_any_requirement(text: str) -> None:
    """Whatever stands in the place of a requirement, it is read or told; what is read is as the reference has it."""
    document = {"project": {"name": "a", "dependencies": [text]}}
    found = survives(PYPROJECT, {"pyproject.toml": toml(document)}, "pyproject.toml")

    assert found is not None
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return
    assert pypi_name(parsed.name) in {*(c.name for c in found.components)} or parsed.url


def test_a_manifest_that_is_no_toml() -> None:
    """A syntax error is told with its line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PYPROJECT, {"pyproject.toml": "[project]\nname = \n"}, "pyproject.toml")

    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        ("poetry.lock", '[package.source]\ntype = "directory"\nurl = "libs/a"\n'),
        ("pdm.lock", 'path = "./libs/a"\n'),
        ("Pipfile.lock", '{"default": {"a": {"path": "./libs/a"}}}'),
        ("pylock.toml", 'directory = { path = "libs/a" }\n'),
    ],
)
def test_a_lock_above_that_installs_from_the_folder(lock: str, text: str) -> None:
    """Path dependencies of another project are locked by its lock, whichever tool wrote it."""
    place = "w/libs/a/pyproject.toml"

    assert reasons({place: ONE, f"w/{lock}": text}, place) == []
    assert reasons({place: ONE, f"w/{lock}": text.replace("libs/a", "libs/b")}, place) == open_("b>1")


def test_an_unreadable_lock_of_another_tool_above() -> None:
    """It says nothing; the resolver of the lock reports it."""

    class Sealed(MemoryTree):
        """A tree whose locks cannot be read."""

        def read(self, path: str) -> bytes:
            """Everything but locks."""
            if path.endswith(".lock"):
                raise FileUnreadableError("is larger than 1 bytes")
            return super(Sealed, self).read(path)  # noqa: UP008 - a class with slots is made twice

    found = PYPROJECT.parse(Sealed({"a/pyproject.toml": ONE, "poetry.lock": ""}), "a/pyproject.toml")

    assert [u.reason for u in found.unknowns] == open_("b>1")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("-e ./libs/a", []),
        ("./libs/a", []),
        ("-e libs/a", []),
        ("a @ file:./libs/a", []),
        ("-e ./libs/other", open_("b>1")),
    ],
)
def test_requirements_above_that_install_from_the_folder(line: str, told: list[str]) -> None:
    """What installs a project from its folder states the versions of what that asks for, too."""
    files = {"requirements.txt": f"{line}\nb==2\n", "libs/a/pyproject.toml": ONE}

    assert reasons(files, "libs/a/pyproject.toml") == told


def test_requirements_above_that_do_not_name_everything() -> None:
    """A name that they do not state is open."""
    files = {"requirements/base.txt": "-e ./libs/a\nc==2\n", "libs/a/pyproject.toml": ONE}

    assert reasons(files, "libs/a/pyproject.toml") == open_("b>1")


@pytest.mark.parametrize("broken", [b"\xff\xfe\x00", None])
def test_requirements_above_that_cannot_be_read(broken: bytes | None) -> None:
    """Their own resolver tells that; they speak for nothing."""
    links = {} if broken else {"requirements.txt": None}
    tree = MemoryTree({"requirements.txt": broken or b"", "libs/a/pyproject.toml": ONE}, links=links)

    assert [u.reason for u in PYPROJECT.parse(tree, "libs/a/pyproject.toml").unknowns] == open_("b>1")
