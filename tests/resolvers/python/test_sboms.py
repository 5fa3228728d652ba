"""SBOMs within distributions: CycloneDX, SPDX, and what is neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.inventory import (
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
)
from bomvet.resolvers.python import _sboms
from bomvet.resolvers.python._sboms import Embedded, read_sbom

PATH = "a.dist-info/sboms/s.json"
OWNER = "pkg:pypi/own@1"
PLACE = (Location(path=PATH),)
BUNDLED = ("bomvet:bundled", "true")


def cyclonedx(*components: Any, **more: Any) -> Embedded:
    """What a document with these components adds to the distribution."""
    return read({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components), **more})


def spdx(*packages: Any, **more: Any) -> Embedded:
    """What an SPDX document with these packages adds."""
    return read({"spdxVersion": "SPDX-2.3", "packages": list(packages), **more})


def read(document: Any) -> Embedded:
    """What a document adds."""
    return read_sbom(json.dumps(document).encode(), PATH, OWNER, "test")


def edges(found: Embedded) -> set[tuple[str, str, str]]:
    """Edges with their kind."""
    return {(r.source, r.kind.value, r.target) for r in found.relationships}


def reasons(found: Embedded) -> list[str]:
    """Why something was not understood."""
    return [unknown.reason for unknown in found.unknowns]


def test_a_component_of_cyclonedx() -> None:
    """All that a component states is kept; the distribution contains it."""
    found = cyclonedx({
        "type": "application",
        "bom-ref": "x",
        "group": "g",
        "name": "lib",
        "version": "2",
        "scope": "optional",
        "description": "What  it is",
        "author": "A. Uthor <a@packages.example>",
        "cpe": "cpe:2.3:a:lib:lib:2:*:*:*:*:*:*:*",
        "purl": "pkg:Cargo/lib@2?checksum=x#sub/path",
        "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC", "acknowledgement": "concluded"}, 7],
        "hashes": [{"alg": "SHA-256", "content": "AB" * 32}, {"alg": "SHA3-256", "content": "cd" * 32}],
        "externalReferences": [
            {"type": "distribution", "url": "https://u:p@files.packages.example/lib", "hashes": [{"alg": "MD5", "content": "0" * 32}]},
            {"type": "website", "url": "https://packages.example"},
        ],
    })  # fmt: skip

    assert found == Embedded(
        components=(
            Component(
                purl="pkg:cargo/lib@2?checksum=x",
                name="g/lib",
                version="2",
                kind=Kind.APPLICATION,
                scope=Scope.OPTIONAL,
                description="What it is",
                suppliers=(Contact(name="A. Uthor", email="a@packages.example"),),
                licences=(Licence(expression="ISC", concluded=True), Licence(expression="MIT")),
                hashes=(Hash(algorithm="sha256", value="ab" * 32), Hash(algorithm="sha3-256", value="cd" * 32)),
                distributions=(
                    Distribution(
                        url="https://files.packages.example/lib", hashes=(Hash(algorithm="md5", value="0" * 32),)
                    ),
                ),
                locations=PLACE,
                properties=(BUNDLED, ("bomvet:cpe", "cpe:2.3:a:lib:lib:2:*:*:*:*:*:*:*")),
            ),
        ),
        relationships=(
            Relationship(source=OWNER, target="pkg:cargo/lib@2?checksum=x", kind=RelationKind.CONTAINS, evidence=PLACE),
        ),
        unknowns=(),
    )


def test_a_package_of_spdx() -> None:
    """All that a package states is kept; what is not asserted is nothing."""
    found = spdx({
        "SPDXID": "SPDXRef-1",
        "name": "lib",
        "versionInfo": "2",
        "summary": "What it is",
        "licenseDeclared": "MIT",
        "licenseConcluded": "ISC",
        "downloadLocation": "https://files.packages.example/lib",
        "checksums": [{"algorithm": "SHA1", "checksumValue": "A" * 40}],
        "externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:lib:lib:2:*:*:*:*:*:*:*"},
            {"referenceType": "purl", "referenceLocator": "no purl"},
            {"referenceType": "purl", "referenceLocator": "pkg:generic/lib@2"},
        ],
    })  # fmt: skip

    (component,) = found.components
    assert component == Component(
        purl="pkg:generic/lib@2",
        name="lib",
        version="2",
        description="What it is",
        licences=(Licence(expression="ISC", concluded=True), Licence(expression="MIT")),
        hashes=(Hash(algorithm="sha1", value="a" * 40),),
        distributions=(Distribution(url="https://files.packages.example/lib"),),
        locations=PLACE,
        properties=(BUNDLED, ("bomvet:cpe", "cpe:2.3:a:lib:lib:2:*:*:*:*:*:*:*")),
    )
    bare = spdx({"name": "x", "licenseDeclared": "NOASSERTION", "downloadLocation": "NONE"}).components[0]
    assert bare == Component(purl="pkg:generic/x", name="x", locations=PLACE, properties=(BUNDLED,))


def test_edges_of_cyclonedx() -> None:
    """Components nest, depend on each other by their references, and what is the distribution itself is no other."""
    found = cyclonedx(
        {"bom-ref": "part", "name": "own.ext", "purl": "pkg:pypi/Own@1#ext"},
        {"bom-ref": "a", "name": "a", "version": "1", "components": [{"bom-ref": "b", "name": "b"}]},
        {"bom-ref": "c", "name": "c"},
        metadata={"component": {"bom-ref": "top", "name": "Own"}},
        dependencies=[
            {"ref": "top", "dependsOn": ["a", "part"]},
            {"ref": "part", "dependsOn": ["c"]},
            {"ref": "a", "dependsOn": ["b", "a", "nowhere", 3]},
            {"ref": ["x"], "dependsOn": ["a"]},
            "nonsense",
        ],
    )

    assert edges(found) == {
        (OWNER, "contains", "pkg:generic/a@1"),
        (OWNER, "contains", "pkg:generic/b"),
        (OWNER, "contains", "pkg:generic/c"),
        (OWNER, "depends-on", "pkg:generic/a@1"),
        (OWNER, "depends-on", "pkg:generic/c"),
        ("pkg:generic/a@1", "depends-on", "pkg:generic/b"),
    }
    assert found.unknowns == ()


def test_edges_of_spdx() -> None:
    """Relationships in either direction; those that say something else are none."""
    ends = {"spdxElementId": "a", "relatedSpdxElement": "b"}
    found = spdx(
        {"SPDXID": "a", "name": "a"},
        {"SPDXID": "b", "name": "b"},
        relationships=[
            {**ends, "relationshipType": "DEPENDS_ON"},
            {**ends, "relationshipType": "CONTAINED_BY"},
            {**ends, "relationshipType": "DESCRIBES"},
            {"relationshipType": "DEPENDS_ON"},
        ],
    )

    assert edges(found) == {
        (OWNER, "contains", "pkg:generic/a"),
        (OWNER, "contains", "pkg:generic/b"),
        ("pkg:generic/a", "depends-on", "pkg:generic/b"),
        ("pkg:generic/b", "contains", "pkg:generic/a"),
    }


def test_the_subject_of_a_document() -> None:
    """What the document is about is in the distribution too, unless it is the distribution."""
    crate = {"bom-ref": "r", "name": "own-rust", "version": "1", "purl": "pkg:cargo/own-rust@1?download_url=file://."}
    own = {"bom-ref": "r", "name": "Own", "version": "1", "purl": "pkg:pypi/OWN@1?file_name=own.whl"}

    assert [c.purl for c in cyclonedx(metadata={"component": crate}).components] == ["pkg:generic/own-rust@1"]
    assert cyclonedx(metadata={"component": own}) == Embedded((), (), ())


@pytest.mark.parametrize(
    ("stated", "purl", "link"),
    [
        ("pkg:pypi/Some_Thing@1", "pkg:pypi/some-thing@1", ""),
        ("pkg:cargo/x@1?download_url=file://../x", "pkg:generic/x@1", "../x"),
        ("pkg:cargo/x@1?download_url=file:///somewhere/on/a/machine/x", "pkg:generic/x@1", "x"),
        ("pkg:cargo/x@1?vcs_url=git%2Bfile:%2F%2F%2Fs%2Fx", "pkg:generic/x@1", "x"),
        ("pkg:cargo/x@1?vcs_url=git%2Bhttps://u:p@packages.example/x", "pkg:cargo/x@1?vcs_url=git%2Bhttps://packages.example/x", ""),
        ("pkg:cargo/x@1?vcs_url=git%2Bhttps://packages.example/x%40abc", "pkg:cargo/x@1?vcs_url=git%2Bhttps://packages.example/x%40abc", ""),
        ("no purl", "pkg:generic/x@1", ""),
        ("pkg:cargo", "pkg:generic/x@1", ""),
        (7, "pkg:generic/x@1", ""),
    ],
)  # fmt: skip
def test_identities(stated: object, purl: str, link: str) -> None:
    """Purls in canonical form and without secrets; a folder of the machine that built it is no identity."""
    (found,) = cyclonedx({"name": "x", "version": "1", "purl": stated}).components

    assert found.purl == purl
    assert found.properties == (BUNDLED, *((("bomvet:link", link),) if link else ()))


@pytest.mark.parametrize(
    ("item", "people"),
    [
        ({"supplier": {"name": "S"}, "author": "A"}, [("S", "")]),
        ({"manufacturer": {"name": "M"}}, [("M", "")]),
        ({"supplier": "S", "authors": [{"name": "A", "email": "a@x.example"}, 3, {}]}, [("A", "a@x.example")]),
        ({"author": "A"}, [("A", "")]),
        ({"author": "A <a@x.example>, B <b@x.example>"}, [("A <a@x.example>, B <b@x.example>", "")]),
        ({"author": 1}, []),
    ],
)
def test_people(item: dict[str, Any], people: list[tuple[str, str]]) -> None:
    """Supplier, manufacturer, authors: the first that there is."""
    (found,) = cyclonedx({"name": "x", **item}).components

    assert [(person.name, person.email) for person in found.suppliers] == people


def test_two_of_one_identity_are_one() -> None:
    """What a document states twice is merged."""
    found = cyclonedx({"name": "a", "hashes": [{"alg": "MD5", "content": "0" * 32}]}, {"name": "a", "cpe": "c"})

    (component,) = found.components
    assert component.hashes == (Hash(algorithm="md5", value="0" * 32),)
    assert component.properties == (BUNDLED, ("bomvet:cpe", "c"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<bom/>", "an SBOM of the distribution is not read: not JSON: unexpected character"),
        (b"[]", "an SBOM of the distribution is not read: no JSON object"),
        (b"{}", "an SBOM of the distribution is not read: format none is not known"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "2.0"}', "an SBOM of the distribution is not read: CycloneDX 2.0 is not known"),
        (b'{"spdxVersion": "SPDX-1.0"}', "an SBOM of the distribution is not read: format SPDX-1.0 is not known"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_told(data: bytes, reason: str) -> None:
    """Other formats and versions, and what is no document at all."""
    found = read_sbom(data, PATH, OWNER, "test")

    assert found.components == ()
    assert [reason_[: len(reason)] for reason_ in reasons(found)] == [reason]


def test_entries_that_are_not_understood() -> None:
    """Entries without a name and digests that are none are counted."""
    found = cyclonedx(
        {"version": "1"},
        "nonsense",
        {"name": "a", "hashes": [{"alg": "SHA-256", "content": "00"}, {"alg": "MD5", "content": "z" * 32}, {}]},
    )
    assert reasons(found) == ["2 entries of an SBOM have no name", "3 hashes of an SBOM cannot be used"]
    assert reasons(spdx({}, 3)) == ["2 entries of an SBOM have no name"]


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a document beyond all measure the rest is not read, and that is told."""
    monkeypatch.setattr(_sboms, "_MOST", 2)
    items = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    reason = "an SBOM of the distribution has more than 2 entries: the rest was not read"

    assert [(len(f.components), reasons(f)) for f in (cyclonedx(*items), spdx(*items))] == [(2, [reason])] * 2

    monkeypatch.setattr(_sboms, "_MOST_EDGES", 1)
    two = [{"bom-ref": "a", "name": "a"}, {"bom-ref": "b", "name": "b"}]
    found = cyclonedx(*two, dependencies=[{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}])
    assert reasons(found) == ["more than 1 edges in an SBOM: the rest was not read"]
    assert ("pkg:generic/a", "depends-on", "pkg:generic/b") in edges(found)


VALUES: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["MIT", "pkg:a/b", "a", "SHA-1"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(
        ["name", "purl", "components", "licenses", "license", "id", "hashes", "alg", "content", "bom-ref", "ref",
         "dependsOn", "supplier", "author", "authors", "externalReferences", "externalRefs", "checksums", "SPDXID",
         "relationshipType", "spdxElementId", "type", "url", "scope", "cpe", "component"]), inner, max_size=6)),
    max_leaves=12,
)  # fmt: skip
HEADS: list[dict[str, Any]] = [{"bomFormat": "CycloneDX", "specVersion": "1.6"}, {"spdxVersion": "SPDX-2.3"}, {}]


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(HEADS),
    st.dictionaries(st.sampled_from(["components", "packages", "metadata", "dependencies", "relationships"]), VALUES),
)
def test_anything_is_read_or_told(head: dict[str, Any], members: dict[str, Any]) -> None:
    """Nothing raises, every component has a name, and every edge leads somewhere."""
    found = read({**head, **members})

    known = {OWNER, *(component.purl for component in found.components)}
    assert all(component.name for component in found.components)
    assert {end for r in found.relationships for end in (r.source, r.target)} <= known


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_told(data: bytes) -> None:
    """What is no JSON is told."""
    assert read_sbom(data, PATH, OWNER, "test").unknowns
