"""Locks from the ecosystems' own resolvers, which here are scripts of the test."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from bomvet import resolution
from bomvet.model.inventory import Component, Inventory, Location, Relationship, Unknown
from bomvet.model.records import replace
from bomvet.resolution import Declared, ResolvedTree, resolved
from bomvet.sources.directory import DirectoryTree
from tests.harness import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Component(purl="pkg:generic/shop@1.0", name="shop", version="1.0", directory="")


def asked(purl: str, *properties: tuple[str, str], roles: tuple[str, ...] = (), markers: tuple[str, ...] = ()) -> Any:
    """A component and the edge that asks for it."""
    name = purl.partition("/")[2].partition("?")[0].replace("%40", "@")
    name, _, version = (name[1:] if name[0] == "@" else name).partition("@")
    name = f"@{name}" if "%40" in purl else name
    return (
        Component(purl=purl, name=name, version=version, properties=properties),
        Relationship(source=PROJECT.purl, target=purl, roles=roles, markers=markers),
    )


def manifest(path: str, *requests: Any) -> Declared:
    """A manifest that asks for something."""
    components = (PROJECT, *(component for component, _ in requests))
    return Declared(path, Inventory(components=components, relationships=tuple(edge for _, edge in requests)))


#: A lock of npm that holds nothing; to uv's reader it is none, but nobody reads it here.
LOCK = json.dumps({"packages": {"": {}}}, indent=2)


class Client:
    """Stands in for npm or uv: keeps what it is given, and writes a lock."""

    def __init__(self, lock: str, *, code: int = 0, said: str = "") -> None:
        self.lock, self.code, self.said = lock, code, said
        self.commands: list[tuple[str, ...]] = []
        self.given: list[dict[str, str]] = []

    def __call__(self, command: Sequence[str], folder: str) -> tuple[int, str]:
        """Keep the command and the files."""
        self.commands.append(tuple(command))
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                files[name] = file.read()
        self.given.append(files)
        if not self.code:
            with open(os.path.join(folder, self.lock), "w", encoding="utf-8") as file:
                file.write(LOCK)
        return self.code, self.said


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients are there."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")


def reasons(tree: ResolvedTree) -> list[str]:
    """What could not be resolved."""
    return [unknown.reason for unknown in tree.unknowns]


def test_npm() -> None:
    """Npm gets what was declared and nothing else; scripts, and sources other than registries, are off."""
    client = Client("package-lock.json")
    requests = (
        asked("pkg:npm/a", ("bomvet:requirement", "^1.0.0")),
        asked("pkg:npm/%40s/b", ("bomvet:requirement", "*"), roles=("dev",)),
        asked("pkg:npm/c@1.2.3", roles=("optional",)),
        asked("pkg:npm/d", ("bomvet:requirement", ">=2 <3 || 5.x"), roles=("peer",)),
        asked("pkg:npm/real", ("bomvet:requirement", "npm:real@^2"), ("bomvet:alias", "other")),
        asked("pkg:npm/e", ("bomvet:requirement", "file:../e")),
        asked("pkg:npm/f", ("bomvet:requirement", "git+ssh://host.example/f.git")),
        asked("pkg:npm/g?vcs_url=git%2Bhttps://host.example/g.git"),
    )
    tree = resolved(MemoryTree({"web/package.json": "{}"}), [manifest("web/package.json", *requests)], client)

    assert client.given == [{"package.json": client.given[0]["package.json"]}]
    assert json.loads(client.given[0]["package.json"]) == {
        "name": "project",
        "version": "1.0",
        "private": True,
        "dependencies": {"a": "^1.0.0", "other": "npm:real@^2"},
        "devDependencies": {"@s/b": "*"},
        "optionalDependencies": {"c": "1.2.3"},
        "peerDependencies": {"d": ">=2 <3 || 5.x"},
    }
    (command,) = client.commands
    assert command[:4] == ("/usr/bin/npm", "install", "--package-lock-only", "--ignore-scripts")
    assert {"--allow-git=none", "--allow-file=none", "--allow-directory=none", "--allow-remote=none"} <= {*command}
    assert tree.paths() == ["web/package-lock.json", "web/package.json"]
    assert json.loads(tree.read("web/package-lock.json"))["packages"].keys() == {"", "node_modules/g"}
    assert reasons(tree) == [f"{name} is not put to npm, since it is from no registry" for name in "efg"]
    assert {unknown.location for unknown in tree.unknowns} == {Location(path="web/package.json")}


def test_what_is_of_another_ecosystem_is_not_asked_for() -> None:
    """Packages of conda are none of uv's, and its environments no project of npm or uv."""
    client = Client("uv.lock")
    requests = (asked("pkg:conda/numpy"), asked("pkg:pypi/a"))
    resolved(MemoryTree({}), [manifest(path, *requests) for path in ("environment.yml", "setup.py")], client)

    assert [tomllib.loads(files["pyproject.toml"])["project"]["dependencies"] for files in client.given] == [["a"]]


def test_what_npm_is_not_asked_for_stays() -> None:
    """Folders and repositories that the project asks for stand in the lock as npm would enter them."""
    lib = Component(purl="pkg:generic/lib@2?path=web/lib", name="lib", version="2", directory="web/lib")
    above = Component(purl="pkg:generic/core@1?path=core", name="core", version="1", directory="core")
    git = asked(
        "pkg:npm/g?vcs_url=git%2Bhttps://host.example/g.git",
        ("bomvet:requirement", "git+https://host.example/g.git#v1"),
    )
    archive = asked("pkg:npm/h@3?download_url=https://host.example/h.tgz", roles=("dev",))
    edges = tuple(Relationship(source=PROJECT.purl, target=own.purl) for own in (lib, above))
    declared = manifest("web/package.json", git, archive, ((lib), edges[0]), ((above), edges[1]))
    lock = {"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1"}}, "node_modules/a": {"version": "1"}}}

    def client(_: Sequence[str], folder: str) -> tuple[int, str]:
        with open(os.path.join(folder, "package-lock.json"), "w", encoding="utf-8") as file:
            json.dump(lock, file)
        return 0, ""

    tree = resolved(MemoryTree({"web/package.json": ""}), [declared], client)

    assert json.loads(tree.read("web/package-lock.json"))["packages"] == {
        "": {
            "dependencies": {"a": "^1", "g": "git+https://host.example/g.git#v1", "lib": "lib", "core": "../core"},
            "devDependencies": {"h": "https://host.example/h.tgz"},
        },
        "node_modules/a": {"version": "1"},
        "node_modules/g": {"resolved": "git+https://host.example/g.git#v1"},
        "node_modules/h": {"resolved": "https://host.example/h.tgz", "version": "3"},
        "lib": {"name": "lib", "version": "2"},
        "node_modules/lib": {"resolved": "lib", "link": True},
        "../core": {"name": "core", "version": "1"},
        "node_modules/core": {"resolved": "../core", "link": True},
    }


def test_uv() -> None:
    """Uv gets a project of requirements alone, and builds nothing."""
    client = Client("uv.lock")
    project = replace(PROJECT, properties=(("bomvet:requires-python", ">=3.10"),))
    requests = (
        asked("pkg:pypi/a", ("bomvet:requirement", ">=1,<2"), ("bomvet:extra", "x"), ("bomvet:extra", "y")),
        asked("pkg:pypi/b", markers=("python_version < '3.9'", "os_name == 'nt'")),
        asked("pkg:pypi/c@1.0", roles=("extra:fast", "group:test")),
        asked("pkg:pypi/d", ("bomvet:requirement", "^1.0")),
        asked("pkg:pypi/e", roles=("dev",)),
    )
    declared = manifest("pyproject.toml", *requests)
    declared = declared._replace(
        inventory=replace(declared.inventory, components=(project, *declared.inventory.components[1:]))
    )
    tree = resolved(MemoryTree({"pyproject.toml": ""}), [declared], client)

    assert client.given == [{"pyproject.toml": client.given[0]["pyproject.toml"]}]
    assert tomllib.loads(client.given[0]["pyproject.toml"]) == {
        "project": {
            "name": "shop",
            "version": "0",
            "requires-python": ">=3.10",
            "dependencies": ["a[x,y]<2,>=1", 'b; python_version < "3.9" or os_name == "nt"'],
            "optional-dependencies": {"fast": ["c==1.0"]},
        },
        "dependency-groups": {"dev": ["e"], "test": ["c==1.0"]},
        "tool": {"uv": {"package": False, "workspace": {"members": []}}},
    }
    assert client.commands == [("/usr/bin/uv", "lock", "--no-build", "--no-python-downloads", "--no-progress")]
    assert (tree.paths(), tree.resolved) == (["pyproject.toml", "uv.lock"], ("uv.lock",))
    assert reasons(tree) == ["d is not put to uv, which does not know such a constraint"]


def test_requirements_files() -> None:
    """What files of one folder ask for without a version is compiled by uv, without settings of folders above."""
    client = Client("requirements.txt")
    manifests = [
        manifest("requirements.txt", asked("pkg:pypi/a", markers=("python_version < '3.9'",))),
        manifest("requirements-dev.txt", asked("pkg:pypi/b", ("bomvet:requirement", ">=1"))),
    ]
    tree = resolved(MemoryTree({}), manifests, client)

    assert client.given == [{"declared.in": 'a; python_version < "3.9"\nb>=1\n', "uv.toml": ""}]
    (command,) = client.commands
    assert command[:4] == ("/usr/bin/uv", "pip", "compile", "--no-build")
    assert command[command.index("--python") + 1] == sys.executable
    assert tree.paths() == ["requirements.resolved.txt"]


@pytest.mark.parametrize(
    ("constraint", "marker"),
    [
        ("@ https://host.example/a.whl", ""),
        ("@ file:///etc/passwd", ""),
        (r"; os_name == '\n--index-url https://host.example/'", ""),
        (r"; os_name == '\r-r /etc/passwd'", ""),
        ("", "os_name == '\u2028-e .'"),
    ],
)
@pytest.mark.parametrize("path", ["Pipfile", "requirements.txt"])
def test_nothing_but_requirements_of_a_registry_reaches_uv(path: str, constraint: str, marker: str) -> None:
    """Neither a URL that stands where versions should, nor an option behind the end of a line that a marker spells."""
    client = Client("requirements.txt" if path.endswith("txt") else "uv.lock")
    properties = (("bomvet:requirement", constraint),) if constraint else ()
    request = asked("pkg:pypi/a", *properties, markers=(marker,) if marker else ())
    tree = resolved(MemoryTree({}), [manifest(path, request)], client)

    assert [text for files in client.given for text in files.values() if "pypi/a" in text or "host" in text] == []
    assert "dependencies" not in "".join(client.given[0].values())
    assert reasons(tree) == ["a is not put to uv, since it is from no registry"]


def test_no_client_works_below_the_scanned_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients, and what chooses the version of a client, take settings from the folders above the one they work in."""
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    client = Client("package-lock.json")
    tree = resolved(DirectoryTree(str(tmp_path)), [manifest("package.json")], client)

    assert client.commands == []
    assert reasons(tree) == ["the folder for temporary files (TMPDIR) lies in the scanned tree"]


def test_a_project_is_resolved_once() -> None:
    """Several manifests in one folder are one; what no client can resolve is left alone."""
    client = Client("package-lock.json")
    paths = ["package.json", "a/package.json", "package.json", "environment.yml", "x.py"]
    tree = resolved(MemoryTree({}), [manifest(path) for path in paths], client)

    assert tree.paths() == ["a/package-lock.json", "package-lock.json"]
    assert len(client.commands) == 2


def test_no_solution() -> None:
    """What a client says at the end is the reason, without secrets, and there is no lock."""
    client = Client(
        "", code=1, said="much\nnpm error 404 https://me:hunter2@npm.packages.example/a\n\nA complete log of this\n"
    )
    tree = resolved(MemoryTree({"package.json": ""}), [manifest("package.json")], client)
    silent = resolved(MemoryTree({"package.json": ""}), [manifest("package.json")], Client("", code=1))

    assert tree.paths() == ["package.json"]
    assert reasons(tree) == ["npm found no solution: npm error 404 https://npm.packages.example/a"]
    assert reasons(silent) == ["npm found no solution: it says nothing"]


@pytest.mark.parametrize("place", [None, "bin/npm"])
def test_a_client_that_is_not_there(place: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not installed, or only in a folder that may be the project's, is not run."""
    monkeypatch.setattr(shutil, "which", lambda _: place)
    client = Client("")
    tree = resolved(MemoryTree({}), [manifest("package.json")], client)

    assert (client.commands, reasons(tree)) == ([], ["npm, which --resolve asks, is not installed"])


def test_projects_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing is asked, which is told."""
    monkeypatch.setattr(resolution, "MAX_PROJECTS", 1)
    tree = resolved(MemoryTree({}), [manifest(f"{name}/package.json") for name in "ab"], Client("package-lock.json"))

    assert tree.paths() == ["a/package-lock.json"]
    assert tree.unknowns == (
        Unknown(
            location=Location(path="b/package.json"),
            resolver="resolve",
            reason="more than 1 projects: the rest is not resolved",
        ),
    )


def test_the_rest_of_the_tree() -> None:
    """All else is the tree's own."""
    unknown = Unknown(location=Location(path="x"), resolver="source/dir", reason="odd")
    inner = MemoryTree({"a": "1", "node_modules/b/c": ""}, unknowns=(unknown,))
    tree = ResolvedTree(inner, {"b": b"2"}, [])

    assert (tree.name, tree.unknowns, tree.skipped) == ("project", (unknown,), ())
    assert (tree.paths(), tree.read("a"), tree.read("b")) == (["a", "b"], b"1", b"2")
    assert [tree.exists(path) for path in ("a", "b", "c")] == [True, True, False]
    assert (tree.modified("a"), tree.modified("b")) == (inner.time, 0)
    assert (tree.starts("a", 9), tree.starts("b", 9), tree.starts("b", 0)) == (b"1", b"2", b"")
    assert (tree.folders(), tree.real("a"), [e.name for e in tree.entries("node_modules")]) == (
        ["node_modules"],
        "a",
        ["b"],
    )


def test_a_real_process(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of what a program says is kept, whatever its length; one that takes too long is ended."""
    code, said = resolution._run((sys.executable, "-c", "print('x' * 100_000); print('end'); exit(3)"), str(tmp_path))
    assert (code, said.splitlines()[-1], len(said)) == (3, "end", resolution.MAX_OUTPUT)

    monkeypatch.setattr(resolution, "TIMEOUT", 0.1)
    slow = resolution._run((sys.executable, "-c", "import time; time.sleep(60)"), str(tmp_path))
    assert slow == (1, "no answer within 0.1 seconds")
    code, said = resolution._run((str(tmp_path / "absent"),), str(tmp_path))
    assert code == 1
    assert "No such file" in said
