"""`package.json`: `PACKAGE_JSON`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Inventory,
    Kind,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.resolvers import _declared
from bomvet.resolvers.npm.package_json import LOCKS, PACKAGE_JSON
from tests.harness import MemoryTree, component, run_resolver
from tests.resolvers.mutations import damaged, survives

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = '{\n  "name": "web",\n  "version": "1.0.0",\n  "dependencies": {\n    "left-pad": "^1.0.0"\n  }\n}\n'


def requested(spec: object, files: Mapping[str, str] | None = None, table: str = "dependencies") -> Inventory:
    """What a manifest makes of one request for `x`."""
    text = json.dumps({"name": "web", table: {"x": spec}})
    return run_resolver(PACKAGE_JSON, {"package.json": text, **(files or {})}, "package.json")


def target(found: Inventory) -> tuple[str, list[str]]:
    """The purl of the one thing that is asked for, and what is not known."""
    return next((r.target for r in found.relationships), ""), [u.reason for u in found.unknowns]


def test_a_request_that_nothing_locks() -> None:
    """It is a component without a version, an edge and an open question, each with its line."""
    here = Location(path="package.json", line=5)
    project = Component(
        purl="pkg:generic/web@1.0.0",
        name="web",
        version="1.0.0",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="package.json"),),
    )
    left_pad = Component(
        purl="pkg:npm/left-pad", name="left-pad", locations=(here,), properties=(("bomvet:requirement", "^1.0.0"),)
    )

    assert run_resolver(PACKAGE_JSON, {"package.json": ONE}, "package.json") == Inventory(
        components=(project, left_pad),
        relationships=(Relationship(source=project.purl, target="pkg:npm/left-pad", evidence=(here,)),),
        unknowns=(Unknown(location=here, resolver="npm/package-json", reason="not locked: left-pad@^1.0.0"),),
    )


def test_tables_and_their_roles() -> None:
    """All tables count, each name once; peers that may be absent are optional; what is bundled is told."""
    text = json.dumps(
        {
            "name": "web",
            "dependencies": {"a": "1", "b": "1", "both": "1"},
            "optionalDependencies": {"o": "1", "both": "2"},
            "devDependencies": {"d": "1", "react": "1"},
            "peerDependencies": {"react": ">=1", "vue": ">=1", "svelte": ">=1"},
            "peerDependenciesMeta": {"vue": {"optional": True}},
            "bundleDependencies": ["b", 3],
        },
        indent=0,
    )
    found = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json")

    assert {r.target.rpartition("/")[2]: (r.roles, r.evidence[0].line) for r in found.relationships} == {
        "a": ((), 4), "b": ((), 5), "both": (("optional",), 10), "o": (("optional",), 9), "d": (("dev",), 13),
        "react": (("dev",), 14), "vue": (("peer",), 18), "svelte": (("peer",), 19),
    }  # fmt: skip
    assert {c.name: c.scope for c in found.components if c.scope is not Scope.REQUIRED} == {
        "both": Scope.OPTIONAL, "o": Scope.OPTIONAL, "d": Scope.DEV, "react": Scope.DEV, "vue": Scope.OPTIONAL,
    }  # fmt: skip
    assert [c.name for c in found.components if ("bomvet:bundled", "true") in c.properties] == ["b"]


@pytest.mark.parametrize(("stated", "names"), [(True, ["a", "b"]), (False, []), (["a"], ["a"]), ({}, [])])
def test_what_is_bundled(stated: object, names: list[str]) -> None:
    """A list of names, or all dependencies."""
    text = json.dumps({"dependencies": {"a": "1", "b": "1"}, "bundledDependencies": stated})
    found = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json")

    assert [c.name for c in found.components if ("bomvet:bundled", "true") in c.properties] == names


def test_a_whole_bundle_of_nothing() -> None:
    """A bundle of everything, where that is nothing."""
    text = '{"name": "a", "devDependencies": {"x": "1"}, "bundleDependencies": true}'

    assert len(run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json").components) == 2


COMMIT = "0123456789012345678901234567890123456789"


@pytest.mark.parametrize(
    ("spec", "purl", "unknowns"),
    [
        ("1.2.3", "pkg:npm/x@1.2.3", []),
        ("=v1.2.3-rc.1+build", "pkg:npm/x@1.2.3-rc.1%2Bbuild", []),
        ("1.2", "pkg:npm/x", ["not locked: x@1.2"]),
        ("1.2.3 - 2", "pkg:npm/x", ["not locked: x@1.2.3 - 2"]),
        ("latest", "pkg:npm/x", ["not locked: x@latest"]),
        ("", "pkg:npm/x", ["not locked: x"]),
        ("catalog:", "pkg:npm/x", ["not locked: x@catalog:"]),
        ("npm:@s/Real@^2", "pkg:npm/%40s/Real", ["not locked: @s/Real@^2"]),
        ("npm:@s/real", "pkg:npm/%40s/real", ["not locked: @s/real"]),
        ("npm:real@1.0.0", "pkg:npm/real@1.0.0", []),
        ("npm:x@1.0.0", "pkg:npm/x@1.0.0", []),
        (f"github:u/r#{COMMIT}", f"pkg:npm/x?vcs_url=git%2Bhttps://github.com/u/r.git%40{COMMIT}", []),
        ("u/r", "pkg:npm/x?vcs_url=git%2Bhttps://github.com/u/r.git", ["not locked: x@github:u/r, which names no commit"]),
        (
            "git+https://me:secret@git.packages.example/x.git#v1",
            "pkg:npm/x?vcs_url=git%2Bhttps://git.packages.example/x.git%40v1",
            ["not locked: x@git+https://git.packages.example/x.git#v1, which names no commit"],
        ),
        ("https://npm.packages.example/x/-/x-1.0.0.tgz", "pkg:npm/x@1.0.0", []),
        ("https://npm.packages.example/x/-/odd.tgz", "pkg:npm/x", []),
        ("https://packages.example/x.tgz", "pkg:npm/x?download_url=https://packages.example/x.tgz", []),
        ("file:libs/x", "pkg:generic/x?path=libs/x", []),
        ("link:./libs/x", "pkg:generic/x?path=libs/x", []),
        ("portal:libs/x/", "pkg:generic/x?path=libs/x", []),
        ("./libs/x", "pkg:generic/x?path=libs/x", []),
        ("file:x-1.0.0.tgz", "pkg:npm/x?file_name=x-1.0.0.tgz", []),
        ("file:.", "", []),
        ("file:../x", "", ["x@file:../x lies outside the scanned tree"]),
        ("~/x", "", ["x@~/x lies outside the scanned tree"]),
        ("file:none", "", ["x@file:none holds no npm project"]),
        ("workspace:*", "", ["x@workspace:*: no project of the workspace has that name"]),
        ("workspace:./libs/x", "pkg:generic/x?path=libs/x", []),
        (3, "", ["x: what is asked for is no text"]),
        (None, "", ["x: what is asked for is no text"]),
    ],
)  # fmt: skip
def test_specifiers(spec: object, purl: str, unknowns: list[str]) -> None:
    """Ranges and tags leave the version open; exact versions, commits, archives and folders do not."""
    assert target(requested(spec, {"libs/x/package.json": '{"name": "x"}'})) == (purl, unknowns)


def test_where_packages_come_from() -> None:
    """An alias is told under its real name; an archive has its URL."""
    alias = component(requested("npm:real@^2"), "real")
    archive = component(requested("https://npm.packages.example/x/-/x-1.0.0.tgz"), "x")

    assert alias.properties == (("bomvet:alias", "x"), ("bomvet:requirement", "npm:real@^2"))
    assert archive.distributions == (Distribution(url="https://npm.packages.example/x/-/x-1.0.0.tgz"),)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"name": "a",\n"dependencies": ["x"]}', 2, "dependencies is no object: what it asks for is not known"),
        ('{"name": "a", "dependencies": {\n"": "1"}}', 2, "1 is asked for without a name"),
        ('{"name": "a", "dependencies": {\n"@/": "1"}}', 2, "1 is asked for without a name"),
        ('{"name": "a", "peerDependencies": {\n"x": {}}}', 2, "x: what is asked for is no text"),
    ],
)
def test_what_is_no_request(text: str, line: int, reason: str) -> None:
    """It is told with its line, and the project counts as incomplete."""
    found = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json")

    assert [(u.location.line, u.reason) for u in found.unknowns] == [(line, reason)]
    assert component(found, "a").dependencies is Completeness.INCOMPLETE


@pytest.mark.parametrize("text", ["{}", '{"type": "module"}', '{"private": true, "dependencies": {}}'])
def test_settings_are_no_project(text: str) -> None:
    """Many a folder has one that only says how its files are read."""
    assert run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json") == Inventory()


@pytest.mark.parametrize("text", ["[]", "{", '"x"', "\xff"])
def test_no_json(text: str) -> None:
    """What is no JSON object is malformed, with its line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PACKAGE_JSON, {"package.json": text.encode("latin-1"), "yarn.lock": ""}, "package.json")

    assert caught.value.line == 1


def alone(files: Mapping[str, str]) -> bool:
    """Whether nothing but the project itself is made of `web/package.json`."""
    found = run_resolver(PACKAGE_JSON, {"web/package.json": ONE, **files}, "web/package.json")
    return [(c.purl, c.dependencies) for c in found.components] == [
        ("pkg:generic/web@1.0.0?path=web", Completeness.UNKNOWN)
    ]


@pytest.mark.parametrize("beside", [*(f"web/{lock}" for lock in LOCKS), "web/node_modules/x/index.js"])
def test_who_else_speaks(beside: str) -> None:
    """A lock or installed packages beside it say more; then there is the project alone."""
    assert alone({beside: ""})


@pytest.mark.parametrize("above", [*LOCKS, "node_modules/x/index.js"])
def test_what_the_workspace_has_speaks(above: str) -> None:
    """So does what stands at the top of the workspace that it is a member of."""
    assert alone({above: "{}", "package.json": '{"workspaces": ["web"]}'})


@pytest.mark.parametrize(
    ("lock", "text", "expected"),
    [
        ("package-lock.json", '{"packages": {"": {}, "web": {}, "node_modules/y": {}}}', True),
        ("package-lock.json", '{"packages": {"": {}, "node_modules/web": {}}, "dependencies": {"web": {}}}', False),
        ("package-lock.json", '{"dependencies": {"y": {"version": "file:web"}, "z": 3}}', True),
        ("npm-shrinkwrap.json", '{"packages": []}', False),
        ("package-lock.json", "{", True),
        ("pnpm-lock.yaml", "importers:\n\n  web:\n    dependencies:\n", True),
        ("pnpm-lock.yaml", "importers:\r\n\r\n  'web':\r\n", True),
        ("pnpm-lock.yaml", "importers:\n\n  .:\n    dependencies:\n      web:\n        specifier: 1\n", False),
        ("pnpm-lock.yaml", "packages:\n\n  w@file:web:\n    resolution: {directory: web, type: directory}\n", True),
        ("yarn.lock", '"w@file:./web::locator=top%40workspace%3A.":\n  version: 1.0.0\n', True),
        ("yarn.lock", '"w@file:web":\n  version "1.0.0"\n', True),
        ("bun.lock", '{"packages": {"w": ["w@file:web", {}]}}', True),
        ("yarn.lock", '"w@workspace:web":\n  version: 0.0.0-use.local\n', True),
        ("yarn.lock", '"w@workspace:*, w@workspace:web":\n', True),
        ("yarn.lock", 'web@^1:\n  version "1.0.0"\n', False),
        ("bun.lock", '{"workspaces": {"": {}, "web": {"name": "web",}}}', True),
        ("bun.lock", '{"packages": {"web": ["web@1.0.0", "", {}]}}', False),
        ("bun.lockb", "", True),
    ],
)
def test_locks_above_that_name_the_folder(lock: str, text: str, expected: bool) -> None:  # noqa: FBT001
    """A lock speaks for the folders that it names, as a broken one may; for an example beside them nothing does."""
    assert alone({lock: text}) is expected


def test_a_lock_above_that_cannot_be_read() -> None:
    """It may name the folder, and whoever reads it tells that nobody can."""
    tree = MemoryTree({"web/package.json": ONE, "yarn.lock": ""}, links={"yarn.lock": None})

    assert len(PACKAGE_JSON.parse(tree, "web/package.json").components) == 1


def test_an_example_in_a_workspace() -> None:
    """What a lock and the patterns leave out is a project of its own, of which nothing says what is installed."""
    files = {
        "package-lock.json": '{"packages": {"": {}, "lib": {}}}',
        "package.json": '{"workspaces": ["lib"]}',
        "node_modules/left-pad/package.json": "{}",
    }
    found = run_resolver(PACKAGE_JSON, {"web/package.json": ONE, **files}, "web/package.json")

    assert ([c.purl for c in found.components], [u.reason for u in found.unknowns]) == (
        ["pkg:generic/web@1.0.0?path=web", "pkg:npm/left-pad"],
        ["not locked: left-pad@^1.0.0"],
    )


@pytest.mark.parametrize("beside", ["other/yarn.lock", "web/x/yarn.lock", "web/x/node_modules/y/z.js"])
def test_what_stands_elsewhere_does_not_speak(beside: str) -> None:
    """Another folder's lock says nothing of this one."""
    assert len(run_resolver(PACKAGE_JSON, {"web/package.json": ONE, beside: ""}, "web/package.json").components) == 2


def workspace(globs: object, spec: str = "*") -> dict[str, str]:
    """A workspace whose member `a` asks for `b`."""
    return {
        "package.json": json.dumps({"name": "top", "workspaces": globs, "dependencies": {"b": spec}}),
        "packages/a/package.json": json.dumps({"name": "a", "dependencies": {"b": spec}}),
        "packages/b/package.json": '{"name": "b", "version": "1.0.0"}',
        "other/b/package.json": '{"name": "b", "version": "2.0.0"}',
        "packages/odd/package.json": '{"name": 3}',
    }


MEMBER = "pkg:generic/b@1.0.0?path=packages/b"


@pytest.mark.parametrize(
    ("globs", "spec", "expected"),
    [
        (["packages/*"], "*", MEMBER),
        (["./packages/*/"], "^9", MEMBER),
        ({"packages": ["packages/**"]}, "workspace:^", MEMBER),
        (["packages/*"], "workspace:b@*", MEMBER),
        (["packages/*"], "workspace:../b", MEMBER),
        (["packages/*"], "npm:b@^1", MEMBER),
        (["packages/*"], "file:../../other/b", "pkg:generic/b@2.0.0?path=other/b"),
        (["packages/*"], "https://packages.example/b.tgz", "pkg:npm/b?download_url=https://packages.example/b.tgz"),
        (["packages/*", "!packages/a"], "*", "pkg:npm/b"),
        (["packages/a"], "*", "pkg:npm/b"),
        (["", 3], "*", "pkg:npm/b"),
        ("packages/*", "*", "pkg:npm/b"),
        ([], "*", "pkg:npm/b"),
    ],
)
def test_members_of_a_workspace(globs: object, spec: str, expected: str) -> None:
    """What a member asks for by the name of another member is that."""
    found = run_resolver(PACKAGE_JSON, workspace(globs, spec), "packages/a/package.json")

    assert [r.target for r in found.relationships] == [expected]


def test_the_top_of_a_workspace_may_ask_for_its_members() -> None:
    """So may a workspace that is no top itself."""
    files = {f"w/{path}": text for path, text in workspace(["packages/*"]).items()}
    found = run_resolver(PACKAGE_JSON, files, "w/package.json")

    assert [r.target for r in found.relationships] == ["pkg:generic/b@1.0.0?path=w/packages/b"]


def test_many_members_cost_no_square() -> None:
    """The members of a workspace are looked up once."""
    from bomvet.pipeline import inspect  # noqa: PLC0415
    from tests.harness import MemoryTree  # noqa: PLC0415

    files = {
        f"p/m{n}/package.json": json.dumps({"name": f"m{n}", "dependencies": {f"m{n + 1}": "*"}}) for n in range(300)
    }
    tree = MemoryTree({"package.json": '{"workspaces": ["p/*"], "name": "top"}', **files})
    started = time.process_time()
    found = inspect(tree, resolvers=[PACKAGE_JSON]).inventory

    assert len(found.components) == 301
    assert len(tree.reads) < 3_000
    assert time.process_time() - started < 10


def test_very_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beyond the limit is told."""
    monkeypatch.setattr(_declared, "MAX_REQUIREMENTS", 3)
    text = json.dumps({"name": "web", "dependencies": {f"a{n}": "1.0.0" for n in range(5)}})
    found = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json")

    assert len(found.components) == 4
    assert [u.reason for u in found.unknowns] == ["more than 3 requirements: the rest was not read"]
    assert component(found, "web").dependencies is Completeness.INCOMPLETE


def test_texts_that_look_like_keys() -> None:
    """A line is that of the key, and not of a text with the same words; quotes in texts cost no square."""
    text = '{"name": "web", "description": "%s",\n"keywords": ["x", ":"],\n"dependencies": {"x": "1"}}' % (
        '\\"' * 50_000
    )
    started = time.process_time()
    (unknown,) = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json").unknowns

    assert (unknown.location.line, time.process_time() - started < 2) == (3, True)


DOCUMENT = {
    "name": "web",
    "version": "1.0.0",
    "license": "MIT",
    "workspaces": ["packages/*"],
    "dependencies": {"a": "^1", "b": "npm:c@1", "d": "u/r", "e": "file:x", "f": "workspace:*", "g": "1.0.0"},
    "devDependencies": {"t": "*"},
    "optionalDependencies": {"o": "1"},
    "peerDependencies": {"p": "1"},
    "peerDependenciesMeta": {"p": {"optional": True}},
    "bundleDependencies": ["a"],
}


@given(damaged(DOCUMENT))
def test_damaged_manifests(document: Any) -> None:
    """Whatever stands where, it is read or told: every request is an edge or an unknown."""
    found = survives(PACKAGE_JSON, {"package.json": json.dumps(document)}, "package.json")
    if found is None or not found.components:
        return
    tables = [
        document.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    ]
    names = {name for table in tables if isinstance(table, dict) for name in table}
    told = len(found.relationships) + len({u.reason for u in found.unknowns})
    assert told >= len(names) - 1


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(PACKAGE_JSON, {"package.json": data}, "package.json")


@given(st.text("a@/:.#*^~1-gith ub", max_size=25))
def test_any_specifier(spec: str) -> None:
    """Whatever is asked for, it is an edge or told."""
    purl, unknowns = target(requested(spec))

    assert purl or unknowns or spec.strip().startswith(("file:", "link:", "portal:", ".", "workspace:."))


def test_a_project_that_asks_for_nothing_below_a_lock() -> None:
    """There is nothing to tell of it."""
    found = run_resolver(PACKAGE_JSON, {"yarn.lock": "", "a/package.json": '{"name": "b"}'}, "a/package.json")

    assert found.unknowns == ()


def test_patterns_of_a_workspace_are_bounded() -> None:
    """Each is put to every package.json, so that there are no more than anybody has."""
    text = json.dumps({"name": "web", "workspaces": [f"w{number}" for number in range(201)]}, indent=1)
    found = run_resolver(PACKAGE_JSON, {"package.json": text, "w200/package.json": '{"name": "x"}'}, "package.json")

    assert [(u.location.line, u.reason) for u in found.unknowns] == [
        (3, "of the patterns of workspaces only 200 are read")
    ]


def test_nothing_is_told_of_requests_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even that each is not locked: a file may hold millions."""
    monkeypatch.setattr(_declared, "MAX_REQUIREMENTS", 2)
    text = json.dumps({"name": "web", "dependencies": {f"a{n}": "^1" for n in range(9)}})
    found = run_resolver(PACKAGE_JSON, {"package.json": text}, "package.json")

    assert [u.reason for u in found.unknowns] == [
        "more than 2 requirements: the rest was not read",
        "not locked: a0@^1",
        "not locked: a1@^1",
    ]


def test_what_a_project_forces() -> None:
    """Overrides of npm, with what they are for, and resolutions of Yarn are told of the project; nothing that logs in."""
    table = {
        "name": "web",
        "overrides": {"a": "1", "b": {".": "2", "c": {"d": "npm:e@3"}}, "f": 4},
        "resolutions": {"**/g": "https://me:hunter2@npm.packages.example/g.tgz"},
    }
    found = component(run_resolver(PACKAGE_JSON, {"package.json": json.dumps(table)}, "package.json"), "web")

    assert found.properties == (
        ("bomvet:override", "**/g: https://npm.packages.example/g.tgz"),
        ("bomvet:override", "a: 1"),
        ("bomvet:override", "b > c > d: npm:e@3"),
        ("bomvet:override", "b: 2"),
    )


def test_what_a_project_forces_is_bounded() -> None:
    """In number and in depth."""
    deep: dict[str, object] = {"x": "1"}
    for _ in range(20):
        deep = {"x": deep}
    table = {"name": "web", "overrides": {**{f"n{n}": "1" for n in range(600)}, **deep}}
    found = component(run_resolver(PACKAGE_JSON, {"package.json": json.dumps(table)}, "package.json"), "web")

    assert len(found.properties) == 500
    assert all(" > " not in text for _, text in found.properties)
