"""poetry.lock: all its versions, the project beside it, extras, several versions of a name, and what can be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Location,
    Scope,
)
from bomvet.resolvers.python.poetry_lock import POETRY_LOCK, parse_poetry_lock
from tests.harness import MemoryTree, component, run_resolver
from tests.resolvers.python.reading import asked, markers, plain, reasons, scopes, tampered, toml_document

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = "aa" * 32
PROJECT = '[tool.poetry]\nname = "app"\nversion = "0.1"\n\n[tool.poetry.dependencies]\npython = "^3.10"\n'


def package(name: str, *lines: str, version: str = "1", head: str = 'groups = ["main"]') -> str:
    """A `[[package]]` table as Poetry 2 writes it; `lines` follow."""
    first = ["[[package]]", f'name = "{name}"', f'version = "{version}"', 'description = ""', "optional = false"]
    return "\n".join((*first, 'python-versions = "*"', head, "files = []", *lines, "", ""))


def metadata(version: str = "2.1") -> str:
    """The end of a lock."""
    return f'[metadata]\nlock-version = "{version}"\npython-versions = "*"\ncontent-hash = "00"\n'


def read(
    *packages: str, project: str | None = PROJECT, files: Mapping[str, str] | None = None, end: str = metadata()
) -> Inventory:
    """The inventory of a lock of `packages` beside the manifest `project`."""
    tree = {"poetry.lock": "".join(packages) + end, **(files or {})}
    return run_resolver(POETRY_LOCK, tree if project is None else {"pyproject.toml": project, **tree}, "poetry.lock")


# -- packages --------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """A package carries its description, files with digests, what it needs of Python, and the line of its name."""
    text = (
        '[[package]]\nname = "Typing_Extensions"\nversion = "4"\ndescription = "Back  ports"\noptional = false\n'
        'python-versions = ">=3.9"\ngroups = ["main"]\nfiles = [\n'
        f'    {{file = "t-4-py3-none-any.whl", hash = "sha256:{DIGEST}"}},\n'
        f'    {{file = "t-4.tar.gz", hash = "sha256:{DIGEST}"}},\n]\n\n'
    )
    expected = Component(
        purl="pkg:pypi/typing-extensions@4",
        name="typing-extensions",
        version="4",
        description="Back ports",
        dependencies=Completeness.COMPLETE,
        distributions=(
            Distribution(url="t-4-py3-none-any.whl", hashes=(Hash(algorithm="sha256", value=DIGEST),)),
            Distribution(url="t-4.tar.gz", hashes=(Hash(algorithm="sha256", value=DIGEST),), source=True),
        ),
        locations=(Location(path="poetry.lock", line=2),),
        properties=(("bomvet:requires-python", ">=3.9"),),
    )
    project = Component(
        purl="pkg:generic/app@0.1",
        name="app",
        version="0.1",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="poetry.lock"), Location(path="pyproject.toml")),
    )

    assert read(text) == Inventory(components=(project, expected))


@pytest.mark.parametrize(
    ("source", "purl", "properties", "url"),
    [
        ('type = "legacy"\nurl = "https://u:p@index.packages.example/simple"\nreference = "own"', "pkg:pypi/a@1", (("bomvet:registry", "https://index.packages.example/simple"),), "a-1.whl"),
        ('type = "git"\nurl = "https://u:p@git.packages.example/r.git"\nreference = "main"\nresolved_reference = "0f"', "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/r.git%400f", (), "a-1.whl"),
        ('type = "git"\nurl = "git@git.packages.example:o/r.git"\nreference = "0e"', "pkg:pypi/a@1?vcs_url=git%2Bssh://git.packages.example/o/r.git%400e", (), "a-1.whl"),
        ('type = "url"\nurl = "https://u:p@packages.example/a.zip"', "pkg:pypi/a@1?download_url=https://packages.example/a.zip", (), "https://packages.example/a.zip"),
        ('type = "file"\nurl = "wheels/a-1.whl"', "pkg:pypi/a@1?file_name=a-1.whl", (), "wheels/a-1.whl"),
    ],
)  # fmt: skip
def test_sources(source: str, purl: str, properties: tuple[tuple[str, str], ...], url: str) -> None:
    """Where a package comes from is part of its identity unless an index serves it; credentials are left out."""
    text = package("a").replace("files = []", f'files = [{{file = "a-1.whl", hash = "sha256:{DIGEST}"}}]')
    found = component(read(f"{text}[package.source]\n{source}\n\n"), "a")

    assert (found.purl, found.properties) == (purl, properties)
    assert [(d.url, d.hashes) for d in found.distributions] == [(url, (Hash(algorithm="sha256", value=DIGEST),))]


def test_a_folder_is_a_project() -> None:
    """A path dependency is first-party: it has its own manifest, and the dependencies that the lock states."""
    found = read(
        package("lib", '[package.dependencies]\na = "*"\n\n[package.source]\ntype = "directory"\nurl = "libs/lib"'),
        package("a"),
        project=PROJECT + 'lib = {path = "libs/lib", develop = true}\n',
        files={"libs/lib/pyproject.toml": '[project]\nname = "Lib"\nversion = "2"'},
    )
    lib = component(found, "lib")

    assert (lib.purl, lib.directory) == ("pkg:generic/lib@2?path=libs/lib", "libs/lib")
    assert asked(found) == plain(("app@0.1", "lib@2"), ("lib@2", "a@1"))


def test_a_folder_outside_the_tree_is_unknown() -> None:
    """What lies above the scanned folder cannot be seen from here."""
    found = read(package("lib", '[package.source]\ntype = "directory"\nurl = "../lib"'))

    assert reasons(found) == [("poetry.lock:2", "lib lies outside the scanned tree")]


@pytest.mark.parametrize(
    ("end", "urls"),
    [
        (f'{metadata("1.1")}[metadata.files]\nA = [{{file = "a-1-py3-none-any.whl", hash = "sha256:{DIGEST}"}}, {{file = "a-2.tar.gz", hash = "sha256:{DIGEST}"}}]\n', {"1": ["a-1-py3-none-any.whl"], "2": ["a-2.tar.gz"]}),
        (f'{metadata("1.1")}[metadata.files]\na = [{{file = "x.whl", hash = "sha256:{DIGEST}"}}]\n', {"1": ["x.whl"], "2": ["x.whl"]}),
        (f'[metadata]\npython-versions = "*"\n[metadata.hashes]\na = ["{DIGEST}"]\n', {"1": [""], "2": [""]}),
    ],
)  # fmt: skip
def test_files_of_old_locks(end: str, urls: dict[str, list[str]]) -> None:
    """They stand apart, for all versions of a name; the oldest have digests alone."""
    texts = [package("a", version=v, head='category = "main"').replace("files = []\n", "") for v in ("1", "2")]
    found = read(*texts, end=end)

    assert {c.version: [d.url for d in c.distributions] for c in found.components if c.name == "a"} == urls
    assert {h.value for c in found.components for d in c.distributions for h in d.hashes} == {DIGEST}
    assert found.unknowns == ()


def test_lines_of_old_locks() -> None:
    """Keys in the order of the alphabet put others before the name."""
    text = '[[package]]\ncategory = "main"\ndescription = "name = 1"\nname = "a"\noptional = false\nversion = "1"\n\n'
    found = read(text, text.replace('name = "a"', 'name = "b"'), end=metadata("1.0"))

    assert [component(found, name).locations[0].line for name in "ab"] == [4, 11]


# -- scopes and conditions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "scope"),
    [
        ('groups = ["main", "dev"]', Scope.REQUIRED),
        ('groups = ["dev"]', Scope.DEV),
        ('category = "main"', Scope.REQUIRED),
        ('category = "dev"', Scope.DEV),
    ],
)
def test_stated_scopes(head: str, scope: Scope) -> None:
    """The lock says which groups need a package, older ones by a category."""
    assert scopes(read(package("a", head=head))) == {"a@1": scope}


@pytest.mark.parametrize("head", ['groups = ["main"]', 'category = "main"'])
def test_what_only_extras_need(head: str) -> None:
    """It is optional."""
    text = package("a", head=head).replace("optional = false", "optional = true")

    assert scopes(read(text)) == {"a@1": Scope.OPTIONAL}


def test_scopes_that_the_lock_does_not_state() -> None:
    """Locks of version 2.0 leave them to the manifest."""
    manifest = (
        f'{PROJECT}a = "*"\no = {{version = "*", optional = true}}\n[tool.poetry.extras]\nx = ["O"]\n'
        '[tool.poetry.group.test.dependencies]\nt = "*"\n[tool.poetry.dev-dependencies]\nd = "*"\n'
    )
    deep = '[package.dependencies]\ndeep = "*"'
    found = read(
        package("a", head=""), package("o", head=""), package("t", deep, head=""), package("d", head=""),
        package("deep", head=""), project=manifest, end=metadata("2.0"),
    )  # fmt: skip

    assert scopes(found) == {
        "a@1": Scope.REQUIRED,
        "o@1": Scope.OPTIONAL,
        "t@1": Scope.DEV,
        "d@1": Scope.DEV,
        "deep@1": Scope.DEV,
    }
    assert asked(found) == {
        ("app@0.1", "a@1"): ((), ()),
        ("app@0.1", "o@1"): (("extra:x",), ()),
        ("app@0.1", "t@1"): (("group:test",), ()),
        ("app@0.1", "d@1"): (("group:dev",), ()),
        ("t@1", "deep@1"): ((), ()),
    }


def test_conditions_of_packages() -> None:
    """They are those of any group; extras of the project are no environment."""
    text = "\n".join((
        package("a", head="groups = [\"main\"]\nmarkers = \"extra == 'x' and python_version < '3.12'\""),
        package("b", head="groups = [\"main\", \"dev\"]\nmarkers = {main = \"os_name == 'nt'\", dev = \"os_name == 'x'\"}"),
        package("c", head="groups = [\"main\", \"dev\"]\nmarkers = {main = \"os_name == 'nt'\"}"),
        package("d", head="groups = [\"main\"]\nmarkers = \"extra == 'x'\""),
    ))  # fmt: skip

    assert markers(read(text)) == {"a@1": ["python_version < '3.12'"], "b@1": ["os_name == 'nt'", "os_name == 'x'"]}


def test_conditions_that_the_lock_does_not_state() -> None:
    """Older locks leave them to who asks."""
    manifest = PROJECT + 'a = {version = "*", markers = "os_name == \'nt\'"}\nb = {version = "*", python = "<3.11"}\n'
    found = read(*(package(n, head='category = "main"') for n in "ab"), project=manifest, end=metadata("1.1"))

    assert markers(found) == {"a@1": ["os_name == 'nt'"], "b@1": ['python_version < "3.11"']}


# -- edges -----------------------------------------------------------------------------------------------------


def test_forms_of_dependencies() -> None:
    """Ranges, tables, lists of either; names in any spelling; conditions in any form."""
    text = """[package.dependencies]
B_b = ">=1"
"c.c" = {version = "*", markers = "os_name == 'nt'"}
d = [{version = "<2", markers = "os_name == 'x'"}, {version = "<3", markers = "os_name == 'y'"}]
e = [">=1", "<9"]
f = {version = "*", python = "<3.8", platform = "win32"}
g = {path = "g"}
"""
    found = read(package("a", text), *(package(n) for n in ("b-b", "c-c", "d", "e", "f", "g")))

    assert asked(found) == {
        ("a@1", "b-b@1"): ((), ()),
        ("a@1", "c-c@1"): ((), ("os_name == 'nt'",)),
        ("a@1", "d@1"): ((), ("os_name == 'x'", "os_name == 'y'")),
        ("a@1", "e@1"): ((), ()),
        ("a@1", "f@1"): ((), ("python_version < \"3.8\" and sys_platform == 'win32'",)),
        ("a@1", "g@1"): ((), ()),
    }


EXTRAS = package(
    "a",
    """[package.dependencies]
always = "*"
f = {version = "*", optional = true, markers = "extra == \\"fast\\" and os_name == \\"nt\\""}
s = {version = "*", optional = true, markers = "extra == \\"slow\\""}
both = {version = "*", markers = "extra == \\"slow\\" or extra == \\"fast\\""}
old = {version = "*", optional = true}
nor = {version = "*", markers = "extra != \\"fast\\""}

[package.extras]
all = ["a[fast,slow]", "gone"]
fast = ["f"]
legacy = ["old"]
more = ["unlisted ; os_name == 'nt'"]
never = ["always"]
""",
)
MEMBERS = [package(n) for n in ("always", "both", "f", "nor", "old", "s", "unlisted")]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ('"*"', {}),
        ('{version = "*", extras = ["Fast"]}', {"f@1": (("extra:fast",), ('os_name == "nt"',)), "both@1": (("extra:fast",), ())}),
        ('{version = "*", extras = ["slow"]}', {"s@1": (("extra:slow",), ()), "both@1": (("extra:slow",), ())}),
        ('{version = "*", extras = ["legacy"]}', {"old@1": (("extra:legacy",), ())}),
        ('{version = "*", extras = ["more"]}', {"unlisted@1": (("extra:more",), ("os_name == 'nt'",))}),
        (
            '{version = "*", extras = ["all"]}',
            {"f@1": (("extra:fast",), ('os_name == "nt"',)), "s@1": (("extra:slow",), ()), "both@1": (("extra:fast", "extra:slow"), ())},
        ),
        (
            '[{version = "*", extras = ["slow"], markers = "os_name == \'x\'"}, {version = "*"}]',
            {"s@1": (("extra:slow",), ("os_name == 'x'",)), "both@1": (("extra:slow",), ("os_name == 'x'",))},
        ),
    ],
)  # fmt: skip
def test_extras_count_where_they_are_asked_for(request_: str, expected: dict[str, Any]) -> None:
    """What an extra needs is no dependency unless somebody asks for that extra, also by way of another."""
    found = read(EXTRAS, *MEMBERS, project=f"{PROJECT}a = {request_}\n")
    edges = {target: edge for (source, target), edge in asked(found).items() if source == "a@1"}

    assert edges == {"always@1": ((), ()), "nor@1": ((), ()), **expected}
    assert found.unknowns == ()


def test_extras_that_a_package_asks_for() -> None:
    """Another package's request counts as much as the project's."""
    found = read(
        EXTRAS, *MEMBERS, package("z", '[package.dependencies]\na = {version = "*", extras = ["slow"]}'),
        project=PROJECT + 'z = "*"\n',
    )  # fmt: skip

    assert ("a@1", "s@1") in asked(found)
    assert ("a@1", "f@1") not in asked(found)


def test_without_a_manifest_what_the_lock_lists_was_asked_for() -> None:
    """Poetry lists what an extra needs only where the extra was asked for; what extras merely offer it repeats."""
    found = read(EXTRAS, *MEMBERS, project=None)

    assert {target for source, target in asked(found) if source == "a@1"} == {
        "always@1", "both@1", "f@1", "nor@1", "old@1", "s@1",
    }  # fmt: skip


def test_two_extras_at_once() -> None:
    """What only both together need counts where either is asked for, rather than never."""
    marker = "extra == 'x' and extra == 'y' and os_name == 'z'"
    text = f'[package.dependencies]\nb = {{version = "*", optional = true, markers = "{marker}"}}'
    found = read(package("a", text), package("b"), project=PROJECT + 'a = {version = "*", extras = ["y"]}\n')

    assert asked(found)["a@1", "b@1"] == (("extra:y",), ("os_name == 'z'",))


def test_several_versions_of_a_name() -> None:
    """The range says which is meant, then the environments; where both fit, each has its conditions."""
    manifest = f'{PROJECT}n = [{{version = "<2", python = "<3.11"}}, {{version = "^2", python = ">=3.11"}}]\n'
    fork = [
        package("n", version="1", head='groups = ["main"]\nmarkers = "python_version == \'3.10\'"'),
        package("n", version="2", head='groups = ["main"]\nmarkers = "python_version >= \'3.11\'"'),
    ]
    text = (
        '[package.dependencies]\nn = "*"\n',
        '[package.dependencies]\nn = {version = "*", markers = "python_version < \'3.11\'"}\n',
    )
    found = read(*fork, package("a", text[0]), package("b", text[1]), project=manifest)  # fmt: skip

    assert asked(found) == {
        ("app@0.1", "n@1"): ((), ('python_version < "3.11"',)),
        ("app@0.1", "n@2"): ((), ('python_version >= "3.11"',)),
        ("a@1", "n@1"): ((), ("python_version == '3.10'",)),
        ("a@1", "n@2"): ((), ("python_version >= '3.11'",)),
        ("b@1", "n@1"): ((), ("python_version < '3.11'",)),
    }


def test_what_is_not_locked() -> None:
    """Under a marker it may be left out, since no environment of the lock fits; otherwise it is missing."""
    text = '[package.dependencies]\ngone = "*"\nold = {version = "*", markers = "python_version < \\"3\\""}\n'
    found = read(
        package("a", text), project=PROJECT + 'lost = "*"\nw = {version = "*", markers = "os_name == \'x\'"}\n'
    )

    assert reasons(found) == [
        ("poetry.lock:2", "gone, which a needs, is not in the lock"),
        ("pyproject.toml:7", "lost, which app needs, is not in the lock"),
    ]
    assert {c.name: c.dependencies for c in found.components} == dict.fromkeys(("app", "a"), Completeness.INCOMPLETE)


# -- the project -----------------------------------------------------------------------------------------------


def test_a_project_of_today() -> None:
    """PEP 621 and PEP 735 say what is asked for; Poetry's own table says more of it, and asks for nothing itself."""
    manifest = """[project]
name = "app"
version = "0.1"
dependencies = [
    # "b"
    "a (>=1)",  # "x"
    "b[fast] ; os_name == 'nt'",
]
[project.optional-dependencies]
ui = ["c", "app[web]"]
web = ["d"]
[dependency-groups]
test = ["t", {include-group = "lint"}]
lint = ["l"]
[tool.poetry.dependencies]
b = {source = "own", extras = ["slow"], python = "<3.13"}
zz = "*"
[tool.poetry.group.docs.dependencies]
s = "*"
[tool.poetry.group.all]
include-groups = ["docs", "lint"]
"""
    found = read(*map(package, "abcdlst"), project=manifest)

    assert asked(found) == {
        ("app@0.1", "a@1"): ((), ()),
        ("app@0.1", "b@1"): ((), ("os_name == 'nt' and python_version < \"3.13\"",)),
        ("app@0.1", "c@1"): (("extra:ui",), ()),
        ("app@0.1", "d@1"): (("extra:ui", "extra:web"), ()),
        ("app@0.1", "l@1"): (("group:all", "group:lint", "group:test"), ()),
        ("app@0.1", "s@1"): (("group:all", "group:docs"), ()),
        ("app@0.1", "t@1"): (("group:test",), ()),
    }
    evidence = {r.target[-3:-2]: [str(place) for place in r.evidence] for r in found.relationships}
    lines = {"a": 6, "b": 7, "c": 10, "d": 11, "l": 14, "s": 19, "t": 13}
    assert evidence == {name: [f"pyproject.toml:{line}"] for name, line in lines.items()}


def test_dynamic_dependencies() -> None:
    """Where the standard table leaves them open, Poetry's asks for them."""
    manifest = (
        '[project]\nname = "app"\nversion = "0.1"\ndynamic = ["dependencies"]\n[tool.poetry.dependencies]\na = "*"\n'
    )

    assert asked(read(package("a"), project=manifest)) == plain(("app@0.1", "a@1"))


@pytest.mark.parametrize(
    "manifest",
    [None, "[build-system]\nrequires = []\n", "[project]\nname = 3\nnonsense", '[project]\nname = "project"\ndynamic = ["dependencies"]\n'],
)  # fmt: skip
def test_without_a_manifest_all_that_nothing_leads_to_hangs_on_the_project(manifest: str | None) -> None:
    """As what it is asked for the lock tells, even the extra; of a circle one hangs there."""
    head = 'groups = ["main"]\nmarkers = "extra == \\"ui\\" and os_name == \\"x\\""'
    found = read(
        package("a", '[package.dependencies]\nb = "*"'),
        package("b"),
        package("t", head='groups = ["dev", "test"]'),
        package("o", head=head).replace("optional = false", "optional = true"),
        package("q").replace("optional = false", "optional = true"),
        package("r1", '[package.dependencies]\nr2 = "*"', head='category = "main"'),
        package("r2", '[package.dependencies]\nr1 = "*"', head='category = "main"'),
        project=manifest,
        end='[extras]\nui = ["O"]\n' + metadata(),
    )

    assert asked(found) == {
        ("a@1", "b@1"): ((), ()),
        ("project", "a@1"): ((), ()),
        ("project", "t@1"): (("group:dev", "group:test"), ()),
        ("project", "o@1"): (("extra:ui",), ('os_name == "x"',)),
        ("project", "q@1"): (("optional",), ()),
        ("project", "r1@1"): ((), ()),
        ("r1@1", "r2@1"): ((), ()),
        ("r2@1", "r1@1"): ((), ()),
    }
    assert component(found, "project").dependencies is Completeness.UNKNOWN


def test_an_option_of_no_extra() -> None:
    """An optional dependency that no extra names is asked for as an option."""
    found = read(package("a"), project=PROJECT + 'a = {version = "*", optional = true}\n')

    assert asked(found) == {("app@0.1", "a@1"): (("optional",), ())}


def test_what_is_no_dependency_of_the_project() -> None:
    """The reader of the manifest tells it; here it asks for nothing."""
    manifest = (
        '[project]\nname = "app"\ndependencies = ["a b", 3, "a"]\noptional-dependencies = {x = 4}\n'
        "[dependency-groups]\ng = [{other = 1}]\n[tool.poetry.group.h.dependencies]\nq = 7\n"
    )
    found = read(package("a"), project=manifest)

    assert (asked(found), found.unknowns) == (plain(("app", "a@1")), ())


def test_extras_that_stand_for_one_another() -> None:
    """What they ask for is found, in circles too."""
    manifest = '[project]\nname = "app"\n[project.optional-dependencies]\nx = ["app[x,y]"]\ny = ["app[x]", "b ; os_name == \'z\'"]\n'

    assert asked(read(package("b"), project=manifest)) == {
        ("app", "b@1"): (("extra:x", "extra:y"), ("os_name == 'z'",))
    }


# -- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "no lock of Poetry: it has no packages, or no metadata", 0),
        ("package = []\n", "no lock of Poetry: it has no packages, or no metadata", 0),
        (metadata("3.0"), "lock version '3.0' is not known, only 1.x and 2.x", 0),
        ("[metadata]\nlock-version = 2\n", "lock version 2 is not known, only 1.x and 2.x", 0),
        (f"package = 3\n{metadata()}", "'package' is no array of tables", 0),
        ("[[package]]\nname =\n", "not TOML: Invalid value (at line 2, column 7)", 2),
    ],
)
def test_what_is_no_lock(text: str, message: str, line: int) -> None:
    """A file that is no lock at all is malformed, with the line where that is known."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(POETRY_LOCK, {"poetry.lock": text}, "poetry.lock")

    assert (str(caught.value), caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[package]]\nversion = "1"\n\n', "a package without a name"),
        ('[[package]]\nname = ""\n\n', "a package without a name"),
        ('[[package]]\nname = "a"\n\n', "a has no version"),
        ('[[package]]\nname = "a"\nversion = 3\n\n', "a has no version"),
        (package("a", '[package.source]\ntype = "s3"\nurl = "x"'), "where a comes from is not understood"),
        (package("a", '[package.source]\ntype = "git"'), "where a comes from is not understood"),
        (package("a", "source = 3"), "where a comes from is not understood"),
        (package("a", "dependencies = 3"), "the dependencies of a are no table"),
        (package("a", "dependencies = {b = 3}"), "a dependency of a is neither a range nor a table"),
        (package("a").replace("files = []", "files = 3"), "a distribution file of a is no table"),
        (package("a").replace("files = []", "files = [3]"), "a distribution file of a is no table"),
        (package("a").replace("files = []", 'files = [{hash = "x"}]'), "a hash of a cannot be used: 'x' is no known hash algorithm"),
    ],
)  # fmt: skip
def test_a_malformed_part_is_unknown(text: str, reason: str) -> None:
    """A part that is not understood is an unknown with its line, and the rest of the lock is kept."""
    found = read(text, package("zz"))

    assert reasons(found) == [("poetry.lock:2", reason)]
    assert component(found, "zz").dependencies is Completeness.COMPLETE


def test_very_many_packages_of_a_name() -> None:
    """They are all there; who means which is not worked out, and said so."""
    found = read(*(package("n", version=str(v)) for v in range(101)), project=PROJECT + 'n = "*"\n')

    assert len(found.components) == 102
    assert [reason for _, reason in reasons(found)] == [
        "more than 100 packages are called n: none was taken for a dependency",
        "n, which app needs, is not in the lock",
    ]


def test_credentials_are_nowhere() -> None:
    """User names and passwords of URLs stand in no field of the inventory."""
    url = "https://user:hunter2@host.packages.example/a"
    sources = [f'[package.source]\ntype = "{kind}"\nurl = "{url}"' for kind in ("legacy", "git", "url", "what")]
    found = read(
        *(package(f"p{n}", source) for n, source in enumerate(sources)), project=PROJECT + f'x = {{url = "{url}"}}\n'
    )

    assert len(found.components) == 5
    assert "hunter2" not in repr(found)


DOCUMENT: dict[str, Any] = {
    "package": [
        {
            "name": "a", "version": "1", "description": "d", "optional": True, "python-versions": ">=3", "groups": ["main"],
            "markers": {"main": "extra == 'x'"}, "files": [{"file": "a-1.whl", "hash": f"sha256:{DIGEST}"}],
            "dependencies": {"b": [{"version": "^1", "markers": "extra == 'y'", "optional": True, "extras": ["z"]}], "c": "*"},
            "extras": {"y": ["b (>=1)", "a[z]"]}, "source": {"type": "legacy", "url": "https://h.example"},
        },
        {"name": "b", "version": "1", "category": "dev", "source": {"type": "directory", "url": "libs/b"}},
        {"name": "b", "version": "2", "source": {"type": "git", "url": "u", "resolved_reference": "0"}},
        {"name": "c", "version": "1", "dependencies": {"a": {"version": "1", "extras": ["y"]}}},
    ],
    "extras": {"x": ["a"]},
    "metadata": {"lock-version": "2.1", "files": {"c": [{"file": "c", "hash": "x"}]}, "hashes": {"c": ["0"]}},
}  # fmt: skip


@given(document=tampered(DOCUMENT), manifest=st.sampled_from([None, PROJECT + 'a = {version = "*", extras = ["y"]}']))
@settings(deadline=None, max_examples=400, derandomize=True)
def test_tampered_locks(document: dict[str, Any], manifest: str | None) -> None:
    """Whatever is dropped, repeated or of another type: every entry is a component or an unknown."""
    try:
        found = read(toml_document(document), project=manifest, end="")
    except MalformedError:
        return
    names = [p.get("name") if isinstance(p, dict) else None for p in document.get("package", [])]

    assert {n for n in names if isinstance(n, str) and n} <= {c.name for c in found.components}
    assert ("a package without a name" in {u.reason for u in found.unknowns}) is any(
        not isinstance(n, str) or not n for n in names
    )


@given(manifest=tampered({
    "project": {"name": "app", "dependencies": ["a; extra == 'x'"], "optional-dependencies": {"x": ["a"]}, "dynamic": ["dependencies"]},
    "dependency-groups": {"g": ["a", {"include-group": "h"}], "h": ["app[x]"]},
    "tool": {"poetry": {"dependencies": {"a": {"version": "1", "optional": True}}, "extras": {"x": ["a"]}, "group": {"k": {"dependencies": {"a": "1"}, "include-groups": ["g"]}}}, "pdm": {"dev-dependencies": {"d": ["a"]}}},
}))  # fmt: skip
@settings(deadline=None, max_examples=400, derandomize=True)
def test_tampered_manifests(manifest: dict[str, Any]) -> None:
    """No manifest keeps the lock from being read."""
    assert component(read(package("zz"), project=toml_document(manifest)), "zz").version == "1"


@given(data=st.binary(max_size=300), start=st.integers(0, 400), length=st.integers(0, 60))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_bytes(data: bytes, start: int, length: int) -> None:
    """No file makes the resolver fail in another way than with an error of its own."""
    sample = (EXTRAS + package("b") + metadata()).encode()
    for content in (data, sample[:start] + data + sample[start + length :]):
        try:
            parse_poetry_lock(MemoryTree({"poetry.lock": content, "pyproject.toml": content}), "poetry.lock")
        except BomvetError as error:
            assert str(error)  # noqa: PT017 - that it is one is what matters
