"""Names that can be taken for those of popular packages.

A name is compared with all popular ones at once, through tables of what stays the same under each kind of change:
whole spellings for separators, similar letters, the sequence of words, prefixes and scopes; and for letters that are
added, left out, changed or swapped, segments of the name, of which one stays as it is.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = os.path.join(os.path.dirname(__file__), "..", "..", "data")
#: The line in a list before the names that are known, and not imitated.
KNOWN = "# known"
#: No name that anybody would take for another is longer.
_LONGEST = 80
_words = re.compile(r"[-_.]+").split
#: Digits and letters that look alike, each as one of them.
_GLYPHS = str.maketrans("0152348", "olszeab")
_AFFIXES = {
    "npm": frozenset({"node", "js", "npm", "nodejs"}),
    "pypi": frozenset({"python", "python2", "python3", "py", "py3"}),
}
#: Words of names in npm that are also written without a separator.
_GLUED = ("node", "js")
#: How popular a name has to be to be worth each imitation: the rarer one is, the less is gained, and the more
#: names are like it by chance.
_FOR_SHAPE, _FOR_SCOPE, _FOR_TWO = 5_000, 2_000, 2_000
#: The same for a single letter by the length of the name; longer ones are always compared.
_FOR_ONE = {5: 500, 6: 3_000, 7: 3_000}
_SHORTEST, _ALWAYS = 5, 8
#: Words of this length are long enough for two letters to be a mistake.
_LONG_WORD = 10
#: A digit more is rather another version of a package, unless everybody knows it.
_FOR_DIGIT = 300
#: A name in so many scopes is nobody's.
_GENERIC, _FOR_GENERIC = 3, 1_000


class Likeness(NamedTuple):
    """The popular name that another can be taken for, its rank from 1, in what way, and how many letters apart."""

    name: str
    rank: int
    how: str
    distance: int


class Lookalikes:
    """All names that are popular in an ecosystem, the most popular first, and `known` ones that imitate nobody."""

    def __init__(self, ecosystem: str, popular: list[str], known: frozenset[str] = frozenset()) -> None:
        self._affixes = _AFFIXES[ecosystem]
        self._glued = _GLUED if ecosystem == "npm" else ()
        self._rank = {name: rank for rank, name in enumerate(popular, start=1)}
        self._popular = popular
        self._known = known
        self._joined: dict[str, str] = {}
        self._glyphs: dict[str, str] = {}
        self._sorted: dict[str, str] = {}
        self._bare: dict[str, str] = {}
        self._unscoped: dict[str, str] = {}
        self._scopes: dict[str, list[str]] = {}
        #: By edits and length of the name: where each segment is, and the names by their text there.
        self._segments: dict[tuple[int, int], list[tuple[int, int, dict[str, list[str]]]]] = {}
        for name, rank in self._rank.items():
            if name.startswith("@"):
                self._add_scoped(name, rank)
            else:
                self._add(name, rank)

    def _add(self, name: str, rank: int) -> None:
        words = _words(name.lower())
        text = "-".join(words)
        if len(text) >= _SHORTEST:
            self._joined.setdefault("".join(words), name)
        if rank <= _FOR_SHAPE:
            if len(text) >= _SHORTEST:
                self._glyphs.setdefault(_skeleton(text), name)
            if len(words) > 1:
                self._sorted.setdefault("-".join(sorted(words)), name)
            bare = self._without_affixes(words)
            if len(bare) >= _SHORTEST - 1:
                self._bare.setdefault(bare, name)
        if len(text) >= _ALWAYS or rank <= _FOR_ONE.get(len(text), 0):
            self._add_segments(name, text, 1)
        if rank <= _FOR_TWO and max(map(len, words)) >= _LONG_WORD:
            self._add_segments(name, text, 2)

    def _add_segments(self, name: str, text: str, edits: int) -> None:
        tables = self._segments.get((edits, len(text)))
        if tables is None:
            tables = self._segments[edits, len(text)] = [(start, end, {}) for start, end in _layout(len(text), edits)]
        for start, end, table in tables:
            table.setdefault(text[start:end], []).append(name)

    def _add_scoped(self, name: str, rank: int) -> None:
        scope, _, own = name.partition("/")
        self._scopes.setdefault(own, []).append(scope)
        if rank <= _FOR_SCOPE:
            self._unscoped.setdefault("-".join(_words(f"{scope[1:]}-{own}")), name)

    def _without_affixes(self, words: list[str]) -> str:
        start, end = 0, len(words)
        while end - start > 1 and words[start] in self._affixes:
            start += 1
        while end - start > 1 and words[end - 1] in self._affixes:
            end -= 1
        return "-".join(words[start:end])

    def like(self, name: str) -> Likeness | None:
        """What `name` can be taken for; None for what is popular or known itself, and for what is like nothing."""
        if name in self._rank or name in self._known or len(name) > _LONGEST:
            return None
        found = self._scope_like(name) if name.startswith("@") else self._like(name)
        if not found:
            return None
        target, how = found
        own, other = "-".join(_words(name.lower())), "-".join(_words(target.lower()))
        return Likeness(target, self._rank[target], how, max(1, distance(own, other)))

    def _like(self, name: str) -> tuple[str, str] | None:
        words = _words(name.lower())
        text, joined = "-".join(words), "".join(words)
        bare = self._without_affixes(words)
        shapes = (
            (self._joined.get(joined), "but for its separators"),
            (self._glyphs.get(_skeleton(text)), "but for letters and digits that look alike"),
            (self._sorted.get("-".join(sorted(words))) if len(words) > 1 else None, "with its words in another order"),
            (self._bare.get(bare) if bare != text else None, "but for a prefix or suffix"),
            (self._unglued(joined), "but for a prefix or suffix"),
            (self._unscoped.get(text), "without its scope"),
        )
        # Names in capitals are old: nobody can take a new one.
        found = next(((t, how) for t, how in shapes if t and t.lower() != name.lower()), None)
        return found or self._near(text)

    def _unglued(self, joined: str) -> str | None:
        """The popular name that stands in `joined` beside `node` or `js`."""
        for affix in self._glued:
            for rest in (joined.removeprefix(affix), joined.removesuffix(affix)):
                target = self._joined.get(rest) if rest != joined else None
                if target and self._rank[target] <= _FOR_SHAPE:
                    return target
        return None

    def _near(self, text: str) -> tuple[str, str] | None:
        """The most popular one of the least distance."""
        for edits, how in ((1, "but for one letter"), (2, "but for two letters")):
            if edits > 1 and max(map(len, text.split("-"))) < _LONG_WORD - edits:
                break
            ranks = [
                self._rank[target]
                for target in self._candidates(text, edits)
                if _is_mistake(text, "-".join(_words(target.lower())), edits, self._rank[target])
            ]
            if ranks:
                best = min(ranks)
                return self._popular[best - 1], how
        return None

    def _candidates(self, text: str, edits: int) -> set[str]:
        """Those of which a segment stands in `text` where it can be left.

        With no edit before its end, the first one is where it was, and with none after its start, the last one is as
        far from the end; with one of two edits on each side, the middle one has moved by a place at most.
        """
        found: set[str] = set()
        for length in range(len(text) - edits, len(text) + edits + 1):
            for number, (start, end, table) in enumerate(self._segments.get((edits, length), ())):
                last = number == edits
                places = (0,) if not number else (len(text) - length + start,) if last else _beside(start)
                for at in places:
                    found.update(table.get(text[at : at + end - start], ()))
        return found

    def _scope_like(self, name: str) -> tuple[str, str] | None:
        scope, _, own = name.partition("/")
        scopes = self._scopes.get(own, ())
        for other in scopes if scope not in ("@types", *scopes) else ():
            target = f"{other}/{own}"
            is_own = len(scopes) < _GENERIC or self._rank[target] <= _FOR_GENERIC
            if is_own and len(other) > _SHORTEST and distance(scope, other, 1) == 1:
                return target, "but for one letter of its scope"
        return None


@lru_cache(maxsize=2)
def lookalikes(ecosystem: str) -> Lookalikes:
    """Those of `npm` or `pypi`, from the list that comes with us."""
    with open(os.path.join(DATA, f"popular-{ecosystem}.txt"), encoding="utf-8") as file:
        popular, _, known = file.read().partition(f"{KNOWN}\n")
    return Lookalikes(
        ecosystem, [line for line in popular.splitlines() if line[0] != "#"], frozenset(known.splitlines())
    )


def _skeleton(text: str) -> str:
    """`text` as a quick eye sees it."""
    return text.translate(_GLYPHS).replace("i", "l").replace("rn", "m").replace("vv", "w")


def _layout(length: int, edits: int) -> Iterator[tuple[int, int]]:
    """Where the segments of a text are: one more than edits, with a gap between, so that no edit touches two."""
    size, start = (length - edits) // (edits + 1), 0
    for number in range(edits + 1):
        end = length if number == edits else start + size
        yield start, end
        start = end + 1


def _beside(place: int) -> tuple[int, int, int]:
    return place - 1, place, place + 1


def _is_mistake(text: str, target: str, edits: int, rank: int) -> bool:
    """Whether somebody who means `target` could write `text`, rather than mean something else."""
    if text == target or distance(text, target, edits) > edits:
        return False
    words, others = text.split("-"), target.split("-")
    if len(words) == len(others):
        # In a short word a letter makes another word: `vite-plugin-vue`, `vite-plugin-svue`.
        least = _LONG_WORD if edits > 1 else _SHORTEST if len(words) > 1 else 0
        if any(len(other) < least for word, other in zip(words, others, strict=True) if word != other):
            return False
    elif edits > 1:
        return False
    changed = Counter(text), Counter(target)
    letters = (changed[0] - changed[1]) + (changed[1] - changed[0])
    # `lib2` and `lib3` are two versions of one thing.
    digits = bool(letters) and all(letter.isdigit() for letter in letters)
    return not digits or (len(text) != len(target) and rank <= _FOR_DIGIT)


def distance(text: str, other: str, limit: int = _LONGEST) -> int:
    """How many letters have to be added, left out, changed or swapped with their neighbour; above `limit`, any more.

    Optimal string alignment, the restricted form of the distance of Damerau and Levenshtein.
    """
    text, other = _differing(text, other)
    # A single letter leaves at most two that differ: those that are swapped.
    if abs(len(text) - len(other)) > limit or (limit == 1 and len(text) > len("ab")):
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(text, start=1):
        last, row = row, [i]
        for j, wanted in enumerate(other, start=1):
            least = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and text[i - 2] == wanted:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before = last
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _differing(text: str, other: str) -> tuple[str, str]:
    """Both without what they begin and end with alike."""
    start, most = 0, min(len(text), len(other))
    while start < most and text[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and text[-1 - end] == other[-1 - end]:
        end += 1
    return text[start : len(text) - end], other[start : len(other) - end]
