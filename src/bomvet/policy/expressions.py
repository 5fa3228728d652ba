"""Expressions in CEL (https://github.com/google/cel-spec): checked when the policy is read, compiled once.

The library tells a mistake where it meets it, and an expression need not come by it in a test run: `a || b.typo` is
true where `a` is.  Names are therefore looked for in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.records import dataclass
from bomvet.model.toml_reader import near
from bomvet.policy.variables import SCHEMA, VARIABLES, samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Longer than any rule that a person can review; the parser's own recursion ends well beyond.
MAX_EXPRESSION = 2000
#: Macros within each other: each of them walks a list for each member of the one around it.
MAX_NESTED = 2

_TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*)"
    r'|(?P<text>[rRbB]{0,2}(?:"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*+\'\'\''
    r'|"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\'))'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9A-Za-z.]*)|(?P<sign>.)",
    re.DOTALL,
)
_MACROS = ("all", "exists", "exists_one", "filter", "map")
#: What the library calls; its operators have signs for names.
FUNCTIONS = (
    "has", "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bytes",
    "timestamp", "duration", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
    "getHours", "getMinutes", "getSeconds", "getMilliseconds", *_MACROS,
)  # fmt: skip
_WORDS = ("true", "false", "null", "in")
_SYNTAX = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")


class Fault(NamedTuple):
    """What is wrong with an expression, with line and column in it from 1; column 0 where no place is known."""

    line: int
    column: int
    text: str


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """An expression that can be evaluated, and the fields of each variable that it asks for."""

    text: str
    program: Any
    fields: Mapping[str, frozenset[str]]


class FaultsError(Exception):
    """All that is wrong with an expression."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(sorted(set(faults)))


def compiled(text: str, on: str) -> Expression:
    """The expression `text` of a rule that is about `on`; raises `FaultsError`."""
    if len(text) > MAX_EXPRESSION:
        raise FaultsError([Fault(1, 0, f"is longer than {MAX_EXPRESSION:,} characters")])
    program = _parsed(text)
    tokens = [_Token(m.lastgroup or "", m[0], m.start()) for m in _TOKEN.finditer(text) if m.lastgroup != "blank"]
    names = _Names(tokens, VARIABLES[on])
    faults = [Fault(*_place(text, start), said) for start, said in names.faults()]
    if not faults:
        faults = [Fault(1, 0, said) for said in _sampled(program, VARIABLES[on])]
    if faults:
        raise FaultsError(faults)
    return Expression(text=text, program=program, fields=names.fields)


def _parsed(text: str) -> Any:
    import cel  # noqa: PLC0415 - for those who have rules

    try:
        return cel.compile(text)
    except ValueError as error:
        places = _SYNTAX.findall(str(error)) or [("1", "0", "is no expression")]
        raise FaultsError(
            Fault(int(line), int(column), f"syntax: {said.partition(' expecting ')[0].strip()}")
            for line, column, said in places
        ) from None


def _place(text: str, start: int) -> tuple[int, int]:
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


class _Names:
    """The names in an expression: what they stand for, and which stand for nothing."""

    def __init__(self, tokens: Sequence[_Token], variables: Sequence[str]) -> None:
        self._tokens = [*tokens, _Token("", "", 0), _Token("", "", 0), _Token("", "", 0)]
        self._variables = variables
        self._bound = {self._tokens[at + 2].text for at in self._calls(_MACROS) if self._tokens[at + 3].text == ","}
        self.fields = self._fields()

    def _calls(self, names: Sequence[str]) -> Iterator[int]:
        for at, token in enumerate(self._tokens[:-3]):
            if token.kind == "name" and token.text in names and self._tokens[at + 1].text == "(":
                yield at

    def _selected(self, at: int) -> _Token | None:
        """The field that is asked of the variable at `at`; None where the whole of it is."""
        following = self._tokens[at + 1 : at + 4]
        if following[0].text == "." and following[1].kind == "name" and following[2].text != "(":
            return following[1]
        if [t.text for t in following[::2]] == ["[", "]"] and following[1].kind == "text":
            return following[1]._replace(text=following[1].text.strip("rRbB").strip("\"'"))
        return None

    def _uses(self) -> Iterator[tuple[int, _Token]]:
        """Names that stand for values: neither fields nor functions."""
        before = ""
        for at, token in enumerate(self._tokens[:-3]):
            if token.kind == "name" and before != "." and self._tokens[at + 1].text != "(":
                yield at, token
            before = token.text

    def _fields(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for at, token in self._uses():
            if token.text in self._variables and token.text not in self._bound:
                field = self._selected(at)
                every = {field.name for field in SCHEMA[token.text]}
                found.setdefault(token.text, set()).update({field.text} if field else every)
        return {name: frozenset(fields) for name, fields in found.items()}

    def faults(self) -> Iterator[tuple[int, str]]:
        """Where something is wrong, and what."""
        yield from self._unknown_names()
        yield from self._unknown_functions()
        yield from self._too_deep()

    def _unknown_names(self) -> Iterator[tuple[int, str]]:
        for at, token in self._uses():
            if token.text in SCHEMA and token.text in self._bound:
                yield token.start, f"{token.text} is a variable and cannot be the name in a macro"
            elif token.text in self._bound or token.text in _WORDS:
                continue
            elif token.text in self._variables:
                field = self._selected(at)
                names = [field.name for field in SCHEMA[token.text]]
                if field and field.text not in names:
                    yield field.start, f"{token.text} has no field {field.text}{near(field.text, names)}"
            elif token.text in SCHEMA:
                rules = " or ".join(f'"{on}"' for on, has in VARIABLES.items() if token.text in has)
                yield token.start, f"{token.text} is known in rules with on = {rules}"
            else:
                yield token.start, f"{token.text} is no variable{near(token.text, self._variables)}"

    def _unknown_functions(self) -> Iterator[tuple[int, str]]:
        for at, token in enumerate(self._tokens[:-3]):
            called = token.kind == "name" and self._tokens[at + 1].text == "("
            if called and token.text not in (*FUNCTIONS, *_WORDS):
                yield token.start, f"{token.text} is no function{near(token.text, FUNCTIONS)}"

    def _too_deep(self) -> Iterator[tuple[int, str]]:
        """Macros in macros, which take the product of the lengths of their lists."""
        macros, opened = {at + 1 for at in self._calls(_MACROS)}, list[bool]()
        for at, token in enumerate(self._tokens[:-3]):
            if token.text == "(" and token.kind == "sign":
                opened.append(at in macros)
                if at in macros and sum(opened) > MAX_NESTED:
                    yield token.start, f"more than {MAX_NESTED} macros within each other"
            elif token.text == ")" and token.kind == "sign" and opened:
                opened.pop()


def _sampled(program: Any, variables: tuple[str, ...]) -> list[str]:
    """What goes wrong on made-up subjects, whatever the data is."""
    found = []
    for sample in samples(variables):
        value, failure = evaluated(program, sample)
        # Whether a text is a number or a time, an index in the list, a divisor none, the data alone can say.
        if failure and (isinstance(failure, TypeError) or "not a valid regex" in str(failure)):
            found.append(said(failure))
        elif not failure and not isinstance(value, bool):
            found.append(f"must be true or false, and gives {_kind(value)}")
    return list(dict.fromkeys(found))


def evaluated(program: Any, context: Any) -> tuple[Any, Exception | None]:
    """The value, or what went wrong."""
    try:
        return program.execute(context), None
    except Exception as error:  # noqa: BLE001 - the library raises what it likes
        return None, error


def said(error: Exception) -> str:
    """The first sentence of what the library says."""
    first = str(error).split("\n")[0].split(". ")[0].rstrip(".:")
    return first if len(first) <= 160 else f"{first[:159]}…"  # noqa: PLR2004 - fits in two lines


def _kind(value: Any) -> str:
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "a map", type(None): "nothing"}
    return kinds.get(type(value), "something else")
