"""Projects that show one thing each: what they ask for, and the packages that their registry has."""

from __future__ import annotations

from typing import Any, NamedTuple

_Json = dict[str, Any]


class Shape(NamedTuple):
    """A project: `root` is its package.json, `members` are those of further folders, by folder.

    `packages` are what its registry has (as `registry.py` takes them), `archives` files of the project that are
    packages (path -> name, version and fields), `config` is its `.npmrc`.
    """

    name: str
    root: _Json
    packages: _Json
    members: dict[str, _Json] = {}  # noqa: RUF012 - never changed
    archives: dict[str, tuple[str, str, _Json]] = {}  # noqa: RUF012
    config: str = ""


def project(name: str = "top", **fields: Any) -> _Json:
    """A package.json of a project."""
    return {"name": name, "version": "1.0.0", "private": True, **fields}


def needs(*names: str, **fields: Any) -> _Json:
    """Fields of a package that needs `names`, each `NAME` or `NAME@RANGE`."""
    return {"dependencies": dict(_split(name) for name in names), **fields}


def _split(text: str) -> tuple[str, str]:
    name, at, spec = text[1:].partition("@")
    return text[0] + name, spec if at else "*"


def one(**fields: Any) -> _Json:
    """A package of one version, 1.0.0."""
    return {"1.0.0": fields}


LEAF = one()

RESOLUTION = (
    Shape("empty", project(), {}),
    Shape("plain", project(**needs("a@^1.0.0")), {"a": {"1.0.0": {}, "1.2.0": needs("b"), "2.0.0": {}}, "b": LEAF}),
    Shape(
        "chain",
        project(**needs("c0")),
        {**{f"c{n}": one(**needs(f"c{n + 1}")) for n in range(12)}, "c12": LEAF},
    ),
    Shape(
        "chain-of-conflicts",
        project(**needs("n@9.0.0")),
        {"n": {f"{n}.0.0": needs(f"n@{n - 1}.0.0") if n else {} for n in range(10)}},
    ),
    Shape("diamond", project(**needs("a", "b")), {"a": one(**needs("c")), "b": one(**needs("c")), "c": LEAF}),
    Shape(
        "diamond-of-two-versions",
        project(**needs("a", "b")),
        {
            "a": one(**needs("c@^1.0.0")),
            "b": one(**needs("c@^2.0.0")),
            "c": {"1.0.0": needs("d"), "2.0.0": {}},
            "d": LEAF,
        },
    ),
    Shape(
        "one-version-in-two-places-with-other-needs-each",
        project(**needs("a", "b", "x@2.0.0", "y@2.0.0")),
        {
            "a": one(**needs("x@1.0.0", "y@1.0.0")),
            "b": one(**needs("x@1.0.0")),
            "x": {"1.0.0": needs("y"), "2.0.0": {}},
            "y": {"1.0.0": {}, "2.0.0": {}},
        },
    ),
    Shape(
        "nested-duplicates",
        project(**needs("a", "b", "c", "z@3.0.0")),
        {
            **{name: one(**needs("z@1.0.0")) for name in "ab"},
            "c": one(**needs("z@2.0.0", "a")),
            "z": {"1.0.0": needs("w@1.0.0"), "2.0.0": needs("w@2.0.0"), "3.0.0": needs("w@3.0.0")},
            "w": {"1.0.0": {}, "2.0.0": {}, "3.0.0": {}},
        },
    ),
    Shape("cycle", project(**needs("a")), {"a": one(**needs("b")), "b": one(**needs("a"))}),
    Shape(
        "cycle-through-versions",
        project(**needs("a@2.0.0")),
        {
            "a": {"1.0.0": needs("b@1.0.0"), "2.0.0": needs("b@2.0.0")},
            "b": {"1.0.0": needs("a@1.0.0"), "2.0.0": needs("a@1.0.0")},
        },
    ),
    Shape("needs-its-own-past", project(**needs("a@2.0.0")), {"a": {"1.0.0": {}, "2.0.0": needs("a@1.0.0")}}),
    Shape(
        "overridden",
        project(**needs("a", "b"), overrides={"c": "1.0.0"}),
        {"a": one(**needs("c@^2.0.0")), "b": one(**needs("c@^1.0.0")), "c": {"1.0.0": {}, "2.0.0": {}}},
    ),
    Shape(
        "overridden-below",
        project(**needs("a", "b"), overrides={"a": {"c": "1.0.0"}}),
        {"a": one(**needs("c@^2.0.0")), "b": one(**needs("c@^2.0.0")), "c": {"1.0.0": {}, "2.0.0": {}}},
    ),
    Shape(
        "overridden-by-reference",
        project(**needs("a", "c@1.0.0"), overrides={"c": "$c"}),
        {"a": one(**needs("c@^2.0.0")), "c": {"1.0.0": {}, "2.0.0": {}}},
    ),
    Shape(
        "overridden-by-another-package",
        project(**needs("a"), overrides={"c": "npm:d@1.0.0"}),
        {"a": one(**needs("c@^1.0.0")), "c": LEAF, "d": one(**needs("e")), "e": LEAF},
    ),
)

NAMES = (
    Shape("scoped", project(**needs("@s/a", "a")), {"@s/a": one(**needs("@t/a", "a")), "@t/a": LEAF, "a": LEAF}),
    Shape(
        "letter-case",
        project(**needs("JSONStream", "Base64")),
        {
            "JSONStream": one(**needs("through")),
            "Base64": LEAF,
            "through": one(**needs("jsonstream")),
            "jsonstream": LEAF,
        },
    ),
    Shape(
        "names-of-fields",
        project(**needs("dependencies", "packages", "version")),
        {
            "dependencies": one(**needs("requires", "link")),
            **dict.fromkeys(("packages", "version", "requires", "link"), LEAF),
        },
    ),
    Shape("dots-and-signs", project(**needs("a.b", "c_d", "e-f~")), {"a.b": LEAF, "c_d": LEAF, "e-f~": LEAF}),
    Shape("alias", project(**needs("short@npm:@s/long@^1.0.0")), {"@s/long": one(**needs("b")), "b": LEAF}),
    Shape(
        "aliases-of-two-versions",
        project(**needs("old@npm:a@1.0.0", "new@npm:a@2.0.0", "a@3.0.0")),
        {"a": {"1.0.0": needs("b"), "2.0.0": {}, "3.0.0": {}}, "b": LEAF},
    ),
    Shape(
        "alias-below",
        project(**needs("a", "b-cjs")),
        {"a": one(**needs("b", "b-cjs@npm:b@^1.0.0")), "b": {"1.0.0": {}, "2.0.0": {}}, "b-cjs": LEAF},
    ),
    Shape(
        "versions-with-labels",
        project(**needs("a@1.0.0-rc.1", "b@1.0.0")),
        {"a": {"1.0.0-rc.1": {}, "1.0.0": {}, "dist-tags": {"next": "1.0.0-rc.1"}}, "b": one(**needs("a@next"))},
    ),
)

PEERS = (
    Shape(
        "peer-of-the-project",
        project(**needs("a", "p@^1.0.0")),
        {"a": one(peerDependencies={"p": "^1.0.0"}), "p": {"1.0.0": {}, "2.0.0": {}}},
    ),
    Shape(
        "peer-brought-by-npm",
        project(**needs("a")),
        {"a": one(peerDependencies={"p": "^1.0.0"}), "p": one(**needs("q")), "q": LEAF},
    ),
    Shape(
        "optional-peer-absent",
        project(**needs("a")),
        {"a": one(peerDependencies={"p": "1"}, peerDependenciesMeta={"p": {"optional": True}}), "p": LEAF},
    ),
    Shape(
        "optional-peer-present",
        project(**needs("a", "b")),
        {
            "a": one(peerDependencies={"p": "1"}, peerDependenciesMeta={"p": {"optional": True}}),
            "b": one(**needs("p")),
            "p": LEAF,
        },
    ),
    Shape(
        "peers-in-conflict",
        project(**needs("a", "b")),
        {
            "a": one(**needs("plugin@1.0.0", "p@1.0.0")),
            "b": one(**needs("plugin@1.0.0", "p@2.0.0")),
            "plugin": one(peerDependencies={"p": "*"}),
            "p": {"1.0.0": {}, "2.0.0": {}},
        },
    ),
    Shape(
        "peer-left-out",
        project(**needs("a", "b@1.0.0")),
        {"a": one(peerDependencies={"p": "1", "b": "2"}), "p": LEAF, "b": {"1.0.0": {}, "2.0.0": {}}},
        config="legacy-peer-deps=true\n",
    ),
    Shape(
        "peers-of-each-other",
        project(**needs("a")),
        {
            "a": one(peerDependencies={"b": "*"}, **needs("c")),
            "b": one(peerDependencies={"a": "*"}),
            "c": one(peerDependencies={"a": "*"}),
        },
    ),
    Shape(
        "peer-of-a-project",
        project(peerDependencies={"p": "^1.0.0"}, devDependencies={"a": "*"}),
        {"a": one(peerDependencies={"p": "*"}), "p": one(**needs("q")), "q": LEAF},
    ),
)

_BINARY = {"darwin-arm64": ("darwin", "arm64"), "linux-x64": ("linux", "x64"), "win32-x64": ("win32", "x64")}

SCOPES = (
    Shape(
        "development",
        project(**needs("a"), devDependencies={"t": "*"}),
        {"a": one(**needs("c")), "t": one(**needs("c", "d")), "c": LEAF, "d": LEAF},
    ),
    Shape(
        "options",
        project(**needs("a"), optionalDependencies={"o": "*"}),
        {
            "a": one(optionalDependencies={"p": "*"}, **needs("c")),
            "o": one(**needs("c", "d")),
            "p": LEAF,
            "c": LEAF,
            "d": LEAF,
        },
    ),
    Shape(
        "development-and-options",
        project(optionalDependencies={"o": "*"}, devDependencies={"t": "*"}),
        {
            "o": one(**needs("both")),
            "t": one(**needs("both"), optionalDependencies={"u": "*"}),
            "both": one(**needs("e")),
            "e": LEAF,
            "u": LEAF,
        },
    ),
    Shape(
        "in-two-tables",
        project(**needs("a"), devDependencies={"a": "*", "b": "*"}, optionalDependencies={"b": "*"}),
        {"a": LEAF, "b": LEAF},
    ),
    Shape(
        "platforms",
        project(**needs("tool")),
        {
            "tool": one(optionalDependencies={f"@tool/{name}": "1.0.0" for name in _BINARY}),
            **{f"@tool/{name}": one(os=[system], cpu=[cpu]) for name, (system, cpu) in _BINARY.items()},
        },
    ),
    Shape(
        "option-that-is-nowhere",
        project(**needs("a")),
        {"a": one(optionalDependencies={"gone": "*"}, **needs("b")), "b": LEAF},
    ),
)

FOLDERS = (
    Shape(
        "workspace",
        project(workspaces=["packages/*"], **needs("a")),
        {"a": LEAF, "b": LEAF},
        {"packages/one": project("one", **needs("two@1.0.0", "b")), "packages/two": project("two", **needs("a"))},
    ),
    Shape(
        "members-of-two-versions",
        project(workspaces=["apps/x", "packages/**"]),
        {"a": {"1.0.0": needs("b@1.0.0"), "2.0.0": needs("b@2.0.0")}, "b": {"1.0.0": {}, "2.0.0": {}}},
        {"apps/x": project("@s/x", **needs("a@1.0.0", "@s/y")), "packages/deep/y": project("@s/y", **needs("a@2.0.0"))},
    ),
    Shape(
        "members-in-a-circle",
        project(workspaces=["m/*"]),
        {"t": LEAF},
        {"m/one": project("one", **needs("two")), "m/two": project("two", devDependencies={"one": "*", "t": "*"})},
    ),
    Shape(
        "member-of-another-name",
        project(workspaces={"packages": ["./m/*"]}, devDependencies={"@s/real": "*"}),
        {"p": LEAF},
        {"m/folder": project("@s/real", peerDependencies={"p": "*"}, optionalDependencies={"p": "*"})},
    ),
    Shape(
        "folder",
        project(**needs("lib@file:lib")),
        {"a": LEAF},
        {"lib": project("lib", **needs("a"), devDependencies={"a": "*"})},
    ),
    Shape(
        "folder-of-a-folder",
        project(devDependencies={"one": "file:libs/one"}),
        {"a": {"1.0.0": {}, "2.0.0": {}}},
        {
            "libs/one": project("one", **needs("other@file:../two", "a@1.0.0")),
            "libs/two": project("two", **needs("a@2.0.0")),
        },
    ),
    Shape(
        "folder-copied",
        project(**needs("lib@file:lib")),
        {"a": LEAF},
        {"lib": project("lib", **needs("a"))},
        config="install-links=true\n",
    ),
    Shape(
        "archive",
        project(**needs("packed@file:vendor/packed-1.0.0.tgz")),
        {"a": LEAF},
        archives={"vendor/packed-1.0.0.tgz": ("packed", "1.0.0", needs("a"))},
    ),
)

CONTENTS = (
    Shape(
        "bundled",
        project(**needs("a", "b")),
        {
            "a": one(**needs("b", "c"), bundleDependencies=["b"], _bundled={"b": {"name": "b", "version": "0.5.0"}}),
            "b": LEAF,
            "c": LEAF,
        },
    ),
    Shape(
        "bundled-with-its-own",
        project(**needs("a")),
        {
            "a": one(
                **needs("b"),
                bundleDependencies=["b"],
                _bundled={
                    "b": {"name": "b", "version": "0.5.0", **needs("c", "d")},
                    "c": {"name": "c", "version": "0.6.0"},
                    "b/node_modules/d": {"name": "d", "version": "0.7.0"},
                },
            ),
            "c": LEAF,
        },
    ),
    Shape(
        "bundled-by-the-project",
        project(**needs("a", "b"), bundleDependencies=["a"]),
        {"a": one(**needs("c")), "b": LEAF, "c": LEAF},
    ),
    Shape(
        "deprecated",
        project(**needs("a")),
        {"a": one(deprecated="no longer kept, use b", **needs("b")), "b": one(deprecated="ditto")},
    ),
    Shape(
        "install-scripts",
        project(**needs("a"), scripts={"postinstall": "exit 1"}),
        {"a": one(scripts={"install": "exit 1"}, **needs("b")), "b": one(scripts={"test": "exit 1"})},
    ),
    Shape(
        "statements",
        project(**needs("a", "b", "c"), license="MIT"),
        {
            "a": one(license="MIT", engines={"node": ">=18", "npm": "*"}, funding="https://a.example", bin="a.js"),
            "b": one(license="(MIT OR Apache-2.0)", libc=["glibc"], os=["!win32"], optionalDependencies={}),
            "c": one(licenses=[{"type": "BSD"}], license={"type": "ISC"}),
        },
    ),
    Shape(
        "shrinkwrapped",
        project(**needs("a")),
        {
            "a": one(
                **needs("b"),
                _hasShrinkwrap=True,
                _files={
                    "npm-shrinkwrap.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": '
                    '{"": {"name": "a", "version": "1.0.0", "dependencies": {"b": "*"}}, "node_modules/b": {"version": "1.0.0"}}}'
                },
            ),
            "b": {"1.0.0": {}, "2.0.0": {}},
        },
    ),
)

#: Of these `npm ls` says that they are broken; it is right, and lists them all the same.
BROKEN = ("peer-left-out",)
NPM = (*RESOLUTION, *NAMES, *PEERS, *SCOPES, *FOLDERS, *CONTENTS)
