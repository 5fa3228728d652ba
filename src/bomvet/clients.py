"""Which registries the user's own package managers are set to, and how they log in there.

Only the user's own word counts: the environment and the files of the home directory, nothing of the scanned tree.
Read are, each stronger than those after it:

- `PIP_INDEX_URL`, `UV_DEFAULT_INDEX`, `UV_INDEX_URL`; `PIP_EXTRA_INDEX_URL`, `UV_INDEX` and `UV_EXTRA_INDEX_URL`,
- pip's configuration files, https://pip.pypa.io/en/stable/topics/configuration/,
- `NPM_CONFIG_REGISTRY`, and the user's `.npmrc`, https://docs.npmjs.com/cli/v11/configuring-npm/npmrc.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping

from bomvet.model.purl import percent_decoded, public_url
from bomvet.plugin import Client

#: The content of a file of the user's; None where there is none.
Read = Callable[[str], bytes | None]

_DEFAULTS = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_FURTHER = ("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_PIP_SETTING = re.compile(r"(?P<key>(?:extra[-_])?index[-_]url)\s*[=:]\s*(?P<value>\S.*)?", re.IGNORECASE).fullmatch
_PIP_SECTIONS = ("global", "install", "download", "index")
_USER = re.compile(r"(?P<scheme>https?://)(?P<user>[^/?#]*)@(?P<rest>.*)", re.DOTALL).fullmatch
_NPM_SETTING = re.compile(r"(?P<key>[^=\s]+)\s*=\s*(?P<value>.*)").fullmatch
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\??\}")
_HEADER_SAFE = re.compile(r"[\x20-\x7e]+").fullmatch


def own_clients(environ: Mapping[str, str], home: str, read: Read) -> tuple[Client, ...]:
    """The registries of the user whose home directory is `home`."""
    found: dict[tuple[str, str, str], Client] = {}
    for client in (*_pips(environ, home, read), *_npms(environ, home, read)):
        found.setdefault((client.ecosystem, client.url.rstrip("/"), client.scope), client)
    return tuple(found.values())


# -- pip and uv ------------------------------------------------------------------------------------------------


def _pips(environ: Mapping[str, str], home: str, read: Read) -> Iterator[Client]:
    defaults = [environ[name] for name in _DEFAULTS if environ.get(name)]
    further = [text for name in _FURTHER for text in environ.get(name, "").split()]
    for path in _pip_files(environ, home):
        for is_default, urls in _pip_settings((read(path) or b"").decode("utf-8", "replace")):
            (defaults if is_default else further).extend(urls)
    first, *rest = [*defaults[:1], *defaults[1:]] or [""]
    for number, text in enumerate([first, *rest, *further]):
        # `UV_INDEX` may give each a name: NAME=URL.
        named = text.partition("=")
        url = named[2] if "://" in named[2] and "/" not in named[0] else text
        if client := _client("pypi", url, default=not number):
            yield client


def _pip_files(environ: Mapping[str, str], home: str) -> Iterator[str]:
    """The strongest first."""
    stated = environ.get("PIP_CONFIG_FILE", "")
    if stated == "/dev/null":  # pip's word for none
        return
    yield from [stated] if stated else []
    yield f"{environ.get('XDG_CONFIG_HOME') or f'{home}/.config'}/pip/pip.conf"
    yield f"{home}/.pip/pip.conf"
    yield "/etc/pip.conf"


def _pip_settings(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Whether a setting is that of the default, and the URLs that it has; a value may go on in indented lines."""
    section, is_default = "", False
    values: list[str] = []
    for line in [*text.splitlines(), "["]:
        bare = line.strip()
        if values and line[:1].isspace() and bare:
            values += bare.split()
            continue
        if values:
            yield is_default, values
        values = []
        if bare.startswith("["):
            section = bare.strip("[]").strip().lower()
        elif (match := _PIP_SETTING(bare)) and section in _PIP_SECTIONS:
            is_default = not match["key"].lower().startswith("extra")
            values = (match["value"] or "").split() or [""]


# -- npm -------------------------------------------------------------------------------------------------------


def _npms(environ: Mapping[str, str], home: str, read: Read) -> Iterator[Client]:
    lower = {key.lower(): value for key, value in environ.items() if key.lower().startswith("npm_config_")}
    path = lower.get("npm_config_userconfig") or f"{home}/.npmrc"
    settings = dict(_npm_settings((read(path) or b"").decode("utf-8", "replace"), environ))
    registries = [("", lower.get("npm_config_registry") or settings.get("registry", ""))]
    registries += [(key.partition(":")[0], value) for key, value in settings.items() if _is_scope(key)]
    for scope, url in registries:
        if client := _client("npm", url, scope=scope, headers=_login(settings, url)):
            yield client


def _is_scope(key: str) -> bool:
    return key.startswith("@") and key.endswith(":registry")


def _npm_settings(text: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Keys and values, with the variables of the environment in their places."""
    for line in text.splitlines():
        match = _NPM_SETTING(line.strip())
        if match and not line.lstrip().startswith(("#", ";")):
            value = match["value"].strip().strip("\"'")
            yield match["key"], _VARIABLE.sub(lambda name: environ.get(name["name"], ""), value)


def _login(settings: Mapping[str, str], url: str) -> tuple[tuple[str, str], ...]:
    """What `//HOST/PATH/:_authToken` and its like say for this registry, the longest path first."""
    prefix = f"//{public_url(url).partition('://')[2].rstrip('/')}/"
    while prefix.count("/") > 2:  # noqa: PLR2004 - two are before the host
        own = {key: settings[f"{prefix}:{key}"] for key in _LOGINS if settings.get(f"{prefix}:{key}")}
        if "_authToken" in own:
            return _authorization(f"Bearer {own['_authToken']}")
        if "_auth" in own:
            return _authorization(f"Basic {own['_auth']}")
        if "username" in own and "_password" in own:
            return _basic(own["username"], _decoded(own["_password"]))
        prefix = f"{prefix.rstrip('/').rpartition('/')[0]}/"
    return ()


_LOGINS = ("_authToken", "_auth", "username", "_password")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


# -- both ------------------------------------------------------------------------------------------------------


def _client(
    ecosystem: str, text: str, *, scope: str = "", default: bool = True, headers: tuple[tuple[str, str], ...] = ()
) -> Client | None:
    """The registry at the URL `text`, whose user and password become a header; None where it is no web URL."""
    if not text.startswith(("https://", "http://")):
        return None
    match = _USER(text)
    if match:
        user, _, password = match["user"].partition(":")
        headers = headers or _basic(percent_decoded(user), percent_decoded(password))
        text = f"{match['scheme']}{match['rest']}"
    url = public_url(text)
    return Client(ecosystem, url, scope, default, headers) if url else None


def _basic(user: str, password: str) -> tuple[tuple[str, str], ...]:
    return _authorization(f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


def _authorization(value: str) -> tuple[tuple[str, str], ...]:
    """The header, unless it would be broken."""
    return (("authorization", value),) if _HEADER_SAFE(value) else ()
