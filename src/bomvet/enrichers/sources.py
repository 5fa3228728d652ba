"""Where packages come from, seen over all of them: what is configured, what all others do, and who stands out.

Nothing is asked of anybody.  No registry is known by name: which ones are right is what the project's own clients
are configured for and what the policy names; where nothing is, it is what nearly all packages of the lock do.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.facts import Facts, SourceAnswer
from bomvet.model.purl import parts
from bomvet.model.result import PluginStatus, Status
from bomvet.plugin import Context, Enriched, Enricher

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bomvet.model.inventory import Component, Inventory, Registry

ID = "sources"
_WEAK = frozenset({"md5", "sha1"})
#: Yarn's own digest of what it made of the package.
_CHECKSUM = "bomvet:yarn-checksum"
#: Qualifiers of packages that come from no registry.
_ELSEWHERE = frozenset({"vcs_url", "download_url", "file_name"})
#: Components that come only for some machines; a lock may lack the hashes of those for others.
_CONDITIONS = frozenset({"bomvet:os", "bomvet:cpu", "bomvet:libc"})
#: What is not judged by its hash: it lies in the file of another package, or in the tree.
_WITHOUT_FILE = frozenset({"bomvet:bundled", "bomvet:link"})
#: pip looks for its configuration in no project: where the file lies says nothing.
_PIP_FILES = ("pip.conf", "pip.ini")
#: Files that tell pip itself where to look, rather than record where something was found.
_TELLING = (".txt", ".in")
#: How few of all packages of a lock stand out, where nothing says what is right.
_FEW, _SHARE = 2, 0.01
#: So many have to do alike before one that does otherwise stands out.
_CROWD = 10
_MOST = 0.9
#: Of what is listed in an answer, no more than so many; who makes a lock with more is not to be listened to.
_LISTED = 8


class _Item(NamedTuple):
    """A third-party component that is installed from some file."""

    component: Component
    ecosystem: str
    #: npm's, with the @; empty for others.
    scope: str
    name: tuple[str, str, str]
    registries: tuple[str, ...]
    extra: tuple[str, ...]
    from_registry: bool
    hashed: bool
    guarded: bool
    conditional: bool
    #: Stated by what tells the client where to look.
    told: bool


def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:  # noqa: ARG001 - the signature
    """An answer for every component whose source stands out."""
    items = [_item(c) for c in inventory.components if not c.first_party]
    book = _Book([item for item in items if item], inventory.registries, context.registries)
    answers = {item.component.purl: answer for item in book.items if (answer := book.answer(item)) != _ORDINARY}
    return Enriched(facts=Facts(sources=MappingProxyType(answers)), status=PluginStatus(id=ID, status=Status.OK))


_ORDINARY = SourceAnswer()


def _item(component: Component) -> _Item | None:
    properties = component.properties
    if any(name in _WITHOUT_FILE for name, _ in properties):
        return None
    purl = parts(component.purl)
    algorithms = {h.algorithm for h in component.hashes}
    algorithms |= {h.algorithm for file in component.distributions for h in file.hashes}
    algorithms |= {name for name, _ in properties if name == _CHECKSUM}
    return _Item(
        component=component,
        ecosystem=purl.type,
        scope=purl.namespace if purl.namespace.startswith("@") else "",
        name=purl[:3],
        registries=tuple(value for name, value in properties if name == "bomvet:registry" and value),
        extra=tuple(value for name, value in properties if name == "bomvet:extra-registry" and value),
        from_registry=not any(name in _ELSEWHERE for name, _ in purl.qualifiers),
        hashed=bool(algorithms),
        guarded=bool(algorithms - _WEAK),
        conditional=any(name in _CONDITIONS for name, _ in properties),
        told=bool(component.locations) and all(place.path.endswith(_TELLING) for place in component.locations),
    )


def _plain(url: str) -> str:
    """A URL as it is compared: a trailing slash and how the connection is made say nothing of what is behind it."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/") if separator else (scheme, "", "")
    return f"{host.lower()}{slash}{path}".rstrip("/")


class _Allowed(NamedTuple):
    """What the components of a folder may come from; `default` where the client's own is replaced."""

    urls: Mapping[str, str]
    basis: tuple[str, ...]
    default: bool
    #: Some of it is left to the environment.
    open: bool


class _Book:
    """All components, and what is said of registries."""

    def __init__(self, items: Sequence[_Item], registries: Sequence[Registry], policy: Sequence[str]) -> None:
        self.items = items
        self._policy = {_plain(url): url for url in policy}
        self._pip_extras = [r.url for r in registries if r.url and not r.default and _is_pips(r)]
        #: By ecosystem, folder and scope.
        self._stated: dict[tuple[str, str, str], list[Registry]] = defaultdict(list)
        for registry in registries:
            folder = "" if _is_pips(registry) else posixpath.dirname(registry.location.path)
            self._stated[registry.ecosystem, folder, registry.scope].append(registry)
        self._by_folder: dict[tuple[str, str, str], _Allowed] = {}

    def answer(self, item: _Item) -> SourceAnswer:
        """What sets `item` apart."""
        allowed = self._allowed(item)
        foreign, expected, basis, certain = self._foreign(item, allowed)
        return SourceAnswer(
            foreign=foreign,
            expected=expected,
            basis=basis,
            certain=certain,
            rivals=self._rivals(item, allowed),
            hosts=self._strange_hosts.get(item.component.purl, ()),
            hashed=0 if item.hashed else self._hashed_alike(item),
        )

    # -- what is configured ------------------------------------------------------------------------------------

    def _allowed(self, item: _Item) -> _Allowed:
        """What applies to a component by any of the places that state it."""
        found = [self._in_folder(item.ecosystem, item.scope, folder) for folder in _folders(item.component)]
        urls = {plain: url for one in found for plain, url in one.urls.items()}
        basis = tuple(dict.fromkeys(place for one in found for place in one.basis))
        return _Allowed(urls, basis, all(one.default for one in found) and bool(found), any(one.open for one in found))

    def _in_folder(self, ecosystem: str, scope: str, folder: str) -> _Allowed:
        known = self._by_folder.get((ecosystem, scope, folder))
        if known is None:
            known = self._by_folder[ecosystem, scope, folder] = self._configured(ecosystem, scope, folder)
        return known

    def _configured(self, ecosystem: str, scope: str, folder: str) -> _Allowed:
        own = self._applying(ecosystem, scope, folder) if scope else []
        chosen = own or self._applying(ecosystem, "", folder)
        urls = {_plain(r.url): r.url for r in chosen if r.url}
        basis = [str(r.location) for r in chosen if r.url] + (["the policy"] if self._policy else [])
        return _Allowed(
            urls={**urls, **self._policy},
            basis=tuple(basis),
            default=bool(own or self._policy) or any(r.default for r in chosen),
            open=any(not r.url for r in chosen),
        )

    def _applying(self, ecosystem: str, scope: str, folder: str) -> list[Registry]:
        """What is stated in `folder` and above."""
        return [r for place in _upwards(folder) for r in self._stated.get((ecosystem, place, scope), ())]

    # -- who stands out ----------------------------------------------------------------------------------------

    def _foreign(self, item: _Item, allowed: _Allowed) -> tuple[tuple[str, ...], tuple[str, ...], str, bool]:
        """The registries that it should not come from, those it should, whose word that is and whether it is sure."""
        nothing = (), (), "", False
        others = [url for url in item.registries if _plain(url) not in allowed.urls]
        if not others or allowed.open or not item.from_registry or (item.told and not self._policy):
            return nothing
        if allowed.default:
            expected = tuple(sorted(allowed.urls.values()))[:_LISTED]
            return tuple(others), expected, ", ".join(allowed.basis[:_LISTED]), True
        odd = [url for url in others if self._stands_out(item, url)]
        if not odd:
            return nothing
        usual = {self._usual[path] for path in _paths(item.component)}
        return tuple(odd), tuple(sorted(usual - {""})), "all others", False

    @cached_property
    def _usual(self) -> dict[str, str]:
        """By lock the registry of nearly all packages of which nothing says where they should be from.

        Empty where they state none: they come from the client's own.
        """
        found: dict[str, str] = {}
        spelt = {_plain(url): url for item in self.items for url in item.registries}
        for path, counts in self._counts.items():
            plain, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            if count >= max(_CROWD, _MOST * sum(counts.values())):
                found[path] = spelt.get(plain, "")
        return found

    @cached_property
    def _counts(self) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for item in self.items:
            if item.from_registry:
                allowed = self._allowed(item).urls
                plain = {name for name in map(_plain, item.registries or ("",)) if name not in allowed}
                for path in _paths(item.component):
                    found[path].update(plain)
        return found

    def _stands_out(self, item: _Item, url: str) -> bool:
        """Whether so few come from there, in every lock that states it.

        A registry that is the only one for a scope is that scope's own.  Locks of npm packages that state no
        registry of most state the same one of others, where these were asked for by a URL.
        """
        plain = _plain(url)
        for path in _paths(item.component):
            counts, usual = self._counts[path], self._usual.get(path)
            few = counts[plain] <= max(_FEW, _SHARE * sum(counts.values()))
            if usual is None or not few or _plain(usual) == plain or (item.ecosystem == "npm" and not usual):
                return False
        return not (item.scope and self._scopes[item.ecosystem, item.scope] == {plain})

    @cached_property
    def _scopes(self) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for item in self.items:
            found[item.ecosystem, item.scope].update(map(_plain, item.registries))
        return found

    # -- who else has the name ---------------------------------------------------------------------------------

    def _rivals(self, item: _Item, allowed: _Allowed) -> tuple[str, ...]:
        """Other registries that the name is or may be taken from, unless a hash decides or somebody has chosen."""
        if not item.from_registry:
            return ()
        rivals = set[str]()
        if not item.guarded:
            # Where pip's configuration adds an index, no lock says where the package comes from.
            of_pip = item.ecosystem == "pypi" and not item.registries
            rivals.update(item.extra, self._pip_extras if of_pip else ())
        named = self._by_name[item.name]
        if len(named) > 1 and any(plain not in allowed.urls for plain in named):
            rivals.update(named.values())
        own = set(map(_plain, item.registries[:1]))
        return tuple(sorted(url for url in rivals if _plain(url) not in own))[:_LISTED]

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], dict[str, str]]:
        found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        for item in self.items:
            if item.from_registry and len(found[item.name]) <= _LISTED:
                found[item.name].update((_plain(url), url) for url in item.registries)
        return found

    # -- files -------------------------------------------------------------------------------------------------

    @cached_property
    def _strange_hosts(self) -> dict[str, tuple[str, ...]]:
        """By purl the hosts of files that no other package of the registry has, where all others share one."""
        by_registry: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for item in self.items:
            for registry in item.registries if item.from_registry else ():
                for file in item.component.distributions:
                    if "://" in file.url:
                        by_registry[_plain(registry)][_plain(file.url).partition("/")[0]].add(item.component.purl)
        found: dict[str, list[str]] = defaultdict(list)
        for registry, hosts in by_registry.items():
            for purl, host in _alone(registry, hosts):
                found[purl].append(host)
        return {purl: tuple(sorted(hosts)) for purl, hosts in found.items()}

    def _hashed_alike(self, item: _Item) -> int:
        """How many of the same lock and registry have a hash, where that makes a package without one stand out."""
        hashed, total = max((self._hashes[key] for key in _alike(item)), default=(0, 0))
        # A lock of Yarn has no hashes of packages for other machines than that which wrote it.
        return 0 if item.conditional and hashed < _MOST * total else hashed

    @cached_property
    def _hashes(self) -> dict[tuple[str, str, bool], tuple[int, int]]:
        """Components with a hash, and all, by lock file, registry ("" for any) and whether for some machines only."""
        hashed, total = Counter[tuple[str, str, bool]](), Counter[tuple[str, str, bool]]()
        for item in self.items:
            if item.from_registry:
                keys = {*_alike(item), *(("", path, item.conditional) for path in _paths(item.component))}
                total.update(keys)
                hashed.update(keys if item.hashed else ())
        return defaultdict(lambda: (0, 0), {key: (hashed[key], total[key]) for key in total})


def _alike(item: _Item) -> Iterator[tuple[str, str, bool]]:
    """What a component is counted under; nothing where it comes from no registry."""
    for path in _paths(item.component) if item.from_registry else ():
        for registry in item.registries or ("",):
            yield _plain(registry), path, item.conditional


def _paths(component: Component) -> set[str]:
    return {place.path for place in component.locations}


def _folders(component: Component) -> set[str]:
    return {posixpath.dirname(path) for path in _paths(component)} or {""}


def _is_pips(registry: Registry) -> bool:
    return posixpath.basename(registry.location.path).lower() in _PIP_FILES


def _upwards(folder: str) -> Iterator[str]:
    """`folder` and those above it."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _alone(registry: str, hosts: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """The packages with a host of their own, where nearly all others share one and it is none of the registry's."""
    usual, crowd = max(hosts.items(), key=lambda pair: (len(pair[1]), pair[0]))
    everybody: set[str] = set().union(*hosts.values())
    if len(crowd) < max(_CROWD, _MOST * len(everybody)):
        return
    friends = [_family(usual), _family(registry.partition("/")[0])]
    for host, purls in hosts.items():
        if len(purls) == 1 and _family(host) not in friends:
            yield next(iter(purls)), host


def _family(host: str) -> str:
    """The last two labels, without the port."""
    return ".".join(host.partition(":")[0].split(".")[-2:])


SOURCES = Enricher(id=ID, title="where packages come from, by what is configured and what all others do", enrich=enrich)
