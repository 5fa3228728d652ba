"""uv.lock: sources, forks, scopes, files and everything that can be wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.globs import compiled
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Location,
    RelationKind,
    Scope,
    Unknown,
)
from bomvet.resolvers.python.uv_lock import UV_LOCK, parse_uv_lock
from tests.harness import MemoryTree, component, edges, run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n'
INDEX = 'source = { registry = "https://index.packages.example/simple" }'


def package(name: str, *lines: str, version: str = "1", source: str = INDEX) -> str:
    """A `[[package]]` table; `source` and `lines` are lines of it."""
    head = [f'name = "{name}"', *([f'version = "{version}"'] if version else []), source, *lines]
    return "\n".join(("[[package]]", *head, "", ""))


def project(*lines: str, name: str = "app", place: str = ".") -> str:
    """The table of a project of the tree itself."""
    return package(name, *lines, version="0.1", source=f'source = {{ editable = "{place}" }}')


def read(*packages: str, files: Mapping[str, str] | None = None, path: str = "uv.lock") -> Inventory:
    """The inventory of a lock of `packages`."""
    return run_resolver(UV_LOCK, {path: HEAD + "".join(packages), **(files or {})}, path)


def names(inventory: Inventory) -> dict[str, list[str]]:
    """Names of dependencies by name of the component, for inventories without forks."""
    found: dict[str, list[str]] = {c.name: [] for c in inventory.components}
    by_purl = {c.purl: c.name for c in inventory.components}
    for source, target in sorted(edges(inventory)):
        found[by_purl[source]].append(by_purl[target])
    return found


def scopes(inventory: Inventory) -> dict[str, Scope]:
    """Scopes of the third-party components by label."""
    return {c.label: c.scope for c in inventory.components if not c.first_party}


def reasons(inventory: Inventory) -> list[tuple[int, str]]:
    """Line and reason of every unknown."""
    return [(u.location.line, u.reason) for u in inventory.unknowns]


# -- sources ---------------------------------------------------------------------------------------------------


def test_a_package_of_a_registry() -> None:
    """A package carries its version, registry, files with digests, and the line that names it."""
    text = package(
        "Typing_Extensions",
        'sdist = { url = "https://files.packages.example/t-4.tar.gz", hash = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", size = 7, upload-time = "2025-01-01T00:00:00Z" }',
        'wheels = [\n    { url = "https://files.packages.example/t-4-py3-none-any.whl", hash = "sha512:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },\n]',
        version="4",
    )
    expected = Component(
        purl="pkg:pypi/typing-extensions@4",
        name="typing-extensions",
        version="4",
        dependencies=Completeness.COMPLETE,
        distributions=(
            Distribution(
                url="https://files.packages.example/t-4-py3-none-any.whl",
                hashes=(Hash(algorithm="sha512", value="bb" * 64),),
            ),
            Distribution(
                url="https://files.packages.example/t-4.tar.gz",
                hashes=(Hash(algorithm="sha256", value="aa" * 32),),
                size=7,
                uploaded="2025-01-01T00:00:00Z",
                source=True,
            ),
        ),
        locations=(Location(path="uv.lock", line=6),),
        properties=(("bomvet:registry", "https://index.packages.example/simple"),),
    )

    assert read(text) == Inventory(components=(expected,))


@pytest.mark.parametrize(
    ("source", "purl", "registry"),
    [
        ('{ registry = "../wheels" }', "pkg:pypi/a@1", "../wheels"),
        ('{ registry = "https://me:pw@index.packages.example/simple" }', "pkg:pypi/a@1", "https://index.packages.example/simple"),
        (
            '{ git = "https://me:pw@git.packages.example/o/r?rev=main&subdirectory=x#0123456789abcdef0123456789abcdef01234567" }',
            "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/o/r%400123456789abcdef0123456789abcdef01234567",
            None,
        ),
        ('{ git = "ssh://git@git.packages.example/o/r" }', "pkg:pypi/a@1?vcs_url=git%2Bssh://git.packages.example/o/r", None),
        ('{ url = "https://me:pw@packages.example/a.zip" }', "pkg:pypi/a@1?download_url=https://packages.example/a.zip", None),
        ('{ path = "wheels/a-1-py3-none-any.whl" }', "pkg:pypi/a@1?file_name=a-1-py3-none-any.whl", None),
    ],
)  # fmt: skip
def test_third_party_sources(source: str, purl: str, registry: str | None) -> None:
    """Where a package comes from is part of its identity unless a registry serves it; credentials are left out."""
    (found,) = read(package("a", source=f"source = {source}")).components

    assert found.purl == purl
    assert found.properties == ((("bomvet:registry", registry),) if registry else ())
    assert not found.first_party


@pytest.mark.parametrize("key", ["virtual", "editable", "directory"])
@pytest.mark.parametrize(("lock", "directory"), [("uv.lock", "libs/one"), ("w/uv.lock", "w/libs/one")])
def test_own_sources(key: str, lock: str, directory: str) -> None:
    """Folders of the tree are projects of its own, at their place seen from the lock."""
    text = package("one", version="", source=f'source = {{ {key} = "libs/one" }}')
    expected = Component(
        purl=f"pkg:generic/one?path={directory}",
        name="one",
        kind=Kind.APPLICATION,
        directory=directory,
        dependencies=Completeness.COMPLETE,
        locations=(Location(path=lock, line=6),),
    )

    assert read(text, path=lock) == Inventory(components=(expected,))


def test_the_manifest_describes_the_project() -> None:
    """What the lock calls a project is described by the manifest beside it."""
    found = read(project(), files={"pyproject.toml": '[project]\nname = "App"\nversion = "0.2"\ndescription = "x"'})

    assert [(c.purl, c.description, c.locations) for c in found.components] == [
        ("pkg:generic/app@0.2", "x", (Location(path="pyproject.toml"), Location(path="uv.lock", line=6)))
    ]


@pytest.mark.parametrize(
    ("source", "file", "url"),
    [
        (INDEX, 'path = "a-1.whl"', "a-1.whl"),
        (INDEX, 'url = "https://u:p@packages.example/a-1.whl"', "https://packages.example/a-1.whl"),
        ('source = { url = "https://packages.example/a.zip" }', "size = 1", "https://packages.example/a.zip"),
        ('source = { path = "../vendor/a-1.whl" }', 'filename = "a-1.whl"', "vendor/a-1.whl"),
        (INDEX, 'filename = "a-1.whl"', "a-1.whl"),
        (INDEX, "size = 1", ""),
    ],
)
def test_where_files_are(source: str, file: str, url: str) -> None:
    """Every file keeps its digest, wherever its name or address is stated."""
    inventory = read(
        package(
            "a",
            f'wheels = [{{ {file}, hash = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }}]',
            source=source,
        ),
        path="w/uv.lock",
    )
    (found,) = component(inventory, "a").distributions

    assert (found.url, found.hashes) == (url, (Hash(algorithm="sha256", value="aa" * 32),))


def test_a_package_from_git_may_have_no_version() -> None:
    """A commit says what is installed, so a missing version is no unknown there, and is one elsewhere."""
    git = 'source = { git = "https://git.packages.example/r#00" }'
    found = read(package("a", version=""), package("b", version="", source=git))

    assert reasons(found) == [(6, "a has no version")]
    assert [c.purl for c in found.components] == [
        "pkg:pypi/a",
        "pkg:pypi/b?vcs_url=git%2Bhttps://git.packages.example/r%4000",
    ]


# -- edges and forks -------------------------------------------------------------------------------------------


def test_edges_with_evidence() -> None:
    """An edge is stated by the package that asks, under any spelling of the name."""
    found = read(package("a", 'dependencies = [{ name = "B.b", marker = "x" }, { name = "b-b" }]'), package("b-b"))

    assert [(r.source, r.target, r.evidence) for r in found.relationships] == [
        ("pkg:pypi/a@1", "pkg:pypi/b-b@1", (Location(path="uv.lock", line=6),))
    ]


FORK = (
    package("n", 'resolution-markers = ["python < 3", 7]', 'dependencies = [{ name = "old" }]', version="1"),
    package("n", 'resolution-markers = ["python >= 3"]', version="2"),
    package("n", version="2", source='source = { registry = "https://other.packages.example" }'),
    package("n", version="3", source='source = { git = "https://git.packages.example/n#01" }'),
    package("old"),
)
OTHER = 'source = { registry = "https://other.packages.example" }'


@pytest.mark.parametrize(
    ("entry", "targets"),
    [
        ('version = "1"', ["pkg:pypi/n@1"]),
        (f'version = "2", {OTHER}', ["pkg:pypi/n@2"]),
        ('source = { git = "https://git.packages.example/n#01" }', ["pkg:pypi/n@3?vcs_url=git%2Bhttps://git.packages.example/n%4001"]),
        ("extra = []", ["pkg:pypi/n@1", "pkg:pypi/n@2", "pkg:pypi/n@3?vcs_url=git%2Bhttps://git.packages.example/n%4001"]),
    ],
)  # fmt: skip
def test_forks_are_told_apart(entry: str, targets: list[str]) -> None:
    """Where a name stands for several packages, version and source say which; without them it is all."""
    found = read(package("a", f'dependencies = [{{ name = "n", {entry} }}]'), *FORK)

    assert sorted(target for source, target in edges(found) if source == "pkg:pypi/a@1") == targets
    assert found.unknowns == ()


def test_forks_carry_their_markers() -> None:
    """Each fork says for which environments it was resolved."""
    forks = [c for c in read(*FORK).components if c.name == "n"]
    markers = {c.version: [v for k, v in c.properties if k == "bomvet:marker"] for c in forks}

    assert markers == {"1": ["python < 3"], "2": ["python >= 3"], "3": []}


def test_a_fork_that_is_not_there() -> None:
    """An entry that no package of that name fits is an unknown, and so is a name that the lock lacks."""
    found = read(package("a", 'dependencies = [{ name = "n", version = "9" }, { name = "gone" }]'), *FORK)

    assert reasons(found) == [
        (6, "gone, which a needs, is not in the lock"),
        (6, "n, which a needs, is not in the lock"),
    ]
    assert component(found, "a").dependencies is Completeness.INCOMPLETE


def test_only_one_of_a_name_needs_no_version() -> None:
    """Where a name is unique, version and source of an entry do not matter."""
    found = read(package("a", 'dependencies = [{ name = "b", version = "9" }]'), package("b"))

    assert edges(found) == {("pkg:pypi/a@1", "pkg:pypi/b@1")}


def test_a_package_that_asks_for_itself() -> None:
    """An extra that asks for other extras of its own package makes no edge."""
    found = read(project('[package.optional-dependencies]\nall = [{ name = "app", extra = ["x"] }]\nx = [{ name = "b" }]'), package("b"))  # fmt: skip

    assert edges(found) == {("pkg:generic/app@0.1", "pkg:pypi/b@1")}
    assert scopes(found) == {"b@1": Scope.OPTIONAL}


# -- scopes ----------------------------------------------------------------------------------------------------


def test_extras_count_only_where_asked_for() -> None:
    """What an extra of a package needs is required if somebody requires that extra, in any spelling."""
    found = read(
        project('dependencies = [{ name = "a", extra = ["Fast_X"] }]\n[package.optional-dependencies]\nui = [{ name = "a", extra = ["slow"] }]'),
        package("a", '[package.optional-dependencies]\nfast-x = [{ name = "f" }]\nslow = [{ name = "s" }]\nnever = [{ name = "n" }]'),
        package("f", 'dependencies = [{ name = "ff" }]'),
        package("ff"),
        package("s"),
        package("n"),
    )  # fmt: skip

    assert scopes(found) == {
        "a@1": Scope.REQUIRED,
        "f@1": Scope.REQUIRED,
        "ff@1": Scope.REQUIRED,
        "n@1": Scope.REQUIRED,  # nobody asks for it, so nothing says that it is less than required
        "s@1": Scope.OPTIONAL,
    }


def test_the_strongest_reason_counts() -> None:
    """A package that is reached in several ways is required before optional, and optional before development."""
    found = read(
        project(
            'dependencies = [{ name = "req" }]',
            '[package.optional-dependencies]\nx = [{ name = "opt" }, { name = "shared" }]',
            '[package.dev-dependencies]\ndev = [{ name = "tool" }, { name = "shared" }, { name = "deep" }]\nlint = [{ name = "opt" }]',
        ),
        package("req", 'dependencies = [{ name = "deep" }]'),
        package("deep"),
        package("opt"),
        package("shared"),
        package("tool", 'dependencies = [{ name = "tooling" }]'),
        package("tooling"),
    )

    assert scopes(found) == {
        "deep@1": Scope.REQUIRED,
        "opt@1": Scope.OPTIONAL,
        "req@1": Scope.REQUIRED,
        "shared@1": Scope.OPTIONAL,
        "tool@1": Scope.DEV,
        "tooling@1": Scope.DEV,
    }


def test_without_a_project_all_is_required() -> None:
    """A lock that names no project of its own gives no reason to call anything less than required."""
    found = read(package("a", '[package.optional-dependencies]\nx = [{ name = "b" }]'), package("b"))

    assert scopes(found) == {"a@1": Scope.REQUIRED, "b@1": Scope.REQUIRED}


def test_a_cycle_ends() -> None:
    """Packages that need each other are each reached once."""
    found = read(
        project('dependencies = [{ name = "a" }]'),
        package("a", 'dependencies = [{ name = "b" }]'),
        package("b", 'dependencies = [{ name = "a" }]'),
    )

    assert names(found) == {"app": ["a"], "a": ["b"], "b": ["a"]}


# -- workspaces and manifests ----------------------------------------------------------------------------------


def test_a_workspace() -> None:
    """Every member is a project of its own folder, with its own dependencies and groups."""
    found = read(
        '[manifest]\nmembers = ["app", "one", "two"]\n\n',
        project('dependencies = [{ name = "one" }]\n[package.dev-dependencies]\ndev = [{ name = "two" }]'),
        project('dependencies = [{ name = "a" }]', name="one", place="packages/one"),
        project('[package.dev-dependencies]\ndev = [{ name = "b" }]', name="two", place="packages/two"),
        package("a"),
        package("b"),
    )

    assert names(found) == {"app": ["one", "two"], "one": ["a"], "two": ["b"], "a": [], "b": []}
    assert [c.directory for c in found.components if c.first_party] == ["", "packages/one", "packages/two"]
    assert scopes(found) == {"a@1": Scope.REQUIRED, "b@1": Scope.DEV}


@pytest.mark.parametrize(
    ("top", "holder"),
    [(project('dependencies = [{ name = "two" }]'), "app"), ("", "project")],
    ids=["a-project-at-the-top", "none"],
)
def test_members_that_others_ask_for_in_some_environments(top: str, holder: str) -> None:
    """They are projects of the workspace in all environments, which a folder that one depends on is not."""
    on_windows = "marker = \"sys_platform == 'win32'\""
    found = read(
        '[manifest]\nmembers = ["app", "one", "two", "three"]\n\n',
        top,
        project(name="one", place="one"),
        project(name="three", place="three"),
        project(f'dependencies = [{{ name = "lib", {on_windows} }}]', name="two", place="two"),
        project('dependencies = [{ name = "one" }, { name = "three" }]', name="lib", place="libs/lib"),
    )
    purls = {c.name: c.purl for c in found.components}

    assert {(r.source, r.target) for r in found.relationships if r.kind is RelationKind.CONTAINS} == {
        (purls[holder], purls["one"]),
        (purls[holder], purls["three"]),
    }


def test_a_folder_that_only_development_needs() -> None:
    """What a folder outside of the workspace needs is needed as much as the folder is."""
    found = read(
        '[manifest]\nmembers = ["app", "One"]\n\n',
        project('[package.dev-dependencies]\ndev = [{ name = "tool" }]'),
        project('dependencies = [{ name = "b" }]', name="one", place="packages/one"),
        project('dependencies = [{ name = "a" }]', name="tool", place="tools/tool"),
        package("a"),
        package("b"),
    )

    assert scopes(found) == {"a@1": Scope.DEV, "b@1": Scope.REQUIRED}


def test_a_workspace_root_that_is_no_package() -> None:
    """Requirements and groups of the manifest are those of the folder of the lock."""
    manifest = (
        '[manifest]\nrequirements = [{ name = "a", extras = ["x"], specifier = ">1" }]\n'
        '[manifest.dependency-groups]\ndev = [{ name = "b" }]\n\n'
    )
    found = read(
        manifest, package("a", '[package.optional-dependencies]\nx = [{ name = "c" }]'), package("b"), package("c")
    )

    assert names(found) == {"project": ["a", "b"], "a": ["c"], "b": [], "c": []}
    assert scopes(found) == {"a@1": Scope.REQUIRED, "b@1": Scope.DEV, "c@1": Scope.REQUIRED}
    assert component(found, "project") == Component(
        purl="pkg:generic/project",
        name="project",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="uv.lock"),),
    )


@pytest.mark.parametrize(
    ("path", "claimed"),
    [("uv.lock", True), ("a/uv.lock", True), ("tools/x.py.lock", True), ("poetry.lock", False), ("py.lock", False)],
)
def test_which_files_are_read(path: str, claimed: bool) -> None:  # noqa: FBT001
    """Locks of projects and of scripts (PEP 723) are read."""
    assert any(compiled(glob).fullmatch(path) is not None for glob in UV_LOCK.globs) is claimed


def test_the_lock_of_a_script() -> None:
    """What a script asks for hangs on the project of its folder."""
    found = read('[manifest]\nrequirements = [{ name = "a" }]\n\n', package("a"), path="tools/x.py.lock")

    assert edges(found) == {("pkg:generic/tools?path=tools", "pkg:pypi/a@1")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "manifest = 3\n",
        '[manifest]\nmembers = ["a"]\nconstraints = [{ name = "x", specifier = "<2" }]\noverrides = [{ name = "y" }]\n',
        '[[manifest.dependency-metadata]]\nname = "zeta"\nversion = "1"\nrequires-dist = ["q"]\n',
        "[manifest.dependency-groups]\nempty = []\n",
        '[options]\nexclude-newer = "2025-01-01T00:00:00Z"\n',
        'conflicts = [[{ package = "a", extra = "x" }, { package = "a", group = "y" }]]\n',
        'resolution-markers = ["a", "b"]\nsupported-markers = ["a"]\n',
    ],
)  # fmt: skip
def test_what_adds_nothing(text: str) -> None:
    """Constraints, overrides, metadata, conflicts and options of the lock name nothing that is installed."""
    assert run_resolver(UV_LOCK, {"uv.lock": HEAD + text}, "uv.lock") == Inventory()


def test_what_packages_say_of_their_metadata() -> None:
    """What a project asked for (`requires-dist`) is no edge: what it got is."""
    found = read(
        project(
            '[package.metadata]\nrequires-dist = [{ name = "zzz", extras = ["e"], specifier = ">1" }]\n'
            'provides-extras = ["e"]\n[package.metadata.requires-dev]\ndev = [{ name = "yyy" }]'
        )
    )

    assert (names(found), found.unknowns) == ({"app": []}, ())


# -- what is wrong ---------------------------------------------------------------------------------------------

UNUSABLE = "a hash of a cannot be used"
LENGTH = "a sha256 hash has 64 hexadecimal digits, which this has not"
BAD = [
    ("a", [package("a"), '[[package]]\nversion = "1"\n'], "a package without a name"),
    ("a", [package("a"), '[[package]]\nname = ""\n'], "a package without a name"),
    ("a", [package("a"), "[[package]]\nname = 7\n"], "a package without a name"),
    ("a", [package("a", source="source = 3")], "where a comes from is not understood"),
    ("a", [package("a", source="")], "where a comes from is not understood"),
    ("a", [package("a", source='source = { s3 = "x" }')], "where a comes from is not understood"),
    ("a", [package("a", source="source = { registry = 3 }")], "where a comes from is not understood"),
    ("a", [package("a", source='source = { registry = "x", editable = "." }')], "where a comes from is not understood"),
    ("a", [package("a", "version = 3", version="")], "the version of a is no text"),
    ("a", [package("a", "sdist = 3")], "a distribution file of a is no table"),
    ("a", [package("a", "wheels = [3]")], "a distribution file of a is no table"),
    ("a", [package("a", 'wheels = "x.whl"')], "a distribution file of a is no table"),
    ("a", [package("a", 'sdist = { hash = "sha256" }')], f"{UNUSABLE}: {LENGTH}"),
    ("a", [package("a", 'sdist = { hash = "sha256:xy" }')], f"{UNUSABLE}: {LENGTH}"),
    ("a", [package("a", 'sdist = { hash = "sha256:" }')], f"{UNUSABLE}: {LENGTH}"),
    ("a", [package("a", "sdist = { hash = 7 }")], f"{UNUSABLE}: '' is no known hash algorithm"),
    ("a", [package("a", "dependencies = 3")], "a dependency of a has no name"),
    ("a", [package("a", 'dependencies = ["b"]')], "a dependency of a has no name"),
    ("a", [package("a", "dependencies = [{ name = 3 }]")], "a dependency of a has no name"),
    ("a", [package("a", "dependencies = [{}]")], "a dependency of a has no name"),
    ("a", [package("a", "optional-dependencies = 3")], "the extras or groups of a are no table"),
    ("a", [package("a", "dev-dependencies = { x = [3] }")], "a dependency of a has no name"),
]


@pytest.mark.parametrize(("name", "packages", "reason"), BAD)
def test_a_malformed_part_is_unknown(name: str, packages: list[str], reason: str) -> None:
    """A part that is not understood is an unknown, and the rest of the lock is kept."""
    found = read(*packages, package("zz", 'dependencies = [{ name = "a" }]'))

    assert reason in [r for _, r in reasons(found)]
    assert [c.name for c in found.components] == [name, "zz"]


def test_a_package_of_two_sources_does_not_pass_for_our_own() -> None:
    """An installer such as uv takes it from the registry; so it is judged like any package of one."""
    found = read(package("a", source='source = { registry = "x", editable = "." }'))

    assert [(c.purl, c.first_party) for c in found.components] == [("pkg:pypi/a@1", False)]


def test_unknown_dependencies_are_incomplete() -> None:
    """A package of which a dependency was not understood does not claim to list them all."""
    found = read(package("a", "dependencies = [{}]"), package("b"))

    assert [c.dependencies for c in found.components] == [Completeness.INCOMPLETE, Completeness.COMPLETE]


@pytest.mark.parametrize(
    ("lines", "size", "uploaded"),
    [("size = true, upload-time = 7", 0, ""), ('size = "7"', 0, ""), ("size = 7", 7, "")],
)
def test_size_and_time_of_the_wrong_type(lines: str, size: int, uploaded: str) -> None:
    """A size that is no number and a time that is no text are not stated."""
    found = component(read(package("a", f'sdist = {{ url = "x", {lines} }}')), "a").distributions[0]

    assert (found.size, found.uploaded) == (size, uploaded)


def test_a_version_of_an_entry_of_the_wrong_type() -> None:
    """An entry whose version or extras are of the wrong type means the name alone."""
    entry = '{ name = "b", version = 3, extra = [4, "x"], source = 5 }'
    found = read(package("a", f"dependencies = [{entry}]"), package("b"))

    assert edges(found) == {("pkg:pypi/a@1", "pkg:pypi/b@1")}


@pytest.mark.parametrize("version", ["2", "0", "true", '"1"', "1.0"])
def test_another_lock_version(version: str) -> None:
    """Only version 1 is known; anything else may mean something else."""
    with pytest.raises(MalformedError, match=r"lock version .* is not known, only 1"):
        run_resolver(UV_LOCK, {"uv.lock": f"version = {version}\n"}, "uv.lock")


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        ("", "lock version None is not known, only 1", 0),
        ("version = 1\npackage = 3\n", "'package' is no array of tables", 0),
        ("version = 1\n[[package]]\nname = \n", "not TOML: Invalid value (at line 3, column 8)", 3),
        (b"version = 1\n\n# \xff", "not UTF-8", 3),
    ],
)
def test_what_is_no_lock(data: bytes | str, message: str, line: int) -> None:
    """A file that is no lock at all is malformed, with the line where that is known."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(UV_LOCK, {"uv.lock": data}, "uv.lock")

    assert (str(caught.value), caught.value.line) == (message, line)


def test_an_unnamed_package_says_where() -> None:
    """The unknown of a package without a name carries the resolver and the file."""
    found = read("[[package]]\nversion = '1'\n")

    assert found.unknowns == (
        Unknown(
            location=Location(path="uv.lock", line=6), resolver="python/uv-lock", reason="a package without a name"
        ),
    )


# -- lines -----------------------------------------------------------------------------------------------------


def lines(data: str) -> dict[str, int]:
    """The line of each package."""
    found = run_resolver(UV_LOCK, {"uv.lock": data}, "uv.lock")
    return {c.name: c.locations[0].line for c in found.components}


def test_lines_of_packages() -> None:
    """A package is where its name stands."""
    assert lines(HEAD + package("a") + "\n# [[package]]\n" + package("b")) == {"a": 6, "b": 13}


def test_files_with_crlf() -> None:
    """A lock that was checked out with CRLF says the same, line by line."""
    text = HEAD + package("a", 'dependencies = [\n    { name = "b" },\n]') + package("b")

    one = run_resolver(UV_LOCK, {"uv.lock": text}, "uv.lock")
    assert run_resolver(UV_LOCK, {"uv.lock": text.replace("\n", "\r\n")}, "uv.lock") == one
    assert [c.locations[0].line for c in one.components] == [6, 14]


@pytest.mark.parametrize(
    "fake",
    [
        "note = '''\n[[package]]\n'''\n",
        "note = '''\n[[package]]\nname = \"fake\"\n'''\n",
        "note = '''\n[[package]]\nname = \"b\"\n'''\n",
    ],
)
@pytest.mark.parametrize("real", ["[[package]]", "[[ package ]]"])
def test_headers_in_text_shift_nothing(fake: str, real: str) -> None:
    """Where text looks like a package, the lines are not known rather than wrong."""
    packages = package("a").replace("[[package]]", real) + package("b")

    assert lines(HEAD + fake + packages) == {"a": 0, "b": 0}


def test_a_header_with_a_comment_or_another_order() -> None:
    """A lock that uv did not write so has no lines, and is read all the same."""
    commented = package("a").replace("[[package]]", "[[package]] # x")
    reordered = f'[[package]]\nversion = "1"\n{INDEX}\nname = "b"\n'

    assert [lines(HEAD + text) for text in (commented, reordered)] == [{"a": 0}, {"b": 0}]


# -- whatever comes --------------------------------------------------------------------------------------------


def test_credentials_are_nowhere() -> None:
    """User names and passwords of URLs stand in no field of the inventory."""
    url = "https://user:hunter2@host.packages.example/a"
    found = read(
        package("a", f'sdist = {{ url = "{url}.tar.gz", hash = "x" }}', source=f'source = {{ registry = "{url}" }}'),
        package("b", f'wheels = [{{ url = "{url}.whl" }}]', source=f'source = {{ url = "{url}" }}'),
        package("c", source=f'source = {{ git = "{url}?rev=1#02" }}'),
        package("d", 'dependencies = [{ name = "a", source = { registry = "' + url + '" } }, { name = "e" }]'),
    )

    assert len(found.components) == 4
    assert "hunter2" not in repr(found)
    assert "user" not in repr(found)


SAMPLE = (
    HEAD
    + project('dependencies = [{ name = "a", extra = ["x"] }]\n[package.dev-dependencies]\nd = [{ name = "b" }]')
    + package(
        "a",
        'sdist = { url = "u", hash = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }',
        '[package.optional-dependencies]\nx = [{ name = "b" }]',
    )
    + package("b", 'resolution-markers = ["m"]', source='source = { git = "https://g.packages.example/r#00" }')
).encode()


def survives(data: bytes) -> None:
    """`data` is read, or refused in an orderly way."""
    try:
        parse_uv_lock(MemoryTree({"uv.lock": data}), "uv.lock")
    except BomvetError as error:
        assert str(error)  # noqa: PT017 - that it is one is what matters


@given(data=st.binary(max_size=400))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_any_bytes(data: bytes) -> None:
    """No file makes the resolver fail in another way than with an error of its own."""
    survives(data)
    survives(b"version = 1\n" + data)


@given(start=st.integers(0, len(SAMPLE)), length=st.integers(0, 60), data=st.binary(max_size=30))
@example(start=0, length=0, data=b"")
@settings(deadline=None, max_examples=300, derandomize=True)
def test_damaged_locks(start: int, length: int, data: bytes) -> None:
    """A lock with a piece replaced by anything is read or refused."""
    survives(SAMPLE[:start] + data + SAMPLE[start + length :])


VALUES = st.recursive(
    st.one_of(st.integers(-1, 2), st.booleans(), st.sampled_from(["", "a", "b", "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "version", "source", "registry", "git", "url", "hash", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "version", "source", "dependencies", "optional-dependencies", "dev-dependencies", "sdist", "wheels",
     "resolution-markers"]
)  # fmt: skip


def toml(value: object) -> str:
    """`value` as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


@given(tables=st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=4))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_packages_of_any_shape(tables: list[dict[str, object]]) -> None:
    """Tables with values of any type are read; each is a component or an unknown."""
    data = f"version = 1\npackage = {toml(tables)}\n"
    found = run_resolver(UV_LOCK, {"uv.lock": data}, "uv.lock")

    named = {t["name"] for t in tables if isinstance(t.get("name"), str) and t["name"]}
    assert named <= {c.name for c in found.components}
    assert bool(found.unknowns) or len(named) == len({str(t.get("name")) for t in tables})


def test_a_folder_outside_the_tree_is_unknown() -> None:
    """What a path dependency above the scanned folder is made of cannot be seen from here."""
    inventory = read(package("a", source='source = { directory = "../../lib" }'), path="w/uv.lock")

    assert [u.reason for u in inventory.unknowns] == ["a lies outside the scanned tree"]


def test_a_package_that_is_only_asked_for_under_conditions_says_so() -> None:
    """Where every edge to it has a marker, the markers are its own; one without is none."""
    root = package(
        "root", 'dependencies = [{ name = "a", marker = "x" }, { name = "b", marker = "y" }, { name = "b" }]',
        source='source = { virtual = "." }',
    )  # fmt: skip
    inventory = read(root, package("a"), package("b"), package("c", 'dependencies = [{ name = "a", marker = "z" }]'))
    markers = {c.name: [v for n, v in c.properties if n == "bomvet:marker"] for c in inventory.components}

    assert (markers["a"], markers["b"], markers["c"]) == (["x", "z"], [], [])


# -- as what, and under which conditions -----------------------------------------------------------------------


def asked(inventory: Inventory) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """Roles and markers of every edge, by the names of its ends."""
    by_purl = {c.purl: c.label for c in inventory.components}
    return {(by_purl[r.source], by_purl[r.target]): (r.roles, r.markers) for r in inventory.relationships}


def test_edges_say_as_what_they_ask() -> None:
    """Extras and groups are told from plain dependencies; what is also plain is so."""
    found = read(
        project(
            'dependencies = [{ name = "p" }]',
            '[package.optional-dependencies]\nui = [{ name = "x" }, { name = "p" }]\nWeb_UI = [{ name = "x" }]',
            '[package.dev-dependencies]\ndev = [{ name = "t" }]\nlint = [{ name = "t" }, { name = "x" }]',
        ),
        *map(package, "ptx"),
    )

    assert asked(found) == {
        ("app@0.1", "p@1"): ((), ()),
        ("app@0.1", "t@1"): (("group:dev", "group:lint"), ()),
        ("app@0.1", "x@1"): (("extra:ui", "extra:web-ui", "group:lint"), ()),
    }


def test_edges_have_their_markers() -> None:
    """Several entries are alternatives, and one without a marker always holds."""
    found = read(
        package("a", 'dependencies = [{ name = "b", marker = "y" }, { name = "b", marker = "x" }, { name = "c", marker = "z" }, { name = "c" }]'),
        package("b"), package("c"),
    )  # fmt: skip

    assert asked(found) == {("a@1", "b@1"): ((), ("x", "y")), ("a@1", "c@1"): ((), ())}


def test_what_an_extra_needs_holds_where_the_extra_is_asked_for() -> None:
    """The conditions of both are joined; brackets keep alternatives together."""
    found = read(
        project('dependencies = [{ name = "a", extra = ["x"], marker = "m or n" }, { name = "a" }]'),
        package("a", '[package.optional-dependencies]\nx = [{ name = "b", marker = "k" }, { name = "c" }]'),
        package("b"),
        package("c"),
    )

    assert asked(found) == {
        ("app@0.1", "a@1"): ((), ()),
        ("a@1", "b@1"): (("extra:x",), ("(m or n) and k",)),
        ("a@1", "c@1"): (("extra:x",), ("m or n",)),
    }


def test_an_extra_that_is_once_asked_for_always_holds_so() -> None:
    """One request without a marker is enough."""
    found = read(
        project('dependencies = [{ name = "a", extra = ["x"], marker = "m" }, { name = "d" }]'),
        package("a", '[package.optional-dependencies]\nx = [{ name = "b" }]'),
        package("b"),
        package("d", 'dependencies = [{ name = "a", extra = ["x"] }]'),
    )

    assert asked(found)["a@1", "b@1"] == (("extra:x",), ())


def test_very_many_conditions_are_not_written_out() -> None:
    """An edge then holds in more environments than it need: in those of its own marker."""
    requests = ", ".join(f'{{ name = "a", extra = ["x"], marker = "m{n}" }}' for n in range(17))
    found = read(
        project(f"dependencies = [{requests}]"),
        package("a", '[package.optional-dependencies]\nx = [{ name = "b", marker = "k" }]'),
        package("b"),
    )

    assert asked(found)["a@1", "b@1"] == (("extra:x",), ("k",))
