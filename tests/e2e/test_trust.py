"""Who publishes packages, as its users type it: lock, check and refresh, against registries on this machine."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bomvet.net import _rules
from tests.provenance.authority import Authority
from tests.provenance.faults import status
from tests.provenance.people import GitHub
from tests.provenance.registry import Registry, serving
from tests.provenance.tuf_repository import TRUSTED_ROOT, Repository

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

LOCK = "bomvet.identities.toml"
APP = GitHub()
HEAD = """\
# Who publishes each package, as its attestations proved when it was first seen, or last taken over.
# Every scan compares: a line that is not here is not compared.  `bomvet trust lock` adds packages,
# `bomvet trust lock --update PURL` takes a change over.  Review changes of this file as you review code.
version = 1
"""
ENTRY = """
[[package]]
purl = "pkg:{kind}/{name}"
issuer = "https://token.actions.githubusercontent.com"
repository = "https://github.com/acme/app"
repository-id = "1001"
owner = "https://github.com/acme"
owner-id = "2001"
workflow = ".github/workflows/release.yml"
ref = "tag"
trigger = "push"
runner = "github-hosted"
level = "provenance"
first-seen = "1.0.0"
since = 2023-11-14
"""
LEFT, RIGHT = ENTRY.format(kind="npm", name="left-pad"), ENTRY.format(kind="npm", name="right-pad")
TAP = ENTRY.format(kind="pypi", name="tap").replace('first-seen = "1.0.0"', 'first-seen = "1.0"')


class World:
    """A project with npm packages and one of Python, the registries that these are from, and who signs."""

    def __init__(self, cli: Cli, registry: Registry, authority: Authority) -> None:
        self.cli, self.registry, self.authority = cli, registry, authority
        self._packages: dict[str, dict[str, Any]] = {}
        cli.folder.joinpath("uv.lock").unlink()
        cli.folder.joinpath("pyproject.toml").unlink()
        cli.folder.joinpath("../root.json").write_bytes(authority.root_json())
        cli.folder.joinpath("../keys.json").write_bytes(authority.npm_keys())

    def node(self, name: str, version: str = "1.0.0", by: GitHub | None = APP, **more: Any) -> None:
        """Publish a package, with provenance of `by` or without, and lock it."""
        data = f"{name}@{version}".encode()
        digest = hashlib.sha512(data)
        integrity = "sha512-" + base64.b64encode(digest.digest()).decode()
        attestations = self.authority.npm_attestations(name, version, digest.hexdigest(), by) if by else None
        signatures = [self.authority.npm_signature(name, version, integrity)]
        self.registry.add_npm(name, version, data, attestations=attestations, signatures=signatures, **more)
        resolved = f"{self.registry.npm}/{name}/-/{name}-{version}.tgz"
        self._packages[name] = {"version": version, "resolved": resolved, "integrity": integrity}
        self._write()

    def drop(self, name: str) -> None:
        """The project no longer has it."""
        del self._packages[name]
        self._write()

    def _write(self) -> None:
        wanted = {name: entry["version"] for name, entry in self._packages.items()}
        packages: dict[str, Any] = {"": {"name": "sink", "version": "1.0.0", "dependencies": wanted}}
        packages |= {f"node_modules/{name}": entry for name, entry in self._packages.items()}
        document = {"name": "sink", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
        self.cli.write("package-lock.json", json.dumps(document, indent=2))

    def python(self, by: GitHub | None = APP, stated: str = "") -> None:
        """Publish `tap` 1.0 on the index, and lock it in a `pylock.toml` that states `stated` of it."""
        filename = "tap-1.0-py3-none-any.whl"
        digest = hashlib.sha256(b"tap").hexdigest()
        provenance = self.authority.pypi_provenance(filename, digest, by) if by else None
        self.registry.add_pypi("tap", "1.0", filename, b"tap", provenance=provenance)
        index = f"{self.registry.pypi}/simple/"
        wheel = f'{{name = "{filename}", url = "{self.registry.pypi}/packages/{filename}", hashes = {{sha256 = "{digest}"}}}}'
        self.cli.write(
            "pylock.toml",
            'lock-version = "1.0"\ncreated-by = "test"\n\n[[packages]]\nname = "tap"\nversion = "1.0"\n'
            f'index = "{index}"\nwheels = [{wheel}]\n{stated}',
        )

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Run `bomvet trust ARGUMENTS` with the tests' trusted root: exit code, stdout and stderr."""
        trust = () if arguments[0] == "update" else ("--trusted-root", "../root.json", "--npm-keys", "../keys.json")
        ran = self.cli("trust", *arguments, *trust)
        return ran.code, ran.out, ran.err

    @property
    def lock(self) -> str:
        """The text of the lock."""
        return self.cli.folder.joinpath(LOCK).read_text("utf-8")


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An instance of sigstore that nobody else trusts."""
    return Authority()


@pytest.fixture
def world(cli: Cli, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project without packages, online."""
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    monkeypatch.setenv("HOME", str(cli.folder.parent / "home"))
    monkeypatch.delenv("BOMVET_OFFLINE")
    registry = Registry()
    with serving(registry):
        monkeypatch.setenv("PIP_INDEX_URL", f"{registry.pypi}/simple/")
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry.npm)
        yield World(cli, registry, authority)


pytestmark = pytest.mark.enable_socket


# ── lock ────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_lock(world: World) -> None:
    """Who publishes each package is written down; what nobody attests is counted, and is no error."""
    world.node("left-pad")
    world.node("plain", by=None)
    world.python()

    assert world("lock") == (
        0,
        "",
        "added: pkg:npm/left-pad\nadded: pkg:pypi/tap\nbomvet.identities.toml: 2 packages; 1 that nobody attests\n",
    )
    assert world.lock == HEAD + LEFT + TAP
    assert world("check") == (0, "2 packages with a publisher that is expected: all as expected\n", "")


def test_another_lock(world: World) -> None:
    """What is locked stays, byte for byte, and only what is new comes to it."""
    world.node("left-pad")
    world("lock")
    place = world.cli.folder / LOCK
    os.utime(place, (1, 1))

    assert world("lock") == (0, "", "bomvet.identities.toml is as it was: 1 package\n")
    assert place.stat().st_mtime == 1

    world.node("right-pad")
    world.node("left-pad", "1.1.0")
    loosened = world.lock.replace('trigger = "push"\n', "")
    place.write_text(loosened, "utf-8")

    assert world("lock") == (0, "", "added: pkg:npm/right-pad\nbomvet.identities.toml: 2 packages\n")
    assert world.lock == loosened + RIGHT


def test_what_differs_is_kept(world: World) -> None:
    """A change is told, and exit code 1; the lock keeps what it has until the package is named."""
    world.node("left-pad")
    world.node("right-pad")
    world("lock")
    before = world.lock
    other = APP._replace(workflow=".github/workflows/other.yml")
    world.node("left-pad", "1.1.0", other)
    world.node("right-pad", "1.1.0", other)
    change = "workflow .github/workflows/release.yml -> .github/workflows/other.yml"
    kept = f"not as locked, and kept: pkg:npm/right-pad: {change}\n"
    entry = LEFT.replace("release.yml", "other.yml").replace('"1.0.0"', '"1.1.0"')

    code, _, err = world("lock")
    assert (code, world.lock) == (1, before)
    assert kept in err

    assert world("lock", "--update", "pkg:npm/left-pad") == (
        1,
        "",
        f"updated: pkg:npm/left-pad\n{kept}bomvet.identities.toml: 2 packages\n",
    )
    assert world.lock == HEAD + entry + RIGHT

    assert world("lock", "--update-all")[0] == 0
    assert world.lock == HEAD + entry + entry.replace("left-pad", "right-pad")


def test_packages_that_are_gone(world: World) -> None:
    """They stay in the lock until it is pruned: they may come back on another branch."""
    world.node("left-pad")
    world.node("right-pad")
    world("lock")
    world.drop("right-pad")

    assert world("lock")[0] == 0
    assert world.lock == HEAD + LEFT + RIGHT
    assert world("lock", "--prune") == (0, "", "dropped: pkg:npm/right-pad\nbomvet.identities.toml: 1 package\n")
    assert world.lock == HEAD + LEFT


def test_what_cannot_be_established(world: World) -> None:
    """What is known is written all the same; exit code 3 tells that it is not all."""
    world.node("left-pad")
    world.node("right-pad")
    world.registry.faults.add("/right-pad", status(503), always=True)

    code, _, err = world("lock")

    assert code == 3
    assert "not established: pkg:npm/right-pad@1.0.0: 127.0.0.1" in err
    assert world.lock == HEAD + LEFT


def test_an_update_of_nothing(world: World) -> None:
    """A package that is not there is no package to update."""
    world.node("left-pad")

    assert world("lock", "--update", "pkg:npm/rigth-pad") == (
        2,
        "",
        "bomvet: there is no package pkg:npm/rigth-pad\nhint: name one as the lock does: pkg:npm/left-pad\n",
    )
    assert not world.cli.folder.joinpath(LOCK).exists()


def test_where_it_goes(world: World) -> None:
    """To the file that is named, which then is what is compared with, or to stdout."""
    world.node("left-pad")

    assert world("lock", "-o", "other.toml") == (0, "", "added: pkg:npm/left-pad\nother.toml: 1 package\n")
    assert world("lock", "-o", "other.toml") == (0, "", "other.toml is as it was: 1 package\n")
    code, out, err = world("lock", "-o", "-")
    assert (code, out, err) == (0, HEAD + LEFT, "added: pkg:npm/left-pad\nthe lock: 1 package\n")
    assert not world.cli.folder.joinpath(LOCK).exists()
    assert world("check", "--identities", "other.toml")[0] == 0


def test_a_lock_that_is_a_link(world: World, tmp_path: Path) -> None:
    """It is neither read through nor replaced."""
    world.node("left-pad")
    tmp_path.joinpath("secret").write_text("x", "utf-8")
    world.cli.folder.joinpath(LOCK).symlink_to(tmp_path / "secret")

    code, _, err = world("lock")

    assert (code, err) == (
        2,
        "bomvet: bomvet.identities.toml is a symbolic link, which is not followed\nhint: delete it first\n",
    )
    assert tmp_path.joinpath("secret").read_text("utf-8") == "x"


def test_a_lock_with_errors(world: World) -> None:
    """Nothing is written over a file that cannot be understood."""
    world.node("left-pad")
    world.cli.write(LOCK, "version = 1\n[[packages]]\n")

    code, out, err = world("lock")

    assert (code, out) == (2, "")
    assert err == (
        "bomvet: bomvet.identities.toml: 1 error\n"
        "  line 2: unknown setting packages; did you mean package?\n"
        "hint: the reference says what each key means; `bomvet trust lock` writes the file\n"
    )
    assert world.lock == "version = 1\n[[packages]]\n"


def test_a_lock_that_cannot_be_written(world: World) -> None:
    """The folder has to be there; nothing unfinished is left."""
    world.node("left-pad")

    code, _, err = world("lock", "-o", "nowhere/lock.toml")

    assert (code, err) == (
        2,
        "bomvet: nowhere/lock.toml cannot be written: No such file or directory\nhint: create the folder first\n",
    )


def test_a_disk_that_is_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays, and nothing unfinished is left beside it."""
    world.node("left-pad")
    world("lock")
    world.node("right-pad")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    before = sorted(os.listdir(world.cli.folder))

    code, _, err = world("lock")

    assert (code, err) == (2, "bomvet: bomvet.identities.toml cannot be written: No space left on device\n")
    assert world.lock == HEAD + LEFT
    assert sorted(os.listdir(world.cli.folder)) == before


def test_permissions_stay(world: World) -> None:
    """A file keeps those that it has; a new one has the usual ones."""
    world.node("left-pad")
    world("lock", "-o", "other.toml")
    place = world.cli.folder / "other.toml"
    usual = world.cli.write("usual", "").stat().st_mode
    assert place.stat().st_mode == usual

    place.chmod(0o640)
    world.node("right-pad")
    world("lock", "-o", "other.toml")
    assert place.stat().st_mode & 0o777 == 0o640


def test_a_revision_has_no_place_for_a_lock(world: World) -> None:
    """A file has to be named for it."""
    assert world("lock", "git:HEAD") == (
        2,
        "",
        "bomvet: git:HEAD is nothing that a lock can be written to\nhint: name a file: -o FILE\n",
    )


def test_the_export(world: World) -> None:
    """What a `pylock.toml` takes below each package; npm's packages are none of its business."""
    world.node("left-pad")
    world.python()

    code, out, err = world("lock", "--export", "pylock")

    assert (code, err) == (0, "")
    assert out == (
        '# pkg:pypi/tap\n[[packages.attestation-identities]]\nkind = "GitHub"\nrepository = "acme/app"\n'
        'workflow = "release.yml"\n'
    )
    assert not world.cli.folder.joinpath(LOCK).exists()
    assert world("lock", "--export", "xml")[2] == "bomvet: --export must be pylock, not 'xml'\n"


def test_offline(world: World) -> None:
    """Recorded attestations prove as those of the registry do, and nobody is asked."""
    world.python()
    url = f"{world.registry.pypi}/integrity/tap/1.0/tap-1.0-py3-none-any.whl/provenance"
    recorded = world.registry.route(url).body
    world.cli.write("../recorded/tap-1.0-py3-none-any.whl.provenance", recorded.decode())

    assert world("lock", "--offline", "--attestations", "../recorded")[0] == 0
    assert world.lock == HEAD + TAP
    assert world.registry.requests == []
    assert world("check", "--offline", "--attestations", "../recorded")[0] == 0
    code, out, err = world("check", "--offline")

    assert (code, err) == (3, "")
    assert out == (
        "not established: pkg:pypi/tap@1.0: there is no recorded evidence, and this run is offline\n"
        "1 package with a publisher that is expected: 1 not established\n"
        "Next: answer what is not established: ask again, or name recorded evidence with --attestations.\n"
    )


# ── check ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (
            APP._replace(repository_id="9"),
            ["repository: https://github.com/acme/app (id 1001) -> https://github.com/acme/app (id 9)"],
        ),
        (
            APP._replace(repository="mallory/app", repository_id="9", owner_id="8"),
            [
                "repository: https://github.com/acme/app (id 1001) -> https://github.com/mallory/app (id 9)",
                "owner: https://github.com/acme (id 2001) -> https://github.com/mallory (id 8)",
            ],
        ),
        (APP._replace(trigger="pull_request_target"), ["trigger: push -> pull_request_target"]),
        (APP._replace(ref="refs/heads/main"), ["ref: tag -> branch"]),
        (APP._replace(runner="self-hosted"), ["runner: github-hosted -> self-hosted"]),
        (None, ["level: provenance -> none"]),
    ],
)
def test_a_change(world: World, by: GitHub | None, lines: list[str]) -> None:
    """What is not as locked is told, with the line of the lock, and with exit code 1."""
    world.node("left-pad")
    world.node("right-pad")
    world("lock")
    world.node("left-pad", "1.1.0", by)
    told = "".join(f"  {line}\n" for line in lines)

    code, out, err = world("check")

    assert (code, err) == (1, "")
    assert out == (
        f"pkg:npm/left-pad@1.1.0 is not as bomvet.identities.toml:6 has it:\n{told}"
        "2 packages with a publisher that is expected: 1 not as expected\n"
        "Next: ask the makers, by another way than the release, whether they meant it.\n"
        "      If they did: bomvet trust lock --update PURL\n"
    )


def test_a_repository_that_was_renamed(world: World) -> None:
    """By its number it is the same: that is told, and no alarm."""
    world.node("left-pad")
    world("lock")
    world.node("left-pad", "1.1.0", APP._replace(repository="acme/renamed"))

    code, out, _ = world("check")

    assert code == 0
    assert out == (
        "pkg:npm/left-pad@1.1.0 has a repository of another name than bomvet.identities.toml:6:\n"
        "  repository-renamed: https://github.com/acme/app -> https://github.com/acme/renamed\n"
        "1 package with a publisher that is expected: 1 renamed\n"
        "Next: ask the makers, by another way than the release, whether they meant it.\n"
        "      If they did: bomvet trust lock --update PURL\n"
    )


def test_for_programs(world: World) -> None:
    """The same as a document."""
    world.node("left-pad")
    world("lock")
    world.node("left-pad", "1.1.0", APP._replace(trigger="workflow_run"))

    code, out, _ = world("check", "-f", "json")

    assert code == 1
    assert json.loads(out) == {
        "checked": 1,
        "changes": [
            {
                "purl": "pkg:npm/left-pad@1.1.0",
                "what": "trigger",
                "before": "push",
                "after": "workflow_run",
                "source": "bomvet.identities.toml",
                "line": 6,
            }
        ],
        "invalid": [],
        "not_established": [],
    }
    assert world("check", "-f", "xml")[2] == "bomvet: --format must be table or json, not 'xml'\n"


def test_only_what_is_expected_is_asked(world: World) -> None:
    """Nobody is asked about a package of which no publisher is expected."""
    world.node("left-pad")
    world("lock")
    world.node("right-pad")
    world.registry.requests.clear()

    assert world("check")[0] == 0
    assert [asked.path for asked in world.registry.requests if "right" in asked.path] == []


def test_a_package_that_is_from_git_now(world: World) -> None:
    """A locked package that leaves the registry does not pass in silence."""
    world.node("left-pad")
    world("lock")
    lock = world.cli.folder / "package-lock.json"
    document = json.loads(lock.read_text("utf-8"))
    commit = "git+ssh://git@forge.example/mallory/left-pad.git#" + "a" * 40
    document["packages"]["node_modules/left-pad"] = {"version": "1.0.0", "resolved": commit}
    lock.write_text(json.dumps(document), "utf-8")

    code, out, _ = world("check")

    assert code == 3
    assert "identities: a publisher is expected of what nobody could be asked about: pkg:npm/left-pad@1.0.0" in out


def test_without_a_lock(world: World) -> None:
    """There is nothing to compare with, which is no good answer."""
    world.node("left-pad")

    assert world("check") == (
        2,
        "",
        "bomvet: . has no identity lock\nhint: `bomvet trust lock` writes one\n",
    )


def test_what_a_pylock_expects(world: World) -> None:
    """The identities of a `pylock.toml` are compared without any lock of ours."""
    stated = '[[packages.attestation-identities]]\nkind = "GitHub"\nrepository = "acme/{}"\nworkflow = "release.yml"\n'
    world.python(stated=stated.format("app"))
    assert world("check")[:2] == (0, "1 package with a publisher that is expected: all as expected\n")

    world.python(stated=stated.format("other"))
    code, out, _ = world("check")
    assert code == 1
    assert out == (
        "pkg:pypi/tap@1.0 is not as pylock.toml:5 has it:\n"
        "  repository: https://github.com/acme/other -> https://github.com/acme/app\n"
        "1 package with a publisher that is expected: 1 not as expected\n"
        "Next: ask the makers, by another way than the release, whether they meant it.\n"
        "      If they did: bomvet trust lock --update PURL\n"
    )


def test_evidence_that_is_not_valid(world: World) -> None:
    """It fails a check, and is never locked."""
    world.python()
    world("lock")
    digest = hashlib.sha256(b"something else").hexdigest()
    filename = "tap-1.0-py3-none-any.whl"
    wrong = world.authority.pypi_provenance(filename, digest, APP)
    world.registry._provenance[f"/integrity/tap/1.0/{filename}/provenance"] = wrong

    code, out, _ = world("check")
    assert code == 1
    assert out.startswith("pkg:pypi/tap@1.0 has evidence that is not valid: ")
    assert json.loads(world("check", "-f", "json")[1])["invalid"][0]["purl"] == "pkg:pypi/tap@1.0"

    code, _, err = world("lock", "--update-all", "-o", "new.toml")
    assert code == 1
    assert "not locked: pkg:pypi/tap: 1.0: " in err


# ── update ──────────────────────────────────────────────────────────────────────────────────────


def copied(folder: Path, targets: dict[str, bytes] | None = None) -> Path:
    """A copy of a TUF repository on disk, with the root that is trusted beside it."""
    repository = Repository(targets)
    for path, data in repository.files.items():
        place = folder / "copy" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    folder.joinpath("tuf-root.json").write_bytes(repository.root)
    return folder / "copy"


def test_an_update(world: World, tmp_path: Path) -> None:
    """Root and keys are written where they were told to be, with what is other than in what ships."""
    copied(tmp_path)

    code, out, err = world("update", "--from", "../copy", "--root", "../tuf-root.json", "--npm-keys", "keys.json")

    written = world.cli.folder.joinpath("bomvet.trusted-root.json").read_bytes()
    assert (code, out) == (0, "")
    assert json.loads(written) == TRUSTED_ROOT
    assert err.splitlines()[:2] == [
        "keys.json: the keys of npm's registry, for --npm-keys",
        f"bomvet.trusted-root.json: sha256:{hashlib.sha256(written).hexdigest()}, root 1, targets 1, for --trusted-root",
    ]
    assert "  new: transparency log https://log.example, valid from 2021-01-12" in err.splitlines()
    assert "  gone: certificate log https://ctfe.sigstore.dev/2022, valid from 2022-10-20" in err.splitlines()
    assert len(json.loads(world.cli.folder.joinpath("keys.json").read_bytes())["keys"]) == 2
    assert sorted(os.listdir(tmp_path)) == ["copy", "keys.json", "root.json", "sink", "tuf-root.json"]


def test_an_update_is_what_is_trusted(world: World, tmp_path: Path, authority: Authority) -> None:
    """What an update has written is what packages are verified by; what ships knows nothing of that authority."""
    copied(tmp_path, {"trusted_root.json": authority.root_json()})
    world.node("left-pad")
    keys = ("--npm-keys", "../keys.json")

    assert world("update", "--from", "../copy", "--root", "../tuf-root.json")[0] == 0
    assert world.cli("trust", "lock", "--trusted-root", "bomvet.trusted-root.json", *keys).code == 0
    assert world.lock == HEAD + LEFT
    assert world.cli("trust", "check", *keys).code == 1


def test_an_update_offline(world: World, tmp_path: Path) -> None:
    """Nobody is asked where that is forbidden; a copy of the repository is read all the same."""
    copied(tmp_path)

    told = "bomvet: trust update opens connections, and --offline forbids that\n"
    assert world("update", "--offline") == (2, "", f"{told}hint: --from DIR reads a copy of the repository\n")
    assert world("update", "--offline", "--from", "../copy", "--root", "../tuf-root.json")[0] == 0


def test_an_update_without_keys(world: World, tmp_path: Path) -> None:
    """The root alone; over a link nothing is written."""
    copied(tmp_path)

    assert world("update", "--from", "../copy", "--root", "../tuf-root.json", "-o", "root.json")[0] == 0
    assert sorted(os.listdir(world.cli.folder)) == ["root.json"]
    world.cli.folder.joinpath("link.json").symlink_to("root.json")
    assert world("update", "--from", "../copy", "--root", "../tuf-root.json", "-o", "link.json") == (
        2,
        "",
        "bomvet: link.json is a symbolic link, which is not followed\nhint: delete it first\n",
    )


def test_an_update_that_is_refused(world: World, tmp_path: Path) -> None:
    """Nothing is written, and what is there stays."""
    place = copied(tmp_path) / "timestamp.json"
    place.write_bytes(place.read_bytes().replace(b'"version": 1', b'"version": 2', 1))
    world.cli.write("bomvet.trusted-root.json", "as before")

    code, _, err = world("update", "--from", "../copy", "--root", "../tuf-root.json", "--npm-keys", "keys.json")

    assert code == 3
    assert err == (
        "bomvet: the trusted root is not refreshed: a signature is missing or wrong: timestamp was signed by 0/1 keys\n"
        "hint: nothing was written; what ships, or was written before, is still trusted\n"
    )
    assert world.cli.folder.joinpath("bomvet.trusted-root.json").read_text("utf-8") == "as before"
    assert not world.cli.folder.joinpath("keys.json").exists()


def test_an_update_over_the_network(world: World, tmp_path: Path) -> None:
    """The repository may be a mirror; one that does not answer is told."""
    copied(tmp_path)

    code, _, err = world("update", "--url", f"{world.registry.npm}/tuf", "--root", "../tuf-root.json")

    assert (code, err.splitlines()[0]) == (
        3,
        "bomvet: the trusted root is not refreshed: the repository cannot be read: HTTP 404 for timestamp.json",
    )


def test_mistakes_in_an_update(world: World) -> None:
    """Files and folders that are not there."""
    assert world("update", "--from", "nowhere") == (2, "", "bomvet: nowhere is no folder\n")
    assert world("update", "--root", "none.json") == (
        2,
        "",
        "bomvet: the root none.json cannot be read: No such file or directory\n",
    )
    assert world("update", "--url", "elsewhere")[0] == 2
