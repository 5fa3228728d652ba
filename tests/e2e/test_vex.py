"""VEX as its users type it: scans that statements answer, and the commands that keep them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import ADVISORY, UV_LOCK

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

ADD = ("vex", "add", "vex.json", "--id", "CVE-2026-0001", "--product", "pkg:generic/sink")
NOT = ("--status", "not_affected", "--justification", "vulnerable_code_not_in_execute_path")
LINE = (
    "v.json: the statement on CVE-2026-0001 is not applied: it is about pkg:npm/sink, which is not known to be this "
    "project (--vex-product pkg:npm/sink says that it is)"
)


def statement(product: str = "pkg:pypi/tap@1.0", status: str = "not_affected", **fields: Any) -> str:
    """An OpenVEX document of one statement."""
    about = {"vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": product}], "status": status}
    if status == "not_affected":
        about["justification"] = "component_not_present"
    document = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "Ada", "timestamp": "2023-01-01T00:00:00Z"}
    return json.dumps({**document, "statements": [{**about, **fields}]})


@pytest.fixture
def scanned(cli: Cli) -> Cli:
    """A project with a vulnerable package."""
    cli.advise(ADVISORY)
    return cli


# ── scan ────────────────────────────────────────────────────────────────────────────────────────


def test_a_statement_answers_a_finding(scanned: Cli) -> None:
    """The scan passes; the table shows who says what, and the result holds it."""
    place = str(scanned.write("v.json", statement()))
    table, result = scanned("scan", "--vex", place), scanned("scan", "--vex", place, "-f", "json")

    assert (table.code, result.code) == (0, 0)
    assert (
        "Suppressed by VEX (1)\n  - CVE-2026-0001 in tap@1.0: not affected (component_not_present), Ada," in table.out
    )
    (found,) = result.json["assessment"]["suppressed"]
    assert (found["finding"]["instance"], found["statement"]["source"]) == ("CVE-2026-0001", "v.json")
    assert result.json["findings"] == []


def test_the_variable_and_the_setting(scanned: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`BOMVET_VEX`, and patterns of the policy, which are of the scanned project wherever the user stands."""
    scanned.write("v.json", statement())
    monkeypatch.setenv("BOMVET_VEX", "v.json")
    assert scanned("scan").code == 0

    monkeypatch.delenv("BOMVET_VEX")
    scanned.write("bomvet.toml", 'vex = ["v.*"]\n')
    monkeypatch.chdir(scanned.folder.parent)
    assert scanned("scan", "sink").code == 0
    for words in (("sink",), ("sink", "--vex", "sink/v.json")):
        told = " ".join(scanned("explain", "tap", *words).out.split())
        assert "suppressed: not_affected; component_not_present; says Ada;" in told


def test_a_pattern_out_of_the_tree(scanned: Cli) -> None:
    """Neither by its path nor by a link."""
    (scanned.folder.parent / "v.json").write_text(statement(), "utf-8")
    (scanned.folder / "link.json").symlink_to("../v.json")
    for pattern, code in (("../v.json", 1), ("link.json", 2)):
        scanned.write("bomvet.toml", f'vex = ["{pattern}"]\n')
        assert scanned("scan").code == code


def test_a_product_that_may_be_ours(scanned: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told and not applied, until the user or the policy says that it is."""
    scanned.write("v.json", statement("pkg:npm/sink"))
    refused = scanned("scan", "--vex", "v.json", "-f", "json=r.json")

    assert (refused.code, f"  note: {LINE}\n" in refused.err) == (1, True)
    assert json.loads((scanned.folder / "r.json").read_text("utf-8"))["assessment"]["notes"] == [LINE]
    assert "Notes (1)" in scanned("scan", "--vex", "v.json").out
    assert scanned("scan", "--vex", "v.json", "--vex-product", "pkg:npm/sink").code == 0
    monkeypatch.setenv("BOMVET_VEX_PRODUCT", "pkg:npm/sink")
    assert scanned("scan", "--vex", "v.json").code == 0
    monkeypatch.delenv("BOMVET_VEX_PRODUCT")
    scanned.write("bomvet.toml", 'vex-products = ["pkg:npm/sink"]\n')
    assert scanned("scan", "--vex", "v.json").code == 0


def test_affected_says_what_to_do(scanned: Cli) -> None:
    """The finding stays."""
    scanned.write("v.json", statement(status="affected", action_statement="Close the valve."))
    ran = scanned("scan", "--vex", "v.json")

    assert ran.code == 1
    assert "do    Close the valve. Upgrade tap to 1.1." in ran.out


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{}", 3, "bomvet: v.json: no VEX document, which is OpenVEX, CSAF (csaf_vex) or CycloneDX with analyses, in JSON"),
        ("{\n", 3, "bomvet: v.json:2: no VEX document"),
        (None, 2, "bomvet: v.json cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_what_is_no_vex_document(scanned: Cli, text: str | None, code: int, message: str) -> None:
    """A clear error, and no scan without what the user relies on."""
    if text is not None:
        scanned.write("v.json", text)
    ran = scanned("scan", "--vex", "v.json")

    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(message)


def test_what_is_not_understood_is_told(scanned: Cli) -> None:
    """A statement of an unknown status is a note, and its finding stays."""
    scanned.write("v.json", statement(status="harmless"))
    ran = scanned("scan", "--vex", "v.json", "-f", "openvex")

    assert ran.code == 1
    assert "  note: v.json: statement 1: 'harmless' is no status" in ran.err
    assert [s["status"] for s in ran.json["statements"]] == ["under_investigation"]


# ── vex ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_statement_is_added_and_counts(scanned: Cli) -> None:
    """The file is made, a second statement makes its next version, the same one again changes nothing."""
    first = scanned(*ADD, *NOT, "--author", "Ada")
    place = scanned.folder / "vex.json"
    before = place.read_bytes()

    assert (first.code, first.err) == (0, "vex.json: not_affected for pkg:generic/sink\n")
    assert scanned("scan", "--vex", "vex.json").code == 0
    assert scanned(*ADD, *NOT, "--author", "Ada").err == "vex.json says so already\n"
    assert place.read_bytes() == before
    more = ("--id", "GHSA-aaaa-bbbb-cccc", "--subcomponent", "pkg:pypi/tap", "--status", "affected", "--action", "wait")
    assert scanned(*ADD, *more, "--impact", "i").code == 0
    assert json.loads(place.read_text("utf-8"))["version"] == 2
    assert scanned("scan", "--vex", "vex.json").code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--status", "fine"), "the status must be one of not_affected, affected, fixed, under_investigation, not 'fine'"),
        (("--status", "not_affected"), "not_affected needs a justification or an impact statement"),
        (("--status", ""), "--status is empty"),
    ],
)  # fmt: skip
def test_statements_that_are_not_valid(cli: Cli, words: tuple[str, ...], message: str) -> None:
    """Nothing is written."""
    ran = cli(*ADD, *words)

    assert (ran.code, ran.err.splitlines()[0]) == (2, f"bomvet: {message}")
    assert not (cli.folder / "vex.json").exists()


def test_a_file_that_cannot_be_added_to(cli: Cli) -> None:
    """A folder, or a link, whose target is not ours to write."""
    (cli.folder / "vex.json").mkdir()
    assert cli(*ADD, *NOT).err == "bomvet: vex.json cannot be read: Is a directory\n"

    (cli.folder / "vex.json").rmdir()
    (cli.folder / "vex.json").symlink_to("nowhere")
    assert cli(*ADD, *NOT).code == 2


def test_checking_documents(scanned: Cli) -> None:
    """Alone, against a project, and several at once; what is wrong makes exit code 1."""
    scanned.write("good.json", statement())
    scanned.write("stranger.json", statement("pkg:npm/other"))
    scanned.write("bad.json", statement(status="harmless"))
    scanned.write("none.json", "{}")
    good, ok = scanned("vex", "check", "good.json", "."), scanned("vex", "check", "good.json", "stranger.json")

    assert (good.code, good.err) == (0, "good.json: CVE-2026-0001 not_affected: pkg:pypi/tap@1.0\n")
    assert (ok.code, len(ok.err.splitlines())) == (0, 2)
    stranger = scanned("vex", "check", "stranger.json", "dir:.")
    assert (stranger.code, stranger.err) == (
        1,
        "stranger.json: CVE-2026-0001 not_affected: no component of the project is meant\n",
    )
    bad = scanned("vex", "check", "bad.json", "none.json")
    assert (bad.code, len(bad.err.splitlines())) == (1, 2)
    assert scanned("vex", "check", "absent.json").code == 2


# ── baseline ────────────────────────────────────────────────────────────────────────────────────


def test_only_what_is_new_fails(scanned: Cli) -> None:
    """What an earlier result has does not, also after an upgrade that leaves it open; the rest does."""
    assert scanned("scan", "-f", "json=old.json").code == 1
    same = scanned("scan", "--baseline", "old.json")
    assert (same.code, "1 finding known from the baseline: -f json shows all." in same.out) == (0, True)
    assert "\nPASSED: 1 finding known from the baseline\n" in same.out

    lock = UV_LOCK.replace('name = "tap"\nversion = "1.0"', 'name = "tap"\nversion = "1.0.1"')
    scanned.write("uv.lock", lock.replace("tap-1.0-py3", "tap-1.0.1-py3"))
    moved = scanned("scan", "--baseline", "old.json", "-f", "json")
    assert (moved.code, len(moved.json["assessment"]["known"])) == (0, 1)

    affected = [{"package": {"ecosystem": "PyPI", "name": "pipe"}, "versions": ["2.0"]}]
    scanned.advise({**ADVISORY, "id": "GHSA-dddd-eeee-ffff", "aliases": [], "affected": affected})
    assert scanned("scan", "--baseline", "old.json").code == 1


def test_a_baseline_that_cannot_be_read(scanned: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never an empty one in silence."""
    scanned.write("b.json", "{}")
    (scanned.folder / "folder").mkdir()

    assert scanned("scan", "--baseline", "b.json").code == 2
    folder = scanned("scan", "--baseline", "folder")
    assert (folder.code, folder.err) == (2, "bomvet: the baseline folder cannot be read: Is a directory\n")
    monkeypatch.setenv("BOMVET_BASELINE", "nowhere")
    nowhere = scanned("scan")
    assert (nowhere.code, nowhere.err.splitlines()[0]) == (2, "bomvet: 'sink' lies in no git repository")
