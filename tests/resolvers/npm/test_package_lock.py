"""`package-lock.json` and `npm-shrinkwrap.json`."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    RelationKind,
    Relationship,
    Scope,
)
from bomvet.pipeline import inspect
from bomvet.resolvers.npm.package_lock import PACKAGE_LOCK
from tests.harness import MemoryTree, component, edges, run_resolver

PATH = "package-lock.json"
REGISTRY = "https://npm.packages.example"
SHA512 = "sha512-" + "A" * 86 + "=="
ZEROS = Hash(algorithm="sha512", value="00" * 64)


def lock(packages: dict[str, Any], version: int = 3) -> str:
    """A lock as npm writes it."""
    document = {"name": "top", "version": "1.0.0", "lockfileVersion": version, "requires": True, "packages": packages}
    return json.dumps(document, indent=2) + "\n"


def read(packages: dict[str, Any], files: dict[str, str] | None = None) -> Inventory:
    """What is read of a lock that has these entries."""
    return run_resolver(PACKAGE_LOCK, {PATH: lock(packages), **(files or {})}, PATH)


def root(**fields: Any) -> dict[str, Any]:
    """The entry of the project at the top."""
    return {"": {"name": "top", "version": "1.0.0", **fields}}


def needs(*names: str) -> dict[str, Any]:
    """Fields of an entry that needs `names`."""
    return {"dependencies": dict.fromkeys(names, "*")}


def arrows(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Edges as `SOURCE > TARGET`, with the name and version alone, and their roles."""
    known = {c.purl: f"{c.name}@{c.version}" for c in inventory.components}
    return {f"{known[r.source]} > {known[r.target]}": r.roles for r in inventory.relationships}


def reasons(inventory: Inventory) -> list[tuple[int, str]]:
    """Lines and reasons of what was not understood."""
    return [(unknown.location.line, unknown.reason) for unknown in inventory.unknowns]


# -- packages ------------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """Everything that an entry states is kept."""
    entry = {
        "version": "1.3.5",
        "resolved": f"{REGISTRY}/JSONStream/-/JSONStream-1.3.5.tgz",
        "integrity": SHA512,
        "license": "(MIT OR Apache-2.0)",
        "dev": True,
        "hasInstallScript": True,
        "deprecated": "use\nanother",
        "os": ["darwin", "!win32"],
        "cpu": ["x64"],
        "libc": "glibc",
        "engines": {"node": ">=18", "npm": "*"},
        "funding": {"url": "https://funding.example"},
        "bin": {"j": "bin.js"},
    }

    assert component(read({**root(), "node_modules/JSONStream": entry}), "JSONStream") == Component(
        purl="pkg:npm/JSONStream@1.3.5",
        name="JSONStream",
        version="1.3.5",
        scope=Scope.DEV,
        dependencies=Completeness.COMPLETE,
        licences=(Licence(expression="(MIT OR Apache-2.0)"),),
        distributions=(Distribution(url=f"{REGISTRY}/JSONStream/-/JSONStream-1.3.5.tgz", hashes=(ZEROS,)),),
        locations=(Location(path=PATH, line=11),),
        properties=(
            ("bomvet:cpu", "x64"),
            ("bomvet:deprecated", "use another"),
            ("bomvet:engine", "node >=18"),
            ("bomvet:engine", "npm *"),
            ("bomvet:install-script", "true"),
            ("bomvet:libc", "glibc"),
            ("bomvet:os", "!win32"),
            ("bomvet:os", "darwin"),
            ("bomvet:registry", REGISTRY),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "purl", "hashes", "url"),
    [
        ({}, "pkg:npm/%40s/a@1.0.0", (ZEROS,), ""),
        ({"resolved": False}, "pkg:npm/%40s/a@1.0.0", (ZEROS,), ""),
        (
            {"resolved": "git+ssh://git@code.example/s/a.git#0123abc"},
            "pkg:npm/%40s/a@1.0.0?vcs_url=git%2Bssh://code.example/s/a.git%400123abc",
            (ZEROS,),
            "",
        ),
        (
            {"resolved": "https://user:word@files.example/a.tgz"},
            "pkg:npm/%40s/a@1.0.0?download_url=https://files.example/a.tgz",
            (),
            "https://files.example/a.tgz",
        ),
        ({"resolved": "file:vendor/a.tgz"}, "pkg:npm/%40s/a@1.0.0?file_name=a.tgz", (), "file:vendor/a.tgz"),
        ({"resolved": f"{REGISTRY}/@s/a/-/a-1.0.0.tgz"}, "pkg:npm/%40s/a@1.0.0", (), f"{REGISTRY}/@s/a/-/a-1.0.0.tgz"),
    ],
)
def test_where_a_package_comes_from(fields: dict[str, Any], purl: str, hashes: tuple[Hash, ...], url: str) -> None:
    """The hash is that of the file where the lock names one, and else of the package."""
    entry = {"version": "1.0.0", "integrity": SHA512, **fields}
    found = component(read({**root(), "node_modules/@s/a": entry}), "@s/a")

    assert (found.purl, found.hashes, [d.url for d in found.distributions]) == (purl, hashes, [url] if url else [])


def test_several_hashes() -> None:
    """All of them are kept, and one that is none is told of."""
    sha1 = "sha1-" + "A" * 27 + "="
    inventory = read({**root(), "node_modules/a": {"version": "1.0.0", "integrity": f"{sha1} {SHA512} sha9-AA"}})

    assert component(inventory, "a").hashes == (Hash(algorithm="sha1", value="00" * 20), ZEROS)
    assert reasons(inventory) == [
        (11, "a hash of a cannot be used: 'sha9-AA' is no integrity of a known algorithm"),
    ]


@pytest.mark.parametrize(
    ("flags", "scope"),
    [
        ({}, Scope.REQUIRED),
        ({"peer": True}, Scope.REQUIRED),
        ({"dev": True, "optional": True}, Scope.DEV),
        ({"optional": True}, Scope.OPTIONAL),
        ({"devOptional": True}, Scope.OPTIONAL),
    ],
)
def test_scopes(flags: dict[str, bool], scope: Scope) -> None:
    """They are what npm noted of each place; of several the strongest counts."""
    packages = {**root(), "node_modules/a": {"version": "1.0.0", **flags}}

    assert component(read(packages), "a").scope is scope
    assert component(read({**packages, "node_modules/b/node_modules/a": {"version": "1.0.0"}}), "a").scope is (
        Scope.REQUIRED
    )


def test_an_alias_is_under_its_real_name() -> None:
    """The name that it is installed by is a property, and edges lead to the package."""
    packages = {
        **root(**needs("old", "a")),
        "node_modules/old": {"name": "a", "version": "1.0.0"},
        "node_modules/a": {"version": "2.0.0"},
    }
    inventory = read(packages)

    assert {c.purl: c.properties for c in inventory.components if c.name == "a"} == {
        "pkg:npm/a@1.0.0": (("bomvet:alias", "old"),),
        "pkg:npm/a@2.0.0": (),
    }
    assert arrows(inventory) == {"top@1.0.0 > a@1.0.0": (), "top@1.0.0 > a@2.0.0": ()}


def test_old_forms_of_statements() -> None:
    """Lists of engines, objects and lists of licences, a note that is none."""
    entry = {
        "version": "1.0.0",
        "license": {"type": "ISC"},
        "engines": ["node >= 0.6"],
        "os": {"a": 1},
        "deprecated": True,
        "inBundle": False,
    }
    found = component(read({**root(), "node_modules/a": entry}), "a")

    assert found.licences == (Licence(expression="ISC"),)
    assert found.properties == (("bomvet:deprecated", "true"), ("bomvet:engine", "node >= 0.6"))


def test_a_folder_within_a_package() -> None:
    """A package that lies in another is called like its folder, and sees what the other sees."""
    packages = {
        **root(**needs("a")),
        "node_modules/a": {"version": "1.0.0"},
        "node_modules/a/vendor/@s/b": {"version": "2.0.0", **needs("c")},
        "node_modules/a/node_modules/c": {"version": "3.0.0"},
        "node_modules/c": {"version": "4.0.0"},
    }

    assert arrows(read(packages)) == {"top@1.0.0 > a@1.0.0": (), "@s/b@2.0.0 > c@3.0.0": ()}


# -- edges ---------------------------------------------------------------------------------------------------------


def test_node_decides_every_edge() -> None:
    """The nearest folder wins; two places of one name and version keep what each of them sees."""
    packages = {
        **root(**needs("a", "x", "y")),
        "node_modules/a": {"version": "1.0.0", **needs("x", "y")},
        "node_modules/a/node_modules/x": {"version": "1.0.0", **needs("y")},
        "node_modules/a/node_modules/y": {"version": "1.0.0"},
        "node_modules/x": {"version": "1.0.0", **needs("y")},
        "node_modules/y": {"version": "2.0.0"},
    }
    inventory = read(packages)

    assert arrows(inventory) == {
        "top@1.0.0 > a@1.0.0": (),
        "top@1.0.0 > x@1.0.0": (),
        "top@1.0.0 > y@2.0.0": (),
        "a@1.0.0 > x@1.0.0": (),
        "a@1.0.0 > y@1.0.0": (),
        "x@1.0.0 > y@1.0.0": (),
        "x@1.0.0 > y@2.0.0": (),
    }
    x = component(inventory, "x")
    assert x.locations == (Location(path=PATH, line=23), Location(path=PATH, line=32))
    assert [r.evidence for r in inventory.relationships if r.source == x.purl] == [(p,) for p in x.locations]


def test_roles() -> None:
    """As what each is asked for; of two tables the one that npm lets win."""
    peers = {"p": "1", "q": "1", "d": "1"}
    tables = {
        "peerDependencies": peers,
        "peerDependenciesMeta": {"q": {"optional": True}},
        "dependencies": {"a": "1", "o": "1", "b": "1", "d": "1", "e": "1"},
        "optionalDependencies": {"o": "1", "c": "1"},
        "devDependencies": {"e": "1", "t": "1"},
        "bundleDependencies": ["b", "c", 1],
    }
    leaves = {f"node_modules/{name}": {"version": "1"} for name in "aobcdpqet"}

    assert arrows(read({**root(**tables), **leaves})) == {
        "top@1.0.0 > a@1": (),
        "top@1.0.0 > b@1": ("bundled",),
        "top@1.0.0 > c@1": ("bundled", "optional"),
        "top@1.0.0 > d@1": (),
        "top@1.0.0 > e@1": ("dev",),
        "top@1.0.0 > o@1": ("optional",),
        "top@1.0.0 > p@1": ("peer",),
        "top@1.0.0 > q@1": ("optional", "peer"),
        "top@1.0.0 > t@1": ("dev",),
    }


@pytest.mark.parametrize(("stated", "roles"), [(True, ("bundled",)), (False, ()), ("a", ())])
def test_all_may_be_bundled(stated: Any, roles: tuple[str, ...]) -> None:
    """`true` means every plain dependency; what is no list says nothing."""
    packages = {**root(**needs("a"), bundleDependencies=stated), "node_modules/a": {"version": "1", "inBundle": True}}
    inventory = read(packages)

    assert arrows(inventory) == {"top@1.0.0 > a@1": roles}
    assert component(inventory, "a").properties == (("bomvet:bundled", "true"),)


def test_development_of_a_package_is_not_installed() -> None:
    """Such a table counts for own projects alone."""
    packages = {**root(), "node_modules/a": {"version": "1", "devDependencies": {"b": "1", "gone": "1"}}}

    assert arrows(read({**packages, "node_modules/b": {"version": "1"}})) == {}


def test_what_is_not_there() -> None:
    """A plain dependency is a doubt; an option and a peer may be left out, the latter is noted."""
    packages = {
        **root(**needs("a")),
        "node_modules/a": {
            "version": "1.0.0",
            **needs("gone"),
            "optionalDependencies": {"option": "1"},
            "peerDependencies": {"peer": "^2", "odd": 2, "may": "1"},
            "peerDependenciesMeta": {"may": {"optional": True}, "odd": 1},
        },
    }
    inventory = read(packages)

    assert reasons(inventory) == [(14, "gone, which a@1.0.0 needs, is not in the lock")]
    found = component(inventory, "a")
    assert found.dependencies is Completeness.INCOMPLETE
    assert found.properties == (("bomvet:unmet-peer", "odd"), ("bomvet:unmet-peer", "peer ^2"))
    assert component(inventory, "top").dependencies is Completeness.COMPLETE


def test_what_nothing_needs() -> None:
    """Npm keeps it with a mark, and without all that it needs."""
    packages = {
        **root(),
        "node_modules/a": {"version": "1.0.0", "extraneous": True, **needs("gone")},
        "old": {"version": "1.0.0", "extraneous": True, **needs("gone")},
    }
    inventory = read(packages)

    assert {c.name: (c.properties, c.dependencies) for c in inventory.components if c.name != "top"} == {
        "a": ((("bomvet:extraneous", "true"),), Completeness.INCOMPLETE),
        "old": ((("bomvet:extraneous", "true"),), Completeness.INCOMPLETE),
    }
    assert inventory.unknowns == ()


# -- projects ------------------------------------------------------------------------------------------------------

MEMBERS = {
    **root(workspaces=["packages/*", "!packages/no", "./apps/**/", 1], **needs("@s/one")),
    "node_modules/@s/one": {"resolved": "packages/one", "link": True},
    "node_modules/two": {"resolved": "apps/deep/two", "link": True},
    "node_modules/a": {"version": "2.0.0"},
    "packages/one": {"name": "@s/one", "version": "1.0.0", "license": "MIT", **needs("a", "two")},
    "packages/one/node_modules/a": {"version": "1.0.0"},
    "apps/deep/two": {"version": "1.0.0", "devDependencies": {"a": "*"}},
    "packages/no": {"version": "1.0.0"},
}


def test_members_of_a_workspace() -> None:
    """They are projects of the tree; the one at the top contains them, and needs what it asks for."""
    inventory = read(MEMBERS, {"web/x": "", "packages/one/package.json": '{"name": "@s/one", "version": "1.0.1"}'})

    assert component(inventory, "@s/one") == Component(
        purl="pkg:generic/%40s%2Fone@1.0.1?path=packages/one",
        name="@s/one",
        version="1.0.1",
        kind=Kind.APPLICATION,
        directory="packages/one",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path=PATH, line=31), Location(path="packages/one/package.json")),
    )
    assert arrows(inventory) == {
        "top@1.0.0 > @s/one@1.0.1": (),
        "top@1.0.0 > two@1.0.0": (),
        "@s/one@1.0.1 > a@1.0.0": (),
        "@s/one@1.0.1 > two@1.0.0": (),
        "two@1.0.0 > a@2.0.0": ("dev",),
    }
    assert [(r.target, r.evidence) for r in inventory.relationships if r.kind is RelationKind.CONTAINS] == [
        ("pkg:generic/%40s%2Fone@1.0.1?path=packages/one", (Location(path=PATH, line=31),)),
        ("pkg:generic/two@1.0.0?path=apps/deep/two", (Location(path=PATH, line=43),)),
    ]


def test_patterns_may_stand_in_an_object() -> None:
    """As the older form of workspaces; other forms say nothing."""
    packages = {**root(workspaces={"packages": ["m"]}), "m": {"version": "1"}}

    assert arrows(read(packages)) == {"top@1.0.0 > m@1": ()}
    assert arrows(read({**packages, **root(workspaces="m")})) == {}


def test_folders_and_their_names() -> None:
    """A folder is a project, whether linked or copied, and also by another name; one outside is told of."""
    packages = {
        **root(**needs("short", "copy", "out", "self")),
        "node_modules/short": {"resolved": "lib", "link": True},
        "node_modules/copy": {"version": "3.0.0", "resolved": "file:libs/copy", **needs("a")},
        "node_modules/out": {"resolved": "../../out", "link": True},
        "node_modules/self": {"resolved": "", "link": True},
        "node_modules/a": {"version": "1.0.0"},
        "lib": {"name": "long", "version": "2.0.0"},
        "../../out": {"version": "4.0.0", **needs("a", "b")},
        "../../out/node_modules/b": {"version": "1.0.0"},
    }
    inventory = run_resolver(PACKAGE_LOCK, {"web/package-lock.json": lock(packages)}, "web/package-lock.json")

    assert {c.name: (c.directory, c.properties) for c in inventory.components if c.first_party} == {
        "top": ("web", (("bomvet:alias", "self"),)),
        "long": ("web/lib", (("bomvet:alias", "short"),)),
        "copy": ("web/libs/copy", ()),
        "out": ("../out", ()),
    }
    assert arrows(inventory) == {
        "top@1.0.0 > long@2.0.0": (),
        "top@1.0.0 > copy@3.0.0": (),
        "top@1.0.0 > out@4.0.0": (),
        "copy@3.0.0 > a@1.0.0": (),
        "out@4.0.0 > b@1.0.0": (),
    }
    assert reasons(inventory) == [
        (43, "../../out lies outside the scanned tree"),
        (43, "a, which out@4.0.0 needs, is not in the lock"),
    ]


def test_a_link_to_a_package() -> None:
    """As npm lays out what it keeps in a store of its own."""
    packages = {
        **root(**needs("a")),
        "node_modules/a": {"resolved": "node_modules/.store/a@1.0.0/node_modules/a", "link": True},
        "node_modules/.store/a@1.0.0/node_modules/a": {"version": "1.0.0", **needs("b")},
        "node_modules/.store/a@1.0.0/node_modules/b": {"version": "1.0.0"},
    }

    assert arrows(read(packages)) == {"top@1.0.0 > a@1.0.0": (), "a@1.0.0 > b@1.0.0": ()}


def test_the_manifest_asks_for_more_than_the_lock_knows() -> None:
    """What was added since the lock was made is told of; peers and what the lock has in any table are not."""
    manifest = {"dependencies": {"a": "2", "new": "1"}, "devDependencies": {"t": "1"}, "peerDependencies": {"p": "1"}}
    packages = {**root(optionalDependencies={"a": "1"}), "node_modules/a": {"version": "1.0.0"}}
    inventory = read(packages, {"package.json": json.dumps({"name": "top", "version": "1.0.0", **manifest})})

    assert reasons(inventory) == [
        (7, "new, which package.json asks for, is newer than the lock"),
        (7, "t, which package.json asks for, is newer than the lock"),
    ]


@pytest.mark.parametrize("manifest", [None, {"name": "top", "version": "1.0.0", "devDependencies": {"b": "*"}}])
def test_a_lock_without_its_project(manifest: dict[str, Any] | None) -> None:
    """The package.json beside it states what it asks for, and else that is what nothing else needs."""
    packages = {
        "node_modules/a": {"version": "1.0.0", **needs("b")},
        "node_modules/b": {"version": "1.0.0"},
        "node_modules/c": {"version": "1.0.0", **needs("d")},
        "node_modules/d": {"version": "1.0.0", **needs("c")},
        "node_modules/x": {"version": "1.0.0", "extraneous": True},
    }
    files = {"package.json": json.dumps(manifest)} if manifest else {}
    inventory = read(packages, files)
    asked = {arrow: roles for arrow, roles in arrows(inventory).items() if arrow.startswith("top")}

    if manifest:
        assert asked == {"top@1.0.0 > b@1.0.0": ("dev",)}
    else:
        assert asked == {"top@1.0.0 > a@1.0.0": (), "top@1.0.0 > c@1.0.0": ()}
        assert component(inventory, "top").dependencies is Completeness.INCOMPLETE


# -- which lock ----------------------------------------------------------------------------------------------------


def test_the_shrinkwrap_beats_the_lock() -> None:
    """Of two in one folder npm reads the shrinkwrap alone."""
    files = {
        PATH: lock({**root(**needs("a")), "node_modules/a": {"version": "1.0.0"}}),
        "npm-shrinkwrap.json": lock({**root(**needs("a")), "node_modules/a": {"version": "2.0.0"}}),
    }
    result = inspect(MemoryTree(files), resolvers=[PACKAGE_LOCK])

    assert [c.purl for c in result.inventory.components] == ["pkg:npm/a@2.0.0"]
    assert [i.path for i in result.target.inputs] == ["npm-shrinkwrap.json"]


def test_a_lock_speaks_for_what_is_installed() -> None:
    """The format states versions."""
    assert (PACKAGE_LOCK.locks, PACKAGE_LOCK.globs) == (True, ("**/package-lock.json", "**/npm-shrinkwrap.json"))


# -- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("{\n x", 2, "not JSON"),
        ("[]", 1, "no JSON object"),
        ("{}", 1, "neither 'packages' nor 'dependencies', so this is no lock of npm"),
        ('{"lockfileVersion": 3}', 1, "neither 'packages' nor 'dependencies', so this is no lock of npm"),
        ('{"lockfileVersion": 4}', 1, "lock version 4 is not known, only 1, 2 and 3"),
        ('{"lockfileVersion": true}', 1, "lock version True is not known, only 1, 2 and 3"),
        ('{"lockfileVersion": 3, "packages": []}', 1, "'packages' is no object"),
        ('{"lockfileVersion": 1, "dependencies": 1}', 1, "'dependencies' is no object"),
    ],
)
def test_what_is_no_lock(text: str, line: int, message: str) -> None:
    """It is refused with its line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PACKAGE_LOCK, {PATH: text}, PATH)

    assert caught.value.line == line
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("node_modules/a", None, "the entry of node_modules/a is no object"),
        ("node_modules/", {"version": "1"}, "a package without a name"),
        ("node_modules/a", {}, "a has no version"),
        ("node_modules/a", {"version": 1}, "the field 'version' of a is no text"),
        ("node_modules/a", {"version": "1", "name": ["b"]}, "the field 'name' of a is no text"),
        ("node_modules/a", {"version": "1", "resolved": 1}, "the field 'resolved' of a is no text"),
        ("node_modules/a", {"version": "1", "integrity": {"a": 1}}, "the field 'integrity' of a is no text"),
        ("node_modules/a", {"version": "1", "dependencies": ["b"]}, "'dependencies' of a@1 is no object"),
        ("node_modules/a", {"optional": True}, "of a, an option, the lock states no version: npm could not get any"),
        ("node_modules/a", {"link": True}, "node_modules/a leads to no folder, which is not in the lock"),
        (
            "node_modules/a",
            {"link": True, "resolved": "b"},
            "node_modules/a leads to b, which is not in the lock",
        ),
        ("a", {"link": True, "resolved": ""}, "a leads to no folder, which is not in the lock"),
        (
            "/".join(["node_modules/a"] * 101),
            {"version": "1"},
            f"{'node_modules/a/' * 5}no... lies deeper than packages are installed, and is not read",
        ),
    ],
)
def test_an_entry_that_is_not_understood(key: str, value: Any, reason: str) -> None:
    """It is told of with its line."""
    assert (11, reason) in reasons(read({**root(), key: value}))


def test_an_option_that_npm_could_not_get() -> None:
    """Nothing more is said of it where it is asked for, whoever asks."""
    packages = {**root(**needs("a")), "node_modules/a": {"optional": True}}

    assert [reason for _, reason in reasons(read(packages))] == [
        "of a, an option, the lock states no version: npm could not get any"
    ]


def test_an_entry_that_stands_twice() -> None:
    """The later one counts, as for npm; the earlier one is told of."""
    text = lock({**root(), "node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "2.0.0"}})
    inventory = run_resolver(PACKAGE_LOCK, {PATH: text.replace("node_modules/b", "node_modules/a")}, PATH)

    assert component(inventory, "a").purl == "pkg:npm/a@2.0.0"
    assert component(inventory, "a").locations == (Location(path=PATH, line=14),)
    assert reasons(inventory) == [(11, "node_modules/a stands again further down, which is what npm reads")]


def test_many_links_and_peers_are_no_work() -> None:
    """Names of one project, and peers that one package lacks, are put together once."""
    links = {f"node_modules/l{n}": {"resolved": "lib", "link": True} for n in range(3000)}
    lacking = {"version": "1", "peerDependencies": {f"p{n}": "1" for n in range(3000)}}
    inventory = read({**root(), "lib": {"version": "1"}, **links, "node_modules/a": lacking})

    assert len(component(inventory, "lib").properties) == len(component(inventory, "a").properties) == 3000


def test_edges_name_their_line() -> None:
    """The evidence of an edge is the entry of its source."""
    inventory = read({**root(**needs("a")), "node_modules/a": {"version": "1.0.0"}})

    assert inventory.relationships == (
        Relationship(source="pkg:generic/top@1.0.0", target="pkg:npm/a@1.0.0", evidence=(Location(path=PATH, line=7),)),
    )
    assert edges(inventory) == {("pkg:generic/top@1.0.0", "pkg:npm/a@1.0.0")}


# -- any input -----------------------------------------------------------------------------------------------------

SAMPLE: dict[str, Any] = {
    **MEMBERS,
    "node_modules/b": {
        "version": "1.0.0",
        "resolved": f"{REGISTRY}/b/-/b-1.0.0.tgz",
        "integrity": SHA512,
        "license": "MIT",
        "engines": {"node": ">=18"},
        "os": ["linux"],
        "peerDependencies": {"p": "1"},
        "peerDependenciesMeta": {"p": {"optional": True}},
        "bundleDependencies": ["c"],
        **needs("c"),
    },
    "node_modules/b/node_modules/c": {"version": "1.0.0", "inBundle": True, "optional": True},
    "node_modules/git": {"version": "1.0.0", "resolved": "git+ssh://git@code.example/a.git#abc"},
}
ANY = st.sampled_from([None, True, False, 0, 7, "", "x", [], {}, ["a"], {"a": 1}]).map(copy.deepcopy)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The sample with some fields dropped or retyped, and entries replaced."""
    packages: dict[str, Any] = copy.deepcopy(SAMPLE)
    for key in draw(st.lists(st.sampled_from(sorted(SAMPLE)), max_size=4)):
        entry = packages[key]
        if not isinstance(entry, dict) or not entry or draw(st.booleans()):
            packages[key] = draw(ANY)
            continue
        field = draw(st.sampled_from(sorted(entry)))
        if draw(st.booleans()):
            del entry[field]
        else:
            entry[field] = draw(ANY)
    return packages


@given(mutated(), st.sampled_from([None, 1, 2]))
def test_every_entry_is_a_component_or_an_unknown(packages: dict[str, Any], indent: int | None) -> None:
    """Whatever the fields are, and however the file is written; and where it is."""
    text = json.dumps({"lockfileVersion": 3, "packages": packages}, indent=indent)
    inventory = run_resolver(PACKAGE_LOCK, {PATH: text}, PATH)

    told = {place.line for c in inventory.components for place in c.locations}
    told |= {unknown.location.line for unknown in inventory.unknowns}
    entries = [key for key, value in packages.items() if not (isinstance(value, dict) and value.get("link"))]
    if indent is None:
        assert len(inventory.components) + len(inventory.unknowns) >= len(set(entries) - {""}) - 1
    else:
        lines = [line.strip() for line in text.split("\n")]
        at = {key: n for n, line in enumerate(lines, 1) for key in entries if line.startswith(f"{json.dumps(key)}:")}
        assert set(at.values()) <= told


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: f'{{"packages": {{"{text}": {{}}}}}}'.encode()))
def test_any_bytes(data: bytes) -> None:
    """A file is read or refused, and nothing else happens."""
    with contextlib.suppress(MalformedError):
        run_resolver(PACKAGE_LOCK, {PATH: data}, PATH)


def test_a_link_to_a_url_shows_nothing_that_logs_in() -> None:
    """A link leads to a folder; one that states a URL is told of without its user."""
    entry = {"link": True, "resolved": "https://me:hunter2@npm.packages.example/a.tgz"}
    lock = {"lockfileVersion": 3, "packages": {"": {"name": "x"}, "node_modules/a": entry}}
    found = run_resolver(PACKAGE_LOCK, {"package-lock.json": json.dumps(lock)}, "package-lock.json")

    assert [u.reason for u in found.unknowns] == [
        "node_modules/a leads to https://npm.packages.example/a.tgz, which is not in the lock"
    ]
