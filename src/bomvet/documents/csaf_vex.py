"""CSAF 2.0 and 2.1 documents of the VEX profile.

Source: https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html, sections 3.2.2, 3.2.3 and 4.5.  A product is
named by its purl, by its full name where it has none; a product that is one in another is a component of that.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bomvet.documents._vex import (
    JUSTIFICATIONS,
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
from bomvet.documents.cyclonedx_vex import in_versions
from bomvet.errors import MalformedError
from bomvet.model.finding import Statement
from bomvet.model.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATUSES = {
    "known_not_affected": "not_affected",
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "under_investigation": "under_investigation",
}
#: Products within products that are followed, and look-ups of groups in one document.
MAX_DEPTH, MAX_LOOKUPS = 16, 1_000_000


class _Target(NamedTuple):
    """What a product id stands for: the product, and the component in it that is meant, if not all."""

    products: tuple[str, ...]
    components: tuple[str, ...] = ()


def is_csaf(document: Json) -> bool:
    """Whether `document` says that it is one."""
    return bool(table(document.get("document")).get("csaf_version"))


def read_csaf_vex(document: Json, source: str) -> VexDocument:
    """What `document`, of the file `source`, states; raises `MalformedError` where it is no VEX."""
    about = table(document.get("document"))
    category, version = text(about.get("category")), text(about.get("csaf_version"))
    if not version.startswith("2."):
        raise MalformedError(f"CSAF {shown(version)!r} is not read, only 2.0 and 2.1")
    if category != "csaf_vex":
        raise MalformedError(f"no VEX document: a CSAF document of the category {shown(category)!r}, not 'csaf_vex'")
    if table(about.get("tracking")).get("status") == "draft":
        raise MalformedError("the document is a draft, on which nobody may rely (document.tracking.status)")
    reader = _Reader(document, source)
    found = [
        statement
        for number, item in enumerate(items(document.get("vulnerabilities")), start=1)
        for statement in reader.statements(table(item), f"vulnerability {number}")
    ]
    return VexDocument(format="CSAF", source=source, statements=tuple(found), problems=reader.problems.all())


class _Reader:
    """One document while it is read."""

    def __init__(self, document: Json, source: str) -> None:
        self.problems = Problems()
        about, tree = table(document.get("document")), table(document.get("product_tree"))
        self._source, self._author = source, text(table(about.get("publisher")).get("name"))
        stated = table(about.get("tracking")).get("current_release_date")
        self._time = moment(stated, "document.tracking.current_release_date", self.problems)
        self._named = dict(self._products(tree))
        self._relations = {
            text(table(item.get("full_product_name")).get("product_id")): item
            for item in map(table, items(tree.get("relationships")))
        }
        self._groups: dict[str, list[str]] = defaultdict(list)
        for group in map(table, items(tree.get("product_groups"))):
            for product in texts(group.get("product_ids")):
                self._groups[product].append(text(group.get("group_id")))
        self._lookups = 0

    # -- the product tree ----------------------------------------------------------------------------------

    def _products(self, tree: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every product id with what names the product."""
        for item in items(tree.get("full_product_names")):
            yield self._product(table(item), "", "")
        todo: list[tuple[Json, str, str]] = [(branch, "", "") for branch in map(table, items(tree.get("branches")))]
        while todo:
            branch, version, range_ = todo.pop()
            category, name = text(branch.get("category")), text(branch.get("name"))
            if category == "product_version":
                version, range_ = name, ""
            elif category == "product_version_range":
                version, range_ = "", name
            if branch.get("product"):
                yield self._product(table(branch["product"]), version, range_)
            todo += [(inner, version, range_) for inner in map(table, items(branch.get("branches")))]

    def _product(self, item: Json, version: str, range_: str) -> tuple[str, tuple[str, ...]]:
        """Id and names of one product; a purl without a version is only for the version that the tree states."""
        id_, helper = text(item.get("product_id")), table(item.get("product_identification_helper"))
        found = []
        for purl in filter(None, (text(helper.get("purl")), *texts(helper.get("purls")))):
            if "@" in purl.partition("?")[0].rpartition("/")[2] or not (version or range_):
                found.append(purl)
            elif version:
                found.append(in_versions(purl, version=version))
            elif range_.startswith("vers:"):
                found.append(in_versions(purl, vers=range_))
            else:
                self.problems.tell(f"product {shown(id_)}", f"{shown(range_)!r} is no range of versions (vers)")
                return id_, ()
        return id_, tuple(found) or ((text(item.get("name")),) if text(item.get("name")) else ())

    def _target(self, id_: str) -> _Target:
        """What `id_` stands for; nothing where the tree does not say."""
        if id_ not in self._relations:
            return _Target(self._named.get(id_, ()))
        target = _Target(self._end(id_, "relates_to_product_reference"), self._end(id_, "product_reference"))
        return target if target.components else _Target(())

    def _end(self, id_: str, side: str) -> tuple[str, ...]:
        """What names the outermost product that `id_` is in, or the innermost that it is about."""
        for _ in range(MAX_DEPTH):
            if id_ not in self._relations:
                return self._named.get(id_, ())
            id_ = text(self._relations[id_].get(side))
        return ()  # such as a circle

    # -- vulnerabilities -----------------------------------------------------------------------------------

    def statements(self, item: Json, place: str) -> Iterator[Statement]:
        """One for each product and status; what is said of all alike is one."""
        ids = names(
            (text(item.get("cve")), *(text(table(one).get("text")) for one in items(item.get("ids")))),
            place,
            self.problems,
        )
        if not ids:
            self.problems.tell(place, "it has neither cve nor ids")
            return
        flags, impacts = self._said(item, "flags", "label"), self._said(item, "threats", "details", "impact")
        actions = self._said(item, "remediations", "details")
        together: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for status, product, target in self._statuses(item, place):
            label = self._first(flags, product)
            if label and label not in JUSTIFICATIONS:
                self.problems.tell(place, f"{shown(label)!r} is no flag of a product that is not affected")
                label = ""
            said = (label, self._first(impacts, product), self._first(actions, product))
            for name in target.products:
                together[(status, *said, *target.components)].append(name)
        for (status, label, impact, action, *components), products in together.items():
            yield Statement(
                ids=ids,
                status=status,
                products=tuple(dict.fromkeys(products)),
                components=tuple(components),
                justification=label,
                impact=impact,
                action=action if status == "affected" else "",
                author=self._author,
                time=self._time,
                source=self._source,
            )

    def _statuses(self, item: Json, place: str) -> Iterator[tuple[str, str, _Target]]:
        for key, products in table(item.get("product_status")).items():
            status = STATUSES.get(key)
            for product in texts(products) if status else ():
                target = self._target(product)
                self._spend(len(target.products) + len(target.components))
                if not target.products:
                    self.problems.tell(place, f"the product tree does not say what {shown(product)!r} is")
                else:
                    yield str(status), product, target

    def _said(self, item: Json, key: str, value: str, category: str = "") -> dict[str, str]:
        """What the entries of a list say, by the product or group that each is for; the first counts."""
        found: dict[str, str] = {}
        for entry in map(table, items(item.get(key))):
            if not category or entry.get("category") == category:
                products: Sequence[str] = [*texts(entry.get("product_ids"))]
                groups = [_group(group) for group in texts(entry.get("group_ids"))]
                # Without either, a threat or a remediation is for the whole vulnerability; a flag is for nothing.
                for name in (*products, *groups) or (("",) if key != "flags" else ()):
                    found.setdefault(name, prose(entry.get(value)))
        return found

    def _first(self, said: dict[str, str], product: str) -> str:
        if product in said:
            return said[product]
        groups = self._groups.get(product, ()) if said else ()
        self._spend(len(groups))
        return next((said[_group(group)] for group in groups if _group(group) in said), said.get("", ""))

    def _spend(self, lookups: int) -> None:
        """A document of some megabytes can ask for any number of these."""
        self._lookups += lookups
        if self._lookups > MAX_LOOKUPS:
            raise MalformedError(f"more than {MAX_LOOKUPS:,} references to names and groups of products")


def _group(id_: str) -> str:
    """How a group is told from a product of the same id."""
    return f"\0{id_}"
