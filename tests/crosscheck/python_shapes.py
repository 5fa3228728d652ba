"""Projects of uv that show one thing each: their pyproject.toml files, and the packages that their index has."""

from __future__ import annotations

from typing import Any, NamedTuple

_Json = dict[str, Any]


class PythonShape(NamedTuple):
    """A project: `root` is its pyproject.toml, `members` are those of further folders, by folder.

    `packages` are what its index has (as `pypi.py` takes them), `wheels` files of the project that are packages (path
    -> name, version and fields).  `choices` are the extras and groups that can be installed together, as options of
    uv; all of them, where nothing conflicts.
    """

    name: str
    root: str
    packages: _Json
    members: dict[str, str] = {}  # noqa: RUF012 - never changed
    wheels: dict[str, tuple[str, str, _Json]] = {}  # noqa: RUF012
    choices: tuple[tuple[str, ...], ...] = (("--all-extras", "--all-groups"),)


def project(*requires: str, name: str = "top", python: str = ">=3.9", more: str = "") -> str:
    """A pyproject.toml; `more` are further lines and tables."""
    return (
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = "{python}"\ndependencies = {_list(requires)}\n'
        f"{more}"
    )


def _list(requirements: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{requirement}"' for requirement in requirements) + "]"


def one(*requires: str, **fields: Any) -> _Json:
    """A package of one version, 1.0."""
    return {"1.0": {"requires": list(requires), **fields}}


LEAF = one()
BUILT = '[build-system]\nrequires = []\nbuild-backend = "none"\n'

SHAPES = (
    PythonShape("empty", project(), {}),
    PythonShape("chain", project("a"), {"a": one("b"), "b": one("c"), "c": LEAF}),
    PythonShape("diamond", project("a", "b"), {"a": one("c"), "b": one("c<2"), "c": {"1.0": {}, "2.0": {}}}),
    PythonShape("cycle", project("a"), {"a": one("b"), "b": one("a")}),
    PythonShape(
        "names",
        project("Zope.Interface", "a_b"),
        {"zope-interface": one("Ruamel.YAML>=1"), "a-b": LEAF, "ruamel-yaml": LEAF},
    ),
    PythonShape(
        "versions-with-labels",
        project("a==1.0rc1", "b==1.0+local.1", "c==2!1.0.post1"),
        {"a": {"1.0rc1": {}}, "b": {"1.0+local.1": {}, "1.0": {}}, "c": {"2!1.0.post1": {}}},
    ),
    PythonShape(
        "extras",
        project(
            "base", more='[project.optional-dependencies]\nweb = ["w"]\ncli = ["c", "base"]\nall = ["top[web,cli]"]\n'
        ),
        {"base": LEAF, "w": one("x"), "c": one("x"), "x": LEAF},
    ),
    PythonShape(
        "extras-of-packages",
        project("a[fast]", "b"),
        {
            "a": one("x", extras={"fast": ["y"], "slow": ["z"]}),
            "b": one("a[safe]", extras={}),
            "x": LEAF,
            "y": LEAF,
            "z": LEAF,
        }
        | {"a": one("x", extras={"fast": ["y"], "slow": ["z"], "safe": ["s; python_version >= '3.11'"]}), "s": LEAF},
    ),
    PythonShape(
        "extras-of-extras",
        project("a[all]"),
        {"a": one(extras={"one": ["x"], "two": ["y[z]"], "all": ["a[one]", "a[two]"]}), "x": LEAF}
        | {"y": one(extras={"z": ["w"]}), "w": LEAF},
    ),
    PythonShape(
        "groups",
        project(
            "a",
            more='[dependency-groups]\ndev = ["t", {include-group = "lint"}]\nlint = ["l"]\ndocs = ["d", "a"]\n'
            '[tool.uv]\ndefault-groups = ["dev", "docs"]\n',
        ),
        {"a": LEAF, "t": one("a", "u"), "u": LEAF, "l": LEAF, "d": one("u")},
    ),
    PythonShape(
        "markers",
        project(
            "w; sys_platform == 'win32'",
            "p; sys_platform != 'win32'",
            "old; python_version < '3.11'",
            "arm; platform_machine == 'arm64' or platform_machine == 'aarch64'",
        ),
        {"w": one("x"), "p": one("x", "y"), "old": one("y"), "arm": one("z; sys_platform == 'darwin'")}
        | {"x": LEAF, "y": LEAF, "z": LEAF},
    ),
    PythonShape(
        "markers-below",
        project("a", "b"),
        {
            "a": one("w; os_name == 'nt'", "c; python_full_version >= '3.12.0'"),
            "b": one("c; implementation_name == 'cpython'", "d; platform_system == 'Darwin'"),
            "c": one("e; python_version >= '3.13'"),
            "d": one("e"),
            "e": LEAF,
            "w": LEAF,
        },
    ),
    PythonShape(
        "markers-of-both-ways",
        project("a", "b; sys_platform == 'linux'"),
        {"a": one("c; sys_platform == 'win32'"), "b": one("c; python_version >= '3.12'"), "c": one("d"), "d": LEAF},
    ),
    PythonShape(
        "versions-by-python",
        project("a", "b"),
        {"a": {"1.0": {"python": ">=3.8"}, "2.0": {"python": ">=3.11", "requires": ["c"]}}, "b": one("a"), "c": LEAF},
    ),
    PythonShape(
        "versions-by-platform",
        project("a==1.0; sys_platform == 'win32'", "a==2.0; sys_platform != 'win32'", "b"),
        {
            "a": {"1.0": {"requires": ["c<2"]}, "2.0": {"requires": ["c>=2"]}},
            "b": one("a"),
            "c": {"1.0": {}, "2.0": {}},
        },
    ),
    PythonShape(
        "three-versions",
        project(
            "a==1.0; python_version < '3.11'",
            "a==2.0; python_version >= '3.11' and python_version < '3.13'",
            "a==3.0; python_version >= '3.13'",
        ),
        {"a": {"1.0": {}, "2.0": {"requires": ["b; sys_platform == 'linux'"]}, "3.0": {"requires": ["b"]}}, "b": LEAF},
    ),
    PythonShape(
        "conflicting-extras",
        project(
            "base",
            more='[project.optional-dependencies]\none = ["a==1.0"]\ntwo = ["a==2.0"]\n'
            '[tool.uv]\nconflicts = [[{extra = "one"}, {extra = "two"}]]\n',
        ),
        {"a": {"1.0": {"requires": ["b"]}, "2.0": {}}, "b": LEAF, "base": LEAF},
        choices=(("--extra=one", "--all-groups"), ("--extra=two", "--all-groups")),
    ),
    PythonShape(
        "conflicting-groups",
        project(
            "base",
            more='[dependency-groups]\none = ["a==1.0"]\ntwo = ["a==2.0", "b"]\n'
            '[tool.uv]\nconflicts = [[{group = "one"}, {group = "two"}]]\n',
        ),
        {"a": {"1.0": {"requires": ["b"]}, "2.0": {}}, "b": LEAF, "base": LEAF},
        choices=(("--group=one",), ("--group=two",)),
    ),
    PythonShape(
        "workspace",
        project(
            "a", "one", more='[tool.uv.sources]\none = {workspace = true}\n[tool.uv.workspace]\nmembers = ["m/*"]\n'
        ),
        {"a": LEAF, "b": one("a"), "c": LEAF},
        members={
            "m/one": project(
                "two",
                name="one",
                more=f'[project.optional-dependencies]\nx = ["c"]\n[tool.uv.sources]\ntwo = {{workspace = true}}\n{BUILT}',
            ),
            "m/two": project("b", name="two", more=f'[dependency-groups]\ndev = ["c"]\n{BUILT}'),
        },
    ),
    PythonShape(
        "workspace-without-a-project",
        '[tool.uv.workspace]\nmembers = ["m/*"]\n[dependency-groups]\ndev = ["t"]\n',
        {"a": LEAF, "t": one("a")},
        members={
            "m/one": project("a", name="one"),
            "m/two": project(
                "one; python_version >= '3.12'",
                name="two",
                more="[tool.uv.sources]\none = {workspace = true}\n" + BUILT,
            ),
        },
    ),
    PythonShape(
        "folders",
        project(
            "lib",
            "edit",
            "bare",
            more='[tool.uv.sources]\nlib = {path = "libs/lib"}\nedit = {path = "libs/edit", editable = true}\nbare = {path = "libs/bare"}\n',
        ),
        {"a": LEAF, "b": LEAF},
        members={
            "libs/lib": project("a", name="lib", more=BUILT),
            "libs/edit": project(
                "b", "lib", name="edit", more=f'[tool.uv.sources]\nlib = {{path = "../lib"}}\n{BUILT}'
            ),
            "libs/bare": project("b; sys_platform == 'darwin'", name="bare"),
        },
    ),
    PythonShape(
        "archive",
        project("packed", more='[tool.uv.sources]\npacked = {path = "vendor/packed-1.0-py3-none-any.whl"}\n'),
        {"a": LEAF},
        wheels={"vendor/packed-1.0-py3-none-any.whl": ("packed", "1.0", {"requires": ["a"]})},
    ),
    PythonShape(
        "folder-by-marker",
        project(
            "lib",
            more="""[tool.uv.sources]\nlib = {path = "libs/lib", marker = "sys_platform == 'linux'"}\n""",
        ),
        {"a": LEAF, "b": LEAF, "lib": {"2.0": {"requires": ["b"]}}},
        members={"libs/lib": project("a", name="lib", more=BUILT)},
    ),
    PythonShape(
        "overridden-and-constrained",
        project("a", "b", more='[tool.uv]\noverride-dependencies = ["c==1.0"]\nconstraint-dependencies = ["d<2"]\n'),
        {"a": one("c>=2", "d"), "b": one("c"), "c": {"1.0": {}, "2.0": {}}, "d": {"1.0": {}, "2.0": {}}},
    ),
    PythonShape(
        "wheels-of-platforms",
        project("a"),
        {"a": one("b", tags=["cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64", "py3-none-any"]), "b": LEAF},
    ),
)
