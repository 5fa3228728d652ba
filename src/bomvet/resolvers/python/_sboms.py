"""SBOMs that a distribution brings along (PEP 770): what is built into it, as children of it.

CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3, both in JSON, are read as plain dictionaries.  What such a document says of
the distribution itself is left to the distribution's own metadata.

Sources: https://peps.python.org/pep-0770/, the JSON schemas of CycloneDX, https://spdx.github.io/spdx-spec/v2.3/.
"""

from __future__ import annotations

import posixpath
import re
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    HEX_DIGITS,
    Component,
    Contact,
    Distribution,
    Hash,
    Kind,
    Licence,
    Location,
    RelationKind,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.model.purl import bare, project_purl, public_url, pypi_name
from bomvet.model.text import anonymous, shown
from bomvet.resolvers._json import load_object
from bomvet.resolvers._licences import declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Components of one document; nested deeper than JSON is parsed they cannot be.
_MOST = 50_000
_MOST_EDGES = 500_000
#: Entries of one purl, each of which is merged with the others.
_MOST_ALIKE = 200
_PURL = re.compile(r"pkg:/*([A-Za-z][A-Za-z0-9.+-]*)/([^\s?#]+)(\?[^\s#]*)?(#\S*)?")
_VERSION = re.compile(r"1\.[2-7]")
_LOCAL = re.compile(r"[?&](?:download_url|vcs_url)=(?:\w+(?:%2B|\+))?file(?::|%3A)(?:/|%2F){0,2}([^&]*)", re.IGNORECASE)
_SCOPES = {"optional": Scope.OPTIONAL, "excluded": Scope.DEV}
_LONGEST = 1000
#: Of the relationships of SPDX those that are edges here: whether source and target change places, and the kind.
_SPDX_EDGES = {
    "DEPENDS_ON": (False, RelationKind.DEPENDS_ON), "DEPENDENCY_OF": (True, RelationKind.DEPENDS_ON),
    "CONTAINS": (False, RelationKind.CONTAINS), "CONTAINED_BY": (True, RelationKind.CONTAINS),
    "STATIC_LINK": (False, RelationKind.DEPENDS_ON), "DYNAMIC_LINK": (False, RelationKind.DEPENDS_ON),
    "RUNTIME_DEPENDENCY_OF": (True, RelationKind.DEPENDS_ON),
}  # fmt: skip
_BUNDLED = ("bomvet:bundled", "true")
_NOTHING_SAID = ("NOASSERTION", "NONE", "")

_Json = dict[str, Any]


class Embedded(NamedTuple):
    """What the SBOMs of one distribution add."""

    components: tuple[Component, ...]
    relationships: tuple[Relationship, ...]
    unknowns: tuple[Unknown, ...]


def read_sbom(data: bytes, path: str, owner: str, resolver: str) -> Embedded:
    """What the document `data` at `path` says is in the distribution with the purl `owner`; never raises."""
    document = _Document(path, owner, resolver)
    try:
        table = load_object(data)
    except MalformedError as error:
        document.unknown(f"an SBOM of the distribution is not read: {error}", error.line)
        return document.result()
    if table.get("bomFormat") == "CycloneDX" and _VERSION.fullmatch(str(table.get("specVersion"))):
        document.cyclonedx(table)
    elif table.get("spdxVersion") in ("SPDX-2.2", "SPDX-2.3"):
        document.spdx(table)
    else:
        stated = table.get("specVersion") or table.get("spdxVersion") or table.get("@context") or "none"
        kind = shown(str(table.get("bomFormat") or "format"))
        document.unknown(f"an SBOM of the distribution is not read: {kind} {shown(str(stated))} is not known")
    return document.result()


class _Document:
    """One SBOM while it is read."""

    def __init__(self, path: str, owner: str, resolver: str) -> None:
        self.location = Location(path=path)
        self.owner, self._resolver = owner, resolver
        self._bare_owner = bare(owner)
        self._entries: dict[str, list[Component]] = {}  # by purl
        self._edges: dict[tuple[str, str, RelationKind], None] = {}
        self._purls: dict[str, str] = {}  # by the document's own references
        self._unknowns: list[Unknown] = []
        self._nameless = self._digests = 0
        self._dropped = self._repeated = False

    def unknown(self, reason: str, line: int = 0) -> None:
        """Note something that was not understood."""
        location = Location(path=self.location.path, line=line)
        self._unknowns.append(Unknown(location=location, resolver=self._resolver, reason=reason))

    def result(self) -> Embedded:
        """What was found; the distribution contains it all."""
        if self._nameless:
            self.unknown(f"{self._nameless} entries of an SBOM have no name")
        if self._digests:
            self.unknown(f"{self._digests} hashes of an SBOM cannot be used")
        if self._dropped:
            self.unknown(f"more than {_MOST_EDGES:,} edges in an SBOM: the rest was not read")
        if self._repeated:
            self.unknown(f"more than {_MOST_ALIKE} entries of one package in an SBOM: the rest was not read")
        components = tuple(reduce(Component.merged, alike) for alike in self._entries.values())
        evidence = (self.location,)
        contains = RelationKind.CONTAINS
        edges = dict.fromkeys((self.owner, purl, contains) for purl in self._entries) | self._edges
        relationships = tuple(
            Relationship(source=source, target=target, kind=kind, evidence=evidence) for source, target, kind in edges
        )
        return Embedded(components, relationships, tuple(self._unknowns))

    def _add(self, reference: object, component: Component) -> None:
        """A component; what is the distribution itself, or a part of it that a subpath names, is no other."""
        purl = self.owner if bare(component.purl) == self._bare_owner else component.purl
        if isinstance(reference, str):
            self._purls.setdefault(reference, purl)
        if purl != self.owner:
            alike = self._entries.setdefault(purl, [])
            if len(alike) < _MOST_ALIKE:
                alike.append(component)
            else:
                self._repeated = True

    def _edge(self, source: object, target: object, kind: RelationKind = RelationKind.DEPENDS_ON) -> None:
        """An edge between two references, if both are known and not one."""
        ends = [self._purls.get(end) if isinstance(end, str) else None for end in (source, target)]
        if ends[0] and ends[1] and ends[0] != ends[1]:
            if len(self._edges) < _MOST_EDGES:
                self._edges[ends[0], ends[1], kind] = None
            else:
                self._dropped = True

    # -- CycloneDX ----------------------------------------------------------------------------------------------

    def cyclonedx(self, table: _Json) -> None:
        """Components, nested ones too, and the edges between them."""
        metadata = table.get("metadata")
        subject: object = metadata.get("component") if isinstance(metadata, dict) else None
        todo = [*reversed(_list(table.get("components"))), *([subject] if subject else [])]
        count = 0
        while todo:
            item = todo.pop()
            count += 1
            if count > _MOST:
                self.unknown(f"an SBOM of the distribution has more than {_MOST:,} entries: the rest was not read")
                break
            if not isinstance(item, dict) or not _text(item.get("name")):
                self._nameless += 1
                continue
            todo += reversed(_list(item.get("components")))
            if item is subject and not item.get("purl"):
                self._purls[str(item.get("bom-ref"))] = self.owner  # it is about the distribution
            else:
                self._add(item.get("bom-ref"), self._of_cyclonedx(item))
        for entry in _tables(table.get("dependencies")):
            for target in _list(entry.get("dependsOn")):
                self._edge(entry.get("ref"), target)

    def _of_cyclonedx(self, item: _Json) -> Component:
        name, group = _text(item["name"]), _text(item.get("group"))
        full = f"{group}/{name}" if group else name
        version = _text(item.get("version"))
        cpe = _text(item.get("cpe"))
        licences = [licence for choice in _list(item.get("licenses")) for licence in _licence(choice)]
        purl, link = _identity(item.get("purl"))
        return Component(
            purl=purl or project_purl(full, version, ""),
            name=full,
            version=version,
            kind=Kind.APPLICATION if item.get("type") == "application" else Kind.LIBRARY,
            scope=_SCOPES.get(str(item.get("scope")), Scope.REQUIRED),
            description=_text(item.get("description")),
            suppliers=_suppliers(item),
            licences=tuple(sorted(set(licences))),
            hashes=self._hashes((h.get("alg"), h.get("content")) for h in _tables(item.get("hashes"))),
            distributions=tuple(self._distributions(item)),
            locations=(self.location,),
            properties=(_BUNDLED, *((("bomvet:cpe", cpe),) if cpe else ()), *link),
        )

    def _distributions(self, item: _Json) -> Iterator[Distribution]:
        for reference in _tables(item.get("externalReferences")):
            url = public_url(_text(reference.get("url")))
            if url and reference.get("type") in ("distribution", "source-distribution"):
                hashes = self._hashes((h.get("alg"), h.get("content")) for h in _tables(reference.get("hashes")))
                yield Distribution(url=url, hashes=hashes, source=reference["type"] != "distribution")

    def _hashes(self, pairs: Iterable[tuple[object, object]]) -> tuple[Hash, ...]:
        """Digests by their names in CycloneDX (`SHA-256`) or SPDX (`SHA256`)."""
        found = []
        for algorithm, content in pairs:
            name, value = _algorithm(str(algorithm)), str(content).lower()
            if len(value) == HEX_DIGITS.get(name, len(value)) and not value.strip("0123456789abcdef") and value:
                found.append(Hash(algorithm=name, value=value))
            else:
                self._digests += 1
        return tuple(sorted(set(found)))

    # -- SPDX ---------------------------------------------------------------------------------------------------

    def spdx(self, table: _Json) -> None:
        """Packages and the edges between them."""
        packages = _list(table.get("packages"))
        if len(packages) > _MOST:
            self.unknown(f"an SBOM of the distribution has more than {_MOST:,} entries: the rest was not read")
        for item in packages[:_MOST]:
            if isinstance(item, dict) and _text(item.get("name")):
                self._add(item.get("SPDXID"), self._of_spdx(item))
            else:
                self._nameless += 1
        for entry in _tables(table.get("relationships")):
            turned, kind = _SPDX_EDGES.get(str(entry.get("relationshipType")), (False, None))
            source, target = entry.get("spdxElementId"), entry.get("relatedSpdxElement")
            if kind:
                self._edge(*((target, source) if turned else (source, target)), kind)

    def _of_spdx(self, item: _Json) -> Component:
        name, version = _text(item["name"]), _text(item.get("versionInfo"))
        references = [(r.get("referenceType"), r.get("referenceLocator")) for r in _tables(item.get("externalRefs"))]
        cpes = sorted(_text(where) for what, where in references if what in ("cpe22Type", "cpe23Type"))
        licences = [*declared(_stated(item.get("licenseDeclared")))]
        concluded = declared(_stated(item.get("licenseConcluded")))
        licences += [Licence(expression=one.expression, name=one.name, concluded=True) for one in concluded]
        url = public_url(_stated(item.get("downloadLocation")))
        stated = [_identity(where) for what, where in references if what == "purl"]
        purl, link = next(((purl, link) for purl, link in stated if purl or link), ("", ()))
        return Component(
            purl=purl or project_purl(name, version, ""),
            name=name,
            version=version,
            description=_text(item.get("summary") or item.get("description")),
            licences=tuple(sorted(set(licences))),
            hashes=self._hashes((h.get("algorithm"), h.get("checksumValue")) for h in _tables(item.get("checksums"))),
            distributions=(Distribution(url=url),) if url else (),
            locations=(self.location,),
            properties=(_BUNDLED, *(("bomvet:cpe", cpe) for cpe in cpes if cpe), *link),
        )


def _identity(value: object) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A purl in its canonical letter case, without a subpath, which is a part of a package, and without secrets.

    One of a folder of the machine that built the distribution names nothing that anybody else could find, and no
    registry vouches for it: it gives no purl, but the folder as a property.
    """
    match = _PURL.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return "", ()
    kind, rest, qualifiers = match[1].lower(), match[2].strip("/"), match[3] or ""
    if local := _LOCAL.search(qualifiers):
        place = unquote(local[1])
        return "", (("bomvet:link", place if place.startswith(".") else posixpath.basename(place.rstrip("/"))),)
    if kind == "pypi":
        name, at, version = rest.partition("@")
        rest = pypi_name(name) + at + version
    text = f"pkg:{kind}/{rest}{qualifiers}"
    return anonymous(text) if "@" in qualifiers else text, ()


def _licence(choice: object) -> tuple[Licence, ...]:
    """An entry of `licenses`: an expression, or a licence by id, name or text."""
    if not isinstance(choice, dict):
        return ()
    inner = choice.get("license")
    table = inner if isinstance(inner, dict) else choice
    text = choice.get("expression") or table.get("id") or table.get("name")
    found = declared(text) if isinstance(text, str) else ()
    if "concluded" in (choice.get("acknowledgement"), table.get("acknowledgement")):
        return tuple(Licence(expression=one.expression, name=one.name, concluded=True) for one in found)
    return found


def _suppliers(item: _Json) -> tuple[Contact, ...]:
    """Supplier, else manufacturer, else authors."""
    for key in ("supplier", "manufacturer"):
        table = item.get(key)
        if isinstance(table, dict) and (name := _text(table.get("name"))):
            return (Contact(name=name),)
    people = [Contact(name=_text(p.get("name")), email=_text(p.get("email"))) for p in _tables(item.get("authors"))]
    if not people and (author := _text(item.get("author"))):
        name, _, rest = author.partition("<")
        email, _, more = rest.partition(">")
        people = [Contact(name=author) if more or not rest else Contact(name=name.strip(), email=email.strip())]
    return tuple(dict.fromkeys(person for person in people if person.name or person.email))


def _algorithm(name: str) -> str:
    """As hashlib spells it: `SHA-256` and `SHA256` are `sha256`."""
    name = name[:40].lower()
    return name.replace("-", "") if name.startswith("sha-") else name


def _stated(value: object) -> str:
    text = _text(value)
    return "" if text in _NOTHING_SAID else text


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join(value[:_LONGEST].split())


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _tables(value: object) -> list[_Json]:
    return [item for item in _list(value) if isinstance(item, dict)]
