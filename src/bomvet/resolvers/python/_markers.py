"""Environment markers (PEP 508) as text: what is left of one where extras and groups are known.

A marker of a lock says two things at once: in which environments, and for which extras or groups.  Here the latter
are taken out, so that what is left is about environments alone.  Nothing is evaluated, and `packaging`, which costs
more to import than a lock to read, is not needed.  Sources: PEP 508, PEP 751 (`extras`, `dependency_groups`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.purl import pypi_name

if TYPE_CHECKING:
    from collections.abc import Collection

#: Brackets within brackets; a marker of more is kept as it stands.
_DEPTH = 40
_MIRRORED = {"==": "==", "!=": "!="}


class Atom(NamedTuple):
    """One comparison: its text, and what it is about if that is a choice: `extra` or `group`, of this name."""

    text: str
    about: str = ""
    name: str = ""
    denied: bool = False


class _Both(NamedTuple):
    parts: tuple[Any, ...]


class _Either(NamedTuple):
    parts: tuple[Any, ...]


def given(marker: str, extras: Collection[str], groups: Collection[str] = ()) -> str | None:
    """What `marker` still demands of the environment where just these are chosen; None where it cannot hold.

    What is about no extra or group stays as it is written.  So does a marker that cannot be read.
    """
    if not _has_choice(marker):
        return marker
    tree = _parsed(marker)
    if tree is None:
        return marker
    left = _decided(tree, {"extra": extras, "group": groups})
    return "" if left is True else None if left is False else _written(left)


def choices(marker: str) -> tuple[frozenset[str], frozenset[str]]:
    """The extras and the groups that `marker` speaks of."""
    tree = _parsed(marker) if _has_choice(marker) else None
    atoms = [] if tree is None else _atoms(tree)
    extras, groups = (frozenset(a.name for a in atoms if a.about == about) for about in ("extra", "group"))
    return extras, groups


def environments(marker: str) -> str:
    """What `marker` demands of the environment where all that it speaks of is chosen."""
    if not _has_choice(marker):
        return marker
    extras, groups = choices(marker)
    left = given(marker, extras, groups)
    return marker if left is None else left


def _has_choice(marker: str) -> bool:
    return "extra" in marker or "dependency_groups" in marker


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r"\s*+(?:(?P<bracket>[()])|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>not\s+in\b|in\b|===|[=~!<>]=|[<>])|"
        r"(?P<word>[a-z0-9_.]+))",
        re.IGNORECASE,
    )


@lru_cache(maxsize=256)
def _parsed(marker: str) -> Any:
    """The tree of `marker`; None where it is none, or too deep."""
    token, tokens, at = _token(), [], 0
    text = marker.rstrip()
    while at < len(text):
        match = token.match(text, at)
        if match is None:
            return None
        tokens.append((match.lastgroup or "", match[0].strip()))
        at = match.end()
    try:
        tree, rest = _either(tokens, 0, 0)
    except (IndexError, ValueError):
        return None
    return tree if rest == len(tokens) else None


def _either(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    tree, at = _all(tokens, at, depth)
    parts = [tree]
    while at < len(tokens) and tokens[at][1].lower() == "or":
        tree, at = _all(tokens, at + 1, depth)
        parts.append(tree)
    return (parts[0] if len(parts) == 1 else _Either(tuple(parts))), at


def _all(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    tree, at = _one(tokens, at, depth)
    parts = [tree]
    while at < len(tokens) and tokens[at][1].lower() == "and":
        tree, at = _one(tokens, at + 1, depth)
        parts.append(tree)
    return (parts[0] if len(parts) == 1 else _Both(tuple(parts))), at


def _one(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    if tokens[at] == ("bracket", "("):
        if depth >= _DEPTH:
            raise ValueError("too deep")
        tree, at = _either(tokens, at + 1, depth + 1)
        if tokens[at] != ("bracket", ")"):
            raise ValueError("no end")
        return tree, at + 1
    (left_kind, left), (sign_kind, sign), (right_kind, right) = tokens[at : at + 3]
    if sign_kind != "sign" or {left_kind, right_kind} - {"text", "word"}:
        raise ValueError("no comparison")
    return _atom(left, " ".join(sign.lower().split()), right), at + 3


def _atom(left: str, sign: str, right: str) -> Atom:
    text = f"{left} {sign} {right}"
    if sign in _MIRRORED and right == "extra":
        left, right = right, left
    if left == "extra" and sign in _MIRRORED and right[0] in "'\"":
        return Atom(text, "extra", pypi_name(right[1:-1]), sign == "!=")
    about = {"extras": "extra", "dependency_groups": "group"}.get(right, "")
    if about and sign in ("in", "not in") and left[0] in "'\"":
        return Atom(text, about, pypi_name(left[1:-1]), sign == "not in")
    return Atom(text)


def _decided(tree: Any, chosen: dict[str, Collection[str]]) -> Any:
    """`tree` without its choices: True, False, or what is left of it."""
    if isinstance(tree, Atom):
        return (tree.name in chosen[tree.about]) is not tree.denied if tree.about else tree
    is_both = isinstance(tree, _Both)
    left = []
    for part in tree.parts:
        value = _decided(part, chosen)
        if value is (not is_both):  # a true alternative, or a false condition: nothing else matters
            return value
        if value is not is_both:
            left.append(value)
    if not left:
        return is_both
    return left[0] if len(left) == 1 else (_Both if is_both else _Either)(tuple(left))


def _written(tree: Any) -> str:
    if isinstance(tree, Atom):
        return tree.text
    if isinstance(tree, _Either):
        return " or ".join(_written(part) for part in tree.parts)
    return " and ".join(f"({_written(p)})" if isinstance(p, _Either) else _written(p) for p in tree.parts)


def _atoms(tree: Any) -> list[Atom]:
    return [tree] if isinstance(tree, Atom) else [atom for part in tree.parts for atom in _atoms(part)]
