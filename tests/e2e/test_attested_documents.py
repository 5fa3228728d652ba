"""Who built what in the documents that are handed on, through the real command line, with recorded evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HARMLESS, Cli, Ran
from tests.provenance.authority import Authority
from tests.provenance.people import GitHub
from tests.reports.schemas import json_faults

#: The locked files of the project, and their digests.
FILES = {"pipe": ("pipe-2.0-py3-none-any.whl", "a" * 64), "tap": ("tap-1.0-py3-none-any.whl", "b" * 64)}
SUMMARY = "https://slsa.dev/verification_summary/v1"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The sigstore of all tests."""
    return Authority()


class Desk:
    """Writes evidence for the project, scans it and reads what was written."""

    def __init__(self, cli: Cli, authority: Authority, place: Path) -> None:
        self.cli, self.authority, self.place = cli, authority, place
        cli.advise(HARMLESS)
        (place / "trusted_root.json").write_bytes(authority.root_json())

    def attest(self, name: str, owner: str = "acme") -> None:
        """Record that the package was built by the repository of its name."""
        filename, digest = FILES[name]
        folder = self.place / "evidence"
        folder.mkdir(exist_ok=True)
        by = GitHub(repository=f"{owner}/{name}")
        provenance = self.authority.pypi_provenance(filename, digest, by, build=True)
        (folder / f"{filename}.provenance").write_bytes(provenance)

    def scan(self, sbom: str = "sink.cdx.json") -> Ran:
        """Scan, and write an SBOM and the summary."""
        return self.cli(
            "scan", "--provenance", "--attestations", f"{self.place}/evidence", "--trusted-root",
            f"{self.place}/trusted_root.json", "-f", "table", "-f", f"cyclonedx-json={self.place}/{sbom}",
            "-f", f"vsa={self.place}/sink.vsa.json",
        )  # fmt: skip

    def read(self, name: str) -> Any:
        """A document that was written."""
        return json.loads((self.place / name).read_bytes())

    def verify(self, repository: str) -> int:
        """The exit code of verifying the summary, signed by a workflow of acme, for the lock."""
        bundle = self.authority.bundle((self.place / "sink.vsa.json").read_bytes(), GitHub(repository="acme/sink"))
        (self.place / "bundle.json").write_text(json.dumps(bundle), "utf-8")
        return self.cli(
            "verify", "attestation", f"{self.place}/bundle.json", "--artifact", "uv.lock", "--repo", repository,
            "--predicate-type", SUMMARY, "--trusted-root", f"{self.place}/trusted_root.json",
        ).code  # fmt: skip


@pytest.fixture
def desk(cli: Cli, authority: Authority, tmp_path: Path) -> Desk:
    """A desk beside the project."""
    place = tmp_path / "desk"
    place.mkdir()
    return Desk(cli, authority, place)


def test_all_is_attested(desk: Desk) -> None:
    """The summary has passed and counts levels, the SBOM claims, and the signed summary verifies for its signer."""
    desk.attest("pipe")
    desk.attest("tap")
    ran = desk.scan()
    assert ran.code == 0, ran.out

    sbom, stated = desk.read("sink.cdx.json"), desk.read("sink.vsa.json")["predicate"]
    assert json_faults(sbom) == []
    assert [claim["predicate"] for claim in sbom["declarations"]["claims"]] == [
        (
            f"built from https://github.com/acme/{name} at {'a' * 40} by .github/workflows/release.yml, "
            "on a github-hosted runner, consistent with SLSA Build L2"
        )
        for name in ("pipe", "tap")
    ]
    assert (stated["verificationResult"], stated["dependencyLevels"]) == ("PASSED", {"SLSA_BUILD_LEVEL_2": 2})
    assert len(stated["inputAttestations"]) == 4
    assert [desk.verify("acme/sink"), desk.verify("eve/sink")] == [0, 1]


def test_what_is_not_established_has_no_summary_that_passed(desk: Desk) -> None:
    """Without evidence for one package the scan is incomplete, the summary has failed, and one claim is missing."""
    desk.attest("pipe")
    assert desk.scan().code == 3

    sbom, stated = desk.read("sink.cdx.json"), desk.read("sink.vsa.json")["predicate"]
    assert [claim["target"] for claim in sbom["declarations"]["claims"]] == ["pkg:pypi/pipe@2.0"]
    assert (stated["verificationResult"], stated["verifiedLevels"]) == ("FAILED", ["FAILED"])
    assert stated["urn:bomvet:verdict"] == "incomplete"
    assert stated["dependencyLevels"] == {"SLSA_BUILD_LEVEL_2": 1, "SLSA_BUILD_LEVEL_UNEVALUATED": 1}


def test_another_maker_shows_in_a_comparison(desk: Desk) -> None:
    """Two SBOMs of the same lock differ in who built a package, and in nothing else."""
    desk.attest("pipe")
    desk.attest("tap")
    assert desk.scan("before.cdx.json").code == 0
    desk.attest("tap", owner="eve")
    assert desk.scan("after.cdx.json").code == 0
    sides = [f"{desk.place}/{name}.cdx.json" for name in ("before", "after")]
    (change,) = desk.cli("diff", *sides, "-f", "json").json["changes"]

    assert (change["name"], change["differences"]) == (
        "tap",
        [
            {
                "aspect": "provenance",
                "before": ["repository https://github.com/acme/tap"],
                "after": ["repository https://github.com/eve/tap"],
            }
        ],
    )
