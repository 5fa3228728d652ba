"""CycloneDX in JSON: valid in every version, complete, the same for the same, and as the library reads it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import uuid
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.model.facts import AdvisoryAnswer, Epss, Facts, Kev, Standing
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
    Relationship,
    Scope,
)
from bomvet.model.result import Skipped
from bomvet.plugin import RenderOptions, Report, load
from bomvet.reports._cyclonedx import _LISTED
from bomvet.reports.cyclonedx_json import CYCLONEDX_JSON
from tests.reports import samples
from tests.reports.samples import (
    ALPHA,
    BETA,
    KNOWN,
    ROOT,
    SAMPLES,
    SCAN,
    SPEC_VERSIONS,
    edge,
    package,
    project,
    result,
    sha256,
)
from tests.reports.schemas import json_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bomvet.model.result import ScanResult

EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)
EVERY_VERSION = pytest.mark.parametrize("version", SPEC_VERSIONS)
MODEST = settings(deadline=None, max_examples=30, derandomize=True)


def written(result: ScanResult, version: str = "1.6") -> dict[str, Any]:
    """The document as it reads back."""
    document: dict[str, Any] = json.loads(CYCLONEDX_JSON.render(result, RenderOptions(spec_version=version)))
    return document


def one(component: Component, version: str = "1.6") -> dict[str, Any]:
    """How a component is written that stands alone."""
    (found,) = written(result(Inventory(components=(component,))), version)["components"]
    found_component: dict[str, Any] = found
    return found_component


def properties(item: dict[str, Any]) -> list[tuple[str, str]]:
    """Properties as pairs."""
    return [(p["name"], p["value"]) for p in item.get("properties", ())]


# -- the schema and what it cannot say -------------------------------------------------------------------------


@EVERY_VERSION
@EVERY_SAMPLE
def test_documents_are_valid(name: str, version: str) -> None:
    """Every sample satisfies the official schema of the version that was asked for."""
    document = written(SAMPLES[name], version)
    assert (document["specVersion"], json_faults(document)) == (version, [])


@EVERY_VERSION
def test_the_schema_check_can_fail(version: str) -> None:
    """The validator of the tests refuses a wrong enumeration, a wrong format and a wrong licence id."""
    document = written(KNOWN, version)
    document["components"][0]["scope"] = "sometimes"
    document["components"][0]["externalReferences"][0]["url"] = "%"
    document["components"][0]["licenses"] = [{"license": {"id": "No-Such-Licence"}}]
    assert len(json_faults(document)) == 3


@MODEST
@given(samples.inventories(), st.sampled_from(SPEC_VERSIONS))
def test_generated_documents_are_valid(inventory: Inventory, version: str) -> None:
    """Whatever an inventory holds, its document satisfies the schema."""
    assert json_faults(written(result(inventory), version)) == []


@MODEST
@given(samples.HOSTILE_TEXT, samples.HOSTILE_TEXT, st.sampled_from(SPEC_VERSIONS))
def test_any_text_gives_a_valid_document(one: str, other: str, version: str) -> None:
    """Neither a URL, an address, a name nor a date from a hostile file can make the document invalid."""
    assert json_faults(written(samples.hostile(one, other), version)) == []


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["bom-ref"]] if "bom-ref" in value else []
        value = list(value.values())
    for item in value if isinstance(value, list) else []:
        yield from _refs(item)


@EVERY_SAMPLE
def test_references_are_unique_and_lead_somewhere(name: str) -> None:
    """No bom-ref stands twice, none dangles, and each component has its one entry in the dependencies."""
    document = written(SAMPLES[name])
    count = Counter(_refs(document))
    dependencies = document.get("dependencies", [])
    described = [
        *document["components"],
        *document.get("services", ()),
        *filter(None, [document["metadata"].get("component")]),
    ]
    used = [ref for entry in dependencies for ref in entry.get("dependsOn", ())]
    used += [
        ref
        for item in document.get("compositions", ())
        for ref in item.get("assemblies", []) + item.get("dependencies", [])
    ]
    used += [target["ref"] for item in document.get("vulnerabilities", ()) for target in item["affects"]]
    assert set(count.values()) <= {1}
    assert [entry["ref"] for entry in dependencies] == sorted(item["bom-ref"] for item in described)
    assert set(used) <= set(count)


# -- the same for the same -------------------------------------------------------------------------------------


@EVERY_SAMPLE
def test_an_item_is_a_line(name: str) -> None:
    """Each component and each entry of dependencies is one line, and the text ends with one line end."""
    data = CYCLONEDX_JSON.render(SAMPLES[name], RenderOptions())
    lines = [line.strip().rstrip(b",") for line in data.split(b"\n")]
    document = orjson.loads(data)

    assert data.endswith(b"\n}\n")
    for item in (*document["components"], *document.get("dependencies", ())):
        assert orjson.dumps(item) in lines


def test_the_head_is_indented() -> None:
    """What a reader looks for first is laid out: format, serial number, time, tool, root."""
    text = CYCLONEDX_JSON.render(SAMPLES["bare"], RenderOptions()).decode()

    assert text.startswith(
        '{\n  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",\n  "bomFormat": "CycloneDX",\n'
    )
    assert '\n  "metadata": {\n    "timestamp": ' in text


@MODEST
@given(samples.inventories(), st.randoms(use_true_random=False))
def test_order_of_construction_does_not_matter(inventory: Inventory, chance: random.Random) -> None:
    """Results that are equal give equal bytes."""
    order = [chance.random() for _ in range(200)]
    again = samples.shuffled(inventory, order)
    options = RenderOptions()
    assert again == inventory
    assert CYCLONEDX_JSON.render(result(again), options) == CYCLONEDX_JSON.render(result(inventory), options)


def test_order_of_facts_does_not_matter() -> None:
    """Facts that were established in another order give equal bytes."""
    turned = replace(SCAN, facts=Facts(advisories=dict(reversed(list(SCAN.facts.advisories.items())))))
    options = RenderOptions()
    assert CYCLONEDX_JSON.render(turned, options) == CYCLONEDX_JSON.render(SCAN, options)


def test_hash_seed_does_not_matter() -> None:
    """Another process with another order of sets writes the same bytes, in JSON and in XML."""
    script = (
        "import hashlib; from tests.reports.samples import *; from bomvet.plugin import *;"
        "from bomvet.reports import cyclonedx_json as j, cyclonedx_xml as x;"
        "print([hashlib.sha256(m.render(SAMPLES[s], RenderOptions())).hexdigest()"
        " for m in (j, x) for s in ('scan', 'odd', 'services')])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


CHANGES = {
    "nothing": KNOWN,
    "time": replace(KNOWN, time="2026-11-24T12:00:01Z"),
    "tool": replace(KNOWN, tool="0.1.1"),
    "author": replace(KNOWN, authors=()),
    "input": replace(KNOWN, target=replace(KNOWN.target, inputs=())),
    "version": result(Inventory.merge([KNOWN.inventory, Inventory(components=(replace(ALPHA, version="1.0.0"),))])),
    "edge": replace(KNOWN, inventory=replace(KNOWN.inventory, relationships=())),
    "completeness": replace(
        KNOWN, inventory=replace(KNOWN.inventory, components=(replace(ALPHA, dependencies=Completeness.UNKNOWN), BETA))
    ),
    "scan": SCAN,
    "verdict": samples.CLEAN_SCAN,
}


def test_serial_number_stands_for_the_content() -> None:
    """The serial number is a UUIDv5, and any change of content or version of the specification gives another."""
    serials = [written(changed)["serialNumber"] for changed in CHANGES.values()]
    serials += [written(KNOWN, version)["serialNumber"] for version in ("1.4", "1.5", "1.7")]
    numbers = [uuid.UUID(serial.removeprefix("urn:uuid:")) for serial in serials]
    assert {(number.version, number.variant) for number in numbers} == {(5, uuid.RFC_4122)}
    assert len(set(serials)) == len(CHANGES) + 3
    assert serials[0] == written(KNOWN)["serialNumber"]


def test_serial_number_is_set_in_the_head_alone() -> None:
    """A component that holds the placeholder of the serial number keeps it."""
    placeholder = "urn:uuid:00000000-0000-5000-8000-000000000000"
    document = written(result(Inventory(components=(package("x", description=placeholder),))))
    assert document["components"][0]["description"] == placeholder
    assert document["serialNumber"] != placeholder


# -- what is written -------------------------------------------------------------------------------------------


def test_minimum_elements_are_all_there() -> None:
    """A document of all that can be known holds each minimum element of NTIA (2021) and CISA (2025)."""
    document = written(KNOWN)
    metadata = document["metadata"]
    alpha, beta = document["components"]
    root = metadata["component"]
    # Author of the SBOM.
    assert metadata["authors"] == [{"name": "Build Team", "email": "build@example.example"}]
    # Tool name and version.
    assert metadata["tools"] == {"components": [{"type": "application", "name": "bomvet", "version": "0.1.0"}]}
    # Timestamp.
    assert metadata["timestamp"] == "2026-11-24T12:00:00Z"
    # Generation context.
    assert metadata["lifecycles"] == [{"phase": "pre-build"}]
    # Producer of the software, and of its components.
    producer = {"name": "Example Ltd", "contact": [{"name": "Example Ltd", "email": "security@example.example"}]}
    assert (metadata["supplier"], root["supplier"]) == (producer, producer)
    assert [c["supplier"]["name"] for c in (alpha, beta)] == ["Alpha Makers", "beta@makers.example"]
    # Component name.
    assert [c["name"] for c in (root, alpha, beta)] == ["app", "alpha", "beta"]
    # Version.
    assert [c["version"] for c in (root, alpha, beta)] == ["1.0", "1.0", "1.0"]
    # Unique identifier.
    assert [c["purl"] for c in (root, alpha, beta)] == [
        "pkg:generic/app@1.0",
        "pkg:pypi/alpha@1.0",
        "pkg:pypi/beta@1.0",
    ]
    # Hash with its algorithm.
    assert root["hashes"] == [{"alg": "SHA-256", "content": "e" * 64}]
    assert beta["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]
    # Licence.
    assert alpha["licenses"] == [{"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}]
    assert root["licenses"] == [{"expression": "Apache-2.0", "acknowledgement": "declared"}]
    # Dependency relationship, also of what depends on nothing.
    assert document["dependencies"] == [
        {"ref": ROOT.purl, "dependsOn": [ALPHA.purl]},
        {"ref": ALPHA.purl, "dependsOn": [BETA.purl]},
        {"ref": BETA.purl},
    ]
    # Coverage, and no known unknowns.
    whole = replace(KNOWN, target=replace(KNOWN.target, skipped=()))
    assert written(whole)["compositions"] == [
        {"aggregate": "complete", "assemblies": [ROOT.purl]},
        {"aggregate": "complete", "dependencies": [ROOT.purl, ALPHA.purl, BETA.purl]},
    ]
    # What something else speaks for is not unseen.
    spoken = Skipped(path="node_modules", reason="r", speaker="package-lock.json")
    assert (
        written(replace(KNOWN, target=replace(KNOWN.target, skipped=(spoken,))))["compositions"]
        == (written(whole)["compositions"])
    )
    # Evidence of where each statement is from.
    assert [c["evidence"]["occurrences"] for c in (root, alpha, beta)] == [
        [{"location": "pyproject.toml"}],
        [{"location": "uv.lock", "line": 7}, {"location": "uv.lock", "line": 70}],
        [{"location": "uv.lock", "line": 30}],
    ]
    assert properties(metadata) == [
        ("bomvet:input", f"uv.lock sha256:{'f' * 64}"),
        ("bomvet:skipped", "old/uv.lock: named by a .gitignore file"),
    ]


def test_known_unknowns_are_stated() -> None:
    """What was not understood is named, makes the whole incomplete, and the root's dependencies with it."""
    root = replace(samples.SPARSE.inventory.root or ROOT, dependencies=Completeness.COMPLETE)
    document = written(result(replace(samples.SPARSE.inventory, root=root)))
    assert properties(document["metadata"]) == [
        ("bomvet:unknown", "setup.py:3: calls a function"),
        ("bomvet:unknown", "uv.lock: not TOML"),
    ]
    assert document["compositions"] == [
        {"aggregate": "incomplete", "assemblies": ["pkg:generic/app"]},
        {"aggregate": "incomplete", "dependencies": ["pkg:generic/app", "pkg:pypi/extra@1.0"]},
        {
            "aggregate": "unknown",
            "dependencies": ["pkg:generic/member?path=packages/member", "pkg:pypi/loose", "pkg:pypi/tests-only@1.0"],
        },
    ]


@pytest.mark.parametrize("stated", list(Completeness))
@pytest.mark.parametrize("changed", [ROOT, BETA])
def test_the_whole_is_no_more_complete_than_its_parts(changed: Component, stated: Completeness) -> None:
    """Where the dependencies of one are not known, something that it needs may be missing among the components."""
    root, *parts = (replace(c, dependencies=stated) if c is changed else c for c in (ROOT, ALPHA, BETA))
    document = written(result(replace(KNOWN.inventory, root=root, components=tuple(parts))))
    assert document["compositions"][0] == {"aggregate": stated.value, "assemblies": [ROOT.purl]}


def test_without_author_the_tool_is_the_author() -> None:
    """An SBOM has an author in any case: the user's, else the tool; who wrote the software did not write it."""
    by_tool = written(samples.BARE)["metadata"]["authors"]
    by_project = written(replace(KNOWN, authors=()))["metadata"]["authors"]
    assert by_tool == [{"name": "bomvet 0.1.0 (automated)"}]
    assert by_project == by_tool


@EVERY_SAMPLE
def test_vulnerabilities_stand_in_scans_alone(name: str) -> None:
    """An SBOM holds no vulnerabilities, which BSI TR-03183-2 forbids."""
    assert ("vulnerabilities" in written(SAMPLES[name])) == (name == "scan")


def test_a_component_in_full() -> None:
    """Every field of a component has its place, and each file keeps its own hashes."""
    assert one(ALPHA) == {
        "type": "library",
        "bom-ref": "pkg:pypi/alpha@1.0",
        "name": "alpha",
        "version": "1.0",
        "description": "The first of all packages",
        "supplier": {"name": "Alpha Makers", "contact": [{"name": "Alpha Makers", "email": "alpha@makers.example"}]},
        "authors": [{"name": "Alpha Makers", "email": "alpha@makers.example"}],
        "scope": "required",
        "hashes": [
            {"alg": "SHA-512", "content": "c" * 128},
            {"alg": "SHA-256", "content": "a" * 64},
            {"alg": "SHA-256", "content": "b" * 64},
        ],
        "licenses": [{"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}],
        "purl": "pkg:pypi/alpha@1.0",
        "externalReferences": [
            {
                "type": "distribution",
                "url": "https://files.packages.example/alpha-1.0-py3-none-any.whl",
                "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
                "comment": "uploaded 2025-01-02T03:04:05Z",
            },
            {
                "type": "source-distribution",
                "url": "https://files.packages.example/alpha-1.0.tar.gz",
                "hashes": [{"alg": "SHA-256", "content": "b" * 64}],
            },
        ],
        "properties": [{"name": "bomvet:registry", "value": "https://packages.example/simple"}],
        "evidence": {
            "identity": [
                {
                    "field": "purl",
                    "confidence": 1,
                    "methods": [{"technique": "manifest-analysis", "confidence": 1, "value": "uv.lock"}],
                }
            ],
            "occurrences": [{"location": "uv.lock", "line": 7}, {"location": "uv.lock", "line": 70}],
        },
    }


def test_what_older_versions_cannot_say_is_said_otherwise() -> None:
    """Lines, authors, source files and the tool stand where the older schemas have room for them."""
    older = one(ALPHA, "1.5")
    assert older["author"] == "Alpha Makers"
    assert older["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert [r["type"] for r in older["externalReferences"]] == ["distribution", "distribution"]
    assert older["evidence"]["identity"]["field"] == "purl"
    assert older["evidence"]["occurrences"] == [{"location": "uv.lock:7"}, {"location": "uv.lock:70"}]
    assert properties(older)[1:] == [("bomvet:location", "uv.lock:7"), ("bomvet:location", "uv.lock:70")]
    oldest = written(KNOWN, "1.4")
    assert oldest["metadata"]["tools"] == [{"name": "bomvet", "version": "0.1.0"}]
    assert "lifecycles" not in oldest["metadata"]
    assert "evidence" not in oldest["components"][0]


def test_several_licences_are_a_list() -> None:
    """Of several licences each has its id or name, since no schema before 1.7 lets expressions stand in a list."""
    assert one(BETA)["licenses"] == [
        {"license": {"name": "Beta Licence", "acknowledgement": "declared"}},
        {"license": {"id": "BSD-3-Clause", "acknowledgement": "concluded"}},
    ]


@EVERY_VERSION
def test_ids_of_licences(version: str) -> None:
    """Every id that is written as one is on the list of SPDX that the schema has; an expression is a name."""
    licences = tuple(Licence(expression=id_) for id_ in (*sorted(_LISTED), "MIT OR Apache-2.0"))
    document = written(result(Inventory(components=(package("x", licences=licences),))), version)

    assert json_faults(document) == []
    assert [next(iter(entry["license"])) for entry in document["components"][0]["licenses"]] == [
        *["id"] * len(_LISTED),
        "name",
    ]


@pytest.mark.parametrize(
    ("component", "scope", "named"),
    [
        (package("x"), "required", []),
        (package("x", scope=Scope.OPTIONAL), "optional", [("bomvet:dev", "false")]),
        (package("x", scope=Scope.DEV), "excluded", [("bomvet:scope", "dev")]),
        (project("x"), "required", [("bomvet:first-party", "true")]),
    ],
)
def test_scopes(component: Component, scope: str, named: list[tuple[str, str]]) -> None:
    """The scope is in the specification's words, with what they do not tell apart in a property."""
    item = one(component)
    assert (item["scope"], properties(item)) == (scope, named)


def test_hashes_without_a_name_are_kept() -> None:
    """A digest that the specification cannot name, or that is none, becomes a property."""
    odd = next(c for c in samples.ODD.inventory.components if c.name == "hashed")
    item = one(odd)
    assert [h["alg"] for h in item["hashes"]] == ["SHA3-256", "BLAKE2b-512", "MD5", "SHA-1", "SHA-256"]
    assert properties(item) == [
        ("bomvet:hash", f"sha224:{'a' * 56}"),
        ("bomvet:hash", f"sha256:{'a' * 63}"),
        ("bomvet:hash", f"sha256:{'g' * 64}"),
    ]
    assert item["externalReferences"] == [{"type": "distribution", "url": "wheels/x.whl"}]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://packages.example/a-1.0.whl#sha256=00", "https://packages.example/a-1.0.whl#sha256=00"),
        ("https://packages.example:8080", "https://packages.example:8080"),
        ("../dist/a%20b.whl?x=y", "../dist/a%20b.whl?x=y"),
        ("https://packages.example/a b", "https://packages.example/a%20b"),
        ("https://packages.example/100%", "https://packages.example/100%25"),
        ("https://packages.example/ü'[1]", "https://packages.example/%C3%BC%27%5B1%5D"),
        ("a#b#c", "a#b%23c"),
        ("https://packages.example:port/x", "https%3A%2F%2Fpackages.example%3Aport%2Fx"),
        ("C:\\a", "C%3A%5Ca"),
        ("//packages.example/x", "%2F%2Fpackages.example%2Fx"),
        ("bad-\udcff", "bad-%5Cudcff"),
    ],
)
def test_urls(url: str, expected: str) -> None:
    """A valid reference stands as it is; of any other the forbidden part is percent-encoded."""
    item = one(package("x", distributions=(Distribution(url=url),)))
    assert item["externalReferences"][0]["url"] == expected


def test_contacts_whose_address_is_none_keep_it_in_their_name() -> None:
    """An e-mail address that no schema would take is told as part of the name; an empty contact is nobody."""
    odd = next(c for c in samples.ODD.inventory.components if c.name == "people")
    item = one(odd)
    assert item["supplier"] == {"name": "No At <no at>", "contact": item["authors"]}
    assert item["authors"] == [{"name": "No At <no at>"}, {"name": "a..b@x.example"}, {"email": "ok.x+y@x.example"}]
    assert "supplier" not in one(package("x", suppliers=(Contact(),)))


def test_a_version_beyond_the_limit_is_a_property() -> None:
    """A version longer than the schema lets it be is kept all the same."""
    item = one(package("x", "9" * 1025))
    assert ("version" in item, properties(item)) == (False, [("bomvet:version", "9" * 1025)])
    assert one(package("x", "9" * 1024))["version"] == "9" * 1024


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    """A name with bytes that are not UTF-8 is written with escapes instead of failing."""
    root = replace(ROOT, name="app-\udcff")
    assert written(result(Inventory(root=root)))["metadata"]["component"]["name"] == r"app-\xed\xb3\xbf"


def test_services() -> None:
    """A service tells what is known of it, and nothing of what is not."""
    known, sparse = written(samples.SERVICES)["services"]
    assert known == {
        "bom-ref": "svc:aws/s3/aws_s3_bucket.statements",
        "provider": {"name": "aws"},
        "name": "s3",
        "endpoints": ["https://s3.packages.example/statements"],
        "authenticated": True,
        "x-trust-boundary": False,
        "data": [
            {"flow": "unknown", "classification": "personal"},
            {"flow": "unknown", "classification": "financial"},
        ],
        "properties": [{"name": "encrypted", "value": "true"}, {"name": "bomvet:location", "value": "main.tf:12"}],
    }
    assert sparse == {"bom-ref": "svc:other/mail", "provider": {"name": "other"}, "name": "mail"}


def test_edges_to_nowhere_and_to_itself_are_left_out() -> None:
    """Dependencies name only what the document holds."""
    entries = {e["ref"]: e.get("dependsOn") for e in written(samples.SPARSE)["dependencies"]}
    assert entries == {
        "pkg:generic/app": ["pkg:generic/member?path=packages/member"],
        "pkg:generic/member?path=packages/member": None,
        "pkg:pypi/extra@1.0": None,
        "pkg:pypi/loose": None,
        "pkg:pypi/tests-only@1.0": None,
    }


# -- vulnerabilities -------------------------------------------------------------------------------------------


def vulnerability(id_: str, version: str = "1.6") -> dict[str, Any]:
    """One of the scan's."""
    (found,) = [v for v in written(SCAN, version)["vulnerabilities"] if v["id"] == id_]
    found_vulnerability: dict[str, Any] = found
    return found_vulnerability


def test_a_vulnerability_in_full() -> None:
    """Names, weakness, evidence, remedy and the affected component, without what the schema would refuse."""
    assert vulnerability("CVE-2026-20") == {
        "bom-ref": "CVE-2026-20#pkg:pypi/alpha@1.0",
        "id": "CVE-2026-20",
        "source": {"name": "OSV"},
        "references": [
            {"id": "GHSA-0000-20", "source": {"name": "GHSA"}},
            {"id": "PYSEC-2026-20", "source": {"name": "PYSEC"}},
        ],
        "ratings": [{"severity": "unknown"}],
        "cwes": [79],
        "description": "Weakness 20",
        "detail": "1.0 is before 1.1; 1.0 is in the list",
        "recommendation": "Upgrade to 1.2.",
        "advisories": [{"url": "https://advisories.example/20"}, {"url": "https://advisories.example/x"}],
        "published": "2026-01-02T03:04:05Z",
        "updated": "2026-01-02T03:04:05.123456789Z",
        "affects": [{"ref": "pkg:pypi/alpha@1.0", "versions": [{"version": "1.0", "status": "affected"}]}],
    }


def test_dates_that_are_none_are_properties() -> None:
    """A date of a record that is no date is kept as text."""
    found = vulnerability("CVE-2026-21")
    assert properties(found) == [("bomvet:published", "yesterday"), ("bomvet:updated", "2026-02-30T00:00:00Z")]
    assert (found["recommendation"], found.keys() & {"published", "updated"}) == ("Upgrade to 1.1.", set())


def exploited(**fields: Any) -> dict[str, Any]:
    """The vulnerability that KEV and EPSS know, with other fields."""
    facts = Facts(
        advisories={
            ALPHA.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(replace(samples.MATCHES[-1], **fields),))
        }
    )
    found: dict[str, Any] = written(replace(SCAN, facts=facts))["vulnerabilities"][0]
    return found


def test_exploitation_of_a_vulnerability() -> None:
    """EPSS is a rating beside the severity, and KEV stands in properties."""
    found = exploited()

    assert found["ratings"][1:] == [
        {
            "source": {"name": "FIRST EPSS", "url": "https://www.first.org/epss/"},
            "score": 0.94,
            "method": "other",
            "justification": ("chance of exploitation within 30 days, percentile 0.999, 2026-11-24, model v2025.03.14"),
        }
    ]
    assert properties(found) == [
        ("bomvet:kev", "true"),
        ("bomvet:kev-added", "2021-12-10"),
        ("bomvet:kev-due", "2021-12-24"),
        ("bomvet:kev-ransomware", "known"),
        ("bomvet:epss-percentile", "0.999"),
        ("bomvet:epss-band", "99-100"),
        ("bomvet:epss-date", "2026-11-24"),
    ]


def test_what_is_not_known_of_exploitation_is_left_out() -> None:
    """A model that nobody states, and dates that cannot be read."""
    found = exploited(kev=Kev(added=""), epss=Epss(score=0.1, percentile=0.9, date="2026-11-24", model="", band=""))

    assert found["ratings"][1]["justification"] == ("chance of exploitation within 30 days, percentile 0.9, 2026-11-24")
    assert ("bomvet:kev", "true") in properties(found)
    assert not any(name.startswith("bomvet:kev-") for name, _ in properties(found))


def test_nobody_upgrades_malware() -> None:
    """Whatever versions the record names, it is removed."""
    found = exploited(ids=("MAL-2024-1",), kev=None, epss=None, clean="9")

    assert found["recommendation"] == "Remove it, and treat what it could reach as compromised."
    assert len(found["ratings"]) == 1


@pytest.mark.parametrize(
    ("version", "methods"),
    [
        ("1.4", ["CVSSv31", "CVSSv3", "other", "CVSSv2", "other"]),
        ("1.5", ["CVSSv31", "CVSSv3", "CVSSv4", "CVSSv2", "other"]),
        ("1.7", ["CVSSv31", "CVSSv3", "CVSSv4", "CVSSv2", "other"]),
    ],
)
def test_ratings(version: str, methods: list[str]) -> None:
    """A vector keeps its prefix, and its method is named where the version of the specification knows it."""
    ratings = [vulnerability(f"CVE-2026-{n}", version)["ratings"][0] for n in range(5)]
    assert [r["method"] for r in ratings] == methods
    assert [r["vector"] for r in ratings] == list(samples.VECTORS)
    assert {(r["severity"], r["score"], r["source"]["name"]) for r in ratings} == {("high", 7.5, "GHSA")}


def test_waived_vulnerabilities_say_so() -> None:
    """A waiver is the analysis of the vulnerability that it covers, with owner, end and reason; it is not denied."""
    analyses = {v["id"]: v["analysis"] for v in written(SCAN)["vulnerabilities"] if "analysis" in v}
    assert analyses == {
        "CVE-2026-0": {
            "state": "exploitable",
            "response": ["will_not_fix"],
            "detail": "Waived by team until 2027-01-01: not reached",
        }
    }


def test_a_scan_says_what_it_was_judged_by() -> None:
    """The verdict, the open questions and the advisory data stand in the document, so silence is no all-clear."""
    assert properties(written(SCAN)["metadata"]) == [
        ("bomvet:advisory-data", "osv.dev of 2026-11-24T12:00:00Z, sha256:00"),
        ("bomvet:verdict", "incomplete"),
        ("bomvet:not-established", "advisories of gamma"),
    ]


# -- others read it --------------------------------------------------------------------------------------------


def _normal(item: Any, key: str = "") -> Any:
    """`item` without what cyclonedx-python-lib is known to change: the order of what is a set, and blanks."""
    if isinstance(item, dict):
        return {k: _normal(v, k) for k, v in item.items()}
    if isinstance(item, list):
        return sorted((_normal(v) for v in item), key=lambda v: json.dumps(v, sort_keys=True))
    if key == "expression" or not isinstance(item, str):
        return item
    return re.sub(r"[\r\n\t]", " ", item)


@pytest.mark.parametrize("seed", range(30))
def test_the_library_reads_the_same(seed: int) -> None:
    """cyclonedx-python-lib reads our document and writes the same components and dependencies."""
    document = written(result(_random_inventory(random.Random(seed))))  # noqa: S311 - no secret
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The Component this BOM is describing", UserWarning)
        bom: Any = Bom.from_json(document)  # type: ignore[attr-defined]
        theirs = json.loads(JsonV1Dot6(bom).output_as_string())
    assert _normal(theirs["components"]) == _normal(document["components"])
    assert _normal(theirs["dependencies"]) == _normal(document["dependencies"])
    assert _normal(theirs["metadata"]["component"]) == _normal(document["metadata"]["component"])


def _random_inventory(chance: random.Random) -> Inventory:
    """Up to 60 components of all kinds."""
    found = [_random_component(f"part-{n}", chance) for n in range(chance.randint(1, 60))]
    ends = [ROOT, *found]
    edges = [edge(chance.choice(ends), chance.choice(ends)) for _ in range(2 * len(found))]
    return Inventory(root=ROOT, components=tuple(found), relationships=tuple(edges))


def _random_component(name: str, chance: random.Random) -> Component:
    files = [
        Distribution(
            url=f"https://files.packages.example/{name}-{n}.whl",
            hashes=(Hash(algorithm="sha256", value=chance.randbytes(32).hex()),),
            uploaded=chance.choice(["", "2025-01-02T03:04:05Z"]),
            source=chance.random() < 0.3,
        )
        for n in range(chance.randint(0, 3))
    ]
    return package(
        name,
        chance.choice(["", "1.0", "2.0rc1"]),
        scope=chance.choice(list(Scope)),
        description=chance.choice(["", "A package\nof two lines", "ünï"]),
        suppliers=chance.choice(
            [(), (Contact(name="Maker"),), (Contact(name="A", email="a@x.example"), Contact(name="B"))]
        ),
        licences=chance.choice(
            [(), (Licence(expression="MIT OR ISC"),), (Licence(name="One"), Licence(name="Two", concluded=True))]
        ),
        hashes=chance.choice([(), (Hash(algorithm="sha512", value=chance.randbytes(64).hex()),)]),
        distributions=tuple(files),
        locations=tuple(Location(path="uv.lock", line=n) for n in range(chance.randint(0, 3))),
        properties=chance.choice([(), (("bomvet:a", "1"), ("bomvet:b", ""))]),
    )


@MODEST
@given(samples.inventories(st.text(st.characters(exclude_categories=["Cs"]), max_size=12)))
def test_the_document_reads_back(inventory: Inventory) -> None:
    """Components, edges, hashes and places are all found again in the document."""
    document = written(result(inventory))
    known = {c.purl: c for c in inventory.components}
    assert {
        c["bom-ref"]: (c["purl"], c["name"], c.get("version", ""), c.get("description", ""))
        for c in document["components"]
    } == {purl: (purl, c.name, c.version, c.description) for purl, c in known.items()}
    assert {(e["ref"], end) for e in document["dependencies"] for end in e.get("dependsOn", ())} == {
        (r.source, r.target) for r in inventory.relationships if r.source != r.target
    }
    for item in document["components"]:
        component = known[item["bom-ref"]]
        files = component.distributions
        assert _digests(item) == {h.value for h in component.hashes} | {h.value for f in files for h in f.hashes}
        assert [(r["url"], _digests(r)) for r in item.get("externalReferences", ())] == [
            (f.url, {h.value for h in f.hashes}) for f in files
        ]
        places = item.get("evidence", {}).get("occurrences", ())
        assert tuple(Location(path=o["location"], line=o.get("line", 0)) for o in places) == component.locations
        assert properties(item)[: len(component.properties)] == list(component.properties)


def _digests(item: dict[str, Any]) -> set[str]:
    return {h["content"] for h in item.get("hashes", ())}


def test_the_report_is_found_by_its_name() -> None:
    """`-f cyclonedx-json` finds the report, which says what it writes."""
    report = load("bomvet.reports", "cyclonedx-json", Report)
    assert report is CYCLONEDX_JSON
    assert (report.media_type, report.extension) == ("application/vnd.cyclonedx+json", ".cdx.json")


def test_a_file_that_several_components_share_counts_once_each() -> None:
    """A hash that a component states twice, for itself and for a file, is listed once."""
    item = one(package("x", hashes=(sha256("a"),), distributions=(Distribution(url="x.whl", hashes=(sha256("a"),)),)))
    assert item["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]


def test_a_file_that_was_passed_over_leaves_the_whole_incomplete() -> None:
    """Who excludes a manifest gets no claim that all is there."""
    assert KNOWN.target.skipped
    assert written(KNOWN)["compositions"][0]["aggregate"] == "incomplete"


def test_what_was_omitted_is_named() -> None:
    """A document without development says that there was some."""
    result = replace(KNOWN, target=replace(KNOWN.target, omitted=("dev",)))

    assert {"name": "bomvet:omitted", "value": "dev"} in written(result)["metadata"]["properties"]


def test_only_dependencies_stand_in_depends_on() -> None:
    """That a project may use a service's permissions is no dependency on a package."""
    alpha, beta = KNOWN.inventory.components
    edges = tuple(Relationship(source=alpha.purl, target=beta.purl, kind=kind) for kind in RelationKind)

    def ends(*relationships: Relationship) -> list[str]:
        inventory = replace(KNOWN.inventory, relationships=relationships)
        entries = written(replace(KNOWN, inventory=inventory))["dependencies"]
        return next(entry.get("dependsOn", []) for entry in entries if entry["ref"] == alpha.purl)

    assert [edge.kind.value for edge in edges if ends(edge)] == ["depends-on", "contains", "built-from"]


def test_the_purl_of_an_own_project_is_no_finding_of_a_manifest() -> None:
    """Its evidence says where it is stated, not that a manifest states a purl that we gave."""
    root = written(KNOWN)["metadata"]["component"]

    assert "identity" not in root["evidence"]
    assert root["evidence"]["occurrences"]
