"""What lets the user in at registries: the configuration of Docker, and what registries ask for (RFC 9110, 11).

Read is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`, of which `auths` alone counts: credential helpers
are programs, and bomvet runs none.  Source: https://docs.docker.com/reference/cli/docker/login/.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from bomvet.provenance._references import is_loopback

#: The content of a file of the user's; None where there is none.
Read = Callable[[str], bytes | None]

# How Docker's own configuration calls the default registry, for historical reasons.
_DEFAULT_KEYS = ("index.docker.io", "registry-1.docker.io")
_DEFAULT = "docker.io"
_HEADER_SAFE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?").fullmatch
MAX_CHALLENGE = 4096
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the grammar's name for a word
_WORD = re.compile(rf"\s*,?\s*(?P<name>{_TOKEN})(?:\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>{_TOKEN})))?")


class Login(NamedTuple):
    """How to log in at one registry: a user's name and password, or a token that is for the registry itself.

    `problem` says why there is neither, where the configuration speaks of one.
    """

    user: str = ""
    password: str = ""
    token: str = ""
    problem: str = ""

    def __repr__(self) -> str:
        """Without the secrets: it may stand in an error message."""
        return f"Login({self.user!r}, problem={self.problem!r})"

    @property
    def basic(self) -> str:
        """The value of an `Authorization` header; empty where there is no user."""
        if not self.user:
            return ""
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


class Logins:
    """The user's logins by registry."""

    def __init__(self, config: Mapping[str, Any] | None = None, *, problem: str = "") -> None:
        self._config, self._problem = config or {}, problem

    @classmethod
    def read(cls, environ: Mapping[str, str], home: str, read: Read) -> Logins:
        """Those of the user whose home directory is `home`; a file that cannot be understood is told of later."""
        import orjson  # noqa: PLC0415 - as in all edges

        path = f"{environ.get('DOCKER_CONFIG') or f'{home}/.docker'}/config.json"
        try:
            config = orjson.loads(read(path) or b"{}")
        except orjson.JSONDecodeError:
            return cls(problem=f"{path} is not JSON")
        return cls(config) if isinstance(config, dict) else cls(problem=f"{path} is no configuration of Docker")

    def at(self, registry: str, repository: str = "") -> Login:
        """The login of `registry`: that of the longest path which the repository lies in, else of the whole host."""
        auths = _mapping(self._config.get("auths"))
        named = {_key(key): _mapping(value) for key, value in auths.items()}
        path = f"{registry}/{repository}".rstrip("/")
        while "/" in path and path not in named:
            path = path.rpartition("/")[0]
        found = _login(named.get(path, {}))
        if found.user or found.token:
            return found
        return Login(problem=self._problem or found.problem or self._helper(registry))

    def _helper(self, registry: str) -> str:
        helpers = {_key(key): value for key, value in _mapping(self._config.get("credHelpers")).items()}
        name = helpers.get(registry) or self._config.get("credsStore")
        if not isinstance(name, str) or not name:
            return ""
        return f"the login is kept by the program docker-credential-{name}, which bomvet does not run"


def _key(text: str) -> str:
    """`https://index.docker.io/v1/` and its like as the name of a registry, and of a path in it where there is one."""
    bare = text.partition("://")[2] or text
    host, _, path = bare.strip("/").partition("/")
    host = _DEFAULT if host in _DEFAULT_KEYS else host
    return f"{host}/{path}" if path not in ("", "v1", "v2") else host


def _login(entry: Mapping[str, Any]) -> Login:
    user, password = entry.get("username"), entry.get("password")
    if isinstance(auth := entry.get("auth"), str) and auth:
        try:
            user, _, password = base64.b64decode(auth, validate=True).decode().rstrip("\0").partition(":")
        except ValueError:
            return Login(problem="the login in the configuration of Docker cannot be decoded")
    token = entry.get("registrytoken")
    if isinstance(token, str) and token:
        return Login(token=token)
    if isinstance(entry.get("identitytoken"), str) and entry["identitytoken"]:
        return Login(problem="the login is an identity token, which is not exchanged here: log in with a password")
    if isinstance(user, str) and user and isinstance(password, str):
        return Login(user, password)
    return Login()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


# -- what a registry asks for ----------------------------------------------------------------------------------


def challenges(header: str) -> dict[str, dict[str, str]]:
    """The schemes that a `WWW-Authenticate` offers, in lower case, each with its parameters; the first of each."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for match in _WORD.finditer(header[:MAX_CHALLENGE]):
        name = match["name"].lower()
        if match["quoted"] is None and match["plain"] is None:
            current = {}
            found.setdefault(name, current)
        else:
            value = match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
            current.setdefault(name, value)
    return found


def token_url(parameters: Mapping[str, str], registry: str, repository: str) -> str:
    """Where a token to read `repository` is to be had; raises `ValueError` where nobody may be sent a login.

    The scope is ours, not what the registry says: no more than to read, and this alone.
    """
    realm = parameters.get("realm", "")
    try:
        parts = urlsplit(realm)
        host, netloc = parts.hostname or "", parts.netloc
    except ValueError:
        raise ValueError("its address for tokens is no URL") from None
    local = is_loopback(f"[{host}]" if ":" in host else host)
    if not host or "@" in netloc or parts.fragment or not realm.isascii() or re.search(r"[\s\\]", realm):
        raise ValueError("its address for tokens is no URL that may be asked")
    if local and not is_loopback(registry):
        raise ValueError("its address for tokens is on this machine, which it has no business with")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("its address for tokens is not https, and would give the login away")
    query = {"service": parameters["service"]} if parameters.get("service") else {}
    query["scope"] = f"repository:{repository}:pull"
    return f"{realm}{'&' if parts.query else '?'}{urlencode(query)}"


def bearer(data: bytes) -> str:
    """The header that an answer of a token service is good for; raises `ValueError` where there is no token in it."""
    import orjson  # noqa: PLC0415 - as in all edges

    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str) or not _HEADER_SAFE(token):
        raise ValueError("its service for tokens gave none")
    return f"Bearer {token}"
