"""`bomvet sign`, through the real command line, with an instance of sigstore on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy

import bomvet
from bomvet.cli import sign as command
from bomvet.net import Bounds, _sessions
from bomvet.provenance import signing
from tests.e2e.conftest import Cli, Ran
from tests.provenance import faults
from tests.provenance.authority import Authority, Email, GitHub, statement
from tests.provenance.served import ServedAuthority, serving_authority, token

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("served")]
SOURCE = str(Path(bomvet.__file__).parents[1])
SBOM = b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}'
RELEASE = policy.AllOf(
    [
        policy.OIDCIssuerV2("https://token.actions.githubusercontent.com"),
        policy.OIDCSourceRepositoryURI("https://github.com/acme/app"),
        policy.OIDCBuildSignerURI("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"),
    ]
)


@pytest.fixture
def served(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedAuthority]:
    """An instance that the command line is set to, with a token of a release of `acme/app`, and an SBOM."""
    monkeypatch.chdir(cli.folder)
    for name in ("BOMVET_OFFLINE", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(cli.folder / "home"))
    with serving_authority(Authority()) as found:
        (cli.folder / "trust.json").write_bytes(found.trust_config())
        (cli.folder / "bom.json").write_bytes(SBOM)
        monkeypatch.setenv("BOMVET_TRUST_CONFIG", "trust.json")
        monkeypatch.setenv("SIGSTORE_ID_TOKEN", token())
        yield found


def written(cli: Cli, name: str = "bom.json.sigstore.json") -> Bundle:
    return Bundle.from_json((cli.folder / name).read_bytes())


def verifier(cli: Cli) -> Verifier:
    config = ClientTrustConfig.from_json((cli.folder / "trust.json").read_text())
    return Verifier(trusted_root=config.trusted_root)


def payload(cli: Cli, name: str = "bom.json.sigstore.json", expected: Any = RELEASE) -> Any:
    """What the statement says, as sigstore's own verifier finds it."""
    kind, data = verifier(cli).verify_dsse(written(cli, name), expected)
    assert kind == "application/vnd.in-toto+json"
    return json.loads(data)


def refused(cli: Cli, ran: Ran, code: int, message: str, hint: str = "") -> None:
    """It is told so, with nothing of the token, and nothing is written."""
    assert (ran.code, ran.out) == (code, "")
    assert ran.err == f"bomvet: {message}\n" + (f"hint: {hint}\n" if hint else "")
    assert "eyJ" not in ran.err
    assert not (cli.folder / "bom.json.sigstore.json").exists()


def test_an_sbom_is_said_of_itself(served: ServedAuthority, cli: Cli) -> None:
    """Where nothing else is named; sigstore's own verifier takes it from the release, and from nobody else."""
    ran = cli("sign", "bom.json")
    assert ran == Ran(
        code=0,
        out="",
        err="bom.json: signed by https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0 "
        "(https://token.actions.githubusercontent.com), entry 90000005 of the log\n"
        "bom.json.sigstore.json: written\n",
    )
    assert payload(cli) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "bom.json", "digest": {"sha256": hashlib.sha256(SBOM).hexdigest()}}],
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": json.loads(SBOM),
    }
    assert json.loads((cli.folder / "bom.json.sigstore.json").read_bytes())["mediaType"] == (
        "application/vnd.dev.sigstore.bundle.v0.3+json"
    )
    assert served.requests == ["/api/v2/signingCert", "/api/v1/log/entries"]
    with pytest.raises(VerificationError):
        payload(cli, expected=policy.OIDCSourceRepositoryURI("https://github.com/mallory/app"))


def test_an_sbom_is_said_of_what_it_describes(cli: Cli) -> None:
    """Of each file by its digest."""
    cli.write("dist/sink.whl", "wheel")
    cli.write("dist/sink.tar.gz", "archive")
    assert cli("sign", "bom.json", "--artifact", "dist/sink.whl", "--artifact", "dist/sink.tar.gz").code == 0
    assert payload(cli)["subject"] == [
        {"name": "sink.whl", "digest": {"sha256": hashlib.sha256(b"wheel").hexdigest()}},
        {"name": "sink.tar.gz", "digest": {"sha256": hashlib.sha256(b"archive").hexdigest()}},
    ]


def test_a_blob_is_signed_as_it_is(cli: Cli) -> None:
    """Whatever it is; other bytes, another repository and another root are refused."""
    ran = cli("sign", "--type", "blob", "bom.json", "--bundle", "signature.json")
    assert ran.code == 0
    bundle = written(cli, "signature.json")
    verifier(cli).verify_artifact(SBOM, bundle, RELEASE)
    with pytest.raises(VerificationError):
        verifier(cli).verify_artifact(SBOM + b" ", bundle, RELEASE)
    with pytest.raises(VerificationError):
        verifier(cli).verify_artifact(SBOM, bundle, policy.OIDCSourceRepositoryURI("https://github.com/acme/fork"))
    (cli.folder / "trust.json").write_bytes(ServedAuthority(Authority()).trust_config())
    with pytest.raises(VerificationError):
        verifier(cli).verify_artifact(SBOM, bundle, RELEASE)


def test_a_statement_is_signed_as_it_is(cli: Cli) -> None:
    """Byte for byte."""
    summary = statement("acme", {"sha256": "ab" * 32}, "https://slsa.dev/verification_summary/v1", {"n": 1.50})
    text = json.dumps(summary, indent=1)
    cli.write("vsa.json", text)
    assert cli("sign", "vsa.json").code == 0
    _, data = verifier(cli).verify_dsse(written(cli, "vsa.json.sigstore.json"), RELEASE)
    assert data == text.encode()


def test_a_statement_with_two_readings_is_not_signed(served: ServedAuthority, cli: Cli) -> None:
    """Also where it is said to be one."""
    cli.write("bom.json", '{"_type": "https://in-toto.io/Statement/v1", "predicate": {"a": 1, "a": 2}}')
    ran = cli("sign", "bom.json", "--type", "statement")
    refused(cli, ran, 2, "the statement cannot be signed: a key stands twice in one object")
    assert served.requests == []


def test_a_bundle_goes_to_stdout(cli: Cli) -> None:
    """Alone."""
    ran = cli("sign", "bom.json", "--bundle", "-")
    assert (ran.code, ran.json["mediaType"]) == (0, "application/vnd.dev.sigstore.bundle.v0.3+json")
    assert len(ran.err.splitlines()) == 1
    assert not (cli.folder / "bom.json.sigstore.json").exists()


def test_another_predicate_is_named(cli: Cli) -> None:
    """For an SBOM of another format."""
    cli.write("bom.json", '{"spdxVersion": "SPDX-2.3"}')
    refused(
        cli,
        cli("sign", "bom.json"),
        2,
        "bom.json is neither CycloneDX nor an in-toto statement",
        "say what it is: --type sbom, blob or statement",
    )
    refused(
        cli,
        cli("sign", "bom.json", "--type", "sbom"),
        2,
        "bom.json is no CycloneDX",
        "--predicate-type says what else it is",
    )
    assert cli("sign", "bom.json", "--type", "sbom", "--predicate-type", "https://spdx.dev/Document").code == 0
    assert payload(cli)["predicateType"] == "https://spdx.dev/Document"


def test_who_signs_is_told_by_a_file(cli: Cli) -> None:
    """Before the environment is asked; a person signs with an e-mail address."""
    cli.write("token", token(Email()) + "\n")
    ran = cli("sign", "bom.json", "--identity-token-file", "token")
    assert ran.err.splitlines()[0] == (
        "bom.json: signed by dana@people.example (https://accounts.google.com), entry 90000005 of the log"
    )


def test_a_log_of_version_2_and_a_timestamp(served: ServedAuthority, cli: Cli) -> None:
    """As the configuration says; where no timestamp is to be had, that is told, or nothing is signed."""
    (cli.folder / "trust.json").write_bytes(served.trust_config(rekor=2))
    assert cli("sign", "bom.json").code == 0
    assert payload(cli)["predicateType"] == "https://cyclonedx.org/bom"
    (cli.folder / "bom.json.sigstore.json").unlink()
    served.faults.add("timestamp", faults.status(500), always=True)
    refused(
        cli,
        cli("sign", "bom.json"),
        3,
        f"there is no entry in the log of {served.url.removeprefix('http://')}: "
        "bundle must contain an inclusion promise or signed timestamp(s)",
    )
    (cli.folder / "trust.json").write_bytes(served.trust_config(timestamps=True))
    ran = cli("sign", "bom.json")
    assert ran.code == 0
    assert ran.err.splitlines()[1] == (
        "warning: no timestamp authority answered; the time is by the word of the log alone"
    )


def test_nothing_is_replaced_unasked(served: ServedAuthority, cli: Cli) -> None:
    """And nobody is asked for anything before that is known."""
    cli.write("bom.json.sigstore.json", "precious")
    ran = cli("sign", "bom.json")
    assert (ran.code, ran.err) == (
        2,
        "bomvet: bom.json.sigstore.json is there already\nhint: --overwrite replaces it, --bundle names another file\n",
    )
    assert (cli.folder / "bom.json.sigstore.json").read_text() == "precious"
    assert served.requests == []
    assert cli("sign", "bom.json", "--overwrite").code == 0
    assert payload(cli)["predicateType"] == "https://cyclonedx.org/bom"


def test_a_place_that_cannot_be_written_is_found_first(
    served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of the log stays for good."""
    ran = cli("sign", "bom.json", "--bundle", "nowhere/bundle.json")
    message = "nowhere/bundle.json cannot be written: there is no folder nowhere"
    refused(cli, ran, 2, message, "create the folder first")
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused(cli, cli("sign", "bom.json"), 2, "bom.json.sigstore.json cannot be written: Permission denied")
    assert served.requests == []


def test_offline_refuses(served: ServedAuthority, cli: Cli) -> None:
    """There is no signing without connections."""
    message = "signing asks for a certificate and an entry of a log, which --offline forbids"
    refused(cli, cli("sign", "bom.json", "--offline"), 2, message)
    assert served.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--type", "signature"], "--type must be sbom, blob or statement, not 'signature'"),
        (["--predicate-type", "bom"], "--predicate-type must be a URI such as https://cyclonedx.org/bom, not 'bom'"),
        (["--oidc-issuer", "http://login.example"], "--oidc-issuer must be an https URL, not 'http://login.example'"),
        (["--oidc-issuer", "https://login.example?a=b"], "--oidc-issuer must be a URL such as "),
        (["--oidc-issuer", "https://[::1"], "--oidc-issuer must be an https URL"),
        (["--bundle", "link.json", "--overwrite"], "link.json is no file that can be replaced"),
        (["--bundle", ".", "--overwrite"], ". is no file that can be replaced"),
        (["--type", "blob", "--artifact", "bom.json"], "--artifact is for --type sbom alone, and this is a blob"),
        (
            ["--type", "statement", "--predicate-type", "https://a.example"],
            "--predicate-type is for --type sbom alone, and this is a statement",
        ),
        (["--type", "statement"], "no in-toto statement to sign: malformed in-toto statement: "),
        (["--artifact", "none"], "none cannot be read: it is no file"),
        (["--artifact", "bom.json", "--artifact", "bom.json"], "two subjects are called bom.json"),
        (["--trust-config", "bom.json"], "bom.json: no trust configuration: "),
        (["--trust-config", "none.json"], "none.json cannot be read: No such file or directory"),
        (["--identity-token-file", "none"], "none cannot be read: No such file or directory"),
        (["--identity-token-file", "bom.json"], "the identity token is none, or lacks a claim that is needed"),
    ],
)
def test_what_is_wrong_is_told(served: ServedAuthority, cli: Cli, arguments: list[str], message: str) -> None:
    """Before anybody is asked."""
    (cli.folder / "link.json").symlink_to("bom.json")
    ran = cli("sign", "bom.json", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(f"bomvet: {message}")
    assert served.requests == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "bom.json cannot be signed: it is no JSON"),
        ("[]", "bom.json cannot be signed: it is no object"),
        ('{"a": 1, "a": 2}', "bom.json cannot be signed: a key stands twice in one object"),
        ('{"a": NaN}', "bom.json cannot be signed: NaN is no number of JSON"),
        ("[" * 100_000, "bom.json cannot be signed: "),
        ("\udcff", "bom.json cannot be signed: it is no JSON"),
    ],
)
def test_what_cannot_be_read_alike_is_not_signed(served: ServedAuthority, cli: Cli, text: str, message: str) -> None:
    """It could say something else to others."""
    (cli.folder / "bom.json").write_bytes(text.encode(errors="surrogateescape"))
    ran = cli("sign", "bom.json")
    assert (ran.code, ran.err.startswith(f"bomvet: {message}")) == (2, True)
    assert ran.err.endswith("hint: --type blob signs any file as it is\n")
    assert served.requests == []


def test_a_file_that_is_not_there(cli: Cli) -> None:
    """Of either kind."""
    assert cli("sign", "none.json").err == "bomvet: none.json cannot be read: No such file or directory\n"
    assert cli("sign", "none.json", "--type", "blob").err == "bomvet: none.json cannot be read: it is no file\n"


def test_a_file_that_may_not_be_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told which."""

    def failing(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hashlib, "file_digest", failing)
    refused(cli, cli("sign", "bom.json", "--type", "blob"), 2, "bom.json cannot be read: Permission denied")


def test_a_statement_that_is_too_large(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle would be one that nobody has to take; the file itself can be signed."""
    monkeypatch.setattr(signing, "MAX_BUNDLE", signing._MAX_MATERIAL + 400)
    ran = cli("sign", "bom.json", "--artifact", "trust.json")
    assert ran.code == 0
    (cli.folder / "bom.json.sigstore.json").unlink()
    cli.write("bom.json", '{"bomFormat": "CycloneDX", "pad": "%s"}' % ("x" * 200))
    ran = cli("sign", "bom.json")
    assert (ran.code, "too many for a bundle of" in ran.err) == (2, True)
    assert ran.err.endswith("hint: sign the file as it is: --type blob\n")


# -- who signs -----------------------------------------------------------------------------------------------------


def test_an_expired_token_is_told(served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word of it."""
    hint = "tokens are good for some minutes: fetch it right before signing"
    for late in (token(age=3600), token(nbf=4102444800)):
        monkeypatch.setenv("SIGSTORE_ID_TOKEN", late)
        ran = cli("sign", "bom.json")
        refused(cli, ran, 2, "the identity token has expired, or is not valid yet", hint)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token(aud="somebody"))
    refused(
        cli,
        cli("sign", "bom.json"),
        2,
        "the identity token is for somebody else",
        "its audience (aud) has to be sigstore",
    )
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", "e" * 70_000)
    refused(cli, cli("sign", "bom.json"), 2, "the identity token has more than 65,536 characters")
    assert served.requests == []


def test_without_an_identity_nothing_is_signed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody sits at a terminal either."""
    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.setattr(signing, "ambient", lambda: None)
    refused(
        cli,
        cli("sign", "bom.json"),
        2,
        "there is no identity to sign with, and no terminal to sign in at",
        "in a build give the job the right to an identity token, else put one into SIGSTORE_ID_TOKEN "
        "or --identity-token-file",
    )


def test_a_build_that_has_no_right_to_a_token_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of GitHub without the permission."""
    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    refused(
        cli,
        cli("sign", "bom.json"),
        2,
        "this build machine gives no identity token: GitHub: missing or insufficient OIDC token permissions, "
        "the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset",
        "on GitHub a job needs `permissions: id-token: write`, on GitLab `id_tokens: SIGSTORE_ID_TOKEN`",
    )


def test_a_build_signs_as_itself(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the token that its machine gives."""
    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: token(GitHub(repository="acme/other")))
    ran = cli("sign", "bom.json")
    assert ran.err.startswith("bom.json: signed by https://github.com/acme/other/.github/workflows/release.yml@")


def test_at_a_terminal_one_signs_in(served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a browser, at the instance's provider or at the one that is named; it is said what becomes public."""
    asked: list[str] = []

    class Issuer:
        def __init__(self, url: str) -> None:
            asked.append(url)

        def identity_token(self) -> Any:
            return signing.identity(token(Email()))

    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.setattr(signing, "ambient", lambda: None)
    monkeypatch.setattr("sigstore.oidc.Issuer", Issuer)
    monkeypatch.setattr("sys.stdin", _Terminal())
    ran = cli("sign", "bom.json")
    assert (ran.code, asked) == (0, [f"{served.url}/oauth"])
    assert ran.err.splitlines()[0] == (
        "Sign in with your browser. Your identity (an e-mail address, mostly) goes into a public log, for good."
    )
    assert cli("sign", "bom.json", "--overwrite", "--oidc-issuer", "https://login.example").code == 0
    assert asked[1] == "https://login.example"


class _Terminal:
    closed = False

    def isatty(self) -> bool:
        return True


def test_signing_in_may_fail(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the provider is none: the tests' instance has no such page."""
    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.setattr(signing, "ambient", lambda: None)
    monkeypatch.setattr("sys.stdin", _Terminal())
    ran = cli("sign", "bom.json")
    assert (ran.code, ran.err.splitlines()[1]) == (3, "bomvet: nobody signed in: the answer is HTTP 501")


# -- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (faults.status(500), "the answer is HTTP 500"),
        (faults.status(401, b'{"message": "bad token"}'), "the answer is HTTP 401"),
        (faults.status(429), "the answer is HTTP 429"),
        (faults.NOT_JSON, "the answer is none that is understood"),
        (faults.says(b'{"a": {}, "b": {}}'), "the answer is none that is understood"),
        (faults.says(b"[]"), "the answer is none that is understood"),
        (faults.TRUNCATED, "the answer broke off"),
        (faults.slow(3), "the answer did not come in time"),
        (faults.redirect("/elsewhere"), "the question is redirected elsewhere"),
    ],
)
@pytest.mark.parametrize(
    ("path", "what"),
    [("signingCert", "there is no certificate from"), ("log/entries", "there is no entry in the log of")],
)
def test_a_service_that_fails_is_told(
    served: ServedAuthority,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    *,
    path: str,
    what: str,
    fault: faults.Fault,
    why: str,
) -> None:
    """By which it was and what became of it, and nothing is written."""
    if fault.kind == "slow":
        monkeypatch.setattr(_sessions.bind, "__defaults__", (Bounds(attempt=1.5), 16 * 1024 * 1024))
    served.faults.add(path, fault)
    refused(cli, cli("sign", "bom.json"), 3, f"{what} {served.url.removeprefix('http://')}: {why}")


def test_a_service_that_cannot_be_reached_is_told(cli: Cli) -> None:
    """Nobody listens there."""
    config = json.loads((cli.folder / "trust.json").read_text())
    config["signingConfig"]["rekorTlogUrls"][0]["url"] = "http://user:secret@127.0.0.1:9"
    cli.write("trust.json", json.dumps(config))
    refused(cli, cli("sign", "bom.json"), 3, "there is no entry in the log of 127.0.0.1:9: Connection refused")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: entry["verification"]["inclusionProof"].update(rootHash="00" * 32),
        lambda entry: entry.update(integratedTime=entry["integratedTime"] + 1),
        lambda entry: entry["verification"].update(signedEntryTimestamp="AAAA"),
    ],
)
def test_what_does_not_verify_is_not_written(
    served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[dict[str, Any]], None]
) -> None:
    """A log that promises what it does not keep."""
    add = served.authority.log.add

    def spoilt(*arguments: Any) -> dict[str, Any]:
        entry = add(*arguments)
        spoil(entry)
        return entry

    monkeypatch.setattr(served.authority.log, "add", spoilt)
    ran = cli("sign", "bom.json")
    assert (ran.code, ran.err.startswith("bomvet: what was signed does not verify: ")) == (3, True)
    assert ran.err.endswith("hint: nothing was written; the entry in the log stays\n")
    assert not (cli.folder / "bom.json.sigstore.json").exists()


def test_a_token_is_not_sent_in_the_clear(served: ServedAuthority, cli: Cli) -> None:
    """To whichever service."""
    for kind in ("caUrls", "oidcUrls", "rekorTlogUrls"):
        config = json.loads(served.trust_config())
        config["signingConfig"][kind][0]["url"] = "http://ada:secret@sigstore.example:8080/x"
        cli.write("trust.json", json.dumps(config))
        hint = "the identity token is a secret, which is not sent in the clear"
        refused(cli, cli("sign", "bom.json"), 2, "trust.json: sigstore.example:8080 is not asked by https", hint)
    config = json.loads(served.trust_config())
    config["signingConfig"]["rekorTlogUrls"][0]["url"] = "http://[::1"
    cli.write("trust.json", json.dumps(config))
    assert cli("sign", "bom.json").err.startswith("bomvet: trust.json: a service is not asked by https\n")
    assert served.requests == []


def test_a_timestamp_that_nobody_trusts_is_refused(
    served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sigstore's own verifier would pass over it."""
    (cli.folder / "trust.json").write_bytes(served.trust_config(timestamps=True))
    monkeypatch.setattr(served.authority, "timestamps", Authority().timestamps)
    ran = cli("sign", "bom.json")
    assert (ran.code, ran.err.startswith("bomvet: what was signed does not verify: time: ")) == (3, True)


def test_a_verdict_is_signed(cli: Cli) -> None:
    """The summary of a scan, as its report writes it."""
    cli("scan", ".", "--offline", "--format", "vsa=verdict.json")
    assert cli("sign", "verdict.json").code == 0
    kind, data = verifier(cli).verify_dsse(written(cli, "verdict.json.sigstore.json"), RELEASE)
    assert (kind, data) == ("application/vnd.in-toto+json", (cli.folder / "verdict.json").read_bytes())
    assert json.loads(data)["predicateType"] == "https://slsa.dev/verification_summary/v1"


def test_an_authority_that_nobody_trusts_is_refused(served: ServedAuthority, cli: Cli) -> None:
    """Its certificates are in another log."""
    config = json.loads((cli.folder / "trust.json").read_text())
    config["trustedRoot"] = Authority().root(served.url)
    cli.write("trust.json", json.dumps(config))
    ran = cli("sign", "bom.json")
    assert (ran.code, served.requests) == (3, ["/api/v2/signingCert"])
    assert ran.err.startswith("bomvet: there is no certificate from ")


def test_no_home_directory_is_read_or_written(cli: Cli) -> None:
    """The public instance is what the package carries."""
    config = signing.public_instance().config
    assert config.signing_config.get_oidc_url() == "https://oauth2.sigstore.dev/auth"
    assert config.signing_config.get_fulcio().url == "https://fulcio.sigstore.dev"
    assert len(config.trusted_root.get_fulcio_certs()) > 1
    assert cli("sign", "bom.json").code == 0
    assert not (cli.folder / "home").exists()


def test_a_whole_process_says_no_more(cli: Cli) -> None:
    """Neither sigstore's warnings nor anything of the token."""
    line = [sys.executable, "-m", "bomvet", "sign", "bom.json"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": SOURCE})
    assert done.stdout == ""
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["bom.json", "bom.json.sigstore.json"]
    assert payload(cli)["predicateType"] == "https://cyclonedx.org/bom"


@pytest.mark.parametrize(
    "arguments", [[], ["--artifact", "sink.whl"], ["--type", "blob"]], ids=["itself", "artefact", "blob"]
)
def test_what_is_signed_is_verified(cli: Cli, arguments: list[str]) -> None:
    """By the other command, for the release that signed it and for nobody else; any other file is refused."""
    cli.write("sink.whl", "wheel")
    config = json.loads((cli.folder / "trust.json").read_bytes())
    cli.write("root.json", json.dumps(config["trustedRoot"]))
    cli.write("other.json", json.dumps(Authority().root()))
    assert cli("sign", "bom.json", *arguments).code == 0
    verify = ["verify", "sbom", "bom.json", "--require-proof", "--trusted-root"]
    if "--artifact" in arguments:
        verify[3:3] = arguments
    whole = [*verify, "root.json", "--repo", "acme/app", "--workflow", ".github/workflows/release.yml"]
    assert cli(*whole).code == 0
    refusals = [
        [*verify, "root.json", "--repo", "acme/fork"],
        [*verify, "root.json", "--repo", "acme/app", "--workflow", ".github/workflows/other.yml"],
        [*verify, "root.json", "--repo", "acme/app", "--source-ref", "refs/heads/main"],
        [*verify, "other.json", "--repo", "acme/app"],
        [*verify, "root.json", "--repo", "acme/app", "--certificate-oidc-issuer", "https://gitlab.com"],
    ]
    assert [cli(*one).code for one in refusals] == [1] * len(refusals)
    (cli.folder / "bom.json").write_bytes(SBOM.replace(b'"version":1', b'"version":2'))
    assert cli(*whole).code == 1
    (cli.folder / "bom.json").write_bytes(SBOM)
    assert cli(*whole).code == 0


def test_a_signed_artefact_is_verified_by_its_digest(cli: Cli) -> None:
    """An SBOM of one artefact says nothing of another."""
    cli.write("sink.whl", "wheel")
    cli.write("evil.whl", "evil")
    cli.write("root.json", json.dumps(json.loads((cli.folder / "trust.json").read_bytes())["trustedRoot"]))
    assert cli("sign", "bom.json", "--artifact", "sink.whl").code == 0
    verify = ["verify", "sbom", "bom.json", "--trusted-root", "root.json", "--repo", "acme/app", "--artifact"]
    assert [cli(*verify, file).code for file in ("sink.whl", "evil.whl")] == [0, 1]


def test_the_public_instance_is_asked_by_default(
    served: ServedAuthority, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no other is named."""
    monkeypatch.delenv("BOMVET_TRUST_CONFIG")
    monkeypatch.setattr(signing, "public_instance", lambda: signing.read_trust_config(served.trust_config(), "mine"))
    assert cli("sign", "bom.json").code == 0
    assert command._KINDS == ("sbom", "blob", "statement")
