"""Which registry is asked about a package, if any.

What a lock states is no reason to connect anywhere: whoever can write it would have us knock on doors of the inside,
or send the names of private packages to strangers.  So only these are asked:

- what the user's own package managers are set to, with what lets the user in there, and nowhere else,
- what the policy names, and
- the public registry of the ecosystem, about packages of which nothing says that they are from elsewhere.

Which host the public registry has is known to the purl library, not to us.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bomvet.model.purl import parts, percent_encoded, public_url, pypi_name
from bomvet.plugin import Client, Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.model.inventory import Component, Registry

_ECOSYSTEMS = ("pkg:pypi/", "pkg:npm/")
#: Qualifiers of packages that come from no registry, and so have no release.
_ELSEWHERE = frozenset({"vcs_url", "download_url", "file_name"})
#: What lies in the file of another package, or in the tree.
_WITHOUT_FILE = frozenset({"bomvet:bundled", "bomvet:link"})
_PIP_FILES = ("pip.conf", "pip.ini")
_PYPI_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,212}[a-z0-9])?").fullmatch
_NPM_PART = re.compile(r"(?!\.)[A-Za-z0-9._~!'()*-]{1,214}").fullmatch
_LOOPBACK = re.compile(r"(?:127(?:\.[0-9]{1,3}){3}|localhost|\[::1\])(?::[0-9]+)?").fullmatch
#: A host on the internet, as a name with its zone.
_PUBLIC_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*(?::[0-9]+)?").fullmatch
_INSIDE = (".local", ".localhost", ".internal", ".home.arpa", ".intranet", ".lan")


def is_release(component: Component) -> bool:
    """Whether `component` is what a registry has: somebody else's package that comes as a file of its own."""
    if component.first_party or not component.purl.startswith(_ECOSYSTEMS):
        return False
    # What one lock bundles another may fetch; and whoever writes a lock may say of anything that it is bundled.
    own_file = component.hashes or component.distributions
    if not own_file and any(name in _WITHOUT_FILE for name, _ in component.properties):
        return False
    return "?" not in component.purl or all(q not in _ELSEWHERE for q, _ in parts(component.purl).qualifiers)


class Choice(NamedTuple):
    """The page of a package in a registry; `certain` where it is where the package comes from, and no guess."""

    url: str
    host: str
    certain: bool
    headers: tuple[tuple[str, str], ...]


class Chooser:
    """Knows what is said of registries by whom."""

    def __init__(self, registries: Sequence[Registry], context: Context) -> None:
        self._clients = {(c.ecosystem, plain(c.url)): c for c in context.clients}
        self._defaults = {(c.ecosystem, c.scope): c for c in context.clients if c.default}
        self._policy = {plain(url): url for url in context.registries}
        #: By ecosystem, folder and scope.
        self._stated: dict[tuple[str, str, str], list[Registry]] = defaultdict(list)
        for registry in registries:
            is_pips = posixpath.basename(registry.location.path).lower() in _PIP_FILES
            folder = "" if is_pips else posixpath.dirname(registry.location.path)
            self._stated[registry.ecosystem, folder, registry.scope].append(registry)

    def choose(self, component: Component) -> Choice | str:
        """Where to ask about `component`, or why nobody is asked."""
        purl = parts(component.purl)
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        path = _path(purl.type, name)
        if not path:
            return "a registry cannot have a package of this name"
        scope = purl.namespace if purl.type == "npm" else ""
        stated = [value for key, value in component.properties if key == "bomvet:registry" and value]
        stated += [value for key, value in purl.qualifiers if key == "repository_url"]
        places = stated or self._configured(component, purl.type, scope)
        if not places:
            return _choice(self._default(purl.type, scope), path, certain=False)
        found = [self._allowed(purl.type, scope, url) for url in places]
        clients = [client for client in found if isinstance(client, Client)]
        if not clients:
            return str(found[0])
        return _choice(clients[0], path, certain=bool(stated))

    def _configured(self, component: Component, ecosystem: str, scope: str) -> list[str]:
        """What the project's own configuration has in the place of the client's registry."""
        folders = {folder for place in component.locations for folder in _upwards(posixpath.dirname(place.path))}
        found = [r for folder in sorted(folders) for r in self._stated.get((ecosystem, folder, scope), ())]
        if scope and not found:
            found = [r for folder in sorted(folders) for r in self._stated.get((ecosystem, folder, ""), ())]
        return [r.url for r in found if r.url and (r.default or r.scope)]

    def _default(self, ecosystem: str, scope: str) -> Client:
        """What the user's client asks where nothing is said."""
        own = self._defaults.get((ecosystem, scope)) or self._defaults.get((ecosystem, ""))
        return own or Client(ecosystem, public_registry(ecosystem))

    def _allowed(self, ecosystem: str, scope: str, url: str) -> Client | str:
        """The registry at `url`, or why it is not asked."""
        own = self._clients.get((ecosystem, plain(url)))
        if own:
            return own
        public = public_registry(ecosystem)
        if _host(url) == _host(public):
            # A mirror stands in for the public registry: so do the clients take it.
            return self._default(ecosystem, scope)
        named = self._policy.get(plain(url))
        if not named:
            return f"{public_url(url)[:200]} was not asked: neither your package managers nor `registries` name it"
        if not _is_outside(named):
            return f"{public_url(named)[:200]} was not asked: the policy may name https:// on the internet alone"
        return Client(ecosystem, public_url(named))


def plain(url: str) -> str:
    """A URL as it is compared."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/") if separator else (scheme, "", "")
    return f"{host.rpartition('@')[2].lower()}{slash}{path}".rstrip("/")


def _host(url: str) -> str:
    return plain(url).partition("/")[0]


def may_be_asked(url: str) -> bool:
    """Whether a connection is safe from being overheard: HTTPS, or HTTP that does not leave the machine."""
    return url.startswith("https://") or (url.startswith("http://") and bool(_LOOPBACK(_host(url))))


def _is_outside(url: str) -> bool:
    host = _host(url)
    inside = host.partition(":")[0].endswith(_INSIDE)
    return url.startswith("https://") and bool(_PUBLIC_HOST(host)) and not inside


def _choice(client: Client, path: str, *, certain: bool) -> Choice | str:
    if not may_be_asked(client.url):
        return f"{client.url[:200]} was not asked: it is no https:// URL"
    return Choice(f"{client.url.rstrip('/')}/{path}", _host(client.url), certain, client.headers)


def _path(ecosystem: str, name: str) -> str:
    """Where the package has its page; empty where it can have none, such as `..`."""
    if ecosystem == "pypi":
        normal = pypi_name(name)
        return f"{normal}/" if _PYPI_NAME(normal) else ""
    scope, slash, own = name.rpartition("/")
    if not _NPM_PART(own) or (slash and not (scope.startswith("@") and _NPM_PART(scope[1:]))):
        return ""
    return f"{scope}%2F{percent_encoded(own)}" if slash else percent_encoded(own)


@lru_cache(maxsize=8)
def public_registry(ecosystem: str) -> str:
    """The URL of the registry that the clients of `ecosystem` ask by default; empty where it is not known."""
    from packageurl.contrib import purl2url  # noqa: PLC0415 - only where a registry is asked

    purl = f"pkg:{ecosystem}/a@1"
    found = purl2url.get_download_url(purl) or purl2url.get_repo_url(purl)  # type: ignore[no-untyped-call]
    return f"https://{_host(str(found))}{'/simple' if ecosystem == 'pypi' else ''}"


def _upwards(folder: str) -> list[str]:
    found = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found
