"""bun.lock: keys as paths, kinds of entries, own projects, scopes, and everything that can be wrong."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
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
from bomvet.resolvers.npm.bun_lock import BUN_LOCK, parse_bun_lock
from tests.harness import MemoryTree, component, edges, run_resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK = "bun.lock"
SRI = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
EMPTY = Hash(algorithm="sha256", value="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
PROJECT = "pkg:generic/project"


def read(
    packages: Mapping[str, Any],
    root: Mapping[str, Any] | None = None,
    members: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Inventory:
    """The inventory of a lock of `packages`, in a workspace of the project at the top and `members`."""
    workspaces = {"": {"name": "project", **(root or {})}, **(members or {})}
    lock = {"lockfileVersion": 1, "workspaces": workspaces, "packages": packages, **rest}
    return run_resolver(BUN_LOCK, {LOCK: json.dumps(lock, indent=2)}, LOCK)


def registry(label: str, **info: Any) -> list[Any]:
    """A package of the registry."""
    return [label, "", info, SRI]


def reasons(inventory: Inventory) -> list[str]:
    """Why something was not understood."""
    return [unknown.reason for unknown in inventory.unknowns]


def scopes(inventory: Inventory) -> dict[str, Scope]:
    """Scopes of the packages by label."""
    return {c.label: c.scope for c in inventory.components if not c.first_party}


WRITTEN = f"""{{
  "lockfileVersion": 1,
  "workspaces": {{
    "": {{
      "name": "app",
      "dependencies": {{
        "@a/b": "^1.0.0",
      }},
    }},
  }},
  "packages": {{
    "@a/b": ["@a/b@1.0.0", "", {{ "dependencies": {{ "c": "2" }}, "bin": {{ "b": "cli.js" }} }}, "{SRI}"],

    "c": ["c@2.0.0", "", {{ "os": "linux", "cpu": ["x64", "!arm"] }}, "{SRI}"],
  }}
}}
"""


def test_the_whole_of_a_small_lock() -> None:
    """Every field, with the true line of each statement."""
    at = [Location(path=LOCK, line=line) for line in (4, 12, 14)]
    root = Component(
        purl="pkg:generic/app",
        name="app",
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
        properties=(("bomvet:cpu", "!arm"), ("bomvet:cpu", "x64"), ("bomvet:os", "linux")),
    )

    assert run_resolver(BUN_LOCK, {LOCK: WRITTEN}, LOCK) == Inventory(
        components=(root, b, c),
        relationships=(
            Relationship(source=root.purl, target=b.purl, evidence=(at[0],)),
            Relationship(source=b.purl, target=c.purl, evidence=(at[1],)),
        ),
    )


def test_the_names_that_are_claimed() -> None:
    """It is a lock, in any folder; the binary form is another."""
    assert (BUN_LOCK.id, BUN_LOCK.globs, BUN_LOCK.locks) == ("npm/bun-lock", ("**/bun.lock",), True)


def test_comments_keep_the_lines() -> None:
    """What a person wrote into it changes nothing else."""
    commented = WRITTEN.replace('    "c": [', '    /* a\n note */ // "x": [\n    "c": [')

    assert component(run_resolver(BUN_LOCK, {LOCK: commented}, LOCK), "c").locations == (Location(path=LOCK, line=16),)


def test_a_lock_that_is_laid_out_otherwise_has_no_lines() -> None:
    """No line is made up."""
    text = json.dumps({"lockfileVersion": 0, "packages": {"a": registry("a@1.0.0")}})

    found = component(run_resolver(BUN_LOCK, {LOCK: text}, LOCK), "a")
    assert found.locations == (Location(path=LOCK, line=1),)


@pytest.mark.parametrize("key", ["x", r"\q"])
def test_what_looks_like_an_entry_in_a_comment_takes_the_lines_away(key: str) -> None:
    """Then it is not sure which entry stands where."""
    commented = WRITTEN.replace('    "c": [', f'    /*\n    "{key}": [\n*/\n    "c": [')

    assert component(run_resolver(BUN_LOCK, {LOCK: commented}, LOCK), "c").locations == (Location(path=LOCK, line=1),)


# -- keys ------------------------------------------------------------------------------------------------------


def test_a_dependency_is_the_nearest_on_the_way_to_the_top() -> None:
    """Keys are paths; two places of one package have what they need each."""
    found = read(
        {
            "a": registry("a@1.0.0", dependencies={"@s/n": "1", "z": "1"}),
            "b": registry("b@1.0.0", dependencies={"a": "1"}),
            "@s/n": registry("@s/n@1.0.0"),
            "z": registry("z@1.0.0"),
            "a/@s/n": registry("@s/n@2.0.0", dependencies={"z": "1"}),
            "a/z": registry("z@2.0.0"),
            "a/@s/n/z": registry("z@3.0.0", dependencies={"@s/n": "*"}),
        },
        {"dependencies": {"a": "1", "b": "1"}},
    )

    assert {(s.rpartition("/")[2], t.rpartition("/")[2]) for s, t in edges(found)} == {
        ("project", "a@1.0.0"),
        ("project", "b@1.0.0"),
        ("a@1.0.0", "n@2.0.0"),
        ("a@1.0.0", "z@2.0.0"),
        ("b@1.0.0", "a@1.0.0"),
        ("n@2.0.0", "z@3.0.0"),
        ("z@3.0.0", "n@2.0.0"),
    }
    assert found.unknowns == ()


def test_a_member_has_packages_under_its_name() -> None:
    """Before those at the top."""
    found = read(
        {
            "@w/m": ["@w/m@workspace:packages/m"],
            "a": registry("a@1.0.0"),
            "@w/m/a": registry("a@2.0.0", dependencies={"b": "1"}),
            "b": registry("b@1.0.0"),
            "@w/m/b": registry("b@2.0.0"),
        },
        {"dependencies": {"a": "1"}, "devDependencies": {"@w/m": "workspace:*"}},
        {"packages/m": {"name": "@w/m", "version": "0.1.0", "dependencies": {"a": "2"}}},
    )
    member = "pkg:generic/%40w%2Fm@0.1.0?path=packages/m"

    assert edges(found) == {
        (PROJECT, "pkg:npm/a@1.0.0"),
        (PROJECT, member),
        (member, "pkg:npm/a@2.0.0"),
        ("pkg:npm/a@2.0.0", "pkg:npm/b@2.0.0"),
    }
    assert scopes(found)["a@2.0.0"] is Scope.REQUIRED


def test_an_alias_is_a_property_of_the_real_package() -> None:
    """The key says what it is installed as."""
    found = component(read({"x": registry("real@1.0.0")}, {"dependencies": {"x": "npm:real@1"}}), "real")

    assert (found.purl, found.properties) == ("pkg:npm/real@1.0.0", (("bomvet:alias", "x"),))


# -- what an entry says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            ["a@1.0.0", "https://npm.packages.example/a/-/a-1.0.0.tgz", {}, SRI],
            (
                "pkg:npm/a@1.0.0",
                (),
                (Distribution(url="https://npm.packages.example/a/-/a-1.0.0.tgz", hashes=(EMPTY,)),),
                (("bomvet:registry", "https://npm.packages.example"),),
            ),
        ),
        (
            ["a@1.0.0", "https://me:pass@npm.packages.example/", {}, SRI],
            ("pkg:npm/a@1.0.0", (EMPTY,), (), (("bomvet:registry", "https://npm.packages.example/"),)),
        ),
        (
            ["a@https://npm.packages.example/a/-/a-1.2.0-rc.1.tgz", {}, SRI],
            (
                "pkg:npm/a@1.2.0-rc.1",
                (),
                (Distribution(url="https://npm.packages.example/a/-/a-1.2.0-rc.1.tgz", hashes=(EMPTY,)),),
                (("bomvet:registry", "https://npm.packages.example"),),
            ),
        ),
        (
            ["a@github:u/a#0123abc", {}, "u-a-0123abc", SRI],
            ("pkg:npm/a?vcs_url=git%2Bhttps://github.com/u/a.git%400123abc", (EMPTY,), (), ()),
        ),
        (
            ["a@git+ssh://git@packages.example/a.git#0123abc", {}, "0123abc"],
            ("pkg:npm/a?vcs_url=git%2Bssh://packages.example/a.git%400123abc", (), (), ()),
        ),
    ],
    ids=["archive", "registry", "archive-by-url", "github", "git"],
)
def test_origins(entry: list[Any], expected: tuple[object, ...]) -> None:
    """Each kind of entry, without passwords."""
    found = read({"a": entry}, {"dependencies": {"a": "*"}})
    package = component(found, "a")

    assert (package.purl, package.hashes, package.distributions, package.properties) == expected
    assert found.unknowns == ()


@pytest.mark.parametrize(
    ("place", "purl", "url"),
    [
        ("https://packages.example/a.tgz", "pkg:npm/a?download_url=https://packages.example/a.tgz", "https://packages.example/a.tgz"),
        ("./vendor/a.tgz", "pkg:npm/a?file_name=a.tgz", "file:vendor/a.tgz"),
        ("a.tgz", "pkg:npm/a?file_name=a.tgz", "file:a.tgz"),
        ("file:a.tar.gz", "pkg:npm/a?file_name=a.tar.gz", "file:a.tar.gz"),
        ("https://npm.packages.example/b/-/b-1.0.0.tgz", "pkg:npm/a", "https://npm.packages.example/b/-/b-1.0.0.tgz"),
    ],
)  # fmt: skip
def test_a_file_has_no_version_and_that_is_told(place: str, purl: str, url: str) -> None:
    """The lock states none, and that of another package's archive is not that of this one."""
    found = read({"a": [f"a@{place}", {}, SRI]})
    package = component(found, "a")

    assert (package.purl, package.distributions) == (purl, (Distribution(url=url, hashes=(EMPTY,)),))
    assert reasons(found) == ["a has no version in the lock"]


def test_the_version_in_the_name_of_a_file() -> None:
    """Of an archive the lock states no version, but its file is called after it."""
    found = read(
        {"a": ["a@./vendor/a-1.2.3.tgz", {}, SRI], "@s/b": ["@s/b@https://packages.example/s-b-2.0.0.tgz", {}, SRI]}
    )

    assert {c.purl for c in found.components if not c.first_party} == {
        "pkg:npm/%40s/b@2.0.0?download_url=https://packages.example/s-b-2.0.0.tgz",
        "pkg:npm/a@1.2.3?file_name=a-1.2.3.tgz",
    }
    assert found.unknowns == ()


def test_what_an_entry_says_of_its_package() -> None:
    """Scripts, patches, and what lies within another package."""
    found = read(
        {
            "a": registry("a@1.0.0", dependencies={"b": "1", "c": "1"}, hasInstallScript=True),
            "a/b": registry("b@1.0.0", bundled=True),
            "c": registry("c@1.0.0", os=5, libc=["musl", None]),
        },
        {"dependencies": {"a": "1"}},
        patchedDependencies={"a@1.0.0": "patches/a.patch", "c@1.0.0": 1},
        overrides={"b": "https://me:secret@packages.example/b.tgz", "c>d": "^2"},
    )

    assert {c.name: c.properties for c in found.components} == {
        "project": (("bomvet:override", "b: https://packages.example/b.tgz"), ("bomvet:override", "c>d: ^2")),
        "a": (("bomvet:install-script", "true"), ("bomvet:patched", "patches/a.patch")),
        "b": (("bomvet:bundled", "true"),),
        "c": (("bomvet:libc", "musl"), ("bomvet:patched", "true")),
    }
    assert {r.target: r.roles for r in found.relationships} == {
        "pkg:npm/a@1.0.0": (),
        "pkg:npm/b@1.0.0": ("bundled",),
        "pkg:npm/c@1.0.0": (),
    }


# -- own projects ----------------------------------------------------------------------------------------------


def test_folders_and_links_are_own_projects() -> None:
    """What a folder asks for counts for as much as what leads to it; Bun installs what it is developed with too."""
    found = read(
        {
            "fix": ["fix@file:fix", {"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}}],
            "tool": ["tool@link:../tool", {}],
            "a": registry("a@1.0.0"),
            "b": registry("b@1.0.0"),
            "self": ["project@root:", {}],
        },
        {"optionalDependencies": {"fix": "file:fix"}, "devDependencies": {"tool": "link:../tool", "self": "*"}},
    )

    assert {c.purl: (c.dependencies, c.properties) for c in found.components if c.first_party} == {
        PROJECT: (Completeness.COMPLETE, ()),
        "pkg:generic/fix?path=fix": (Completeness.COMPLETE, ()),
        "pkg:generic/tool?path=../tool": (Completeness.INCOMPLETE, (("bomvet:link", "link:../tool"),)),
    }
    assert scopes(found) == {"a@1.0.0": Scope.OPTIONAL, "b@1.0.0": Scope.DEV}
    assert reasons(found) == ["../tool lies outside the scanned tree"]


def test_a_member_that_is_listed_in_the_packages_alone() -> None:
    """Version 0 states there what it needs."""
    found = read({"m": ["m@workspace:m", {"dependencies": {"a": "1"}}], "a": registry("a@1.0.0")})

    assert edges(found) == {("pkg:generic/m?path=m", "pkg:npm/a@1.0.0")}


# -- scopes and roles ------------------------------------------------------------------------------------------


def test_scopes_and_roles() -> None:
    """By what reaches a package; an optional peer that is not there is not missed."""
    found = read(
        {
            "a": registry("a@1.0.0", peerDependencies={"p": "*", "q": "*", "d": "*"}, optionalPeers=["q", 5, "d"]),
            "p": registry("p@1.0.0", optionalDependencies={"o": "1", "absent": "1"}),
            "o": registry("o@1.0.0"),
            "d": registry("d@1.0.0"),
        },
        {"dependencies": {"a": "1"}, "devDependencies": {"d": "1"}, "optionalDependencies": {"gone": "1"}},
    )

    assert scopes(found) == {
        "a@1.0.0": Scope.REQUIRED,
        "d@1.0.0": Scope.OPTIONAL,
        "o@1.0.0": Scope.OPTIONAL,
        "p@1.0.0": Scope.REQUIRED,
    }
    assert {(r.source.rpartition("/")[2], r.target.rpartition("/")[2]): r.roles for r in found.relationships} == {
        ("project", "a@1.0.0"): (),
        ("project", "d@1.0.0"): ("dev",),
        ("a@1.0.0", "d@1.0.0"): ("optional", "peer"),
        ("p@1.0.0", "o@1.0.0"): ("optional",),
        ("a@1.0.0", "p@1.0.0"): ("peer",),
    }
    assert found.unknowns == ()


def test_overrides_of_one_dependent() -> None:
    """Since version 3 an override may be for the dependencies of one package, or for one range of it."""
    text = """{
  "lockfileVersion": 3,
  "workspaces": {"": {"name": "project", "dependencies": {"a": "1"}}},
  "overrides": {"a": {"b": "2.0.0"}, "c@1": {".": "1.1.0", "d": "3.0.0"}, "e": "4.0.0"},
  "packages": {"a": ["a@1.0.0", "", {}, ""]}
}"""
    found = run_resolver(BUN_LOCK, {LOCK: text}, LOCK)

    assert component(found, "project").properties == (
        ("bomvet:override", "a>b: 2.0.0"),
        ("bomvet:override", "c@1: 1.1.0"),
        ("bomvet:override", "c@1>d: 3.0.0"),
        ("bomvet:override", "e: 4.0.0"),
    )
    assert found.unknowns == ()


# -- what is not understood ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("not JSON: Expecting value", 1)),
        ("[]", ("no JSON object", 1)),
        ("{}", ("lock version None is not known, only 0 to 3", 1)),
        ('{"lockfileVersion": 4}', ("lock version 4 is not known, only 0 to 3", 1)),
        ('{"lockfileVersion": true}', ("lock version True is not known, only 0 to 3", 1)),
        ('{"lockfileVersion": 1,\n"packages": {\n"a": [}}', ("not JSON: Expecting value", 3)),
    ],
)
def test_what_is_no_lock(text: str, expected: tuple[str, int]) -> None:
    """It is refused with the line."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(BUN_LOCK, {LOCK: text}, LOCK)
    assert (str(caught.value), caught.value.line) == expected


def test_what_is_wrong_in_a_lock_is_told() -> None:
    """Each entry that is not understood is an unknown, and makes its package incomplete."""
    found = read(
        {
            "a": registry("a@1.0.0", dependencies={"gone": "1"}),
            "bad": ["bad@1.0.0", "", {}, "sha512-short"],
            "short": ["short@1.0.0"],
            "list": {},
            "empty": [],
            "nameless": ["1.0.0", "", {}, SRI],
            "": registry("b@1.0.0"),
            "x/" * 201 + "x": registry("x@1.0.0"),
        },
        {"dependencies": {"a": "1", "missing": "1"}},
        {"m": []},
        patchedDependencies=[],
        overrides=5,
    )

    no_list = "is no list that begins with a name and a version"
    assert {(u.location.line, u.reason) for u in found.unknowns} == {
        (4, "missing, which project needs, is not in the lock"),
        (11, "the workspace m is no object"),
        (1, "'overrides' is no object"),
        (14, "gone, which a@1.0.0 needs, is not in the lock"),
        (24, "the integrity of bad cannot be used: 'sha512-short' is no integrity of a known algorithm"),
        (30, "what short needs is not stated"),
        (30, "where short comes from is not stated"),
        (33, f"the entry list {no_list}"),
        (34, f"the entry empty {no_list}"),
        (35, f"the entry nameless {no_list}"),
        (41, f"the entry  {no_list}"),
        (47, f"the entry {'x/' * 38}x... {no_list}"),
    }
    assert {c.name for c in found.components if c.dependencies is Completeness.INCOMPLETE} == {"project", "a", "short"}


def test_a_key_that_stands_twice_is_told() -> None:
    """The last counts, as for Bun itself it would be an error."""
    text = '{"lockfileVersion": 1, "packages": {"a": ["a@1.0.0", "", {}, ""], "a": ["a@2.0.0", "", {}, ""]}}'
    found = run_resolver(BUN_LOCK, {LOCK: text}, LOCK)

    assert list(scopes(found)) == ["a@2.0.0"]
    reason = "the key a stands twice, and the last counts"
    assert found.unknowns == (Unknown(location=Location(path=LOCK), resolver="npm/bun-lock", reason=reason),)


SAMPLE: dict[str, Any] = {
    "lockfileVersion": 1,
    "workspaces": {
        "": {"name": "project", "dependencies": {"a": "1", "f": "file:f"}, "devDependencies": {"m": "workspace:*"}},
        "m": {"name": "m", "version": "1.0.0", "peerDependencies": {"a": "1"}, "optionalPeers": ["a"]},
    },
    "overrides": {"x": "1"},
    "patchedDependencies": {"a@1.0.0": "a.patch"},
    "packages": {
        "a": ["a@1.0.0", "", {"dependencies": {"b": "1"}, "os": ["linux"]}, SRI],
        "a/b": ["b@1.0.0", "https://npm.packages.example/", {"bundled": True}, SRI],
        "f": ["f@file:f", {"dependencies": {"a": "1"}}],
        "g": ["g@github:u/g#abc", {"optionalDependencies": {"h": "1"}}, "u-g-abc"],
        "h": ["h@https://packages.example/h.tgz", {}, SRI],
        "m": ["m@workspace:m"],
    },
}
_NEW = st.sampled_from([None, 5, 1.5, True, "", "x", "@", "x@..", [], ["x", None], {}, {"x": None}, {"a": {"b": 1}}])


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all that `value` holds."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, child in children for spot in ((*path, key), *spots(child, (*path, key)))]


@settings(max_examples=400)
@given(data=st.data())
def test_every_entry_of_a_damaged_lock_is_a_component_or_an_unknown(data: st.DataObject) -> None:
    """Whatever is dropped, emptied or of another type, nothing is lost silently, and nothing breaks."""
    lock = copy.deepcopy(SAMPLE)
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
        found = Inventory.merge([parse_bun_lock(MemoryTree({LOCK: json.dumps(lock, indent=2)}), LOCK)])
    except MalformedError:
        return
    packages = lock.get("packages")
    for key, value in packages.items() if isinstance(packages, dict) else ():
        name = value[0].rpartition("@")[0] if isinstance(value, list) and value and isinstance(value[0], str) else key
        known = any(name in (c.name, c.directory) or key == c.directory for c in found.components)
        assert known or any(key in u.reason for u in found.unknowns), key


@settings(max_examples=300)
@given(start=st.integers(0, len(WRITTEN)), length=st.integers(0, 60), text=st.text('ab@/{}[]" ,:\n\\', max_size=20))
def test_no_damage_to_the_text_breaks_the_reader(start: int, length: int, text: str) -> None:
    """Cut anywhere, with anything put in, it is read or refused; lines are lines of the file."""
    damaged = WRITTEN[:start] + text + WRITTEN[start + length :]
    try:
        found = parse_bun_lock(MemoryTree({LOCK: damaged}), LOCK)
    except MalformedError:
        return
    lines = [place.line for c in found.components for place in c.locations]
    assert all(1 <= line <= damaged.count("\n") + 1 for line in lines)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the one error leaves the reader."""
    with contextlib.suppress(MalformedError):
        parse_bun_lock(MemoryTree({LOCK: data}), LOCK)
