"""Which registries the clients of an npm project are configured for: `.npmrc`, `.yarnrc`, `.yarnrc.yml`, `bunfig.toml`.

Sources: https://docs.npmjs.com/cli/v11/configuring-npm/npmrc, https://classic.yarnpkg.com/docs/yarnrc,
https://yarnpkg.com/configuration/yarnrc, https://bun.sh/docs/runtime/bunfig.  Nothing but the URLs is taken: what
lets somebody in stands in the same files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import Inventory, Location, Registry
from bomvet.model.purl import public_url
from bomvet.plugin import FileTree, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

# Texts, which are compiled where there is such a file.
_NPMRC = r"[ \t]*(?:(?P<scope>@[^\s:=\"']+):)?registry[ \t]*=[ \t]*(?P<url>[^\r\n]*)"
_YARNRC = r"[ \t]*[\"']?(?:(?P<scope>@[^\s:\"']+):)?registry[\"']?[ \t]+(?P<url>[^\r\n]*)"
#: A key of a mapping at its depth, with a plain or quoted value, if any.
_YAML = r"(?P<indent> *+)[\"']?(?P<key>[\w@./-]++)[\"']?:(?:[ \t]++(?P<value>[^\r\n#]*+))?"


def parse_npmrc(tree: FileTree, path: str) -> Inventory:
    """`registry = URL` and `@scope:registry = URL`."""
    return _by_lines(tree, path, _NPMRC)


def parse_yarnrc(tree: FileTree, path: str) -> Inventory:
    """`registry "URL"` and `"@scope:registry" "URL"`."""
    return _by_lines(tree, path, _YARNRC)


def parse_yarnrc_yml(tree: FileTree, path: str) -> Inventory:
    """`npmRegistryServer`, at the top and in each of `npmScopes`."""
    found = []
    keys: list[tuple[int, str]] = []
    matches = re.compile(_YAML).match
    for number, line in enumerate(_lines(tree, path), start=1):
        match = matches(line)
        if not match:
            continue
        depth = len(match["indent"])
        while keys and keys[-1][0] >= depth:
            keys.pop()
        keys.append((depth, match["key"]))
        names = [name for _, name in keys]
        if names == ["npmRegistryServer"] and match["value"]:
            found.append(_registry(path, number, "", match["value"]))
        elif len(names) == 3 and names[0] == "npmScopes" and names[2] == "npmRegistryServer":  # noqa: PLR2004
            found.append(_registry(path, number, f"@{names[1].lstrip('@')}", match["value"] or ""))
    return Inventory(registries=tuple(found))


def parse_bunfig(tree: FileTree, path: str) -> Inventory:
    """`registry` of `[install]`, and `[install.scopes]`; raises `MalformedError`."""
    import tomli  # noqa: PLC0415 - only where there is such a file

    from bomvet.errors import MalformedError  # noqa: PLC0415

    try:
        document = tomli.loads("\n".join(_lines(tree, path)))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not TOML: {error}") from None
    install = _table(document.get("install"))
    found = [_bun(path, "", install.get("registry"))] if "registry" in install else []
    scopes = _table(install.get("scopes"))
    found += [_bun(path, f"@{name.lstrip('@')}", value) for name, value in sorted(scopes.items())]
    return Inventory(registries=tuple(found))


def _by_lines(tree: FileTree, path: str, pattern: str) -> Inventory:
    found = []
    matches = re.compile(pattern).match
    for number, line in enumerate(_lines(tree, path), start=1):
        if line.lstrip().startswith("["):
            break  # what stands in a section is somebody else's
        if match := matches(line):
            found.append(_registry(path, number, match["scope"] or "", match["url"]))
    return Inventory(registries=tuple(found))


def _lines(tree: FileTree, path: str) -> Iterator[str]:
    yield from tree.read(path).decode("utf-8", "replace").splitlines()


def _bun(path: str, scope: str, value: object) -> Registry:
    url = _table(value).get("url", value)
    return _registry(path, 0, scope, url if isinstance(url, str) else "")


def _registry(path: str, line: int, scope: str, text: str) -> Registry:
    """One that a variable of the environment is part of is not known."""
    text = text.strip().strip("\"'").strip()
    url = "" if "$" in text or "://" not in text else public_url(text)
    return Registry(ecosystem="npm", url=url, scope=scope, default=not scope, location=Location(path=path, line=line))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_READS = "the URLs of registries, for all packages or for a scope; nothing that lets somebody in"
_LIMITS = "what the user's own configuration or the environment says is not known"
NPMRC = Resolver(
    id="npm/npmrc",
    title=".npmrc of npm and pnpm",
    globs=("**/.npmrc",),
    parse=parse_npmrc,
    reads=_READS,
    limits=_LIMITS,
)
YARNRC = Resolver(
    id="npm/yarnrc", title=".yarnrc of Yarn 1", globs=("**/.yarnrc",), parse=parse_yarnrc, reads=_READS, limits=_LIMITS
)
YARNRC_YML = Resolver(
    id="npm/yarnrc-yml",
    title=".yarnrc.yml of Yarn 2 and later",
    globs=("**/.yarnrc.yml",),
    parse=parse_yarnrc_yml,
    reads=_READS,
    limits=_LIMITS,
)
BUNFIG = Resolver(
    id="npm/bunfig",
    title="bunfig.toml of Bun",
    globs=("**/bunfig.toml",),
    parse=parse_bunfig,
    reads=_READS,
    limits=_LIMITS,
)
