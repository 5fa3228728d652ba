"""What the texts of options mean."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from bomvet.errors import UsageError
from bomvet.model.inventory import Contact
from bomvet.model.records import replace
from bomvet.pipeline import Subject

if TYPE_CHECKING:
    from bomvet.inputs import Proofs
    from bomvet.model.environments import Environment
    from bomvet.policy.document import Policy

SPEC_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
SPEC_VERSION = "1.6"
_ADDRESS = r"[^\s<>@]+@[^\s<>@]+"
#: A name holds no bracket, and no address either.
_CONTACT = re.compile(rf"(?!.*\S@\S.*<)(?P<name>[^<>]*[^<>\s])\s*<\s*(?P<email>{_ADDRESS})\s*>|(?P<alone>[^<>]+)")


def spec_version(text: str) -> str:
    """`text`, if it is a CycloneDX version that bomvet writes; raises `ValueError`."""
    if text not in SPEC_VERSIONS:
        raise ValueError(f"must be one of {', '.join(SPEC_VERSIONS)}, not {text!r}")
    return text


def scope(text: str) -> str:
    """`text`, if it is a scope that can be left out; raises `ValueError`."""
    if text != "dev":
        raise ValueError(f"knows the scope dev, not {text!r}")
    return text


def contact(text: str) -> Contact:
    """`NAME <EMAIL>` or a name alone; raises `ValueError`."""
    match = _CONTACT.fullmatch(text.strip())
    if not match or re.search(r"\S@\S", match["alone"] or ""):
        raise ValueError(f"must be NAME <EMAIL> or a name, not {text!r}")
    return Contact(name=match["alone"] or match["name"], email=match["email"] or "")


def subject(
    policy: Policy,
    *,
    name: str | None,
    version: str | None,
    author: str | None,
    omit: list[str] | None,
    installed: bool,
    python: list[str] | None,
    platform: list[str] | None,
    drift: bool = False,
) -> Subject:
    """What the options and the policy say of the scanned thing; raises `UsageError`."""
    if installed and drift:
        raise UsageError("--drift compares what is installed with its lock, which --installed leaves unread")
    return Subject(
        name=name or "",
        version=version or "",
        author=contact(author) if author else _author(policy),
        omit_dev=bool(omit),
        installed=installed,
        drift=drift,
        environments=_environments(python or [], platform or []) if python or platform else (),
    )


def advisories(text: str | None) -> dict[str, Any]:
    """The setting that the option states."""
    from bomvet.policy import document  # noqa: PLC0415 - the help text needs none of it

    return {"advisories": document.advisories(text)} if text is not None else {}


def resolve(*, wanted: bool, offline: bool) -> bool:
    """Whether clients are asked for locks; raises `UsageError` where they may not be."""
    if wanted and offline:
        raise UsageError("--resolve asks npm and uv, which open connections, and --offline forbids that")
    return wanted


def _environments(python: list[str], platform: list[str]) -> tuple[Environment, ...]:
    from bomvet.versions.markers import environments  # noqa: PLC0415 - rarely asked for

    return environments(python, platform)


def _author(policy: Policy) -> Contact | None:
    try:
        return contact(policy.author) if policy.author else None
    except ValueError as error:
        raise UsageError(f"author of {policy.source} {error}") from None


def cache(path: str | None) -> str:
    """The folder that is meant; empty for the default one."""
    return os.path.expanduser(path) if path else ""


def database(path: str | None) -> str:
    """The file that is meant: `path`, else the default place."""
    from bomvet.api import default_database  # noqa: PLC0415 - slow, and often not needed

    return os.path.expanduser(path) if path else default_database()


def proved(policy: Policy, *, verify: bool | None) -> Policy:
    """`policy` with what the command line says of provenance."""
    return policy if verify is None else replace(policy, provenance=replace(policy.provenance, verify=verify))


def proofs(
    attestations: list[str] | None, identities: str | None, trusted_root: str | None, npm_keys: str | None
) -> Proofs:
    """What provenance is proved by."""
    from bomvet.inputs import Proofs  # noqa: PLC0415 - the help text needs none of it

    return Proofs(
        attestations=tuple(attestations or ()),
        identities=identities or "",
        trusted_root=trusted_root or "",
        npm_keys=npm_keys or "",
    )
