"""What is brought along to a scan: VEX documents of the tree and of elsewhere, and baselines."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from bomvet import inputs
from bomvet.documents._vex import VexDocument
from bomvet.documents.openvex import read_openvex
from bomvet.errors import FileUnreadableError, MalformedError, UsageError
from bomvet.inputs import (
    Checked,
    Proofs,
    checked,
    proving_of,
    read_baseline,
    read_documents,
    vex_of,
    with_statement,
    within,
)
from bomvet.model.facts import Severity
from bomvet.model.finding import Assessment, Finding, Statement, Verdict
from bomvet.model.inventory import Component, Inventory
from bomvet.model.records import replace
from bomvet.model.result import ScanResult, Target
from bomvet.plugin import Proving
from bomvet.policy.document import Policy, Provenance, read_policy
from tests.harness import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.plugin import Entry

TODAY = dt.date(2026, 11, 24)
OPENVEX: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "author": "Ada",
    "version": 1,
    "statements": [
        {"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "pkg:npm/a@1"}], "status": "fixed"},
        {"vulnerability": {"name": "CVE-2"}, "products": [{"@id": "pkg:npm/b"}], "status": "not_affected"},
        {"vulnerability": {}, "products": [{"@id": "pkg:npm/b"}], "status": "fixed"},
    ],
}
TEXT = json.dumps(OPENVEX)


def nothing(path: str, limit: int) -> bytes:
    """No file at all."""
    raise FileNotFoundError(2, "No such file or directory", path, limit)


# ── documents ───────────────────────────────────────────────────────────────────────────────────


def test_documents_of_the_tree_and_of_elsewhere() -> None:
    """Those that patterns of the policy match, each once, then the files of the command line by their last name."""
    tree = MemoryTree({"security/b.json": TEXT, "security/a.json": TEXT, "other.json": TEXT})
    documents, problems = read_documents(
        tree,
        lambda path, limit: TEXT.encode() if (path, limit) == ("/x/own.json", inputs.MAX_VEX_BYTES) else b"",
        patterns=("security/*.json", "security/a.json", "none/*.json"),
        files=("/x/own.json",),
    )

    assert [d.source for d in documents] == ["security/a.json", "security/b.json", "own.json"]
    assert problems == ["the setting vex: 'none/*.json' matches no file"]


def test_a_document_that_the_walk_passed_over() -> None:
    """Named as it is, it is read all the same, by the rules of the tree."""
    tree = MemoryTree({"node_modules/a/vex.json": TEXT})
    documents, problems = read_documents(tree, nothing, patterns=("node_modules/a/vex.json",))

    assert ([d.source for d in documents], problems) == (["node_modules/a/vex.json"], [])


@pytest.mark.parametrize(
    ("tree", "files", "message"),
    [
        (MemoryTree({}), ("/x/no.json",), "no.json cannot be read: No such file or directory"),
        (MemoryTree({"v.json": TEXT}, links={"v.json": None}), (), "v.json leads out of the scanned tree, which no link may do"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(tree: MemoryTree, files: tuple[str, ...], message: str) -> None:
    """Told, never taken for a document that says nothing."""
    with pytest.raises(UsageError) as caught:
        read_documents(tree, nothing, patterns=("v.json",), files=files)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [("{\n]", "v.json:2: no VEX document", 2), ("{}", "v.json: no VEX document", 0)],
)
def test_files_that_are_no_vex(text: str, message: str, line: int) -> None:
    """With path, and line where it is known."""
    with pytest.raises(MalformedError) as caught:
        read_documents(MemoryTree({"v.json": text}), nothing, patterns=("v.json",))

    assert str(caught.value).startswith(message)
    assert caught.value.line == line


def test_too_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that matches everything is refused."""
    monkeypatch.setattr(inputs, "MAX_DOCUMENTS", 1)
    with pytest.raises(UsageError, match="the setting vex matches 2 files, of which 1 are read at most"):
        read_documents(MemoryTree({"a.json": TEXT, "b.json": TEXT}), nothing, patterns=("*.json",))


def test_all_documents_as_one() -> None:
    """Statements, further names of the project, and everything that is to be told."""
    vex = vex_of([read_openvex(OPENVEX, "v.json")], ["pkg:oci/x"], ["p"])

    assert [s.ids for s in vex.statements] == [("CVE-1",), ("CVE-2",)]
    assert (vex.products, vex.problems) == (("pkg:oci/x",), ("p", "v.json: statement 3: it names no vulnerability"))
    assert vex.within is within


@pytest.mark.parametrize(
    ("purl", "vers", "held"),
    [
        ("pkg:pypi/a@1.5", "vers:pypi/>=1|<2", True),
        ("pkg:pypi/a@2.0", "vers:pypi/>=1|<2", False),
        ("pkg:gem/a@1.5", "vers:gem/>=1|<2", None),
    ],
)
def test_versions_in_ranges(purl: str, vers: str, held: bool | None) -> None:  # noqa: FBT001
    """By the order of the package's ecosystem; without one nothing can be told."""
    assert within(purl, vers) is held


# ── writing and checking ────────────────────────────────────────────────────────────────────────

STATEMENT = Statement(
    ids=("CVE-9",), status="fixed", products=("pkg:npm/z",), author="Ada", time="2026-01-01T00:00:00Z"
)


def test_a_new_document() -> None:
    """With the statement alone."""
    written = with_statement(b"", "v.json", STATEMENT)

    assert written
    assert [s.ids for s in read_openvex(json.loads(written), "v.json").statements] == [("CVE-9",)]


@pytest.mark.parametrize(("author", "notes"), [("Ada", None), ("", None), ("Bob", "stated by Bob")])
def test_one_more_statement(author: str, notes: str | None) -> None:
    """A statement has no author of its own in OpenVEX: another one than the document's is noted."""
    written = with_statement(TEXT.encode(), "v.json", Statement(**{**fields(STATEMENT), "author": author}))

    assert written
    (added,) = [s for s in json.loads(written)["statements"] if s["vulnerability"] == {"name": "CVE-9"}]
    assert (json.loads(written)["version"], added.get("status_notes")) == (2, notes)
    assert with_statement(written, "v.json", Statement(**{**fields(STATEMENT), "author": author})) is None


def fields(statement: Statement) -> dict[str, Any]:
    """What it consists of."""
    return {name: getattr(statement, name) for name in ("ids", "status", "products", "author", "time")}


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"", "fine", "the status must be one of"),
        (b"{\n]", "fixed", "v.json:2 is not JSON"),
        (b"[]", "fixed", "only OpenVEX 0.2.0 can be added to"),
    ],
)
def test_what_cannot_be_written(data: bytes, status: str, message: str) -> None:
    """A statement or a file that is not valid."""
    with pytest.raises(UsageError) as caught:
        with_statement(data, "v.json", Statement(**{**fields(STATEMENT), "status": status}))

    assert str(caught.value).startswith(message)


def test_checking_alone() -> None:
    """What is not understood, and what counts for nothing, is wrong."""
    assert checked(read_openvex(OPENVEX, "v.json"), None, (), TODAY) == [
        Checked(text="v.json: statement 3: it names no vulnerability", wrong=True),
        Checked(text="v.json: CVE-1 fixed: pkg:npm/a@1"),
        Checked(
            text="v.json: CVE-2 not_affected: it says not_affected without a justification or an impact statement",
            wrong=True,
        ),
    ]


def test_checking_against_a_project() -> None:
    """Whom each statement is for, and why it is for nobody."""
    root = Component(purl="pkg:generic/sink", name="sink", directory="")
    components = tuple(Component(purl=f"pkg:npm/a@{n}", name="a", version=str(n)) for n in range(5))
    products = (("pkg:npm/a",), ("pkg:npm/a@1",), ("pkg:npm/b",), ("pkg:npm/sink",), ("pkg:oci/x",))
    statements = tuple(Statement(ids=(f"CVE-{n}",), status="fixed", products=p) for n, p in enumerate(products))
    document = VexDocument(format="OpenVEX", source="v.json", statements=statements)

    assert checked(document, Inventory(root=root, components=components), ("pkg:oci/x",), TODAY) == [
        Checked(text="v.json: CVE-0 fixed: pkg:npm/a@0, pkg:npm/a@1, pkg:npm/a@2 ..."),
        Checked(text="v.json: CVE-1 fixed: pkg:npm/a@1"),
        Checked(text="v.json: CVE-2 fixed: no component of the project is meant", wrong=True),
        Checked(
            text="v.json: CVE-3 fixed: it is about pkg:npm/sink, which is not known to be this project "
            "(--vex-product pkg:npm/sink says that it is)",
            wrong=True,
        ),
        Checked(text="v.json: CVE-4 fixed: pkg:generic/sink"),
    ]


# ── baselines ───────────────────────────────────────────────────────────────────────────────────

FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:npm/a@1",
    severity=Severity.HIGH,
    message="m",
    instance="CVE-1",
    ids=("CVE-1",),
)


def result(**fields: Any) -> bytes:
    """A result of an earlier scan."""
    assessment = Assessment(verdict=Verdict.FAILED, findings=(FINDING,), **fields)
    found = ScanResult(
        tool="0", time="t", target=Target(kind="dir", name="x"), inventory=Inventory(), assessment=assessment
    )
    return json.dumps(found.to_dict()).encode()


def test_a_result_of_before() -> None:
    """It knows its findings; what it left open is told, since that may be why something is new."""
    assert list(read_baseline(result(), "b.json").known([FINDING])) == [FINDING.fingerprint]
    assert read_baseline(b"\xef\xbb\xbf" + result(), "b.json").notes == ()
    assert read_baseline(result(not_established=("q",)), "b.json").notes == (
        "the baseline b.json is incomplete (1 question open): what it missed counts as new",
    )
    (note,) = read_baseline(result(not_established=("q", "r")), "b.json").notes
    assert "(2 questions open)" in note


def sarif(*fingerprints: object) -> bytes:
    """A SARIF document whose results have these fingerprints."""
    return json.dumps({"version": "2.1.0", "runs": [{"results": list(fingerprints)}]}).encode()


def test_a_sarif_of_before() -> None:
    """Fingerprints are enough; where there are no more, that is told."""
    ours = {"partialFingerprints": {"bomvet/v1": FINDING.fingerprint}}
    found = read_baseline(sarif(ours, {"partialFingerprints": {"bomvet/v1": 1}}, {}, 1), "b.sarif")

    assert list(found.known([FINDING])) == [FINDING.fingerprint]
    assert found.notes == (
        "the baseline b.sarif has fingerprints alone of some findings: what an upgrade leaves open of these is new",
    )
    assert list(read_baseline(sarif(), "b.sarif").known([FINDING])) == []


def test_a_sarif_says_more_of_advisories() -> None:
    """Rule, package and names of the advisory: an upgrade that leaves it open is known."""
    about: dict[str, Any] = {"rule": FINDING.rule, "purl": FINDING.subject, "ids": ["cve-1", 1]}
    prints = {"partialFingerprints": {"bomvet/v1": "0"}}
    moved = replace(FINDING, subject="pkg:npm/a@2")
    found = read_baseline(sarif({**prints, "properties": about}), "b.sarif")

    assert (list(found.known([moved])), found.notes) == ([moved.fingerprint], ())
    for key in about:
        less = {**prints, "properties": {**about, key: 1}}
        assert list(read_baseline(sarif(less), "b.sarif").known([moved])) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{\n]", "the baseline b:2 is not JSON"),
        (b"[]", "the baseline b is no result of bomvet that can be read: document: 'tool' is missing"),
        (b'{"bomFormat": "CycloneDX"}', "the baseline b is no result of bomvet that can be read"),
        (b'{"runs": []}', "the baseline b is no SARIF of bomvet: no result has bomvet/v1"),
        (b'{"runs": {}}', "the baseline b is no SARIF of bomvet: no result has bomvet/v1"),
        (sarif({"ruleId": "x"}), "the baseline b is no SARIF of bomvet: no result has bomvet/v1"),
        (sarif({"partialFingerprints": []}), "the baseline b is no SARIF of bomvet: no result has bomvet/v1"),
        (b'{"runs": [{"results": 1}]}', "the baseline b is no SARIF of bomvet: no result has bomvet/v1"),
        (b"[" * 100_000, "the baseline b:1 is not JSON"),
    ],
)
def test_what_is_no_baseline(data: bytes, message: str) -> None:
    """It is refused: an empty baseline in its place would make all findings new, or hide that there is none."""
    with pytest.raises(UsageError) as caught:
        read_baseline(data, "b")

    assert str(caught.value).startswith(message)


def test_an_sbom_is_no_baseline() -> None:
    """It was never judged."""
    document = json.loads(result())
    document["assessment"] = None
    with pytest.raises(UsageError, match="the baseline b is an SBOM, and says nothing of findings"):
        read_baseline(json.dumps(document).encode(), "b")


# ── provenance ──────────────────────────────────────────────────────────────────────────────────

LOCK = """\
version = 1

[[package]]
purl = "pkg:pypi/a"
issuer = "https://issuer.example"
repository = "https://github.com/acme/a"
"""


def test_nobody_wants_provenance() -> None:
    """Neither policy, evidence nor an identity lock asks for it."""
    assert proving_of(MemoryTree({}), Policy(), Proofs(), (), nothing) is None


def test_what_the_policy_says_of_provenance() -> None:
    """All of it, with the trusted root and the keys that the user brings."""
    policy = Policy(provenance=Provenance(verify=True, exempt=("pkg:npm/a",), proof=True))
    proofs = Proofs(trusted_root="/x/root.json", npm_keys="/x/keys.json")
    tree = MemoryTree({})
    brought = {"/x/root.json": b'{"tlogs": [1], "certificateAuthorities": [1]}', "/x/keys.json": b'{"keys": [1]}'}
    found = proving_of(tree, policy, proofs, (), lambda path, limit: brought[path][:limit], cache="c")

    assert found == Proving(
        ask=True,
        exempt=("pkg:npm/a",),
        proof=True,
        root=b'{"tlogs": [1], "certificateAuthorities": [1]}',
        keys=b'{"keys": [1]}',
        cache="c",
    )


def test_evidence_is_enough_to_look_at_it() -> None:
    """Recorded attestations are verified, and no registry is asked."""
    evidence = MemoryTree({})

    assert proving_of(MemoryTree({}), Policy(), Proofs(), (evidence,), nothing) == Proving(evidence=(evidence,))


@pytest.mark.parametrize(
    "text",
    [
        "[provenance]\nverify = true",
        'enable = ["unattested"]',
        "[[rules]]\nid = 'own'\nwhen = \"component.direct || provenance.status == 'absent'\"",
    ],
)
def test_what_only_the_answer_decides_is_asked(text: str) -> None:
    """A rule that never gets its answer would pass everything."""
    policy = read_policy(text, "bomvet.toml")

    found = proving_of(MemoryTree({}), policy, Proofs(), (), nothing)

    assert found is not None
    assert found.ask


def test_rules_about_other_things_have_nobody_asked() -> None:
    """Provenance is asked for by those who want it."""
    policy = read_policy("[[rules]]\nid = 'own'\nwhen = 'component.direct'", "bomvet.toml")

    assert proving_of(MemoryTree({}), policy, Proofs(), (), nothing) is None


def test_the_identity_lock_of_the_project_and_another() -> None:
    """That at the top of the tree, unless another is named."""
    tree = MemoryTree({"bomvet.identities.toml": LOCK})
    own = proving_of(tree, Policy(), Proofs(), (), nothing)
    other = proving_of(
        tree,
        Policy(),
        Proofs(identities="/x/o.toml"),
        (),
        lambda _path, _limit: LOCK.replace("pypi/a", "pypi/b").encode(),
    )

    assert own is not None
    assert own.identities is not None
    assert (own.ask, own.identities.source, list(own.identities.entries)) == (
        False, "bomvet.identities.toml", ["pkg:pypi/a"],
    )  # fmt: skip
    assert other is not None
    assert other.identities is not None
    assert (other.identities.source, list(other.identities.entries)) == ("o.toml", ["pkg:pypi/b"])


@pytest.mark.parametrize(
    ("files", "proofs", "problem"),
    [
        ({}, Proofs(identities="/x/i.toml"), "the identity lock i.toml cannot be read: No such file or directory"),
        (
            {"bomvet.identities.toml": b"\xff"},
            Proofs(),
            "the identity lock bomvet.identities.toml cannot be read: it is not UTF-8",
        ),
        ({"bomvet.identities.toml/a": ""}, Proofs(), "the identity lock bomvet.identities.toml cannot be read: "),
        ({"bomvet.identities.toml": LOCK}, Proofs(trusted_root="/x/r"), "the trusted root r cannot be read: No such "),
        ({"bomvet.identities.toml": LOCK}, Proofs(npm_keys="/x/k"), "the list of keys k cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_told(files: dict[str, bytes | str], proofs: Proofs, problem: str) -> None:
    """By the name of the file."""
    with pytest.raises(UsageError, match=problem):
        proving_of(MemoryTree(files), Policy(), proofs, (), nothing)


@pytest.mark.parametrize("target", [None, "nowhere"])
def test_an_identity_lock_that_is_a_link_to_nothing_is_told(target: str | None) -> None:
    """Out of the tree, or to what is not there: else nobody would be expected, and nobody would know."""
    tree = MemoryTree({}, links={"bomvet.identities.toml": target})
    with pytest.raises(UsageError, match=r"the identity lock bomvet\.identities\.toml cannot be read: "):
        proving_of(tree, Policy(), Proofs(), (), nothing)


def test_a_folder_that_cannot_be_listed_has_no_identity_lock() -> None:
    """That is told where the files are looked for."""

    class Closed(MemoryTree):
        def entries(self, folder: str) -> Sequence[Entry]:
            raise FileUnreadableError(f"{folder} cannot be listed")

    assert proving_of(Closed({}), Policy(), Proofs(), (), nothing) is None


@pytest.mark.parametrize(
    ("proofs", "data", "problem"),
    [
        (Proofs(trusted_root="/x/r"), b"[project]", "the trusted root r is not JSON: "),
        (Proofs(trusted_root="/x/r"), b"[]", "the trusted root r has no `tlogs` and `certificateAuthorities`"),
        (Proofs(trusted_root="/x/r"), b'{"tlogs": [1]}', "the trusted root r has no `tlogs` and "),
        (Proofs(npm_keys="/x/k"), b'{"keys": []}', "the list of keys k has no `keys`"),
    ],
)
def test_what_is_another_file_is_told(proofs: Proofs, data: bytes, problem: str) -> None:
    """Before anything is verified, and where nothing is: it is an error of the command line."""
    with pytest.raises(UsageError, match=problem):
        proving_of(MemoryTree({"bomvet.identities.toml": LOCK}), Policy(), proofs, (), lambda *_: data)
