"""pylock.toml (PEP 751): sources, files, extras and groups in markers, edges where they are stated, what can be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.globs import compiled
from bomvet.model.inventory import Completeness, Component, Distribution, Hash, Inventory, Kind, Location, Scope
from bomvet.resolvers.python.pylock import PYLOCK, parse_pylock
from tests.harness import MemoryTree, component, run_resolver
from tests.resolvers.python.reading import asked, markers, plain, reasons, scopes, tampered, toml_document

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = "aa" * 32
HEAD = 'lock-version = "1.0"\ncreated-by = "tool"\n\n'
PROJECT = '[project]\nname = "app"\nversion = "0.1"\ndependencies = [%s]\n'


def package(name: str, *lines: str, version: str = "1", source: str | None = None) -> str:
    """A `[[packages]]` table; `source` and `lines` are lines of it."""
    files = f'wheels = [{{ name = "{name}-1-py3-none-any.whl", url = "https://h.example/{name}-1-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}]'
    head = [f'name = "{name}"', *([f'version = "{version}"'] if version else []), files if source is None else source]
    return "\n".join(("[[packages]]", *head, *lines, "", ""))


def read(
    *packages: str, files: Mapping[str, str] | None = None, head: str = HEAD, path: str = "pylock.toml"
) -> Inventory:
    """The inventory of a lock of `packages`."""
    return run_resolver(PYLOCK, {path: head + "".join(packages), **(files or {})}, path)


# -- packages --------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """A package carries its files with digests, sizes and times, its index and identities, and the line of its name."""
    text = f"""[[packages]]
version = "4"
name = "typing-extensions"
requires-python = ">=3.9"
index = "https://u:p@index.packages.example/simple"
sdist = {{ name = "typing_extensions-4.tar.gz", url = "https://u:p@h.example/x", upload-time = 2025-01-02T03:04:05Z, size = 7, hashes = {{ sha256 = "{DIGEST}", md5 = "{"0" * 32}" }} }}
[[packages.wheels]]
path = "wheels/Typing.Extensions-4-py3-none-any.whl"
upload-time = 2025-01-02T03:04:05
hashes = {{ sha512 = "{"b" * 128}" }}
[[packages.attestation-identities]]
kind = "GitHub"
workflow = "release.yml"
repository = "o/r"
"""
    expected = Component(
        purl="pkg:pypi/typing-extensions@4",
        name="typing-extensions",
        version="4",
        distributions=(
            Distribution(
                url="https://h.example/x",
                hashes=(Hash(algorithm="md5", value="0" * 32), Hash(algorithm="sha256", value=DIGEST)),
                size=7,
                uploaded="2025-01-02T03:04:05Z",
                source=True,
            ),
            Distribution(
                url="wheels/Typing.Extensions-4-py3-none-any.whl",
                hashes=(Hash(algorithm="sha512", value="b" * 128),),
                uploaded="2025-01-02T03:04:05Z",
            ),
        ),
        locations=(Location(path="pylock.toml", line=6),),
        properties=(
            ("bomvet:attestation-identity", '{"kind":"GitHub","repository":"o/r","workflow":"release.yml"}'),
            ("bomvet:registry", "https://index.packages.example/simple"),
            ("bomvet:requires-python", ">=3.9"),
        ),
    )
    project = Component(
        purl="pkg:generic/project", name="project", kind=Kind.APPLICATION, directory="", locations=(Location(path="pylock.toml"),)
    )  # fmt: skip
    found = read(text)

    assert (found.components, found.unknowns) == ((project, expected), ())
    assert asked(found) == plain(("project", "typing-extensions@4"))


@pytest.mark.parametrize(
    ("source", "purl", "urls"),
    [
        ('vcs = { type = "git", url = "https://u:p@git.packages.example/r", requested-revision = "main", commit-id = "0f" }', "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/r%400f", []),
        ('vcs = { type = "hg", path = "../r", commit-id = "0e" }', "pkg:pypi/a@1?vcs_url=hg%2B../r%400e", []),
        (f'archive = {{ url = "https://u:p@h.example/a.zip", hashes = {{ sha256 = "{DIGEST}" }} }}', "pkg:pypi/a@1?download_url=https://h.example/a.zip", ["https://h.example/a.zip"]),
        (f'archive = {{ path = "dist/a-1.tar.gz", hashes = {{ sha256 = "{DIGEST}" }} }}', "pkg:pypi/a@1?file_name=a-1.tar.gz", ["dist/a-1.tar.gz"]),
    ],
)  # fmt: skip
def test_sources(source: str, purl: str, urls: list[str]) -> None:
    """Where a package comes from is part of its identity unless an index serves it; credentials are left out."""
    found = read(package("a", source=source))

    assert (component(found, "a").purl, found.unknowns) == (purl, ())
    assert [d.url for d in component(found, "a").distributions] == urls


def test_versions_that_are_not_stated() -> None:
    """The name of an archive states its version, a commit needs none, and a folder has its own."""
    found = read(
        package("a", version="", source=f'archive = {{ url = "https://h.example/a-1.2-py3-none-any.whl", hashes = {{ sha256 = "{DIGEST}" }} }}'),
        package("b", version="", source='vcs = { type = "git", url = "https://h.example/b", commit-id = "0" }'),
        package("lib", version="", source='directory = { path = "libs", subdirectory = "lib", editable = true }'),
        files={"libs/lib/pyproject.toml": '[project]\nname = "Lib"\nversion = "2"'},
    )  # fmt: skip

    assert [(c.label, c.directory) for c in found.components] == [
        ("lib@2", "libs/lib"),
        ("project", ""),
        ("a@1.2", None),
        ("b", None),
    ]
    assert found.unknowns == ()


def test_the_project_itself_may_be_in_the_lock() -> None:
    """It is what all hangs on then."""
    found = read(package("app", source='directory = { path = "." }'), package("a"))

    assert asked(found) == plain(("app@1", "a@1"))
    assert [c.label for c in found.components if c.first_party] == ["app@1"]


@pytest.mark.parametrize(
    ("path", "claimed"),
    [("pylock.toml", True), ("a/pylock.dev.toml", True), ("pylock.toml.bak", False), ("xpylock.toml", False)],
)
def test_which_files_are_read(path: str, claimed: bool) -> None:  # noqa: FBT001
    """The lock, and those with a name."""
    assert any(compiled(glob).fullmatch(path) is not None for glob in PYLOCK.globs) is claimed


# -- extras, groups, environments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "scope", "edge", "conditions"),
    [
        ("python_version < '3'", Scope.REQUIRED, ((), ("python_version < '3'",)), ["python_version < '3'"]),
        ("'default' in dependency_groups", Scope.REQUIRED, ((), ()), []),
        ("'default' in dependency_groups or 'dev' in dependency_groups", Scope.REQUIRED, ((), ()), []),
        ("'x' in extras and os_name == 'y'", Scope.OPTIONAL, (("extra:x",), ("os_name == 'y'",)), ["os_name == 'y'"]),
        ("'x' in extras or 'dev' in dependency_groups", Scope.OPTIONAL, (("extra:x", "group:dev"), ()), []),
        ("'x' in extras and 'y' in extras", Scope.OPTIONAL, (("extra:x", "extra:y"), ()), []),
        ("'dev' in dependency_groups", Scope.DEV, (("group:dev",), ()), []),
        ("'a' in dependency_groups and 'b' in dependency_groups", Scope.DEV, (("group:a", "group:b"), ()), []),
        ("os_name == 'y' or 'x' in extras", Scope.REQUIRED, ((), ()), []),
        ("not a marker in extras", Scope.REQUIRED, ((), ("not a marker in extras",)), ["not a marker in extras"]),
    ],
)
def test_markers(
    marker: str, scope: Scope, edge: tuple[tuple[str, ...], tuple[str, ...]], conditions: list[str]
) -> None:
    """A marker says for which extras and groups a package is, and in which environments."""
    found = read(package("a", f'marker = "{marker}"'), head=f'{HEAD}default-groups = ["default"]\n')

    assert scopes(found) == {"a@1": scope}
    assert asked(found) == {("project", "a@1"): edge}
    assert markers(found).get("a@1", []) == conditions


# -- edges -----------------------------------------------------------------------------------------------------


def test_edges_that_are_stated() -> None:
    """An entry names what tells its package from others of the name; the conditions are those of the target."""
    fork = [
        package("n", "marker = \"python_version < '3'\""),
        package("n", "marker = \"python_version >= '3'\"", version="2"),
        package("n", version="3", source='vcs = { type = "git", url = "https://h.example/n", commit-id = "0" }'),
    ]
    found = read(
        package("a", 'dependencies = [{ name = "B" }, { name = "n", version = "2" }]'),
        package("b", 'dependencies = [{ name = "n", vcs = { url = "https://h.example/n" } }]'),
        package("c", 'dependencies = [{ name = "n" }]'),
        *fork,
        package("z"),
    )

    assert asked(found) == {
        ("project", "a@1"): ((), ()),
        ("project", "c@1"): ((), ()),
        ("project", "z@1"): ((), ()),
        ("a@1", "b@1"): ((), ()),
        ("a@1", "n@2"): ((), ("python_version >= '3'",)),
        ("b@1", "n@3"): ((), ()),
        ("c@1", "n@1"): ((), ("python_version < '3'",)),
        ("c@1", "n@2"): ((), ("python_version >= '3'",)),
        ("c@1", "n@3"): ((), ()),
    }
    assert {c.label: c.dependencies for c in found.components if c.name in "abz"} == {
        "a@1": Completeness.COMPLETE,
        "b@1": Completeness.COMPLETE,
        "z@1": Completeness.UNKNOWN,
    }


def test_edges_of_pdm() -> None:
    """PDM states them in its own corner, as requirements; in other corners stands nothing of the kind."""
    found = read(
        package("a", "tool.pdm.dependencies = [\"b>=1; os_name == 'x'\", \"gone; os_name == 'y'\"]"),
        package("b", "tool.pdm.dependencies = []"),
        package("c", 'tool.pdm.dependencies = 3\ntool.other.dependencies = ["a"]'),
    )

    assert asked(found) == {
        ("project", "a@1"): ((), ()),
        ("project", "c@1"): ((), ()),
        ("a@1", "b@1"): ((), ("os_name == 'x'",)),
    }
    assert [component(found, name).dependencies for name in "abc"] == [
        Completeness.COMPLETE,
        Completeness.COMPLETE,
        Completeness.UNKNOWN,
    ]
    assert found.unknowns == ()


def test_the_manifest_says_what_is_asked_for() -> None:
    """What it does not name hangs on nothing; extras and groups may be missing, the rest may not."""
    manifest = PROJECT % '"a; os_name == \'x\'", "lost"' + '[dependency-groups]\ndev = ["t", "gone"]\n'
    found = read(
        package("a", "marker = \"os_name == 'x'\""), package("deep"), package("t"), files={"pyproject.toml": manifest}
    )

    assert asked(found) == {("app@0.1", "a@1"): ((), ("os_name == 'x'",)), ("app@0.1", "t@1"): (("group:dev",), ())}
    assert reasons(found) == [("pyproject.toml:4", "lost, which app needs, is not in the lock")]
    assert component(found, "app").dependencies is Completeness.INCOMPLETE


def test_versions_that_the_manifest_asks_for() -> None:
    """Of several the range says which."""
    found = read(package("n"), package("n", version="2"), files={"pyproject.toml": PROJECT % '"n>1"'})

    assert asked(found) == plain(("app@0.1", "n@2"))


def test_a_lock_with_a_name_may_be_for_anything() -> None:
    """So the manifest does not speak for it."""
    found = read(package("a"), package("b"), files={"pyproject.toml": PROJECT % '"a"'}, path="pylock.lint.toml")

    assert asked(found) == plain(("app@0.1", "a@1"), ("app@0.1", "b@1"))
    assert component(found, "app").dependencies is Completeness.UNKNOWN


# -- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "lock version None is not known, only 1.x", 0),
        ('lock-version = "2.0"\n', "lock version '2.0' is not known, only 1.x", 0),
        ("lock-version = 1.0\n", "lock version 1.0 is not known, only 1.x", 0),
        ('lock-version = "1.0"\npackages = 3\n', "'packages' is no array of tables", 0),
        ("[[packages]]\nname =\n", "not TOML: Invalid value (at line 2, column 7)", 2),
    ],
)
def test_what_is_no_lock(text: str, message: str, line: int) -> None:
    """A file that is no lock at all is malformed, with the line where that is known."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PYLOCK, {"pylock.toml": text}, "pylock.toml")

    assert (str(caught.value), caught.value.line) == (message, line)


HASHES = f'hashes = {{ sha256 = "{DIGEST}" }}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[packages]]\nversion = "1"\n\n', "a package without a name"),
        (package("a", version=""), "a has no version"),
        (package("a", "version = 3", version=""), "the version of a is no text"),
        (package("a", source=""), "where a comes from is not understood"),
        (package("a", 'directory = { path = "." }'), "where a comes from is not understood"),
        (package("a", source='vcs = { type = "git" }'), "where a comes from is not understood"),
        (package("a", source="directory = 3"), "where a comes from is not understood"),
        (package("a", source="wheels = 3"), "a distribution file of a is no table"),
        (package("a", source="sdist = [3]"), "a distribution file of a is no table"),
        (package("a", source='sdist = { name = "a-1.zip" }'), "a distribution file of a has no hashes"),
        (package("a", source=f'wheels = [{{ url = "https://h.example/b-1-py3-none-any.whl", {HASHES} }}]'), "a distribution file of a has the name of another package"),
        (package("a", source='sdist = { name = "a-1.zip", hashes = { sha3 = "0" } }'), "a hash of a cannot be used: 'sha3' is no known hash algorithm"),
        (package("a", "attestation-identities = 3"), "an attestation identity of a is not understood"),
        (package("a", "attestation-identities = [{ name = 3 }]"), "an attestation identity of a is not understood"),
        (package("a", 'attestation-identities = [{ kind = "x", n = 99999999999999999999 }]'), "an attestation identity of a is not understood"),
        (package("a", "dependencies = 3"), "a dependency of a has no name"),
        (package("a", 'dependencies = ["b"]'), "a dependency of a has no name"),
        (package("a", 'tool.pdm.dependencies = ["b c"]'), "a dependency of a has no name"),
        (package("a", 'dependencies = [{ name = "gone" }]'), "gone, which a needs, is not in the lock"),
        (package("a", 'dependencies = [{ name = "zz", version = "9" }]') + package("zz", version="2"), "zz, which a needs, is not in the lock"),
        (package("a", source='directory = { path = "../a" }'), "a lies outside the scanned tree"),
    ],
)  # fmt: skip
def test_a_malformed_part_is_unknown(text: str, reason: str) -> None:
    """A part that is not understood is an unknown with its line, and the rest of the lock is kept."""
    found = read(text, package("zz"))

    assert ("pylock.toml:5", reason) in reasons(found)
    assert "pkg:pypi/zz@1" in {c.purl for c in found.components}


def test_unknown_dependencies_are_incomplete() -> None:
    """A package of which a dependency was not understood does not claim to list them all."""
    assert component(read(package("a", "dependencies = [3]")), "a").dependencies is Completeness.INCOMPLETE


def test_a_package_of_two_sources_does_not_pass_for_our_own() -> None:
    """It is judged like any package of an index."""
    found = read(package("a", 'directory = { path = "." }'))

    assert [(c.purl, c.first_party) for c in found.components if c.name == "a"] == [("pkg:pypi/a@1", False)]


def test_credentials_are_nowhere() -> None:
    """User names and passwords of URLs stand in no field of the inventory."""
    url = "https://user:hunter2@host.packages.example/a"
    found = read(
        package("a", f'index = "{url}"', source=f'sdist = {{ url = "{url}", {HASHES} }}'),
        package("b", source=f'archive = {{ url = "{url}", {HASHES} }}'),
        package("c", source=f'vcs = {{ type = "git", url = "{url}", commit-id = "0" }}'),
        package("d", f'dependencies = [{{ name = "c", vcs = {{ url = "{url}" }} }}]'),
    )

    assert len(found.components) == 5
    assert "hunter2" not in repr(found)


DOCUMENT: dict[str, Any] = {
    "lock-version": "1.0",
    "created-by": "tool",
    "default-groups": ["default"],
    "packages": [
        {
            "name": "a", "version": "1", "marker": "'x' in extras and os_name == 'y'", "requires-python": ">=3", "index": "https://h.example",
            "wheels": [{"name": "a-1.whl", "url": "https://h.example/a-1.whl", "size": 3, "hashes": {"sha256": DIGEST}}],
            "sdist": {"path": "a-1.zip", "upload-time": "x", "hashes": {"md5": "0"}},
            "dependencies": [{"name": "b", "version": "2"}, {"name": "c", "vcs": {"url": "u"}}],
            "attestation-identities": [{"kind": "GitHub", "n": {"x": [1]}}],
        },
        {"name": "b", "version": "1", "directory": {"path": "libs/b", "editable": True}, "tool": {"pdm": {"dependencies": ["a; os_name == 'z'"]}}},
        {"name": "b", "version": "2", "archive": {"url": "https://h.example/b-2.zip", "hashes": {"sha256": DIGEST}}},
        {"name": "c", "vcs": {"type": "git", "url": "u", "commit-id": "0"}, "marker": "'dev' in dependency_groups"},
    ],
}  # fmt: skip


@given(document=tampered(DOCUMENT), manifest=st.sampled_from([None, PROJECT % '"a", "b>1"']))
@settings(deadline=None, max_examples=400, derandomize=True)
def test_tampered_locks(document: dict[str, Any], manifest: str | None) -> None:
    """Whatever is dropped, repeated or of another type: every entry is a component or an unknown."""
    try:
        found = read(toml_document(document), files={"pyproject.toml": manifest} if manifest else {}, head="")
    except MalformedError:
        return
    names = [p.get("name") if isinstance(p, dict) else None for p in document.get("packages", [])]

    assert {n for n in names if isinstance(n, str) and n} <= {c.name for c in found.components}
    assert ("a package without a name" in {u.reason for u in found.unknowns}) is any(
        not isinstance(n, str) or not n for n in names
    )


@given(data=st.binary(max_size=300), start=st.integers(0, 400), length=st.integers(0, 60))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_bytes(data: bytes, start: int, length: int) -> None:
    """No file makes the resolver fail in another way than with an error of its own."""
    sample = (
        HEAD + package("a", "marker = \"'x' in extras\"", 'dependencies = [{ name = "b" }]') + package("b")
    ).encode()
    for content in (data, sample[:start] + data + sample[start + length :]):
        try:
            parse_pylock(MemoryTree({"pylock.toml": content, "pyproject.toml": content}), "pylock.toml")
        except BomvetError as error:
            assert str(error)  # noqa: PT017 - that it is one is what matters
