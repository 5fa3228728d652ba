"""The road: open, resolve, enrich, assess.  Nothing flows back, and no plug-in's failure stops another."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from bomvet import __version__
from bomvet.errors import BomvetError
from bomvet.model.facts import Facts
from bomvet.model.globs import compiled
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Inventory,
    Kind,
    Location,
    RelationKind,
    Relationship,
    Unknown,
)
from bomvet.model.purl import project_purl
from bomvet.model.records import dataclass, replace
from bomvet.model.result import Input, PluginStatus, ScanResult, Skipped, Status, Target
from bomvet.plugin import Check, Context, Enricher, FileTree, Resolver, discover, ordered, readers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bomvet.model.environments import Environment
    from bomvet.model.facts import Drift
    from bomvet.model.finding import Finding
    from bomvet.policy.document import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the user says of the scanned thing beyond its files: all optional, and stronger than the files.

    `installed`: where packages are installed, they are meant, and not the lock files beside or above them.
    `drift`: where a lock speaks for installed packages, both are read, and the differences are facts.
    `environments`: what is installed in none of these is left out; empty stands for all that the locks are for.
    """

    name: str = ""
    version: str = ""
    author: Contact | None = None
    time: int | None = None
    omit_dev: bool = False
    installed: bool = False
    drift: bool = False
    environments: tuple[Environment, ...] = ()


AS_FOUND = Subject()
#: Files whose content stays at hand for the next resolver.
_KEPT_FILES = 8
#: Larger ones, such as archives, would fill the memory, and one resolver alone reads them.
_KEPT_BYTES = 8 * 1024 * 1024
#: What a resolver of its ecosystem can be asked about.
_RESOLVABLE = ("pkg:npm/", "pkg:pypi/")
#: Readers of locks that may as well state no version.
_ALSO_MANIFESTS = ("python/requirements",)
#: The end of the year 9999.
_LAST_SECOND = 253_402_300_799


def inspect(tree: FileTree, *, subject: Subject = AS_FOUND, resolvers: Iterable[Resolver] | None = None) -> ScanResult:
    """The inventory of `tree` alone, without judgement: what `bomvet sbom` writes."""
    plugins = readers() if resolvers is None else tuple(resolvers)
    recorder = _Recorder(tree)
    claims = _Claims(plugins)
    sources = _Sources(recorder, claims, subject)
    read, statuses = _resolve(recorder, claims, sources)
    inventory = _rooted(_merged(recorder, sources, read), tree.name, subject, recorder.inputs)
    if subject.environments:
        inventory = _installed_in(inventory, subject.environments)
    return ScanResult(
        tool=__version__,
        time=_timestamp(subject.time, recorder),
        target=Target(
            kind="dir",
            name=tree.name,
            inputs=recorder.inputs,
            skipped=tuple(sorted((*(s for s in tree.skipped if claims.of(s.path)), *sources.skipped))),
            omitted=("dev",) if subject.omit_dev else (),
            environments=tuple(map(str, subject.environments)),
        ),
        authors=(subject.author,) if subject.author else (),
        inventory=_without_development(inventory) if subject.omit_dev else inventory,
        facts=_drift(sources, read, inventory) if sources.compared else Facts(),
        plugins=statuses,
    )


def scan(
    tree: FileTree,
    policy: Policy,
    context: Context,
    *,
    subject: Subject = AS_FOUND,
    resolvers: Iterable[Resolver] | None = None,
    enrichers: Iterable[Enricher] | None = None,
    checks: Iterable[Check] | None = None,
) -> ScanResult:
    """Everything: the inventory, what is known of it, and what `policy` makes of that."""
    from bomvet.policy.assess import assess  # noqa: PLC0415 - not needed for an SBOM

    result = inspect(tree, subject=subject, resolvers=resolvers)
    asked = discover("bomvet.enrichers", Enricher) if enrichers is None else tuple(enrichers)
    judges = discover("bomvet.checks", Check) if checks is None else tuple(checks)
    facts, enriched = _enrich(result.inventory, result.facts, asked, context)
    findings, judged = _judge(result.inventory, facts, judges)
    plugins = (*result.plugins, *enriched, *judged)
    return replace(
        result,
        facts=facts,
        advisory_data=context.advisories.snapshot if context.advisories else None,
        rules=tuple(check.rule for check in judges),
        plugins=plugins,
        assessment=assess(
            findings,
            policy,
            inventory=result.inventory,
            facts=facts,
            plugins=plugins,
            today=context.now.date(),
        ),
    )


def is_read(path: str) -> bool:
    """Whether some resolver reads files of this path."""
    return bool(_Claims(readers(), searched=True).of(path))


def unlocked(tree: FileTree) -> Iterator[tuple[str, Inventory]]:
    """Each manifest that asks for packages of which nothing states the version, and what its resolver finds."""
    resolvers = readers()
    claims = _Claims(resolvers)
    for path in tree.paths():
        for resolver in claims.of(path):
            found = _read(tree, path, resolver) if not resolver.locks or resolver.id in _ALSO_MANIFESTS else Inventory()
            if any(not (c.version or "?" in c.purl) and c.purl.startswith(_RESOLVABLE) for c in found.components):
                yield path, found


# -- resolve ---------------------------------------------------------------------------------------------------


class _Claims:
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


class _Recorder:
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


class _Sources:
    """Which files and folders each resolver is to read: of a lock and what is installed, one speaks for both.

    `compared` has the folders that are read beside their locks, each with its lock; `waiting` those that are read
    where what speaks for them turns out to say nothing, each with what that is, and what is said if it does speak.
    """

    def __init__(self, tree: FileTree, claims: _Claims, subject: Subject) -> None:
        self.skipped: list[Skipped] = []
        self.waiting: list[tuple[_Claim, frozenset[str], Skipped]] = []
        self.compared: dict[str, str] = {}
        files = [(path, resolver) for path in tree.paths() for resolver in claims.of(path)]
        files += [
            (path, resolver) for resolver in claims.resolvers if resolver.search for path in resolver.search(tree)
        ]
        # In a scan of `node_modules` itself it is the top, which has the tree's name.
        folders = [(f, r) for f in tree.folders() for r in claims.of_folder((f or tree.name).rpartition("/")[2])]
        if folders:
            locks = {(_ecosystem(r), _folder(path)): path for path, r in files if r.locks}
            spoken = {folder: lock for folder, r in folders if (lock := _lock_above(folder, _ecosystem(r), locks))}
            if subject.installed:
                files = [*self._unspoken(files, spoken)]
            elif subject.drift:
                self.compared = spoken
            else:
                folders = [*self._unlocked(folders, spoken, files)]
        self.claimed = [*files, *folders]

    def heard(self, read: _Read) -> Iterator[_Claim]:
        """Those that were waiting and that nothing speaks for after all: an empty lock must hide no packages."""
        stating = {path for path, found in read.items() if any(not c.first_party for i in found for c in i.components)}
        for claim, speakers, skipped in self.waiting:
            if stating.isdisjoint(speakers):
                yield claim
            else:
                self.skipped.append(skipped)

    def _unlocked(self, folders: list[_Claim], spoken: Mapping[str, str], files: list[_Claim]) -> Iterator[_Claim]:
        """The folders that no lock beside or above them speaks for."""
        locks: dict[tuple[str, str], set[str]] = defaultdict(set)
        wanted = {_folder(lock) for lock in spoken.values()}
        for path, resolver in files:
            # One of several locks may speak for all, such as a file that others include.
            for parent in _parents(path) if resolver.locks else ():
                if parent in wanted:
                    locks[_ecosystem(resolver), parent].add(path)
        known = {key: frozenset(paths) for key, paths in locks.items()}
        for folder, resolver in folders:
            lock = spoken.get(folder)
            if lock is None:
                yield folder, resolver
            else:
                reason = f"installed packages, for which {lock} speaks (--installed reads them, --drift compares)"
                skipped = Skipped(path=folder, reason=reason, speaker=lock)
                self.waiting.append(((folder, resolver), known[_ecosystem(resolver), _folder(lock)], skipped))

    def _unspoken(self, files: list[_Claim], spoken: Mapping[str, str]) -> Iterator[_Claim]:
        """The files but for locks that installed packages speak for."""
        speakers: dict[str, list[str]] = defaultdict(list)
        for folder, lock in spoken.items():
            speakers[lock].append(folder)
        for path, resolver in files:
            speaking = speakers.get(path) if resolver.locks else None
            if speaking is None:
                yield path, resolver
            else:
                reason = f"the packages in {speaking[0]} speak for it (--installed)"
                skipped = Skipped(path=path, reason=reason, speaker=speaking[0])
                self.waiting.append(((path, resolver), frozenset(speaking), skipped))


def _lock_above(folder: str, ecosystem: str, locks: Mapping[tuple[str, str], str]) -> str:
    """The nearest of `locks` beside or above `folder`; empty where there is none, or the folder is the top."""
    found = (locks.get((ecosystem, parent)) for parent in _parents(folder))
    return next(filter(None, found), "")


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
_Read = dict[str, list[Inventory]]


def _resolve(tree: FileTree, claims: _Claims, sources: _Sources) -> tuple[_Read, tuple[PluginStatus, ...]]:
    """Every resolver on every file and folder that it is to read."""
    read: _Read = defaultdict(list)
    failures: dict[str, list[str]] = {r.id: [] for r in claims.resolvers}
    for claimed in (sources.claimed, sources.heard(read)):
        for path, resolver in claimed:
            try:
                found = _read(tree, path, resolver)
            except Exception as error:  # noqa: BLE001 - a defect of one reader must not lose the work of the others
                reason = f"internal error ({type(error).__name__}: {error})"
                found = _not_read(resolver.id, path, 0, reason)
                failures[resolver.id].append(f"{path}: {reason}")
            read[path].append(found)
    doubts = Counter(unknown.resolver for parts in read.values() for part in parts for unknown in set(part.unknowns))
    return read, tuple(_fared(id_, problems, doubts[id_]) for id_, problems in failures.items())


def _merged(tree: FileTree, sources: _Sources, read: _Read) -> Inventory:
    """All of it as one; of what is only compared, what was not understood."""
    parts = [Inventory(unknowns=tree.unknowns)]
    for path, found in read.items():
        parts += [Inventory(unknowns=part.unknowns) for part in found] if path in sources.compared else found
    return Inventory.merge(parts)


def _read(tree: FileTree, path: str, resolver: Resolver) -> Inventory:
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


def _drift(sources: _Sources, read: _Read, inventory: Inventory) -> Facts:
    """Where locks and what is installed below them disagree, by the component that it is about, else the root."""
    from bomvet.model.drift import drifts  # noqa: PLC0415 - rarely asked for

    root = inventory.root.purl if inventory.root else ""
    found: dict[str, set[Drift]] = defaultdict(set)
    # One folder may speak for those below it, which then say nothing.
    speaking = {lock for folder, lock in sources.compared.items() if any(part != Inventory() for part in read[folder])}
    for folder, lock in sources.compared.items():
        if lock in speaking and all(part == Inventory() for part in read[folder]):
            continue
        locked, installed = (Inventory.merge(read[path]) for path in (lock, folder))
        for purl, drift in drifts(locked, installed, lock_path=lock, folder=folder):
            found[purl or root].add(drift)
    return Facts(drift=MappingProxyType({purl: tuple(sorted(found[purl])) for purl in sorted(found)}))


# -- root ------------------------------------------------------------------------------------------------------


def _rooted(inventory: Inventory, name: str, subject: Subject, inputs: Sequence[Input]) -> Inventory:
    """Give the inventory its root: the one project at the top of the tree, else the tree itself.

    Projects that nothing else contains hang on the root, so that every component is reached from it.
    """
    top = [inventory.root] if inventory.root else [c for c in inventory.components if c.directory == ""]
    found = top[0] if len(top) == 1 else Component(purl="", name=name, kind=Kind.APPLICATION, directory="")
    named = subject.name or found.name
    content = "" if subject.version or found.version else _content_version(inputs)
    version = subject.version or found.version or content
    source = "stated by the user" if subject.version else "digest of the files read" if content else ""
    root = replace(
        found,
        purl=project_purl(named, version, ""),
        name=named,
        version=version,
        properties=(*found.properties, ("bomvet:version-source", source)) if source else found.properties,
    )
    components = tuple(c for c in inventory.components if c is not found)
    edges = [_moved(r, found.purl, root.purl) for r in inventory.relationships]
    edges += _contained(root.purl, [c for c in components if c.first_party], edges)
    named_alike = any(component.purl == root.purl for component in components)
    edges.sort(key=lambda edge: (edge.source, edge.kind, edge.target))
    rooted = replace(inventory, root=root, components=components, relationships=tuple(edges))
    # All else is in canonical form already.
    return Inventory.merge([rooted]) if named_alike else rooted


def _contained(root: str, projects: Sequence[Component], edges: Sequence[Relationship]) -> Iterator[Relationship]:
    """Edges from `root` to the `projects` that it would not reach: tops first, then one of each cycle."""
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        targets[edge.source].append(edge.target)
    asked_for = {edge.target for edge in edges if edge.source != edge.target}
    reached: set[str] = set()
    _reach(root, targets, reached)
    for component in sorted(projects, key=lambda c: (c.purl in asked_for, c.purl)):
        if component.purl not in reached:
            _reach(component.purl, targets, reached)
            yield Relationship(
                source=root,
                target=component.purl,
                kind=RelationKind.CONTAINS,
                evidence=component.locations,
            )


def _reach(start: str, targets: Mapping[str, Sequence[str]], reached: set[str]) -> None:
    """Add `start` and all that it leads to."""
    todo = [start]
    while todo:
        here = todo.pop()
        if here not in reached:
            reached.add(here)
            todo.extend(targets.get(here, ()))


def _moved(edge: Relationship, old: str, new: str) -> Relationship:
    if old == new or old not in (edge.source, edge.target):
        return edge
    return replace(
        edge,
        source=new if edge.source == old else edge.source,
        target=new if edge.target == old else edge.target,
    )


def _content_version(inputs: Sequence[Input]) -> str:
    """What an unversioned project can be told apart by: a digest of what was read of it."""
    if not inputs:
        return ""
    text = "".join(f"{i.path}\0{i.sha256}\n" for i in inputs)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _installed_in(inventory: Inventory, environments: Sequence[Environment]) -> Inventory:
    from bomvet.model.environments import applicable  # noqa: PLC0415 - rarely asked for
    from bomvet.versions.markers import holds  # noqa: PLC0415 - the same

    return applicable(inventory, environments, holds)


def _without_development(inventory: Inventory) -> Inventory:
    """What `--omit dev` leaves: components that only development needs are gone, and their edges.

    What such an edge came from no longer states all its dependencies.
    """
    gone = {c.purl for c in inventory.components if c.scope == "dev"}
    edges = tuple(r for r in inventory.relationships if r.source not in gone and r.target not in gone)
    cut = {r.source for r in inventory.relationships if r.target in gone}

    def left(component: Component) -> Component:
        complete = component.dependencies is Completeness.COMPLETE
        return (
            replace(component, dependencies=Completeness.INCOMPLETE)
            if complete and component.purl in cut
            else component
        )

    return replace(
        inventory,
        root=left(inventory.root) if inventory.root else None,
        components=tuple(left(c) for c in inventory.components if c.purl not in gone),
        relationships=edges,
    )


def _timestamp(stated: int | None, recorder: _Recorder) -> str:
    """The stated time, else that of the newest file read, so that the same tree gives the same bytes."""
    newest = max((recorder.modified(i.path) for i in recorder.inputs), default=recorder.modified(""))
    # A file system can hold years that a calendar cannot.
    seconds = min(max(newest if stated is None else stated, 0), _LAST_SECOND)
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- enrich and judge ------------------------------------------------------------------------------------------


def _enrich(
    inventory: Inventory, facts: Facts, enrichers: Iterable[Enricher], context: Context
) -> tuple[Facts, list[PluginStatus]]:
    """`facts` and all others, and how each enricher fared; what one could not do is not known, never clean."""
    statuses: list[PluginStatus] = []
    for enricher in ordered(enrichers):
        unmet = _unmet(enricher, context)
        if unmet:
            statuses.append(PluginStatus(id=enricher.id, status=Status.SKIPPED, reason=unmet))
            continue
        try:
            added = enricher.enrich(inventory, facts, context)
        except BomvetError as error:
            statuses.append(PluginStatus(id=enricher.id, status=Status.FAILED, reason=str(error)))
        except Exception as error:  # noqa: BLE001 - one enricher's defect must not lose the others' facts
            reason = f"internal error ({type(error).__name__}: {error})"
            statuses.append(PluginStatus(id=enricher.id, status=Status.FAILED, reason=reason))
        else:
            facts |= added.facts
            statuses.append(added.status)
    return facts, statuses


def _unmet(enricher: Enricher, context: Context) -> str:
    if enricher.needs.network and context.http is None:
        return "needs the network, and this run is offline"
    if enricher.needs.advisories and context.advisories is None:
        return context.no_advisories
    return ""


def _judge(inventory: Inventory, facts: Facts, checks: Iterable[Check]) -> tuple[list[Finding], list[PluginStatus]]:
    """What every check says of every subject."""
    findings: list[Finding] = []
    statuses: list[PluginStatus] = []
    for check in checks:
        try:
            findings += _findings(check, inventory, facts)
            statuses.append(PluginStatus(id=check.id, status=Status.OK))
        except Exception as error:  # noqa: BLE001 - one check's defect must not lose the others' findings
            reason = f"internal error ({type(error).__name__}: {error})"
            statuses.append(PluginStatus(id=check.id, status=Status.FAILED, reason=reason))
    return findings, statuses


def _findings(check: Check, inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    subjects = (*((inventory.root,) if inventory.root else ()), *inventory.components)
    for component in subjects if check.on_component else ():
        yield from check.on_component(component, facts)  # type: ignore[misc]
    for service in inventory.services if check.on_service else ():
        yield from check.on_service(service, facts)  # type: ignore[misc]
