"""The `attestation-identities` of a `pylock.toml` as identities of the lock, and back.

A lock states the publisher object that PyPI gave with the attestations of a package.  Its `environment` stands in no
certificate and is not compared.  Sources: PEP 751 (`packages.attestation-identities`), PEP 740 and the publishers of
https://github.com/pypi/pypi-attestations.
"""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from bomvet.model.globs import matches
from bomvet.model.inventory import Location
from bomvet.model.provenance import LockedIdentity
from bomvet.model.toml_writer import toml_string

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bomvet.model.inventory import Component

GITHUB, GITLAB, GOOGLE = (
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://accounts.google.com",
)
_GITHUB_WORKFLOWS = ".github/workflows/"
_GITHUB_HOST, _GITLAB_HOST = "https://github.com/", "https://gitlab.com/"
_CIRCLECI = "https://circleci.com/api/v2/projects/{project_id}/pipeline-definitions/{pipeline_definition_id}"
_FILES = ("**/pylock.toml", "**/pylock.*.toml")


def identities_of(purl: str, stated: Sequence[str]) -> tuple[LockedIdentity, ...]:
    """The identities that each of `stated` (JSON of a table) stands for; none where one of them is not understood."""
    found = [_identity(purl, json.loads(text)) for text in stated]
    return tuple(one for one in found if one) if all(found) else ()


def place_of(component: Component) -> Location:
    """The first place in a `pylock.toml` that states `component`; else its first place."""
    places = [place for place in component.locations if any(matches(glob, place.path) for glob in _FILES)]
    return min(places or component.locations or [Location(path="pylock.toml")])


def _identity(purl: str, table: dict[str, Any]) -> LockedIdentity | None:
    make = _KINDS.get(table.get("kind", ""))
    try:
        fields = make(table) if make else None
    except (KeyError, TypeError):  # a key that its kind has to have is lacking, or is no text
        return None
    return LockedIdentity(**{"purl": purl, **fields}) if fields else None  # type: ignore[arg-type]  # texts, all of them


def _text(table: dict[str, Any], key: str) -> str:
    """What stands at `key`; raises `KeyError` and `TypeError`."""
    value = table[key]
    if not isinstance(value, str) or not value:
        raise TypeError(key)
    return value


def _github(table: dict[str, Any]) -> dict[str, str]:
    workflow = posixpath.basename(_text(table, "workflow"))
    repository = _GITHUB_HOST + _text(table, "repository")
    return {"issuer": GITHUB, "repository": repository, "workflow": _GITHUB_WORKFLOWS + workflow}


def _gitlab(table: dict[str, Any]) -> dict[str, str]:
    repository = _GITLAB_HOST + _text(table, "repository")
    return {"issuer": GITLAB, "repository": repository, "workflow": _text(table, "workflow_filepath")}


def _google(table: dict[str, Any]) -> dict[str, str]:
    return {"issuer": GOOGLE, "subject": _text(table, "email")}


def _circleci(table: dict[str, Any]) -> dict[str, str]:
    # The issuer has the organisation in it, which the table does not state; no other may issue such a subject.
    ids = {key: _text(table, key) for key in ("project_id", "pipeline_definition_id")}
    return {"issuer": "", "subject": _CIRCLECI.format(**ids)}


_KINDS: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "GitHub": _github,
    "GitLab": _gitlab,
    "Google": _google,
    "CircleCI": _circleci,
}


def as_pylock(entry: LockedIdentity) -> str:
    """The table that a `pylock.toml` states `entry` by; empty where no publisher of PyPI is such."""
    rows = [f"{key} = {toml_string(text)}" for key, text in _rows(entry)]
    return "\n".join(("[[packages.attestation-identities]]", *rows, "")) if rows else ""


def _rows(entry: LockedIdentity) -> list[tuple[str, str]]:
    repository, workflow = entry.repository, entry.workflow
    if entry.issuer == GITHUB and repository.startswith(_GITHUB_HOST) and workflow.startswith(_GITHUB_WORKFLOWS):
        workflow = workflow.removeprefix(_GITHUB_WORKFLOWS)
        return [("kind", "GitHub"), ("repository", repository.removeprefix(_GITHUB_HOST)), ("workflow", workflow)]
    if entry.issuer == GITLAB and repository.startswith(_GITLAB_HOST) and workflow:
        path = repository.removeprefix(_GITLAB_HOST)
        return [("kind", "GitLab"), ("repository", path), ("workflow_filepath", workflow)]
    if entry.issuer == GOOGLE and entry.subject:
        return [("kind", "Google"), ("email", entry.subject)]
    return []
