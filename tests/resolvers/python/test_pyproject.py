"""Manifests: the project itself, and dependencies that nothing locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.resolvers.python.pyproject import PYPROJECT
from tests.harness import MemoryTree, run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = '[project]\nname = "a"\ndependencies = ["b>1"]\n'
TWO = '[project]\nname = "a"\ndependencies = ["b>1"]\noptional-dependencies = { x = ["c", "a[y]"], y = ["d"] }\n'


def reasons(files: Mapping[str, bytes | str], path: str = "pyproject.toml") -> list[str]:
    """What is not known of the manifest at `path`."""
    return [u.reason for u in run_resolver(PYPROJECT, files, path).unknowns]


def open_(count: int, names: str) -> list[str]:
    """The reason for `count` open dependencies."""
    return [f"{count} declared dependencies are not locked ({names}): their versions are open"]


def test_unlocked_dependencies_are_unknown() -> None:
    """The project is a component; that its dependencies are open is an unknown of the manifest."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": ONE}, "pyproject.toml")

    assert [c.purl for c in found.components] == ["pkg:generic/a"]
    assert found.relationships == ()
    assert found.unknowns == (
        Unknown(location=Location(path="pyproject.toml"), resolver="python/pyproject", reason=open_(1, "b>1")[0]),
    )


def test_extras_are_declared_too() -> None:
    """Extras count as dependencies, and what an extra asks of the project itself does not."""
    assert reasons({"pyproject.toml": TWO}) == open_(3, "b>1, c, d")


def test_many_names_are_cut() -> None:
    """Of many open dependencies five are named."""
    text = '[project]\nname = "a"\ndependencies = ["p1", "p2", "p3", "p4", "p5", "p6"]'

    assert reasons({"pyproject.toml": text}) == open_(6, "p1, p2, p3, p4, p5, ...")


def test_credentials_are_not_shown() -> None:
    """A dependency by URL is named without the user and password in it."""
    text = '[project]\nname = "a"\ndependencies = ["b @ https://me:secret@git.packages.example/b.zip"]'

    assert reasons({"pyproject.toml": text}) == open_(1, "b @ https://git.packages.example/b.zip")


def test_poetry_dependencies() -> None:
    """Poetry's table names dependencies as keys, and the interpreter among them is none."""
    text = '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "^3.11"\nB_b = "^1"\n'
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert ([c.name for c in found.components], [u.reason for u in found.unknowns]) == (["a"], open_(1, "B_b"))


@pytest.mark.parametrize(
    "lock", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml"]
)
def test_a_lock_beside_locks(lock: str) -> None:
    """Any lock file beside the manifest states the versions: its own resolver says whether it is read."""
    assert reasons({"x/pyproject.toml": TWO, f"x/{lock}": "[[package]]"}, "x/pyproject.toml") == []


def test_a_lock_that_holds_nothing_locks_nothing() -> None:
    """A `uv.lock` of a version line alone would hide what the manifest asks for."""
    assert len(reasons({"pyproject.toml": TWO, "uv.lock": "version = 1\n"}, "pyproject.toml")) == 1


METADATA = '[[package]]\nname = "C"\n[package.metadata]\nrequires-dist = [{ name = "b", marker = "x" }]\n'


@pytest.mark.parametrize("path", ["pyproject.toml", "p/a/pyproject.toml"])
def test_a_lock_older_than_the_manifest(path: str) -> None:
    """What the manifest declares and uv.lock does not name anywhere was added after the lock was written."""
    assert reasons({path: TWO, "uv.lock": METADATA + 'source = { editable = "p/a" }'}, path) == open_(1, "d")


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

    assert reasons(files) == open_(1, "b>1")
    assert reasons({**files, "requirements.txt": "-c requirements-constraints.txt\nc==1"}) == open_(1, "b>1")
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

    assert [u.reason for u in PYPROJECT.parse(tree, path).unknowns] == open_(1, "b>1")


@pytest.mark.parametrize("lock", ["uv.lock", "y/uv.lock", "x/y/uv.lock"])
def test_a_lock_elsewhere_does_not(lock: str) -> None:
    """A lock of another folder that does not name this one says nothing of it."""
    assert reasons({"x/pyproject.toml": ONE, lock: 'name = "x"'}, "x/pyproject.toml") == open_(1, "b>1")


@pytest.mark.parametrize("key", ["editable", "virtual", "directory"])
def test_a_member_of_a_workspace(key: str) -> None:
    """The lock of a uv workspace above counts for the members that it names."""
    files = {"w/p/a/pyproject.toml": ONE, "w/uv.lock": f'[[package]]\nsource = {{ {key} = "p/a" }}'}

    assert reasons(files, "w/p/a/pyproject.toml") == []


def test_a_package_called_like_the_folder_is_no_member() -> None:
    """That a lock holds a package with the folder's name does not make the folder a member."""
    files = {"a/pyproject.toml": ONE, "uv.lock": '[[package]]\nname = "a"\n'}

    assert reasons(files, "a/pyproject.toml") == open_(1, "b>1")


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

    assert ([c.name for c in found.components], [u.reason for u in found.unknowns]) == (["a"], open_(1, "b>1"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "B==1\nc==2\nd==3\n"}, []),
        ({"requirements/base.txt": "b==1\n", "requirements/x.txt": "c==1\nd @ https://packages.example/d.zip\n"}, []),
        ({"requirements-dev.txt": "pytest==8\n"}, open_(3, "b>1, c, d")),
        ({"requirements.txt": "b\n"}, open_(2, "c, d")),
        ({"requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": "b==1\n"}, open_(2, "c, d")),
        ({"requirements.txt": "-r deploy/all.txt\n"}, []),
        ({"requirements.txt": "# coding: no-such\n"}, []),
        ({"other/requirements.txt": "b==1\nc==1\nd==1\n"}, open_(3, "b>1, c, d")),
        ({"notes.txt": "b==1\nc==1\nd==1\n"}, open_(3, "b>1, c, d")),
        ({"requirements.in": "b==1\nc==1\nd==1\n"}, open_(3, "b>1, c, d")),
    ],
)
def test_requirements_files_lock_what_they_name(files: dict[str, str], expected: list[str]) -> None:
    """Requirements files of the project lock the names in them; includes from elsewhere leave that to their resolver."""
    assert reasons({"pyproject.toml": TWO, **files}) == expected


def test_a_folder_called_like_requirements_is_none() -> None:
    """That the project's own folder has "requirements" in its name makes no requirements file of any text in it."""
    files = {"requirements-tool/pyproject.toml": ONE, "requirements-tool/notes.txt": "b==1"}

    assert reasons(files, "requirements-tool/pyproject.toml") == open_(1, "b>1")


def test_settings_of_tools_are_no_project() -> None:
    """A manifest that holds only settings of tools describes nothing."""
    assert run_resolver(PYPROJECT, {"pyproject.toml": "[tool.ruff]\nx = 1"}, "pyproject.toml") == Inventory()


@pytest.mark.parametrize(
    "text",
    ["[project]\ndependencies = 3", "[project]\ndependencies = [3]", "[project]\noptional-dependencies = 3",
     "[project]\noptional-dependencies = { x = 3 }", "[project]\nversion = 1\n[tool.poetry]\ndependencies = 3"],
)  # fmt: skip
def test_lists_of_the_wrong_type(text: str) -> None:
    """Lists that are none declare nothing, and the project is still one."""
    found = run_resolver(PYPROJECT, {"pyproject.toml": text}, "pyproject.toml")

    assert ([c.name for c in found.components], found.unknowns) == (["project"], ())


def test_an_unnamed_dependency_is_counted() -> None:
    """A text that names no project is shown as it stands."""
    assert reasons({"pyproject.toml": '[project]\ndependencies = ["?!"]'}) == open_(1, "?!")


def test_a_manifest_that_is_no_toml() -> None:
    """A syntax error is told with its line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PYPROJECT, {"pyproject.toml": "[project]\nname = \n"}, "pyproject.toml")

    assert caught.value.line == 2
