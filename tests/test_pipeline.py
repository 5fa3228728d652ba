"""The road from a tree to a judged result: isolation of plug-ins, the root, the evidence, the clock."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bomvet import __version__, pipeline
from bomvet.errors import MalformedError, NotEstablishedError
from bomvet.model.facts import AdvisoryAnswer, Facts, Severity, Standing
from bomvet.model.finding import Finding, Rule, Verdict, Waiver
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Inventory,
    Kind,
    Location,
    RelationKind,
    Relationship,
    Scope,
    Service,
    Unknown,
)
from bomvet.model.result import Input, PluginStatus, ScanResult, Skipped, Status, Target
from bomvet.pipeline import Subject, inspect, is_read, scan, unlocked
from bomvet.plugin import Check, Context, Enriched, Enricher, FileTree, Needs, Request, Resolver
from bomvet.policy.document import Policy, read_policy
from tests.harness import NOW, FakeHttp, MemoryTree, context, edges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def resolver(id_: str, *globs: str, parse: Callable[[FileTree, str], Inventory] | None = None) -> Resolver:
    """A resolver that finds one component per file, called after the file, unless it is given something to do."""

    def found(tree: FileTree, path: str) -> Inventory:
        tree.read(path)
        return Inventory(components=(Component(purl=f"pkg:{id_}/{path}", name=path),))

    return Resolver(id=id_, title=id_, globs=globs, parse=parse or found)


def given(inventory: Inventory) -> Resolver:
    """A resolver that finds `inventory` in `lock`."""

    def parse(tree: FileTree, path: str) -> Inventory:
        tree.read(path)
        return inventory

    return resolver("given", "lock", parse=parse)


def project(purl: str, directory: str, **more: Any) -> Component:
    """A first-party project."""
    name = more.pop("name", purl.rpartition("/")[2].partition("@")[0])
    return Component(purl=purl, name=name, directory=directory, kind=Kind.APPLICATION, **more)


def inspected(inventory: Inventory, subject: Subject = Subject(), name: str = "folder") -> Inventory:  # noqa: B008
    """`inventory` as it leaves the pipeline."""
    tree = MemoryTree({"lock": "content"}, name=name)
    return inspect(tree, subject=subject, resolvers=[given(inventory)]).inventory


def claimed(files: list[str], *resolvers: Resolver) -> list[tuple[str, ...]]:
    """Which resolver read which file."""
    result = inspect(MemoryTree(dict.fromkeys(files, "")), resolvers=resolvers)
    return [tuple(c.purl.removeprefix("pkg:").split("/", 1)) for c in result.inventory.components]


# ── who reads what ──────────────────────────────────────────────────────────────────────────────


def installed(id_: str, *folders: str) -> Resolver:
    """A resolver of folders of installed packages that finds one component per folder."""

    def found(_: FileTree, path: str) -> Inventory:
        return Inventory(components=(Component(purl=f"pkg:{id_}/{path}", name=path),))

    return Resolver(id=id_, title=id_, folders=folders, parse=found)


LOCK = replace(resolver("npm/lock", "**/package-lock.json"), locks=True)
OTHER_LOCK = replace(resolver("python/lock", "**/uv.lock"), locks=True)
NODE = installed("npm/installed", "node_modules")
TREES = {
    "package-lock.json": "",
    "node_modules/a/package.json": "",
    "web/app/node_modules/a/package.json": "",
    "py/uv.lock": "",
    "py/.venv/site-packages/a": "",
}


def who_reads(files: dict[str, str], *, name: str = "project", installed_first: bool = False) -> set[str]:
    """What is read of `files`, and what is told of as passed over."""
    result = inspect(
        MemoryTree(files, name=name),
        subject=Subject(installed=installed_first),
        resolvers=[LOCK, OTHER_LOCK, NODE, installed("python/installed", "site-packages")],
    )
    read = {c.purl.removeprefix("pkg:") for c in result.inventory.components}
    assert all(s.speaker and s.speaker in s.reason for s in result.target.skipped)
    return read | {f"{s.path}: {s.reason}" for s in result.target.skipped}


def test_a_lock_speaks_for_what_is_installed() -> None:
    """Installed packages are not read where a lock of their ecosystem stands beside or above them, which is told."""
    speaks = "installed packages, for which {} speaks (--installed reads them, --drift compares)"

    assert who_reads(TREES) == {
        "npm/lock/package-lock.json",
        "python/lock/py/uv.lock",
        f"node_modules: {speaks.format('package-lock.json')}",
        f"web/app/node_modules: {speaks.format('package-lock.json')}",
        f"py/.venv/site-packages: {speaks.format('py/uv.lock')}",
    }


def test_an_empty_lock_speaks_for_nothing() -> None:
    """A lock that states no package, be it for a defect of it, hides none that are installed; nor the other way."""
    nothing = replace(LOCK, parse=lambda tree, path: Inventory())  # noqa: ARG005 - the signature
    project = Inventory(components=(Component(purl="pkg:generic/x", name="x", directory=""),))
    only_project = replace(LOCK, parse=lambda tree, path: project)  # noqa: ARG005 - see above

    def broken(tree: Any, path: str) -> Inventory:  # noqa: ARG001 - see above
        raise MalformedError("odd", line=1)

    files = {"package-lock.json": "", "web/node_modules/a/package.json": ""}
    for lock in (nothing, only_project, replace(LOCK, parse=broken)):
        result = inspect(MemoryTree(files), resolvers=[lock, NODE])
        assert [c.purl for c in result.inventory.components] == ["pkg:npm/installed/web/node_modules"]
        assert result.target.skipped == ()

    empty = replace(NODE, parse=lambda tree, path: Inventory())  # noqa: ARG005 - see above
    result = inspect(MemoryTree(files), subject=Subject(installed=True), resolvers=[LOCK, empty])
    assert [c.purl for c in result.inventory.components] == ["pkg:npm/lock/package-lock.json"]
    assert result.target.skipped == ()


def test_what_is_installed_without_a_lock() -> None:
    """A lock of another ecosystem, or one in a folder below, speaks for nothing."""
    assert who_reads({"uv.lock": "", "node_modules/a/package.json": "", "web/package-lock.json": ""}) == {
        "npm/installed/node_modules",
        "npm/lock/web/package-lock.json",
        "python/lock/uv.lock",
    }
    assert who_reads({"x/uv.lock": "", ".venv/site-packages/a": ""}) == {
        "python/installed/.venv/site-packages",
        "python/lock/x/uv.lock",
    }


def test_installed_packages_first() -> None:
    """On the user's word it is the other way round: locks above installed packages are not read."""
    assert who_reads(TREES, installed_first=True) == {
        "npm/installed/node_modules",
        "npm/installed/web/app/node_modules",
        "python/installed/py/.venv/site-packages",
        "package-lock.json: the packages in node_modules speak for it (--installed)",
        "py/uv.lock: the packages in py/.venv/site-packages speak for it (--installed)",
    }


def test_installed_packages_as_the_target() -> None:
    """A folder of installed packages as the target is read by the resolver of its name."""

    class Top(MemoryTree):
        def folders(self) -> list[str]:
            return [""]

    result = inspect(Top({"a/package.json": ""}, name="node_modules"), resolvers=[LOCK, NODE])

    assert [c.purl for c in result.inventory.components] == ["pkg:npm/installed/"]


def test_several_locks_in_one_folder() -> None:
    """All of them are compared with what is installed, and all give way to it; the first that states something is named."""
    files = {"npm-shrinkwrap.json": "", "package-lock.json": "", "node_modules/a/package.json": ""}
    package = Component(purl="pkg:npm/a@1", name="a", version="1")

    def one(name: str, *found: Component) -> Resolver:
        inventory = Inventory(components=found)
        return replace(resolver(f"npm/{name}", f"**/{name}"), locks=True, parse=lambda tree, path: inventory)  # noqa: ARG005

    def drifts(version: str, *locks: Resolver) -> list[tuple[str, str]]:
        there = Inventory(components=(replace(package, purl=f"pkg:npm/a@{version}", version=version),))
        tree = replace(NODE, parse=lambda tree, path: there)  # noqa: ARG005 - the signature
        result = inspect(MemoryTree(files), subject=Subject(drift=True), resolvers=[*locks, tree])
        return [(str(d.kind), d.lock) for found in result.facts.drift.values() for d in found]

    read, unread = one("npm-shrinkwrap.json", package), one("package-lock.json")
    assert drifts("1", read, unread) == []
    assert drifts("2", read, unread) == [("other-version", "npm-shrinkwrap.json")]
    assert drifts("2", one("npm-shrinkwrap.json"), one("package-lock.json", package)) == [
        ("other-version", "package-lock.json")
    ]
    result = inspect(MemoryTree(files), subject=Subject(installed=True), resolvers=[read, unread, NODE])
    assert [s.path for s in result.target.skipped] == ["npm-shrinkwrap.json", "package-lock.json"]


def test_drift() -> None:
    """On the user's word locks and what is installed are both read; only the locks count, the rest is compared."""
    locked = Component(purl="pkg:npm/a@1", name="a", version="1")
    doubt = Unknown(location=Location(path="node_modules/b"), resolver="npm/installed", reason="odd")
    there = Inventory(
        components=(replace(locked, purl="pkg:npm/a@2", version="2"), Component(purl="pkg:npm/b", name="b")),
        unknowns=(doubt,),
    )
    result = inspect(
        MemoryTree({"package-lock.json": "", "node_modules/a/package.json": ""}),
        subject=Subject(drift=True),
        resolvers=[
            replace(LOCK, parse=lambda tree, path: Inventory(components=(locked,))),  # noqa: ARG005 - the signature
            replace(NODE, parse=lambda tree, path: there),  # noqa: ARG005 - the signature
        ],
    )
    root = result.inventory.root
    assert root is not None

    assert (result.inventory.components, result.inventory.unknowns) == ((locked,), (doubt,))
    assert result.target.skipped == ()
    assert {purl: [str(d.kind) for d in drifts] for purl, drifts in result.facts.drift.items()} == {
        "pkg:npm/a@1": ["other-version"],
        root.purl: ["not-locked"],
    }


@pytest.mark.parametrize(("speaking", "expected"), [(True, []), (False, ["node_modules", "web/node_modules"])])
def test_drift_where_one_folder_speaks_for_others(speaking: bool, expected: list[str]) -> None:  # noqa: FBT001
    """A folder that says nothing is not compared, unless all that belong to the lock are as empty."""
    locked = Inventory(components=(Component(purl="pkg:npm/a@1", name="a", version="1"),))
    result = inspect(
        MemoryTree({"package-lock.json": "", "node_modules/a/x": "", "web/node_modules/a/x": ""}),
        subject=Subject(drift=True),
        resolvers=[
            replace(LOCK, parse=lambda tree, path: locked),  # noqa: ARG005 - the signature
            replace(
                NODE,
                parse=lambda tree, path: locked if speaking and path == "node_modules" else Inventory(),  # noqa: ARG005
            ),
        ],
    )

    assert [drift.folder for drifts in result.facts.drift.values() for drift in drifts] == expected


def test_claims_by_name() -> None:
    """A glob that ends in a plain name claims files of just that name, in every folder."""
    assert claimed(["uv.lock", "a/uv.lock", "xuv.lock", "uv.lock.txt"], resolver("r", "**/uv.lock")) == [
        ("r", "a/uv.lock"),
        ("r", "uv.lock"),
    ]
    assert claimed(["a/uv.lock"], resolver("r", "uv.lock")) == [("r", "a/uv.lock")]


@pytest.mark.parametrize(
    ("glob", "claimed_file", "other"),
    [
        ("**/*requirements*.txt", "a/dev-requirements.txt", "a/requirements.in"),
        ("**/requirements/*.txt", "requirements/dev.txt", "dev.txt"),
        ("**/Dockerfile*", "a/Dockerfile.dev", "a/xdockerfile"),
        ("**/Dockerfile*", "Dockerfile", "xDockerfile"),
        ("**/*.dist-info/METADATA", "lib/a-1.dist-info/METADATA", "lib/METADATA"),
        ("**/*.tf?", "a/x.tfx", "a/x.tf"),
        ("**/.github/workflows/*", ".github/workflows/ci", ".github/ci"),
        ("/top.toml", "top.toml", "a/top.toml"),
        ("**/pylock.*.toml", "pylock.dev.toml", "pylock.toml"),
    ],
)
def test_claims_by_pattern(glob: str, claimed_file: str, other: str) -> None:
    """All other globs claim what they match as a whole path, whatever its suffix."""
    assert claimed([claimed_file, other], resolver("r", glob)) == [("r", claimed_file)]


def test_a_reader_may_search_for_its_files() -> None:
    """Of files whose names do not tell, a resolver reads those that it finds; the others are not told as skipped."""
    searching = replace(
        resolver("marked", "**/*.py"),
        search=lambda tree: [path for path in tree.paths() if tree.starts(path, 2) == b"#!"],
    )
    skipped = (Skipped(path="d.py", reason="ignored"),)
    tree = MemoryTree({"a.py": "#!x", "b.py": "x", "c/d.py": "#!y"}, skipped=skipped)
    found = inspect(tree, resolvers=[searching])

    assert [c.name for c in found.inventory.components] == ["a.py", "c/d.py"]
    assert [i.path for i in found.target.inputs] == ["a.py", "c/d.py"]
    assert found.target.skipped == ()


def test_manifests_that_can_be_resolved() -> None:
    """What asks for packages of npm or PyPI without a version; no resolver is asked about those of conda."""
    files = {
        "a/package.json": '{"dependencies": {"x": "1"}}',
        "b/package.json": '{"dependencies": {"x": "1.0.0"}}',
        "c/environment.yml": "dependencies: [numpy]",
        "d/environment.yml": "dependencies: [{pip: [flask]}]",
        "e/setup.py": "setup(install_requires=['y'])",
        "f/requirements.txt": "z==1",
        "g/requirements.txt": "z",
    }

    assert [path for path, _ in unlocked(MemoryTree(files))] == [
        "a/package.json",
        "d/environment.yml",
        "e/setup.py",
        "g/requirements.txt",
    ]


def test_a_file_that_is_searched_for_may_be_named() -> None:
    """A user may name a file that some resolver would search for."""
    assert [is_read(path) for path in ("tool.py", "tool.pyc")] == [True, False]


def test_one_file_may_have_several_readers_each_once() -> None:
    """Every resolver that claims a file gets it once, also where several of its globs match."""
    one, other = resolver("one", "a.txt", "*.txt", "**/a*"), resolver("other", "*.txt")

    assert claimed(["a.txt"], one, other) == [("one", "a.txt"), ("other", "a.txt")]


# ── what goes wrong stays where it is ───────────────────────────────────────────────────────────


def failing(error: Exception) -> Resolver:
    """A resolver of `bad` that raises `error`."""

    def parse(tree: FileTree, path: str) -> Inventory:
        tree.read(path)
        raise error

    return resolver("bad", "bad", parse=parse)


def test_a_file_that_is_not_understood() -> None:
    """An error that a reader tells becomes an `Unknown` with its line; the reader has done part of its work."""
    tree = MemoryTree({"a/bad": "", "good": ""})
    result = inspect(tree, resolvers=[failing(MalformedError("not TOML", line=7)), resolver("r", "good")])

    assert result.inventory.unknowns == (
        Unknown(location=Location(path="a/bad", line=7), resolver="bad", reason="not TOML"),
    )
    assert result.plugins == (
        PluginStatus(id="bad", status=Status.PARTIAL, reason="not understood in 1 place"),
        PluginStatus(id="r", status=Status.OK),
    )
    assert [c.name for c in result.inventory.components] == ["good"]


@pytest.mark.parametrize("error", [ValueError("boom"), RecursionError("boom"), KeyError("boom")])
def test_a_reader_with_a_defect(error: Exception) -> None:
    """Any other error is a defect: an `Unknown`, a failed plug-in, and the others go on."""
    tree = MemoryTree({f"{n}/bad": "" for n in range(5)} | {"good": ""})
    result = inspect(tree, resolvers=[failing(error), resolver("r", "good")])
    reason = f"internal error ({type(error).__name__}: {error})"

    assert result.inventory.unknowns == tuple(
        Unknown(location=Location(path=f"{n}/bad"), resolver="bad", reason=reason) for n in range(5)
    )
    assert result.plugins == (
        PluginStatus(id="bad", status=Status.FAILED, reason=f"0/bad: {reason}; 1/bad: {reason}; 2/bad: {reason}"),
        PluginStatus(id="r", status=Status.OK),
    )
    assert [c.name for c in result.inventory.components] == ["good"]


def test_unknowns_that_a_reader_returns_count_too() -> None:
    """It makes no difference whether a reader raises or returns what it did not understand."""
    unknowns = tuple(Unknown(location=Location(path="lock", line=n), resolver="given", reason="x") for n in (1, 2))
    result = inspect(MemoryTree({"lock": ""}), resolvers=[given(Inventory(unknowns=unknowns))])

    assert result.inventory.unknowns == unknowns
    assert result.plugins == (PluginStatus(id="given", status=Status.PARTIAL, reason="not understood in 2 places"),)


def test_limits_of_the_tree_are_unknowns() -> None:
    """What the walk could not list is in the result."""
    limit = Unknown(location=Location(path="."), resolver="source/dir", reason="too deep")

    assert inspect(MemoryTree({}, unknowns=(limit,)), resolvers=[]).inventory.unknowns == (limit,)


# ── the root ────────────────────────────────────────────────────────────────────────────────────

LIBRARY = Component(purl="pkg:pypi/lib@1", name="lib", version="1")


def test_the_project_at_the_top_is_the_root() -> None:
    """One project at the top is the subject of the scan, and stands nowhere else."""
    shop = project("pkg:generic/shop@2", "", name="shop", version="2", description="d")
    found = inspected(
        Inventory(components=(shop, LIBRARY), relationships=(Relationship(source=shop.purl, target=LIBRARY.purl),))
    )

    assert found.root == shop
    assert found.components == (LIBRARY,)
    assert edges(found) == {("pkg:generic/shop@2", "pkg:pypi/lib@1")}


def test_without_a_project_the_tree_is_the_root() -> None:
    """Then its name is the folder's, and its version a digest of what was read."""
    found = inspected(Inventory(components=(LIBRARY,)))
    digest = hashlib.sha256(b"content").hexdigest()
    version = f"sha256:{hashlib.sha256(f'lock{chr(0)}{digest}{chr(10)}'.encode()).hexdigest()[:16]}"

    assert found.root == Component(
        purl=f"pkg:generic/folder@{version}",
        name="folder",
        version=version,
        kind=Kind.APPLICATION,
        directory="",
        properties=(("bomvet:version-source", "digest of the files read"),),
    )
    assert found.components == (LIBRARY,)


def test_two_projects_at_the_top_hang_on_the_tree() -> None:
    """None of the two is more the subject than the other."""
    one, other = project("pkg:generic/one@1", "", version="1"), project("pkg:generic/other@1", "", version="1")
    found = inspected(Inventory(components=(one, other)))

    assert found.root is not None
    assert found.root.name == "folder"
    assert found.components == (one, other)
    assert edges(found) == {(found.root.purl, one.purl), (found.root.purl, other.purl)}


def test_a_root_that_a_resolver_states_stays() -> None:
    """Where the input itself has a subject, that is it, whatever else lies at the top."""
    stated = Component(purl="pkg:generic/app@1", name="app", version="1")
    found = inspected(Inventory(root=stated, components=(project("pkg:generic/shop@2", "", version="2"),)))

    assert found.root == stated
    assert [c.purl for c in found.components] == ["pkg:generic/shop@2"]


def test_nothing_was_read() -> None:
    """An empty tree has a root without version."""
    root = inspect(MemoryTree({}), resolvers=[]).inventory.root

    assert root == Component(purl="pkg:generic/project", name="project", kind=Kind.APPLICATION, directory="")


def test_the_user_names_the_subject() -> None:
    """Stated name and version win over the files, and all edges move along."""
    shop = project("pkg:generic/shop@2", "", name="shop", version="2")
    member = project("pkg:generic/m@1?path=m", "m", version="1")
    before = Inventory(
        components=(shop, member, LIBRARY),
        relationships=(
            Relationship(source=shop.purl, target=LIBRARY.purl),
            Relationship(source=member.purl, target=shop.purl),
            Relationship(source=shop.purl, target=member.purl),
        ),
    )
    found = inspected(before, Subject(name="Web Shop", version="9"))

    assert found.root == replace(
        shop,
        purl="pkg:generic/Web%20Shop@9",
        name="Web Shop",
        version="9",
        properties=(("bomvet:version-source", "stated by the user"),),
    )
    assert edges(found) == {
        ("pkg:generic/Web%20Shop@9", LIBRARY.purl),
        (member.purl, "pkg:generic/Web%20Shop@9"),
        ("pkg:generic/Web%20Shop@9", member.purl),
    }


def test_an_unversioned_project_gets_a_version_of_its_content() -> None:
    """A project without version can be told apart by what was read of it."""
    root = inspected(Inventory(components=(project("pkg:generic/shop", "", name="shop"),))).root

    assert root is not None
    assert root.version.startswith("sha256:")
    assert root.properties == (("bomvet:version-source", "digest of the files read"),)


def test_contained_projects_hang_on_the_root() -> None:
    """Projects that nothing asks for are contained in the root, with the evidence that they have."""
    here = (Location(path="a/pyproject.toml"),)
    shop = project("pkg:generic/shop@1", "", version="1")
    a = project("pkg:generic/a@1?path=a", "a", locations=here)
    b = project("pkg:generic/b@1?path=b", "b")
    found = inspected(Inventory(components=(shop, a, b), relationships=(Relationship(source=a.purl, target=b.purl),)))

    assert found.relationships == (
        Relationship(source=a.purl, target=b.purl),
        Relationship(source=shop.purl, target=a.purl, kind=RelationKind.CONTAINS, evidence=here),
    )


def test_projects_in_a_circle_are_reached() -> None:
    """Of projects that only ask for each other, or for themselves, one hangs on the root."""
    a, b, c = (project(f"pkg:generic/{n}@1?path={n}", n) for n in ("a", "b", "c"))
    shop = project("pkg:generic/shop@1", "", version="1")
    circle = [(a.purl, b.purl), (b.purl, a.purl), (c.purl, c.purl)]
    found = inspected(
        Inventory(
            components=(shop, a, b, c),
            relationships=tuple(Relationship(source=s, target=t) for s, t in circle),
        )
    )

    assert edges(found) == {*circle, (shop.purl, a.purl), (shop.purl, c.purl)}


def test_omit_dev() -> None:
    """Components that only development needs go, with their edges; everything else stays."""
    shop = project("pkg:generic/shop@1", "", version="1")
    dev = Component(purl="pkg:pypi/dev@1", name="dev", scope=Scope.DEV)
    optional = Component(purl="pkg:pypi/opt@1", name="opt", scope=Scope.OPTIONAL)
    unknown = Unknown(location=Location(path="lock"), resolver="given", reason="x")
    before = Inventory(
        components=(shop, dev, optional, LIBRARY),
        relationships=(
            Relationship(source=shop.purl, target=dev.purl),
            Relationship(source=dev.purl, target=LIBRARY.purl),
            Relationship(source=shop.purl, target=optional.purl),
        ),
        unknowns=(unknown,),
    )
    found = inspected(before, Subject(omit_dev=True))

    assert [c.name for c in found.components] == ["lib", "opt"]
    assert edges(found) == {(shop.purl, optional.purl)}
    assert found.unknowns == (unknown,)
    assert [c.name for c in inspected(before).components] == ["dev", "lib", "opt"]


def test_what_was_omitted_leaves_a_mark() -> None:
    """Who needed what is gone no longer states all its dependencies, and the target names the scope."""
    shop = project("pkg:generic/shop@1", "", version="1", dependencies=Completeness.COMPLETE)
    dev = Component(purl="pkg:pypi/dev@1", name="dev", scope=Scope.DEV)
    whole = replace(LIBRARY, dependencies=Completeness.COMPLETE)
    before = Inventory(components=(shop, dev, whole), relationships=(Relationship(source=shop.purl, target=dev.purl),))
    result = inspect(MemoryTree({"lock": ""}), subject=Subject(omit_dev=True), resolvers=[given(before)])

    assert result.target.omitted == ("dev",)
    assert result.inventory.root is not None
    assert result.inventory.root.dependencies is Completeness.INCOMPLETE
    assert result.inventory.components == (whole,)


# ── evidence and time ───────────────────────────────────────────────────────────────────────────


def test_the_evidence_of_a_scan() -> None:
    """Target, author and tool are told, and every file that was read, claimed or included, with its digest."""

    def parse(tree: FileTree, path: str) -> Inventory:
        tree.read(path)
        tree.read("include")
        tree.read(path)
        return Inventory()

    tree = MemoryTree({"lock": "1", "include": "2", "unread": "3"}, name="shop")
    result = inspect(tree, subject=Subject(author=Contact(name="A")), resolvers=[resolver("r", "lock", parse=parse)])

    assert result == ScanResult(
        tool=__version__,
        time="2023-11-14T22:13:20Z",
        target=Target(
            kind="dir",
            name="shop",
            inputs=(
                Input(path="include", sha256="d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"),
                Input(path="lock", sha256="6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"),
            ),
        ),
        authors=(Contact(name="A"),),
        inventory=result.inventory,
        plugins=(PluginStatus(id="r", status=Status.OK),),
    )


def test_only_files_that_somebody_would_read_are_told_as_skipped() -> None:
    """An ignored file matters only where a resolver would have read it."""
    skipped = tuple(Skipped(path=path, reason="ignored") for path in ("a/uv.lock", "a/notes.md"))
    result = inspect(MemoryTree({}, skipped=skipped), resolvers=[resolver("r", "uv.lock")])

    assert result.target.skipped == skipped[:1]


class TimedTree(MemoryTree):
    """Files that know when they were changed; the empty path is the tree itself."""

    def modified(self, path: str) -> int:
        """As the name of the file says."""
        return int(path or "1000")


@pytest.mark.parametrize(
    ("files", "stated", "expected"),
    [
        (["100", "300", "200"], None, "1970-01-01T00:05:00Z"),
        (["100", "300"], 86_400, "1970-01-02T00:00:00Z"),
        (["100"], 0, "1970-01-01T00:00:00Z"),
        ([], None, "1970-01-01T00:16:40Z"),
        (["999999999999999"], None, "9999-12-31T23:59:59Z"),
        (["100"], -5, "1970-01-01T00:00:00Z"),
    ],
)
def test_the_time_is_that_of_the_state(files: list[str], stated: int | None, expected: str) -> None:
    """The stated time, else that of the newest file read, else that of the tree; never that of the run."""
    tree = TimedTree(dict.fromkeys(files, ""))

    assert inspect(tree, subject=Subject(time=stated), resolvers=[resolver("r", "*")]).time == expected


def test_the_built_in_resolvers_are_the_default() -> None:
    """Without a list of its own, `inspect` asks all that are installed."""
    result = inspect(MemoryTree({"uv.lock": 'version = 1\n\n[[package]]\nname = "a"\nversion = "1"\n'}))

    assert [c.purl for c in result.inventory.components] == ["pkg:pypi/a@1"]
    assert "python/uv-lock" in {p.id for p in result.plugins}


# ── enrichers ───────────────────────────────────────────────────────────────────────────────────

ABSENT = AdvisoryAnswer(standing=Standing.ABSENT)
INVENTORY = Inventory(components=(LIBRARY,))


NOTHING = Needs()


def enricher(
    id_: str, *, after: tuple[str, ...] = (), needs: Needs = NOTHING, error: Exception | None = None
) -> Enricher:
    """An enricher that answers for a purl of its name, and shows in the reason what was known before."""

    def enrich(inventory: Inventory, facts: Facts, context: Context) -> Enriched:
        if error:
            raise error
        if context.http:
            list(context.http.fetch([Request("https://osv.packages.example/", [c.purl for c in inventory.components])]))
        status = PluginStatus(id=id_, status=Status.OK, reason=" ".join(sorted(facts.advisories)))
        return Enriched(facts=Facts(advisories={id_: ABSENT}), status=status)

    return Enricher(id=id_, title=id_, enrich=enrich, needs=needs, after=after)


def enriched(*enrichers: Enricher, context: Context = Context(now=NOW)) -> ScanResult:  # noqa: B008
    """A scan of one component with these enrichers and no checks."""
    tree = MemoryTree({"lock": ""})
    return scan(tree, Policy(), context, resolvers=[given(INVENTORY)], enrichers=enrichers, checks=[])


def statuses(result: ScanResult) -> list[tuple[str, str, str]]:
    """How the plug-ins after the resolvers fared."""
    return [(p.id, p.status.value, p.reason) for p in result.plugins if p.id != "given"]


def test_enrichers_run_in_their_order() -> None:
    """Each sees the facts of those that it comes after."""
    result = enriched(enricher("a", after=("z",)), enricher("m"), enricher("z"))

    assert statuses(result) == [("m", "ok", ""), ("z", "ok", "m"), ("a", "ok", "m z")]
    assert result.facts == Facts(advisories={"a": ABSENT, "m": ABSENT, "z": ABSENT})
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (Policy(), ("c", "off", "off unless the policy enables it")),
        (Policy(enable=("c",)), ("c", "ok", "")),
        (Policy(enable=("c",), disable=("c",)), ("c", "off", "switched off by the policy")),
    ],
)
def test_a_rule_that_only_a_policy_turns_on(policy: Policy, status: tuple[str, str, str]) -> None:
    """It is off by itself, and says so; to disable it is stronger."""
    seen: list[str] = []

    def look(component: Component, _: Facts) -> Iterator[Finding]:
        seen.append(component.purl)
        return iter(())

    optional = Check(rule=Rule(id="c", title="t", help="h", enabled=False), on_component=look)
    result = scan(
        MemoryTree({"lock": ""}),
        policy,
        Context(now=NOW),
        resolvers=[given(INVENTORY)],
        enrichers=[],
        checks=[optional],
    )

    assert statuses(result) == [status]
    assert bool(seen) is (status[1] == "ok")
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.PASSED


def test_unmet_needs() -> None:
    """An enricher without what it needs is skipped, and that leaves the answer open."""
    result = enriched(enricher("net", needs=Needs(network=True)), enricher("db", needs=Needs(advisories=True)))

    assert statuses(result) == [
        ("db", "skipped", "there is no advisory database: `bomvet db import PATH` makes one"),
        ("net", "skipped", "needs the network, and this run is offline"),
    ]
    assert result.facts == Facts()
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotEstablishedError("the service is down"), "the service is down"),
        (ZeroDivisionError("boom"), "internal error (ZeroDivisionError: boom)"),
    ],
)
def test_an_enricher_that_fails(error: Exception, reason: str) -> None:
    """Its facts are not known, never clean; the others go on."""
    result = enriched(enricher("a", error=error), enricher("b", after=("a",)))

    assert statuses(result) == [("a", "failed", reason), ("b", "ok", "")]
    assert result.facts == Facts(advisories={"b": ABSENT})
    assert result.assessment is not None
    assert result.assessment.not_established == (f"a: {reason}",)


def test_the_network_is_asked_once() -> None:
    """One enricher asks one question for all components."""
    http = FakeHttp({"https://osv.packages.example/": {}})
    given_context = context(http=http)
    result = enriched(enricher("a", needs=Needs(network=True, advisories=True)), context=given_context)

    assert http.requests == [Request("https://osv.packages.example/", [LIBRARY.purl])]
    assert statuses(result) == [("a", "ok", "")]
    assert given_context.advisories is not None
    assert result.advisory_data == given_context.advisories.snapshot


def test_without_advisories_there_is_no_snapshot() -> None:
    """What was not there is not told as if it had been."""
    assert enriched().advisory_data is None


# ── checks ──────────────────────────────────────────────────────────────────────────────────────


def rule(id_: str) -> Rule:
    """A rule of that name."""
    return Rule(id=id_, title="t", help="h")


def finding(rule_id: str, subject: str) -> Finding:
    """A grave finding."""
    return Finding(rule=rule_id, subject=subject, severity=Severity.HIGH, message="m")


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:  # noqa: ARG001 - the signature of a check
    """Finds something wrong with every component, and fails over the second one."""
    if component.name == "z":
        raise ValueError("boom")
    yield finding("c", component.purl)


def on_service(service: Service, facts: Facts) -> Iterator[Finding]:  # noqa: ARG001 - the signature of a check
    """Finds something wrong with every service."""
    yield finding("s", service.ref)


def test_checks_see_every_subject() -> None:
    """Checks of components and of services are asked about each, and the project; their rules are in the result."""
    service = Service(ref="svc:aws/s3", provider="aws", name="s3")
    checks = [Check(rule=rule("c"), on_component=on_component), Check(rule=rule("s"), on_service=on_service)]
    result = scan(
        MemoryTree({"lock": ""}),
        Policy(),
        Context(now=NOW),
        resolvers=[given(Inventory(components=(LIBRARY,), services=(service,)))],
        enrichers=[],
        checks=checks,
    )

    assert result.inventory.root is not None
    assert result.findings == (
        finding("c", result.inventory.root.purl),
        finding("c", LIBRARY.purl),
        finding("s", "svc:aws/s3"),
    )
    assert result.rules == (rule("c"), rule("s"))
    assert statuses(result) == [("c", "ok", ""), ("s", "ok", "")]
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.FAILED


def test_a_check_that_fails() -> None:
    """What it found before stays, that it failed is told, and the others go on."""
    second = Component(purl="pkg:z", name="z")
    result = scan(
        MemoryTree({"lock": ""}),
        Policy(fail_on=()),
        Context(now=NOW),
        resolvers=[given(Inventory(components=(LIBRARY, second)))],
        enrichers=[],
        checks=[Check(rule=rule("c"), on_component=on_component), Check(rule=rule("s"), on_service=on_service)],
    )

    assert result.inventory.root is not None
    assert result.findings == (finding("c", result.inventory.root.purl), finding("c", LIBRARY.purl))
    assert statuses(result) == [("c", "failed", "internal error (ValueError: boom)"), ("s", "ok", "")]
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.INCOMPLETE
    assert result.assessment.not_established == ("c: internal error (ValueError: boom)",)


@pytest.mark.parametrize(("year", "verdict"), [(2026, Verdict.PASSED), (2027, Verdict.FAILED)])
def test_the_clock_comes_in_with_the_context(year: int, verdict: Verdict) -> None:
    """Waivers expire by the day of the context; nothing asks the machine for the time."""
    waiver = Waiver(id="c", reason="r", owner="o", expires=dt.date(2026, 12, 31))
    result = scan(
        MemoryTree({"lock": ""}),
        Policy(waivers=(waiver,)),
        Context(now=dt.datetime(year, 12, 31, 23, 59, tzinfo=dt.UTC)),
        resolvers=[given(INVENTORY)],
        enrichers=[],
        checks=[Check(rule=rule("c"), on_component=on_component)],
    )

    assert result.assessment is not None
    assert result.assessment.verdict is verdict


def test_the_built_in_plug_ins_are_the_default() -> None:
    """Without lists of its own, `scan` asks all that are installed; without data that leaves the answer open."""
    lock = (
        'version = 1\n\n[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://i.packages.example" }\n'
    )
    result = scan(MemoryTree({"uv.lock": lock}), Policy(), Context(now=NOW))

    assert {"python/uv-lock", "osv", "known-vulnerability"} <= {p.id for p in result.plugins}
    assert [r.id for r in result.rules if r.id == "known-vulnerability"] == ["known-vulnerability"]
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.INCOMPLETE


def test_a_file_is_read_once_for_several_resolvers() -> None:
    """What one resolver has read stays at hand for the next, while not too much else was read in between."""
    tree = MemoryTree({f"{n}.lock": "" for n in range(9)})
    inspect(tree, resolvers=[resolver("a", "**/*.lock"), resolver("b", "**/*.lock")])

    assert tree.reads == [f"{n}.lock" for n in range(9)]

    def also_first(tree: FileTree, path: str) -> Inventory:
        tree.read(path)
        tree.read("0.lock")
        return Inventory()

    tree.reads.clear()
    inspect(tree, resolvers=[resolver("c", "**/*.lock", parse=also_first)])
    assert tree.reads == [f"{n}.lock" for n in range(9)]


def test_claims_do_not_tell_letters_by_their_case() -> None:
    """A manifest does not escape by `Requirements.TXT`, which many file systems take for the same."""
    assert claimed(["a/UV.lock", "Requirements.TXT"], resolver("r", "**/uv.lock", "**/*requirements*.txt")) == [
        ("r", "Requirements.TXT"),
        ("r", "a/UV.lock"),
    ]


def test_a_rule_that_the_policy_does_not_want() -> None:
    """It is not run, and leaves no question open."""
    result = scan(
        MemoryTree({"lock": ""}),
        Policy(disable=("c",)),
        Context(now=NOW),
        resolvers=[given(INVENTORY)],
        enrichers=[],
        checks=[Check(rule=rule("c"), on_component=on_component), Check(rule=rule("d"))],
    )

    assert (result.findings, result.rules) == ((), (rule("c"), rule("d")))
    assert statuses(result) == [("d", "ok", ""), ("c", "off", "switched off by the policy")]
    assert result.assessment is not None
    assert result.assessment.verdict is Verdict.PASSED


def test_a_rule_may_weigh_what_the_policy_says() -> None:
    """The finding has that severity, and says which it had; one that has it already stays as it is."""
    policy = Policy(severities=(("c", Severity.LOW), ("d", Severity.HIGH)))
    result = scan(
        MemoryTree({"lock": ""}),
        policy,
        Context(now=NOW),
        resolvers=[given(INVENTORY)],
        enrichers=[],
        checks=[Check(rule=rule("c"), on_component=on_component)],
    )
    weighed = replace(
        finding("c", LIBRARY.purl), severity=Severity.LOW, evidence=("severity low by the policy, high as built in",)
    )

    assert weighed in result.findings
    assert {f.severity for f in result.findings} == {Severity.LOW}
    same = replace(policy, severities=(("c", Severity.HIGH),))
    assert list(pipeline._reweighed([weighed, finding("c", "x"), finding("e", "y")], same)) == [
        replace(
            weighed,
            severity=Severity.HIGH,
            evidence=(*weighed.evidence, "severity high by the policy, low as built in"),
        ),
        finding("c", "x"),
        finding("e", "y"),
    ]


def test_own_rules_run_after_the_checks() -> None:
    """Their findings are judged with the others, and their words are among the rules."""
    policy = read_policy("[[rules]]\nid = 'own'\nwhen = \"component.name == 'lib'\"\n", "bomvet.toml")
    result = scan(
        MemoryTree({"lock": ""}),
        policy,
        Context(now=NOW),
        resolvers=[given(INVENTORY)],
        enrichers=[],
        checks=[Check(rule=rule("d"))],
    )

    assert [(f.rule, f.subject) for f in result.findings] == [("own", LIBRARY.purl)]
    assert [r.id for r in result.rules] == ["d", "own"]
    assert statuses(result) == [("d", "ok", ""), ("own", "ok", "")]


@pytest.mark.parametrize(
    ("kind", "version", "known"), [("pypi", "1.0", True), ("pypi", "odd one", False), ("generic", "1.0", False)]
)
def test_the_order_of_versions(kind: str, version: str, known: bool) -> None:  # noqa: FBT001
    """By purl type; what is no version of it has no place."""
    assert (pipeline.version_key(kind, version) is not None) is known
