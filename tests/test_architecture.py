"""The rules of the house, held on the syntax of every module: layers, edges, imports, sizes, tests, docstrings."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bomvet.plugin import Check, Enricher, Report, Resolver, Source, module_names

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bomvet"
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


# ── reading the source ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported name: `module` is the module that it comes from or is, as far as that can be told."""

    module: str
    line: int
    at_load: bool
    """Whether it happens as soon as the importing module is loaded."""

    @property
    def top(self) -> str:
        """The outermost package."""
        return self.module.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of the product."""

    name: str
    path: str
    tree: ast.Module
    lines: int
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        """The part of the house: the first name below `bomvet`, empty for the package itself."""
        return room(self.name)

    def at(self, line: int) -> str:
        """A place, to be clicked on."""
        return f"src/bomvet/{self.path}:{line}"


def room(module: str) -> str:
    """The first name below `bomvet`."""
    return [*module.split("."), ""][1]


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product, by name."""
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        path = file.relative_to(SOURCE).as_posix()
        name = "bomvet." + path.removesuffix(".py").replace("/", ".")
        name = name.removesuffix(".__init__")
        text = file.read_text("utf-8")
        tree = ast.parse(text)
        found.append(
            Module(name=name, path=path, tree=tree, lines=len(text.splitlines()), imports=tuple(imports(tree)))
        )
    return tuple(found)


def imports(tree: ast.AST, *, at_load: bool = True) -> Iterator[Import]:
    """Every import below `tree`; those in functions and for the type checker alone do not happen at load."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(module=alias.name, line=node.lineno, at_load=at_load) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (_from(node, alias.name, at_load=at_load) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from imports(ast.Module([child], []), at_load=False)
            for child in node.orelse:
                yield from imports(ast.Module([child], []), at_load=at_load)
        else:
            yield from imports(node, at_load=at_load and not isinstance(node, (*FUNCTION, ast.Lambda)))


def _from(node: ast.ImportFrom, name: str, *, at_load: bool) -> Import:
    assert node.level == 0, "relative imports hide where a name comes from"
    module = node.module or ""
    inner = SOURCE.parent / module.replace(".", "/") / name
    if inner.is_dir() or inner.with_suffix(".py").is_file() or not module.startswith("bomvet"):
        # Of a foreign package nobody can tell; the full name is matched by its beginning.
        module = f"{module}.{name}"
    return Import(module=module, line=node.lineno, at_load=at_load)


def within(module: str, package: str) -> bool:
    """Whether `module` is `package` or lies in it."""
    return module == package or module.startswith(package + ".")


def test_the_reader_of_imports() -> None:
    """What the rules below rest on: each form of import, and whether it happens at load."""
    text = """
import a.b, c
from d import e
from bomvet import pipeline, __version__
from bomvet.model.codec import encode
try:
    import f
except ImportError:
    f = None
if TYPE_CHECKING:
    import g
else:
    import h
class C:
    import i
    def method(self):
        import j
"""
    found = [(i.module, i.at_load) for i in imports(ast.parse(text))]

    assert found == [
        ("a.b", True),
        ("c", True),
        ("d.e", True),
        ("bomvet.pipeline", True),
        ("bomvet", True),
        ("bomvet.model.codec", True),
        ("f", True),
        ("g", False),
        ("h", True),
        ("i", True),
        ("j", False),
    ]


# ── layers ──────────────────────────────────────────────────────────────────────────────────────

PLUGINS = {"sources", "resolvers", "enrichers", "checks", "reports"}
SERVICES = {"advisories", "documents", "provenance", "versions"}
BELOW_PIPELINE = PLUGINS | SERVICES | {"reading", "plugin", "policy", "model"}
BELOW_CLI = BELOW_PIPELINE | {"pipeline", "net", "resolution", "inputs", "clients", "opening", "policies", "verifying"}
#: Which rooms each room may import, besides itself; `errors` and the version are for all.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "model": set(),
    "policy": {"model"},
    "plugin": {"model"},
    "net": {"plugin", "model"},
    "resolution": {"plugin", "model"},
    "clients": {"plugin", "model"},
    "reading": {"plugin", "model"},
    **{name: SERVICES | {"plugin", "model"} for name in SERVICES},
    **{name: SERVICES | {"plugin", "model"} for name in PLUGINS},
    "pipeline": BELOW_PIPELINE,
    "opening": BELOW_PIPELINE | {"pipeline"},
    "policies": {"opening", "plugin", "policy", "model"},
    "inputs": SERVICES | {"plugin", "policy", "model"},
    "verifying": SERVICES | {"plugin", "policy", "model", "net", "opening"},
    "api": BELOW_CLI,
    "trusting": BELOW_CLI | {"api"},
    "cli": BELOW_CLI | {"api", "trusting"},
    "__main__": BELOW_CLI | {"api", "trusting", "cli"},
    # The public names, which are imported on first use.
    "": BELOW_CLI | {"api"},
}


def test_imports_point_down() -> None:
    """Cli > api > pipeline > plug-ins > services > plugin > model, and policy sees nothing but the model."""
    upward = [
        f"{module.at(i.line)} imports {i.module}"
        for module in modules()
        for i in module.imports
        if within(i.module, "bomvet")
        and i.module != "bomvet"
        and room(i.module) not in MAY_IMPORT[module.room] | {module.room, "errors"}
    ]

    assert upward == []


def test_only_the_version_comes_from_the_top() -> None:
    """`from bomvet import scan` within the house would go round in a circle."""
    names = {
        alias.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "bomvet"
        for alias in node.names
    }

    assert {n for n in names if not (SOURCE / f"{n}.py").exists() and not (SOURCE / n).is_dir()} == {"__version__"}


def test_no_circles() -> None:
    """No two modules import each other, on whatever detour, as they are loaded."""
    graph = {m.name: {i.module for i in m.imports if i.at_load and within(i.module, "bomvet")} for m in modules()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


#: Private modules that are used from outside of their package, and why that is better than the alternative.
BORROWED = {
    ("bomvet.inputs", "bomvet.documents._vex"): "the type of what `documents.vex` gives",
    ("bomvet.reports.openvex", "bomvet.documents._vex"): "the type of what `documents.openvex_writer` gives",
    ("bomvet.cli.diff", "bomvet.reports._diff"): "a comparison is no scan, and its formats are no reports of one",
    ("bomvet.cli.explain", "bomvet.reports._explain"): "one explanation for the table and for the command",
    (
        "bomvet.opening",
        "bomvet.sources._commit",
    ): "the time of a checkout is of no target in particular, and no plug-in",
    ("bomvet.cli.trust", "bomvet.reports._text"): "what a check prints is cleaned as what reports print",
    ("bomvet.cli._verification", "bomvet.reports._text"): "what is shown is cleaned as what reports print",
    ("bomvet.cli._verification", "bomvet.reports._json"): "it is written as all JSON of ours",
    ("bomvet.cli._output", "bomvet.reports._text"): "what is said on stderr is cleaned as what reports print",
    ("bomvet.cli._output", "bomvet.reports._questions"): "what is open is said on stderr as reports print it",
    **dict.fromkeys(
        (
            ("bomvet.resolvers.conda.environment", "bomvet.resolvers.python._declared"),
            ("bomvet.resolvers.conda.environment", "bomvet.resolvers.python._project"),
            ("bomvet.resolvers.conda.conda_lock", "bomvet.resolvers.python._project"),
            ("bomvet.resolvers.conda._match_spec", "bomvet.resolvers.python._asked"),
            ("bomvet.resolvers.conda._match_spec", "bomvet.resolvers.python._declared"),
        ),
        "an environment of conda belongs to a Python project, and holds packages of pip",
    ),
}


def test_private_modules_stay_in_their_package() -> None:
    """A module with a leading underscore belongs to the package that it lies in."""
    used = {
        (module.name, i.module)
        for module in modules()
        for i in module.imports
        if room(i.module) and i.module.rpartition(".")[2].startswith("_")
        if not within(module.name, i.module.rpartition(".")[0])
    }

    assert used == set(BORROWED)


def test_the_model_stands_on_its_own() -> None:
    """Only the standard library below the model; errors need nothing at all."""
    allowed = sys.stdlib_module_names | {"bomvet"}
    foreign = [
        m.at(i.line) for m in modules() if m.room in ("model", "errors") for i in m.imports if i.top not in allowed
    ]

    assert foreign == []


# ── edges ───────────────────────────────────────────────────────────────────────────────────────

CONNECTIONS = (
    "socket", "ssl", "asyncio", "http", "urllib.request", "ftplib", "smtplib", "xmlrpc", "httpx", "requests", "urllib3",
)  # fmt: skip
# Nothing of the scanned project is ever run, and nothing that it wrote is ever revived as objects.
NOWHERE = ("multiprocessing", "pty", "ctypes", "runpy", "code", "pickle", "marshal", "shelve", "dill")
#: Modules that reach outside, and the only places from which they may be used.
EDGES: dict[str, tuple[str, ...]] = {
    "sqlite3": ("advisories/database.py", "advisories/cache.py", "fleet/store.py"),
    **dict.fromkeys(CONNECTIONS, ("net/_rules.py", "net/_client.py", "net/_download.py", "net/_sessions.py")),
    "subprocess": ("resolution.py",),  # the user's own clients, on manifests that we wrote
    **dict.fromkeys(NOWHERE, ()),
}


def test_edges() -> None:
    """Connections, databases and processes are opened in the places that are made for it, if anywhere."""
    found = [
        f"{module.at(i.line)} imports {i.module}"
        for module in modules()
        for i in module.imports
        for edge, places in EDGES.items()
        if within(i.module, edge) and module.path not in places
    ]

    assert found == []


FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "input", "breakpoint", "yaml.load", "yaml.load_all", "yaml.unsafe_load",
    "os.system", "os.popen", "os.fork", "os.startfile", "posix.system",
}  # fmt: skip
#: Calls that are forbidden elsewhere, and why they are not there.
ALLOWED_CALLS = {
    (
        "model/records.py",
        "exec",
    ): "constructors of our own records, from the names of their fields, as dataclasses does",
}
FORBIDDEN_STARTS = ("os.exec", "os.spawn", "os.posix_spawn", "pickle.", "marshal.")


def test_nothing_is_run_or_unpickled() -> None:
    """No call evaluates text, starts a program or revives objects from bytes."""
    found = [
        f"{module.at(node.lineno)} calls {ast.unparse(node.func)}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func) in FORBIDDEN_CALLS or ast.unparse(node.func).startswith(FORBIDDEN_STARTS))
        and (module.path, ast.unparse(node.func)) not in ALLOWED_CALLS
    ]

    assert found == []


#: Where modules are loaded by name, and whose names those are.
DYNAMIC = {
    "__init__.py": "the table of public names",
    "plugin.py": "modules of our own packages",
    "cli/app.py": "the table of commands",
}


def test_modules_are_loaded_by_name_in_few_places() -> None:
    """What is loaded by name escapes the rules above, so it is counted."""
    found = {
        module.path
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "importlib.import_module"
    }

    assert found == set(DYNAMIC)


# ── what is loaded when ─────────────────────────────────────────────────────────────────────────

HEAVY = (
    "typer", "rich", "httpx", "requests", "cel", "sigstore", "cryptography", "pydantic", "tuf", "cyclonedx", "packageurl",
    "packaging", "platformdirs", "jsonschema_rs", "license_expression", "lxml", "isal", "tomli", "ryaml",
    "importlib.metadata",
)  # fmt: skip
#: Heavy packages that a module needs as soon as it is loaded, and why.
NEEDED_AT_LOAD = {
    ("cli/", "typer"): "a command is declared by the annotations of its function; only the command line loads these",
    ("versions/pep440.py", "packaging"): "it is nothing but this order, and is loaded where versions are compared",
}


def test_heavy_packages_are_imported_where_they_are_used() -> None:
    """Within functions, so that a small scan does not pay for them; the exceptions are counted."""
    used = set()
    for module in modules():
        for i in module.imports:
            for package in HEAVY:
                if i.at_load and within(i.module, package):
                    place = "cli/" if module.room == "cli" else module.path
                    used.add((place, package))

    assert used == set(NEEDED_AT_LOAD)


SCRIPT = """
import json, sys
before = set(sys.modules)
sys.argv = json.loads(sys.argv[1])
from bomvet.__main__ import main
code = main()
sys.stdout.flush()
print(json.dumps([code, sorted(set(sys.modules) - before)]), file=sys.stderr)
"""


def loaded(*arguments: str, folder: Path) -> set[str]:
    """The modules that a command line loads, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BOMVET_", "COV_", "COVERAGE_"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(["bomvet", *arguments])],
        cwd=folder,
        env={**environment, "SOURCE_DATE_EPOCH": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    code, names = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(names)


def test_the_version_costs_nothing(tmp_path: Path) -> None:
    """`bomvet --version` loads no third-party package, nor anything of ours but the package itself."""
    names = loaded("--version", folder=tmp_path)

    assert {n for n in names if n.partition(".")[0] not in sys.stdlib_module_names} == {"bomvet", "bomvet.__main__"}


def test_a_small_sbom_costs_little(tmp_path: Path) -> None:
    """An SBOM of a lock file needs neither the pretty printer nor the database nor any library of standards."""
    (tmp_path / "uv.lock").write_text(
        'version = 1\n\n[[package]]\nname = "a"\nversion = "1.0"\nsource = { virtual = "." }\n', "utf-8"
    )
    names = loaded("sbom", folder=tmp_path)

    unneeded = {
        "rich", "cyclonedx", "packageurl", "packaging", "platformdirs", "ryaml", "sqlite3", "importlib.metadata",
    }  # fmt: skip
    assert {n for n in names if any(within(n, package) for package in unneeded)} == set()
    assert {room(n) for n in names if within(n, "bomvet")} & {"advisories", "enrichers", "checks", "versions"} == set()


# ── plug-ins and their tests ────────────────────────────────────────────────────────────────────

Kind = Source | Resolver | Enricher | Check | Report
KINDS: dict[str, type[Kind]] = {
    "sources": Source,
    "resolvers": Resolver,
    "enrichers": Enricher,
    "checks": Check,
    "reports": Report,
}
PLUGIN_MODULES = [(name, kind) for package, kind in KINDS.items() for name in module_names(f"bomvet.{package}")]


@pytest.mark.parametrize(("name", "kind"), PLUGIN_MODULES, ids=[name for name, _ in PLUGIN_MODULES])
def test_every_plug_in_has_a_test(name: str, kind: type[Kind]) -> None:
    """Its test file lies where the module lies, and speaks of the plug-in itself."""
    *folders, last = name.split(".")[1:]
    test = ROOT.joinpath("tests", *folders, f"test_{last}.py")
    values = vars(importlib.import_module(name)).items()
    defined = {constant: str(value.id) for constant, value in values if isinstance(value, kind)}

    assert test.is_file(), f"{name} has no test at {test.relative_to(ROOT)}"
    text = test.read_text("utf-8")
    silent = [f"{constant} ({id_})" for constant, id_ in defined.items() if constant not in text and id_ not in text]
    assert silent == []


# ── sizes, docstrings, records ──────────────────────────────────────────────────────────────────

MAX_MODULE, MAX_FUNCTION, MAX_COMMAND = 600, 80, 60


def test_functions_are_short() -> None:
    """No function above 80 lines; those of the command line, which decide nothing, at most 60."""
    long = [
        f"{module.at(node.lineno)} {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTION)
        and (node.end_lineno or 0) - node.lineno >= (MAX_COMMAND if module.room == "cli" else MAX_FUNCTION)
    ]

    assert long == []


def test_modules_are_of_a_size() -> None:
    """No module above 600 lines: one concept fits in less."""
    assert [f"{m.path} has {m.lines} lines" for m in modules() if m.lines > MAX_MODULE] == []


Described = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(node: ast.Module | ast.ClassDef) -> Iterator[Described]:
    """`node`, and every public class, function and method in it; what a function holds is its own affair."""
    yield node
    for child in node.body:
        if isinstance(child, (*FUNCTION, ast.ClassDef)) and not child.name.startswith("_"):
            if isinstance(child, ast.ClassDef):
                yield from public(child)
            else:
                yield child


def test_everything_public_is_described() -> None:
    """Every module, public class, function and method has a docstring."""
    silent = [
        module.at(getattr(node, "lineno", 1))
        for module in modules()
        for node in public(module.tree)
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_records_are_frozen() -> None:
    """Every record of the model and of the plug-in interface is frozen, slotted and keyword-only."""
    required = {"frozen=True", "slots=True", "kw_only=True"}
    loose = [
        module.at(node.lineno)
        for module in modules()
        if module.room in ("model", "plugin")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator)
        if not isinstance(decorator, ast.Call) or not required <= {ast.unparse(k) for k in decorator.keywords}
    ]

    assert loose == []
