"""Installed environments: what is a distribution of them, where it comes from, and what asks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    RelationKind,
    Scope,
)
from bomvet.pipeline import inspect
from bomvet.resolvers.python.site_packages import SITE_PACKAGES
from tests.harness import MemoryTree, component
from tests.wheels import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = "lib/python3.11/site-packages"
MARK = {"pyvenv.cfg": "home = /usr/bin\nimplementation = CPython\nversion = 3.11.7\n"}
DIGEST = "ab" * 32


def dist(name: str, *headers: str, version: str = "1", folder: str = PACKAGES, **files: str) -> dict[str, str]:
    """An installed distribution: its METADATA, and other files of its folder (`_` for `.`)."""
    place = f"{folder}/{name}-{version}.dist-info"
    named = {f"{place}/{file.replace('_json', '.json')}": text for file, text in files.items()}
    return {f"{place}/METADATA": metadata(name, version, *headers), **named}


def origin(url: str, **info: Any) -> str:
    """A direct_url.json."""
    return json.dumps({"url": url, **info})


def read(*parts: Mapping[str, str | bytes], folder: str = PACKAGES, **tree: Any) -> Inventory:
    """What is found in the folder of packages, in canonical form."""
    files = {path: text for part in parts for path, text in part.items()}
    return Inventory.merge([SITE_PACKAGES.parse(MemoryTree(files, **tree), folder)])


def needs(inventory: Inventory, *, kind: RelationKind = RelationKind.DEPENDS_ON) -> dict[str, list[str]]:
    """Names by the name of what asks for them or, with another kind, has them."""
    names = {c.purl: c.name for c in inventory.components}
    found: dict[str, list[str]] = {}
    for edge in inventory.relationships:
        if edge.kind is kind:
            found.setdefault(names[edge.source], []).append(names[edge.target])
    return found


def reasons(inventory: Inventory) -> list[tuple[str, int, str]]:
    """File, line and reason of every unknown."""
    return [(u.location.path.rpartition("site-packages/")[2], u.location.line, u.reason) for u in inventory.unknowns]


# -- distributions ---------------------------------------------------------------------------------------------


def test_a_distribution() -> None:
    """Name, version, licence, author, installer, and where it stands; a digest of RECORD is no hash of the package."""
    found = read(
        MARK,
        dist(
            "Some_Thing", "Summary: It is", "Author-email: A <a@packages.example>", "License-Expression: MIT",
            "Requires-Python: >=3.8", INSTALLER="pip\n", RECORD="a.py,,\n", REQUESTED="",
        ),
    )  # fmt: skip

    assert component(found, "some-thing") == Component(
        purl="pkg:pypi/some-thing@1",
        name="some-thing",
        version="1",
        dependencies=Completeness.COMPLETE,
        description="It is",
        suppliers=(Contact(name="A", email="a@packages.example"),),
        licences=(Licence(expression="MIT"),),
        locations=(Location(path=f"{PACKAGES}/Some_Thing-1.dist-info/METADATA", line=2),),
        properties=(
            ("bomvet:installer", "pip"),
            ("bomvet:record-sha256", "a447d633cb1219401597a694d7737b9ef36cb725069ac422d82b89cfc1a6c2e7"),
            ("bomvet:requires-python", ">=3.8"),
        ),
    )


def test_the_environment() -> None:
    """The environment is a part of the tree; it contains what nothing in it asks for, and one of each cycle."""
    found = read(
        {f".venv/{path}": text for path, text in MARK.items()},
        dist("a", "Requires-Dist: b", folder=f".venv/{PACKAGES}"),
        dist("b", folder=f".venv/{PACKAGES}"),
        dist("c", "Requires-Dist: d", folder=f".venv/{PACKAGES}"),
        dist("d", "Requires-Dist: c", folder=f".venv/{PACKAGES}"),
        folder=f".venv/{PACKAGES}",
    )

    assert component(found, ".venv") == Component(
        purl="pkg:generic/.venv?path=.venv",
        name=".venv",
        kind=Kind.APPLICATION,
        directory=".venv",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path=".venv/pyvenv.cfg"),),
        properties=(("bomvet:environment", "cpython 3.11.7"),),
    )
    assert needs(found, kind=RelationKind.CONTAINS) == {".venv": ["a", "c"]}
    assert needs(found) == {"a": ["b"], "c": ["d"], "d": ["c"]}
    assert found.unknowns == ()


def test_an_environment_as_the_whole() -> None:
    """An environment that is scanned itself is the root, and reaches all that is in it."""
    tree = MemoryTree({**MARK, **dist("a", "Requires-Dist: b"), **dist("b")}, name="env")
    found = inspect(tree, resolvers=[SITE_PACKAGES]).inventory
    assert found.root is not None

    assert (found.root.name, found.root.directory) == ("env", "")
    assert [(r.source == found.root.purl, r.target) for r in found.relationships] == [
        (True, "pkg:pypi/a@1"),
        (False, "pkg:pypi/b@1"),
    ]


def test_a_folder_of_packages_as_the_whole() -> None:
    """A folder of packages that is scanned itself is the root; its name is all that is known of it."""
    found = read({f"{n}-1.dist-info/METADATA": metadata(n, "1") for n in "ab"}, folder="", name="site-packages")

    assert component(found, "site-packages").properties == (("bomvet:environment", "cpython"),)
    assert needs(found, kind=RelationKind.CONTAINS) == {"site-packages": ["a", "b"]}


@pytest.mark.parametrize(
    ("files", "folder", "directory", "environment"),
    [
        ({"e/conda-meta/history": ""}, "e/lib/python3.12/site-packages", "e", "cpython 3.12"),
        ({}, "usr/lib/python3/dist-packages", "usr/lib/python3/dist-packages", "cpython"),
        ({}, "usr/lib/python3.9/site-packages", "usr/lib/python3.9/site-packages", "cpython 3.9"),
        (
            {"usr/lib/python3/dist-packages/_a.cpython-311-x86_64-linux-gnu.so": ""},
            "usr/lib/python3/dist-packages",
            "usr/lib/python3/dist-packages",
            "cpython 3.11, linux x86_64",
        ),
        ({"e/pyvenv.cfg": "version_info = 3.10.4.final.0", "e/lib64/x": ""}, "e/lib/python3.10/site-packages", "e", "cpython 3.10.4, linux"),
        ({"e/pyvenv.cfg": "implementation = PyPy"}, "e/lib/pypy3.10/site-packages", "e", "pypy 3.10"),
        ({"e/pyvenv.cfg": "version = 3.13.0"}, "e/Lib/site-packages", "e", "cpython 3.13.0, win32"),
        ({}, "e/Lib/site-packages", "e/Lib/site-packages", "cpython, win32"),
    ],
)  # fmt: skip
def test_what_an_environment_is(files: Mapping[str, str], folder: str, directory: str, environment: str) -> None:
    """Path, pyvenv.cfg, extension modules and links tell what the markers are evaluated for."""
    found = read(files, dist("a", folder=folder), folder=folder)

    (own,) = [c for c in found.components if c.first_party]
    assert (own.directory, own.properties) == (directory, (("bomvet:environment", environment),))


def test_the_platform_of_wheels() -> None:
    """Where no extension module tells the platform, the first wheel does that is not for any."""
    found = read(MARK, dist("a", WHEEL="Tag: py3-none-any\n"), dist("b", WHEEL="Tag: cp311-cp311-macosx_11_0_arm64\n"))

    (own,) = [c for c in found.components if c.first_party]
    assert own.properties == (("bomvet:environment", "cpython 3.11.7, darwin arm64"),)


def test_what_is_carried_along_is_not_installed() -> None:
    """Copies within a package are none of the environment's distributions."""
    found = read(dist("setuptools"), dist("wheel", folder=f"{PACKAGES}/setuptools/_vendor"), {f"{PACKAGES}/x.py": ""})

    assert [c.name for c in found.components if not c.first_party] == ["setuptools"]
    assert found.unknowns == ()


def test_what_is_broken_is_told() -> None:
    """Folders without metadata, metadata without a name or version, leftovers, and lines that are not understood."""
    found = read(
        {
            f"{PACKAGES}/none-1.dist-info/INSTALLER": "pip",
            f"{PACKAGES}/nameless-1.dist-info/METADATA": "Version: 1\n",
            f"{PACKAGES}/open-1.dist-info/METADATA": "Name: open\n",
            f"{PACKAGES}/empty-1.dist-info/METADATA": "",
            f"{PACKAGES}/~ip-1.dist-info/METADATA": metadata("pip", "1"),
            f"{PACKAGES}/bare-1.egg-info/top_level.txt": "",
            f"{PACKAGES}/zipped-1-py3.9.egg": b"PK",
        },
        dist("bad", "Requires-Dist: ???", "no header"),
        dist("mark", "Requires-Dist: bad; nonsense", "Requires-Dist: bad; nonsense too"),
    )
    place = "bad-1.dist-info/METADATA"

    assert reasons(found) == [
        (place, 4, "a requirement is not understood"),
        (place, 5, "a line that is no header ends them"),
        ("bare-1.egg-info", 0, "a distribution without PKG-INFO: what it is cannot be told"),
        ("empty-1.dist-info/METADATA", 0, "the metadata of a distribution state no name: what it is cannot be told"),
        ("mark-1.dist-info/METADATA", 4, "a marker is not understood"),
        ("nameless-1.dist-info/METADATA", 0, "the metadata of a distribution state no name: what it is cannot be told"),
        ("none-1.dist-info", 0, "a distribution without METADATA: what it is cannot be told"),
        ("open-1.dist-info/METADATA", 0, "the metadata of a distribution state no version: what it is cannot be told"),
        ("zipped-1-py3.9.egg", 0, "a zipped egg, which is not read"),
        ("~ip-1.dist-info", 0, "what an interrupted installation left behind"),
    ]
    assert [(c.name, c.dependencies) for c in found.components if not c.first_party] == [
        ("bad", Completeness.INCOMPLETE),
        ("mark", Completeness.INCOMPLETE),
    ]


def test_files_that_cannot_be_read_are_told() -> None:
    """Links that lead out of the tree, and folders where files belong."""
    inside = f"{PACKAGES}/a-1.dist-info"
    found = read(
        dist("a"),
        {f"{PACKAGES}/e-1.egg-info/PKG-INFO/x": "", f"{PACKAGES}/b-1.dist-info/METADATA/x": ""},
        links={
            f"{inside}/direct_url.json": None,
            f"{inside}/INSTALLER": None,
            f"{inside}/sboms": None,
            f"{PACKAGES}/out-1.dist-info": None,
            f"{PACKAGES}/out-1.egg-link": None,
            f"{PACKAGES}/out-1.egg-info": None,
        },
    )

    outside = "leads out of the scanned tree, which no link may do"
    assert reasons(found) == [
        ("a-1.dist-info/INSTALLER", 0, outside),
        ("a-1.dist-info/direct_url.json", 0, outside),
        ("a-1.dist-info/sboms", 0, outside),
        ("b-1.dist-info/METADATA", 0, "is no regular file"),
        ("e-1.egg-info/PKG-INFO", 0, "is no regular file"),
        ("out-1.dist-info", 0, outside),
        ("out-1.egg-info", 0, outside),
        ("out-1.egg-link", 0, outside),
    ]
    with pytest.raises(FileUnreadableError):
        read({}, folder="absent")


def test_a_linked_distribution() -> None:
    """A link to a folder within the tree is what it leads to."""
    found = read(
        {"store/a/METADATA": metadata("a", "1"), f"{PACKAGES}/b.py": ""}, links={f"{PACKAGES}/a-1.dist-info": "store/a"}
    )

    assert component(found, "a").purl == "pkg:pypi/a@1"


# -- eggs ------------------------------------------------------------------------------------------------------


def test_eggs() -> None:
    """Older forms: a folder with requires.txt, an unpacked egg, and the one file of distutils, which asks nothing."""
    found = read(
        MARK,
        {
            f"{PACKAGES}/a.egg-info/PKG-INFO": metadata("a", "1"),
            f"{PACKAGES}/a.egg-info/requires.txt": "b\n???\n\n[x]\nc\n",
            f"{PACKAGES}/b-2-py3.11.egg/EGG-INFO/PKG-INFO": metadata("b", "2"),
            f"{PACKAGES}/c-3.egg-info": metadata("c", "3"),
            f"{PACKAGES}/d.egg-info/PKG-INFO": metadata("d", "4", "Requires-Dist: a[x]"),
        },
    )

    assert [(c.label, c.dependencies) for c in found.components if not c.first_party] == [
        ("a@1", Completeness.COMPLETE),
        ("b@2", Completeness.COMPLETE),
        ("c@3", Completeness.UNKNOWN),
        ("d@4", Completeness.COMPLETE),
    ]
    assert needs(found) == {"a": ["b", "c"], "d": ["a"]}
    evidence = {r.evidence for r in found.relationships if r.source == "pkg:pypi/a@1"}
    assert {place for places in evidence for place in places} == {
        Location(path=f"{PACKAGES}/a.egg-info/requires.txt", line=line) for line in (1, 5)
    }
    assert reasons(found) == [("a.egg-info/requires.txt", 2, "a requirement is not understood")]


# -- origins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "purl", "distributions", "problem"),
    [
        (
            origin("https://u:p@git.packages.example/r", vcs_info={"vcs": "git", "commit_id": "abc"}, subdirectory="s"),
            "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/r%40abc%23s",
            (),
            "",
        ),
        (
            origin("https://git.packages.example/r", vcs_info={"vcs": 1}),
            "pkg:pypi/a@1?vcs_url=https://git.packages.example/r",
            (),
            "direct_url.json states no commit",
        ),
        (
            origin("https://files.packages.example/a.whl", archive_info={"hash": f"sha256={DIGEST}"}),
            "pkg:pypi/a@1?download_url=https://files.packages.example/a.whl",
            (Distribution(url="https://files.packages.example/a.whl", hashes=(Hash(algorithm="sha256", value=DIGEST),)),),
            "",
        ),
        (
            origin("file:///somewhere/a%20b.whl", archive_info={"hashes": {"sha256": DIGEST, "md5": "0"}}),
            "pkg:pypi/a@1?file_name=a%20b.whl",
            (Distribution(url="a%20b.whl", hashes=(Hash(algorithm="sha256", value=DIGEST),)),),
            "a hash in direct_url.json cannot be used: a md5 hash has 32 hexadecimal digits, which this has not",
        ),
        ("{", "pkg:pypi/a@1", (), "direct_url.json is not understood: not JSON: unexpected end of data"),
        ("{}", "pkg:pypi/a@1", (), "direct_url.json does not say what was installed"),
        (origin("x", dir_info={}, vcs_info={}), "pkg:pypi/a@1", (), "direct_url.json does not say what was installed"),
        (origin("x", dir_info={}), "pkg:pypi/a@1", (), "direct_url.json does not say which folder was installed"),
    ],
)  # fmt: skip
def test_origins(text: str, purl: str, distributions: tuple[Distribution, ...], problem: str) -> None:
    """What was not installed from an index says so; where an archive of a machine was is nobody's affair."""
    found = read(dist("a", direct_url_json=text))

    assert (component(found, "a").purl, component(found, "a").distributions) == (purl, distributions)
    assert [u.reason for u in found.unknowns] == ([problem] if problem else [])


PROJECT = '[project]\nname = "{}"\nversion = "3"\nlicense = "ISC"\n'


def editable(path: str, *, is_editable: bool = True) -> str:
    """The direct_url.json of a folder."""
    return origin(f"file://{path}", dir_info={"editable": True} if is_editable else {})


def test_projects_of_the_tree() -> None:
    """What was installed from a folder of the tree is that project, wherever the tree was at the time."""
    found = read(
        {"packages/a/pyproject.toml": PROJECT.format("A"), "b/setup.py": "", f"{PACKAGES}/_a.pth": "/build/tree/packages/a/src\n"},
        dist("a", "Requires-Dist: c", "License: MIT", direct_url_json=editable("/build/tree/packages/a"), INSTALLER="uv"),
        dist("b", "Requires-Dist: a", direct_url_json=editable("/build/tree/b", is_editable=False)),
        dist("c"),
    )  # fmt: skip

    a = component(found, "a")
    assert (a.purl, a.directory, a.licences) == (
        "pkg:generic/a@3?path=packages/a",
        "packages/a",
        (Licence(expression="ISC"),),
    )
    assert a.locations == (
        Location(path=f"{PACKAGES}/a-1.dist-info/METADATA", line=2),
        Location(path="packages/a/pyproject.toml"),
    )
    assert component(found, "b").purl == "pkg:generic/b@1?path=b"
    assert needs(found) == {"a": ["c"], "b": ["a"]}
    assert needs(found, kind=RelationKind.CONTAINS) == {}
    assert found.unknowns == ()


@pytest.mark.parametrize("path", ["/build/project", "/other"])
def test_the_project_at_the_top(path: str) -> None:
    """The project at the top is found by its name, or by that of its folder."""
    files = {"pyproject.toml": PROJECT.format("a") if path == "/other" else "", "setup.py": ""}
    found = read(files, dist("a", direct_url_json=editable(path)))

    assert [(c.purl, c.directory) for c in found.components if c.name == "a"] == [
        ("pkg:generic/a@3" if path == "/other" else "pkg:generic/a@1", "")
    ]


@pytest.mark.parametrize(
    ("path", "how"),
    [("/build/elsewhere", "an editable install"), ("/build/../b", "an editable install"), ("/x" * 70, "installed")],
)
def test_projects_outside_of_the_tree(path: str, how: str) -> None:
    """They are present and told of, and never of a registry."""
    found = read(
        {"b/pyproject.toml": PROJECT.format("other")},
        dist("b", direct_url_json=editable(path, is_editable=how.startswith("an"))),
    )

    assert (component(found, "b").purl, component(found, "b").directory) == ("pkg:generic/b@1", None)
    assert [u.reason for u in found.unknowns] == [f"b is {how} from a folder outside of the scanned tree"]


def test_links_of_setup_py_develop() -> None:
    """`*.egg-link` leads to the project's folder; its sources may be in a folder of it."""
    found = read(
        {
            "b/pyproject.toml": PROJECT.format("b"),
            f"{PACKAGES}/b.egg-link": "/build/tree/b/src\n../\n",
            f"{PACKAGES}/out.egg-link": "/build/out\n",
            f"{PACKAGES}/easy-install.pth": "/build/tree/b/src\n/build/out\n./c-1.egg\n# no\nimport os\n/build/more\n",
            f"{PACKAGES}/c-1.egg/EGG-INFO/PKG-INFO": metadata("c", "1"),
        }
    )

    assert [(c.purl, c.dependencies) for c in found.components if c.name in ("b", "out", "c")] == [
        ("pkg:generic/b@3?path=b", Completeness.UNKNOWN),
        ("pkg:generic/out", Completeness.UNKNOWN),
        ("pkg:pypi/c@1", Completeness.COMPLETE),
    ]
    assert reasons(found) == [
        ("easy-install.pth", 6, "packages in /build/more, which it adds, are not read"),
        ("out.egg-link", 0, "out is an editable install from a folder outside of the scanned tree"),
    ]


def test_folders_that_are_added() -> None:
    """Of very many only the first are told one by one."""
    found = read(dist("a"), {f"{PACKAGES}/x.pth": "".join(f"/x/{n:02}\n" for n in range(25))})

    assert len(found.unknowns) == 21
    assert reasons(found)[0] == ("x.pth", 0, "packages in 5 more folders that it adds are not read")


def test_several_of_one_name() -> None:
    """Both are there and told of; of two kinds the newer is found first, of one kind either may be."""
    found = read(
        dist("a", "Requires-Dist: b", "Requires-Dist: c"),
        dist("b"),
        dist("b", version="2"),
        dist("c"),
        {f"{PACKAGES}/c-9.egg-info": metadata("c", "9"), f"{PACKAGES}/a.egg-info": metadata("a", "1")},
    )

    assert [r.target for r in found.relationships if r.source == "pkg:pypi/a@1"] == [
        "pkg:pypi/b@1",
        "pkg:pypi/b@2",
        "pkg:pypi/c@1",
    ]
    assert reasons(found) == [
        ("b-2.dist-info/METADATA", 2, "b is installed more than once (1, 2)"),
        ("c-9.egg-info", 2, "c is installed more than once (1, 9)"),
    ]


# -- edges -----------------------------------------------------------------------------------------------------


def test_edges() -> None:
    """Markers are evaluated; an extra counts where something asks for it; evidence is the line of the requirement."""
    found = read(
        MARK,
        dist("a", "Requires-Dist: b[x]", 'Requires-Dist: c; python_version < "3"'),
        dist("b", 'Requires-Dist: c; extra == "x"', 'Requires-Dist: d; extra == "y"', "Requires-Dist: absent>1"),
        dist("c"),
        dist("d"),
    )

    edges = [(r.source, r.target, r.roles, r.evidence[0].line) for r in found.relationships if r.source < "pkg:pypi/c"]
    assert edges[2:] == [
        ("pkg:pypi/a@1", "pkg:pypi/b@1", (), 4),
        ("pkg:pypi/b@1", "pkg:pypi/c@1", ("extra:x",), 4),
    ]
    assert component(found, "b").dependencies is Completeness.INCOMPLETE
    assert component(found, "b").properties == (("bomvet:not-installed", "absent>1"),)


def test_edges_that_hang_on_what_is_not_known() -> None:
    """Where the files do not tell whether a marker holds, the edge has it."""
    marker = 'platform_machine == "x86_64"'
    found = read(MARK, dist("a", f"Requires-Dist: b; {marker}", f"Requires-Dist: absent; {marker}"), dist("b"))

    assert [(r.target, r.markers) for r in found.relationships if r.source == "pkg:pypi/a@1"] == [
        ("pkg:pypi/b@1", (marker,))
    ]
    assert component(found, "a").properties == ()


DECLARED = """\
[project]
name = "own"
dependencies = ["a[x]", "absent", "z; python_version < '3'", "w; nonsense", "own", "???", 3]
[project.optional-dependencies]
More = ["b"]
[dependency-groups]
dev = ["c", { include-group = "deep" }, 3]
deep = ["d", { include-group = "dev" }]
"""


def test_the_project_that_an_environment_is_for() -> None:
    """A project above the environment asks for what it declares, as an extra or a group where it does so."""
    folder = f".venv/{PACKAGES}"
    found = read(
        {"pyproject.toml": DECLARED, ".venv/pyvenv.cfg": MARK["pyvenv.cfg"]},
        dist("a", 'Requires-Dist: e; extra == "x"', folder=folder),
        *(dist(name, folder=folder) for name in "bcdezw"),
        folder=folder,
    )

    assert {r.target: r.roles for r in found.relationships if r.source == "pkg:generic/own"} == {
        "pkg:pypi/a@1": (),
        "pkg:pypi/b@1": ("extra:more",),
        "pkg:pypi/c@1": ("group:deep", "group:dev"),
        "pkg:pypi/d@1": ("group:deep", "group:dev"),
    }
    assert {c.name: c.scope for c in found.components if not c.first_party} == {
        "a": Scope.REQUIRED,
        "b": Scope.OPTIONAL,
        "c": Scope.DEV,
        "d": Scope.DEV,
        "e": Scope.REQUIRED,
        "w": Scope.REQUIRED,
        "z": Scope.REQUIRED,
    }
    assert needs(found, kind=RelationKind.CONTAINS) == {".venv": ["w", "z"]}


def test_a_project_of_poetry() -> None:
    """Its tables are read too; an optional dependency belongs to the extra that names it."""
    text = """\
[tool.poetry]
name = "own"
[tool.poetry.dependencies]
python = "^3"
a = { version = "1", extras = ["x"] }
b = { version = "1", optional = true }
c = [{ version = "1", markers = "python_version < '3'" }, { version = "1", markers = 3 }]
[tool.poetry.extras]
more = ["b"]
odd = 3
[tool.poetry.group.test.dependencies]
d = "*"
[tool.poetry.dev-dependencies]
e = "*"
"""
    folder = f".venv/{PACKAGES}"
    found = read(
        {"pyproject.toml": text, ".venv/pyvenv.cfg": ""},
        *(dist(name, folder=folder) for name in "abcde"),
        folder=folder,
    )

    assert {r.target: r.roles for r in found.relationships if r.source == "pkg:generic/own"} == {
        "pkg:pypi/a@1": (),
        "pkg:pypi/b@1": ("extra:more",),
        "pkg:pypi/c@1": (),
        "pkg:pypi/d@1": ("group:test",),
        "pkg:pypi/e@1": ("group:dev",),
    }


def test_the_project_itself_is_installed() -> None:
    """Of a project of the tree all extras and groups count, since what is installed for them is there."""
    folder = f".venv/{PACKAGES}"
    found = read(
        {"pyproject.toml": DECLARED, ".venv/pyvenv.cfg": ""},
        dist("own", "Requires-Dist: a[x]", 'Requires-Dist: b; extra == "more"', folder=folder, direct_url_json=editable("/build/project")),
        *(dist(name, folder=folder) for name in "abc"),
        folder=folder,
    )  # fmt: skip

    edges = {r.target: (r.roles, r.kind.value) for r in found.relationships if r.source == "pkg:generic/own@1"}
    own = component(found, "own")
    assert (own.purl, own.directory) == ("pkg:generic/own", "")
    assert edges == {}
    assert {r.target: r.roles for r in found.relationships if r.source == own.purl} == {
        "pkg:pypi/a@1": (),
        "pkg:pypi/b@1": ("extra:more",),
        "pkg:pypi/c@1": ("group:deep", "group:dev"),
    }
    assert component(found, "c").scope is Scope.DEV


def test_a_project_that_is_its_own_environment() -> None:
    """Then the project is what the packages are in."""
    found = read({**MARK, "pyproject.toml": DECLARED}, dist("a"), dist("z"))

    assert [c.name for c in found.components if c.first_party] == ["own"]
    assert component(found, "own").properties == (("bomvet:environment", "cpython 3.11.7"),)
    assert needs(found) == {"own": ["a"]}
    assert needs(found, kind=RelationKind.CONTAINS) == {"own": ["z"]}


def test_a_project_without_a_manifest_that_is_its_own_environment() -> None:
    """As it was installed into it."""
    found = read(
        {**MARK, "setup.py": ""}, dist("own", "Requires-Dist: a", direct_url_json=editable("/x/project")), dist("a")
    )

    (own,) = [c for c in found.components if c.first_party]
    assert (own.purl, own.properties) == ("pkg:generic/own@1", (("bomvet:environment", "cpython 3.11.7"),))
    assert needs(found) == {"own": ["a"]}


# -- SBOMs of distributions ------------------------------------------------------------------------------------


def test_sboms_of_distributions() -> None:
    """What is built into a distribution is in it, and needed no more than it is."""
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [{"name": "zlib", "version": "1.3", "purl": "pkg:generic/zlib@1.3"}],
    }
    folder = f".venv/{PACKAGES}"
    place = f"{folder}/c-1.dist-info/sboms"
    found = read(
        {"pyproject.toml": DECLARED, ".venv/pyvenv.cfg": "", f"{place}/x/a.cdx.json": json.dumps(bom), f"{place}/b.xml": "<bom/>"},
        dist("c", folder=folder),
        folder=folder,
        links={f"{place}/out.json": None},
    )  # fmt: skip

    zlib = component(found, "zlib")
    assert (zlib.purl, zlib.scope, zlib.locations) == (
        "pkg:generic/zlib@1.3",
        Scope.DEV,
        (Location(path=f"{place}/x/a.cdx.json"),),
    )
    assert needs(found, kind=RelationKind.CONTAINS) == {"c": ["zlib"]}
    assert [path.rpartition("/")[2] for path, _, _ in reasons(found)] == ["b.xml", "out.json"]


def test_an_sbom_where_everything_is_required() -> None:
    """Then what is built in is as it is stated there."""
    bom = {"spdxVersion": "SPDX-2.3", "packages": [{"name": "zlib", "versionInfo": "1.3"}]}
    found = read(dist("a"), {f"{PACKAGES}/a-1.dist-info/sboms/a.spdx.json": json.dumps(bom)})

    assert (component(found, "zlib").purl, component(found, "zlib").scope) == ("pkg:generic/zlib@1.3", Scope.REQUIRED)


# -- anything --------------------------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from(
        ["Name: a", "Version: 1", "Requires-Dist: a", "Requires-Dist: b[x]", 'Requires-Dist: b; extra == "x"', "???", "", " x",
         "Requires-Dist: c; os_name", 'Requires-Dist: c; extra == "x" or os_name == "nt"', "Name: b", "License: BSD"]
    ),
    max_size=8,
).map("\n".join)  # fmt: skip
CONTENT = st.one_of(LINES.map(str.encode), st.binary(max_size=40), st.sampled_from([b"{}", b"file", b"/x/a"]))
NAMES = [
    "pyvenv.cfg", "pyproject.toml",
    *(f"{PACKAGES}/{name}" for name in (
        "a-1.dist-info/METADATA", "a-1.dist-info/INSTALLER", "a-1.dist-info/RECORD", "a-1.dist-info/WHEEL",
        "a-1.dist-info/direct_url.json", "a-1.dist-info/sboms/a.json", "b-1.dist-info/METADATA", "b.egg-info/PKG-INFO",
        "b.egg-info/requires.txt", "c.egg-info", "d.egg-link", "e.pth", "f.egg/EGG-INFO/PKG-INFO", "~g.dist-info/x",
    )),
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), CONTENT, min_size=1))
def test_whatever_stands_there(files: dict[str, bytes]) -> None:
    """Every distribution is a component or an unknown, every edge leads somewhere, and nothing raises."""
    files = {f"{PACKAGES}/x.py": b"", **files}
    found = read(files)

    purls = {c.purl for c in found.components}
    assert {end for r in found.relationships for end in (r.source, r.target)} <= purls
    told = {u.location.path for u in found.unknowns} | {place.path for c in found.components for place in c.locations}
    for path in files:
        if path.endswith(("/METADATA", "/PKG-INFO", "c.egg-info", "d.egg-link")):
            assert any(place.startswith(path.rpartition("/")[0]) and path.startswith(place) for place in told), path


def test_a_long_chain_of_extras() -> None:
    """Extras are followed as far as they ask for each other."""
    parts = [dist(f"n{n}", f"Requires-Dist: n{n + 1}[x]", f'Requires-Dist: n{n + 2}; extra == "x"') for n in range(300)]
    found = read(*parts)

    assert len(found.components) == 301
    assert len([r for r in found.relationships if r.kind is RelationKind.DEPENDS_ON]) == 299 + 297
