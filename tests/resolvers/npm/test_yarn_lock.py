"""yarn.lock: which notation it is in, and that nothing in either is lost, whatever happened to it."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bomvet.errors import BomvetError
from bomvet.model.globs import compiled
from bomvet.model.inventory import Inventory, Unknown
from bomvet.resolvers.npm.yarn_lock import YARN_LOCK, parse_yarn_lock
from tests.harness import MemoryTree, run_resolver

CLASSIC = """\
# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@~1.0.0":
  version "1.0.0"
  resolved "https://npm.packages.example/@s/a/-/a-1.0.0.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709"
  integrity sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=
  dependencies:
    "@s/b" "^1.0.0"
    c latest
  optionalDependencies:
    d "1"

"@s/b@^1.0.0":
  version "1.0.0"

c@latest:
  version "2.0.0"

"e@npm:d@1":
  version "1.0.0"

"f@file:./f":
  version "1.0.0"
  dependencies:
    c latest

"l@link:./l":
  version "0.0.0"
  uid ""
"""
BERRY = """\
__metadata:
  version: 8
  cacheKey: 10c0

"@s/a@npm:^1.0.0, @s/a@npm:~1.0.0":
  version: 1.0.0
  resolution: "@s/a@npm:1.0.0"
  dependencies:
    "@s/b": "npm:^1.0.0"
    c: "npm:latest"
  peerDependencies:
    d: "*"
  dependenciesMeta:
    c:
      optional: true
  conditions: os=linux
  checksum: 10c0/00
  languageName: node
  linkType: hard

"@s/b@npm:^1.0.0":
  version: 1.0.0
  resolution: "@s/b@npm:1.0.0"

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    "@s/a": "npm:^1.0.0"
    d: "npm:1"

"c@npm:latest":
  version: 2.0.0
  resolution: "c@npm:2.0.0"

"d@patch:d@npm%3A1#optional!builtin<compat/d>":
  version: 1.0.0
  resolution: "d@patch:d@npm%3A1.0.0#optional!builtin<compat/d>::version=1.0.0&hash=00"

"l@link:./l::locator=app%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "l@link:./l::locator=app%40workspace%3A."
"""
MANIFEST = json.dumps(
    {
        "name": "app",
        "workspaces": ["*"],
        "dependencies": {"@s/a": "^1.0.0", "f": "file:./f"},
        "devDependencies": {"d": "1"},
        "resolutions": {"c": "2.0.0", "@s/a/d": "npm:1"},
    }
)
SETTINGS = "catalog:\n  c: latest\npackageExtensions:\n  'c@*':\n    dependencies:\n      d: 1\n"


def found_in(text: str | bytes) -> Inventory:
    """The inventory of a lock with a manifest and settings beside it."""
    files = {"yarn.lock": text, "package.json": MANIFEST, ".yarnrc.yml": SETTINGS, "m/package.json": '{"name": "m"}'}
    return run_resolver(YARN_LOCK, files, "yarn.lock")


def unaccounted(text: str, found: Inventory) -> list[int]:
    """Lines that open something, of which nothing is said: neither a component nor an unknown from there on."""
    places = {loc.line for c in found.components for loc in c.locations if loc.path == "yarn.lock"}
    told = {u.location.line for u in found.unknowns}
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines, 1) if line.strip() and line[0] not in " #" and line != "__metadata:"]
    return [n for n in heads if n not in places | told]


@pytest.mark.parametrize("path", ["yarn.lock", "a/b/yarn.lock"])
def test_every_folder(path: str) -> None:
    """A lock is read wherever it is."""
    assert any(compiled(glob).fullmatch(path) for glob in YARN_LOCK.globs)


@pytest.mark.parametrize("text", ["", "\n", "# yarn lockfile v1\n\n\n", "__metadata:\n  version: 8\n  cacheKey: 10\n"])
def test_an_empty_lock(text: str) -> None:
    """A project that needs nothing has one, in either notation."""
    found = run_resolver(YARN_LOCK, {"yarn.lock": text, "package.json": '{"name": "app"}'}, "yarn.lock")

    assert (found.relationships, found.unknowns) == ((), ())


@pytest.mark.parametrize("text", [CLASSIC, BERRY], ids=["classic", "berry"])
def test_the_samples_are_accounted_for(text: str) -> None:
    """What the damage below is done to is whole."""
    found = found_in(text)

    assert unaccounted(text, found) == []
    assert {c.label for c in found.components if not c.first_party} == {
        "@s/a@1.0.0",
        "@s/b@1.0.0",
        "c@2.0.0",
        "d@1.0.0",
    }


WORDS = st.sampled_from([
    "", '""', "null", "[]", "{}", "7", ":", '"', "x:", '"@s/a@^1.0.0":', '"c@npm:latest":', '"', "\\", "a b", "\t", "\u2028",
    "npm:1", "a@patch:a@patch%3Aa", "a@npm:", "@", "a@", "workspace:.", "a@workspace:../..", "::locator=", "? x", "- x",
    "https://[", "git@x:y#commit=&", "file:a.tgz", "l@link:l::locator=l@link%3Al", "http://h/a/-/a-1.tgz", "x" * 2000,
])  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, text: str, kept: int) -> str:
    """`text` with some of its lines dropped, doubled, moved in or out, or with other words; the first `kept` stay."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(kept, len(lines) - 1))
        line = lines[at]
        indent = line[: len(line) - len(line.lstrip(" "))]
        head, sep, _ = line.strip().partition(draw(st.sampled_from([" ", ": ", '" "', "@"])))
        word = draw(WORDS)
        changes: tuple[list[str], ...] = (
            [], [line, line], [line[2:]], ["  " + line], [line, indent + word], [indent + word],
            [f"{indent}{head}{sep}{word}"], [indent + line.strip().replace(head, word, 1)],
        )  # fmt: skip
        lines[at : at + 1] = draw(st.sampled_from(changes))
        lines += [""] * (kept + 1 - len(lines))
    return "\n".join(lines)


@given(damaged(CLASSIC, 4))
@example(CLASSIC.replace('"@s/b" "^1.0.0"', '"@s/b" ""'))
@example(CLASSIC.replace("  dependencies:", "  dependencies: "))
def test_every_entry_of_a_damaged_classic_lock_is_told_of(text: str) -> None:
    """Each line that opens an entry is a component or an unknown."""
    if "\n  version: " not in text and "\n  resolution: " not in text:
        assert unaccounted(text, found_in(text)) == []


@given(damaged(BERRY, 1))
@example(BERRY.replace("  version: 1.0.0\n", "  version:\n"))
@example(BERRY.replace('  resolution: "app@workspace:."', '  resolution: "app@workspace:../app"'))
def test_every_entry_of_a_damaged_berry_lock_is_told_of(text: str) -> None:
    """Each line that opens an entry is a component or an unknown."""
    assert unaccounted(text, found_in(text)) == []


@given(st.binary(max_size=200) | st.text(st.sampled_from('a@:"\\ \n#?%'), max_size=60).map(str.encode))
@example(b"__metadata:\n? \n:\n")
@example(b'a@1:\n  x "\n  "\n')
def test_whatever_the_bytes(data: bytes) -> None:
    """A file is read or refused; as a lock of either kind, and as settings."""
    tree = MemoryTree({"yarn.lock": data, ".yarnrc.yml": data, "package.json": data})
    for text in (data, CLASSIC.encode() + data, BERRY.encode() + data):
        tree.files = {**tree.files, "yarn.lock": text}
        with suppress(BomvetError):
            found = parse_yarn_lock(tree, "yarn.lock")
            assert all(isinstance(unknown, Unknown) for unknown in found.unknowns)


def seconds(text: str) -> float:
    """The least time of three that a lock takes."""
    times = []
    for _ in range(3):
        start = time.process_time()
        parse_yarn_lock(MemoryTree({"yarn.lock": text, "package.json": MANIFEST}), "yarn.lock")
        times.append(time.process_time() - start)
    return min(times)


def classic(count: int) -> str:
    """A lock of `count` packages in a chain, all of one name and version too."""
    return "".join(
        f'a@{n}:\n  version "1.0.0"\n  dependencies:\n    a "{n + 1}"\n    b{n} "1"\n\nb{n}@1:\n  version "1.0.0"\n\n'
        for n in range(count)
    )


def berry(count: int) -> str:
    """A lock of `count` packages in a chain that all pass on one wish, and of one package with many patches."""
    return "__metadata:\n  version: 8\n\n" + "".join(
        f'"a{n}@npm:1":\n  version: 1.0.0\n  resolution: "a{n}@npm:1.0.0"\n  dependencies:\n    a{n + 1}: "npm:1"\n'
        f'  peerDependencies:\n    p: "*"\n\n"b@patch:b@npm%3A1#{n}":\n  version: 1.0.0\n'
        f'  resolution: "b@patch:b@npm%3A1.0.0#{n}"\n  dependencies:\n    a{n}: "npm:1"\n    p: "npm:1"\n\n'
        for n in range(count)
    )


@pytest.mark.parametrize("lock", [classic, berry])
def test_time_is_linear(lock: object) -> None:
    """Four times the packages take about four times as long, however they hang together."""
    assert callable(lock)

    assert seconds(lock(2000)) < 8 * seconds(lock(500))
