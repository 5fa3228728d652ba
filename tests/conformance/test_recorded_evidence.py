"""Real evidence as it was recorded: all of it is read, and found by what it is about."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import pytest

from bomvet.model.inventory import Hash, Location, Unknown
from bomvet.provenance._subjects import claimed
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.names import same_name
from bomvet.provenance.recorded import Recorded
from bomvet.sources.directory import DirectoryTree

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")

BARE = "a signed statement alone has no log entry and no certificate to verify it with"
#: Per folder, how many pieces there are, each counted once, and what cannot be read of it.
FOLDERS = {
    "pypi": (13, ()),
    "npm": (20, ()),
    "container": (21, (("slsa-verifier/vsa/gce/v1/gke-gce-pre.bcid-vsa.jsonl", BARE),)),
    "invalid": (110, (("conformance/bundle-verify/bundle-malformed-json_fail/bundle.sigstore.json", "it is no JSON"),)),
}


@cache
def recorded(folder: str) -> Recorded:
    """What is recorded in a folder of the corpus."""
    return Recorded.read([DirectoryTree(str(CORPUS / folder))])


def archives() -> list[tuple[str, str, str]]:
    """Path, SHA-256 and SHA-512 of every archive that evidence is about."""
    lines = (CORPUS / "digests.tsv").read_text().splitlines()[1:]
    rows = [line.split("\t") for line in lines if line]
    return [(row[0], row[2], row[3]) for row in rows]


def names(evidence: tuple[Evidence, ...]) -> list[str]:
    """Names of the files that evidence is from."""
    return [one.source.rpartition("/")[2] for one in evidence]


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_evidence_is_read(folder: str) -> None:
    """And what cannot be is told of, and nothing else."""
    count, unread = FOLDERS[folder]
    found = recorded(folder)
    assert len(found.evidence) == count
    assert found.unknowns == tuple(
        Unknown(location=Location(path=f"{folder}/{path}"), resolver="provenance", reason=reason)
        for path, reason in unread
    )


@pytest.mark.parametrize("folder", ["pypi", "npm"])
def test_evidence_is_found_by_the_digest_of_its_archive(folder: str) -> None:
    """PyPI's by SHA-256, npm's by SHA-512 alone."""
    algorithm, column = ("sha256", 1) if folder == "pypi" else ("sha512", 2)
    missed = [
        row[0]
        for row in archives()
        if row[0].startswith(f"{folder}/") and not recorded(folder).of([Hash(algorithm=algorithm, value=row[column])])
    ]
    assert missed == []


def test_images_are_found_by_the_digest_of_their_index() -> None:
    """In layouts as cosign saves them, of four versions of the generator."""
    stated = sorted(CORPUS.glob("container/slsa-verifier/gha_generic_container/*/*.digest"))
    assert len(stated) == 4
    for path in stated:
        value = path.read_text().strip().rpartition(":")[2]
        (found,) = recorded("container").of([Hash(algorithm="sha256", value=value)])
        assert found.form is Form.COSIGN
        assert f"/{path.parent.name}/" in found.source
        assert "dev.sigstore.cosign/certificate" in found.document


def test_a_name_finds_evidence_of_another_digest() -> None:
    """A tampered archive of the name: its evidence is there, to be refused."""
    other = Hash(algorithm="sha256", value="0" * 64)
    python = recorded("pypi").of([other], same_name("SampleProject-4.0.0.tar.gz"))
    assert names(python) == ["sampleproject-4.0.0.tar.gz.provenance"]
    npm = recorded("npm").of([other], same_name("pkg:npm/%40laurentsimon/provenance-npm-test@1.0.3"))
    assert set(names(npm)) == {"provenance-npm-test-cli-v02-prega.tgz.json"}
    assert recorded("npm").of([other], same_name("pkg:npm/%40laurentsimon/provenance-npm-test@9.9.9")) == ()


def test_a_wheel_is_known_in_every_order_of_its_tags() -> None:
    """A real one was signed with its compressed tags in another order than it was uploaded with."""
    tags = "cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64"
    assert len(recorded("pypi").of([], same_name(f"spt3g-1.0-{tags}.whl"))) == 1


def test_all_evidence_says_what_it_is_about() -> None:
    """Statements and signatures of messages alike."""
    for folder in ("pypi", "npm", "container"):
        silent = [one.source for one in recorded(folder).evidence if not claimed(one).digests]
        assert silent == []


def test_reading_is_fast() -> None:
    """A folder of 20,000 attestations takes seconds and not minutes, so these take no time at all."""
    start = time.process_time()
    Recorded.read([DirectoryTree(str(CORPUS))])
    assert time.process_time() - start < 1
