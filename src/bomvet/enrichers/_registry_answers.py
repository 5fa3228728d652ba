"""Pages of registries: what they say of a release.

Sources: the Simple API in JSON (PEP 691) with versions and times (PEP 700), yanked files (PEP 592) and the status
of projects (PEP 792), https://packaging.python.org/en/latest/specifications/simple-repository-api/; npm's pages of a
package, https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import Release
from bomvet.model.purl import pypi_name
from bomvet.model.records import replace
from bomvet.versions.filenames import file_version

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Words of others are cut here; who needs more looks at the registry.
_LONGEST = 300
_MOST_MAINTAINERS = 50
_STATES = frozenset({"active", "archived", "quarantined", "deprecated"})
#: npm puts this in the place of a package that it removed.
_HOLDING = re.compile(r"0\.0\.[0-9]+-security(?:\.[0-9]+)?").fullmatch


#: Under which a file has the version that its name tells, as it is spelt there.
_VERSION = "\0version"


class Missing:
    """The registry has no such package."""


class PypiPage:
    """What an index says of a project."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        name = document.get("name")
        self._name = pypi_name(name) if isinstance(name, str) else ""

    def release(self, version: str) -> Release | None:
        """The release; None where there is no file of it."""
        from bomvet.versions.pep440 import PEP440  # noqa: PLC0415 - only where a registry is asked

        files = self._files.get(PEP440.canonical(version), [])
        if not files:
            return None
        yanked = [_said(file.get("yanked")) for file in files]
        return replace(
            self.project(),
            uploaded=min((u for file in files if (u := _text(file.get("upload-time")))), default=""),
            # As pip takes it: a release is yanked where all of its files are.
            yanked=next((words for words in yanked if words != "-"), "-") if all(yanked) else "",
        )

    def project(self) -> Release:
        """What is said of all of its releases."""
        state = _table(self._document.get("project-status"))
        status = _text(state.get("status"))
        return Release(
            status=status if status in _STATES else "active",
            status_reason=_text(state.get("reason")),
            latest=self._latest,
        )

    @cached_property
    def _files(self) -> dict[str, list[dict[str, Any]]]:
        """By canonical version."""
        from bomvet.versions.pep440 import PEP440  # noqa: PLC0415

        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for file in _list(self._document.get("files")):
            version = file_version(_text(_table(file).get("filename")), self._name)
            if version:
                found[PEP440.canonical(version)].append({**file, _VERSION: version})
        return found

    @property
    def _latest(self) -> str:
        """The newest final release that is not yanked."""
        from bomvet.versions.pep440 import PEP440, is_prerelease  # noqa: PLC0415

        keys = [
            (key, str(files[0][_VERSION]))
            for version, files in self._files.items()
            if (key := PEP440.key(version)) and not all(file.get("yanked") for file in files)
        ]
        final = [(key, version) for key, version in keys if not is_prerelease(key)]
        return max(final or keys)[1] if keys else ""


class NpmPage:
    """What a registry says of an npm package: all of it, or the short form that tells no times."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        #: Whether it tells when each version came.
        self.timed = isinstance(document.get("time"), dict)
        #: When anything of the package changed last.
        self.changed = _text(document.get("modified"))

    def release(self, version: str) -> Release | None:
        """The release; None where it is not, or no longer, there."""
        manifest = _table(self._document.get("versions")).get(version)
        if not isinstance(manifest, dict):
            return None
        maintainers = manifest.get("maintainers") or self._document.get("maintainers")
        return replace(
            self.project(),
            uploaded=_text(_table(self._document.get("time")).get(version)),
            deprecated=_said(manifest.get("deprecated")),
            maintainers=tuple(_people(maintainers)),
        )

    def project(self) -> Release:
        """What is said of all of its releases."""
        latest = _text(_table(self._document.get("dist-tags")).get("latest"))
        if _HOLDING(latest):
            return Release(status="quarantined", status_reason="npm holds the name for security", latest=latest)
        return Release(latest=latest)


Page = PypiPage | NpmPage


def read_page(ecosystem: str, body: bytes) -> Page:
    """The page that a registry of `ecosystem` answered with; raises `ValueError`."""
    import orjson  # noqa: PLC0415 - only where a registry is asked

    try:
        document = orjson.loads(body)
    except ValueError:
        raise ValueError("it is no JSON") from None
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - whatever is wrong with it
    wanted = "files" if ecosystem == "pypi" else "versions"
    if not isinstance(document.get(wanted), list if ecosystem == "pypi" else dict):
        raise ValueError(f"it has no {wanted}")  # noqa: TRY004 - the same
    return PypiPage(document) if ecosystem == "pypi" else NpmPage(document)


def _said(value: object) -> str:
    """Words, `-` where there is only a yes, empty for a no."""
    if isinstance(value, str):
        return _text(value) or ("-" if value else "")
    return "-" if value is True else ""


def _people(value: object) -> Iterator[str]:
    """The names, which identify them in the registry; e-mail addresses are nobody's business here."""
    for person in _list(value)[:_MOST_MAINTAINERS]:
        stated = person.get("name") if isinstance(person, dict) else person
        if name := _text(stated).partition("<")[0].strip():
            yield name


def _text(value: object) -> str:
    """One line of bounded length."""
    if not isinstance(value, str):
        return ""
    text = " ".join(value[: 4 * _LONGEST].split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
