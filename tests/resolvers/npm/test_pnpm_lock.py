"""pnpm-lock.yaml: keys of all versions, instances, own projects, origins, scopes, and everything that can be wrong."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.resolvers.npm.pnpm_lock import PNPM_LOCK, parse_pnpm_lock
from tests.harness import MemoryTree, component, edges, run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK = "pnpm-lock.yaml"
SRI = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
EMPTY = Hash(algorithm="sha256", value="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def read(text: str, files: Mapping[str, str] | None = None, path: str = LOCK) -> Inventory:
    """The inventory of the lock `text`."""
    return run_resolver(PNPM_LOCK, {path: text, **(files or {})}, path)


def read_9(packages: str, snapshots: str, importers: str = "  .: {}\n", rest: str = "") -> Inventory:
    """The inventory of a lock of version 9."""
    head = f"lockfileVersion: '9.0'\n\n{rest}importers:\n\n{importers}\n"
    return read(f"{head}packages:\n\n{packages}\nsnapshots:\n\n{snapshots}")


def entry(key: str, *lines: str) -> str:
    """An entry of a section."""
    return "\n".join((f"  {key}:", *(f"    {line}" for line in lines), "", ""))


def registry(key: str, *lines: str) -> str:
    """A package of the registry."""
    return entry(key, f"resolution: {{integrity: {SRI}}}", *lines)


def asks(place: str, **tables: dict[str, str]) -> str:
    """An importer of version 9 that asks for things by table."""
    return entry(
        place,
        *(
            line
            for table, needs in tables.items()
            for line in (
                f"{table}:",
                *(f"  '{name}': {{specifier: '*', version: '{version}'}}" for name, version in needs.items()),
            )
        ),
    )


def scopes(inventory: Inventory) -> dict[str, Scope]:
    """Scopes of the packages by label."""
    return {c.label: c.scope for c in inventory.components if not c.first_party}


def reasons(inventory: Inventory) -> list[tuple[int, str]]:
    """Lines and reasons of what was not understood."""
    return [(u.location.line, u.reason) for u in inventory.unknowns]


# -- the whole of a small one, in each version -----------------------------------------------------------------

V5 = f"""lockfileVersion: 5.4

specifiers:
  '@a/b': ^1.0.0
  c: ^2.0.0

dependencies:
  '@a/b': 1.0.0_c@2.0.0

devDependencies:
  c: 2.0.0

packages:

  /@a/b/1.0.0_c@2.0.0:
    resolution: {{integrity: {SRI}}}
    peerDependencies:
      c: '*'
    dependencies:
      c: 2.0.0
    dev: false

  /c/2.0.0:
    resolution: {{integrity: {SRI}}}
    engines: {{node: '>=12'}}
"""
V6 = f"""lockfileVersion: '6.0'

dependencies:
  '@a/b':
    specifier: ^1.0.0
    version: 1.0.0(c@2.0.0)

devDependencies:
  c:
    specifier: ^2.0.0
    version: 2.0.0

packages:

  /@a/b@1.0.0(c@2.0.0):
    resolution: {{integrity: {SRI}}}
    peerDependencies:
      c: '*'
    dependencies:
      c: 2.0.0
    dev: false

  /c@2.0.0:
    resolution: {{integrity: {SRI}}}
    engines: {{node: '>=12'}}
"""
V9 = f"""lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      '@a/b':
        specifier: ^1.0.0
        version: 1.0.0(c@2.0.0)
    devDependencies:
      c:
        specifier: ^2.0.0
        version: 2.0.0

packages:

  '@a/b@1.0.0':
    resolution: {{integrity: {SRI}}}
    peerDependencies:
      c: '*'

  c@2.0.0:
    resolution: {{integrity: {SRI}}}
    engines: {{node: '>=12'}}

snapshots:

  '@a/b@1.0.0(c@2.0.0)':
    dependencies:
      c: 2.0.0

  c@2.0.0: {{}}
"""


@pytest.mark.parametrize(
    ("text", "project", "packages", "needs"),
    [(V5, 1, (15, 23), (15, 23)), (V6, 1, (15, 23), (15, 23)), (V9, 5, (17, 22), (28, 32))],
    ids=["5", "6", "9"],
)
def test_the_whole_of_a_small_lock(text: str, project: int, packages: tuple[int, int], needs: tuple[int, int]) -> None:
    """Every field of each version, with the true line of each statement."""
    at = [Location(path=LOCK, line=line) for line in (project, *packages, *needs)]
    root = Component(
        purl="pkg:generic/project",
        name="project",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(at[0],),
    )
    b = Component(
        purl="pkg:npm/%40a/b@1.0.0",
        name="@a/b",
        version="1.0.0",
        dependencies=Completeness.COMPLETE,
        hashes=(EMPTY,),
        locations=(at[1],),
    )
    c = Component(
        purl="pkg:npm/c@2.0.0",
        name="c",
        version="2.0.0",
        dependencies=Completeness.COMPLETE,
        hashes=(EMPTY,),
        locations=(at[2],),
        properties=(("bomvet:engine", "node >=12"),),
    )

    assert read(text) == Inventory(
        components=(root, b, c),
        relationships=(
            Relationship(source=root.purl, target=b.purl, evidence=(at[0],)),
            Relationship(source=root.purl, target=c.purl, roles=("dev",), evidence=(at[0],)),
            Relationship(source=b.purl, target=c.purl, roles=("peer",), evidence=(at[3],)),
        ),
    )


def test_the_names_that_are_claimed() -> None:
    """It is a lock, in any folder."""
    assert (PNPM_LOCK.id, PNPM_LOCK.globs, PNPM_LOCK.locks) == ("npm/pnpm-lock", ("**/pnpm-lock.yaml",), True)


# -- keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "key", "label"),
    [
        ("5.3", "/a/1.0.0", "a@1.0.0"),
        ("5.4", "/a/1.0.0-rc.1_b@2.0.0+@c+d@1.0.0", "a@1.0.0-rc.1"),
        ("5.1", "/@s/a/1.0.0_0123abcd", "@s/a@1.0.0"),
        ("5.2", "npm.packages.example/a/1.0.0", "a@1.0.0"),
        ("5.2", "npm.packages.example/@s/a/1.0.0_b@1", "@s/a@1.0.0"),
        ("'6.0'", "/a@1.0.0", "a@1.0.0"),
        ("'6.1'", "/@s/a@1.0.0(@c/d@1.0.0)(e@2.0.0(f@3.0.0))", "@s/a@1.0.0"),
        ("'6.0'", "npm.packages.example/a@1.0.0(b@1.0.0)", "a@1.0.0"),
        ("'6.0'", "npm.packages.example/@s/a@1.0.0", "@s/a@1.0.0"),
        ("'9.0'", "a@1.0.0", "a@1.0.0"),
        ("'9.0'", "'@s/a@1.0.0-0'", "@s/a@1.0.0-0"),
        ("'9.0'", "a@1.0.0(b@1.0.0)(c@1.0.0(d@1.0.0))", "a@1.0.0"),
        ("'9.0'", "')a@1.0.0)'", ")a@1.0.0)"),
    ],
)
def test_keys(version: str, key: str, label: str) -> None:
    """Name and version are those of the key, in each version of the format."""
    snapshots = f"\nsnapshots:\n\n{entry(key, 'id: x')}" if "9" in version else ""
    found = read(f"lockfileVersion: {version}\n\npackages:\n\n{registry(key)}{snapshots}")

    assert list(scopes(found)) == [label]
    assert found.unknowns == ()


def test_a_key_without_a_version_is_told() -> None:
    """What comes from nowhere and has no version is a component all the same."""
    found = read_9(registry("a"), entry("a", "id: x"))

    assert [c.purl for c in found.components if not c.first_party] == ["pkg:npm/a"]
    assert reasons(found) == [(9, "where a comes from is not understood")]


def test_instances_of_one_package_are_one_component() -> None:
    """Edges are those of each instance; scopes too, so that what another instance needs does not count."""
    found = read_9(
        registry("a@1.0.0", "peerDependencies: {p: '*'}") + registry("p@1.0.0") + registry("p@2.0.0"),
        entry("a@1.0.0(p@1.0.0)", "dependencies: {p: 1.0.0}")
        + entry("a@1.0.0(p@2.0.0)", "dependencies: {p: 2.0.0}")
        + "  p@1.0.0: {}\n\n  p@2.0.0: {}\n",
        asks(".", dependencies={"a": "1.0.0(p@1.0.0)"}) + asks("w", devDependencies={"a": "1.0.0(p@2.0.0)"}),
    )
    a = "pkg:npm/a@1.0.0"

    assert {edge for edge in edges(found) if edge[0] == a} == {(a, "pkg:npm/p@1.0.0"), (a, "pkg:npm/p@2.0.0")}
    assert scopes(found) == {"a@1.0.0": Scope.REQUIRED, "p@1.0.0": Scope.REQUIRED, "p@2.0.0": Scope.DEV}
    assert found.unknowns == ()


def test_long_keys_and_keys_with_quotes_have_their_lines() -> None:
    """Beyond a thousand characters pnpm writes a key on a line of its own."""
    key = "a@1.0.0(" + "b" * 1100 + "@1.0.0)"
    text = (
        f"lockfileVersion: '6.0'\r\n\r\npackages:\r\n\r\n  ? /{key}\r\n  : resolution: {{integrity: {SRI}}}\r\n\r\n"
        f"  # a comment\r\n  '/it''s@1.0.0':\r\n    resolution: {{integrity: {SRI}}}\r\n"
    )

    lines = {c.name: c.locations for c in read(text).components if not c.first_party}
    assert lines == {"a": (Location(path=LOCK, line=5),), "it's": (Location(path=LOCK, line=9),)}


def test_a_lock_that_is_laid_out_otherwise_has_the_lines_of_its_sections() -> None:
    """No line is made up."""
    text = f'lockfileVersion: "9.0"\npackages: {{"a@1.0.0": {{resolution: {{integrity: "{SRI}"}}}}}}\nsnapshots: {{a@1.0.0: {{}}}}\n'

    assert component(read(text), "a").locations == (Location(path=LOCK, line=2),)


def test_documents_that_begin_otherwise_have_no_lines() -> None:
    """As many as there are must be found, or none is believed."""
    document = f"lockfileVersion: '6.0'\n\npackages:\n\n{registry('/a@1.0.0')}"

    assert component(read(f"{document}--- # another\n{document}"), "a").locations == (Location(path=LOCK, line=1),)


def test_a_lock_of_json_is_read() -> None:
    """It is YAML; there are no lines of sections then."""
    text = json.dumps({"lockfileVersion": "6.0", "packages": {"/a@1.0.0": {"resolution": {"integrity": SRI}}}})

    assert component(read(text), "a").locations == (Location(path=LOCK, line=1),)


# -- aliases, overrides, patches -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"lockfileVersion: 5.4\n\ndependencies:\n  x: /real/1.0.0\n\npackages:\n\n{registry('/real/1.0.0')}",
        f"lockfileVersion: '6.0'\n\ndependencies:\n  x: {{version: /real@1.0.0}}\n\npackages:\n\n{registry('/real@1.0.0')}",
        f"lockfileVersion: '9.0'\n\nimporters:\n\n{asks('.', dependencies={'x': 'real@1.0.0'})}packages:\n\n"
        + registry("real@1.0.0")
        + "snapshots:\n\n  real@1.0.0: {}\n",
    ],
    ids=["5", "6", "9"],
)
def test_an_alias_is_a_property_of_the_real_package(text: str) -> None:
    """What is installed as `x` is `real`."""
    found = read(text)

    assert component(found, "real").properties == (("bomvet:alias", "x"),)
    assert edges(found) == {("pkg:generic/project", "pkg:npm/real@1.0.0")}


def test_overrides_are_properties_of_the_project() -> None:
    """Without the password that one may hold."""
    overrides = "overrides:\n  a>b: ^2\n  c: https://me:secret@packages.example/c.tgz\n\n"

    assert read_9("", "", rest=overrides).components[0].properties == (
        ("bomvet:override", "a>b: ^2"),
        ("bomvet:override", "c: https://packages.example/c.tgz"),
    )


def test_patched_packages_are_marked() -> None:
    """By the digest in the key, or by the name where the key has none."""
    rest = (
        "patchedDependencies:\n  a@1.0.0:\n    hash: abc\n    path: patches/a.patch\n  b@1.0.0: patches/b.patch\n"
        "  c:\n    hash: def\n    path: patches/c.patch\n\n"
    )
    found = read_9(
        "".join(map(registry, ("a@1.0.0", "b@1.0.0", "c@1.0.0", "d@1.0.0", "e@1.0.0"))),
        entry("a@1.0.0(patch_hash=abc)(p@1)", "id: x")
        + entry("b@1.0.0", "id: x")
        + entry("c@1.0.0(patch_hash=def)", "id: x")
        + entry("d@1.0.0(patch_hash=zzz)", "id: x")
        + entry("e@1.0.0", "id: x"),
        rest=rest,
    )

    assert {c.name: c.properties for c in found.components if not c.first_party} == {
        "a": (("bomvet:patched", "patches/a.patch"),),
        "b": (("bomvet:patched", "true"),),
        "c": (("bomvet:patched", "patches/c.patch"),),
        "d": (("bomvet:patched", "true"),),
        "e": (),
    }


def test_what_an_entry_says_of_its_package() -> None:
    """Platforms, engines, deprecation, scripts, and what it bundles."""
    lines = (
        "engines: {node: '>=18', npm: '*'}", "os: [linux, '!win32']", "cpu: [x64]", "libc: [glibc]",
        "deprecated: no more", "requiresBuild: true", "hasBin: true", "bundledDependencies: [x, y]",
    )  # fmt: skip
    found = component(read_9(registry("a@1.0.0", *lines), "  a@1.0.0: {}\n"), "a")

    assert found.properties == (
        ("bomvet:bundles", "x"),
        ("bomvet:bundles", "y"),
        ("bomvet:cpu", "x64"),
        ("bomvet:deprecated", "no more"),
        ("bomvet:engine", "node >=18"),
        ("bomvet:engine", "npm *"),
        ("bomvet:install-script", "true"),
        ("bomvet:libc", "glibc"),
        ("bomvet:os", "!win32"),
        ("bomvet:os", "linux"),
    )
    assert found.dependencies is Completeness.INCOMPLETE


def test_what_an_entry_says_in_other_types() -> None:
    """A single platform, a deprecation without a note, everything bundled; what makes no sense is nothing."""
    lines = ("os: linux", "cpu: [1, x64]", "deprecated: true", "bundledDependencies: true", "engines: old", "libc: 5")
    found = component(read_9(registry("a@1.0.0", *lines), "  a@1.0.0: {}\n"), "a")

    assert found.properties == (
        ("bomvet:bundles", "all that it depends on"),
        ("bomvet:cpu", "x64"),
        ("bomvet:deprecated", "true"),
        ("bomvet:os", "linux"),
    )


# -- own projects ----------------------------------------------------------------------------------------------

MANIFESTS = {
    "web/package.json": '{"name": "web-app", "version": "1.0.0"}',
    "web/lib/package.json": '{"name": "lib", "version": "2.0.0"}',
}


def test_members_of_a_workspace_are_own_projects() -> None:
    """Links are seen from the importer that has them, those of packages from the lock."""
    text = (
        "lockfileVersion: '9.0'\n\nimporters:\n\n"
        + asks(".", dependencies={"lib": "link:lib", "tool": "link:../tool"})
        + asks("lib", devDependencies={"web-app": "link:.."})
        + f"packages:\n\n{registry('a@1.0.0')}\nsnapshots:\n\n{entry('a@1.0.0', 'dependencies: {lib: link:lib}')}"
    )
    found = read(text, MANIFESTS, "web/pnpm-lock.yaml")

    assert component(found, "tool").dependencies is Completeness.INCOMPLETE
    assert component(found, "lib").dependencies is Completeness.COMPLETE
    assert [(c.purl, c.directory, c.properties) for c in found.components] == [
        ("pkg:generic/lib@2.0.0?path=web/lib", "web/lib", ()),
        ("pkg:generic/tool?path=tool", "tool", (("bomvet:link", "link:../tool"),)),
        ("pkg:generic/web-app@1.0.0?path=web", "web", ()),
        ("pkg:npm/a@1.0.0", None, ()),
    ]
    assert edges(found) == {
        ("pkg:generic/web-app@1.0.0?path=web", "pkg:generic/lib@2.0.0?path=web/lib"),
        ("pkg:generic/web-app@1.0.0?path=web", "pkg:generic/tool?path=tool"),
        ("pkg:generic/lib@2.0.0?path=web/lib", "pkg:generic/web-app@1.0.0?path=web"),
        ("pkg:npm/a@1.0.0", "pkg:generic/lib@2.0.0?path=web/lib"),
    }
    assert found.unknowns == ()


def test_a_folder_is_an_own_project_and_needs_what_leads_to_it_needs() -> None:
    """What a folder asks for that only development leads to is for development."""
    folder = "resolution: {directory: fix, type: directory}"
    found = read_9(
        entry("fix@file:fix", folder) + registry("a@1.0.0"),
        entry("fix@file:fix", "dependencies: {a: 1.0.0}") + "  a@1.0.0: {}\n",
        asks(".", devDependencies={"fix": "file:fix"}),
    )

    assert [c.purl for c in found.components if c.first_party] == ["pkg:generic/fix?path=fix", "pkg:generic/project"]
    assert scopes(found) == {"a@1.0.0": Scope.DEV}


def test_an_injected_member_is_the_member() -> None:
    """The tool copies it, and keeps an instance of it by its peers."""
    found = read_9(
        entry("lib@file:lib", "resolution: {directory: lib, type: directory}") + registry("a@1.0.0"),
        entry("lib@file:lib(a@1.0.0)", "dependencies: {a: 1.0.0}") + "  a@1.0.0: {}\n",
        asks(".", devDependencies={"lib": "file:lib(a@1.0.0)"}) + asks("lib", dependencies={"a": "1.0.0"}),
    )

    assert [c.purl for c in found.components if c.first_party] == ["pkg:generic/lib?path=lib", "pkg:generic/project"]
    assert scopes(found) == {"a@1.0.0": Scope.REQUIRED}


def test_a_folder_of_an_older_lock_has_its_name_in_the_entry() -> None:
    """The key is the folder alone."""
    folder = entry("file:fix", "resolution: {directory: fix, type: directory}", "name: fixture", "version: 0.1.0")
    found = read(f"lockfileVersion: 5.4\n\ndependencies:\n  fixture: file:fix\n\npackages:\n\n{folder}")

    assert [c.purl for c in found.components] == ["pkg:generic/fixture@0.1.0?path=fix", "pkg:generic/project"]
    assert edges(found) == {("pkg:generic/project", "pkg:generic/fixture@0.1.0?path=fix")}


@pytest.mark.parametrize("place", ["../other", "/etc", ".."])
def test_a_project_outside_the_tree_is_told(place: str) -> None:
    """It is a component that nothing else is known of."""
    found = read_9("", "", asks(".", dependencies={"other": f"link:{place}"}))

    assert reasons(found) == [(5, f"{place} lies outside the scanned tree")]
    assert len(found.components) == 2


# -- where packages come from ----------------------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("key", "resolution", "expected"),
    [
        (
            "a@https://packages.example/a.tgz",
            f"{{integrity: {SRI}, tarball: 'https://me:pass@packages.example/a.tgz'}}",
            (
                "pkg:npm/a@1.0.0?download_url=https://packages.example/a.tgz",
                (Distribution(url="https://packages.example/a.tgz", hashes=(EMPTY,)),),
                (),
            ),
        ),
        (
            "a@1.0.0",
            f"{{integrity: {SRI}, tarball: 'https://npm.packages.example/a/-/a-1.0.0.tgz'}}",
            (
                "pkg:npm/a@1.0.0",
                (Distribution(url="https://npm.packages.example/a/-/a-1.0.0.tgz", hashes=(EMPTY,)),),
                (("bomvet:registry", "https://npm.packages.example"),),
            ),
        ),
        (
            "a@file:a.tgz",
            f"{{integrity: {SRI}, tarball: file:a.tgz}}",
            ("pkg:npm/a@1.0.0?file_name=a.tgz", (Distribution(url="file:a.tgz", hashes=(EMPTY,)),), ()),
        ),
        (
            f"a@https://codeload.github.com/u/a/tar.gz/{COMMIT}",
            f"{{gitHosted: true, tarball: 'https://codeload.github.com/u/a/tar.gz/{COMMIT}'}}",
            (f"pkg:npm/a@1.0.0?vcs_url=git%2Bhttps://github.com/u/a.git%40{COMMIT}", (), ()),
        ),
        (
            f"a@git+https://packages.example/a.git#{COMMIT}&path:/sub",
            f"{{commit: {COMMIT}, repo: 'https://packages.example/a.git', type: git, path: /sub}}",
            (
                f"pkg:npm/a@1.0.0?vcs_url=git%2Bhttps://packages.example/a.git%40{COMMIT}",
                (),
                (("bomvet:subdirectory", "sub"),),
            ),
        ),
        (
            f"a@git+ssh://git@packages.example/a.git#{COMMIT}",
            f"{{commit: {COMMIT}, repo: 'git@packages.example:a.git', type: git}}",
            (f"pkg:npm/a@1.0.0?vcs_url=git%2Bssh://packages.example/a.git%40{COMMIT}", (), ()),
        ),
    ],
    ids=["url", "registry", "file", "codeload", "git", "ssh"],
)
def test_origins(key: str, resolution: str, expected: tuple[object, ...]) -> None:
    """A file, a registry's archive, a repository: by what the entry states, without passwords."""
    found = read_9(entry(f"'{key}'", f"resolution: {resolution}", "version: 1.0.0"), f"  '{key}': {{}}\n")
    package = component(found, "a")

    assert (package.purl, package.distributions, package.properties) == expected
    assert found.unknowns == ()


def test_a_registry_of_an_older_lock_is_kept() -> None:
    """Version 5 states one that is not the usual beside the digest."""
    text = entry(
        "npm.packages.example/a/1.0.0",
        f"resolution: {{integrity: {SRI}, registry: 'https://npm.packages.example/'}}",
    )
    found = component(read(f"lockfileVersion: 5.2\n\npackages:\n\n{text}"), "a")

    assert (found.purl, found.properties) == (
        "pkg:npm/a@1.0.0",
        (("bomvet:registry", "https://npm.packages.example/"),),
    )


def test_a_runtime_is_no_package_of_the_registry() -> None:
    """Node.js itself has a file for each platform."""
    lines = (
        "resolution:",
        "  type: variations",
        "  variants:",
        *(
            f"    - {{resolution: {{type: binary, archive: tarball, integrity: {SRI}, url: 'https://packages.example/{o}.tgz'}}, targets: [{{os: {o}, cpu: x64}}]}}"
            for o in ("linux", "darwin")
        ),
        "    - 5",
        "version: 22.0.0",
    )
    found = read_9(
        entry("node@runtime:22.0.0", *lines),
        "  node@runtime:22.0.0: {}\n",
        asks(".", devDependencies={"node": "runtime:22.0.0"}),
    )
    node = component(found, "node")

    assert (node.purl, node.scope) == ("pkg:generic/node@22.0.0", Scope.DEV)
    assert [d.url for d in node.distributions] == [
        "https://packages.example/darwin.tgz",
        "https://packages.example/linux.tgz",
    ]
    assert reasons(found) == [(12, "a file of node@runtime:22.0.0 is not understood")]


def test_a_table_of_dependencies_that_is_none_makes_its_owner_incomplete() -> None:
    """Of a project as of a package."""
    found = read_9(
        registry("a@1.0.0"),
        entry("a@1.0.0", "dependencies: [x]"),
        entry(".", "devDependencies: {a: {version: 1.0.0}}", "dependencies: 5"),
    )

    assert reasons(found) == [(5, "'dependencies' of . is no table"), (18, "'dependencies' of a@1.0.0 is no table")]
    assert {c.dependencies for c in found.components} == {Completeness.INCOMPLETE}
    assert edges(found) == {("pkg:generic/project", "pkg:npm/a@1.0.0")}


# -- scopes and roles ------------------------------------------------------------------------------------------


def test_scopes_and_roles() -> None:
    """By what reaches a package; an optional peer that is there is one that can be done without."""
    found = read_9(
        registry("a@1.0.0", "peerDependencies: {p: '*', q: '*'}", "peerDependenciesMeta: {q: {optional: true}}")
        + "".join(map(registry, ("o@1.0.0", "p@1.0.0", "q@1.0.0", "d@1.0.0", "e@1.0.0"))),
        entry("a@1.0.0(p@1.0.0)(q@1.0.0)", "dependencies: {p: 1.0.0}", "optionalDependencies: {q: 1.0.0, o: 1.0.0}",
              "transitivePeerDependencies: [z]")
        + entry("d@1.0.0", "dependencies: {e: 1.0.0, o: 1.0.0}")
        + "".join(entry(f"{n}@1.0.0", "id: x") for n in "opqe"),
        asks(".", dependencies={"a": "1.0.0(p@1.0.0)(q@1.0.0)"}, devDependencies={"d": "1.0.0"},
             optionalDependencies={"q": "1.0.0"}),
    )  # fmt: skip

    assert scopes(found) == {
        "a@1.0.0": Scope.REQUIRED,
        "d@1.0.0": Scope.DEV,
        "e@1.0.0": Scope.DEV,
        "o@1.0.0": Scope.OPTIONAL,
        "p@1.0.0": Scope.REQUIRED,
        "q@1.0.0": Scope.OPTIONAL,
    }
    roles = {(r.source.split("/")[1], r.target.split("/")[1]): r.roles for r in found.relationships}
    assert roles == {
        ("a@1.0.0", "o@1.0.0"): ("optional",),
        ("a@1.0.0", "p@1.0.0"): ("peer",),
        ("a@1.0.0", "q@1.0.0"): ("optional", "peer"),
        ("d@1.0.0", "e@1.0.0"): (),
        ("d@1.0.0", "o@1.0.0"): (),
        ("project", "a@1.0.0"): (),
        ("project", "d@1.0.0"): ("dev",),
        ("project", "q@1.0.0"): ("optional",),
    }


def test_the_document_of_pnpm_itself_counts_as_development() -> None:
    """Since pnpm 11 a document of its own states pnpm and what it is set up by; the project comes last."""
    own = (
        "---\nlockfileVersion: '9.0'\n\nimporters:\n\n"
        + asks(".", configDependencies={"hooks": "1.0.0"}, packageManagerDependencies={"pnpm": "11.0.0"})
        + f"packages:\n\n{registry('hooks@1.0.0')}{registry('pnpm@11.0.0')}"
        + "snapshots:\n\n  hooks@1.0.0: {}\n\n  pnpm@11.0.0: {}\n\n---\n"
    )
    found = read(own + V9)

    assert scopes(found) == {
        "@a/b@1.0.0": Scope.REQUIRED,
        "c@2.0.0": Scope.REQUIRED,
        "hooks@1.0.0": Scope.DEV,
        "pnpm@11.0.0": Scope.DEV,
    }
    lines = {c.name: c.locations[0].line for c in found.components if not c.first_party}
    assert lines == {"hooks": 14, "pnpm": 17, "@a/b": 43, "c": 48}
    assert found.unknowns == ()


# -- what is not understood ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("no YAML mapping", 1)),
        ("a: 1\n", ("lock version None is not known, only 5, 6 and 9", 1)),
        ("lockfileVersion: 4\n", ("lock version 4 is not known, only 5, 6 and 9", 1)),
        ("lockfileVersion: '10.0'\n", ("lock version '10.0' is not known, only 5, 6 and 9", 1)),
        ("lockfileVersion: [9]\n", ("lock version [9] is not known, only 5, 6 and 9", 1)),
        ("lockfileVersion: .inf\n", ("lock version inf is not known, only 5, 6 and 9", 1)),
        ("lockfileVersion: '9.0'\npackages:\n  a@1: {}\n  a@1: {}\n", ("the key a@1 stands twice", 4)),
        ("lockfileVersion: '9.0'\npackages:\n<<<<<<< HEAD\n  a@1: {}\n", ("not YAML: could not find expected ':', while scanning a simple key", 4)),
    ],
)  # fmt: skip
def test_what_is_no_lock(text: str, expected: tuple[str, int]) -> None:
    """It is refused with the line."""
    with pytest.raises(MalformedError) as caught:
        read(text)
    assert (str(caught.value), caught.value.line) == expected


def test_what_is_wrong_in_a_lock_is_told() -> None:
    """Each statement that is not understood is an unknown with its line, and makes its package incomplete."""
    found = read_9(
        registry("a@1.0.0")
        + registry("alone@1.0.0")
        + entry("bad@1.0.0", "resolution: {integrity: sha512-short}", "version: 1.10")
        + entry("odd@1.0.0", "resolution: {type: custom}")
        + entry("git@1.0.0", "resolution: {type: git}")
        + entry("'u@https://packages.example/u.tgz'", "resolution: {tarball: https://packages.example/u.tgz}")
        + "  list@1.0.0: []\n",
        entry("a@1.0.0", "dependencies: {gone: 1.0.0, 5: 1.0.0, num: 1.1}", "optionalDependencies: [x]")
        + "  new@1.0.0: {}\n\n  bad@1.0.0: {}\n\n  odd@1.0.0: {}\n\n  git@1.0.0: {}\n\n  u@https://packages.example/u.tgz: {}\n",
        asks(".", dependencies={"a": "1.0.0", "missing": "2.0.0"}),
        rest="overrides: []\n\n",
    )

    assert reasons(found) == [
        (3, "'overrides' is no table"),
        (7, "missing, which project needs, is not in the lock"),
        (18, "alone@1.0.0 is not among 'snapshots', so what it needs is not known"),
        (21, "the integrity of bad@1.0.0 cannot be used: 'sha512-short' is no integrity of a known algorithm"),
        (21, "the version of bad@1.0.0 is no text"),
        (25, "where odd@1.0.0 comes from is not understood"),
        (28, "where git@1.0.0 comes from is not understood"),
        (31, "u@https://packages.example/u.tgz has no version in the lock"),
        (34, "the entry list@1.0.0 of 'packages' is no table with a name"),
        (38, "'optionalDependencies' of a@1.0.0 is no table"),
        (38, "5, which a@1.0.0 needs, is not in the lock"),
        (38, "gone, which a@1.0.0 needs, is not in the lock"),
        (38, "num, which a@1.0.0 needs, is not in the lock"),
        (42, "new@1.0.0 is not among 'packages'"),
        (42, "where new@1.0.0 comes from is not understood"),
    ]
    incomplete = {c.name for c in found.components if c.dependencies is Completeness.INCOMPLETE}
    assert incomplete == {"a", "alone", "project"}


SAMPLE: dict[str, Any] = {
    "lockfileVersion": "9.0",
    "overrides": {"x": "1"},
    "patchedDependencies": {"a@1.0.0": {"hash": "abc", "path": "a.patch"}},
    "importers": {
        ".": {"dependencies": {"a": {"specifier": "*", "version": "1.0.0(b@2.0.0)"}}},
        "w": {"devDependencies": {"f": {"specifier": "*", "version": "file:f"}, "l": {"version": "link:../l"}}},
    },
    "packages": {
        "a@1.0.0": {"resolution": {"integrity": SRI}, "engines": {"node": "*"}, "os": ["linux"], "peerDependencies": {"b": "*"}},
        "b@2.0.0": {"resolution": {"tarball": "https://packages.example/b.tgz"}, "version": "2.0.0", "deprecated": "x"},
        "f@file:f": {"resolution": {"type": "directory", "directory": "f"}},
        "g@git+x": {"resolution": {"type": "git", "repo": "https://packages.example/g.git", "commit": COMMIT}},
        "n@runtime:1.0.0": {"resolution": {"type": "variations", "variants": [{"resolution": {"url": "https://packages.example/n"}}]}, "version": "1.0.0"},
    },
    "snapshots": {
        "a@1.0.0(b@2.0.0)": {"dependencies": {"b": "2.0.0"}, "optionalDependencies": {"g": "git+x"}},
        "b@2.0.0": {},
        "f@file:f": {"dependencies": {"a": "1.0.0(b@2.0.0)"}},
        "g@git+x": {},
        "n@runtime:1.0.0": {},
    },
}  # fmt: skip
_NEW = st.sampled_from(
    [None, 5, 1.5, True, "", "x", "link:../../x", "..", [], ["x", None], {}, {"x": None}, {"a": {"b": 1}}]
)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all that `value` holds."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, child in children for spot in ((*path, key), *spots(child, (*path, key)))]


@settings(max_examples=400)
@given(data=st.data())
def test_every_entry_of_a_damaged_lock_is_a_component_or_an_unknown(data: st.DataObject) -> None:
    """Whatever is dropped, emptied or of another type, nothing is lost silently, and nothing breaks."""
    lock = copy.deepcopy(SAMPLE)
    if data.draw(st.booleans()):
        lock = {**lock, "lockfileVersion": "6.0"}
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(spots(lock)))
        holder: Any = lock
        for key in way:
            holder = holder[key]
        if data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = copy.deepcopy(data.draw(_NEW))
    try:
        found = Inventory.merge([parse_pnpm_lock(MemoryTree({LOCK: json.dumps(lock)}), LOCK)])
    except MalformedError:
        return
    packages = lock.get("packages")
    for key, value in packages.items() if isinstance(packages, dict) else ():
        names = {key, key.partition("@")[0], value.get("name") if isinstance(value, dict) else None}
        folder = (
            json.dumps(value).partition('"directory": "')[2].partition('"')[0] if "directory" in str(value) else None
        )
        known = any(c.name in names or c.directory == folder for c in found.components)
        assert known or any(key in u.reason for u in found.unknowns), key


@settings(max_examples=300)
@example(start=0, length=0, text="")
@given(start=st.integers(0, len(V9)), length=st.integers(0, 60), text=st.text("ab@/(): \n'{}[]-", max_size=20))
def test_no_damage_to_the_text_breaks_the_reader(start: int, length: int, text: str) -> None:
    """Cut anywhere, with anything put in, it is read or refused; lines are lines of the file."""
    damaged = V9[:start] + text + V9[start + length :]
    try:
        found = parse_pnpm_lock(MemoryTree({LOCK: damaged}), LOCK)
    except MalformedError:
        return
    lines = [place.line for c in found.components for place in c.locations]
    assert all(1 <= line <= damaged.count("\n") + 1 for line in lines)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the one error leaves the reader."""
    with contextlib.suppress(MalformedError):
        parse_pnpm_lock(MemoryTree({LOCK: data}), LOCK)


def test_deep_keys_cost_no_more_than_they_are_long() -> None:
    """Parentheses without end are one pass."""
    key = "a@1.0.0" + "(" * 100_000 + ")" * 100_000
    found = read(f"lockfileVersion: '6.0'\n\npackages:\n\n  ? '/{key}'\n  : resolution: {{integrity: {SRI}}}\n")

    assert [c.name for c in found.components if not c.first_party] == ["a"]


def test_an_unknown_is_of_this_resolver() -> None:
    """With its id."""
    found = read("lockfileVersion: 5.4\npackages: []\n")

    assert found.unknowns == (
        Unknown(location=Location(path=LOCK, line=2), resolver="npm/pnpm-lock", reason="'packages' is no table"),
    )
