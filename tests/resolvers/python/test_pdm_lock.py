"""pdm.lock: packages and their sets of extras, targets, groups, and what can be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import Completeness, Component, Distribution, Hash, Inventory, Kind, Location, Scope
from bomvet.resolvers.python.pdm_lock import PDM_LOCK, parse_pdm_lock
from tests.harness import MemoryTree, component, run_resolver
from tests.resolvers.python.reading import asked, markers, plain, reasons, scopes, tampered, toml_document

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = "aa" * 32
HEAD = '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.1"\n\n'
PROJECT = '[project]\nname = "app"\nversion = "0.1"\ndependencies = [%s]\n'


def package(name: str, *lines: str, version: str = "1", groups: str = '"default"') -> str:
    """A `[[package]]` table; `lines` follow."""
    head = ["[[package]]", f'name = "{name}"', f'version = "{version}"', 'summary = ""']
    return "\n".join((*head, *([f"groups = [{groups}]"] if groups else []), *lines, "", ""))


def read(
    *packages: str, project: str | None = PROJECT % "", files: Mapping[str, str] | None = None, head: str = HEAD
) -> Inventory:
    """The inventory of a lock of `packages` beside the manifest `project`."""
    tree = {"pdm.lock": head + "".join(packages), **(files or {})}
    return run_resolver(PDM_LOCK, tree if project is None else {"pyproject.toml": project, **tree}, "pdm.lock")


# -- packages --------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """A package carries its summary, files with digests, what it needs of Python, and the line of its name."""
    text = package(
        "Typing_Extensions", 'requires_python = ">=3.9"',
        f'files = [\n    {{file = "t-4.tar.gz", hash = "sha256:{DIGEST}"}},\n'
        f'    {{url = "https://u:p@files.packages.example/t-4-py3-none-any.whl", hash = "sha256:{DIGEST}"}},\n]',
        version="4",
    ).replace('summary = ""', 'summary = "Back  ports"')  # fmt: skip
    digest = (Hash(algorithm="sha256", value=DIGEST),)
    expected = Component(
        purl="pkg:pypi/typing-extensions@4",
        name="typing-extensions",
        version="4",
        description="Back ports",
        dependencies=Completeness.COMPLETE,
        distributions=(
            Distribution(url="https://files.packages.example/t-4-py3-none-any.whl", hashes=digest),
            Distribution(url="t-4.tar.gz", hashes=digest, source=True),
        ),
        locations=(Location(path="pdm.lock", line=7),),
        properties=(("bomvet:requires-python", ">=3.9"),),
    )
    project = Component(
        purl="pkg:generic/app@0.1",
        name="app",
        version="0.1",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
        locations=(Location(path="pdm.lock"), Location(path="pyproject.toml")),
    )

    assert read(text) == Inventory(components=(project, expected))


@pytest.mark.parametrize(
    ("lines", "purl", "url"),
    [
        ('git = "https://u:p@git.packages.example/r.git"\nref = "main"\nrevision = "0f"', "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/r.git%400f", None),
        ('hg = "https://hg.packages.example/r"\nref = "0e"', "pkg:pypi/a@1?vcs_url=hg%2Bhttps://hg.packages.example/r%400e", None),
        ('git = "https://git.packages.example/r"\npath = "x"', "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/r", None),
        ('url = "https://u:p@packages.example/a-1.zip"', "pkg:pypi/a@1?download_url=https://packages.example/a-1.zip", "https://packages.example/a-1.zip"),
        ('path = "./wheels/a-1.whl"', "pkg:pypi/a@1?file_name=a-1.whl", "wheels/a-1.whl"),
    ],
)  # fmt: skip
def test_sources(lines: str, purl: str, url: str | None) -> None:
    """Where a package comes from is part of its identity; credentials are left out."""
    files = "" if url is None else f'\nfiles = [{{file = "x", hash = "sha256:{DIGEST}"}}]'
    found = component(read(package("a", lines + files)), "a")

    assert (found.purl, [d.url for d in found.distributions]) == (purl, [] if url is None else [url])


def test_a_package_from_git_may_have_no_version() -> None:
    """A commit says what is installed."""
    text = '[[package]]\nname = "a"\ngit = "https://git.packages.example/r"\nrevision = "00"\n\n'

    assert read(text, project=None).unknowns == ()


def test_a_folder_is_a_project() -> None:
    """A path dependency is first-party, whatever extras of it are asked for."""
    found = read(
        package("lib", 'path = "./libs/lib"', 'dependencies = ["a"]'),
        package("lib", 'extras = ["fast"]', 'path = "./libs/lib"', 'dependencies = ["lib @ file:///${PROJECT_ROOT}/libs/lib", "b"]'),
        package("a"), package("b"),
        project=PROJECT % '"lib[fast] @ file:///${PROJECT_ROOT}/libs/lib"',
    )  # fmt: skip
    lib = component(found, "lib")

    assert (lib.purl, lib.directory) == ("pkg:generic/lib@1?path=libs/lib", "libs/lib")
    assert lib.locations == (Location(path="pdm.lock", line=7), Location(path="pdm.lock", line=15))
    assert asked(found) == {
        ("app@0.1", "lib@1"): ((), ()),
        ("lib@1", "a@1"): ((), ()),
        ("lib@1", "b@1"): (("extra:fast",), ()),
    }


def test_a_folder_outside_the_tree_is_unknown() -> None:
    """What lies above the scanned folder cannot be seen from here."""
    assert reasons(read(package("a", 'path = "../a"'))) == [("pdm.lock:7", "a lies outside the scanned tree")]


def test_files_of_old_locks() -> None:
    """They stand apart, by name and version."""
    head = f'[metadata]\nlock_version = "4.2"\n[metadata.files]\n"a 1" = [{{url = "https://h.example/a.whl", hash = "md5:{"00" * 16}"}}]\n'
    found = read(package("a", groups=""), project=PROJECT % '"a"', head=head)

    assert [d.url for d in component(found, "a").distributions] == ["https://h.example/a.whl"]
    assert scopes(found) == {"a@1": Scope.REQUIRED}


# -- extras, targets, groups -----------------------------------------------------------------------------------


def test_sets_of_extras_are_one_package() -> None:
    """The entry of a set is asked for as that set; that it needs the package itself is no edge."""
    found = read(
        package("h", 'dependencies = ["idna"]'),
        package("h", 'extras = ["socks", "Http_2"]', 'dependencies = ["h==1", "h2<5", "s; os_name == \'x\'"]'),
        package("h", 'extras = ["socks"]', 'dependencies = ["h==1", "s"]'),
        package("idna"), package("h2"), package("s"), package("z", 'dependencies = ["h[socks]; os_name == \'y\'"]'),
        project=PROJECT % '"h[socks,http-2]; python_version < \'4\'", "z"',
    )  # fmt: skip
    h = component(found, "h")

    assert len([c for c in found.components if c.name == "h"]) == 1
    assert [place.line for place in h.locations] == [7, 14, 22]
    assert asked(found) == {
        ("app@0.1", "h@1"): ((), ("python_version < '4'",)),
        ("app@0.1", "z@1"): ((), ()),
        ("h@1", "h2@1"): (("extra:http-2", "extra:socks"), ("python_version < '4'",)),
        ("h@1", "idna@1"): ((), ()),
        # Both sets need it, each where it is asked for.
        ("h@1", "s@1"): (
            ("extra:http-2", "extra:socks"),
            ("os_name == 'y'", "python_version < '4' and os_name == 'x'"),
        ),
        ("z@1", "h@1"): ((), ("os_name == 'y'",)),
    }


def test_a_set_of_extras_without_its_package() -> None:
    """What the package itself needs is then open."""
    found = read(package("a", 'extras = ["x"]', 'dependencies = ["a==1"]'))

    assert reasons(found) == [("pdm.lock:7", "a stands in the lock with extras alone, so what it needs is open")]
    assert component(found, "a").dependencies is Completeness.INCOMPLETE


def test_repeated_entries_add_what_they_hold() -> None:
    """Groups, conditions and files of several entries of one package are united."""
    text = 'marker = "os_name == \'%s\'"\nfiles = [{file = "%s", hash = "sha256:' + DIGEST + '"}]'
    found = read(
        package("a", text % ("x", "a.whl"), groups='"dev"'), package("a", text % ("y", "b.whl")), package("b"),
        package("b", 'marker = "os_name == \'z\'"', groups='"dev"'),
    )  # fmt: skip

    assert markers(found) == {"a@1": ["os_name == 'x'", "os_name == 'y'"]}
    assert scopes(found) == {"a@1": Scope.REQUIRED, "b@1": Scope.REQUIRED}
    assert [d.url for d in component(found, "a").distributions] == ["a.whl", "b.whl"]


def test_several_targets() -> None:
    """A lock for several targets has a version for each; the range says which is meant, then the environments."""
    fork = [
        package("n", "marker = \"python_version == '3.10'\"", version="1"),
        package("n", "marker = \"python_version >= '3.11'\"", version="2"),
    ]
    found = read(
        *fork, package("a", 'dependencies = ["n"]'), package("b", "dependencies = [\"n; python_version < '3.11'\"]"),
        project=PROJECT % "\"n<2; python_version < '3.11'\", \"n>=2; python_version >= '3.11'\"",
    )  # fmt: skip

    assert asked(found) == {
        ("app@0.1", "n@1"): ((), ("python_version < '3.11'",)),
        ("app@0.1", "n@2"): ((), ("python_version >= '3.11'",)),
        ("a@1", "n@1"): ((), ("python_version == '3.10'",)),
        ("a@1", "n@2"): ((), ("python_version >= '3.11'",)),
        ("b@1", "n@1"): ((), ("python_version < '3.11'",)),
    }


def test_groups() -> None:
    """What no default group needs is not installed with the project; the roles say what it is for."""
    manifest = PROJECT % '"a"' + (
        '[project.optional-dependencies]\nui = ["o"]\nall = ["app[ui]"]\n[dependency-groups]\ntest = ["t", "app[ui]"]\n'
        '[tool.pdm.dev-dependencies]\nlint = ["-e file:///${PROJECT_ROOT}/l#egg=l"]\n'
    )
    head = HEAD.replace('"default"', '"default", "ui", "all", "test", "lint"')
    found = read(
        package("a"), package("o", groups='"ui", "all"'), package("t", groups='"test"'), package("l", groups='"lint"'),
        project=manifest, head=head,
    )  # fmt: skip

    assert scopes(found) == {"a@1": Scope.REQUIRED, "o@1": Scope.DEV, "t@1": Scope.DEV, "l@1": Scope.DEV}
    assert asked(found) == {
        ("app@0.1", "a@1"): ((), ()),
        ("app@0.1", "l@1"): (("group:lint",), ()),
        ("app@0.1", "o@1"): (("extra:all", "extra:ui", "group:test"), ()),
        ("app@0.1", "t@1"): (("group:test",), ()),
    }


def test_groups_that_the_lock_is_not_for() -> None:
    """What they ask for may be missing; but then the project does not list all that it may need."""
    manifest = PROJECT % '"a"' + '[project.optional-dependencies]\nx = ["gone"]\nall = ["app[x]"]\n'
    found = read(package("a"), project=manifest, head=HEAD.replace('"default"', '"default", "all"'))

    assert found.unknowns == ()
    assert component(found, "app").dependencies is Completeness.INCOMPLETE


def test_what_is_not_locked() -> None:
    """Under a marker it may be left out, since no target fits; otherwise it is missing."""
    found = read(package("a", 'dependencies = ["gone", "old; python_version < \'3\'"]'), project=PROJECT % '"lost>1"')

    assert reasons(found) == [
        ("pdm.lock:7", "gone, which a needs, is not in the lock"),
        ("pyproject.toml:4", "lost, which app needs, is not in the lock"),
    ]


def test_without_a_manifest_all_that_nothing_leads_to_hangs_on_the_project() -> None:
    """As what it is asked for the groups tell."""
    found = read(
        package("a", 'dependencies = ["b"]', "marker = \"os_name == 'x'\""),
        package("b"),
        package("t", groups='"dev", "test"'),
        package("o", groups=""),
        project=None,
    )

    assert asked(found) == {
        ("a@1", "b@1"): ((), ()),
        ("project", "a@1"): ((), ("os_name == 'x'",)),
        ("project", "o@1"): ((), ()),
        ("project", "t@1"): (("group:dev", "group:test"), ()),
    }


def test_a_project_that_only_has_settings_of_pdm() -> None:
    """Its development groups are asked for."""
    manifest = '[tool.pdm.dev-dependencies]\ntest = ["t"]\n'

    assert asked(read(package("t"), project=manifest, head=HEAD.replace("default", "test"))) == {
        ("project", "t@1"): (("group:test",), ())
    }


# -- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "lock version None is not known, only 2 to 4", 0),
        ('[metadata]\nlock_version = "5"\n', "lock version '5' is not known, only 2 to 4", 0),
        ("[metadata]\nlock_version = 4\n", "lock version 4 is not known, only 2 to 4", 0),
        ('package = 3\n[metadata]\nlock_version = "4.5"\n', "'package' is no array of tables", 0),
        ("[[package]]\nname =\n", "not TOML: Invalid value (at line 2, column 7)", 2),
    ],
)
def test_what_is_no_lock(text: str, message: str, line: int) -> None:
    """A file that is no lock at all is malformed, with the line where that is known."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PDM_LOCK, {"pdm.lock": text}, "pdm.lock")

    assert (str(caught.value), caught.value.line) == (message, line)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[package]]\nversion = "1"\n\n', "a package without a name"),
        ('[[package]]\nname = "a"\n\n', "a has no version"),
        ('[[package]]\nname = "a"\nversion = 3\n\n', "the version of a is no text"),
        (package("a", "dependencies = 3"), "a dependency of a is no requirement"),
        (package("a", 'dependencies = ["b c"]'), "a dependency of a is no requirement"),
        (package("a", 'files = "x"'), "a distribution file of a is no table"),
        (package("a", "files = [{hash = 3}]"), "a hash of a cannot be used: '' is no known hash algorithm"),
    ],
)
def test_a_malformed_part_is_unknown(text: str, reason: str) -> None:
    """A part that is not understood is an unknown with its line, and the rest of the lock is kept."""
    found = read(text, package("zz"))

    assert ("pdm.lock:7", reason) in reasons(found)
    assert component(found, "zz").dependencies is Completeness.COMPLETE


def test_unknown_dependencies_are_incomplete() -> None:
    """A package of which a dependency was not understood does not claim to list them all."""
    found = read(package("a", "dependencies = [3]"), package("b"), package("b", 'extras = ["x"]', "dependencies = [3]"))

    assert {component(found, name).dependencies for name in "ab"} == {Completeness.INCOMPLETE}


def test_credentials_are_nowhere() -> None:
    """User names and passwords of URLs stand in no field of the inventory."""
    url = "https://user:hunter2@host.packages.example/a"
    lines = [
        f'git = "{url}"',
        f'url = "{url}"',
        f'files = [{{url = "{url}"}}]',
        f'dependencies = ["b @ {url}", "x @ {url} y"]',
    ]
    found = read(
        *(package(f"p{n}", line) for n, line in enumerate(lines)), project=PROJECT % f'"q @ {url}", "q @ {url} z"'
    )

    assert len(found.components) == 5
    assert "hunter2" not in repr(found)


DOCUMENT: dict[str, Any] = {
    "metadata": {"lock_version": "4.5.0", "groups": ["default", "dev"], "files": {"c 1": [{"file": "c", "hash": "x"}]}},
    "package": [
        {
            "name": "a", "version": "1", "summary": "d", "requires_python": ">=3", "groups": ["default"], "marker": "os_name == 'x'",
            "files": [{"file": "a-1.whl", "hash": f"sha256:{DIGEST}"}], "dependencies": ["b>=1; os_name == 'x'", "c[x]"],
        },
        {"name": "a", "version": "1", "extras": ["x"], "groups": ["dev"], "dependencies": ["a==1", "b[y,z]"]},
        {"name": "b", "version": "1", "path": "./libs/b", "editable": True},
        {"name": "b", "version": "2", "git": "u", "ref": "r", "revision": "0", "subdirectory": "s"},
        {"name": "b", "version": "2", "url": "https://h.example/b.whl"},
        {"name": "c", "version": "1"},
    ],
}  # fmt: skip


@given(document=tampered(DOCUMENT), manifest=st.sampled_from([None, PROJECT % '"a[x]"']))
@settings(deadline=None, max_examples=400, derandomize=True)
def test_tampered_locks(document: dict[str, Any], manifest: str | None) -> None:
    """Whatever is dropped, repeated or of another type: every entry is a component or an unknown."""
    try:
        found = read(toml_document(document), project=manifest, head="")
    except MalformedError:
        return
    names = [p.get("name") if isinstance(p, dict) else None for p in document.get("package", [])]

    assert {n for n in names if isinstance(n, str) and n} <= {c.name for c in found.components}
    assert ("a package without a name" in {u.reason for u in found.unknowns}) is any(
        not isinstance(n, str) or not n for n in names
    )


@given(data=st.binary(max_size=300), start=st.integers(0, 400), length=st.integers(0, 60))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_bytes(data: bytes, start: int, length: int) -> None:
    """No file makes the resolver fail in another way than with an error of its own."""
    sample = (HEAD + package("a", 'extras = ["x"]', "dependencies = [\"b; os_name == 'x'\"]") + package("b")).encode()
    for content in (data, sample[:start] + data + sample[start + length :]):
        try:
            parse_pdm_lock(MemoryTree({"pdm.lock": content, "pyproject.toml": content}), "pdm.lock")
        except BomvetError as error:
            assert str(error)  # noqa: PT017 - that it is one is what matters


def test_edges_without_anything_else() -> None:
    """Plain dependencies are plain edges."""
    assert asked(read(package("a", 'dependencies = ["b"]'), package("b"))) == plain(("a@1", "b@1"))
