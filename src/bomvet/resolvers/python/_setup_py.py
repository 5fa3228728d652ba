"""`setup.py` as far as it is static: the call of `setup`, never run.

What its arguments are is known where they are literals, or names that the module binds once, at its top, to such.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.purl import pypi_name
from bomvet.resolvers.python._setup_cfg import Line, Setup

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping

#: Bytes of a file; real ones have some thousands, and a tree of syntax takes hundreds of times as much.
MAX_BYTES = 256_000
#: How deep names may lead to each other, and how many texts a value may have.
_MAX_DEPTH, _MAX_ITEMS = 20, 10_000


@lru_cache(maxsize=64)
def read_setup_py(data: bytes) -> Setup:
    """What the call of `setup` says; what cannot be read is among the problems."""
    if b"setup" not in data:
        return Setup()
    if len(data) > MAX_BYTES:
        return Setup(problems=(Line(f"larger than {MAX_BYTES:,} bytes: not read", 0),))
    parsed = _parsed(data)
    if isinstance(parsed, Line):
        return Setup(problems=(parsed,) if b"install_requires" in data or b"extras_require" in data else ())
    import ast  # noqa: PLC0415 - only where there is such a file

    nodes = list(ast.walk(parsed))
    calls = [node for node in nodes if isinstance(node, ast.Call) and _is_setup(node.func)]
    if not calls:
        hidden = b"setuptools" in data or b"distutils" in data
        return Setup(problems=(Line("it calls setup() by no name that could be told (dynamic)", 0),) if hidden else ())
    reader = _Reader(_bound_once(parsed, nodes))
    arguments = reader.arguments(calls[0])
    for call in calls[1:]:
        reader.problem(call, "it calls setup() more than once")
    return _setup(reader, arguments)


def _parsed(data: bytes) -> ast.Module | Line:
    import ast  # noqa: PLC0415 - see above
    import warnings  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings, which are the project's own affair
            return ast.parse(data)
    except (SyntaxError, ValueError) as error:
        return Line(f"no Python of this version: {getattr(error, 'msg', error)}", getattr(error, "lineno", 0) or 0)
    except (RecursionError, MemoryError):
        return Line("nested too deeply", 0)


def _is_setup(function: ast.expr) -> bool:
    name = getattr(function, "id", "") or getattr(function, "attr", "")
    return name == "setup"


def _bound_once(module: ast.Module, nodes: list[ast.AST]) -> dict[str, ast.expr]:
    """What names of the module stand for, where nothing in it binds or changes them anywhere else."""
    import ast  # noqa: PLC0415 - see above

    bound: dict[str, int] = {}
    handed_on: set[str] = set()
    for node in nodes:
        name = ""
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            name = node.id
        elif isinstance(node, ast.Attribute):
            name = _base(node.value) if node.attr in _CHANGES else ""
        elif isinstance(node, ast.Subscript):
            name = "" if isinstance(node.ctx, ast.Load) else _base(node.value)
        if name:
            bound[name] = bound.get(name, 0) + 1
        handed_on.update(_handed_on(node))
    found: dict[str, ast.expr] = {}
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        for target in targets:
            value = statement.value  # type: ignore[attr-defined]
            if not isinstance(target, ast.Name) or bound[target.id] != 1 or value is None:
                continue
            # A text nobody can change, a list anybody who has it.
            if target.id not in handed_on or isinstance(value, ast.Constant):
                found[target.id] = value
    return found


def _base(node: ast.expr) -> str:
    """The name whose value something is part of: `a` of `a["b"]["c"]`."""
    while inner := getattr(node, "value", None) if type(node).__name__ in ("Subscript", "Attribute") else None:
        node = inner
    return getattr(node, "id", "")


def _handed_on(node: Any) -> Iterator[str]:
    """Names whose value gets another name, or into hands that may change it."""
    kind, values = type(node).__name__, []
    if kind in ("Assign", "AnnAssign", "NamedExpr"):
        values = [node.value]
    elif kind == "For":
        values = [node.iter]
    elif kind == "Call" and not (_is_setup(node.func) or _is_pure(node.func)):
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
    yield from (_base(value) for value in values if type(value).__name__ in ("Name", "Subscript"))


def _is_pure(function: ast.expr) -> bool:
    return getattr(function, "id", "") in _PURE or getattr(function, "attr", "") in _PURE_METHODS


#: Functions and methods that change nothing that they are given.
_PURE = frozenset((
    "dict", "enumerate", "frozenset", "isinstance", "len", "list", "open", "print", "repr", "set", "sorted", "str",
    "sum", "tuple",
))  # fmt: skip
_PURE_METHODS = frozenset(("exists", "format", "get", "isfile", "join", "replace", "split", "startswith"))
#: Methods that change a list or dictionary.
_CHANGES = ("append", "extend", "insert", "remove", "pop", "clear", "update", "setdefault", "sort", "reverse")


class _Value(NamedTuple):
    """A literal: of its kinds at most one is set."""

    text: Line | None = None
    items: tuple[Line, ...] | None = None
    table: tuple[tuple[str, _Value], ...] | None = None


class _Reader:
    """Evaluates expressions of literals; everything else becomes a problem."""

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._known: dict[str, _Value] = {}
        self.problems: list[Line] = []

    def problem(self, node: ast.AST, reason: str) -> _Value:
        """Note what only running it would tell."""
        self.problems.append(Line(reason, getattr(node, "lineno", 0)))
        return _Value()

    def arguments(self, call: ast.Call) -> dict[str, ast.expr]:
        """The keywords of a call, those of a dictionary behind `**` as well."""
        import ast  # noqa: PLC0415 - see above

        found: dict[str, ast.expr] = {}
        for keyword in call.keywords:
            if keyword.arg is not None:
                found[keyword.arg] = keyword.value
                continue
            value = keyword.value
            value = self._names.get(value.id, value) if isinstance(value, ast.Name) else value
            if isinstance(value, ast.Dict) and all(isinstance(k, ast.Constant) for k in value.keys):
                found.update((str(k.value), v) for k, v in zip(value.keys, value.values, strict=True))  # type: ignore[union-attr]
            elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict" and not value.args:
                found.update((k.arg, k.value) for k in value.keywords if k.arg)
            else:
                self.problem(keyword.value, "it calls setup() with arguments that only running it would tell (dynamic)")
        return found

    def value(self, node: ast.expr, of: str, depth: int = 0) -> _Value:
        """What `node` stands for; `of` is the argument that it belongs to."""
        kind = type(node).__name__
        read = {
            "Constant": self._constant,
            "Name": self._name,
            "List": self._list,
            "Tuple": self._list,
            "Set": self._list,
            "Dict": self._dict,
            "BinOp": self._sum,
        }.get(kind, self._other)
        return (read if depth <= _MAX_DEPTH else self._other)(node, of, depth)

    def _other(self, node: ast.expr, of: str, depth: int) -> _Value:  # noqa: ARG002 - the signature of all of these
        return self._dynamic(node, of)

    def _constant(self, node: Any, of: str, depth: int) -> _Value:  # noqa: ARG002 - see above
        if isinstance(node.value, str):
            return _Value(text=Line(node.value, node.lineno))
        return _Value(items=()) if node.value is None else self._dynamic(node, of)

    def _name(self, node: Any, of: str, depth: int) -> _Value:
        if node.id not in self._names:
            return self._dynamic(node, of)
        if node.id not in self._known:
            self._known[node.id] = _Value()  # while it is looked up: a name may lead back to itself
            self._known[node.id] = self.value(self._names[node.id], of, depth + 1)
        return self._known[node.id]

    def table(self, node: ast.expr, of: str) -> tuple[tuple[str, _Value], ...]:
        """What `node` stands for, which must be a dictionary."""
        before = len(self.problems)
        value = self.value(node, of)
        if value.table is None and value.items != () and len(self.problems) == before:
            self._dynamic(node, of)
        return value.table or ()

    def _dynamic(self, node: ast.AST, of: str) -> _Value:
        return self.problem(node, f"{of} is dynamic: only running it would tell what it asks for")

    def _list(self, node: Any, of: str, depth: int) -> _Value:
        items: list[Line] = []
        for element in node.elts:
            starred = getattr(element, "value", None) if type(element).__name__ == "Starred" else None
            value = self.value(starred or element, of, depth + 1)
            if starred is not None:
                items += value.items or ()
            elif value.text is not None:
                items.append(value.text)
            elif value.items or value.table:
                self._dynamic(element, of)
        return self._limited(node, of, items)

    def _dict(self, node: Any, of: str, depth: int) -> _Value:
        found: list[tuple[str, _Value]] = []
        count = 0
        for key, inner in zip(node.keys, node.values, strict=True):
            value = self.value(inner, of, depth + 1)
            # One list may be the value of every key.
            count += 1 + len(value.items or value.table or ())
            if count > _MAX_ITEMS:
                break
            if key is None:
                found += value.table or ()
                continue
            name = self.value(key, of, depth + 1).text
            if name is not None:
                found.append((name.text, value))
        if max(count, len(found)) > _MAX_ITEMS:
            return self.problem(node, f"{of} has more than {_MAX_ITEMS:,} entries: not read")
        return _Value(table=tuple(found))

    def _sum(self, node: Any, of: str, depth: int) -> _Value:
        if type(node.op).__name__ != "Add":
            return self._dynamic(node, of)
        left, right = self.value(node.left, of, depth + 1), self.value(node.right, of, depth + 1)
        if left.text is not None and right.text is not None:
            if len(left.text.text) + len(right.text.text) > MAX_BYTES:
                return self._dynamic(node, of)
            return _Value(text=Line(left.text.text + right.text.text, left.text.line))
        if left.text is not None or right.text is not None or left.table is not None or right.table is not None:
            return self._dynamic(node, of)
        return self._limited(node, of, [*(left.items or ()), *(right.items or ())])

    def _limited(self, node: ast.AST, of: str, items: list[Line]) -> _Value:
        if len(items) > _MAX_ITEMS:
            return self.problem(node, f"{of} has more than {_MAX_ITEMS:,} entries: not read")
        return _Value(items=tuple(items))


def _setup(reader: _Reader, arguments: Mapping[str, ast.expr]) -> Setup:
    quiet = _Reader(reader._names)  # noqa: SLF001 - what is dynamic in a name or version is simply not known
    texts = {key: quiet.value(arguments[key], key).text for key in _TEXTS if key in arguments}
    stated = {key: text.text for key, text in texts.items() if text is not None}
    required = _items(reader.value(arguments[REQUIRED], REQUIRED)) if REQUIRED in arguments else ()
    extras = reader.table(arguments[EXTRAS], EXTRAS) if EXTRAS in arguments else ()
    return Setup(
        name=stated.get("name", ""),
        version=stated.get("version", ""),
        description=stated.get("description", ""),
        licence=stated.get("license", ""),
        required=(*required, *(line for key, line in _by_extra(extras) if not key)),
        extras=tuple(_grouped(_by_extra(extras)).items()),
        problems=tuple(dict.fromkeys(reader.problems)),
        is_setup=True,
    )


REQUIRED, EXTRAS = "install_requires", "extras_require"
_TEXTS = ("name", "version", "description", "license")


def _items(value: _Value) -> tuple[Line, ...]:
    """A list, or a text with a requirement a line."""
    if value.text is None:
        return value.items or ()
    texts = ((text.partition(" #")[0].strip(), number) for number, text in enumerate(value.text.text.split("\n")))
    return tuple(Line(text, value.text.line) for text, _ in texts if text and not text.startswith("#"))


def _by_extra(table: tuple[tuple[str, _Value], ...]) -> Iterator[tuple[str, Line]]:
    """Requirements by extra; a key `EXTRA:MARKER`, as older files have it, bounds all of its list."""
    for key, value in table:
        extra, _, marker = key.partition(":")
        for text, line in _items(value):
            conditional = f"{text}; {marker}" if marker and ";" not in text else text
            yield pypi_name(extra.strip()), Line(conditional, line)


def _grouped(pairs: Iterator[tuple[str, Line]]) -> dict[str, tuple[Line, ...]]:
    found: dict[str, list[Line]] = {}
    for extra, line in pairs:
        if extra:
            found.setdefault(extra, []).append(line)
    return {extra: tuple(lines) for extra, lines in found.items()}
