"""The public interface: targets, policies, databases and times as they come from outside."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

import bomvet
from bomvet import api, policies
from bomvet.advisories.bucket import RawRecord
from bomvet.advisories.database import build
from bomvet.api import default_database
from bomvet.errors import PolicyFileError, UsageError
from bomvet.model.facts import Severity
from bomvet.model.finding import Verdict
from bomvet.opening import open_target, repository_folder
from bomvet.pipeline import Subject
from bomvet.plugin import Context
from bomvet.policies import load_policy
from bomvet.policy.conditions import conditions
from bomvet.policy.document import Advisories, Exploitation, Policy, read_policy
from tests.harness import NOW

LOCK = """\
version = 1

[[package]]
name = "tap"
version = "1.0"
source = { registry = "https://pypi.packages.example/simple" }
"""
ADVISORY = b"""{
  "id": "GHSA-1", "modified": "2026-01-02T00:00:00Z", "summary": "Leaky tap",
  "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
  "affected": [{
    "package": {"ecosystem": "PyPI", "name": "tap"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]
  }]
}"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lock file, which is the working folder; no settings in the environment."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    folder = tmp_path / "sink"
    folder.mkdir()
    (folder / "uv.lock").write_text(LOCK, "utf-8")
    monkeypatch.chdir(folder)
    return folder


# ── targets ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", [".", "dir:.", "dir:../sink", "uv.lock", "dir:uv.lock", "./uv.lock"])
def test_targets(project: Path, target: str) -> None:
    """A path, with or without its scheme, to a folder or a file."""
    tree = open_target(target).tree

    assert (tree.name, tree.paths()) == (project.name, ["uv.lock"])


def test_a_path_with_a_colon(project: Path) -> None:
    """What exists under the whole name is a path, whatever stands before its colon."""
    (project / "image:latest").mkdir()

    assert open_target("image:latest").tree.name == "image:latest"


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("image:latest", "targets of the kind 'image' are not known", "known are: dir, git"),
        ("absent", "no such file or folder: 'absent'", "name a project folder, or `.` for this one"),
        ("./a:b", "no such file or folder: './a:b'", "name a project folder, or `.` for this one"),
        ("dir:absent", "no such file or folder: 'absent'", "name a project folder, or `.` for this one"),
    ],
)
@pytest.mark.usefixtures("project")
def test_targets_that_are_none(target: str, message: str, hint: str) -> None:
    """The error says what is known instead."""
    with pytest.raises(UsageError) as caught:
        open_target(target)

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_options_reach_the_source(project: Path) -> None:
    """Exclusions and the switch for ignore files are handed on."""
    (project / ".gitignore").write_text("uv.lock", "utf-8")

    assert open_target(".").tree.paths() == [".gitignore"]
    assert open_target(".", exclude=[".gitignore"], use_ignore_files=False).tree.paths() == ["uv.lock"]


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def test_the_folder_within_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the folder that holds `.git`, a folder or a file, to the target; through links; empty where there is none."""
    (tmp_path / "repo" / "services" / "web").mkdir(parents=True)
    (tmp_path / "repo" / "services" / "web" / "uv.lock").write_text(LOCK, "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "repo" / "services")
    (tmp_path / "repo" / ".hidden").mkdir()
    targets = ("repo", "repo/services/web", "dir:repo/services/web/uv.lock", "link/web", "git:repo/services/web@HEAD")
    others = ("repo/.hidden", "git:repo@HEAD", "git:HEAD", "unknown:x")
    monkeypatch.chdir(tmp_path)
    outside = [repository_folder(target) for target in (*targets, *others)]
    (tmp_path / "repo" / ".git").mkdir()

    assert outside == [""] * 9
    assert [repository_folder(target) for target in targets] == ["", *["services/web"] * 4]
    assert [repository_folder(target) for target in others] == [".hidden", "", "", ""]


def test_source_date_epoch(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stated time is that of the result; the user's own statement is stronger."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert bomvet.sbom(str(project)).time == "2023-11-14T22:13:20Z"
    assert bomvet.sbom(str(project), subject=Subject(time=0)).time == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["yesterday", "-1", "1.5", "1e9", "100000000000", "²"])
@pytest.mark.usefixtures("project")
def test_source_date_epoch_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A time that is none is a mistake of the environment, and told."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(UsageError) as caught:
        open_target(".")

    assert str(caught.value) == f"SOURCE_DATE_EPOCH must be seconds since 1970, not {text!r}"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_time_of_the_commit(project: Path) -> None:
    """Without a stated time it is the commit's, for files and folders of the checkout; a lone .git is none."""
    environment = {**os.environ, "GIT_COMMITTER_DATE": "1600000000 +0200", "GIT_CONFIG_GLOBAL": os.devnull}
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=project, env=environment, check=True)

    assert bomvet.sbom(".").time == bomvet.sbom("uv.lock").time == "2020-09-13T12:26:40Z"
    shutil.rmtree(project / ".git")
    os.utime("uv.lock", (0, 1_500_000_000))
    assert bomvet.sbom(".").time == "2017-07-14T02:40:00Z"
    (project / ".git").mkdir()
    assert bomvet.sbom(".").time == "2017-07-14T02:40:00Z"


# ── policies ────────────────────────────────────────────────────────────────────────────────────

LOW = Policy(fail_on=conditions("low"))


@pytest.mark.parametrize("target", [".", "dir:.", "uv.lock", "../sink", "dir:../sink/uv.lock"])
def test_the_policy_of_the_project(project: Path, target: str) -> None:
    """`bomvet.toml` beside the target is its policy."""
    (project / "bomvet.toml").write_text('fail-on = "low"\r\n', "utf-8")

    assert load_policy(target=target) == LOW


@pytest.mark.parametrize(
    "text",
    ['[tool.bomvet]\nfail-on = "low"', '[ tool . "bomvet" ]\nfail-on = "low"', 'tool.bomvet.fail-on = "low"'],
)
def test_the_policy_in_pyproject(project: Path, text: str) -> None:
    """Else it is the table of pyproject.toml, however that is written."""
    (project / "pyproject.toml").write_text(text, "utf-8")

    assert load_policy() == LOW


def test_the_policy_has_the_digest_of_its_file(project: Path) -> None:
    """What decided can be told by its content, however its lines end; a manifest without a policy is none."""
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n", "utf-8")
    assert load_policy().digest == ""

    (project / "bomvet.toml").write_bytes(b'fail-on = "low"\r\n')
    assert load_policy().digest == "58aa7281f326e50aa6aa56dc581f4739d2ec542ba6394da38f892fd913971853"


def test_the_file_of_its_own_goes_first(project: Path) -> None:
    """Where both are there, `bomvet.toml` counts alone."""
    (project / "bomvet.toml").write_text('fail-on = "low"', "utf-8")
    (project / "pyproject.toml").write_text("[tool.bomvet]\nfail-on = 1", "utf-8")

    assert load_policy() == LOW


@pytest.mark.parametrize(
    "content", [b"", b"[project]\nname = 'x'", b"\xff\xfe", b"[broken", b"[tool.bomvet-extra]\nfail-on = 1"]
)
def test_no_policy(project: Path, content: bytes) -> None:
    """A manifest that does not speak of us leaves the default, also where it cannot be understood."""
    (project / "pyproject.toml").write_bytes(content)

    assert load_policy() == Policy()


def test_a_manifest_that_is_no_file(project: Path) -> None:
    """That is for the resolvers to report."""
    (project / "pyproject.toml").symlink_to("absent")

    assert load_policy() == Policy()
    os.unlink("pyproject.toml")
    os.mkfifo("pyproject.toml")
    assert load_policy() == Policy()


def test_a_manifest_that_cannot_be_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one beyond the limit hold a policy that anybody could have meant."""
    (project / "pyproject.toml").write_text("#" * 100 + "\n[tool.bomvet]", "utf-8")
    monkeypatch.setattr(policies, "MAX_POLICY_BYTES", 100)

    assert load_policy() == Policy()


def test_a_named_policy(project: Path, tmp_path: Path) -> None:
    """A file that is named goes before the project's own; only pyproject.toml has it in a table."""
    (project / "bomvet.toml").write_text('fail-on = "never"', "utf-8")
    (tmp_path / "central.toml").write_text('fail-on = "low"', "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.bomvet]\nfail-on = "low"', "utf-8")

    assert load_policy(str(tmp_path / "central.toml")) == load_policy(str(tmp_path / "pyproject.toml")) == LOW


def test_a_policy_from_a_pipe() -> None:
    """A shell's <(...) is a pipe, which may be slow, and is read to its end."""
    reader, writer = os.pipe()

    def write() -> None:
        os.write(writer, b'"low"')
        os.close(writer)

    os.write(writer, b"fail-on = ")
    later = threading.Timer(0.05, write)
    later.start()
    try:
        assert load_policy(f"/dev/fd/{reader}") == LOW
    finally:
        later.join()
        os.close(reader)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda path: path.write_bytes(b"\xff"), "it is not UTF-8"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to("absent"), "No such file or directory"),
        (lambda path: path.write_bytes(b"#" * 101), "it is larger than 100 bytes"),
    ],
)
def test_a_policy_that_cannot_be_read(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: object,
    reason: str,
) -> None:
    """A policy that is there and cannot be read must not be taken for none."""
    monkeypatch.setattr(policies, "MAX_POLICY_BYTES", 100)
    assert callable(prepare)
    prepare(project / "bomvet.toml")
    for path in ("", "bomvet.toml"):
        with pytest.raises(UsageError) as caught:
            load_policy(path)

        assert str(caught.value) == f"the policy file bomvet.toml cannot be read: {reason}"


def test_a_policy_that_is_an_abandoned_pipe(project: Path) -> None:
    """A pipe without a writer does not block; it is as empty as an empty file."""
    os.mkfifo(project / "bomvet.toml")

    assert load_policy() == Policy()


def test_a_policy_with_errors(project: Path) -> None:
    """The errors are told under the file's name, never its path on the machine."""
    (project / "bomvet.toml").write_text("fail-on = 1", "utf-8")
    with pytest.raises(PolicyFileError, match=r"^bomvet\.toml: 1 error\n"):
        load_policy(target=str(project))


@pytest.mark.usefixtures("project")
def test_other_targets_have_no_policy() -> None:
    """A target that is no path has no policy of its own."""
    assert load_policy(target="image:latest") == Policy()


# ── scans ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def database(tmp_path: Path) -> str:
    """An advisory database with one record."""
    path = str(tmp_path / "advisories.db")
    build(path, [RawRecord(origin="GHSA-1.json", data=ADVISORY)], source="test", obtained=NOW)
    return path


@pytest.mark.usefixtures("project")
def test_scan(database: str) -> None:
    """Everything together: what is there, what is wrong with it, and the verdict."""
    result = bomvet.scan(".", database=database, now=NOW)

    assert [(f.subject, f.id, f.severity) for f in result.findings] == [
        ("pkg:pypi/tap@1.0", "GHSA-1", Severity.CRITICAL)
    ]
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.FAILED
    assert result.advisory_data is not None
    assert result.advisory_data.source == "test"


def test_scan_by_the_policy_of_the_target(project: Path, database: str) -> None:
    """The target's own policy holds, exclusions and age of data included, unless another one is handed in."""
    (project / "bomvet.toml").write_text('fail-on = "never"\nexclude = ["old"]\ndb.max-age = "1d"', "utf-8")
    (project / "old").mkdir()
    (project / "old" / "package-lock.json").write_text("{}", "utf-8")
    own = bomvet.scan(".", database=database, now=NOW)
    stale = bomvet.scan(".", database=database, now=NOW + dt.timedelta(days=2))
    given = bomvet.scan(".", policy=Policy(fail_on=()), database=database, now=NOW)

    assert [r.assessment.verdict.value for r in (own, stale, given) if r.assessment] == [
        "passed", "incomplete", "incomplete",
    ]  # fmt: skip


@pytest.mark.usefixtures("project")
def test_scan_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known, so nothing passes; the default place is in the user's data folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    result = bomvet.scan(".", offline=True)

    assert default_database() == str(tmp_path / "data" / "bomvet" / "advisories.db")
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.INCOMPLETE
    assert result.assessment.not_established == (
        "osv: there is no advisory database: `bomvet db import PATH` makes one",
    )


@pytest.mark.usefixtures("project")
def test_scan_with_a_damaged_database(tmp_path: Path) -> None:
    """A database that is there but cannot be used is told as that, not as none."""
    (tmp_path / "bad.db").write_bytes(b"no database" * 1000)
    result = bomvet.scan(".", database=str(tmp_path / "bad.db"), offline=True)

    assert result.assessment is not None
    (question,) = result.assessment.not_established
    assert question == "osv: the file is no advisory database: name another file with --db"


@pytest.mark.parametrize("name", ["bomvet.toml", "pyproject.toml"])
def test_a_policy_that_is_a_link_out_of_the_project_is_refused(tmp_path: Path, name: str) -> None:
    """A scanned project must not have other files of the machine read, nor waits for a terminal."""
    outside = tmp_path / "outside.toml"
    outside.write_text('fail-on = "never"\n')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / name).symlink_to(outside)

    with pytest.raises(UsageError, match="a link out of the project"):
        load_policy(target=str(tmp_path / "project"))


def test_a_policy_that_is_a_link_within_the_project_is_read(tmp_path: Path) -> None:
    """Some keep it in a folder of their own."""
    (tmp_path / "settings.toml").write_text('fail-on = "low"\n')
    (tmp_path / "bomvet.toml").symlink_to("settings.toml")

    assert load_policy(target=str(tmp_path)).fail_on == conditions("low")


def test_sbom(project: Path) -> None:
    """The inventory alone, by the same rules."""
    (project / ".gitignore").write_text("uv.lock", "utf-8")
    hidden, shown = bomvet.sbom("."), bomvet.sbom(".", use_ignore_files=False)

    assert (hidden.inventory.components, hidden.assessment) == ((), None)
    assert [s.path for s in hidden.target.skipped] == ["uv.lock"]
    assert [c.purl for c in shown.inventory.components] == ["pkg:pypi/tap@1.0"]
    assert bomvet.sbom(".", exclude=["uv.lock"], use_ignore_files=False).inventory.components == ()


def test_two_runs_are_equal(project: Path, database: str) -> None:
    """The same tree, data and clock give the same result."""
    assert project.exists()
    assert bomvet.scan(".", database=database, now=NOW) == bomvet.scan(".", database=database, now=NOW)


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def test_public_names() -> None:
    """Every public name is there, and nothing else is pretended to be."""
    assert dir(bomvet) == sorted(bomvet.__all__)
    for name in bomvet.__all__:
        assert getattr(bomvet, name) is not None
    for name, home in bomvet._HOMES.items():
        assert getattr(bomvet, name) is getattr(importlib.import_module(home), name)
    with pytest.raises(AttributeError, match="module 'bomvet' has no attribute 'absent'"):
        _ = bomvet.absent


def test_a_named_file_that_nothing_reads_is_an_error(tmp_path: Path) -> None:
    """Who names a file wants it read; an empty answer would look clean."""
    (tmp_path / "README.md").write_text("# nothing")

    with pytest.raises(UsageError, match=r"README\.md is no file that bomvet reads"):
        api.scan(str(tmp_path / "README.md"))


def test_a_named_file_of_a_requirements_folder_is_read(tmp_path: Path) -> None:
    """What makes it a requirements file is its folder, which so belongs to its path."""
    (tmp_path / "shop" / "requirements").mkdir(parents=True)
    (tmp_path / "shop" / "requirements" / "main.txt").write_text("flask==3.0.0\n")
    (tmp_path / "shop" / "requirements.txt").write_text("django==5.0\n")
    inventory = api.sbom(str(tmp_path / "shop" / "requirements" / "main.txt")).inventory

    assert [str(c.locations[0]) for c in inventory.components] == ["requirements/main.txt:1"]
    assert inventory.root is not None
    assert inventory.root.name == "shop"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), ("https://kev.packages.example", "https://epss.packages.example")),
        (
            Policy(exploitation=Exploitation(kev_url="https://own.packages.example", epss_url="none")),
            ("https://own.packages.example", ""),
        ),
        (
            Policy(exploitation=Exploitation(kev_url="https://own.packages.example"), advisories=Advisories.DATABASE),
            ("", ""),
        ),
    ],
)
def test_where_to_ask_for_what_is_exploited(policy: Policy, expected: tuple[str, str]) -> None:
    """As the policy says; nowhere where all data is to come from the database."""
    context = Context(now=NOW, kev_url="https://kev.packages.example", epss_url="https://epss.packages.example")

    found = api._with_catalogues(context, policy)

    assert (found.kev_url, found.epss_url) == expected


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        ("", False),
        ('fail-on = "high and fixable"', False),
        ('fail-on = ["critical", "high and not kev"]', True),
        ('fail-on = "epss-percentile>0.9"', True),
        ("[[rules]]\nid = 'own'\non = 'advisory'\nwhen = 'advisory.epss_percentile > 0.9'", True),
        ("[[rules]]\nid = 'own'\non = 'advisory'\nwhen = 'advisory.malicious'", False),
    ],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_who_is_asked_about_what_is_exploited(tmp_path: Path, policy: str, *, asked: bool, fresh: bool) -> None:
    """With a fresh database nobody, unless the policy cannot decide without; else those who publish it."""
    place, cache = str(tmp_path / "a.db"), str(tmp_path / "cache")
    build(place, [RawRecord(origin="a", data=b'{"id": "X-1"}')], source="x", obtained=NOW)
    now = NOW if fresh else NOW + dt.timedelta(days=30)
    stated = read_policy(policy, "bomvet.toml")
    with api._context(stated, place, None, now=now, offline=False, osv_url="", cache=cache) as context:
        assert (bool(context.kev_url), bool(context.epss_url)) == ((asked or not fresh),) * 2
