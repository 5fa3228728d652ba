"""Fill the generated parts of the documentation from the program itself, and write the generated files of the package.

A generated part stands between `<!-- begin:NAME -->` and `<!-- end:NAME -->` in README.md or a page below docs/.
Without arguments the files are rewritten; with `--check` nothing is written, and exit code 1 says that some
file is not up to date.  tests/test_docs.py runs the same check.
"""
# ruff: noqa: INP001 - this folder holds pages; the one script in it belongs to no package

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
#: Stands for the day of the run in shown output, which would change every day.
SAMPLE_DAY = "2026-11-24"
_BLOCK = re.compile(r"(<!-- begin:(?P<name>[a-z0-9-]+) -->\n).*?(<!-- end:(?P=name) -->)", re.DOTALL)
_MARK = re.compile(r"<!-- (?:begin|end):")


class Command(Protocol):
    """A command as typer's own copy of click has it, which exports no name for it."""

    params: list[Any]


def pages() -> list[Path]:
    """The files that may hold generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def differences() -> dict[Path, str]:
    """What each page that is not up to date should hold; raises `ValueError` for marks that do not pair up."""
    found = {}
    for page in pages():
        text = page.read_text("utf-8")
        if text != (wanted := filled(text, str(page.relative_to(ROOT)))):
            found[page] = wanted
    return found


def data_differences() -> dict[Path, str]:
    """What each generated file of the package that is not up to date should hold."""
    from bomvet.model.result import ScanResult  # noqa: PLC0415
    from bomvet.plugin import INDEX, reader_index  # noqa: PLC0415

    schema = json.dumps(ScanResult.schema_document(), indent=2, ensure_ascii=False) + "\n"
    package = ROOT / "src" / "bomvet"
    wanted = {
        package / "resolvers" / INDEX: reader_index().decode(),
        package / "reports" / "scan-result.schema.json": schema,
    }
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text}


def filled(text: str, name: str) -> str:
    """`text` with every generated part as it should be; `name` is for messages."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}{generated(match['name'])}\n{match[3]}"

    if len(_MARK.findall(text)) != 2 * len(_BLOCK.findall(text)):
        raise ValueError(f"{name}: some begin mark has no end mark, or the other way round")
    return _BLOCK.sub(part, text)


def generated(name: str) -> str:
    """The part called `name`; raises `ValueError` where there is none of that name."""
    if name in _PARTS:
        return _PARTS[name]()
    words = tuple(name.split("-"))
    if words[0] == "help" and words[1:] in commands():
        return _fenced(help_text(words[1:]))
    raise ValueError(f"no generated part is called {name!r}")


# -- the command line ------------------------------------------------------------------------------------------


@cache
def commands() -> Mapping[tuple[str, ...], Command]:
    """Every command by its words, groups before their members; the program itself is `()`."""
    import typer.main  # noqa: PLC0415 - only here

    from bomvet.cli.app import application  # noqa: PLC0415

    found: dict[tuple[str, ...], Command] = {}

    def walk(words: tuple[str, ...], command: Any) -> None:
        found[words] = command
        for name, member in getattr(command, "commands", {}).items():
            walk((*words, name), member)

    walk((), typer.main.get_command(application()))
    return found


@cache
def help_text(words: tuple[str, ...]) -> str:
    """What `bomvet WORDS --help` prints on a plain terminal of 80 columns."""
    return run(*words, "--help")


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What `bomvet ARGUMENTS` prints to stdout, with an environment that changes nothing."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BOMVET_", "COV_"))}
    plain = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "bomvet", *arguments],
        cwd=ROOT,
        env={**inherited, **plain, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if not done.stdout:
        raise ValueError(f"bomvet {' '.join(arguments)} printed nothing: {done.stderr}")
    return done.stdout.rstrip()


def _commands() -> str:
    """Every command with its help; the group a command belongs to has no text of its own but the list."""
    sections = [f"## bomvet {' '.join(words)}".rstrip() + f"\n\n{_fenced(help_text(words))}" for words in commands()]
    return "\n" + "\n\n".join(sections) + "\n"


def _environment() -> str:
    """Every option's variable, with the commands that read it."""
    readers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for words, command in commands().items():
        for option in command.params:
            if option.envvar:
                readers[option.envvar, max(option.opts, key=len)].append(f"`{' '.join(words)}`")
    rows = [(f"`{name}`", f"`{option}`", ", ".join(names)) for (name, option), names in sorted(readers.items())]
    return _table(("variable", "option", "commands"), rows)


# -- plug-ins --------------------------------------------------------------------------------------------------


def _resolvers() -> str:
    from bomvet.plugin import Resolver, discover  # noqa: PLC0415

    found = discover("bomvet.resolvers", Resolver)
    files = {r.id: [*r.globs, *(f"**/{folder}/" for folder in r.folders)] for r in found}
    rows = [(f"`{r.id}`", r.title, ", ".join(f"`{glob}`" for glob in files[r.id]), r.reads, r.limits) for r in found]
    return _table(("id", "format", "files", "what is read", "known limits"), rows)


def _enrichers() -> str:
    from bomvet.plugin import Enricher, discover  # noqa: PLC0415

    found = discover("bomvet.enrichers", Enricher)
    return _table(("id", "asks", "needs"), [(f"`{e.id}`", e.title, _needs(e.needs)) for e in found])


def _needs(needs: Any) -> str:
    named = {"network": "the network", "advisories": "the advisory database"}
    return " and ".join(text for field, text in named.items() if getattr(needs, field)) or "nothing"


def _rules() -> str:
    from bomvet.plugin import Check, discover  # noqa: PLC0415

    rows = [(f"[{c.id}](../rules/{c.id}.md)", c.rule.title, c.rule.help) for c in discover("bomvet.checks", Check)]
    return _table(("rule", "title", "what it looks for"), rows)


def _formats() -> str:
    from bomvet.plugin import Report, discover  # noqa: PLC0415

    rows = [(f"`{r.id}`", r.title, f"`{r.media_type}`", f"`{r.extension}`") for r in discover("bomvet.reports", Report)]
    return _table(("format", "what", "media type", "usual file name ends in"), rows)


# -- the policy ------------------------------------------------------------------------------------------------

#: Settings that are tables of their own, whose keys stand in sections of their own.
_TABLES = ("rules", "waivers", "ignores")


def _settings() -> str:
    """Every key at the top, and those of tables that have but one."""
    from bomvet.cli.list_ import SETTINGS  # noqa: PLC0415 - only here

    rows = [
        (f"`{key}`", f"`{default or _EMPTY}`", _option(key), _prose(text))
        for key, default, text in SETTINGS
        if key.partition(".")[0] not in _TABLES or key in _TABLES
    ]
    return _table(("key", "default", "option", "meaning"), rows)


_EMPTY = '""'


def _prose(text: str) -> str:
    """`text` as Markdown shows it, in which a `<` opens a tag."""
    return text.replace("<", "&lt;")


def _option(key: str) -> str:
    """The option of `bomvet scan` that says the same."""
    options = {max(parameter.opts, key=len) for parameter in commands()["scan",].params}
    name = f"--{key.rpartition('.')[2]}"
    found = [option for option in (name, name.removesuffix("s")) if option in options]
    return f"`{found[0]}`" if found else ""


def _settings_of(table: str) -> str:
    from bomvet.cli.list_ import SETTINGS  # noqa: PLC0415 - only here

    keys = [(key, text) for key, _, text in SETTINGS if key.startswith(f"{table}.")]
    needed = "needed: "
    rows = [(f"`{key}`", "yes" if needed in text else "no", _prose(text.removeprefix(needed))) for key, text in keys]
    return _table(("key", "needed", "meaning"), rows)


def _policy_variables() -> str:
    """A section per variable with its fields."""
    from bomvet.policy.variables import SCHEMA  # noqa: PLC0415 - only here

    sections = [
        f"### {name}\n\n{_table(('field', 'type', 'meaning'), [(f'`{f.name}`', f.kind, f.text) for f in fields])}"
        for name, fields in SCHEMA.items()
    ]
    return "\n" + "\n\n".join(sections) + "\n"


# -- the JSON result -------------------------------------------------------------------------------------------


def _result_fields() -> str:
    """A section per record, in the order in which a reader of the document meets them."""
    from bomvet.model.result import ScanResult  # noqa: PLC0415

    records: dict[str, Any] = ScanResult.schema_document()["$defs"]
    return "\n" + "\n\n".join(_record(name, records[name]) for name in _reached("ScanResult", records)) + "\n"


def _reached(first: str, records: Mapping[str, Any]) -> Iterable[str]:
    seen = {first: None}
    todo = [first]
    while todo:
        for name in re.findall(r"#/\$defs/(\w+)", str(records[todo.pop(0)])):
            if name not in seen:
                seen[name] = None
                todo.append(name)
    return seen


def _record(name: str, schema: Mapping[str, Any]) -> str:
    rows = [(f"`{field}`", _type(kind)) for field, kind in schema["properties"].items()]
    return f"## {name}\n\n{_docstring(name)}\n\n{_table(('field', 'type'), rows)}"


def _docstring(name: str) -> str:
    """What the record's class says of itself, one sentence a line as the pages have it."""
    from bomvet.model import facts, finding, inventory, provenance, result  # noqa: PLC0415

    kind = next(
        getattr(module, name) for module in (result, inventory, facts, finding, provenance) if hasattr(module, name)
    )
    text = inspect.getdoc(kind) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "\n\n".join(re.sub(r"(?<=[.;]) (?=[A-Z`*])", "\n", paragraph) for paragraph in paragraphs)


def _type(schema: Mapping[str, Any]) -> str:
    """A field's type in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return f"{_type(schema['anyOf'][0])}, or null"
    if schema["type"] == "array":
        return f"array of {_items(schema)}"
    if schema["type"] == "object":
        return f"object, each value {_type(schema['additionalProperties'])}"
    return f"{schema['type']} (date)" if schema.get("format") == "date" else str(schema["type"])


def _items(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"{len(schema['prefixItems'])}: " + ", ".join(map(_type, schema["prefixItems"]))
    return _type(schema["items"])


# -- a scan to look at -----------------------------------------------------------------------------------------


@cache
def _tour() -> Mapping[str, str]:
    """The output of the commands of the tour, run on the sample project in the order in which they stand there."""
    before = _today()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"BOMVET_DB": os.path.join(folder, "advisories.db")}
        shown = {
            "import": run("db", "import", "sample_projects/advisories", environment=environment),
            "scan": run("scan", "sample_projects/webshop-api", environment=environment),
            "explain": run("explain", "urllib3", "sample_projects/webshop-api", environment=environment),
        }
    days = "|".join({before, _today()})
    return {name: re.sub(rf"(?:{days})(T[\d:]+Z)?", _sample_time, text) for name, text in shown.items()}


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def _sample_time(match: re.Match[str]) -> str:
    return f"{SAMPLE_DAY}T09:00:00Z" if match[1] else SAMPLE_DAY


# -- Markdown --------------------------------------------------------------------------------------------------


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines((header, ("---",) * len(header), *rows)))


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


_PARTS: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "environment": _environment,
    "resolvers": _resolvers,
    "enrichers": _enrichers,
    "rules": _rules,
    "formats": _formats,
    "result-fields": _result_fields,
    "settings": _settings,
    "settings-rules": lambda: _settings_of("rules"),
    "settings-waivers": lambda: _settings_of("waivers"),
    "settings-ignores": lambda: _settings_of("ignores"),
    "policy-variables": _policy_variables,
    "tour-import": lambda: _fenced(_tour()["import"]),
    "tour-scan": lambda: _fenced(_tour()["scan"]),
    "tour-explain": lambda: _fenced(_tour()["explain"]),
}


def main(arguments: Sequence[str]) -> int:
    """Rewrite the pages, or with `--check` say which ones should be."""
    if list(arguments) not in ([], ["--check"]):
        print("usage: docs/generate.py [--check]", file=sys.stderr)
        return 2
    stale = data_differences()
    if not arguments:
        for path, text in stale.items():
            path.write_text(text, "utf-8")  # the pages are filled by what these say
    stale |= differences()
    for page, text in stale.items():
        print(f"{page.relative_to(ROOT)} {'is not up to date' if arguments else 'rewritten'}", file=sys.stderr)
        if not arguments:
            page.write_text(text, "utf-8")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
