"""A lock file's packages, the registries that they are from, and who built them, for the tests of the enricher."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from bomvet.enrichers.provenance import PROVENANCE
from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Distribution, Hash, Inventory
from bomvet.model.provenance import IdentityLock, LockedIdentity
from bomvet.plugin import Client, Context, Proving
from tests.harness import NOW
from tests.provenance.authority import Authority
from tests.provenance.people import GitHub
from tests.provenance.registry import NPM, PYPI, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bomvet.model.provenance import ProvenanceAnswer
    from bomvet.model.result import PluginStatus
    from bomvet.plugin import FileTree, Http

SIMPLE = f"{PYPI}/simple"
WHEEL, SDIST = "app-1.0-py3-none-any.whl", "app-1.0.tar.gz"
APP = GitHub()
CLIENTS = (Client("pypi", SIMPLE), Client("npm", NPM))


@cache
def authority() -> Authority:
    """One instance of sigstore for all."""
    return Authority()


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha512(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha512(data).hexdigest()


def integrity(data: bytes) -> str:
    """Subresource integrity."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def file(name: str, data: bytes, algorithm: str = "sha256", **fields: Any) -> Distribution:
    """A file as a lock states it."""
    digest = Hash(algorithm=algorithm, value=hashlib.new(algorithm, data).hexdigest())
    return Distribution(url=f"https://files.packages.example/{name}", hashes=(digest,), **fields)


def python(
    *files: Distribution, name: str = "app", version: str = "1.0", registry: str = SIMPLE, **more: Any
) -> Component:
    """A package of PyPI that is locked with these files."""
    properties = (("bomvet:registry", registry),) if registry else ()
    return Component(
        purl=f"pkg:pypi/{name}@{version}",
        name=name,
        version=version,
        distributions=files,
        properties=properties,
        **more,
    )


def node(
    data: bytes | None = b"npm",
    name: str = "app",
    version: str = "1.0.0",
    *,
    registry: str = NPM,
    algorithm: str = "sha512",
) -> Component:
    """A package of npm that is locked with an archive of this content."""
    files = () if data is None else (file(f"{name}-{version}.tgz", data, algorithm),)
    properties = (("bomvet:registry", registry),) if registry else ()
    return Component(
        purl=f"pkg:npm/{name.replace('@', '%40')}@{version}",
        name=name,
        version=version,
        distributions=files,
        properties=properties,
    )


def serve_python(registry: Registry, filename: str, data: bytes, *, attested: bool = True, **more: Any) -> None:
    """Have the index serve a file, with its attestation or without."""
    build, by, project, version = (
        more.pop(key, other) for key, other in (("build", False), ("by", APP), ("project", "app"), ("version", "1.0"))
    )
    provenance = authority().pypi_provenance(filename, sha256(data), by, build=build) if attested else None
    registry.add_pypi(project, version, filename, data, provenance=provenance, **more)


def serve_node(
    registry: Registry, data: bytes = b"npm", name: str = "app", version: str = "1.0.0", **more: Any
) -> None:
    """Have the registry serve an archive, signed by it, with attestations or without."""
    by, attested, signed = more.pop("by", APP), more.pop("attested", True), more.pop("signed", True)
    attestations = authority().npm_attestations(name, version, sha512(data), by) if attested else None
    signatures = [authority().npm_signature(name, version, integrity(data))] if signed else []
    registry.add_npm(name, version, data, attestations=attestations, signatures=signatures, **more)


def proving(**fields: Any) -> Proving:
    """What trusts the tests' instance of sigstore; asks, unless told otherwise."""
    return Proving(**{"ask": True, "root": authority().root_json(), "keys": authority().npm_keys(), **fields})


def identities(*purls: str) -> IdentityLock:
    """A lock with entries for these packages."""
    return IdentityLock(source="bomvet.identities.toml", entries={p: LockedIdentity(purl=p, issuer="i") for p in purls})


def run(
    *components: Component, http: Http | None = None, means: Proving | None = None, mirror: str = ""
) -> tuple[Mapping[str, ProvenanceAnswer], PluginStatus]:
    """The answers and the status; `mirror` is an index that the user's client is set to besides."""
    clients = (*CLIENTS, Client("pypi", mirror, default=False)) if mirror else CLIENTS
    context = Context(now=NOW, http=http, clients=clients, proving=means or proving())
    enriched = PROVENANCE.enrich(Inventory(components=components), Facts(), context)
    return enriched.facts.provenance, enriched.status


def answer(
    component: Component, where: Registry | Http | None, *evidence: FileTree, mirror: str = "", **fields: Any
) -> ProvenanceAnswer:
    """The one answer; the status is as it should be."""
    http = where.http() if isinstance(where, Registry) else where
    answers, status = run(component, http=http, means=proving(evidence=evidence, **fields), mirror=mirror)
    assert (str(status.status), status.reason) == ("ok", "")
    (found,) = answers.values()
    return found
