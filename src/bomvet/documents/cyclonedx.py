"""CycloneDX JSON of any tool, versions 1.2 to 1.7, as an inventory.

Sources: the CycloneDX JSON schemas, https://cyclonedx.org/docs/; for what bomvet itself writes, its own writer
(`bomvet:` properties go back to where they came from).  A document states what it states: what it does not say of
a component is left open.  An entry that cannot be understood is an `Unknown` with its place in the document.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    HEX_DIGITS,
    Completeness,
    Component,
    Contact,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Licence,
    Location,
    Relationship,
    Scope,
    Unknown,
)
from bomvet.model.purl import parts, public_url
from bomvet.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ID = "cyclonedx"
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_Json = dict[str, Any]
_SCOPES = {"required": Scope.REQUIRED, "optional": Scope.OPTIONAL, "excluded": Scope.DEV}
_FILES = ("distribution", "source-distribution")
#: Lengths in hexadecimal of digests that hashlib has other names for.
_DIGITS = {**HEX_DIGITS, "sha3-256": 64, "sha3-384": 96, "sha3-512": 128, "blake2b-256": 64, "blake2b-384": 96,
           "blake2b-512": 128, "blake3": 64, "streebog-256": 64, "streebog-512": 128}  # fmt: skip
#: Properties that say what a field of ours says.
_OWN = frozenset({"first-party", "scope", "dev", "version", "hash", "location"})
#: By which other tools mark what only development needs.
_DEVELOPMENT = frozenset({
    ("cdx:npm:package:development", "true"),
    ("cdx:poetry:group", "dev"),
    ("cdx:pipenv:category", "develop"),
})  # fmt: skip


def is_cyclonedx(document: object) -> bool:
    """Whether `document` says that it is one."""
    return isinstance(document, dict) and document.get("bomFormat") == "CycloneDX"


def read_cyclonedx(document: _Json, name: str) -> tuple[Inventory, bool]:
    """What `document`, the content of a file called `name`, describes, and whether it speaks of scopes.

    Raises `MalformedError` where it is of a version that is not known.
    """
    version = document.get("specVersion")
    if version not in VERSIONS:
        raise MalformedError(f"CycloneDX {str(version)[:20]!r} is not read, only {VERSIONS[0]} to {VERSIONS[-1]}")
    reader = _Reader(name)
    metadata = _table(document.get("metadata"))
    root = reader.root(metadata.get("component"))
    reader.all(document.get("components"), "components")
    reader.completeness(document.get("compositions"))
    edges = [*reader.edges(document)]
    reader.known_unknowns(metadata.get("properties"))
    inventory = Inventory(
        root=reader.judged(root) if root else None,
        components=tuple(reader.judged(component) for component in reader.components),
        relationships=tuple(edges),
        unknowns=tuple(reader.unknowns),
    )
    return Inventory.merge([inventory]), reader.has_scopes


class _Reader:
    """One document while it is read."""

    def __init__(self, name: str) -> None:
        self.location = Location(path=name)
        self.components: list[Component] = []
        self.unknowns: list[Unknown] = []
        self.has_scopes = False
        #: Our identities by the document's own.
        self.purls: dict[str, str] = {}
        self._stated: dict[str, Completeness] = {}

    def unknown(self, reason: str) -> None:
        """Note something that was not understood."""
        self.unknowns.append(Unknown(location=self.location, resolver=ID, reason=reason))

    # -- components ----------------------------------------------------------------------------------------

    def root(self, item: object) -> Component | None:
        """The subject of the document; what is nested in it are components."""
        # Tools that look at a folder or an image do not always name it.
        if item is None or (isinstance(item, dict) and not _text(item.get("name"))):
            return None
        component = self.component(item, "metadata.component", is_root=True)
        self.all(_table(item).get("components"), "metadata.component.components")
        return component

    def all(self, items: object, place: str) -> None:
        """Every component of a list, and those within them, however deep."""
        todo = deque([(items, place)])
        while todo:
            items, place = todo.popleft()
            for number, item in enumerate(self._list(items, place)):
                here = f"{place}[{number}]"
                component = self.component(item, here)
                if component:
                    self.components.append(component)
                if nested := _table(item).get("components"):
                    todo.append((nested, f"{here}.components"))

    def component(self, item: object, place: str, *, is_root: bool = False) -> Component | None:
        """A component; None where it is none, which is noted."""
        if not isinstance(item, dict) or not _text(item.get("name")):
            self.unknown(f"{place} is no component with a name")
            return None
        own, properties = _properties(item.get("properties"))
        purl = _text(item.get("purl"))
        name, version = _name(item), _text(item.get("version")) or next(iter(own.get("version", ())), "")
        if purl.startswith("pkg:"):
            version = version or parts(purl).version
        else:
            purl = f"{name}@{version}" if version else name
        if ref := _text(item.get("bom-ref")):
            self.purls.setdefault(ref, purl)
        self.has_scopes = self.has_scopes or "scope" in item
        hashes, distributions = self._files(item, own, name)
        return Component(
            purl=purl,
            name=name,
            version=version,
            kind=Kind.APPLICATION if item.get("type") == "application" else Kind.LIBRARY,
            scope=_scope(item, own, properties),
            directory=_directory(purl, own, is_root=is_root),
            description=_text(item.get("description")),
            suppliers=tuple(_suppliers(item)),
            licences=tuple(dict.fromkeys(_licences(item.get("licenses")))),
            hashes=hashes,
            distributions=distributions,
            locations=tuple(sorted({*_occurrences(item), *map(_location, own.get("location", ()))})),
            properties=tuple(sorted(set(properties))),
        )

    def _list(self, value: object, place: str) -> list[Any]:
        if value is None or isinstance(value, list):
            return value or []
        self.unknown(f"{place} is no list")
        return []

    def _files(
        self, item: _Json, own: dict[str, list[str]], name: str
    ) -> tuple[tuple[Hash, ...], tuple[Distribution, ...]]:
        """The digests of the component that no file of it has, and its files."""
        files = [*self._distributions(item.get("externalReferences"), name)]
        of_files = {digest for file in files for digest in file.hashes}
        stated = {*self._hashes(item.get("hashes"), name), *map(_own_hash, own.get("hash", ()))}
        return tuple(sorted(stated - of_files)), tuple(sorted(set(files)))

    def _distributions(self, references: object, name: str) -> Iterator[Distribution]:
        for reference in self._list(references, f"externalReferences of {name[:80]}"):
            kind, url = _table(reference).get("type"), _text(_table(reference).get("url"))
            if kind not in _FILES or not url:
                continue
            comment = _text(reference.get("comment"))
            yield Distribution(
                url=public_url(url),
                hashes=tuple(self._hashes(reference.get("hashes"), name)),
                uploaded=comment.removeprefix("uploaded ") if comment.startswith("uploaded ") else "",
                source=kind == "source-distribution",
            )

    def _hashes(self, items: object, name: str) -> Iterator[Hash]:
        for item in self._list(items, f"hashes of {name[:80]}"):
            algorithm = _text(_table(item).get("alg")).lower()
            if algorithm.startswith("sha-"):
                algorithm = "sha" + algorithm[4:]
            value = _text(_table(item).get("content")).lower()
            if _DIGITS.get(algorithm) == len(value) and not value.strip("0123456789abcdef"):
                yield Hash(algorithm=algorithm, value=value)
            else:
                self.unknown(f"a hash of {name[:80]} is no digest of a known algorithm")

    # -- the whole -----------------------------------------------------------------------------------------

    def edges(self, document: _Json) -> Iterator[Relationship]:
        """What depends on what; an end that the document does not describe is noted.

        Services and tools have their dependencies too, which are not those of a component.
        """
        strangers: dict[str, None] = {}
        for number, item in enumerate(self._list(document.get("dependencies"), "dependencies")):
            source = _text(_table(item).get("ref"))
            if not source:
                self.unknown(f"dependencies[{number}] has no ref")
                continue
            for target in self._list(_table(item).get("dependsOn"), f"dependencies[{number}].dependsOn"):
                ends = [self._end(end, strangers) for end in (source, _text(target))]
                if all(ends) and ends[0] != ends[1]:
                    yield Relationship(source=ends[0], target=ends[1])
        if strangers:
            others = {key: value for key, value in document.items() if key not in ("components", "dependencies")}
            for ref in _refs(others):
                strangers.pop(ref, None)
        if strangers:
            names = ", ".join(repr(name[:80]) for name in list(strangers)[:3])
            self.unknown(f"dependencies name {len(strangers)} references that nothing has, such as {names}")

    def _end(self, ref: str, strangers: dict[str, None]) -> str:
        if ref not in self.purls:
            strangers[ref] = None
        return self.purls.get(ref, "")

    def completeness(self, items: object) -> None:
        """For which components the document says that all their dependencies are stated."""
        for item in self._list(items, "compositions"):
            aggregate = _text(_table(item).get("aggregate"))
            stated = (
                Completeness.COMPLETE
                if aggregate == "complete"
                else Completeness.INCOMPLETE
                if aggregate.startswith("incomplete")
                else Completeness.UNKNOWN
            )
            for ref in self._list(_table(item).get("dependencies"), "dependencies of a composition"):
                self._stated[self.purls.get(_text(ref), "")] = stated

    def judged(self, component: Component) -> Component:
        """`component` with what is stated of its dependencies."""
        stated = self._stated.get(component.purl, Completeness.UNKNOWN)
        return component if stated is component.dependencies else replace(component, dependencies=stated)

    def known_unknowns(self, properties: object) -> None:
        """What bomvet could not understand when it wrote the document."""
        own, _ = _properties(properties)
        for text in own.get("unknown", ()):
            place, _, reason = text.partition(": ")
            self.unknowns.append(Unknown(location=_location(place), resolver=ID, reason=reason))


def _refs(value: object) -> Iterator[str]:
    """Every `bom-ref` in `value`, wherever it stands."""
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            yield _text(value.get("bom-ref"))
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def _table(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(item: _Json) -> str:
    """The name with its group, as people call it: `@scope/name`."""
    group, name = _text(item.get("group")), _text(item.get("name"))
    return f"{group}/{name}" if group and not name.startswith(f"{group}/") else name


def _properties(items: object) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Those that say what a field of ours says, without their prefix, and the others."""
    own: dict[str, list[str]] = {}
    others: list[tuple[str, str]] = []
    for item in _items(items):
        name, value = _text(_table(item).get("name")), _text(_table(item).get("value"))
        key = name.removeprefix("bomvet:")
        if name.startswith("bomvet:") and (key in _OWN or key == "unknown"):
            own.setdefault(key, []).append(value)
        elif name:
            others.append((name, value))
    return own, others


def _scope(item: _Json, own: dict[str, list[str]], properties: Iterable[tuple[str, str]]) -> Scope:
    if "dev" in own.get("scope", ()) or not _DEVELOPMENT.isdisjoint(properties):
        return Scope.DEV
    return _SCOPES.get(_text(item.get("scope")), Scope.REQUIRED)


def _directory(purl: str, own: dict[str, list[str]], *, is_root: bool) -> str | None:
    """Where a project of the described tree lives in it."""
    if is_root or "true" in own.get("first-party", ()):
        return dict(parts(purl).qualifiers).get("path", "")
    return None


def _suppliers(item: _Json) -> Iterator[Contact]:
    """The supplier's contacts, else its name."""
    supplier = _table(item.get("supplier"))
    people = [
        Contact(name=_text(_table(one).get("name")), email=_text(_table(one).get("email")))
        for one in _items(supplier.get("contact"))
    ]
    people = [person for person in people if person != Contact()]
    name = _text(supplier.get("name"))
    yield from people or ([Contact(name=name)] if name else [])


def _licences(items: object) -> Iterator[Licence]:
    for item in map(_table, _items(items)):
        licence = _table(item.get("license"))
        concluded = "concluded" in (item.get("acknowledgement"), licence.get("acknowledgement"))
        if expression := _text(item.get("expression")) or _text(licence.get("id")):
            yield Licence(expression=expression, concluded=concluded)
        elif name := _text(licence.get("name")) or _text(_table(licence.get("text")).get("content"))[:200]:
            yield Licence(name=name, concluded=concluded)


def _occurrences(item: _Json) -> Iterator[Location]:
    for place in map(_table, _items(_table(item.get("evidence")).get("occurrences"))):
        path, line = _text(place.get("location")), place.get("line")
        if path:
            yield Location(path=path, line=line) if type(line) is int and line > 0 else _location(path)


def _location(text: str) -> Location:
    """`path:line`, or a path alone."""
    path, _, line = text.rpartition(":")
    is_line = path and line.isascii() and line.isdecimal() and len(line) < 10  # noqa: PLR2004 - no file has more
    return Location(path=path, line=int(line)) if is_line else Location(path=text)


def _own_hash(text: str) -> Hash:
    algorithm, _, value = text.partition(":")
    return Hash(algorithm=algorithm, value=value)
