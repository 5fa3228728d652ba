"""Revisions of git as its users type them: targets, comparisons and baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bomvet.resolution import ResolvedTree
from tests.e2e.conftest import ADVISORY, PYPROJECT, UV_LOCK
from tests.sources.repository import GIT, Repo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.plugin import FileTree
    from bomvet.resolution import Declared
    from tests.e2e.conftest import Cli

OLD = UV_LOCK.replace('version = "2.0"', 'version = "1.9"')


@pytest.fixture
def repo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The project in a folder of a repository, of which the first commit, tagged `old`, has another lock."""
    if GIT is None:
        pytest.skip("git is not installed")
    made = Repo(cli.folder.parent / "all")
    folder = made.root / "sink"
    folder.mkdir()
    cli.folder = folder
    monkeypatch.chdir(folder)
    for lock in (OLD, UV_LOCK):
        cli.write("pyproject.toml", PYPROJECT)
        cli.write("uv.lock", lock)
        made.git("add", "-A")
        made.commit()
    made.git("tag", "old", "HEAD~1")
    cli.advise(ADVISORY)
    return made


def test_a_revision_is_a_target(cli: Cli, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its SBOM has its packages and the time of its commit, from the folder or from elsewhere."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    here = cli("sbom", "git:old")
    monkeypatch.chdir(repo.root)
    there = cli("sbom", "git:sink@old")

    assert (here.code, here.out) == (0, there.out)
    assert here.json["metadata"]["timestamp"] == "2020-09-13T13:26:40Z"
    assert "pkg:pypi/pipe@1.9" in [c["purl"] for c in here.json["components"]]
    assert cli("scan", "git:sink@old", "-f", "json").json["target"]["kind"] == "git"


@pytest.mark.usefixtures("repo")
def test_comparing_revisions(cli: Cli) -> None:
    """With each other, and with what is there now."""
    ran = cli("diff", "git:old", ".")

    assert ran.code == 0
    assert ran.out.startswith("sink@1.0 (git:old) → sink@1.0\n")
    assert "  ~ pipe  1.9 → 2.0  pypi  uv.lock:5\n" in ran.out
    assert "No differences" in cli("diff", "git:HEAD", ".").out


def test_the_policy_of_a_revision(cli: Cli, repo: Repo) -> None:
    """Is the one that it had: from either file, and none where it had none."""
    assert cli("scan", "git:HEAD").code == 1
    cli.write("bomvet.toml", 'fail-on = "never"\n')
    assert cli("scan", "git:HEAD").code == 1
    repo.git("add", "-A")
    repo.commit()
    assert cli("scan", "git:HEAD").code == 0
    cli.write("bomvet.toml", "")
    cli.write("pyproject.toml", f'{PYPROJECT}\n[tool.bomvet]\nfail-on = "never"\n')
    repo.git("rm", "-q", "-f", "sink/bomvet.toml")
    repo.git("add", "-A")
    repo.commit()
    assert cli("scan", "git:HEAD").code == 0
    (cli.folder / "bomvet.toml").write_bytes(b"\xff")
    repo.git("add", "-A")
    repo.commit()
    broken = cli("scan", "git:HEAD")
    assert (broken.code, broken.err) == (2, "bomvet: the policy file bomvet.toml cannot be read: it is not UTF-8\n")


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("baseline", ["old", "git:old", "HEAD~1", "main"])
def test_a_revision_as_baseline(cli: Cli, baseline: str) -> None:
    """What the revision had as well does not fail; what came since does."""
    assert cli("scan", "--baseline", baseline).code == 0

    affected = [{"package": {"ecosystem": "PyPI", "name": "pipe"}, "versions": ["2.0"]}]
    cli.advise({**ADVISORY, "id": "GHSA-dddd-eeee-ffff", "aliases": [], "affected": affected})
    assert cli("scan", "--baseline", baseline).code == (0 if baseline == "main" else 1)


def test_an_incomplete_baseline_is_told(cli: Cli, repo: Repo) -> None:
    """What the revision did not state may be why something is new."""
    repo.git("rm", "-q", "--cached", "sink/uv.lock")
    repo.commit()
    ran = cli("scan", "--baseline", "HEAD", "-f", "json=r.json")

    assert ran.code == 1
    assert "  note: the baseline HEAD is incomplete (" in ran.err


def test_a_baseline_is_resolved_as_well(cli: Cli, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--resolve` its manifests are put to npm and uv as those of the target are."""
    asked = []

    def resolved(tree: FileTree, manifests: Sequence[Declared]) -> ResolvedTree:
        asked.append([manifest.path for manifest in manifests])
        return ResolvedTree(tree, {}, ())

    monkeypatch.setattr("bomvet.resolution.resolved", resolved)
    cli.write("requirements.txt", "tap\n")
    repo.git("add", "-A")
    repo.commit()
    monkeypatch.delenv("BOMVET_OFFLINE", raising=False)
    cli("scan", "--baseline", "HEAD", "--resolve", "--advisories", "database")

    assert asked == [["requirements.txt"], ["requirements.txt"]]


@pytest.mark.usefixtures("repo")
def test_a_file_of_a_revision(cli: Cli) -> None:
    """As target and as baseline, it alone counts."""
    cli.write("requirements.txt", "tap==1.0\n")

    inputs = cli("scan", "git:uv.lock@old", "-f", "json").json["target"]["inputs"]
    assert [i["path"] for i in inputs] == ["pyproject.toml", "uv.lock"]
    assert cli("scan", "uv.lock", "--baseline", "old").code == 0
    new = cli("scan", "requirements.txt", "--baseline", "old", "--allow-incomplete")
    assert (new.code, "the baseline old is incomplete" in new.out) == (1, True)


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("scan", "--baseline", "nope"), "no such file, and no commit of this repository: 'nope'"),
        (("scan", "git:HEAD", "--baseline", "old"), "git:HEAD has no revisions: a baseline of it is a file"),
        (("scan", "git:nope"), "no such file, and no commit of this repository: 'nope'"),
    ],
)
def test_revisions_that_are_none(cli: Cli, words: tuple[str, ...], message: str) -> None:
    """Usage, and no scan without the baseline that the user asks for."""
    ran = cli(*words)

    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (2, "", f"bomvet: {message}")
