"""A `ScanResult` as a CycloneDX document in JSON, in time linear in its size.

The library's writer is quadratic and cannot say `compositions` (docs/adr/0003).  Sources: the CycloneDX 1.4
to 1.7 JSON schemas, https://cyclonedx.org/docs/; NTIA minimum elements 2021; CISA minimum elements 2025.

A value that the schema would refuse where it belongs (a digest of an algorithm without a name, a date that is
none, an e-mail address that is none) goes to the nearest place that takes any text, mostly a property: the
document is always valid, and nothing is lost.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Distribution,
    Hash,
    Inventory,
    Licence,
    Location,
    RelationKind,
    Scope,
    Service,
)
from bomvet.model.purl import public_url
from bomvet.reports import _provenance as provenance
from bomvet.reports._analysis import analyses, apply
from bomvet.reports._json import collector_paused, compact, dumps
from bomvet.reports._valid import contacts, is_date_time, is_plain_url, valid_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bomvet.model.facts import AdvisoryMatch, Facts, Rating
    from bomvet.model.result import ScanResult

#: Namespace of serial numbers: the UUIDv5 of `urn:bomvet:sbom` as a URL.
_NAMESPACE = bytes.fromhex("4efecc1320b157919d3fbdad7adbfb77")
_NO_SERIAL = b"urn:uuid:00000000-0000-5000-8000-000000000000"
#: Per algorithm, as hashlib and as registries spell it, its name and the length of its digests in hexadecimal.
_ALGORITHMS = {
    "md5": ("MD5", 32), "sha1": ("SHA-1", 40),
    "sha256": ("SHA-256", 64), "sha384": ("SHA-384", 96), "sha512": ("SHA-512", 128),
    "sha3_256": ("SHA3-256", 64), "sha3_384": ("SHA3-384", 96), "sha3_512": ("SHA3-512", 128),
    "sha3-256": ("SHA3-256", 64), "sha3-384": ("SHA3-384", 96), "sha3-512": ("SHA3-512", 128),
    "blake2b": ("BLAKE2b-512", 128), "blake2b-256": ("BLAKE2b-256", 64), "blake2b_256": ("BLAKE2b-256", 64),
    "blake2b-384": ("BLAKE2b-384", 96), "blake2b-512": ("BLAKE2b-512", 128), "blake3": ("BLAKE3", 64),
}  # fmt: skip
_NO_ALGORITHM = ("", 0)
#: SPDX ids that every version of the schema knows, as far as they are in wide use.
_LISTED = frozenset((
    "0BSD", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "BlueOak-1.0.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "EPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later",
    "GPL-3.0-only", "GPL-3.0-or-later", "HPND", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "PostgreSQL", "Python-2.0",
    "UPL-1.0", "Unlicense", "WTFPL", "Zlib", "ZPL-2.1",
))  # fmt: skip
#: CycloneDX: *required*, *optional* (may be absent), *excluded* (known not to be part of the product).
_SCOPES = {Scope.REQUIRED: "required", Scope.OPTIONAL: "optional", Scope.DEV: "excluded"}
_METHODS = {"CVSS:3.0": "CVSSv3", "CVSS:3.1": "CVSSv31", "CVSS:4.0": "CVSSv4"}
#: Relationships that a consumer of `dependsOn` expects there; a part is needed by its whole.
_DEPENDENCIES = frozenset({RelationKind.DEPENDS_ON, RelationKind.CONTAINS, RelationKind.BUILT_FROM})
_LONGEST_VERSION = 1024
_AT_ONCE = 64

_Json = dict[str, Any]


def render(result: ScanResult, version: str) -> bytes:
    """The document in the given version of the specification, with a serial number and a final line end.

    Each item of its arrays (a component, the dependencies of one) is a line: a change of one is a change of one
    line, and the whole is half the size of an indented document.
    """
    with collector_paused():
        try:
            return _rendered(result, version, orjson.dumps)
        except orjson.JSONEncodeError:
            return _rendered(result, version, compact)


def _rendered(result: ScanResult, version: str, line: Callable[[Any], bytes]) -> bytes:
    """The document; `line` writes the items of arrays, without a wrapper around it where that will do."""
    out = io.BytesIO()
    before = b"{\n  "
    for key, value in _document(result, version).items():
        out.write(before + dumps(key) + b": ")
        if isinstance(value, map | list):
            _write_lines(out, map(line, value))
        elif key == "declarations":
            _write_groups(out, value, line)
        else:
            out.write(dumps(value).replace(b"\n", b"\n  "))
        before = b",\n  "
    out.write(b"\n}\n")
    return _with_serial(out)


def _write_lines(out: io.BytesIO, items: Iterator[bytes], end: bytes = b"\n  ") -> None:
    """An array; a few items are made, written and forgotten before the next, in memory that is still warm."""
    start = before = b"[" + end + b"  "
    between = b"," + end + b"  "
    while some := [*islice(items, _AT_ONCE)]:
        out.write(before)
        out.write(between.join(some))
        before = between
    out.write(b"[]" if before is start else end + b"]")


def _write_groups(out: io.BytesIO, groups: _Json, line: Callable[[Any], bytes]) -> None:
    """An object of arrays, whose items are lines too."""
    before = b"{\n    "
    for key, items in groups.items():
        out.write(before + dumps(key) + b": ")
        _write_lines(out, map(line, items), b"\n    ")
        before = b",\n    "
    out.write(b"\n  }")


def _with_serial(out: io.BytesIO) -> bytes:
    """The document with its serial number: a UUIDv5 of all the rest (RFC 9562 section 5.5)."""
    with out.getbuffer() as data:
        digest = hashlib.sha256(data).hexdigest()
        start = bytes(data[:1000]).index(_NO_SERIAL)
    out.seek(start)
    out.write(f"urn:uuid:{_uuid5(digest)}".encode())
    return out.getvalue()


def _uuid5(name: str) -> str:
    """The UUIDv5 of `name` in our namespace, without the module whose import costs as much as a small document."""
    digits = bytearray(hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _document(result: ScanResult, version: str) -> _Json:
    """The members of the document, those that can be long as a `map`; the serial number stands for nothing yet."""
    inventory = result.inventory
    writer = _Writer(version, result.facts)
    root = inventory.root
    body: _Json = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": _NO_SERIAL.decode(),
        "version": 1,
        "metadata": _metadata(result, writer),
        "components": map(writer.component, inventory.components) if inventory.components else [],
        "services": [writer.service(service) for service in inventory.services],
        "dependencies": _dependencies(inventory),
        "compositions": _compositions(result, root) if root else None,
        "vulnerabilities": _vulnerabilities(result, writer) if result.assessment else None,
        "declarations": writer.declarations(inventory.components, result.tool),
    }
    return {key: value for key, value in body.items() if value or key == "components"}


class _Writer:
    """What differs between the versions of the specification."""

    def __init__(self, version: str, facts: Facts) -> None:
        self._facts = facts
        self._minor = minor = int(version.partition(".")[2])
        self.has_lifecycles = self.has_occurrences = minor >= 5  # noqa: PLR2004
        self.has_lines = self.has_acknowledgement = self.has_authors = minor >= 6  # noqa: PLR2004
        self._source_kind = "source-distribution" if minor >= 6 else "distribution"  # noqa: PLR2004
        # One per manifest: they recur, and JSON does not care.
        self._identities: dict[str, Any] = {}

    def component(self, component: Component) -> _Json:
        """A component; keys without a value are left out."""
        item: _Json = {"type": component.kind, "bom-ref": component.purl, "name": component.name}
        if component.version and len(component.version) <= _LONGEST_VERSION:
            item["version"] = component.version
        if component.description:
            item["description"] = component.description
        if component.suppliers:
            self._supply(item, component.suppliers)
        item["scope"] = _SCOPES[component.scope]
        hashes, references, nameless = self._files(component)
        if hashes:
            item["hashes"] = hashes
        if component.licences and (licences := self.licences(component.licences)):
            item["licenses"] = licences
        item["purl"] = component.purl
        if references:
            item["externalReferences"] = references
        properties = _properties(component, nameless, lines=() if self.has_lines else component.locations)
        properties += _named(provenance.properties(self._facts, component.purl))
        if properties:
            item["properties"] = properties
        if component.locations and self.has_occurrences:
            evidence = item["evidence"] = {"occurrences": [*map(self.occurrence, component.locations)]}
            if not component.first_party:  # whose purl is ours to give
                evidence["identity"] = self._identity(component.locations[0].path)
        return item

    def _supply(self, item: _Json, suppliers: tuple[Contact, ...]) -> None:
        """The producer: an organisation with its contacts, named after the first of them."""
        people = contacts(suppliers)
        names = [person.get("name") or person["email"] for person in people]
        if not names:
            return
        item["supplier"] = {"name": names[0], "contact": people}
        if self.has_authors:
            item["authors"] = people
        else:
            item["author"] = ", ".join(names)

    def _files(self, component: Component) -> tuple[list[_Json], list[_Json], list[Hash]]:
        """Hashes, references to the files, and the hashes that the specification has no name for.

        The hashes are those of the component and of every file that it is distributed as: any of them
        identifies it (docs/adr/0004).
        """
        references: list[_Json] = []
        nameless: list[Hash] = []
        named: dict[str, _Json] = {}  # by algorithm and digits
        if component.hashes:
            _hashes(component.hashes, named, nameless)
        for distribution in component.distributions:
            own = _hashes(distribution.hashes, named, nameless)
            if distribution.url:
                references.append(self._reference(distribution, own))
        if answer := self._facts.provenance.get(component.purl):
            _hashes(provenance.attested(answer), named, nameless)
            references += provenance.references(answer, self._minor)
        return [*named.values()], references, nameless

    def declarations(self, components: tuple[Component, ...], tool: str) -> _Json:
        """What is claimed of who built the components, where the version has a place for it."""
        known = self._facts.provenance and self._minor >= provenance.DECLARATIONS
        return provenance.declarations(components, self._facts, tool) if known else {}

    def _reference(self, distribution: Distribution, hashes: list[_Json]) -> _Json:
        """A file of the component, with its own hashes."""
        url = distribution.url
        item: _Json = {
            "type": self._source_kind if distribution.source else "distribution",
            "url": url if is_plain_url(url) else valid_url(url),
        }
        if hashes:
            item["hashes"] = hashes
        if distribution.uploaded:
            item["comment"] = f"uploaded {distribution.uploaded}"
        return item

    def licences(self, licences: tuple[Licence, ...]) -> list[_Json]:
        """One expression, or a list of ids and names; before 1.7 the schema has no mixture.

        A single SPDX id is an expression too: `license.id` may hold only those ids that the list of SPDX had
        when that version of the schema was made.
        """
        stated = list(
            dict.fromkeys((one.expression, one.expression or one.name, self._acknowledged(one)) for one in licences)
        )
        if len(stated) == 1 and stated[0][0]:
            return [{"expression": stated[0][0], **dict(stated[0][2])}]
        return [
            {"license": {"id" if expression in _LISTED else "name": name, **dict(acknowledged)}}
            for expression, name, acknowledged in stated
            if name
        ]

    def _acknowledged(self, licence: Licence) -> tuple[tuple[str, str], ...]:
        """The member that says whose statement it is."""
        if not self.has_acknowledgement:
            return ()
        return (("acknowledgement", "concluded" if licence.concluded else "declared"),)

    def _identity(self, path: str) -> Any:
        """That the manifest at `path` states the component."""
        known = self._identities.get(path)
        if known is None:
            method = {"technique": "manifest-analysis", "confidence": 1, "value": path}
            identity = {"field": "purl", "confidence": 1, "methods": [method]}
            known = self._identities[path] = [identity] if self.has_lines else identity
        return known

    def occurrence(self, location: Location) -> _Json:
        """Path and line; before 1.6 there is no field for the line."""
        if self.has_lines:
            return {"location": location.path, "line": location.line} if location.line else {"location": location.path}
        return {"location": str(location)}

    def service(self, service: Service) -> _Json:
        """A service; what is not known is left out."""
        item: _Json = {"bom-ref": service.ref, "provider": {"name": service.provider}, "name": service.name}
        if service.endpoints:
            item["endpoints"] = [valid_url(endpoint) for endpoint in service.endpoints]
        if service.authenticated is not None:
            item["authenticated"] = service.authenticated
        if service.trust_boundary is not None:
            item["x-trust-boundary"] = service.trust_boundary
        if service.data_classes:
            item["data"] = [{"flow": "unknown", "classification": name} for name in service.data_classes]
        settings = [*service.settings, *(("bomvet:location", str(place)) for place in service.locations)]
        if settings:
            item["properties"] = _named(settings)
        return item

    def vulnerability(self, match: AdvisoryMatch, purl: str, version: str) -> _Json:
        """A group of advisories as it affects one component."""
        affected: _Json = {"ref": purl}
        if version and len(version) <= _LONGEST_VERSION:
            affected["versions"] = [{"version": version, "status": "affected"}]
        dates = {"published": match.published, "updated": match.modified}
        item: _Json = {
            "bom-ref": f"{match.id}#{purl}",
            "id": match.id,
            "source": {"name": "OSV"},
            "references": [
                {"id": name, "source": {"name": name.partition("-")[0]}}
                for name in sorted({*match.ids, *match.aliases})
            ],
            "ratings": [self.rating(match.rating), *_chances(match)],
            "cwes": [number for number in match.cwes if number > 0],
            "description": match.summary,
            "detail": "; ".join(match.evidence),
            "recommendation": _recommendation(match),
            "advisories": [{"url": valid_url(url)} for url in map(public_url, match.references) if url],
            **{name: text for name, text in dates.items() if is_date_time(text)},
            "affects": [affected],
            "properties": _named(
                (
                    *((f"bomvet:{name}", text) for name, text in dates.items() if text and not is_date_time(text)),
                    *_exploitation(match),
                )
            ),
        }
        return {key: value for key, value in item.items() if value}

    def rating(self, rating: Rating) -> _Json:
        """Severity, score, vector and the record that they are from."""
        item: _Json = {"severity": rating.severity.value}
        if rating.source:
            item["source"] = {"name": rating.source}
        if rating.score is not None:
            item["score"] = rating.score
        if rating.vector:
            versioned = rating.vector.startswith("CVSS:")
            method = _METHODS.get(rating.vector[:8], "other") if versioned else "CVSSv2"
            # The specification knows version 4 of CVSS from its own version 1.5 on.
            item["method"] = method if self.has_lifecycles or method != "CVSSv4" else "other"
            item["vector"] = rating.vector
        return item


def _recommendation(match: AdvisoryMatch) -> str:
    if match.malicious:
        return "Remove it, and treat what it could reach as compromised."
    upgrade = match.clean or match.fixed
    return f"Upgrade to {upgrade}." if upgrade else ""


def _chances(match: AdvisoryMatch) -> Iterator[_Json]:
    """The score of EPSS as a rating, which the specification has no method for."""
    if epss := match.epss:
        model = f", model {epss.model}" if epss.model else ""
        yield {
            "source": {"name": "FIRST EPSS", "url": "https://www.first.org/epss/"},
            "score": epss.score,
            "method": "other",
            "justification": f"chance of exploitation within 30 days, percentile {epss.percentile}, {epss.date}{model}",
        }


def _exploitation(match: AdvisoryMatch) -> Iterator[tuple[str, str]]:
    if kev := match.kev:
        known = {"added": kev.added, "due": kev.due, "ransomware": "known" if kev.ransomware else ""}
        yield "bomvet:kev", "true"
        yield from ((f"bomvet:kev-{name}", text) for name, text in known.items() if text)
    if epss := match.epss:
        yield "bomvet:epss-percentile", str(epss.percentile)
        yield "bomvet:epss-band", epss.band
        yield "bomvet:epss-date", epss.date


def _hashes(hashes: tuple[Hash, ...], named: dict[str, _Json], nameless: list[Hash]) -> list[_Json]:
    """`hashes` in the form of the specification, which go into `named` too; `nameless` takes the others."""
    found = []
    for value in hashes:
        name, digits = _ALGORITHMS.get(value.algorithm, _NO_ALGORITHM)
        content = value.value
        try:
            # Quicker than a regular expression; what has blanks in it comes out too short.
            is_digest = len(content) == digits == 2 * len(bytes.fromhex(content)) > 0
        except ValueError:
            is_digest = False
        if is_digest:
            named[name + content] = json = {"alg": name, "content": content}
            found.append(json)
        else:
            nameless.append(value)
    return found


def _named(pairs: Iterable[tuple[str, str]]) -> list[_Json]:
    return [{"name": name, "value": value} for name, value in pairs]


def _properties(component: Component, nameless: list[Hash], *, lines: tuple[Location, ...]) -> list[_Json]:
    """The component's own, and what the specification has no field for; `lines` are places with lines."""
    found = list(component.properties)
    if component.first_party:
        found.append(("bomvet:first-party", "true"))
    elif component.scope is Scope.DEV:
        found.append(("bomvet:scope", "dev"))
    elif component.scope is Scope.OPTIONAL:  # which consumers take for development, as other tools write it
        found.append(("bomvet:dev", "false"))
    if len(component.version) > _LONGEST_VERSION:
        found.append(("bomvet:version", component.version))
    if nameless:
        found += [("bomvet:hash", f"{h.algorithm}:{h.value}") for h in dict.fromkeys(nameless)]
    if lines:
        found += [("bomvet:location", str(location)) for location in lines]
    return _named(found)


def _metadata(result: ScanResult, writer: _Writer) -> _Json:
    root = result.inventory.root
    # Who wrote the software did not write its SBOM.
    authors = result.authors or (Contact(name=f"bomvet {result.tool} (automated)"),)
    tool: _Json = {"name": "bomvet", "version": result.tool}
    found: _Json = {"timestamp": result.time}
    if writer.has_lifecycles:
        # The inputs are sources and lock files: what is described is what will be built.
        found["lifecycles"] = [{"phase": "pre-build"}]
        found["tools"] = {"components": [{"type": "application", **tool}]}
    else:
        found["tools"] = [tool]
    found["authors"] = contacts(authors)
    if root:
        found["component"] = writer.component(root)
        found["supplier"] = found["component"].get("supplier")
    found["properties"] = _named(_run_properties(result))
    return {key: value for key, value in found.items() if value}


def _run_properties(result: ScanResult) -> list[tuple[str, str]]:
    """Evidence of the run: what was read and what passed over, the known unknowns, and what they mean.

    Of a scan also what it was judged by: a document without vulnerabilities must not look clean where nobody
    could look.
    """
    found = [("bomvet:input", f"{i.path} sha256:{i.sha256}") for i in result.target.inputs]
    found += [("bomvet:resolved", f"{i.path} sha256:{i.sha256}") for i in result.target.resolved]
    found += [("bomvet:skipped", f"{s.path}: {s.reason}") for s in result.target.skipped]
    found += [("bomvet:omitted", scope) for scope in result.target.omitted]
    found += [("bomvet:environment", name) for name in result.target.environments]
    found += [("bomvet:configured-registry", str(r)) for r in result.inventory.registries]
    found += [("bomvet:unknown", f"{u.location}: {u.reason}") for u in result.inventory.unknowns]
    found += provenance.trust_roots(result.facts)
    if data := result.advisory_data:
        found.append(("bomvet:advisory-data", f"{data.source} of {data.obtained}, {data.digest}"))
    if judged := result.assessment:
        found.append(("bomvet:verdict", judged.verdict.value))
        found += [("bomvet:not-established", text) for text in judged.not_established]
    return found


def _dependencies(inventory: Inventory) -> map[_Json] | None:
    """One entry for the root, each component and each service, also for those that depend on nothing."""
    targets: dict[str, list[str]] = {}
    source, ends = "", list[str]()
    for edge in inventory.relationships:
        if edge.kind not in _DEPENDENCIES:
            continue
        # Edges of one source stand together, and mostly name it by the same object.
        if edge.source is not source:
            source = edge.source
            ends = targets.setdefault(source, [])
        ends.append(edge.target)
    refs = [c.purl for c in inventory.components] + [s.ref for s in inventory.services]
    if inventory.root:
        refs.append(inventory.root.purl)
    known = frozenset(refs)

    def entry(ref: str) -> _Json:
        ends = {end for end in targets.get(ref, ()) if end in known and end != ref}
        return {"ref": ref, "dependsOn": sorted(ends)} if ends else {"ref": ref}

    return map(entry, sorted(refs)) if refs else None


def _compositions(result: ScanResult, root: Component) -> list[_Json]:
    """How complete the whole is, and for which components all dependencies are stated."""
    inventory = result.inventory
    by_kind: dict[Completeness, list[str]] = defaultdict(list)
    for component in inventory.components:
        by_kind[component.dependencies].append(component.purl)
    # What was not understood, or passed over, may hang on the root directly, unless something else speaks for it.
    unseen = inventory.unknowns or any(not skipped.speaker for skipped in result.target.skipped)
    hidden = unseen and root.dependencies is Completeness.COMPLETE
    by_kind[Completeness.INCOMPLETE if hidden else root.dependencies].append(root.purl)
    # Nor are all parts stated where the dependencies of one of them are not: what it needs may be in no input.
    lacks = unseen or Completeness.INCOMPLETE in by_kind
    unsure = Completeness.UNKNOWN if Completeness.UNKNOWN in by_kind else Completeness.COMPLETE
    whole = Completeness.INCOMPLETE if lacks else unsure
    found: list[_Json] = [{"aggregate": whole.value, "assemblies": [root.purl]}]
    found += [{"aggregate": k.value, "dependencies": sorted(by_kind[k])} for k in Completeness if by_kind.get(k)]
    return found


def _vulnerabilities(result: ScanResult, writer: _Writer) -> list[_Json]:
    """One entry per group of advisories and component, with what was decided about it."""
    decided = analyses(result.assessment)
    versions = {c.purl: c.version for c in result.inventory.components}
    found = []
    for purl, answer in sorted(result.facts.advisories.items()):
        for match in answer.matches:
            item = writer.vulnerability(match, purl, versions.get(purl, ""))
            if analysis := decided.get((purl, match.id)):
                apply(item, analysis)
            found.append(item)
    return found
