"""Version 1 of `package-lock.json`, and the shrinkwraps before it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.inventory import Completeness, Hash, Inventory, Location, Scope
from bomvet.resolvers.npm._lock_v1 import Entry, flattened, names
from bomvet.resolvers.npm.package_lock import PACKAGE_LOCK
from tests.harness import component, run_resolver

PATH = "package-lock.json"
REGISTRY = "https://npm.packages.example"
SHA512 = "sha512-" + "A" * 86 + "=="


def lock(table: dict[str, Any], **fields: Any) -> str:
    """A lock as npm 6 writes it."""
    head = {"name": "top", "version": "1.0.0", "lockfileVersion": 1, "requires": True, **fields}
    return json.dumps({**head, "dependencies": table}, indent=2)


def read(table: dict[str, Any], manifest: dict[str, Any] | None = None, **files: Any) -> Inventory:
    """What is read of a lock, with a package.json beside it where there is a manifest; `files` are of folders."""
    documents = {f"{folder}/package.json": json.dumps(fields) for folder, fields in files.items()}
    if manifest is not None:
        documents["package.json"] = json.dumps({"name": "top", "version": "1.0.0", **manifest})
    return run_resolver(PACKAGE_LOCK, {PATH: lock(table), **documents}, PATH)


def arrows(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """Edges as `SOURCE > TARGET`, with the name and version alone, and their roles."""
    known = {c.purl: f"{c.name}@{c.version}" for c in inventory.components}
    return {f"{known[r.source]} > {known[r.target]}": r.roles for r in inventory.relationships}


def test_packages_and_edges() -> None:
    """Tables within entries are folders within folders; the project's own requests stand in its package.json."""
    table = {
        "a": {
            "version": "1.0.0",
            "resolved": f"{REGISTRY}/a/-/a-1.0.0.tgz",
            "integrity": SHA512,
            "requires": {"b": "^1.0.0", "c": "*"},
            "dependencies": {"b": {"version": "1.0.0", "requires": {"c": "*"}, "dev": False}},
        },
        "b": {"version": "2.0.0", "dev": True},
        "c": {"version": "1.0.0", "requires": True},
    }
    inventory = read(table, {"dependencies": {"a": "1"}, "devDependencies": {"b": "2"}})

    assert arrows(inventory) == {
        "top@1.0.0 > a@1.0.0": (),
        "top@1.0.0 > b@2.0.0": ("dev",),
        "a@1.0.0 > b@1.0.0": (),
        "a@1.0.0 > c@1.0.0": (),
        "b@1.0.0 > c@1.0.0": (),
    }
    assert {c.purl: (c.scope, [p.line for p in c.locations]) for c in inventory.components if c.name != "top"} == {
        "pkg:npm/a@1.0.0": (Scope.REQUIRED, [7]),
        "pkg:npm/b@1.0.0": (Scope.REQUIRED, [16]),
        "pkg:npm/b@2.0.0": (Scope.DEV, [25]),
        "pkg:npm/c@1.0.0": (Scope.REQUIRED, [29]),
    }
    (file,) = component(inventory, "a").distributions
    assert (file.url, file.hashes) == (f"{REGISTRY}/a/-/a-1.0.0.tgz", (Hash(algorithm="sha512", value="00" * 64),))
    assert inventory.unknowns == ()


@pytest.mark.parametrize(
    ("entry", "purl"),
    [
        ({"version": "1.0.0"}, "pkg:npm/%40s/a@1.0.0"),
        ({"version": "npm:@t/real@1.2.3"}, "pkg:npm/%40t/real@1.2.3"),
        (
            {"version": "git+ssh://git@code.example/s/a.git#0123abc", "from": "git+ssh://git@code.example/s/a.git"},
            "pkg:npm/%40s/a?vcs_url=git%2Bssh://code.example/s/a.git%400123abc",
        ),
        ({"version": "github:s/a#0123abc"}, "pkg:npm/%40s/a?vcs_url=git%2Bhttps://github.com/s/a.git%400123abc"),
        ({"version": "file:vendor/a-1.2.3-rc.1.tgz"}, "pkg:npm/%40s/a@1.2.3-rc.1?file_name=a-1.2.3-rc.1.tgz"),
        (
            {"version": "https://files.example/a-1.2.3.tgz?x=1"},
            "pkg:npm/%40s/a@1.2.3?download_url=https://files.example/a-1.2.3.tgz%3Fx%3D1",
        ),
        ({"version": f"{REGISTRY}/real/-/real-1.2.3.tgz"}, "pkg:npm/real@1.2.3"),
    ],
)
def test_what_a_version_may_be(entry: dict[str, Any], purl: str) -> None:
    """A version, an alias, a commit or an archive."""
    inventory = read({"@s/a": entry}, {})

    assert [c.purl for c in inventory.components if not c.first_party] == [purl]
    assert inventory.unknowns == ()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"version": "https://files.example/master.tar.gz"}, "a has no version"),
        ({"version": ["1"]}, "the field 'version' of a is no text"),
        ({}, "a has no version"),
        (None, "the entry of node_modules/a is no object"),
        ({"version": "1", "requires": ["b"]}, "'requires' of a@1 is no object"),
        ({"version": "1", "requires": {"b": "*"}}, "b, which a@1 needs, is not in the lock"),
        ({"optional": True}, "of a, an option, the lock states no version: npm could not get any"),
        ({"version": "file:../a"}, "../a lies outside the scanned tree"),
    ],
)
def test_what_is_not_understood(entry: Any, reason: str) -> None:
    """It is told of with its line."""
    assert (7, reason) in [(unknown.location.line, unknown.reason) for unknown in read({"a": entry}, {}).unknowns]


def test_folders() -> None:
    """They are projects, whose package.json says what they need; what stands in their entry lies below them."""
    table = {
        "one": {
            "version": "file:libs/one",
            "requires": {"a": "1"},
            "dependencies": {"a": {"version": "1.0.0"}},
        },
        "again": {"version": "file:libs/one"},
        "two": {"version": "file:libs/two", "requires": {"a": "2", "self": "*"}},
        "self": {"version": "file:.", "dependencies": {"b": {"version": "1.0.0"}}},
        "a": {"version": "2.0.0"},
    }
    manifest = {"workspaces": ["libs/one"], "dependencies": {"one": "1", "two": "1", "b": "*"}}
    inventory = read(
        table, manifest, **{"libs/one": {"name": "one", "version": "1.0.0", "devDependencies": {"a": "1"}}}
    )

    assert {c.name: (c.directory, c.properties) for c in inventory.components if c.first_party} == {
        "top": ("", (("bomvet:alias", "self"),)),
        "one": ("libs/one", (("bomvet:alias", "again"),)),
        "two": ("libs/two", ()),
    }
    assert arrows(inventory) == {
        "top@1.0.0 > one@1.0.0": (),
        "top@1.0.0 > two@": (),
        "top@1.0.0 > b@1.0.0": (),
        "one@1.0.0 > a@1.0.0": ("dev",),
        "two@ > a@2.0.0": (),
        "two@ > top@1.0.0": (),
    }


def test_roles_by_what_is_marked() -> None:
    """What only options need is an option of what is none; what came in an archive is bundled by what that is of."""
    table = {
        "a": {
            "version": "1",
            "requires": {"o": "*", "b": "*", "c": "*"},
            "dependencies": {
                "b": {"version": "2", "bundled": True, "requires": {"c": "*"}},
                "c": {"version": "3", "bundled": True},
            },
        },
        "o": {"version": "1", "optional": True, "requires": {"p": "*"}},
        "p": {"version": "1", "optional": True},
    }
    inventory = read(table, {"dependencies": {"a": "1"}, "optionalDependencies": {"o": "1"}})

    assert arrows(inventory) == {
        "top@1.0.0 > a@1": (),
        "top@1.0.0 > o@1": ("optional",),
        "a@1 > b@2": ("bundled",),
        "a@1 > c@3": ("bundled",),
        "a@1 > o@1": ("optional",),
        "b@2 > c@3": (),
        "o@1 > p@1": (),
    }
    assert component(inventory, "b").properties == (("bomvet:bundled", "true"),)


def test_no_manifest() -> None:
    """The project asks for what nothing else does, and for one of each cycle."""
    table = {
        "a": {"version": "1", "requires": {"b": "*"}},
        "b": {"version": "1"},
        "c": {"version": "1", "requires": {"d": "*"}},
        "d": {"version": "1", "requires": {"c": "*"}},
    }
    inventory = read(table)

    assert {arrow for arrow in arrows(inventory) if arrow.startswith("top")} == {"top@1.0.0 > a@1", "top@1.0.0 > c@1"}
    assert component(inventory, "top").dependencies is Completeness.INCOMPLETE


@pytest.mark.parametrize("manifest", [None, {"dependencies": {"a": "1"}}])
def test_before_version_1(manifest: dict[str, Any] | None) -> None:
    """Shrinkwraps of npm 4 and older do not say what a package needs, which is then not complete."""
    files = {"package.json": json.dumps({"name": "top", "version": "1.0.0", **manifest})} if manifest else {}
    table = {"a": {"version": "1", "from": "a@1", "dependencies": {"b": {"version": "1", "from": "b@1"}}}}
    text = json.dumps({"name": "top", "version": "1.0.0", "dependencies": table})
    inventory = run_resolver(PACKAGE_LOCK, {"npm-shrinkwrap.json": text, **files}, "npm-shrinkwrap.json")

    assert arrows(inventory) == ({"top@1.0.0 > a@1": ()} if manifest else {})
    assert {c.name: c.dependencies for c in inventory.components if c.name != "top"} == {
        "a": Completeness.INCOMPLETE,
        "b": Completeness.INCOMPLETE,
    }


@pytest.mark.parametrize(
    ("marks", "told"),
    [({}, []), ({"dev": True}, [(1, "tool, which top@1.0.0 needs, is not in the lock")])],
)
def test_development_before_version_1(marks: dict[str, Any], told: list[tuple[int, str]]) -> None:
    """Versions of npm up to 4 left out what only development needs, unless told to keep it, which then is marked."""
    manifest = {"name": "top", "version": "1.0.0", "dependencies": {"a": "1"}, "devDependencies": {"tool": "1"}}
    table = {"a": {"version": "1", "from": "a@1"}, "b": {"version": "1", "from": "b@1", **marks}, "c": None}
    text = json.dumps({"name": "top", "version": "1.0.0", "dependencies": table})
    files = {"npm-shrinkwrap.json": text, "package.json": json.dumps(manifest)}
    inventory = run_resolver(PACKAGE_LOCK, files, "npm-shrinkwrap.json")

    assert [(u.location.line, u.reason) for u in inventory.unknowns] == [
        (1, "the entry of node_modules/c is no object"),
        *told,
    ]
    assert component(inventory, "top").dependencies is Completeness.INCOMPLETE


def test_a_project_that_needs_nothing() -> None:
    """Its lock has no table at all."""
    text = '{"name": "top", "version": "1.0.0", "lockfileVersion": 1}'
    inventory = run_resolver(PACKAGE_LOCK, {PATH: text}, PATH)

    assert [c.purl for c in inventory.components] == ["pkg:generic/top@1.0.0"]
    assert inventory.unknowns == ()


def test_an_entry_that_stands_twice() -> None:
    """The later one counts, with what it holds."""
    one, two = ({"version": str(n), "dependencies": {"b": {"version": str(n)}}} for n in (1, 2))
    text = lock({"a": one, "x": two}).replace('"x"', '"a"')
    inventory = run_resolver(PACKAGE_LOCK, {PATH: text}, PATH)

    assert {c.purl: c.locations for c in inventory.components if c.name != "top"} == {
        "pkg:npm/a@2": (Location(path=PATH, line=15),),
        "pkg:npm/b@2": (Location(path=PATH, line=18),),
    }
    assert [(u.location.line, u.reason) for u in inventory.unknowns] == [
        (7, "a stands again further down, which is what npm reads")
    ]


def test_names_come_before_those_below_them() -> None:
    """The order in which lines are told; without recursion, however deep the tables are."""
    table = {"a": {"dependencies": {"b": {"dependencies": {"c": {}}}, "d": 1}}, "e": {"dependencies": 1}}

    assert names(table) == [("a", True), ("b", True), ("c", True), ("d", False), ("e", True)]


def test_long_paths_are_not_put_together() -> None:
    """What stands below a name that no file system has gets a path that is too long, but no longer than that."""
    table = {"a" * 5000: {"version": "1", "dependencies": {"b": {"version": "1"}}}}
    entries = list(flattened(table, [1, 2]))

    assert [len(entry.key) for entry in entries] == [5013, 4097 + len("node_modules/b")]
    assert entries[0] == Entry("node_modules/" + "a" * 5000, {"version": "1"}, 1)
    assert len(run_resolver(PACKAGE_LOCK, {PATH: lock(table)}, PATH).unknowns) == 2


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["1.0.0", "file:x", "npm:a@1", "git+https://c.example/x#1", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["a", "b", "version", "requires", "dependencies", "optional", "bundled"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "@s/c", ""]), ANY), st.sampled_from([None, 2, "\t"]))
def test_every_entry_is_a_component_or_an_unknown(table: dict[str, Any], indent: Any) -> None:
    """Whatever stands in a lock, and however it is written; further names of a folder are told by that alone."""
    text = json.dumps({"lockfileVersion": 1, "requires": True, "dependencies": table}, indent=indent)
    inventory = run_resolver(PACKAGE_LOCK, {PATH: text}, PATH)

    told = {place.line for c in inventory.components for place in c.locations}
    told |= {unknown.location.line for unknown in inventory.unknowns}
    margin = {None: "nowhere", 2: " " * 4, "\t": "\t\t"}[indent]
    packages = [
        name for name, value in table.items() if not (isinstance(value, dict) and value.get("version") == "file:x")
    ]
    begins = tuple(f"{margin}{json.dumps(name)}:" for name in packages)
    assert {n for n, line in enumerate(text.split("\n"), 1) if line.startswith(begins)} <= told
