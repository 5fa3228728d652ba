"""OpenVEX 0.2.0, and the shape before it (0.0.x), in which vulnerabilities and products are plain texts.

Source: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.  A statement inherits the time of its document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.documents._vex import (
    JUSTIFICATIONS,
    STATUSES,
    Json,
    Problems,
    VexDocument,
    items,
    moment,
    names,
    prose,
    table,
    text,
    texts,
)
from bomvet.model.finding import Statement
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = "https://openvex.dev/ns"


def is_openvex(document: Json) -> bool:
    """Whether `document` says that it is one."""
    return text(document.get("@context")).startswith(CONTEXT)


def read_openvex(document: Json, source: str) -> VexDocument:
    """What `document`, of the file `source`, states."""
    problems = Problems()
    time = moment(document.get("timestamp"), "timestamp", problems)
    author = text(document.get("author"))
    if not isinstance(document.get("statements"), list):
        problems.tell("statements", "there is no list of statements")
    found: list[Statement] = []
    for number, item in enumerate(items(document.get("statements")), start=1):
        found += _statements(table(item), f"statement {number}", problems, (time, author, source))
    return VexDocument(format="OpenVEX", source=source, statements=tuple(found), problems=problems.all())


def _statements(item: Json, place: str, problems: Problems, inherited: tuple[str, str, str]) -> Iterator[Statement]:
    """One for all products that are meant as a whole, and one for each of which only parts are meant."""
    status, ids = text(item.get("status")), names(_names(item.get("vulnerability")), place, problems)
    groups = _groups(item)
    if not ids:
        problems.tell(place, "it names no vulnerability")
    elif status not in STATUSES:
        problems.tell(place, f"{shown(status)!r} is no status, which is one of {', '.join(STATUSES)}")
    elif not groups:
        problems.tell(place, "it names no product, or none of the components in it that it is for")
    else:
        time, author, source = inherited
        own = moment(item.get("last_updated") or item.get("timestamp"), place, problems)
        justification = _justification(item, place, problems)
        for products, components in groups:
            yield Statement(
                ids=ids,
                status=status,
                products=products,
                components=components,
                justification=justification,
                impact=prose(item.get("impact_statement")),
                action=prose(item.get("action_statement")),
                author=text(item.get("supplier")) or author,
                time=own or time,
                source=source,
            )


def _names(vulnerability: object) -> Iterator[str]:
    """A text, or an object whose `@id` may be the address of a page about it."""
    yield text(vulnerability)
    about = table(vulnerability)
    yield text(about.get("name")) or text(about.get("@id")).rpartition("/")[2]
    yield from texts(about.get("aliases"))


def _groups(item: Json) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Products together with the components in them that are meant; none where all of each is."""
    shared = _identifiers(item.get("subcomponents"))
    alike: list[str] = []
    groups: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for product in items(item.get("products")):
        name, stated = _identifier(product), table(product).get("subcomponents")
        own = _identifiers(stated)
        if name and own:
            groups.append(((name,), own))
        # Components that are stated, but not so that one knows which, must not make the statement one about all.
        elif name and not stated and bool(shared) == bool(item.get("subcomponents")):
            alike.append(name)
    return [(tuple(alike), shared), *groups] if alike else groups


def _identifiers(things: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_identifier, items(things))))


def _identifier(thing: object) -> str:
    """What names a product or component: its purl, else its `@id` or what else there is."""
    about = table(thing)
    name, identifiers = text(thing) or text(about.get("@id")), table(about.get("identifiers"))
    if name.startswith("pkg:"):
        return name
    return text(identifiers.get("purl")) or name or next(filter(None, map(text, identifiers.values())), "")


def _justification(item: Json, place: str, problems: Problems) -> str:
    label = text(item.get("justification"))
    if label and label not in JUSTIFICATIONS:
        problems.tell(place, f"{shown(label)!r} is no justification, which is one of {', '.join(JUSTIFICATIONS)}")
        return ""
    return label
