"""YAML of the scanned project.

Read by a compiled YAML 1.2 parser that refuses keys that stand twice, nesting beyond a hundred levels and aliases
that multiply without end.  A scalar without quotes that looks like a number is one, as in YAML: `1.10` is the
number 1.1, and a reader that wants a text must say that it found none.
"""

from __future__ import annotations

import re
from typing import Any

from bomvet.errors import MalformedError
from bomvet.model.text import shown

_LINE = re.compile(r" at line (\d+) column \d+")
_POSITION = re.compile(r" at position (\d+)")
_TWICE = re.compile(r'duplicate entry with key "(.*)"', re.DOTALL)


def load_mapping(data: bytes) -> dict[str, Any]:
    """The mapping that `data` holds; raises `MalformedError`, with its line where that is known."""
    documents = load_mappings(data)
    if len(documents) != 1:
        raise MalformedError(f"{len(documents)} YAML documents where one is expected", line=1)
    return documents[0]


def load_mappings(data: bytes) -> list[dict[str, Any]]:
    """The mappings of all documents in `data`; raises `MalformedError`, with its line where that is known."""
    import ryaml  # noqa: PLC0415 - a compiled library, for those who have YAML

    text = _decoded(data)
    try:
        documents = ryaml.loads_all(text) or []  # type: ignore[attr-defined]  # it says None of a blank text
    except ryaml.InvalidYamlError as error:  # type: ignore[attr-defined]
        raise _malformed(str(error), text) from None
    except ValueError:  # what Python cannot have as a key
        raise MalformedError("not readable YAML: a key is a list or a mapping") from None
    if not documents or any(not isinstance(document, dict) for document in documents):
        raise MalformedError("no YAML mapping", line=1)
    return documents


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None


def _malformed(message: str, text: str) -> MalformedError:
    """`message` of the parser as an error of ours."""
    if twice := _TWICE.search(message):
        return MalformedError(f"the key {shown(twice[1])} stands twice", line=_second(twice[1], text))
    if lines := _LINE.findall(message):
        return MalformedError(f"not YAML: {shown(_LINE.sub('', message))}", line=int(lines[0]))
    place = _POSITION.search(message)
    line = len(text.encode()[: int(place[1])].split(b"\n")) if place else 0
    return MalformedError(f"not YAML: {shown(_POSITION.sub('', message))}", line=line)


def _second(key: str, text: str) -> int:
    """Where `key` stands for the second time, if it stands twice; the parser does not say."""
    quoted = re.escape(key)
    places = list(re.finditer(rf"^ *(?:{quoted}|'{quoted}'|\"{quoted}\"):(?:\s|$)", text, re.MULTILINE))
    return text.count("\n", 0, places[1].start()) + 1 if len(places) == 2 else 0  # noqa: PLR2004 - of twice
