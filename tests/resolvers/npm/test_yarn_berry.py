"""yarn.lock of Yarn 2 to 4: protocols, patches, peers, catalogs, workspaces, and everything that can be wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.errors import MalformedError
from bomvet.model.inventory import Completeness, Component, Inventory, Location, RelationKind, Relationship, Scope
from bomvet.resolvers.npm.yarn_lock import YARN_LOCK
from tests.harness import component, edges, run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "# This file is generated.\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"
FIRST = 7
HOST = "https://npm.packages.example"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def entry(key: str, resolution: str = "", version: str = "1.0.0", **fields: Any) -> str:
    """An entry as Yarn writes it; `fields` are texts, or tables of texts or of further tables."""
    resolution = resolution or f"{key.partition('@npm:')[0]}@npm:{version}"
    lines = [f"{json.dumps(key)}:", f"  version: {version}", f"  resolution: {json.dumps(resolution)}"]
    lines += rows(fields, 2)
    return "\n".join((*lines, "", ""))


def rows(table: Mapping[str, Any], depth: int) -> list[str]:
    """The lines of a table."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"{' ' * depth}{json.dumps(key)}:", *rows(value, depth + 2)]
        else:
            lines.append(f"{' ' * depth}{json.dumps(key)}: {json.dumps(value)}")
    return lines


def member(name: str, place: str = ".", **fields: Any) -> str:
    """The entry of a project of the workspace."""
    return entry(f"{name}@workspace:{place}", f"{name}@workspace:{place}", "0.0.0-use.local", linkType="soft", **fields)


def read(*entries: str, files: Mapping[str, Any] | None = None, path: str = "yarn.lock") -> Inventory:
    """The inventory of a lock of `entries`; `files` are manifests as objects, or texts."""
    others = {name: text if isinstance(text, str) else json.dumps(text) for name, text in (files or {}).items()}
    return run_resolver(YARN_LOCK, {path: HEAD + "".join(entries), **others}, path)


def app(**tables: Any) -> dict[str, Any]:
    """The manifest at the top."""
    return {"package.json": {"name": "app", "version": "1.0.0", **tables}}


def asking(*packages: str, files: Any = None, **asked: str) -> Inventory:
    """The inventory of `packages` and of an app that asks for `asked`."""
    manifest = app(dependencies=asked)
    return read(*packages, member("app", dependencies=asked), files={**manifest, **(files or {})})


def names(inventory: Inventory) -> dict[str, list[str]]:
    """Labels of dependencies by label."""
    found: dict[str, list[str]] = {c.label: [] for c in inventory.components}
    by_purl = {c.purl: c.label for c in inventory.components}
    for source, target in sorted(edges(inventory)):
        found[by_purl[source]].append(by_purl[target])
    return found


def reasons(inventory: Inventory) -> list[tuple[int, str]]:
    """Line and reason of every unknown."""
    return [(u.location.line, u.reason) for u in inventory.unknowns]


def scopes(inventory: Inventory) -> dict[str, Scope]:
    """Scopes of the third-party components by label."""
    return {c.label: c.scope for c in inventory.components if not c.first_party}


def roles(inventory: Inventory) -> dict[tuple[str, str], tuple[str, ...]]:
    """Roles of all edges by labels."""
    by_purl = {c.purl: c.label for c in inventory.components}
    return {(by_purl[r.source], by_purl[r.target]): r.roles for r in inventory.relationships}


# -- entries ---------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """An entry carries its platforms and the checksum of Yarn's own archive, which is no hash of the registry's."""
    found = asking(
        entry(
            "@s/a@npm:^1.0.0, @s/a@npm:~1.0.0, cjs@npm:@s/a@1",
            conditions="(os=linux | os=darwin) & !cpu=arm64 & libc=glibc",
            checksum="10c0/cf83",
        ),
        **{"@s/a": "npm:^1.0.0"},
    )

    assert component(found, "@s/a") == Component(
        purl="pkg:npm/%40s/a@1.0.0",
        name="@s/a",
        version="1.0.0",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="yarn.lock", line=FIRST),),
        properties=(
            ("bomvet:alias", "cjs"),
            ("bomvet:cpu", "!arm64"),
            ("bomvet:libc", "glibc"),
            ("bomvet:os", "darwin"),
            ("bomvet:os", "linux"),
            ("bomvet:yarn-checksum", "10c0/cf83"),
        ),
    )
    assert found.relationships == (
        Relationship(
            source="pkg:generic/app@1.0.0",
            target="pkg:npm/%40s/a@1.0.0",
            evidence=(Location(path="yarn.lock", line=13),),
        ),
    )
    assert component(found, "app").locations == (Location(path="package.json"), Location(path="yarn.lock", line=13))
    assert found.unknowns == ()


@pytest.mark.parametrize(
    ("key", "asked"), [("c@npm:^1.0.0", "^1.0.0"), ("c@^1.0.0", "^1.0.0"), ("c@npm:latest", "latest")]
)
def test_older_versions_leave_the_protocol_out(key: str, asked: str) -> None:
    """Yarn 2 and 3 write a dependency, and some descriptors, without `npm:`."""
    found = asking(entry(key, "c@npm:1.0.0"), c=asked)

    assert (names(found), found.unknowns) == ({"app@1.0.0": ["c@1.0.0"], "c@1.0.0": []}, ())


def test_edges_are_by_descriptor() -> None:
    """Of two versions of a package each dependent has the one that its own range resolves to."""
    found = asking(
        entry("a@npm:1", dependencies={"c": "npm:^1"}),
        entry("b@npm:1", dependencies={"c": "npm:^2", "o": "npm:1", "gone": "npm:1"},
              dependenciesMeta={"o": {"optional": "true"}, "gone": {"optional": "true"}, "c": {"built": "false"}}),
        entry("c@npm:^1", version="1.5.0"),
        entry("c@npm:^2", version="2.5.0"),
        entry("o@npm:1"),
        a="npm:1", b="npm:1",
    )  # fmt: skip

    assert roles(found) == {
        ("app@1.0.0", "a@1.0.0"): (),
        ("app@1.0.0", "b@1.0.0"): (),
        ("a@1.0.0", "c@1.5.0"): (),
        ("b@1.0.0", "c@2.5.0"): (),
        ("b@1.0.0", "o@1.0.0"): ("optional",),
    }
    assert scopes(found)["o@1.0.0"] is Scope.OPTIONAL
    assert found.unknowns == ()


def test_a_lock_without_a_project() -> None:
    """Where no entry is a project, nothing can say what is needed."""
    assert names(read(entry("a@npm:1"))) == {"a@1.0.0": []}
    assert reasons(read(entry("a@npm:1"))) == []


def test_a_key_left_open_at_the_end() -> None:
    """A long key without what it is for."""
    assert reasons(read(entry("a@npm:1"), "? b\n")) == [(11, "the line starts no entry")]


def test_long_keys_stand_on_a_line_of_their_own() -> None:
    """As YAML demands of keys beyond 1,024 characters."""
    key = ", ".join(f"a@npm:^1.0.{n}" for n in range(100))
    text = f'? "{key}"\n:\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n\n'
    found = asking(text, a="npm:^1.0.99")

    assert (names(found), found.unknowns) == ({"app@1.0.0": ["a@1.0.0"], "a@1.0.0": []}, ())
    assert component(found, "a").locations == (Location(path="yarn.lock", line=FIRST),)


def test_quotes_and_line_ends() -> None:
    """Escapes in keys and values, and line ends of Windows, are read as what they stand for."""
    text = (
        '"\\u0061@npm:1":\r\n  version: "1.0\\u002e0"\r\n  resolution: "\\u0061@npm:1.0.0"\r\n  bin:\r\n    x: y z\r\n'
    )
    found = asking(text, a="npm:1")

    assert (names(found), found.unknowns) == ({"app@1.0.0": ["a@1.0.0"], "a@1.0.0": []}, ())


# -- protocols -------------------------------------------------------------------------------------------------

ARCHIVE = f"{HOST}/a/-/a-1.0.0.tgz"


@pytest.mark.parametrize(
    ("range_", "resolution", "purl", "properties", "urls"),
    [
        ("npm:real@^1", "real@npm:1.0.0", "pkg:npm/real@1.0.0", (("bomvet:alias", "a"),), []),
        ("npm:real@^1", "a@npm:real@1.0.0", "pkg:npm/real@1.0.0", (("bomvet:alias", "a"),), []),
        (
            "npm:^1", "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fnpm.packages.example%2Fa%2F-%2Fa-1.0.0.tgz",
            "pkg:npm/a@1.0.0", (("bomvet:registry", HOST),), [ARCHIVE],
        ),
        ("npm:^1", "a@virtual:cf83#npm:1.0.0", "pkg:npm/a@1.0.0", (), []),
        (
            "git@git.packages.example:o/r.git#main", f"a@git@git.packages.example:o/r.git#commit={COMMIT}",
            f"pkg:npm/a@1.0.0?vcs_url=git%2Bssh://git.packages.example/o/r.git%40{COMMIT}", (), [],
        ),
        (
            "o/r", f"a@https://git.packages.example/o/r.git#workspace=x&commit={COMMIT}",
            f"pkg:npm/a@1.0.0?vcs_url=git%2Bhttps://git.packages.example/o/r.git%40{COMMIT}", (), [],
        ),
        (ARCHIVE, f"b@{ARCHIVE}", "pkg:npm/a@1.0.0", (("bomvet:registry", HOST),), [ARCHIVE]),
        (
            "https://me:pw@packages.example/x.tgz", "a@https://me:pw@packages.example/x.tgz#hash=cf83",
            "pkg:npm/a@1.0.0?download_url=https://packages.example/x.tgz", (), ["https://packages.example/x.tgz"],
        ),
        (
            "file:./vendor/a.tgz", "a@file:./vendor/a.tgz#./vendor/a.tgz::hash=cf83&locator=app%40workspace%3A.",
            "pkg:npm/a@1.0.0?file_name=a.tgz", (), ["file:vendor/a.tgz"],
        ),
        (
            "patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch",
            "a@patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch::version=1.0.0&hash=cf83",
            "pkg:npm/a@1.0.0", (("bomvet:patched", ".yarn/patches/a.patch"),), [],
        ),
        (
            "npm:^1", "a@patch:a@1.0.0#optional!builtin<compat/a>&~builtin<x>&::version=1.0.0", "pkg:npm/a@1.0.0",
            (("bomvet:patched", "builtin<compat/a>"), ("bomvet:patched", "builtin<x>"), ("bomvet:patched", "true")), [],
        ),
        (
            "npm:^1", "a@patch:a@patch%3Aa@npm%253A1.0.0%23one.patch#two.patch::version=1.0.0", "pkg:npm/a@1.0.0",
            (("bomvet:patched", "one.patch"), ("bomvet:patched", "two.patch")), [],
        ),
    ],
)  # fmt: skip
def test_protocols(
    range_: str, resolution: str, purl: str, properties: tuple[tuple[str, str], ...], urls: list[str]
) -> None:
    """What a package is stands in its resolution."""
    found = asking(entry(f"a@{range_}", resolution), a=range_)

    assert [(c.purl, c.properties, [d.url for d in c.distributions]) for c in found.components if not c.first_party] == [
        (purl, properties, urls)
    ]  # fmt: skip
    assert found.unknowns == ()


def test_a_package_and_its_patched_self_are_one() -> None:
    """Both entries are told of in one component, which everything that asks for either needs."""
    found = read(
        entry("a@npm:^1", checksum="1/aa"),
        entry("a@patch:a@npm%3A^1#optional!builtin<compat/a>", "a@patch:a@npm%3A1.0.0#optional!builtin<compat/a>"),
        member("app", dependencies={"a": "npm:^1"}),
        files=app(devDependencies={"a": "^1"}),
    )

    assert [(c.label, c.scope, [loc.line for loc in c.locations]) for c in found.components if not c.first_party] == [
        ("a@1.0.0", Scope.DEV, [7, 12])
    ]  # fmt: skip
    assert component(found, "a").properties == (
        ("bomvet:patched", "builtin<compat/a>"), ("bomvet:yarn-checksum", "1/aa")
    )  # fmt: skip
    assert found.unknowns == ()


def test_folders_are_first_party() -> None:
    """`portal:`, `link:` and `file:` start at what asks for them; all are projects of the tree."""
    portal = "p@portal:../../vendor/p::locator=m%40workspace%3Apackages%2Fm"
    file = "f@file:../f#../f::hash=cf83&locator=p%40portal%3A..%2F..%2Fvendor%2Fp%3A%3Alocator%3Dm%2540workspace%253Apackages%252Fm"
    bound = file.replace("#../f::hash=cf83&", "::")
    link = "l@link:./l::locator=app%40workspace%3A."
    outside = "o@portal:../o::locator=app%40workspace%3A."
    found = read(
        member("m", "packages/m", dependencies={"p": "portal:../../vendor/p"}),
        member("app", dependencies={"l": "link:./l", "o": "portal:../o"}),
        entry(portal, portal, "0.0.0-use.local", dependencies={"f": "file:../f"}),
        entry(bound, file, "3.0.0", dependencies={"a": "npm:1"}),
        entry(link, link, "0.0.0-use.local"),
        entry(outside, outside, "0.0.0-use.local"),
        entry("a@npm:1"),
        files={
            **app(dependencies={"l": "link:./l", "o": "portal:../o"}),
            "packages/m/package.json": {"name": "m", "devDependencies": {"p": "portal:../../vendor/p"}},
            "vendor/p/package.json": {"name": "p", "version": "2.0.0"},
            "vendor/f/package.json": {"name": "f", "version": "3.0.0"},
        },
    )

    assert {c.label: (c.directory, c.dependencies, c.properties) for c in found.components if c.first_party} == {
        "app@1.0.0": ("", Completeness.COMPLETE, ()),
        "m": ("packages/m", Completeness.COMPLETE, ()),
        "p@2.0.0": ("vendor/p", Completeness.COMPLETE, (("bomvet:link", "portal:../../vendor/p"),)),
        "f@3.0.0": ("vendor/f", Completeness.COMPLETE, ()),
        "l": ("l", Completeness.INCOMPLETE, (("bomvet:link", "link:./l"),)),
        "o": ("../o", Completeness.COMPLETE, (("bomvet:link", "portal:../o"),)),
    }
    assert names(found) == {
        "app@1.0.0": ["l", "o"], "m": ["p@2.0.0"], "p@2.0.0": ["f@3.0.0"], "f@3.0.0": ["a@1.0.0"], "l": [], "o": [],
        "a@1.0.0": [],
    }  # fmt: skip
    assert scopes(found) == {"a@1.0.0": Scope.DEV}
    assert reasons(found) == [(38, "o lies outside of the scanned tree")]


def test_a_folder_of_a_folder() -> None:
    """What a copied folder asks for by a path starts at that folder; what an archive does so is not in the tree."""
    app_ = "app%40workspace%3A."
    of_one = f"one%40file%3Alibs%2Fone%23libs%2Fone%3A%3Ahash%3D66%26locator%3D{app_.replace('%', '%25')}"
    of_two = f"two%40file%3Aa.tgz%23a.tgz%3A%3Ahash%3D66%26locator%3D{app_.replace('%', '%25')}"
    found = asking(
        entry(f"one@file:libs/one::locator={app_}", f"one@file:libs/one#libs/one::hash=66&locator={app_}"),
        entry(f"x@file:../x::locator={of_one}", f"x@file:../x#../x::hash=6d&locator={of_one}", "2.0.0"),
        entry(f"two@file:a.tgz::locator={app_}", f"two@file:a.tgz#a.tgz::hash=66&locator={app_}"),
        entry(f"y@file:y::locator={of_two}", f"y@file:y#y::hash=6d&locator={of_two}"),
        one="file:libs/one",
        two="file:a.tgz",
    )

    assert {c.label: c.directory for c in found.components if c.first_party} == {
        "app@1.0.0": "",
        "one@1.0.0": "libs/one",
        "x@2.0.0": "libs/x",
        "y@1.0.0": "y",
    }
    assert [reason for _, reason in reasons(found) if "lies outside" in reason] == [
        "y lies outside of the scanned tree"
    ]


def test_a_folder_of_a_package_is_not_in_the_tree() -> None:
    """A path that starts within a package from elsewhere leads to nothing that is scanned."""
    link = "l@link:./l::locator=a%40npm%3A1.0.0"
    found = asking(entry("a@npm:1", dependencies={"l": "link:./l"}), entry(link, link, "0.0.0-use.local"), a="npm:1")

    assert reasons(found) == [(13, "l lies outside of the scanned tree")]


def test_an_origin_that_is_not_understood() -> None:
    """The package stays, and what is not known of it is told."""
    found = asking(entry("a@exec:./make.js", "a@exec:./make.js#x::hash=1"), a="exec:./make.js")

    assert names(found) == {"app@1.0.0": ["a@1.0.0"], "a@1.0.0": []}
    assert reasons(found) == [(7, "where a comes from is not understood: exec:./make.js#x")]


def test_what_is_fetched_counts() -> None:
    """Where version and resolution differ, the package is what Yarn would fetch."""
    found = asking(entry("a@npm:1", "a@npm:1.0.0", "1.0.1"), a="npm:1")

    assert names(found) == {"app@1.0.0": ["a@1.0.0"], "a@1.0.0": []}
    assert reasons(found) == [(7, "a is 1.0.1, and 1.0.0, which is what is fetched")]


# -- projects --------------------------------------------------------------------------------------------------


def test_workspaces() -> None:
    """Members are first-party where their resolution says; their manifests say as what they ask."""
    found = read(
        entry("dev@npm:1"),
        entry("both@npm:1"),
        entry("opt@npm:1"),
        member("app", dependencies={"m": "workspace:^", "opt": "npm:1"}, dependenciesMeta={"opt": {"optional": "true"}}),
        entry("m@workspace:^, m@workspace:packages/m", "m@workspace:packages/m", "0.0.0-use.local",
              dependencies={"dev": "npm:1", "both": "npm:1"}, peerDependencies={"opt": "*"}),
        files={
            **app(dependencies={"m": "workspace:^"}, optionalDependencies={"opt": "1"}),
            "packages/m/package.json": {
                "name": "m", "version": "3.0.0", "dependencies": {"both": "1"},
                "devDependencies": {"dev": "1", "both": "1"}, "peerDependencies": {"opt": "*", "nobody": "*"},
            },
        },
    )  # fmt: skip

    assert roles(found) == {
        ("app@1.0.0", "m@3.0.0"): (),
        ("app@1.0.0", "opt@1.0.0"): ("optional",),
        ("m@3.0.0", "both@1.0.0"): (),
        ("m@3.0.0", "dev@1.0.0"): ("dev",),
        ("m@3.0.0", "opt@1.0.0"): ("peer",),
    }
    assert component(found, "m").purl == "pkg:generic/m@3.0.0?path=packages/m"
    assert scopes(found) == {
        "dev@1.0.0": Scope.DEV, "both@1.0.0": Scope.REQUIRED, "opt@1.0.0": Scope.REQUIRED
    }  # fmt: skip
    assert found.unknowns == ()


def test_a_lock_in_a_folder() -> None:
    """Members are found from where the lock is."""
    found = read(
        member("web"),
        member("m", "packages/m"),
        files={"web/package.json": {"name": "web"}, "web/packages/m/package.json": {"name": "m"}},
        path="web/yarn.lock",
    )

    assert [(c.label, c.directory) for c in found.components] == [("m", "web/packages/m"), ("web", "web")]


def test_a_project_without_a_manifest() -> None:
    """What is for development alone cannot be told then; a manifest that asks for more than the lock has is told."""
    found = read(
        entry("a@npm:1"), member("app", dependencies={"a": "npm:1"}), member("m", "m"),
        files={"m/package.json": {"name": "m", "dependencies": {"new": "^2"}, "optionalDependencies": {"o": "1"}}},
    )  # fmt: skip

    assert reasons(found) == [
        (11, "what app needs for development alone is open, without its package.json"),
        (18, "new@^2, which m needs, is not in the lock"),
    ]
    assert scopes(found) == {"a@1.0.0": Scope.REQUIRED}
    assert component(found, "m").dependencies is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("resolutions", "target"),
    [
        ({"c": "2.0.0"}, "c@2.0.0"),
        ({"c": "npm:2.0.0"}, "c@2.0.0"),
        ({"c@npm:^1.0.0": "2.0.0", "c": "1"}, "c@2.0.0"),
        ({"c@^1.0.0": "2.0.0"}, "c@2.0.0"),
        ({"a/c": "2.0.0"}, "c@2.0.0"),
        ({"a@1.0.0/c@^1.0.0": "2.0.0"}, "c@2.0.0"),
        ({"a@npm:1.0.0/c": "patch:c@npm:1.0.0#./c.patch"}, "c@1.9.0"),
        ({"b/c": "2.0.0"}, "c@1.0.0"),
        ({"a@npm:2.0.0/c": "2.0.0"}, "c@1.0.0"),
        ({"c@^3": "2.0.0"}, "c@1.0.0"),
    ],
)
def test_resolutions(resolutions: Mapping[str, str], target: str) -> None:
    """The lock has what packages ask for, and the manifest at the top what they get."""
    patched = "c@patch:c@npm:1.0.0#./c.patch::locator=app%40workspace%3A."
    found = read(
        entry("a@npm:1", dependencies={"c": "npm:^1.0.0"}),
        entry("c@npm:^1.0.0"),
        entry("c@npm:2.0.0", version="2.0.0"),
        entry(patched, "c@patch:c@npm%3A1.9.0#./c.patch::version=1.9.0&locator=app%40workspace%3A.", "1.9.0"),
        member("app", dependencies={"a": "npm:1"}),
        files=app(dependencies={"a": "1"}, resolutions=resolutions),
    )

    assert names(found)["a@1.0.0"] == [target]


SETTINGS = """
# ours
plugins:
  - path: .yarn/plugins/x.cjs
    spec: x
catalog:
  'a': "1" # pinned
  c: ^1.0.0   # a range
catalogs:
  old:
    c: npm:^0.5.0
  'odd: key: "x
packageExtensions:
  a@*:
    dependencies:
      c: ^1.0.0
  "c@^1":
    peerDependencies:
      a: "*"
  c@0.5.0:
    peerDependencies:
      a: "*"
    peerDependenciesMeta:
      a:
        optional: true
  b: x
"""


def test_settings() -> None:
    """Catalogs and packageExtensions of `.yarnrc.yml` are not in the lock, but what they lead to is."""
    found = asking(
        entry("a@npm:1"), entry("c@npm:^1.0.0"), entry("c@npm:^0.5.0", version="0.5.0"), entry("b@npm:7"),
        entry("d@npm:7", dependencies={"c": "npm:^0.5.0"}),
        a="catalog:", c="catalog:old", b="catalog:", d="catalog:unknown",
        files={".yarnrc.yml": SETTINGS},
    )  # fmt: skip

    assert roles(found) == {
        ("app@1.0.0", "a@1.0.0"): (),
        ("app@1.0.0", "b@1.0.0"): (),
        ("app@1.0.0", "c@0.5.0"): (),
        ("app@1.0.0", "d@1.0.0"): (),
        ("a@1.0.0", "c@1.0.0"): (),
        ("c@0.5.0", "a@1.0.0"): ("optional", "peer"),
        ("d@1.0.0", "c@0.5.0"): (),
    }
    assert reasons(found) == [
        (11, "whether the packageExtensions of c@^1 are for c@1.0.0 is open"),
        (15, "whether the packageExtensions of c@^1 are for c@0.5.0 is open"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (b"a: \xff", 1, "the settings of Yarn cannot be read: not UTF-8"),
        (b"a: b\n<<<<<<< x\n", 2, "the settings of Yarn cannot be read: a merge conflict is not resolved"),
    ],
)
def test_settings_that_cannot_be_read_are_told(text: bytes, line: int, reason: str) -> None:
    """Of a catalog without its range the only package of the name is taken; of several none."""
    files: dict[str, bytes | str] = {
        "yarn.lock": HEAD + entry("a@npm:1") + member("app", dependencies={"a": "catalog:"}),
        "package.json": '{"name": "app", "dependencies": {"a": "catalog:"}}',
        ".yarnrc.yml": text,
    }
    found = run_resolver(YARN_LOCK, files, "yarn.lock")

    assert names(found) == {"app": ["a@1.0.0"], "a@1.0.0": []}
    assert [(str(u.location), u.reason) for u in found.unknowns] == [(f".yarnrc.yml:{line}", reason)]


def test_a_catalog_that_is_not_to_be_seen() -> None:
    """Where several packages have the name, which of them is meant stays open."""
    found = asking(entry("a@npm:1"), entry("a@npm:2", version="2.0.0"), a="catalog:")

    assert reasons(found)[-1] == (15, "a@catalog:, which app@1.0.0 needs, is not in the lock")


# -- peers -----------------------------------------------------------------------------------------------------


def test_peers_are_what_the_dependents_have() -> None:
    """A peer comes from a dependent, from what that in turn was given, or is the dependent itself."""
    found = asking(
        entry("host@npm:1", dependencies={"plugin": "npm:1"}),
        entry("plugin@npm:1", peerDependencies={"host": "*", "core": "*"}, peerDependenciesMeta={"core": {"optional": "true"}}),
        entry("kit@npm:1", dependencies={"inner": "npm:1"}, peerDependencies={"core": "*"}),
        entry("inner@npm:1", peerDependencies={"core": "*", "nowhere": "*"}, peerDependenciesMeta={"types": {"optional": "true"}}),
        entry("core@npm:1"),
        entry("types@npm:1"),
        host="npm:1", kit="npm:1", core="npm:1", types="npm:1",
    )  # fmt: skip
    peers = {pair: roles_ for pair, roles_ in roles(found).items() if "peer" in roles_}

    assert peers == {
        ("plugin@1.0.0", "host@1.0.0"): ("peer",),
        ("kit@1.0.0", "core@1.0.0"): ("peer",),
        ("inner@1.0.0", "core@1.0.0"): ("peer",),
    }
    assert found.unknowns == ()


def test_peers_of_several_dependents() -> None:
    """Each dependent gives its own; cycles of wishes come to an end."""
    found = asking(
        entry("x@npm:1", dependencies={"p": "npm:1", "core": "npm:1"}),
        entry("y@npm:1", dependencies={"p": "npm:1", "core": "npm:2"}),
        entry("p@npm:1", dependencies={"q": "npm:1"}, peerDependencies={"core": "*"}),
        entry("q@npm:1", dependencies={"p": "npm:1"}, peerDependencies={"core": "*"}),
        entry("core@npm:1"),
        entry("core@npm:2", version="2.0.0"),
        x="npm:1", y="npm:1",
    )  # fmt: skip
    both = ["core@1.0.0", "core@2.0.0"]

    assert (names(found)["p@1.0.0"], names(found)["q@1.0.0"]) == ([*both, "q@1.0.0"], [*both, "p@1.0.0"])


def test_peers_count_for_scopes() -> None:
    """A peer that must be there is needed as much as its dependent; one that may be there is optional."""
    found = read(
        entry("lib@npm:1", peerDependencies={"maybe": "*", "must": "*"}, peerDependenciesMeta={"maybe": {"optional": "true"}}),
        entry("maybe@npm:1"),
        entry("must@npm:1"),
        member("app", dependencies={"lib": "npm:1", "maybe": "npm:1", "must": "npm:1"}),
        files=app(dependencies={"lib": "1"}, devDependencies={"maybe": "1", "must": "1"}),
    )  # fmt: skip

    assert roles(found)["lib@1.0.0", "maybe@1.0.0"] == ("optional", "peer")
    assert scopes(found) == {"lib@1.0.0": Scope.REQUIRED, "maybe@1.0.0": Scope.OPTIONAL, "must@1.0.0": Scope.REQUIRED}


def test_peers_of_another_instance_do_not_count_for_scopes() -> None:
    """What a tool gives to its own instance of a package is not needed by those who have one without it."""
    found = read(
        entry("color@npm:1"),
        entry("lib@npm:1", dependencies={"log": "npm:1"}),
        entry("log@npm:1", peerDependencies={"color": "*"}, peerDependenciesMeta={"color": {"optional": "true"}}),
        entry("tool@npm:1", dependencies={"color": "npm:1", "log": "npm:1"}),
        member("app", dependencies={"lib": "npm:1", "tool": "npm:1"}),
        files=app(dependencies={"lib": "1"}, devDependencies={"tool": "1"}),
    )

    assert roles(found)["log@1.0.0", "color@1.0.0"] == ("optional", "peer")
    assert scopes(found) == {
        "color@1.0.0": Scope.DEV,
        "lib@1.0.0": Scope.REQUIRED,
        "log@1.0.0": Scope.REQUIRED,
        "tool@1.0.0": Scope.DEV,
    }


def test_peers_are_bounded() -> None:
    """No lock can multiply dependents with what they wish; the rest is told."""
    many = range(40)
    entries = [entry(f"d{n}@npm:1", dependencies={"p": "npm:1", "core": f"npm:{n}"}) for n in many]
    entries += [entry(f"core@npm:{n}", version=f"{n}.0.0") for n in many]
    asked = {f"d{n}": "npm:1" for n in many}
    found = asking(*entries, entry("p@npm:1", peerDependencies={"core": "*"}), **asked)

    assert len(names(found)["p@1.0.0"]) == 32
    assert [reason for _, reason in reasons(found)] == ["of what may be core here, 32 and no more are read"]
    assert component(found, "p").dependencies is Completeness.INCOMPLETE


# -- what is wrong ---------------------------------------------------------------------------------------------


def test_what_the_lock_does_not_hold_is_told() -> None:
    """Neither dependents without their dependencies nor packages without dependents pass in silence."""
    found = asking(entry("a@npm:1", dependencies={"b": "npm:1"}), entry("o@npm:1"), a="npm:1")

    assert reasons(found) == [
        (7, "b@npm:1, which a@1.0.0 needs, is not in the lock"),
        (13, "what needs o@1.0.0 is not to be seen in the lock"),
    ]
    assert component(found, "a").dependencies is Completeness.INCOMPLETE


def test_what_yarn_itself_adds_is_contained() -> None:
    """Yarn writes down what its own additions resolve to, but not whom it gave them: the project contains them."""
    found = asking(entry("a@npm:1"), entry("o@npm:1", dependencies={"p": "npm:1"}), entry("p@npm:1"), a="npm:1")

    assert [(r.target, r.evidence) for r in found.relationships if r.kind is RelationKind.CONTAINS] == [
        ("pkg:npm/o@1.0.0", (Location(path="yarn.lock", line=11),))
    ]
    assert component(found, "o").scope is Scope.REQUIRED
    assert found.unknowns == ()


def test_an_option_that_may_have_been_found_is_told() -> None:
    """A package that nothing needs, called like an option that was not found, is no addition of Yarn."""
    found = asking(
        entry("a@npm:1", dependencies={"o": "npm:2"}, dependenciesMeta={"o": {"optional": "true"}}),
        entry("o@npm:1"),
        a="npm:1",
    )

    assert reasons(found) == [(16, "what needs o@1.0.0 is not to be seen in the lock")]


A = '"a@npm:1":\n'
NOT_THERE = (FIRST, "what needs a@1.0.0 is not to be seen in the lock")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (A + "  version: 1.0.0\n", [(7, "a@npm:1 has not a resolution")]),
        (A + '  resolution: "a@npm:1.0.0"\n', [(7, "a@npm:1 has not a version")]),
        (A + "  version:\n    x: y\n  resolution: x\n", [(7, "a@npm:1 has not a version")]),
        (A + "  version: 1\n  resolution: a\n", [(7, "of a@npm:1: a does not say what it is")]),
        (A + '  version: 1\n  resolution: ""\n', [(7, "of a@npm:1:  does not say what it is")]),
        ("a@npm: b\n", [(7, "the line starts no entry")]),
        ("a\n  version: 1\n", [(7, "the line starts no entry")]),
        ('", ":\n  version: 1\n', [(7, "the line starts no entry")]),
        ("- a\n", [(7, "the line starts no entry")]),
        ('"a\\q":\n', [(7, "the line starts no entry")]),
        ('"a" x:\n', [(7, "the line starts no entry")]),
        ('"a\n', [(7, "the line starts no entry")]),
        ("? a\n", [(7, "the line starts no entry")]),
        ("? a\n" + entry("a@npm:1"), [(7, "the line starts no entry"), (8, NOT_THERE[1])]),
        ('"a\\"":\n  version: 1\n', [(7, 'a" has not a resolution')]),
        (entry("a@npm:1", dependencies="x", peerDependenciesMeta="y"), [
            (7, "dependencies of a@npm:1 is no table"), (7, "peerDependenciesMeta of a@npm:1 is no table"), NOT_THERE,
        ]),
        (entry("a@npm:1", dependencies={"b": {"c": "d"}}), [(7, "b@{'c': 'd'}, which a@1.0.0 needs, is not in the lock"), NOT_THERE]),
        (entry("a@npm:1").rstrip() + "\n  version: 2\n", [(10, "of a@npm:1: version is stated twice"), NOT_THERE]),
        (entry("a@npm:1").rstrip() + "\n  bin: [x]\n  - y\n  z: \"x\" y\n  v: 'x'' y\n  w: x: y\n", [
            *((line, "of a@npm:1: a line is not as Yarn writes it") for line in range(10, 15)), NOT_THERE,
        ]),
        (entry("a@npm:1").rstrip() + "".join(f"\n{' ' * n}x:" for n in range(2, 12)), [
            *((line, "of a@npm:1: a line is not as Yarn writes it") for line in (18, 19)), NOT_THERE,
        ]),
        (entry("a@npm:1") * 2, [(11, "a@npm:1 is stated twice, of which the first counts"), NOT_THERE]),
        ("__metadata:\n  version: 99\n  x: y\n  x: y\n", [
            (7, "lock version 99 is not known, and is read as those that are"), (10, "of __metadata: x is stated twice"),
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, told: list[tuple[int, str]]) -> None:
    """Each with its line; what can be told of the package stays."""
    found = read(text + "\n", member("app"), files=app())

    assert sorted(reasons(found)) == sorted(told)


def test_nesting_is_bounded() -> None:
    """Neither patches of patches nor folders in folders are followed for ever."""
    patch, link = "a@npm:1.0.0", "l@workspace:l"
    for _ in range(9):
        quoted = patch.replace("%", "%25").replace(":", "%3A").replace("#", "%23")
        patch = f"a@patch:{quoted}#x"
        link = (
            f"l@link:.::locator={link.replace('%', '%25').replace(':', '%3A').replace('=', '%3D').replace('&', '%26')}"
        )
    found = read(entry("a@npm:1", patch), entry("l@npm:1", link), files=app())

    assert [reason[:40] for _, reason in reasons(found)] == [
        "what needs a@1.0.0 is not to be seen in ",
        "where a comes from is not understood: pa",
        "l lies outside of the scanned tree",
    ]


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"  version: 1\n__metadata:\n", "no yarn.lock: the line starts no entry", 1),
        (b"x\n__metadata:\n", "no yarn.lock: the line starts no entry", 1),
        (b"__metadata:\n  version: 8\n<<<<<<< HEAD\n", "a merge conflict is not resolved", 3),
    ],
)
def test_what_is_no_lock(data: bytes, message: str, line: int) -> None:
    """A file that is none, or that a merge left open, is refused with its line."""
    with pytest.raises(MalformedError, match=message) as caught:
        run_resolver(YARN_LOCK, {"yarn.lock": data}, "yarn.lock")

    assert caught.value.line == line
