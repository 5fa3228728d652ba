"""Commits of a git repository: the one that a checkout stands at, and those that a user names."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from bomvet.model.records import dataclass
from bomvet.sources._objects import Found, Repository, Store, find, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_TIME: Final = 253_402_300_799
"""The end of the year 9999, the last second that a `datetime` can hold."""
_MAX_TAGS: Final = 10
_MAX_STEPS: Final = 10_000

_COMMITTER: Final = re.compile(rb"^committer .*> ([0-9]{1,12})(?: .*)?$", re.MULTILINE)
_TREE: Final = re.compile(rb"tree ([0-9a-f]{40}(?:[0-9a-f]{24})?)$", re.MULTILINE)
_PARENT: Final = re.compile(rb"^parent ([0-9a-f]{40}(?:[0-9a-f]{24})?)$", re.MULTILINE)
_TAGGED: Final = re.compile(rb"object ([0-9a-f]{40}(?:[0-9a-f]{24})?)$", re.MULTILINE)
_REVISION: Final = re.compile(r"(?P<name>[^~^]+)(?P<steps>(?:[~^][0-9]{0,5})*)")
_STEP: Final = re.compile(r"([~^])([0-9]*)")
_NAME: Final = re.compile(r"(?!/|[.]|.*(?://|[.][.]|@[{]|/[.]))[^\x00-\x20\x7f:?*\[\\]+(?<![/.])")
_HEX: Final = re.compile(r"[0-9a-f]{4,64}")
#: Where git looks for a name, in its order (gitrevisions(7)).
_PLACES: Final = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: `id` is its name in hexadecimal, `time` the committer's, in seconds since the epoch."""

    id: str
    time: int


def head_commit(directory: Path) -> Commit | None:
    """Return the commit that the checkout around `directory` stands at; None if that cannot be told.

    Never raises for what it finds there.
    """
    try:
        repository, _ = find(directory) or (None, None)
        name = resolve(repository) if repository else None
        if not repository or not name:
            return None
        with Store(repository) as store:
            found = store.read(name)
            return _commit(found, name) if found else None
    except (OSError, ValueError, zlib.error):
        return None


def _commit(found: Found, name: bytes) -> Commit | None:
    # The lines of a signature or of a merged tag are indented, so that they cannot pass for a header.
    committer = _COMMITTER.search(_header(found))
    if committer is None or int(committer[1]) > _MAX_TIME:
        return None
    return Commit(id=name.decode(), time=int(committer[1]))


def _header(found: Found) -> bytes:
    return found.content.partition(b"\n\n")[0] if found.kind == "commit" else b""


def named_commit(repository: Repository, store: Store, revision: str) -> tuple[Commit, bytes] | None:
    """The commit that `revision` names, and the name of its tree; None where there is none.

    A revision is a branch, a tag, a remote branch, a full or abbreviated name of a commit, or `HEAD`, with any number
    of `~N` and `^N` behind it.  Raises what `Store` raises.
    """
    match = _REVISION.fullmatch(revision)
    if match is None or not _NAME.fullmatch(match["name"]):
        return None
    for start in _candidates(repository, store, "HEAD" if match["name"] == "@" else match["name"]):
        found = _at(store, start)
        for sign, number in _STEP.findall(match["steps"]):
            found = _stepped(store, found, sign, int(number or 1)) if found else None
        if found:
            name, about = found
            commit, tree = _commit(about, name), _TREE.match(_header(about))
            return (commit, tree[1]) if commit and tree else None
    return None


def _candidates(repository: Repository, store: Store, name: str) -> Iterator[bytes]:
    """What `name` may stand for, as git would look for it."""
    is_hex = _HEX.fullmatch(name)
    if is_hex and len(name) in (40, 64):
        yield name.encode()
        return
    own = [name] if re.fullmatch("[A-Z_]+", name) else []
    for ref in (*own, *(place.format(name) for place in _PLACES), *([name] if name.startswith("refs/") else [])):
        if found := resolve(repository, ref.encode()):
            yield found
            return
    if is_hex:
        commits = [full for full in store.names(name.encode()) if _at(store, full)]
        if len(commits) == 1:  # of several nobody knows which is meant
            yield commits[0]


def _at(store: Store, name: bytes) -> tuple[bytes, Found] | None:
    """The commit of that name, or that a tag of that name is for."""
    for _ in range(_MAX_TAGS):
        found = store.read(name)
        if found is None or found.kind == "commit":
            return (name, found) if found else None
        target = _TAGGED.match(found.content) if found.kind == "tag" else None
        if target is None:
            return None
        name = target[1]
    return None


def _stepped(store: Store, start: tuple[bytes, Found], sign: str, number: int) -> tuple[bytes, Found] | None:
    """The commit `number` first parents back (`~`), or the parent of that number (`^`)."""
    steps, parent = (number, 0) if sign == "~" else (min(number, 1), max(number, 1) - 1)
    here: tuple[bytes, Found] | None = start
    for _ in range(min(steps, _MAX_STEPS + 1)):
        parents = _PARENT.findall(_header(here[1])) if here else []
        here = _at(store, parents[parent]) if parent < len(parents) else None
    return here if steps <= _MAX_STEPS else None
