"""First-party projects as their manifests describe them."""

from __future__ import annotations

import pytest

from bomvet.errors import FileUnreadableError, MalformedError
from bomvet.model.inventory import Component, Contact, Kind, Licence, Location
from bomvet.resolvers.python._project import _Same, load_toml, named_projects, project_at, pyproject
from tests.harness import MemoryTree


def project(text: str, directory: str = "", *, name: str = "", version: str = "") -> Component:
    """The project of a tree that holds one manifest."""
    path = f"{directory}/pyproject.toml" if directory else "pyproject.toml"
    return project_at(MemoryTree({path: text}), directory, name=name, version=version)


def test_a_described_project() -> None:
    """Name, version, description, people and licence come from the manifest; people in its order, the rest canonical."""
    text = """
[project]
name = "My_Pkg"
version = "1.0-beta"
description = "Does\\n  things."
license = "mit OR apache-2.0"
authors = [{ name = "B", email = "b@x.example" }, { email = "a@x.example" }, {}, "C <c@x.example>"]
"""
    expected = Component(
        purl="pkg:generic/my-pkg@1.0b0?path=libs/one",
        name="my-pkg",
        version="1.0b0",
        kind=Kind.APPLICATION,
        directory="libs/one",
        description="Does things.",
        suppliers=(
            Contact(name="B", email="b@x.example"),
            Contact(email="a@x.example"),
            Contact(name="C", email="c@x.example"),
        ),
        licences=(Licence(expression="MIT OR Apache-2.0"),),
        locations=(Location(path="libs/one/pyproject.toml"),),
    )

    assert project(text, "libs/one") == expected


def test_a_folder_without_manifest() -> None:
    """Without a manifest, the folder's name stands for the project, and the tree's name at the top."""
    tree = MemoryTree({}, name="shop")

    assert [project_at(tree, d).purl for d in ("", "a/tool")] == ["pkg:generic/shop", "pkg:generic/tool?path=a/tool"]


def test_the_manifest_goes_before_the_lock() -> None:
    """A lock that was not refreshed after a release must not make a second project of the same folder."""
    found = project('[project]\nname = "new"\nversion = "2"', name="old", version="1")

    assert (found.name, found.version) == ("new", "2")


def test_a_lock_names_what_has_no_manifest() -> None:
    """Name and version of a lock count where there is no manifest."""
    found = project_at(MemoryTree({}), "x", name="locked", version="1")

    assert found.purl == "pkg:generic/locked@1?path=x"


def test_a_dynamic_version_is_open() -> None:
    """A version that is computed at build time is not guessed from an older lock."""
    assert project('[project]\nname = "a"\ndynamic = ["version"]', version="0.9").version == ""


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ('"1.2.3"', "1.2.3"),
        ('"v1.2"', "1.2"),
        ('"1.0.RC1"', "1.0rc1"),
        ('"1.0+Local.1"', "1.0+local.1"),
        ('"one"', "one"),
        (f'"{"9" * 5000}.x"', f"{'9' * 5000}.x"),
        (f'"v{"9" * 5000}"', f"v{'9' * 5000}"),
        ("1.2", ""),
        ('""', ""),
    ],
)
def test_versions_are_canonical(stated: str, expected: str) -> None:
    """Versions are written as PEP 440 normalises them; what is none stays as it is stated."""
    assert project(f'[project]\nname = "a"\nversion = {stated}').version == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ('"MIT"', (Licence(expression="MIT"),)),
        (
            '"gpl-3.0-only with classpath-exception-2.0"',
            (Licence(expression="GPL-3.0-only WITH Classpath-exception-2.0"),),
        ),
        ('"Ours alone"', (Licence(name="Ours alone"),)),
        (f'"{"(" * 500}MIT"', (Licence(name="see licence text"),)),
        (
            '"Apache License 2.0"',
            (Licence(name="Apache License 2.0"), Licence(expression="Apache-2.0", concluded=True)),
        ),
        ('{ text = "BSD,\\n see file" }', (Licence(name="BSD, see file"),)),
        ('{ file = "LICENSE" }', (Licence(name="SEE LICENSE IN LICENSE"),)),
        (
            '{ file = "LICENSE" }\nclassifiers = ["License :: OSI Approved :: MIT License", 1]',
            (Licence(name="MIT License"), Licence(expression="MIT", concluded=True)),
        ),
        ("7", ()),
        ('" "', ()),
    ],
)
def test_licences(stated: str, expected: tuple[Licence, ...]) -> None:
    """A string is an SPDX expression or free text (PEP 639), a table holds free text or a file's name."""
    assert project(f'[project]\nname = "a"\nlicense = {stated}').licences == expected


def test_maintainers_stand_in_for_authors() -> None:
    """Where no author is named, the maintainers are who supplies the project."""
    text = '[project]\nname = "a"\nauthors = [{}]\nmaintainers = [{ name = "M" }]'

    assert project(text).suppliers == (Contact(name="M"),)


def test_poetrys_own_table() -> None:
    """Projects of Poetry before PEP 621 are described in a table of their own."""
    found = project(
        '[tool.poetry]\nname = "Old.One"\nversion = "3"\nauthors = ["A B <a@x.example>", "C"]\nlicense = "MIT"'
    )

    assert (found.purl, found.suppliers, found.licences) == (
        "pkg:generic/old-one@3",
        (Contact(name="A B", email="a@x.example"), Contact(name="C")),
        (Licence(expression="MIT"),),
    )


@pytest.mark.parametrize("text", ["project = 3", "[tool]\npoetry = 3", "tool = 1", "x = [", "\xff"])
def test_a_manifest_without_project(text: str) -> None:
    """Where the manifest describes no project, or cannot be read, the folder's name is used."""
    tree = MemoryTree({"pyproject.toml": text.encode("latin-1")}, name="shop")

    assert project_at(tree, "") == Component(purl="pkg:generic/shop", name="shop", kind=Kind.APPLICATION, directory="")


def test_fields_of_the_wrong_type_are_left_out() -> None:
    """A field that is not what PEP 621 asks for says nothing."""
    found = project('[project]\nname = 1\nversion = 2\ndescription = 3\nauthors = "A"\nlicense = 4')

    assert found == Component(
        purl="pkg:generic/project",
        name="project",
        kind=Kind.APPLICATION,
        directory="",
        locations=(Location(path="pyproject.toml"),),
    )


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"a = 1\nb = = 2\n", "not TOML: ", 2),
        (b"a = 1\n\n# \xff\n", "not UTF-8", 3),
        (b"a = " + b"[" * 10_000, "nested too deeply", 0),
        (b"a = " + b"1" * 5000, "not TOML: ", 0),
        (b"\xef\xbb\xbfa = 1", "not TOML: ", 1),
    ],
)
def test_what_is_not_toml(data: bytes, message: str, line: int) -> None:
    """Whatever is no TOML is malformed, with the line where it stops being it if that is known."""
    with pytest.raises(MalformedError) as caught:
        load_toml(data)

    assert str(caught.value).startswith(message)
    assert caught.value.line == line


def test_a_link_out_of_the_tree_is_no_manifest() -> None:
    """A manifest that exists and cannot be read is left to the resolver that reports it."""

    class Locked(MemoryTree):
        """A tree that shows a file which it does not give."""

        def exists(self, path: str) -> bool:  # noqa: ARG002 - the protocol's
            """Everything is there."""
            return True

    assert pyproject(Locked({}), "") == {}


def test_projects_of_setuptools_alone() -> None:
    """Without a project in pyproject.toml, setup.cfg describes it, and setup.py what that leaves open."""
    files = {
        "pyproject.toml": "[build-system]\n",
        "setup.cfg": "[metadata]\nname = My_Pkg\nversion = attr: my_pkg.version\nlicense = MIT\n",
        "setup.py": "setup(name='other', version='1.0-beta', description='Does\\n things')\n",
    }
    expected = Component(
        purl="pkg:generic/my-pkg@1.0b0",
        name="my-pkg",
        version="1.0b0",
        kind=Kind.APPLICATION,
        directory="",
        description="Does things",
        licences=(Licence(expression="MIT"),),
        locations=(Location(path="setup.cfg"), Location(path="setup.py")),
    )

    assert project_at(MemoryTree(files), "") == expected


def test_what_setuptools_leaves_open_a_lock_says() -> None:
    """A name or version that only a build knows is as the lock states it."""
    tree = MemoryTree({"a/setup.py": "setup(name=name(), version=version())"})

    assert [project_at(tree, "a", name=name, version="2").purl for name in ("b", "")] == [
        "pkg:generic/b@2?path=a",
        "pkg:generic/a@2?path=a",
    ]


def test_files_that_are_not_for_setuptools() -> None:
    """A setup.cfg may hold settings of other tools, a setup.py anything; what cannot be read is told elsewhere."""

    class Sealed(MemoryTree):
        """A tree whose setup.py cannot be read."""

        def read(self, path: str) -> bytes:
            """Everything but that."""
            if path == "setup.py":
                raise FileUnreadableError("is larger than 1 bytes")
            return super(Sealed, self).read(path)  # noqa: UP008 - a class with slots is made twice

    files = {"setup.cfg": "[flake8]\nname = no\n", "setup.py": "setup(name='a')"}

    assert project_at(MemoryTree({**files, "setup.py": "print('setup')"}), "").name == "project"
    assert project_at(Sealed(files), "").name == "project"


def test_projects_by_name() -> None:
    """Folders by the names of their projects; of the same tree they are looked up once."""
    files = {
        "a/pyproject.toml": '[project]\nname = "X_y"\n', "b/pyproject.toml": '[project]\nname = "x-y"\n',
        "c/pyproject.toml": "[project]\nname = 3\n", "d/pyproject.toml": "x = [", "e/other.toml": "",
    }  # fmt: skip
    one, other = MemoryTree(files), MemoryTree({})

    assert named_projects(one) == {"x-y": ["a", "b"]}
    assert named_projects(one) is named_projects(one)
    assert (named_projects(other), named_projects(one)) == ({}, {"x-y": ["a", "b"]})
    assert _Same(one) != "x"
