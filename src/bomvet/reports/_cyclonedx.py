"""A `ScanResult` as a CycloneDX document of plain dicts, in time linear in its size.

The library's writer is quadratic and cannot say `compositions` (docs/adr/0003).  Sources: the CycloneDX 1.4
to 1.7 JSON schemas, https://cyclonedx.org/docs/; NTIA minimum elements 2021; CISA minimum elements 2025.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Distribution,
    Hash,
    Inventory,
    Licence,
    Location,
    Scope,
    Service,
)
from bomvet.model.purl import public_url

if TYPE_CHECKING:
    from bomvet.model.facts import AdvisoryMatch
    from bomvet.model.result import ScanResult

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
#: Namespace of serial numbers: UUIDv5 of the URN below.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:bomvet:sbom")
_NO_SERIAL = "urn:uuid:00000000-0000-5000-8000-000000000000"
_ALGORITHMS = {
    "md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512",
    "sha3-256": "SHA3-256", "sha3-384": "SHA3-384", "sha3-512": "SHA3-512", "blake2b": "BLAKE2b-512",
    "blake2b-256": "BLAKE2b-256", "blake2b-384": "BLAKE2b-384", "blake2b-512": "BLAKE2b-512",
}  # fmt: skip
_DIGITS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
#: CycloneDX: *required*, *optional* (may be absent), *excluded* (known not to be part of the product).
_SCOPES = {Scope.REQUIRED: "required", Scope.OPTIONAL: "optional", Scope.DEV: "excluded"}
_METHODS = {"CVSS:3.0": "CVSSv3", "CVSS:3.1": "CVSSv31", "CVSS:4.0": "CVSSv4"}

_Json = dict[str, Any]


def document(result: ScanResult, version: str) -> _Json:
    """The document, with a serial number that stands for nothing yet (see `with_serial`)."""
    inventory = result.inventory
    writer = _Writer(version)
    root = inventory.root
    body: _Json = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": _NO_SERIAL,
        "version": 1,
        "metadata": _metadata(result, writer),
        "components": [writer.component(component) for component in inventory.components],
        "services": [writer.service(service) for service in inventory.services],
        "dependencies": _dependencies(inventory),
        "compositions": _compositions(inventory, root) if root else None,
        "vulnerabilities": _vulnerabilities(result, writer) if result.assessment else None,
    }
    return {key: value for key, value in body.items() if value or key == "components"}


def with_serial(data: bytes) -> bytes:
    """`data`, a serialised document, with its serial number: a UUIDv5 of all the rest (RFC 9562 section 5.5)."""
    digest = hashlib.sha256(data).hexdigest()
    return data.replace(_NO_SERIAL.encode(), f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest)}".encode(), 1)


class _Writer:
    """What differs between the versions of the specification."""

    def __init__(self, version: str) -> None:
        minor = int(version.partition(".")[2])
        self.has_lifecycles = self.has_occurrences = minor >= 5  # noqa: PLR2004
        self.has_lines = self.has_acknowledgement = self.has_authors = minor >= 6  # noqa: PLR2004
        self.has_source_references = minor >= 6  # noqa: PLR2004
        # Of each distinct hash and contact there is one dict: they recur, and JSON does not care.
        self._hashes: dict[Hash, _Json] = {}

    def component(self, component: Component) -> _Json:
        """A component; keys without a value are left out."""
        item: _Json = {
            "type": component.kind.value,
            "bom-ref": component.purl,
            "name": component.name,
        }
        if component.version:
            item["version"] = component.version
        if component.description:
            item["description"] = component.description
        if component.suppliers:
            self._supply(item, component.suppliers)
        item["scope"] = _SCOPES[component.scope]
        if hashes := self.hashes(component):
            item["hashes"] = hashes
        if component.licences:
            item["licenses"] = self.licences(component.licences)
        item["purl"] = component.purl
        if component.distributions:
            item["externalReferences"] = [self.distribution(d) for d in component.distributions if d.url]
        properties = _properties(component, lines=None if self.has_lines else component.locations)
        if properties:
            item["properties"] = properties
        if component.locations and self.has_occurrences:
            item["evidence"] = self.evidence(component)
        return item

    def _supply(self, item: _Json, suppliers: tuple[Contact, ...]) -> None:
        """The producer: an organisation with its contacts, named after the first of them."""
        contacts = [_contact(c) for c in suppliers]
        item["supplier"] = {"name": suppliers[0].name or suppliers[0].email, "contact": contacts}
        if self.has_authors:
            item["authors"] = contacts
        else:
            item["author"] = ", ".join(c.name or c.email for c in suppliers)

    def hashes(self, component: Component) -> list[_Json]:
        """Of the component and of every file that it is distributed as: any of them identifies it."""
        found = dict.fromkeys(component.hashes)
        for distribution in component.distributions:
            found.update(dict.fromkeys(distribution.hashes))
        return [json for h in (sorted(found) if len(found) > 1 else found) if (json := self.hash(h))]

    def hash(self, value: Hash) -> _Json:
        """A hash; empty where the specification has no name for it or its length is wrong."""
        known = self._hashes.get(value)
        if known is None:
            name = _ALGORITHMS.get(value.algorithm, "")
            valid = name and _DIGITS.get(name, len(value.value)) == len(value.value)
            known = self._hashes[value] = {"alg": name, "content": value.value} if valid else {}
        return known

    def licences(self, licences: tuple[Licence, ...]) -> list[_Json]:
        """One expression, or a list of names; the schema has no mixture."""
        expressions = [licence for licence in licences if licence.expression]
        if len(expressions) == 1 and len(licences) == 1:
            return [{"expression": expressions[0].expression, **self._acknowledged(expressions[0])}]
        return [
            {"license": {"name": licence.expression or licence.name, **self._acknowledged(licence)}}
            for licence in licences
        ]

    def _acknowledged(self, licence: Licence) -> _Json:
        if not self.has_acknowledgement:
            return {}
        return {"acknowledgement": "concluded" if licence.concluded else "declared"}

    def distribution(self, distribution: Distribution) -> _Json:
        """A file of the component, with its own hashes."""
        kind = "source-distribution" if distribution.source and self.has_source_references else "distribution"
        item: _Json = {"type": kind, "url": distribution.url}
        if hashes := [json for h in distribution.hashes if (json := self.hash(h))]:
            item["hashes"] = hashes
        if distribution.uploaded:
            item["comment"] = f"uploaded {distribution.uploaded}"
        return item

    def evidence(self, component: Component) -> _Json:
        """Where the component is stated, and that a manifest states it."""
        identity = {
            "field": "purl",
            "confidence": 1,
            "methods": [{"technique": "manifest-analysis", "confidence": 1, "value": component.locations[0].path}],
        }
        return {
            "identity": [identity] if self.has_lines else identity,
            "occurrences": [self.occurrence(location) for location in component.locations],
        }

    def occurrence(self, location: Location) -> _Json:
        """Path and line; before 1.6 there is no field for the line."""
        if self.has_lines:
            return {"location": location.path, "line": location.line} if location.line else {"location": location.path}
        return {"location": str(location)}

    def service(self, service: Service) -> _Json:
        """A service; what is not known is left out."""
        item: _Json = {"bom-ref": service.ref, "provider": {"name": service.provider}, "name": service.name}
        if service.endpoints:
            item["endpoints"] = list(service.endpoints)
        if service.authenticated is not None:
            item["authenticated"] = service.authenticated
        if service.trust_boundary is not None:
            item["x-trust-boundary"] = service.trust_boundary
        if service.data_classes:
            item["data"] = [{"flow": "unknown", "classification": name} for name in service.data_classes]
        settings = [*service.settings, *(("bomvet:location", str(place)) for place in service.locations)]
        if settings:
            item["properties"] = [{"name": name, "value": value} for name, value in settings]
        return item

    def vulnerability(self, match: AdvisoryMatch, purl: str, version: str) -> _Json:
        """A group of advisories as it affects one component."""
        affected: _Json = {"ref": purl}
        if version:
            affected["versions"] = [{"version": version, "status": "affected"}]
        upgrade = match.clean or match.fixed
        item: _Json = {
            "bom-ref": f"{match.id}#{purl}",
            "id": match.id,
            "source": {"name": "OSV"},
            "references": [
                {"id": name, "source": {"name": name.partition("-")[0]}}
                for name in sorted({*match.ids, *match.aliases})
            ],
            "ratings": [self.rating(match)],
            "cwes": list(match.cwes),
            "description": match.summary,
            "detail": "; ".join(match.evidence),
            "recommendation": f"Upgrade to {upgrade}." if upgrade else "",
            "advisories": [{"url": public_url(url)} for url in match.references],
            "published": match.published,
            "updated": match.modified,
            "affects": [affected],
        }
        return {key: value for key, value in item.items() if value}

    def rating(self, match: AdvisoryMatch) -> _Json:
        """Severity, score, vector and the record that they are from."""
        rating = match.rating
        item: _Json = {"severity": rating.severity.value}
        if rating.source:
            item["source"] = {"name": rating.source}
        if rating.score is not None:
            item["score"] = rating.score
        if rating.vector:
            method = _METHODS.get(rating.vector[:8], "CVSSv2")
            # The specification knows version 4 of CVSS from its own version 1.5 on.
            item["method"] = method if self.has_lifecycles or method != "CVSSv4" else "other"
            item["vector"] = rating.vector
        return item


def _contact(contact: Contact) -> _Json:
    return {key: value for key, value in (("name", contact.name), ("email", contact.email)) if value}


def _properties(component: Component, *, lines: tuple[Location, ...] | None) -> list[_Json]:
    found = list(component.properties)
    if component.first_party:
        found.append(("bomvet:first-party", "true"))
    elif component.scope is Scope.DEV:
        found.append(("bomvet:scope", "dev"))
    found += [("bomvet:location", str(location)) for location in lines or ()]
    return [{"name": name, "value": value} for name, value in found]


def _metadata(result: ScanResult, writer: _Writer) -> _Json:
    root = result.inventory.root
    authors = result.authors or (root.suppliers if root else ()) or (Contact(name=f"bomvet {result.tool} (automated)"),)
    tool: _Json = {"name": "bomvet", "version": result.tool}
    found: _Json = {"timestamp": result.time}
    if writer.has_lifecycles:
        # The inputs are sources and lock files: what is described is what will be built.
        found["lifecycles"] = [{"phase": "pre-build"}]
        found["tools"] = {"components": [{"type": "application", **tool}]}
    else:
        found["tools"] = [tool]
    found["authors"] = [_contact(author) for author in authors]
    if root:
        found["component"] = writer.component(root)
        if root.suppliers:
            found["supplier"] = found["component"]["supplier"]
    found["properties"] = _run_properties(result)
    return {key: value for key, value in found.items() if value}


def _run_properties(result: ScanResult) -> list[_Json]:
    """Evidence of the run: the files read with their digests, those passed over, and the known unknowns."""
    found = [("bomvet:input", f"{i.path} sha256:{i.sha256}") for i in result.target.inputs]
    found += [("bomvet:skipped", f"{s.path}: {s.reason}") for s in result.target.skipped]
    found += [("bomvet:unknown", f"{u.location}: {u.reason}") for u in result.inventory.unknowns]
    return [{"name": name, "value": value} for name, value in found]


def _dependencies(inventory: Inventory) -> list[_Json]:
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in inventory.relationships:
        targets[edge.source].append(edge.target)
    refs = [c.purl for c in inventory.components] + [s.ref for s in inventory.services]
    if inventory.root:
        refs.append(inventory.root.purl)
    known = set(refs)
    found = []
    for ref in sorted(refs):
        ends = sorted({t for t in targets.get(ref, ()) if t in known and t != ref})
        found.append({"ref": ref, "dependsOn": ends} if ends else {"ref": ref})
    return found


def _compositions(inventory: Inventory, root: Component) -> list[_Json]:
    """How complete the whole is, and for which components all dependencies are stated."""
    by_kind: dict[Completeness, list[str]] = defaultdict(list)
    for component in inventory.components:
        by_kind[component.dependencies].append(component.purl)
    whole = Completeness.INCOMPLETE if inventory.unknowns else Completeness.COMPLETE
    # What was not understood may hang on the root directly.
    hidden = inventory.unknowns and root.dependencies is Completeness.COMPLETE
    by_kind[Completeness.INCOMPLETE if hidden else root.dependencies].append(root.purl)
    found: list[_Json] = [{"aggregate": whole.value, "assemblies": [root.purl]}]
    found += [{"aggregate": k.value, "dependencies": sorted(by_kind[k])} for k in Completeness if by_kind.get(k)]
    return found


def _vulnerabilities(result: ScanResult, writer: _Writer) -> list[_Json]:
    """One entry per group of advisories and component; waived ones say so in their analysis."""
    judged = result.assessment.waived if result.assessment else ()
    waived = {(w.finding.subject, w.finding.instance): w.waiver for w in judged}
    versions = {c.purl: c.version for c in result.inventory.components}
    found = []
    for purl, answer in sorted(result.facts.advisories.items()):
        for match in answer.matches:
            item = writer.vulnerability(match, purl, versions.get(purl, ""))
            if waiver := waived.get((purl, match.id)):
                detail = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
                item["analysis"] = {"response": ["will_not_fix"], "detail": detail}
            found.append(item)
    return found
