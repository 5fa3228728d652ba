"""What `bomvet trust` does: lock who publishes, hold a project against that, and refresh the trusted root."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from typing import TYPE_CHECKING

from bomvet import api, pipeline
from bomvet.errors import UsageError
from bomvet.inputs import Proofs
from bomvet.model.provenance import LOCK_FILE, IdentityLock
from bomvet.model.records import dataclass, replace
from bomvet.opening import content, folder_of, open_target, split_target, stamp
from bomvet.plugin import Enricher, Proving, load
from bomvet.policies import load_policy
from bomvet.provenance.locking import Checking, Locking, Wanted, checked, relocked

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult
    from bomvet.provenance.refresh import Refreshed


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How it is found out who built what: by which proofs, and by which policy file, which is else the target's."""

    proofs: Proofs = Proofs()
    config: str = ""
    exclude: tuple[str, ...] = ()
    cache: str = ""
    offline: bool = False


# -- the identity lock -------------------------------------------------------------------------------------------


def lock(target: str, asking: Asking, wanted: Wanted, *, output: str = "") -> Locking:
    """The lock of `target` with what is new, and what else is `wanted`; it is for the caller to write.

    `output` is the file that is to hold it, empty for the project's own.  Raises `UsageError` and `PolicyFileError`.
    """
    path = output or _own_lock(target)
    if os.path.islink(path):
        raise UsageError(f"{path} is a symbolic link, which is not followed", hint="delete it first")
    if os.path.exists(path):
        asking = replace(asking, proofs=replace(asking.proofs, identities=path))
    result, known = _established(target, asking, everything=True)
    today = stamp(dt.datetime.now(dt.UTC))[:10]
    found = relocked(known or IdentityLock(source=LOCK_FILE), result, wanted, today, pipeline.version_key)
    return replace(found, path=path)


def check(target: str, asking: Asking) -> Checking:
    """How `target` stands to its identity lock; raises `UsageError` where nobody is expected."""
    result, known = _established(target, asking, everything=False)
    found = checked(known, result)
    if known is None and not found.count:
        raise UsageError(f"{target} has no identity lock", hint="`bomvet trust lock` writes one")
    return found


def _own_lock(target: str) -> str:
    """Where the lock of `target` belongs; raises `UsageError` where that is no folder."""
    scheme, location = split_target(target)
    if scheme != "dir":
        raise UsageError(f"{target} is nothing that a lock can be written to", hint="name a file: -o FILE")
    return os.path.normpath(os.path.join(folder_of(location), LOCK_FILE))


def _established(target: str, asking: Asking, *, everything: bool) -> tuple[ScanResult, IdentityLock | None]:
    """Who built what is in `target`, and the lock that is known; without `everything` only of what is expected."""
    policy = load_policy(asking.config, target=target)
    policy = replace(policy, provenance=replace(policy.provenance, verify=True))
    opened = open_target(target, exclude=(*policy.exclude, *asking.exclude))
    proving = api.proving_for(opened.tree, policy, asking.proofs, asking.cache) or Proving()
    proving = replace(proving, ask=everything)
    found = (load("bomvet.enrichers", name, Enricher) for name in ("provenance", "identities"))
    asked = [enricher for enricher in found if enricher]
    with api.asking(policy, proving, offline=asking.offline) as context:
        result = pipeline.scan(opened.tree, policy, context, enrichers=asked, checks=())
    return result, proving.identities


# -- the trusted root -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A refreshed trusted root, and what is to be told of it: its SHA-256, and what is other than in what ships."""

    trusted_root: bytes
    npm_keys: bytes
    digest: str
    versions: str
    differences: tuple[str, ...]


def update(*, url: str = "", folder: str = "", root: str = "", keys: bool = False) -> Update:
    """The trusted root of the repository at `url` (default: sigstore's own), or of its copy in `folder`.

    `root` is the file with the metadata to start from, empty for what ships; `keys` says whether those of npm are
    wanted.  Raises `UsageError`, and `NotEstablishedError` where anything is not in order.
    """
    from bomvet.provenance.refresh import SIGSTORE_URL, Folder, refresh, shipped  # noqa: PLC0415 - needed here alone
    from bomvet.provenance.root import MAX_BYTES  # noqa: PLC0415 - the same

    try:
        trusted = content(root, MAX_BYTES) if root else shipped("root.json")
    except OSError as error:
        raise UsageError(f"the root {root} cannot be read: {error.strerror}") from None
    if folder:
        if not os.path.isdir(folder):
            raise UsageError(f"{folder} is no folder")
        found = refresh(Folder(folder, content), Folder.URL, trusted, keys=keys)
    else:
        from bomvet.net import Client  # noqa: PLC0415 - not needed otherwise

        with Client() as client:
            found = refresh(client, url or SIGSTORE_URL, trusted, keys=keys)
    return _update(found, shipped("trusted_root.json"))


def _update(found: Refreshed, before: bytes) -> Update:
    from bomvet.provenance.refresh import differences  # noqa: PLC0415 - needed here alone

    return Update(
        trusted_root=found.trusted_root,
        npm_keys=found.npm_keys,
        digest=hashlib.sha256(found.trusted_root).hexdigest(),
        versions=f"root {found.root}, targets {found.targets}",
        differences=differences(before, found.trusted_root),
    )
