"""Real evidence, held against locks that state the real archives, by the root and the keys that ship."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bomvet.enrichers.provenance import PROVENANCE
from bomvet.model.facts import Facts
from bomvet.model.inventory import Component, Distribution, Hash, Inventory
from bomvet.model.purl import npm_purl, pypi_purl
from bomvet.plugin import Context, Proving
from bomvet.sources.directory import DirectoryTree
from tests.harness import NOW

if TYPE_CHECKING:
    from bomvet.model.provenance import ProvenanceAnswer

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "provenance"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")


def python(name: str, version: str, file: str, sha256: str) -> Component:
    """A package of PyPI that is locked with this file."""
    digest = Hash(algorithm="sha256", value=sha256)
    files = (Distribution(url=f"https://files.packages.example/{file}", hashes=(digest,)),)
    return Component(purl=pypi_purl(name, version), name=name, version=version, distributions=files)


def node(name: str, version: str, sha512: str) -> Component:
    """A package of npm that is locked with this archive."""
    digest = Hash(algorithm="sha512", value=sha512)
    files = (Distribution(url="https://files.packages.example/a.tgz", hashes=(digest,)),)
    return Component(purl=npm_purl(name, version), name=name, version=version, distributions=files)


@cache
def digests() -> dict[str, tuple[str, str]]:
    """SHA-256 and SHA-512 of every archive by its path."""
    rows = [line.split("\t") for line in (CORPUS / "digests.tsv").read_text().splitlines()[1:] if line]
    return {row[0]: (row[2], row[3]) for row in rows}


SIGSTORE = "https://github.com/sigstore/sigstore-js"
#: Package, version and the path of its archive.
PYTHON = {
    ("sampleproject", "4.0.0"): "artifacts/sampleproject-4.0.0.tar.gz",
    ("sampleproject", "3.0.0"): "artifacts/sampleproject-3.0.0.tar.gz",
    ("pypi-attestations", "0.0.19"): "artifacts/pypi_attestations-0.0.19.tar.gz",
    ("gitlab-oidc-project", "0.0.3"): "pypi-attestations/gitlab_oidc_project-0.0.3.tar.gz",
}
NODE = {
    ("sigstore", "0.4.0"): "artifacts/sigstore-0.4.0.tgz",
    ("sigstore", "1.3.0"): "artifacts/sigstore-1.3.0.tgz",
    ("sigstore", "2.0.0"): "artifacts/sigstore-2.0.0.tgz",
    ("sigstore", "2.1.0"): "artifacts/sigstore-2.1.0.tgz",
    ("sigstore", "2.3.1"): "artifacts/sigstore-2.3.1.tgz",
    ("@laurentsimon/provenance-npm-test", "1.0.3"): "slsa-verifier/provenance-npm-test-cli-v02-prega.tgz",
    ("@laurentsimon/provenance-npm-test", "1.0.5"): "slsa-verifier/provenance-npm-test-ossf.tgz",
    ("gundam-visor", "1.0.1"): "slsa-verifier/gundam-visor-cli-v1-tag.tgz",
}


def answers(*folders: str, tampered: bool = False) -> dict[str, ProvenanceAnswer]:
    """By label, of all packages, with the evidence in `folders`; archives are others where they are `tampered` with."""
    other = "0" * 64
    components = [
        python(*package, path.rpartition("/")[2], other if tampered else digests()[f"pypi/{path}"][0])
        for package, path in PYTHON.items()
    ]
    components += [
        node(*package, other * 2 if tampered else digests()[f"npm/{path}"][1]) for package, path in NODE.items()
    ]
    trees = tuple(DirectoryTree(str(CORPUS / folder)) for folder in folders)
    context = Context(now=NOW, proving=Proving(ask=True, evidence=trees))
    found = PROVENANCE.enrich(Inventory(components=tuple(components)), Facts(), context).facts.provenance
    return {component.label: found[component.purl] for component in components}


def test_locked_archives_are_proved() -> None:
    """Offline, with nothing but recorded evidence: who built each is known from its certificate."""
    found = answers("pypi", "npm")

    assert {label: str(answer.status) for label, answer in found.items()} == dict.fromkeys(found, "verified")
    repositories = {label: answer.identity.repository for label, answer in found.items() if answer.identity}
    assert repositories == {
        "sampleproject@4.0.0": "https://github.com/pypa/sampleproject",
        "sampleproject@3.0.0": "",  # a service account, which has none
        "pypi-attestations@0.0.19": "https://github.com/trailofbits/pypi-attestations",
        "gitlab-oidc-project@0.0.3": "https://gitlab.com/facutuesca/gitlab-oidc-project",
        **dict.fromkeys([label for label in found if label.startswith("sigstore@")], SIGSTORE),
        "@laurentsimon/provenance-npm-test@1.0.3": "https://github.com/laurentsimon/provenance-npm-test",
        "@laurentsimon/provenance-npm-test@1.0.5": "https://github.com/laurentsimon/provenance-npm-test",
        "gundam-visor@1.0.1": "https://github.com/ramonpetgrave64/gundam-visor",
    }


def test_other_archives_are_not() -> None:
    """Genuine evidence of the name does not make them what they are not."""
    assert {str(answer.status) for answer in answers("pypi", "npm", tampered=True).values()} == {"invalid"}
