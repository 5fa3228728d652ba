"""Extension points: what a source, resolver, enricher, check and report are, and how they are found.

An extension is a module-level constant of one of these record types in a module of its own.  Nothing is
registered by hand: `discover` walks the package, and the entry-point group `bomvet.plugins` adds modules of
other distributions.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from bomvet.errors import UsageError
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    import datetime as dt
    from importlib.metadata import EntryPoint

    from bomvet.model.facts import Catalogue, Facts
    from bomvet.model.finding import Finding, Rule
    from bomvet.model.inventory import Component, Inventory, Service, Unknown
    from bomvet.model.provenance import IdentityLock
    from bomvet.model.result import PluginStatus, ScanResult, Skipped, Snapshot

ENTRY_POINTS = "bomvet.plugins"
#: Beside the resolvers, what is known of each without loading it.
INDEX = "_index.json"


class Entry(NamedTuple):
    """What stands in a folder; of a link `is_folder` is False, whatever it leads to."""

    name: str
    is_folder: bool
    is_link: bool


class FileTree(Protocol):
    """A read-only view of files with limits; a directory and a merged image look the same.

    Paths are POSIX, relative to the top, without `.` or `..` parts; "" is the top.
    """

    @property
    def name(self) -> str:
        """What to call the whole, such as the folder's name."""

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Limits that were hit while the tree was listed."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that were listed as passed over, such as ignored ones."""

    def paths(self) -> Sequence[str]:
        """Every file, sorted."""

    def read(self, path: str) -> bytes:
        """The whole content; raises `FileUnreadableError` where it is absent, no file, outside or too large."""

    def exists(self, path: str) -> bool:
        """Whether `path` can be read, also where the walk passed it over."""

    def starts(self, path: str, size: int) -> bytes:
        """The first `size` bytes of a listed file, unrecorded; none where it is a link or cannot be read."""

    def modified(self, path: str) -> int:
        """Seconds since the epoch; 0 where not known."""

    def folders(self) -> Sequence[str]:
        """Folders of installed packages (`node_modules`, `site-packages`), sorted; none of what they hold is listed."""

    def entries(self, folder: str) -> Sequence[Entry]:
        """What stands in `folder` directly, by name; raises `FileUnreadableError` where it is absent or outside."""

    def real(self, path: str) -> str:
        """Where the links on the way to `path` lead; raises `FileUnreadableError` where it is absent or outside."""


class Request(NamedTuple):
    """One question to the network: GET, or POST where there is a `body`, which is sent as JSON.

    An answer of more than `limit` bytes is none.
    """

    url: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    limit: int = 64 * 1024 * 1024


class Response(NamedTuple):
    """What came back: a definite answer of whatever `status`, or the reason in `error` why there is none (status 0).

    Names of `headers` are in lower case.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    error: str = ""


class Http(Protocol):
    """The network as enrichers see it: retries, limits, concurrency and the offline switch are behind it."""

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Ask all, several at a time; in their own sequence, each with its answer.  Raises nothing for any of them."""


class AdvisoryStore(Protocol):
    """The advisory database as enrichers see it."""

    @property
    def snapshot(self) -> Snapshot:
        """What the data is and how old."""

    def packages(self, ecosystem: str, names: Collection[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Per name the affected entries, as `advisories.records` shapes them."""

    def advisories(self, ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per id the record without its affected entries."""

    def catalogues(self) -> Mapping[str, Catalogue]:
        """The catalogues of what is exploited that it has, by name (`kev`, `epss`)."""

    def exploitation(self, cves: Collection[str]) -> Mapping[str, dict[str, Any]]:
        """Per CVE that one of them has, `kev` and `epss`: the fields of `Kev` and `Epss`, None where absent."""


class Client(NamedTuple):
    """A registry that the user's own client is set to, and what lets the user in there, which is for it alone.

    `ecosystem` is a purl type; `url` has no secrets, which stand in `headers`.  `scope` is that of npm packages
    (`@acme`).  `default` says that packages come from there where nothing else is said of them.
    """

    ecosystem: str
    url: str
    scope: str = ""
    default: bool = True
    headers: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Without the headers: it may stand in an error message."""
        return f"Client({self.ecosystem}, {self.url}, {self.scope or 'all'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What an enricher cannot do without; the core skips it, and says so, where that is not to be had."""

    network: bool = False
    advisories: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proving:
    """That provenance is wanted, and what there is to establish it with.

    `ask` has the registries asked about every locked artefact, and leaves the verdict open where they do not answer;
    without it only packages in `identities` have to have an answer.  `exempt` are patterns of purls (`*` for any text)
    that nobody asks about.  `proof` refuses what the log has merely promised to take in.  `evidence` holds recorded
    attestations, which come before anybody is asked.  `root` is the trusted root (sigstore's JSON), empty for the one
    that ships; `keys` further keys of npm registries, as their keys endpoint states them.  `cache` is a folder for
    verdicts, empty for none.
    """

    ask: bool = False
    exempt: tuple[str, ...] = ()
    proof: bool = False
    evidence: tuple[FileTree, ...] = ()
    root: bytes = b""
    keys: bytes = b""
    identities: IdentityLock | None = None
    cache: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The outside as it is handed to enrichers: time, network (None: offline), advisory data (None: none).

    `no_advisories` says why there are none.  `kev_url` is where CISA's catalogue is to be had, `epss_url` FIRST's
    interface to the scores of EPSS; where one is empty, nobody is asked.  `registries` are those that the policy names,
    `cool_down` is how many days old a release has to be by it, and `ask_registries` whether they are to be asked about
    every package.  `clients` are the registries that the user's own package managers are set to.  `proving` is None
    where nobody wants to know who built what.
    """

    now: dt.datetime
    http: Http | None = None
    advisories: AdvisoryStore | None = None
    no_advisories: str = "there is no advisory database: `bomvet db import PATH` makes one"
    max_age: dt.timedelta | None = None
    kev_url: str = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
    epss_url: str = "https://api.first.org/data/v1/epss"
    registries: tuple[str, ...] = ()
    cool_down: int = 0
    ask_registries: bool = False
    clients: tuple[Client, ...] = ()
    proving: Proving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Opens one kind of target; `open(location)` raises `UsageError` where there is nothing of the kind."""

    id: str
    open: Callable[..., FileTree]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Reads one file format; `globs` are matched against the whole path, `**/` standing for any folder.

    The part of `id` before the slash is the ecosystem.  `folders` are names of folders of installed packages, which
    it reads as a whole; `parse` then gets the folder's path.  `locks` says that the format states the versions of
    what is installed beside it and below: where one does, installed packages are not read.  `search` is for files
    whose names do not tell: it gives those that the resolver reads, and `globs` say only which ones a user may name.
    `reads` and `limits` are for the table of formats in the documentation: what is kept of the format, and what is
    known to be lacking.
    """

    id: str
    title: str
    parse: Callable[[FileTree, str], Inventory]
    globs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    search: Callable[[FileTree], Iterable[str]] | None = None
    locks: bool = False
    reads: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """What an enricher adds, and how it fared."""

    facts: Facts
    status: PluginStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Enricher:
    """Asks the outside about an inventory, which it never changes; runs after those it names in `after`."""

    id: str
    title: str
    enrich: Callable[[Inventory, Facts, Context], Enriched]
    needs: Needs = Needs()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Judges one kind of subject."""

    rule: Rule
    on_component: Callable[[Component, Facts], Iterator[Finding]] | None = None
    on_service: Callable[[Service, Facts], Iterator[Finding]] | None = None

    @property
    def id(self) -> str:
        """The rule's."""
        return self.rule.id


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How to write: CycloneDX version, colour and width of the terminal (columns).

    `folder` is where the scanned folder lies in its repository, for formats that name files from the repository's
    top; empty where it is the top, or lies in none.
    """

    spec_version: str = "1.6"
    color: bool = False
    width: int = 80
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Writes a finished scan in one format."""

    id: str
    title: str
    media_type: str
    extension: str
    render: Callable[[ScanResult, RenderOptions], bytes]


_P = TypeVar("_P", Source, Resolver, Enricher, Check, Report)


def discover(package: str, kind: type[_P]) -> tuple[_P, ...]:
    """Every `kind` that a module below `package` or an installed plug-in distribution defines, by id.

    Raises `TypeError` where a module of `package` defines none, or two plug-ins have the same id, and
    `UsageError` where another distribution's cannot be loaded.
    """
    found: dict[str, tuple[_P, str]] = {}
    for name in module_names(package):
        own = _constants(importlib.import_module(name), kind)
        if not own:
            raise TypeError(f"{name} must define a {kind.__name__}; helpers live in modules named _x.py")
        _add(found, own, name)
    for name, module in _foreign_modules():
        _add(found, _constants(module, kind), name)
    return tuple(found[key][0] for key in sorted(found))


def readers() -> tuple[Resolver, ...]:
    """Every `Resolver`, as `discover` gives them, each of ours loaded when it first has something to read.

    The index says what there is to know of them before; where it is not that of the files there, all are loaded.
    """
    import orjson  # noqa: PLC0415 - not needed for a help text

    folder = os.path.join(os.path.dirname(__file__), "resolvers")
    try:
        with open(os.path.join(folder, INDEX), "rb") as file:
            index = orjson.loads(file.read())
        if index["files"] != plugin_files(folder):
            return discover("bomvet.resolvers", Resolver)
    except OSError:
        return discover("bomvet.resolvers", Resolver)
    own = [
        Resolver(
            id=entry["id"],
            title=entry["title"],
            parse=_Later(entry["module"], entry["constant"], "parse"),
            search=_Later(entry["module"], entry["constant"], "search") if entry["searches"] else None,
            globs=tuple(entry["globs"]),
            folders=tuple(entry["folders"]),
            locks=entry["locks"],
        )
        for entry in index["resolvers"]
    ]
    found: dict[str, tuple[Resolver, str]] = {}
    _add(found, own, INDEX)
    for name, module in _foreign_modules():
        _add(found, _constants(module, Resolver), name)
    return tuple(found[key][0] for key in sorted(found))


class _Later:
    """A function of a resolver in a module that is not loaded yet."""

    __slots__ = ("_constant", "_function", "_module")

    def __init__(self, module: str, constant: str, function: str) -> None:
        self._module, self._constant, self._function = module, constant, function

    def __call__(self, *arguments: Any) -> Any:
        resolver: Resolver = getattr(importlib.import_module(self._module), self._constant)
        return getattr(resolver, self._function)(*arguments)


def reader_index() -> bytes:
    """What `INDEX` should hold; `docs/generate.py` writes it, and a test compares."""
    import orjson  # noqa: PLC0415 - not needed for a help text

    entries = []
    for name in module_names("bomvet.resolvers"):
        for constant, value in vars(importlib.import_module(name)).items():
            if isinstance(value, Resolver):
                about = {"globs": value.globs, "folders": value.folders, "locks": value.locks}
                about["searches"] = value.search is not None
                entries.append({"id": value.id, "title": value.title, "module": name, "constant": constant, **about})
    entries.sort(key=lambda entry: str(entry["id"]))
    files = plugin_files(os.path.join(os.path.dirname(__file__), "resolvers"))
    return orjson.dumps({"files": files, "resolvers": entries}, option=orjson.OPT_INDENT_2) + b"\n"


def plugin_files(folder: str) -> list[str]:
    """The modules in `folder` and the packages in it that define plug-ins, as sorted paths."""
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and not name.startswith("_"):
            found.append(name)
        elif "." not in name and not name.startswith("_"):
            found += [f"{name}/{inner}" for inner in plugin_files(os.path.join(folder, name))]
    return found


def module_names(package: str) -> list[str]:
    """The modules below `package` that define plug-ins: all but packages and names with a leading underscore."""
    root = importlib.import_module(package)
    infos = pkgutil.walk_packages(root.__path__, package + ".")
    return sorted(i.name for i in infos if not i.ispkg and not i.name.rpartition(".")[2].startswith("_"))


def load(package: str, id_: str, kind: type[_P]) -> _P | None:
    """The `kind` called `id_`, importing as little as possible: the module of that name first."""
    name = f"{package}.{id_.replace('-', '_')}"
    if name in module_names(package):
        for plugin in _constants(importlib.import_module(name), kind):
            if plugin.id == id_:
                return plugin
    return next((p for p in discover(package, kind) if p.id == id_), None)


def ordered(enrichers: Iterable[Enricher]) -> list[Enricher]:
    """`enrichers` so that each comes after those it names; ties in id order.  Raises `TypeError` on a cycle."""
    from graphlib import CycleError, TopologicalSorter  # noqa: PLC0415 - an SBOM needs no enricher

    by_id = {e.id: e for e in sorted(enrichers, key=lambda e: e.id)}
    graph = {e.id: [a for a in e.after if a in by_id] for e in by_id.values()}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise TypeError(f"enrichers wait for each other: {' -> '.join(error.args[1])}") from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return [by_id[id_] for id_ in order]


def _constants(module: Any, kind: type[_P]) -> list[_P]:
    """The plug-ins that `module` defines; an entry point may also name a plug-in itself."""
    values = vars(module).values() if isinstance(module, ModuleType) else [module]
    return [value for value in values if isinstance(value, kind)]


def _add(found: dict[str, tuple[_P, str]], plugins: Iterable[_P], module: str) -> None:
    for plugin in plugins:
        known = found.setdefault(plugin.id, (plugin, module))
        if known[0] is not plugin:
            raise TypeError(f"{module} and {known[1]} both define {plugin.id!r}")


def _foreign_modules() -> list[tuple[str, Any]]:
    """Modules that other distributions name under the entry-point group."""
    # importlib.metadata costs more to import than the whole of a small scan; a look at the files tells
    # whether there is anything to load at all.
    if not any(map(_mentions_plugins, sys.path)):
        return []
    from importlib.metadata import entry_points  # noqa: PLC0415 - see above

    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value))
    return [(point.value, _loaded(point)) for point in points]


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:
        # What a plug-in would have found must not be missing in silence.
        owner = point.dist.name if point.dist else point.name
        raise UsageError(
            f"the plug-in {point.value} of {owner} cannot be loaded: {type(error).__name__}: {error}",
            hint=f"upgrade or uninstall {owner}",
        ) from error


def _mentions_plugins(folder: str) -> bool:
    try:
        names = [n for n in os.listdir(folder or ".") if n.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return False  # absent, or a zip archive, which bomvet does not load plug-ins from
    return any(ENTRY_POINTS.encode() in _entry_points_text(os.path.join(folder, n)) for n in names)


def _entry_points_text(metadata: str) -> bytes:
    try:
        descriptor = os.open(os.path.join(metadata, "entry_points.txt"), os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 1_000_000)
    finally:
        os.close(descriptor)
