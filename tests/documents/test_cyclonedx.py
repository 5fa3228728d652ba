"""CycloneDX JSON of any tool as an inventory."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.documents.cyclonedx import is_cyclonedx, read_cyclonedx
from bomvet.documents.load import read_document
from bomvet.errors import MalformedError
from bomvet.model.diff import Described, compare
from bomvet.model.inventory import (
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
from bomvet.plugin import RenderOptions
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON
from tests.reports.samples import HOSTILE_TEXT, KNOWN, MANY, SPARSE, SPEC_VERSIONS, hostile, inventories, result

if TYPE_CHECKING:
    from bomvet.model.result import ScanResult

SHA256 = {"alg": "SHA-256", "content": "AB" * 32}


def document(*components: Any, **members: Any) -> dict[str, Any]:
    """A document of these components."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [*components], **members}


def read(*components: Any, **members: Any) -> Inventory:
    """What the document describes."""
    return read_cyclonedx(document(*components, **members), "bom.json")[0]


def reasons(*components: Any, **members: Any) -> list[str]:
    """What is not understood."""
    return [unknown.reason for unknown in read(*components, **members).unknowns]


def test_a_whole_component() -> None:
    """Everything that a component may state has its place."""
    found = read(
        {
            "type": "application",
            "bom-ref": "1",
            "group": "@scope",
            "name": "thing",
            "version": "1.0",
            "purl": "pkg:npm/%40scope/thing@1.0",
            "description": "A thing",
            "scope": "optional",
            "supplier": {"name": "Makers", "contact": [{"name": "Ada", "email": "ada@makers.example"}, {}]},
            "hashes": [SHA256, {"alg": "SHA-1", "content": "cd" * 20}, {"alg": "SHA3-256", "content": "00" * 32}],
            "licenses": [{"license": {"id": "MIT", "acknowledgement": "concluded"}}, {"license": {"name": "Own"}}],
            "externalReferences": [
                {"type": "website", "url": "https://thing.example"},
                {"type": "distribution", "url": "https://user:pw@f.example/t.tgz", "hashes": [SHA256]},
                {"type": "source-distribution", "url": "https://f.example/t.zip", "comment": "uploaded 2026-01-01"},
            ],
            "evidence": {"occurrences": [{"location": "a.lock", "line": 3}, {"location": "b.lock:7"}, {}]},
            "properties": [{"name": "x", "value": "y"}, {"name": "bomvet:location", "value": "c.lock"}],
        }
    )
    assert found.unknowns == ()
    assert found.components == (
        Component(
            purl="pkg:npm/%40scope/thing@1.0",
            name="@scope/thing",
            version="1.0",
            kind=Kind.APPLICATION,
            scope=Scope.OPTIONAL,
            description="A thing",
            suppliers=(Contact(name="Ada", email="ada@makers.example"),),
            licences=(Licence(expression="MIT", concluded=True), Licence(name="Own")),
            hashes=(Hash(algorithm="sha1", value="cd" * 20), Hash(algorithm="sha3-256", value="00" * 32)),
            distributions=(
                Distribution(url="https://f.example/t.tgz", hashes=(Hash(algorithm="sha256", value="ab" * 32),)),
                Distribution(url="https://f.example/t.zip", uploaded="2026-01-01", source=True),
            ),
            locations=(
                Location(path="a.lock", line=3),
                Location(path="b.lock", line=7),
                Location(path="c.lock"),
            ),
            properties=(("x", "y"),),
        ),
    )


@pytest.mark.parametrize("version", SPEC_VERSIONS)
@pytest.mark.parametrize("written", [KNOWN, SPARSE, MANY], ids=["known", "sparse", "many"])
def test_what_bomvet_writes_is_read_back(written: ScanResult, version: str) -> None:
    """Nothing differs between a result and its SBOM, whatever the version of the specification."""
    found, ours = read_back(written, version), written.inventory
    sides = [Described(source="x", kind="x", inventory=inventory) for inventory in (found, ours)]

    assert compare(*sides, tool="1").changes == ()
    for field in ("purl", "dependencies", "directory", "scope"):
        assert [getattr(c, field) for c in found.components] == [getattr(c, field) for c in ours.components]
    assert {(u.location, u.reason) for u in ours.unknowns} <= {(u.location, u.reason) for u in found.unknowns}


def read_back(written: ScanResult, version: str) -> Inventory:
    """The inventory of the SBOM of a result."""
    found = read_document(CYCLONEDX_JSON.render(written, RenderOptions(spec_version=version)), "bom.json")
    assert found is not None
    return found.inventory


@settings(deadline=None, max_examples=60, derandomize=True)
@given(inventories(), st.sampled_from(SPEC_VERSIONS))
def test_a_result_and_its_sbom_do_not_differ(inventory: Inventory, version: str) -> None:
    """Of no inventory at all."""
    found = read_back(result(inventory), version)
    sides = [Described(source="x", kind="x", inventory=one) for one in (found, inventory)]

    assert compare(*sides, tool="1").changes == ()


@settings(deadline=None, max_examples=60, derandomize=True)
@given(HOSTILE_TEXT, HOSTILE_TEXT)
def test_whatever_bomvet_writes_can_be_read(one: str, other: str) -> None:
    """A document of ours is understood, though odd texts in it may become something else."""
    assert len(read_back(hostile(one, other), "1.6").components) == 1


def test_the_subject() -> None:
    """The root is first-party; what is nested in it are components."""
    found = read(metadata={"component": {"name": "app", "version": "1", "components": [{"name": "part"}]}})

    assert found.root == Component(purl="app@1", name="app", version="1", directory="")
    assert [c.purl for c in found.components] == ["part"]


@pytest.mark.parametrize("root", [None, {}, {"name": ""}])
def test_no_subject(root: Any) -> None:
    """Some tools name none, or an empty one."""
    assert read(metadata={"component": root}) == Inventory()


def test_nested_components_are_flattened() -> None:
    """However deep they are."""
    item: dict[str, Any] = {"name": "0"}
    for number in range(1, 300):
        item = {"name": str(number), "components": [item]}

    assert len(read(item).components) == 300


def test_one_component_for_each_purl() -> None:
    """What is listed for every place where it is installed is one component of all those places."""
    found = read(*({"name": "a", "purl": "pkg:npm/a@1", "evidence": {"occurrences": [{"location": p}]}} for p in "xy"))

    assert [(c.purl, [p.path for p in c.locations]) for c in found.components] == [("pkg:npm/a@1", ["x", "y"])]


def test_a_version_in_the_purl_alone() -> None:
    """It counts."""
    assert read({"name": "a", "purl": "pkg:npm/a@1"}).components[0].version == "1"


def test_our_own_properties_go_back_to_their_fields() -> None:
    """Those for which older versions of the specification have no field."""
    long = "1" * 2000
    names = {"first-party": "true", "version": long, "hash": "odd:00", "location": "x:y"}
    (found,) = read(
        {
            "name": "a",
            "purl": "pkg:generic/a?path=libs/a",
            "properties": [{"name": f"bomvet:{name}", "value": value} for name, value in names.items()],
        }
    ).components

    assert (found.directory, found.version) == ("libs/a", long)
    assert (found.hashes, found.locations) == ((Hash(algorithm="odd", value="00"),), (Location(path="x:y"),))
    assert found.properties == ()


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        ({}, Scope.REQUIRED),
        ({"scope": "excluded"}, Scope.DEV),
        ({"scope": "optional"}, Scope.OPTIONAL),
        ({"scope": "odd"}, Scope.REQUIRED),
        ({"scope": "optional", "properties": [{"name": "cdx:npm:package:development", "value": "true"}]}, Scope.DEV),
        ({"properties": [{"name": "bomvet:scope", "value": "dev"}]}, Scope.DEV),
    ],
)
def test_scopes(fields: dict[str, Any], scope: Scope) -> None:
    """The field, and how tools mark what only development needs."""
    assert read({"name": "a", **fields}).components[0].scope is scope


def test_whether_scopes_are_stated_at_all() -> None:
    """A document that has none says nothing of them."""
    assert read_cyclonedx(document({"name": "a"}), "x")[1] is False
    assert read_cyclonedx(document({"name": "a", "scope": "required"}), "x")[1] is True


def test_licence_texts() -> None:
    """An expression, and the beginning of a text that has no name."""
    (one,) = read({"name": "a", "licenses": [{"expression": "MIT OR ISC", "acknowledgement": "declared"}]}).components
    (two,) = read(
        {"name": "a", "licenses": [{"license": {"text": {"content": "T" * 999}}}, {"license": {}}]}
    ).components

    assert one.licences == (Licence(expression="MIT OR ISC"),)
    assert two.licences == (Licence(name="T" * 200),)


def test_edges_and_completeness() -> None:
    """By the document's own references; those of tools and services are nobody's."""
    found = read(
        {"name": "a", "bom-ref": "1", "purl": "pkg:npm/a@1"},
        {"name": "b", "bom-ref": "2", "purl": "pkg:npm/b@1"},
        metadata={"tools": {"components": [{"name": "t", "bom-ref": "tool"}]}},
        dependencies=[{"ref": "1", "dependsOn": ["2", "1"]}, {"ref": "2"}, {"ref": "tool", "dependsOn": ["1"]}],
        compositions=[
            {"aggregate": "complete", "dependencies": ["1"]},
            {"aggregate": "incomplete_first_party_only", "dependencies": ["2"]},
            {"aggregate": "not_specified", "assemblies": ["1"]},
        ],
    )
    assert found.unknowns == ()
    assert found.relationships == (Relationship(source="pkg:npm/a@1", target="pkg:npm/b@1"),)
    assert [c.dependencies for c in found.components] == [Completeness.COMPLETE, Completeness.INCOMPLETE]


def test_a_supplier_without_contacts() -> None:
    """Its name stands for it."""
    assert read({"name": "a", "supplier": {"name": "M"}}).components[0].suppliers == (Contact(name="M"),)


def test_known_unknowns_of_a_document_of_ours() -> None:
    """They are those of whoever reads it, too."""
    found = read(metadata={"properties": [{"name": "bomvet:unknown", "value": "go.mod:3: not: read"}]})

    assert found.unknowns == (
        Unknown(location=Location(path="go.mod", line=3), resolver="cyclonedx", reason="not: read"),
    )


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (7, "components[0] is no component with a name"),
        ({}, "components[0] is no component with a name"),
        ({"name": "a", "components": 1}, "components[0].components is no list"),
        ({"name": "a", "hashes": {}}, "hashes of a is no list"),
        (
            {"name": "a", "hashes": [{"alg": "SHA-256", "content": "ab"}]},
            "a hash of a is no digest of a known algorithm",
        ),
        ({"name": "a", "hashes": [None]}, "a hash of a is no digest of a known algorithm"),
        ({"name": "a", "externalReferences": "x"}, "externalReferences of a is no list"),
    ],
)
def test_entries_that_are_not_understood(item: Any, reason: str) -> None:
    """They are told with their place."""
    assert reasons(item) == [reason]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"components": {}}, "components is no list"),
        ({"dependencies": 1}, "dependencies is no list"),
        ({"dependencies": [{}]}, "dependencies[0] has no ref"),
        ({"dependencies": [{"ref": "x", "dependsOn": "y"}]}, "dependencies[0].dependsOn is no list"),
        (
            {"dependencies": [{"ref": "x", "dependsOn": ["y"]}]},
            "dependencies name 2 references that nothing has, such as 'x', 'y'",
        ),
        ({"compositions": 1}, "compositions is no list"),
        ({"compositions": [{"dependencies": 1}]}, "dependencies of a composition is no list"),
        ({"metadata": {"component": "x"}}, "metadata.component is no component with a name"),
    ],
)
def test_members_that_are_not_understood(members: dict[str, Any], reason: str) -> None:
    """They are told, too."""
    assert reasons(**members) == [reason]


@pytest.mark.parametrize("version", ["1.1", "2.0", None, 1.6, ["1.6"], {}])
def test_versions_that_are_not_read(version: Any) -> None:
    """What is not known is refused."""
    with pytest.raises(MalformedError, match=r"is not read, only 1\.2 to 1\.7"):
        read(specVersion=version)


def test_what_is_no_cyclonedx() -> None:
    """It says so itself."""
    values: list[object] = [[], {}, {"bomFormat": "SPDX"}, document()]

    assert [is_cyclonedx(value) for value in values] == [False, False, False, True]


# -- bad documents ---------------------------------------------------------------------------------------------

_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        items = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [(value, key) for key, _ in items] + [place for _, item in items for place in places(item)]


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.data())
def test_mutated_documents(data: st.DataObject) -> None:
    """Members that are dropped, doubled or of another type: understood or told, never a defect."""
    whole = json.loads(CYCLONEDX_JSON.render(KNOWN, RenderOptions()))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(whole)))
        change = data.draw(st.sampled_from(["drop", "retype", "double"]))
        if change == "drop":
            container.pop(key, None) if isinstance(container, dict) else container.clear()
        elif change == "retype":
            container[key] = data.draw(_VALUES)
        elif isinstance(container, list):
            container.append(container[key])
    with contextlib.suppress(MalformedError):
        inventory = read_cyclonedx(whole, "bom.json")[0]
        json.dumps(Inventory.merge([inventory]).components[0].purl if inventory.components else "")


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"{", b"\xef\xbb\xbf", b"<bom xmlns='http://cyclonedx.org/schema/bom'"]),
)
def test_any_bytes(data: bytes, start: bytes) -> None:
    """Any bytes are refused or taken for something else."""
    with contextlib.suppress(MalformedError):
        assert read_document(start + data, "x") is None
