"""What a Python index says of the files of a project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.model.provenance import EarlierRelease, PublishLevel
from bomvet.provenance import _json, pypi
from bomvet.provenance.evidence import Form
from bomvet.provenance.pypi import (
    Project,
    ProjectFile,
    UnknownVersionError,
    attestation_object,
    evidence_of_provenance,
    level,
    provenance_object,
    read_project,
    stronger,
)

ATTESTATION: dict[str, Any] = {
    "version": 1,
    "verification_material": {"certificate": "Q0VSVA==", "transparency_entries": [{"logIndex": "7", "logId": None}]},
    "envelope": {"statement": "U1RBVEVNRU5U", "signature": "U0lH"},
}
BUNDLE = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"certificate": {"rawBytes": "Q0VSVA=="}, "tlogEntries": [{"logIndex": "7"}]},
    "dsseEnvelope": {
        "payload": "U1RBVEVNRU5U",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": "U0lH"}],
    },
}
URL = "https://pypi.packages.example/integrity/widget/1.0/widget-1.0.tar.gz/provenance"


def written(value: Any) -> bytes:
    """As JSON."""
    return json.dumps(value).encode()


def provenance(*attestations: Any) -> dict[str, Any]:
    """A provenance object of one publisher."""
    return {"version": 1, "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": attestations}]}


# -- attestations --------------------------------------------------------------------------------------------------


def test_an_attestation_becomes_a_bundle() -> None:
    """Everything of PEP 740 has its place in a bundle of version 0.3; log entries stay as they are, without nulls."""
    found = attestation_object(ATTESTATION, "x.attestation")
    assert found == (Form.BUNDLE, BUNDLE, _json.written(ATTESTATION), "x.attestation", "")


def test_a_provenance_object_has_the_attestations_of_all_its_publishers() -> None:
    """In their order; each has a digest of its own, whatever the spelling of the whole; publishers say nothing."""
    one, two = ATTESTATION, {**ATTESTATION, "envelope": {"statement": "VFdP", "signature": "U0lH"}}
    document = provenance(one)
    document["attestation_bundles"].append({"publisher": {"kind": "GitLab"}, "attestations": [two]})
    found = evidence_of_provenance(json.dumps(document, indent=2).encode(), "u")
    assert [evidence.document["dsseEnvelope"]["payload"] for evidence in found] == ["U1RBVEVNRU5U", "VFdP"]
    assert found == evidence_of_provenance(written(document), "u")
    document["attestation_bundles"][0]["publisher"] = {"kind": "GitHub", "repository": "evil/widget"}
    assert found == evidence_of_provenance(written(document), "u")
    assert len({evidence.digest for evidence in found}) == 2


def test_without_a_version_it_is_malformed() -> None:
    """And of no other version."""
    for read, document in ((attestation_object, ATTESTATION), (provenance_object, provenance())):
        with pytest.raises(ValueError, match="has a version, which this has not") as caught:
            read({key: value for key, value in document.items() if key != "version"}, "u")
        assert not isinstance(caught.value, UnknownVersionError)


def test_what_is_nested_too_deep_is_malformed() -> None:
    """It can be read, and not be written again."""
    deep = b'{"version": 1, "x": ' + b"[" * 600 + b"]" * 600 + b", " + written(ATTESTATION)[1:]

    with pytest.raises(ValueError, match="it is nested too deep"):
        attestation_object(json.loads(deep), "u")


@pytest.mark.parametrize("version", [2, "1", True, None])
def test_another_version_is_not_understood(version: object) -> None:
    """It may mean anything."""
    shown = f"and this is of version {version}"
    with pytest.raises(UnknownVersionError, match=f"the version of an attestation object is 1, {shown}"):
        attestation_object({**ATTESTATION, "version": version}, "u")
    with pytest.raises(UnknownVersionError, match=f"the version of a provenance object is 1, {shown}"):
        evidence_of_provenance(written({**provenance(), "version": version}), "u")


def without(part: str, key: str) -> dict[str, Any]:
    """An attestation that lacks a field."""
    return {**ATTESTATION, part: {name: value for name, value in ATTESTATION[part].items() if name != key}}


MALFORMED = {
    "no JSON": (b"{", "it is no JSON"),
    "no object": (b"[]", "it is no JSON object"),
    "no bundles": (
        written({"version": 1}),
        "a provenance object has a list of attestation bundles, which this has not",
    ),
    "no attestations": (
        written({"version": 1, "attestation_bundles": [7]}),
        "an attestation bundle has a list of attestations, which this has not",
    ),
    "too many": (written(provenance(*[ATTESTATION] * 201)), "it has more than 200 attestations"),
    "no certificate": (
        written(provenance(without("verification_material", "certificate"))),
        "an attestation object has a certificate, which this has not",
    ),
    "no entries": (
        written(provenance(without("verification_material", "transparency_entries"))),
        "an attestation object has transparency entries, of which this has none",
    ),
    "no statement": (
        written(provenance(without("envelope", "statement"))),
        "an attestation object has a statement, which this has not",
    ),
    "no signature": (
        written(provenance({**ATTESTATION, "envelope": {"statement": "U1RBVEVNRU5U", "signature": 7}})),
        "an attestation object has a signature, which this has not",
    ),
}


@pytest.mark.parametrize(("data", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_evidence_is_refused(data: bytes, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        evidence_of_provenance(data, "u")


def test_attestations_have_the_limits_of_a_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each, and all of them together."""
    monkeypatch.setattr(pypi, "_MAX_ANSWER", 10)
    with pytest.raises(ValueError, match=r"^it has more than 10 bytes$"):
        evidence_of_provenance(written(provenance(ATTESTATION)), "u")
    monkeypatch.undo()
    monkeypatch.setattr(_json, "MAX_BUNDLE", 10)
    with pytest.raises(ValueError, match=r"^an attestation object has more than 10 bytes$"):
        evidence_of_provenance(written(provenance(ATTESTATION)), "u")


# -- the project ---------------------------------------------------------------------------------------------------


def project(*files: dict[str, Any]) -> Project:
    """A page of the index."""
    return read_project(written({"meta": {"api-version": "1.4"}, "name": "Widget", "files": files}))


def file(name: str, day: int, **more: Any) -> dict[str, Any]:
    """A file that was uploaded on that day; without `provenance` unless it is given."""
    return {"filename": name, "upload-time": f"2026-01-{day:02}T00:00:00Z", **more}


def test_files_are_told_by_release() -> None:
    """In whatever spelling of its version; what names no version belongs to none."""
    whole = {
        "filename": "widget-1.0.tar.gz",
        "hashes": {"sha256": "AB" * 32},
        "upload-time": "2026-01-01T00:00:00Z",
        "provenance": URL,
    }
    where = project(whole, {"filename": "widget-1.0.0-py3-none-any.whl", "provenance": None}, {"filename": "x"}, 7)  # type: ignore[arg-type]
    first = ProjectFile(
        filename="widget-1.0.tar.gz",
        version="1.0",
        sha256="ab" * 32,
        uploaded="2026-01-01T00:00:00Z",
        provenance=URL,
        told=True,
    )
    second = ProjectFile("widget-1.0.0-py3-none-any.whl", "1.0.0", "", "", None, True)
    assert (where.name, list(where.releases)) == ("widget", ["1"])
    assert where.files("1.0.0") == (first, second)
    assert where.files("2") == ()
    assert where.file("AB" * 32) == first
    assert where.file("") is None


@pytest.mark.parametrize("value", [7, "", ["u"], False])
def test_what_is_neither_a_url_nor_null_says_nothing(value: object) -> None:
    """As a key that is not there."""
    (odd,) = project(file("widget-1.0.tar.gz", 1, provenance=value)).files("1")
    (left_out,) = project(file("widget-1.0.tar.gz", 1)).files("1")
    assert (odd.told, odd.provenance) == (left_out.told, left_out.provenance) == (False, None)


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"files": {}}'])
def test_what_is_no_page_is_refused(data: bytes) -> None:
    """Such as an error page."""
    with pytest.raises(ValueError, match=r"it is no JSON|it has no files"):
        read_project(data)


def test_a_page_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take far more memory than text: 60 MiB of `{},` took 2 GiB."""
    monkeypatch.setattr("bomvet.provenance._json._MOST_VALUES", 3)
    assert read_project(b'{"name": "a", "files": [{}, {}]}').files("1") == ()
    with pytest.raises(ValueError, match=r"^it has more than 3 values$"):
        read_project(b'{"name": "a", "files": [{}, {}, {}]}')


# -- levels ----------------------------------------------------------------------------------------------------------

ATTESTED: dict[str, Any] = {"provenance": URL}
BARE: dict[str, Any] = {"provenance": None}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((ATTESTED, ATTESTED), PublishLevel.PROVENANCE),
        ((ATTESTED, BARE), PublishLevel.NONE),
        ((BARE, {}), PublishLevel.NONE),
        ((ATTESTED, {}), None),
        (({}, {}), None),
    ],
)
def test_a_release_is_attested_where_all_of_its_files_are(
    files: tuple[dict[str, Any], ...], expected: PublishLevel | None
) -> None:
    """One that lacks it is enough for none; what an index does not say is not known."""
    where = project(*(file(f"widget-1.0-{n}-py3-none-any.whl", 1, **more) for n, more in enumerate(files)))
    assert level(where, "1.0") is expected
    assert level(where, "2.0") is None


def test_only_the_locked_files_of_a_release_count() -> None:
    """Others may have been added since; where none is known by its digest, all count."""
    where = project(
        file("widget-1.0.tar.gz", 1, hashes={"sha256": "a"}, **ATTESTED),
        file("widget-1.0-py3-none-any.whl", 1, hashes={"sha256": "b"}, **BARE),
    )
    assert level(where, "1.0", {"a"}) is PublishLevel.PROVENANCE
    assert level(where, "1.0", {"a", "b"}) is level(where, "1.0", {"c"}) is PublishLevel.NONE


def test_the_latest_attested_release_before_is_told() -> None:
    """A yanked one counts; what came later, and a release of which one file lacks provenance, does not."""
    where = project(
        file("widget-1.0.tar.gz", 1, **ATTESTED),
        file("widget-1.1.0.tar.gz", 2, yanked=True, **ATTESTED),
        file("widget-1.2.tar.gz", 3, **ATTESTED),
        file("widget-1.2-py3-none-any.whl", 3, **BARE),
        file("widget-1.3.tar.gz", 4, **BARE),
        file("widget-1.4.tar.gz", 5, **ATTESTED),
        file("widget-1.5.tar.gz", 6),
    )
    before = EarlierRelease(version="1.1.0", uploaded="2026-01-02T00:00:00Z", level=PublishLevel.PROVENANCE)
    assert stronger(where, "1.3") == stronger(where, "1.2") == before
    assert [stronger(where, version) for version in ("1.0", "1.4", "1.5", "2.0")] == [None] * 4


def test_a_file_that_was_added_later_came_later() -> None:
    """With a stolen token an old release gets a file, which is held against what was attested meanwhile."""
    where = project(
        file("widget-1.0.tar.gz", 1, hashes={"sha256": "a"}, **BARE),
        file("widget-2.0.tar.gz", 2, **ATTESTED),
        file("widget-1.0-py3-none-any.whl", 3, hashes={"sha256": "b"}, **BARE),
    )
    found = stronger(where, "1.0")
    assert found is not None
    assert found.version == "2.0"
    assert stronger(where, "1.0", {"a"}) is None


def test_a_file_that_was_added_later_hides_nothing() -> None:
    """Else whoever has a token adds one to each old release, and then publishes a new one in peace."""
    where = project(
        file("widget-1.0.tar.gz", 1, hashes={"sha256": "a"}, **ATTESTED),
        file("widget-1.0-py2-none-any.whl", 5, hashes={"sha256": "b"}, **BARE),
        file("widget-1.1.tar.gz", 6, **BARE),
    )
    came = EarlierRelease(version="1.0", uploaded="2026-01-01T00:00:00Z", level=PublishLevel.PROVENANCE)
    assert stronger(where, "1.1") == came
    assert stronger(where, "1.0", {"b"}) == came
    assert stronger(where, "1.0", {"a"}) is None


def test_prereleases_count_against_prereleases_alone() -> None:
    """As for npm; versions that are none are final."""
    files = [
        file("widget-1.0rc1.tar.gz", 1, **ATTESTED),
        file("widget-1.0.tar.gz", 2, **BARE),
        file("widget-2.0.dev1.tar.gz", 3, **BARE),
    ]
    assert stronger(project(*files), "1.0") is None
    found = stronger(project(*files), "2.0.dev1")
    assert found is not None
    assert found.version == "1.0rc1"
    odd = stronger(project(file("widget-odd.tar.gz", 1, **ATTESTED), *files), "1.0")
    assert odd is not None
    assert odd.version == "odd"


def test_without_times_nothing_came_before() -> None:
    """An index of version 1.0 has none; nor does a time count that is none."""
    bare = {"filename": "widget-1.1.tar.gz", **BARE}
    attested = {"filename": "widget-1.0.tar.gz", **ATTESTED}
    assert stronger(project({**bare, "upload-time": "soon"}, file("widget-1.0.tar.gz", 1, **ATTESTED)), "1.1") is None
    assert stronger(project(file("widget-1.1.tar.gz", 1, **BARE), attested), "1.1") is None


def test_a_time_without_a_zone_is_utc() -> None:
    """RFC 3339 asks for one, and some mirrors leave it out."""
    where = project(
        {"filename": "widget-1.0.tar.gz", "upload-time": "2026-01-01T00:00:00", **ATTESTED},
        file("widget-1.1.tar.gz", 2, **BARE),
    )
    found = stronger(where, "1.1")
    assert found is not None
    assert found.uploaded == "2026-01-01T00:00:00"
