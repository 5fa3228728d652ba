"""`bomvet verify` as its users type it: the answer first, who signed, why not, and the exit code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.provenance import faults
from tests.provenance.authority import Authority, GitHub, slsa, statement
from tests.provenance.registry import Registry, serving

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli, Ran

DATA = b"an artefact"
SHA = hashlib.sha256(DATA).hexdigest()
SUBJECT = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
GITHUB = "https://token.actions.githubusercontent.com"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An instance of sigstore that nobody else trusts."""
    return Authority()


@pytest.fixture
def home(cli: Cli, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """A folder with an artefact, its bundle and the trusted root; a home directory that stays as it is."""
    (cli.folder / "app.tgz").write_bytes(DATA)
    (cli.folder / "root.json").write_bytes(authority.root_json())
    cli.write("app.sigstore.json", bundle(authority))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BOMVET_TRUSTED_ROOT", "root.json")
    return cli


def bundle(authority: Authority, identity: GitHub = GitHub(), digest: str = SHA) -> str:  # noqa: B008 - immutable
    """The text of a bundle about the artefact."""
    about = statement("app.tgz", {"sha256": digest}, "https://slsa.dev/provenance/v1", slsa(identity))
    return json.dumps(authority.bundle(about, identity))


def attestation(cli: Cli, *words: str) -> Ran:
    """Verify the artefact."""
    return cli("verify", "attestation", "app.sigstore.json", "--artifact", "app.tgz", *words)


def test_the_answer_for_people(home: Cli, authority: Authority) -> None:
    """First whether, then what it rests on; nothing is written anywhere."""
    before = sorted(str(path) for path in home.folder.parent.rglob("*"))
    ran = attestation(home, "--repo", "acme/app")

    assert (ran.code, ran.err) == (0, "")
    index = json.loads((home.folder / "app.sigstore.json").read_bytes())["verificationMaterial"]["tlogEntries"][0]
    root = hashlib.sha256(authority.root_json()).hexdigest()
    assert (
        ran.out.replace(f"entry {index['logIndex']} ", "entry N ")
        == f"""\
verified: app.tgz
digest      sha256:{SHA}
trust root  sha256:{root}

Evidence (1)
- slsa-provenance (https://slsa.dev/provenance/v1)
    signed by   {SUBJECT}
    issuer      {GITHUB}
    repository  https://github.com/acme/app
    workflow    .github/workflows/release.yml
    ref         refs/tags/v1.0.0
    commit      {"a" * 40}
    trigger     push
    runner      github-hosted
    run         https://github.com/acme/app/actions/runs/7/attempts/1
    log         entry N of 2026-10-25T12:00:00Z (proof)
    digest      sha256:{SHA}, that of the artefact
    subject     app.tgz
    level       consistent with SLSA Build L2
    from        app.sigstore.json
"""
    )
    assert sorted(str(path) for path in home.folder.parent.rglob("*")) == before


def test_a_refusal_for_people(home: Cli) -> None:
    """The step, the reason, and what to do next."""
    ran = attestation(home, "--repo", "acme/other")

    assert ran.code == 1
    assert ran.out.startswith("""\
REFUSED: app.tgz
  identity: the repository is https://github.com/acme/app, not https://github.com/acme/other
  next: do not use it unless you know why it is of somebody or something else; then name that
""")
    assert "\nRefused (1)\n- slsa-provenance" in ran.out
    assert "consistent with" not in ran.out


def test_the_answer_as_json(home: Cli) -> None:
    """All of it, by fields that stay."""
    answer = attestation(home, "--repo", "acme/app", "-f", "json").json
    (one,) = answer["evidence"]

    assert answer["schema"] == "bomvet-verification-1"
    assert (answer["verdict"], answer["subject"], answer["digests"][0]) == ("verified", "app.tgz", f"sha256:{SHA}")
    assert (one["bearing"], one["kind"], one["status"], one["strength"]) == (
        "counts", "slsa-provenance", "verified", "proof",
    )  # fmt: skip
    assert one["identity"]["subject"] == SUBJECT
    assert one["digest"] == {"algorithm": "sha256", "value": SHA}
    refused = attestation(home, "--repo", "acme/other", "-f", "json").json
    assert (refused["verdict"], refused["step"]) == ("refused", "identity")
    assert refused["evidence"][0]["status"] == "identity-mismatch"


def test_by_a_digest(home: Cli) -> None:
    """Instead of the file."""
    words = ("verify", "attestation", "app.sigstore.json", "--repo", "acme/app", "--digest")

    assert home(*words, f"sha256:{SHA}").code == 0
    ran = home(*words, f"sha256:{'0' * 64}")
    assert (ran.code, ran.out.splitlines()[1]) == (
        1,
        "  digest: the digest that it attests for app.tgz is not that of the artefact",
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--certificate-identity", SUBJECT, "--certificate-oidc-issuer", GITHUB), 0),
        (("--certificate-identity", SUBJECT[:-1], "--certificate-oidc-issuer", GITHUB), 1),
        (("--certificate-identity-regexp", ".*/release.yml@refs/tags/v.*", "--certificate-oidc-issuer", GITHUB), 0),
        (("--certificate-identity-regexp", "https://github.com/acme", "--certificate-oidc-issuer", GITHUB), 1),
        (("--owner", "acme"), 0),
        (("--owner", "acm"), 1),
        (("--repo", "acme/app", "--workflow", ".github/workflows/release.yml"), 0),
        (("--repo", "acme/app", "--workflow", ".github/workflows/other.yml"), 1),
        (("--repo", "acme/app", "--signer-workflow", "acme/app/.github/workflows/release.yml"), 0),
        (("--repo", "acme/app", "--signer-repo", "acme/other"), 1),
        (("--repo", "acme/app", "--source-ref", "refs/tags/v1.0.0", "--deny-self-hosted-runners"), 0),
        (("--repo", "acme/app", "--source-ref", "refs/heads/main"), 1),
        (("--repo", "acme/app", "--predicate-type", "https://slsa.dev/provenance/v1"), 0),
        (("--repo", "acme/app", "--predicate-type", "https://slsa.dev/provenance/v0.2"), 1),
        (("--repo", "acme/app", "--require-proof", "--offline"), 0),
    ],
)
def test_options_of_who(home: Cli, words: tuple[str, ...], code: int) -> None:
    """Each as cosign or gh has it."""
    assert attestation(home, *words).code == code


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--certificate-oidc-issuer", GITHUB), "bomvet: nothing says who has to have signed"),
        (("--certificate-identity", "x"), "bomvet: nothing says which service vouches for who signed"),
        (("--repo", "acme"), "bomvet: --repo must be OWNER/NAME or https://HOST/OWNER/NAME, not 'acme'"),
        (("--owner", "a/b"), "bomvet: --owner must be OWNER or https://HOST/OWNER, not 'a/b'"),
        (
            ("--signer-workflow", "a/b"),
            "bomvet: --signer-workflow must be OWNER/NAME/PATH-OF-THE-WORKFLOW, with or without @REF, not 'a/b'",
        ),
        (
            ("--certificate-identity-regexp", "("),
            "bomvet: --certificate-identity-regexp is no regular expression of RE2: unclosed group",
        ),
        (("--digest", f"sha256:{SHA}"), "bomvet: --artifact and --digest say the same thing twice"),
        (("--digest", f"sha1:{'0' * 40}"), "bomvet: --digest must be of sha256, sha384, sha512, not of sha1"),
        (
            ("--insecure-any-identity", "--repo", "acme/app"),
            "bomvet: --insecure-any-identity accepts whoever signed, and another option says who may",
        ),
        (
            ("--repo", "acme/app", "--trusted-root", "gone.json"),
            "bomvet: gone.json cannot be read: No such file or directory",
        ),
        (("--repo", "acme/app", "-f", "sarif"), "bomvet: unknown format 'sarif'"),
    ],
)
def test_usage(home: Cli, words: tuple[str, ...], line: str) -> None:
    """Exit code 2: whoever leaves out who may sign is not told that somebody did."""
    before = ["--repo", "acme/app"] if words and words[0] == "--digest" else []
    ran = attestation(home, *before, *words)

    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (2, "", line)


def test_nothing_to_compare_with(home: Cli) -> None:
    """Evidence is about something."""
    ran = home("verify", "attestation", "app.sigstore.json", "--repo", "acme/app")

    assert (ran.code, ran.err.splitlines()[0]) == (2, "bomvet: nothing says what the evidence has to be about")


def test_files_that_are_not_there(home: Cli) -> None:
    """Both are told."""
    gone = home("verify", "attestation", "gone.json", "--digest", f"sha256:{SHA}", "--repo", "acme/app")

    assert (gone.code, gone.err) == (2, "bomvet: gone.json cannot be read: No such file or directory\n")
    assert home("verify", "attestation", "app.sigstore.json", "--artifact", "gone", "--repo", "acme/app").code == 2


@pytest.mark.parametrize("words", [(), ("--insecure-any-identity",)])
def test_whoever_signed(home: Cli, words: tuple[str, ...]) -> None:
    """It tells who it was, and that this proves nothing."""
    ran = attestation(home, *words)

    assert (ran.code, f"signed by   {SUBJECT}" in ran.out) == (0, True)
    assert ran.err == (
        "bomvet: nobody was named who has to have signed: whoever did was accepted, which proves nothing by itself\n"
    )


def test_the_root_that_ships(home: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not know the instance of these tests."""
    monkeypatch.delenv("BOMVET_TRUSTED_ROOT")
    ran = attestation(home, "--repo", "acme/app")

    assert (ran.code, ran.out.splitlines()[1].partition(":")[0]) == (1, "  certificate")


def test_several_lines(home: Cli, authority: Authority) -> None:
    """One that is for the artefact is enough; the others are told apart."""
    texts = [bundle(authority, digest="0" * 64), bundle(authority, GitHub(repository="evil/app")), bundle(authority)]
    home.write("app.sigstore.json", "".join(f"{text}\n" for text in texts))
    ran = attestation(home, "--repo", "acme/app")

    assert ran.code == 0
    titles = [line for line in ran.out.splitlines() if line.endswith("(1)")]
    assert titles == ["Evidence (1)", "Refused (1)", "About something else (1)"]


def test_names_cannot_steer_the_terminal(home: Cli, authority: Authority) -> None:
    """The subject of a statement is anybody's text, and so is the path of a workflow."""
    hostile = GitHub(workflow=".github/workflows/a\x1b[2Jb.yml")
    about = statement("app\x1b[31m\nverified: x", {"sha256": SHA}, "x\n::error::y", slsa(hostile))
    home.write("app.sigstore.json", json.dumps(authority.bundle(about, hostile)))
    ran = attestation(home, "--repo", "acme/app")

    assert "\x1b" not in ran.out
    assert "\nverified: x" not in ran.out
    assert "::error" not in ran.out


def test_many_pieces(home: Cli, authority: Authority) -> None:
    """The table shows the first of them, and JSON all."""
    text = bundle(authority, GitHub(repository="evil/app"))
    home.write("app.sigstore.json", f"{text}\n" * 30)

    assert "  ... and 10 more, all listed with -f json\n" in attestation(home, "--repo", "acme/app").out
    assert len(attestation(home, "--repo", "acme/app", "-f", "json").json["evidence"]) == 30


def test_the_key_of_a_registry(home: Cli, authority: Authority) -> None:
    """It is told as such, and builds nothing."""
    sha512 = hashlib.sha512(DATA).hexdigest()
    served = json.loads(authority.npm_attestations("app", "1.0", sha512))
    home.write("npm.json", json.dumps({"attestations": served["attestations"][:1]}))
    (home.folder / "keys.json").write_bytes(authority.npm_keys())
    ran = home(
        "verify", "attestation", "npm.json", "--artifact", "app.tgz", "--npm-keys", "keys.json", "--repo", "acme/app"
    )  # fmt: skip

    assert ran.code == 1
    assert "    why not     identity: it is signed with the key of a registry" in ran.out
    assert "    signed by   a key of the registry\n" in ran.out


# ── SBOMs ───────────────────────────────────────────────────────────────────────────────────────

SBOM = '{"bomFormat": "CycloneDX", "components": []}'


def test_an_sbom(home: Cli, authority: Authority) -> None:
    """Its bundle lies beside it, unless it is named; one that there is not is told."""
    home.write("bom.json", SBOM)
    missing = home("verify", "sbom", "bom.json", "--repo", "acme/app")
    assert (missing.code, missing.err.splitlines()[0]) == (2, "bomvet: there is no bom.json.sigstore.json")
    home.write("bom.json.sigstore.json", json.dumps(authority.message(SBOM.encode())))
    ran = home("verify", "sbom", "bom.json", "--repo", "acme/app")

    assert (ran.code, ran.out.splitlines()[0]) == (0, "verified: bom.json")
    home.write("bom.json", SBOM.replace("[]", "[1]"))
    assert home("verify", "sbom", "bom.json", "--repo", "acme/app").code == 1
    made = statement("app.tgz", {"sha256": SHA}, "https://cyclonedx.org/bom", json.loads(SBOM))
    home.write("other.json", json.dumps(authority.bundle(made)))
    home.write("bom.json", SBOM)
    of = ("verify", "sbom", "bom.json", "--bundle", "other.json", "--repo", "acme/app", "--artifact")
    assert home(*of, "app.tgz").code == 0
    assert home(*of, "bom.json").code == 1


# ── images ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.enable_socket
def test_an_image(home: Cli, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a registry on loopback: verified; without evidence; and with a registry that fails."""
    registry = Registry()
    at = registry.images.add_image("acme/app", "1")
    monkeypatch.setenv("BOMVET_OFFLINE", "")

    def verify(*words: str) -> Ran:
        return home("verify", "image", f"{url.removeprefix('http://')}/acme/app:1", "--repo", "acme/app", *words)

    with serving(registry) as url:
        none = verify()
        about = statement(
            "app", {"sha256": at.removeprefix("sha256:")}, "https://slsa.dev/provenance/v1", slsa(GitHub())
        )
        registry.images.attach_cosign("acme/app", at, "att", [authority.cosign_att(about)])
        good = verify()
        registry.faults.add(r".*\.att$", faults.status(403), always=True)
        denied = verify("-f", "json")
        registry.faults.clear()
        registry.images.auth = "basic"
        closed = verify()

    assert (none.code, none.out.splitlines()[1]) == (1, "  there is no evidence for it")
    assert good.code == 0
    assert f"digest      {at}, that of the registry" in good.out
    assert (denied.code, denied.json["verdict"]) == (3, "not-established")
    assert "lets nobody in without a login (HTTP 403)" in denied.json["reason"]
    assert closed.code == 3
    assert closed.err.splitlines()[0].endswith("asks for a log-in: there is none")


def test_an_image_offline(home: Cli) -> None:
    """Not established, with what can be done."""
    ran = home("verify", "image", "registry.packages.example/acme/app:1", "--repo", "acme/app", "--offline")

    assert ran.code == 3
    assert ran.err == (
        "bomvet: registry.packages.example/acme/app:1 would have to be asked for, and --offline forbids that\n"
        "hint: copy the image with what is attached to it into a folder, and verify oci-dir:PATH\n"
    )


def test_an_image_in_a_folder(home: Cli, authority: Authority) -> None:
    """Nothing is asked; questions and notes have lists of their own."""
    entries: list[dict[str, Any]] = []

    def add(document: object, kind: str = "", **fields: Any) -> dict[str, Any]:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        name = hashlib.sha256(data).hexdigest()
        place = home.folder / "image" / "blobs" / "sha256"
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
        entry = {"digest": f"sha256:{name}", "size": len(data), **fields}
        if kind:
            entries.append({**entry, "annotations": {"kind": f"dev.cosignproject.cosign/{kind}"}})
        return entry

    image = add({"layers": []}, "image")
    notes, layer = authority.cosign_sig(image["digest"])
    simple = "application/vnd.dev.cosign.simplesigning.v1+json"
    gone = {"digest": f"sha256:{'0' * 64}", "size": 3, "mediaType": simple}
    add(
        {"layers": [add(layer, mediaType=simple, annotations=notes), gone, add(b"x", mediaType="application/x")]},
        "sigs",
    )
    home.write("image/index.json", json.dumps({"manifests": entries}))
    ran = home("verify", "image", "oci-dir:image", "--repo", "acme/app", "--platform", "linux/amd64")

    assert ran.code == 0
    assert "\nNot established (1)\n- the evidence sha256:0000" in ran.out
    assert "\nNotes (1)\n- not verified here: application/x in sha256:" in ran.out
    (home.folder / "image" / "blobs" / "sha256" / hashlib.sha256(layer).hexdigest()).unlink()
    assert home("verify", "image", "oci-dir:image", "--repo", "acme/app").code == 3


def test_more_notes_than_anybody_reads(home: Cli) -> None:
    """The table is cut, and says so."""
    blobs = home.folder / "image" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    index = json.dumps({"layers": []}).encode()
    digest = hashlib.sha256(index).hexdigest()
    (blobs / digest).write_bytes(index)
    others = [{"digest": f"sha256:{n:064}", "size": 1} for n in range(30)]
    image = {
        "digest": f"sha256:{digest}",
        "size": len(index),
        "annotations": {"kind": "dev.cosignproject.cosign/image"},
    }
    home.write("image/index.json", json.dumps({"manifests": [image, *others]}))
    ran = home("verify", "image", f"oci-dir:image@sha256:{digest}", "--repo", "acme/app")

    assert ran.code == 3
    assert "  ... and 10 more, all listed with -f json\n" in ran.out
