"""Who reads what of a tree, and what they found: every resolver on each file and folder that it claims."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from bomvet.errors import BomvetError
from bomvet.model.facts import Facts
from bomvet.model.globs import compiled
from bomvet.model.inventory import Inventory, Location, Unknown
from bomvet.model.result import Input, PluginStatus, Skipped, Status
from bomvet.plugin import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bomvet.model.facts import Drift
    from bomvet.plugin import FileTree

#: Files whose content stays at hand for the next resolver.
_KEPT_FILES = 8
#: Larger ones, such as archives, would fill the memory, and one resolver alone reads them.
_KEPT_BYTES = 8 * 1024 * 1024


class Claims:
    """Which resolvers want a path: by file name where a glob ends in one, else by pattern.

    Those that search for their files are asked by name only where `searched`.
    """

    def __init__(self, resolvers: Sequence[Resolver], *, searched: bool = False) -> None:
        self.resolvers = resolvers
        self._by_folder: dict[str, list[Resolver]] = defaultdict(list)
        self._by_name: dict[str, list[Resolver]] = defaultdict(list)
        self._by_suffix: dict[str, list[tuple[Callable[[str], object], Resolver]]] = defaultdict(list)
        for resolver in resolvers:
            for folder in resolver.folders:
                self._by_folder[folder].append(resolver)
            for glob in resolver.globs if searched or not resolver.search else ():
                # File systems of developers do not all tell `Requirements.TXT` from `requirements.txt`.
                glob = glob.lower()  # noqa: PLW2901
                name = glob.removeprefix("**/")
                if "*" in name or "?" in name or "/" in name:
                    # Only files that end like the glob are put to its regular expression; "" is for all.
                    suffix = _suffix(name.rpartition("/")[2])
                    key = "" if "*" in suffix or "?" in suffix else suffix
                    self._by_suffix[key].append((compiled(glob).fullmatch, resolver))
                else:
                    self._by_name[name].append(resolver)

    def of(self, path: str) -> list[Resolver]:
        """The resolvers of `path`, each once."""
        path = path.lower()
        name = path.rpartition("/")[2]
        found = list(self._by_name.get(name, ()))
        patterns = (*self._by_suffix.get(_suffix(name), ()), *self._by_suffix.get("", ()))
        found += [resolver for matches, resolver in patterns if matches(path)]
        return found if len(found) < 2 else list({r.id: r for r in found}.values())  # noqa: PLR2004

    def of_folder(self, name: str) -> list[Resolver]:
        """The resolvers of a folder of installed packages called `name`."""
        return self._by_folder.get(name, [])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2] or name


class Recorder:
    """A tree that remembers what was read of it, and the digest of that: the evidence of the scan."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self._digests: dict[str, str] = {}
        # Several resolvers read one manifest, and every member of a workspace its lock; the last read is last.
        self._recent: dict[str, bytes] = {}
        self.name, self.unknowns, self.skipped = tree.name, tree.unknowns, tree.skipped
        self.paths, self.exists, self.modified = tree.paths, tree.exists, tree.modified
        self.folders, self.entries, self.real = tree.folders, tree.entries, tree.real
        self.starts = tree.starts

    def read(self, path: str) -> bytes:
        """The content, of which the digest is kept; raises `FileUnreadableError`."""
        data = self._recent.pop(path, None)
        if data is None:
            data = self._tree.read(path)
            if path not in self._digests:
                self._digests[path] = hashlib.sha256(data).hexdigest()
            if len(self._recent) >= _KEPT_FILES:
                self._recent.pop(next(iter(self._recent)))
        if len(data) <= _KEPT_BYTES:
            self._recent[path] = data
        return data

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Every file read, sorted by path."""
        return tuple(Input(path=path, sha256=self._digests[path]) for path in sorted(self._digests))


#: A file or folder and the resolver that is to read it.
_Claim = tuple[str, Resolver]


class Sources:
    """Which files and folders each resolver is to read: of a lock and what is installed, one speaks for both.

    `compared` has the folders that are read beside their locks, each with all of these; `waiting` those that are read
    where what speaks for them turns out to say nothing, each with what that is, and what is said if it does speak.
    """

    def __init__(self, tree: FileTree, claims: Claims, *, installed: bool = False, drift: bool = False) -> None:
        self.skipped: list[Skipped] = []
        self.waiting: list[tuple[_Claim, frozenset[str], Skipped]] = []
        self.compared: dict[str, tuple[str, ...]] = {}
        files = [(path, resolver) for path in tree.paths() for resolver in claims.of(path)]
        files += [
            (path, resolver) for resolver in claims.resolvers if resolver.search for path in resolver.search(tree)
        ]
        # In a scan of `node_modules` itself it is the top, which has the tree's name.
        folders = [(f, r) for f in tree.folders() for r in claims.of_folder((f or tree.name).rpartition("/")[2])]
        if folders:
            # Several may stand in one folder, such as a lock and its export, or two of which one is not read.
            locks: dict[tuple[str, str], tuple[str, ...]] = {}
            for path, r in files:
                if r.locks:
                    key = (_ecosystem(r), _folder(path))
                    locks[key] = (*locks.get(key, ()), path)
            spoken = {folder: found for folder, r in folders if (found := _locks_above(folder, _ecosystem(r), locks))}
            if installed:
                files = [*self._unspoken(files, spoken)]
            elif drift:
                self.compared = spoken
            else:
                folders = [*self._unlocked(folders, spoken, files)]
        self.claimed = [*files, *folders]

    def heard(self, read: Read) -> Iterator[_Claim]:
        """Those that were waiting and that nothing speaks for after all: an empty lock must hide no packages."""
        stating = {path for path, found in read.items() if any(not c.first_party for i in found for c in i.components)}
        for claim, speakers, skipped in self.waiting:
            if stating.isdisjoint(speakers):
                yield claim
            else:
                self.skipped.append(skipped)

    def _unlocked(
        self, folders: list[_Claim], spoken: Mapping[str, tuple[str, ...]], files: list[_Claim]
    ) -> Iterator[_Claim]:
        """The folders that no lock beside or above them speaks for."""
        locks: dict[tuple[str, str], set[str]] = defaultdict(set)
        wanted = {_folder(found[0]) for found in spoken.values()}
        for path, resolver in files:
            # One of several locks may speak for all, such as a file that others include.
            for parent in _parents(path) if resolver.locks else ():
                if parent in wanted:
                    locks[_ecosystem(resolver), parent].add(path)
        known = {key: frozenset(paths) for key, paths in locks.items()}
        for folder, resolver in folders:
            if folder not in spoken:
                yield folder, resolver
            else:
                lock = spoken[folder][0]
                reason = f"installed packages, for which {lock} speaks (--installed reads them, --drift compares)"
                skipped = Skipped(path=folder, reason=reason, speaker=lock)
                self.waiting.append(((folder, resolver), known[_ecosystem(resolver), _folder(lock)], skipped))

    def _unspoken(self, files: list[_Claim], spoken: Mapping[str, tuple[str, ...]]) -> Iterator[_Claim]:
        """The files but for locks that installed packages speak for."""
        speakers: dict[str, list[str]] = defaultdict(list)
        for folder, locks in spoken.items():
            for lock in locks:
                speakers[lock].append(folder)
        for path, resolver in files:
            speaking = speakers.get(path) if resolver.locks else None
            if speaking is None:
                yield path, resolver
            else:
                reason = f"the packages in {speaking[0]} speak for it (--installed)"
                skipped = Skipped(path=path, reason=reason, speaker=speaking[0])
                self.waiting.append(((path, resolver), frozenset(speaking), skipped))


def _locks_above(folder: str, ecosystem: str, locks: Mapping[tuple[str, str], tuple[str, ...]]) -> tuple[str, ...]:
    """Those of `locks` that stand nearest, beside or above `folder`; none where it is the top."""
    found = (locks.get((ecosystem, parent)) for parent in _parents(folder))
    return next(filter(None, found), ())


def _ecosystem(resolver: Resolver) -> str:
    return resolver.id.partition("/")[0]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _parents(path: str) -> Iterator[str]:
    """The folders above `path`, the nearest first."""
    while path:
        path = _folder(path)
        yield path


#: What was found in each file or folder, by all of its resolvers.
Read = dict[str, list[Inventory]]


def resolve(tree: FileTree, claims: Claims, sources: Sources) -> tuple[Read, tuple[PluginStatus, ...]]:
    """Every resolver on every file and folder that it is to read."""
    read: Read = defaultdict(list)
    failures: dict[str, list[str]] = {r.id: [] for r in claims.resolvers}
    for claimed in (sources.claimed, sources.heard(read)):
        for path, resolver in claimed:
            try:
                found = read_one(tree, path, resolver)
            except Exception as error:  # noqa: BLE001 - a defect of one reader must not lose the work of the others
                reason = f"internal error ({type(error).__name__}: {error})"
                found = _not_read(resolver.id, path, 0, reason)
                failures[resolver.id].append(f"{path}: {reason}")
            read[path].append(found)
    doubts = Counter(unknown.resolver for parts in read.values() for part in parts for unknown in set(part.unknowns))
    return read, tuple(_fared(id_, problems, doubts[id_]) for id_, problems in failures.items())


def merged(tree: FileTree, sources: Sources, read: Read) -> Inventory:
    """All of it as one; of what is only compared, what was not understood."""
    parts = [Inventory(unknowns=tree.unknowns)]
    for path, found in read.items():
        parts += [Inventory(unknowns=part.unknowns) for part in found] if path in sources.compared else found
    return Inventory.merge(parts)


def read_one(tree: FileTree, path: str, resolver: Resolver) -> Inventory:
    """What `resolver` finds at `path`, be it the reason why it finds nothing."""
    try:
        return resolver.parse(tree, path)
    except BomvetError as error:
        return _not_read(resolver.id, path, getattr(error, "line", 0), str(error))


def _fared(resolver: str, failures: Sequence[str], doubts: int) -> PluginStatus:
    """How a resolver did: `failures` are defects of its own, `doubts` counts what it could not understand."""
    if failures:
        return PluginStatus(id=resolver, status=Status.FAILED, reason="; ".join(failures[:3]))
    if doubts:
        reason = f"not understood in {doubts} place{'s' if doubts > 1 else ''}"
        return PluginStatus(id=resolver, status=Status.PARTIAL, reason=reason)
    return PluginStatus(id=resolver, status=Status.OK)


def _not_read(resolver: str, path: str, line: int, reason: str) -> Inventory:
    unknown = Unknown(location=Location(path=path, line=line), resolver=resolver, reason=reason)
    return Inventory(unknowns=(unknown,))


def drift_facts(sources: Sources, read: Read, inventory: Inventory) -> Facts:
    """Where locks and what is installed below them disagree, by the component that it is about, else the root."""
    from bomvet.model.drift import drifts  # noqa: PLC0415 - rarely asked for

    root = inventory.root.purl if inventory.root else ""
    found: dict[str, set[Drift]] = defaultdict(set)
    # One folder may speak for those below it, which then say nothing.
    speaking = {
        locks for folder, locks in sources.compared.items() if any(part != Inventory() for part in read[folder])
    }
    for folder, locks in sources.compared.items():
        if locks in speaking and all(part == Inventory() for part in read[folder]):
            continue
        # The one to name is the first that says something: of two locks of npm one is not read.
        stating = [lock for lock in locks if any(part.components for part in read[lock])] or [*locks]
        locked = Inventory.merge(part for lock in locks for part in read[lock])
        installed = Inventory.merge(read[folder])
        for purl, drift in drifts(locked, installed, lock_path=stating[0], folder=folder):
            found[purl or root].add(drift)
    return Facts(drift=MappingProxyType({purl: tuple(sorted(found[purl])) for purl in sorted(found)}))
