"""Verdicts between runs: kept for the very question that they answered, and never believed of others' making."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import orjson
import pytest

from bomvet.advisories.cache import Kept, RecordCache
from bomvet.model.inventory import Hash
from bomvet.model.provenance import Attestation, EvidenceKind, ProvenanceStatus, PublisherIdentity, Step
from bomvet.model.records import replace
from bomvet.provenance import verdicts as module
from bomvet.provenance.evidence import Evidence, Expected, Form
from bomvet.provenance.names import same_name
from bomvet.provenance.verdicts import NAME, Basis, Verdicts

BASIS = Basis(root="11" * 32, keys="22" * 32, proof=False)
EVIDENCE = Evidence(Form.BUNDLE, {"a": 1}, b'{"a":1}', "https://pypi.packages.example/one", "type")
DIGEST = Hash(algorithm="sha256", value="33" * 32)
EXPECTED = Expected((DIGEST,), same_name("app-1.0.tar.gz"), "lock")
VERIFIED = Attestation(
    kind=EvidenceKind.SLSA,
    status=ProvenanceStatus.VERIFIED,
    identity=PublisherIdentity(issuer="https://issuer.example", subject="me@people.example"),
    log_index=7,
    digest=DIGEST,
    contradictions=("commit",),
    source="https://pypi.packages.example/one",
)


def opened(folder: Path | str, basis: Basis = BASIS, now: float = 1000.0) -> Verdicts:
    """Those of that folder."""
    return Verdicts(str(folder), basis, now=lambda: now)


def kept(
    folder: Path, evidence: Evidence = EVIDENCE, expected: Expected | None = EXPECTED, basis: Basis = BASIS
) -> Attestation | None:
    """The verdict that is there."""
    with opened(folder, basis) as found:
        return found.get(evidence, expected)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which one verdict is kept."""
    with opened(tmp_path / "cache") as fresh:
        assert fresh.works
        assert fresh.get(EVIDENCE, EXPECTED) is None
        fresh.keep(EVIDENCE, EXPECTED, VERIFIED)
    return tmp_path / "cache"


def test_it_is_there_the_next_time(folder: Path) -> None:
    """All of it, from where the evidence came this time."""
    elsewhere = EVIDENCE._replace(source="evidence/app.provenance")

    assert kept(folder) == VERIFIED
    assert kept(folder, elsewhere) == replace(VERIFIED, source="evidence/app.provenance")


def test_a_refusal_is_kept_too(folder: Path) -> None:
    """Whoever wants another verdict has to have other evidence."""
    wrong = replace(VERIFIED, status=ProvenanceStatus.INVALID, step=Step.LOG, reason="no proof", identity=None)
    with opened(folder) as found:
        found.keep(EVIDENCE._replace(raw=b"other"), None, wrong)

    assert kept(folder, EVIDENCE._replace(raw=b"other"), None) == wrong


@pytest.mark.parametrize(
    "status",
    [
        ProvenanceStatus.UNSUPPORTED,
        ProvenanceStatus.NOT_ESTABLISHED,
        ProvenanceStatus.ABSENT,
        ProvenanceStatus.IDENTITY_MISMATCH,
    ],
)
def test_what_may_come_to_something_else_is_not_kept(tmp_path: Path, status: ProvenanceStatus) -> None:
    """A later run may know more."""
    with opened(tmp_path) as found:
        found.keep(EVIDENCE, EXPECTED, replace(VERIFIED, status=status))

    assert kept(tmp_path) is None


@pytest.mark.parametrize(
    ("evidence", "expected", "basis"),
    [
        pytest.param(EVIDENCE._replace(raw=b"{}"), EXPECTED, BASIS, id="bundle"),
        pytest.param(EVIDENCE._replace(document={"a": 2}), EXPECTED, BASIS, id="what stands beside the bytes"),
        pytest.param(EVIDENCE._replace(form=Form.COSIGN), EXPECTED, BASIS, id="form"),
        pytest.param(EVIDENCE._replace(predicate_type=""), EXPECTED, BASIS, id="wrapper"),
        pytest.param(EVIDENCE, None, BASIS, id="no subject"),
        pytest.param(EVIDENCE, EXPECTED._replace(digests=()), BASIS, id="no digest"),
        pytest.param(
            EVIDENCE, EXPECTED._replace(digests=(replace(DIGEST, value="44" * 32),)), BASIS, id="another artefact"
        ),
        pytest.param(
            EVIDENCE, EXPECTED._replace(digests=(DIGEST, replace(DIGEST, value="44" * 32))), BASIS, id="two artefacts"
        ),
        pytest.param(EVIDENCE, EXPECTED._replace(same_name=same_name("app-2.0.tar.gz")), BASIS, id="name"),
        pytest.param(EVIDENCE, EXPECTED._replace(same_name=None), BASIS, id="no name"),
        pytest.param(EVIDENCE, EXPECTED._replace(same_name=lambda _: True), BASIS, id="any name"),
        pytest.param(EVIDENCE, EXPECTED._replace(compared="registry"), BASIS, id="where the digest is from"),
        pytest.param(EVIDENCE, EXPECTED, BASIS._replace(root="44" * 32), id="root"),
        pytest.param(EVIDENCE, EXPECTED, BASIS._replace(keys="44" * 32), id="keys"),
        pytest.param(EVIDENCE, EXPECTED, BASIS._replace(proof=True), id="proof"),
    ],
)
def test_another_question_has_no_answer(
    folder: Path, evidence: Evidence, expected: Expected | None, basis: Basis
) -> None:
    """Whatever has a say is part of the question."""
    assert kept(folder, evidence, expected, basis) is None


@pytest.mark.parametrize("library", ["bomvet", "sigstore", "cryptography"])
def test_a_mistake_that_was_mended_does_not_live_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """What another version of any of these found is found anew."""
    if library == "bomvet":
        monkeypatch.setattr(module, "__version__", "99")
    else:
        versions = {"sigstore": "1", "cryptography": "1"}
        monkeypatch.setattr("importlib.metadata.version", versions.__getitem__)

    assert kept(folder) is None


def test_a_name_that_cannot_be_written_down_is_not_kept(tmp_path: Path) -> None:
    """Two functions may take different names for the same."""
    expected = EXPECTED._replace(same_name=lambda name: name == "app")
    with opened(tmp_path) as found:
        found.keep(EVIDENCE, expected, VERIFIED)
        assert found.get(EVIDENCE, expected) is None
    with RecordCache(str(tmp_path), now=lambda: 1.0, name=NAME) as cache:
        assert cache.works
    assert _rows(tmp_path) == []


def _rows(folder: Path) -> list[tuple[str, bytes]]:
    with sqlite3.connect(folder / NAME) as connection:
        rows = connection.execute("SELECT id, body FROM record").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("path", ["cache", f"cache/{NAME}"])
def test_what_others_may_write_is_not_believed(folder: Path, path: str) -> None:
    """Whoever could write here could have an invalid bundle pass."""
    (folder.parent / path).chmod(0o777)
    with opened(folder) as found:
        assert not found.works
        assert found.get(EVIDENCE, EXPECTED) is None


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_what_came_with_a_checkout_is_not_believed(folder: Path, suffix: str) -> None:
    """Its owner is the user, and who wrote it is anybody; what is made here is for nobody else to read."""
    place = folder / f"{NAME}{suffix}"
    place.touch()
    place.chmod(0o644)
    with opened(folder) as found:
        assert not found.works
        assert found.get(EVIDENCE, EXPECTED) is None
    place.chmod(0o600)
    if not suffix:
        assert kept(folder) == VERIFIED


def test_what_is_another_users_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nobody else may write it now."""
    monkeypatch.setattr("os.geteuid", lambda: 4242)
    with opened(folder) as found:
        assert not found.works
        assert found.get(EVIDENCE, EXPECTED) is None


def test_a_link_is_not_followed(tmp_path: Path, folder: Path) -> None:
    """Into a file that somebody else prepared."""
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "other" / NAME).symlink_to(folder / NAME)

    assert kept(tmp_path / "other") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        orjson.dumps({"kind": "slsa-provenance", "status": "perfect"}),
        orjson.dumps({"kind": "slsa-provenance", "status": "unsupported"}),
        orjson.dumps({"kind": "slsa-provenance", "status": "verified", "log_index": "seven"}),
    ],
)
def test_a_damaged_verdict_is_none(folder: Path, body: bytes) -> None:
    """What was kept is verified again."""
    with RecordCache(str(folder), now=lambda: 1.0, name=NAME) as cache:
        (key,) = [id_ for id_, _ in _rows(folder)]
        cache.put([Kept(key, "x", body)])

    assert kept(folder) is None


def test_a_verdict_cannot_be_moved_to_another_question(folder: Path) -> None:
    """A row carries its own digest, over its key too."""
    with opened(folder) as found:
        found.keep(EVIDENCE._replace(raw=b"invalid"), EXPECTED, replace(VERIFIED, status=ProvenanceStatus.INVALID))
    with sqlite3.connect(folder / NAME) as connection:
        (good,) = connection.execute("SELECT id FROM record ORDER BY length(body) DESC LIMIT 1").fetchone()
        connection.execute("UPDATE record SET digest = (SELECT digest FROM record WHERE id = ?)", (good,))
        connection.execute("UPDATE record SET body = (SELECT body FROM record WHERE id = ?)", (good,))
    connection.close()

    answers = [kept(folder), kept(folder, EVIDENCE._replace(raw=b"invalid"))]
    assert sum(answer is None for answer in answers) == 1


def test_many_are_written_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run of hours found is not lost with its end."""
    monkeypatch.setattr(module, "_BATCH", 2)
    pieces = [EVIDENCE._replace(raw=b"%d" % number) for number in range(3)]
    with opened(tmp_path) as found:
        for piece in pieces:
            found.keep(piece, EXPECTED, VERIFIED)
        assert len(_rows(tmp_path)) == 2
    assert [kept(tmp_path, piece) for piece in pieces] == [VERIFIED] * 3


def test_verdicts_are_no_records_of_advisories(folder: Path) -> None:
    """They have a file of their own, in JSON."""
    ((key, _),) = _rows(folder)
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".db") == ["verdicts.db"]
    with RecordCache(str(folder), now=lambda: 1.0, name=NAME) as cache:
        assert json.loads(cache.get([key])[key].body)["status"] == "verified"
