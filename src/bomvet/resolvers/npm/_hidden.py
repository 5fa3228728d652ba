"""`node_modules/.package-lock.json`, the lock that npm hides in a folder of installed packages: what it put there."""

from __future__ import annotations

from typing import Any

from bomvet.resolvers._json import load_object

_TEXTS = ("name", "version", "resolved", "integrity", "deprecated")
_FLAGS = ("dev", "optional", "devOptional", "peer", "inBundle", "hasInstallScript", "link", "extraneous")


def hidden_entries(data: bytes) -> dict[str, dict[str, Any]]:
    """Per installed folder, as a path from the project (`node_modules/a`), what npm noted of it.

    An entry has those of `name` (only where it is not that of the folder), `version`, `resolved`, `integrity` and
    `deprecated` that are texts, and those of the flags of a lock that are set, as True.  Raises `MalformedError` where
    `data` is no JSON object; npm itself passes over a hidden lock that is older than the folders beside it.
    """
    packages = load_object(data).get("packages")
    table = packages if isinstance(packages, dict) else {}
    return {key: _entry(entry) for key, entry in table.items() if isinstance(entry, dict)}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    texts = {key: entry[key] for key in _TEXTS if isinstance(entry.get(key), str)}
    return texts | {key: True for key in _FLAGS if entry.get(key)}
