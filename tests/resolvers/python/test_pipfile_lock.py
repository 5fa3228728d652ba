"""Pipfile.lock: categories, sources, the Pipfile beside it, and what can be wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.errors import BomvetError, MalformedError
from bomvet.model.inventory import Completeness, Component, Distribution, Hash, Inventory, Kind, Location, Scope
from bomvet.model.purl import pypi_name
from bomvet.resolvers.python.pipfile_lock import PIPFILE_LOCK, parse_pipfile_lock
from tests.harness import MemoryTree, component, run_resolver
from tests.resolvers.python.reading import asked, markers, plain, reasons, scopes, tampered

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = "aa" * 32
META: dict[str, Any] = {
    "hash": {"sha256": "00"},
    "pipfile-spec": 6,
    "requires": {},
    "sources": [
        {"name": "main", "url": "https://u:p@index.packages.example/simple", "verify_ssl": True},
        {"name": "own", "url": "https://own.packages.example/simple", "verify_ssl": True},
    ],
}


def read(*, files: Mapping[str, str] | None = None, **categories: Any) -> Inventory:
    """The inventory of a lock of `categories`."""
    text = json.dumps({"_meta": META, **categories}, indent=4)
    return run_resolver(PIPFILE_LOCK, {"Pipfile.lock": text, **(files or {})}, "Pipfile.lock")


# -- packages --------------------------------------------------------------------------------------------------


def test_a_package() -> None:
    """A package carries its digests, extras, conditions, the source, and the line that it begins on."""
    value = {
        "extras": ["socks"],
        "hashes": [f"sha256:{DIGEST}"],
        "markers": "python_version >= '3.9'",
        "version": "==2",
    }
    expected = Component(
        purl="pkg:pypi/typing-extensions@2",
        name="typing-extensions",
        version="2",
        hashes=(Hash(algorithm="sha256", value=DIGEST),),
        locations=(Location(path="Pipfile.lock", line=22),),
        properties=(
            ("bomvet:extra", "socks"),
            ("bomvet:marker", "python_version >= '3.9'"),
            ("bomvet:registry", "https://index.packages.example/simple"),
        ),
    )
    project = Component(
        purl="pkg:generic/project",
        name="project",
        kind=Kind.APPLICATION,
        directory="",
        locations=(Location(path="Pipfile.lock"),),
    )
    found = read(default={"Typing_Extensions": value})

    assert (found.components, found.unknowns) == ((project, expected), ())
    assert [str(place) for r in found.relationships for place in r.evidence] == ["Pipfile.lock:22"]


@pytest.mark.parametrize(
    ("value", "purl", "urls"),
    [
        ({"version": "===1"}, "pkg:pypi/a@1", []),
        ({"git": "https://u:p@git.packages.example/r.git", "ref": "0f", "editable": True}, "pkg:pypi/a?vcs_url=git%2Bhttps://git.packages.example/r.git%400f", []),
        ({"hg": "https://hg.packages.example/r", "path": "x"}, "pkg:pypi/a?vcs_url=hg%2Bhttps://hg.packages.example/r", []),
        ({"file": "https://u:p@packages.example/a-1.2-py3-none-any.whl"}, "pkg:pypi/a@1.2?download_url=https://packages.example/a-1.2-py3-none-any.whl", ["https://packages.example/a-1.2-py3-none-any.whl"]),
        ({"path": "https://packages.example/a.zip", "version": "==3"}, "pkg:pypi/a@3?download_url=https://packages.example/a.zip", ["https://packages.example/a.zip"]),
        ({"path": "./wheels/a-1.tar.gz"}, "pkg:pypi/a@1?file_name=a-1.tar.gz", ["wheels/a-1.tar.gz"]),
    ],
)  # fmt: skip
def test_sources(value: dict[str, Any], purl: str, urls: list[str]) -> None:
    """Where a package comes from is part of its identity unless an index serves it; credentials are left out."""
    found = read(default={"a": {**value, "hashes": [f"sha256:{DIGEST}"]}})
    a = component(found, "a")

    assert (a.purl, [d.url for d in a.distributions], found.unknowns) == (purl, urls, ())
    assert {h.value for h in (*a.hashes, *(h for d in a.distributions for h in d.hashes))} == {DIGEST}


def test_a_file_is_built_or_not() -> None:
    """A source archive is told from a wheel."""
    found = read(default={"a": {"file": "a-1.tar.gz"}, "b": {"file": "b-1-py3-none-any.whl"}})

    assert [component(found, name).distributions for name in "ab"] == [
        (Distribution(url="a-1.tar.gz", source=True),),
        (Distribution(url="b-1-py3-none-any.whl"),),
    ]


def test_registries() -> None:
    """The index that an entry names, else the first source."""
    found = read(
        default={
            "a": {"version": "==1", "index": "own"},
            "b": {"version": "==1"},
            "c": {"version": "==1", "index": "?"},
        }
    )

    assert {c.name: c.properties for c in found.components if not c.first_party} == {
        "a": (("bomvet:registry", "https://own.packages.example/simple"),),
        "b": (("bomvet:registry", "https://index.packages.example/simple"),),
        "c": (("bomvet:registry", "https://index.packages.example/simple"),),
    }


def test_folders_are_projects() -> None:
    """A path dependency is first-party, and of none is it known what it needs; the project itself is no other."""
    found = read(
        default={"lib": {"path": "./libs/lib", "editable": True}, "e1839a8": {"path": ".", "editable": True}},
        files={"libs/lib/pyproject.toml": '[project]\nname = "Lib"\nversion = "2"'},
    )

    assert [(c.purl, c.directory, c.dependencies) for c in found.components] == [
        ("pkg:generic/lib@2?path=libs/lib", "libs/lib", Completeness.UNKNOWN),
        ("pkg:generic/project", "", Completeness.UNKNOWN),
    ]
    assert asked(found) == plain(("project", "lib@2"))


def test_what_is_not_pinned() -> None:
    """It is a component without a version, and an open question."""
    found = read(
        default={"a": {"version": "*", "markers": "sys_platform == 'win32'"}, "b": {}, "c": {"version": "==1.*"}}
    )

    assert [c.purl for c in found.components if not c.first_party] == ["pkg:pypi/a", "pkg:pypi/b", "pkg:pypi/c"]
    assert [reason for _, reason in reasons(found)] == [
        f"{name} is not pinned, so what gets installed is open" for name in "abc"
    ]


def test_conditions_of_old_locks() -> None:
    """They stand under keys of their own."""
    found = read(
        default={"a": {"version": "==1", "os_name": "== 'nt'", "markers": "python_version < '3' or os_name == 'x'"}}
    )

    assert markers(found) == {"a@1": ["(python_version < '3' or os_name == 'x') and os_name == 'nt'"]}


# -- categories ------------------------------------------------------------------------------------------------


def test_categories() -> None:
    """What the default category needs is required, all else is development; the roles say which."""
    one = {"version": "==1"}
    found = read(
        default={"a": one, "c": one},
        develop={"a": {**one, "markers": "os_name == 'x'"}, "b": one},
        Docs_site={"d": one},
    )

    assert scopes(found) == {"a@1": Scope.REQUIRED, "b@1": Scope.DEV, "c@1": Scope.REQUIRED, "d@1": Scope.DEV}
    assert asked(found) == {
        ("project", "a@1"): ((), ()),
        ("project", "b@1"): (("dev",), ()),
        ("project", "c@1"): ((), ()),
        ("project", "d@1"): (("group:docs-site",), ()),
    }
    assert markers(found) == {}  # the default category needs it everywhere
    assert {c.dependencies for c in found.components} == {Completeness.UNKNOWN}


PIPFILE = """[[source]]
url = "https://index.packages.example/simple"
name = "main"

[packages]
A = "*"
win = {version = "*", markers = "os_name == 'nt'"}
gone = "*"

[dev-packages]
b = ">1"

[dev-packages.e]
path = "e"

[requires]
python_version = "3.12"
"""


def test_a_pipfile_says_what_is_asked_for() -> None:
    """What it does not name hangs on nothing, since nobody knows what needs it; of further categories it is all."""
    one = {"version": "==1"}
    found = read(
        default={"a": {**one, "markers": "os_name == 'x'"}, "deep": one},
        develop={"a": one, "b": one, "e": one},
        docs={"d": one},
        files={"Pipfile": PIPFILE},
    )

    assert asked(found) == {
        ("project", "a@1"): ((), ("os_name == 'x'",)),
        ("project", "b@1"): (("dev",), ()),
        ("project", "d@1"): (("group:docs",), ()),
        ("project", "e@1"): (("dev",), ()),
    }
    lines = {r.target[9:10]: [str(place) for place in r.evidence] for r in found.relationships}
    assert lines == {"a": ["Pipfile:6"], "b": ["Pipfile:11"], "d": ["Pipfile.lock:42"], "e": ["Pipfile:13"]}
    assert reasons(found) == [("Pipfile:8", "gone, which project needs, is not in the lock")]
    assert component(found, "project").dependencies is Completeness.INCOMPLETE


def test_a_pipfile_that_is_locked_in_full() -> None:
    """Then the project lists all that it asks for."""
    found = read(default={"a": {"version": "==1"}}, files={"Pipfile": '[packages]\na = "*"\n'})

    assert component(found, "project").dependencies is Completeness.COMPLETE
    assert found.unknowns == ()


def test_a_pipfile_that_cannot_be_read() -> None:
    """What the project asks for is open then."""
    found = read(default={"a": {"version": "==1"}}, files={"Pipfile": "[packages]\na =\n"})

    assert asked(found) == plain(("project", "a@1"))
    assert reasons(found) == [
        ("Pipfile:2", "what the project asks for is open: not TOML: Invalid value (at line 2, column 4)")
    ]


# -- what is wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "not JSON: unexpected end of data", 1),
        ("[]", "no JSON object", 1),
        ('{"a": {}}', "no lock of Pipenv: it has neither _meta nor default", 1),
    ],
)
def test_what_is_no_lock(text: str, message: str, line: int) -> None:
    """A file that is no lock at all is malformed, with the line where that is known."""
    with pytest.raises(MalformedError) as caught:
        run_resolver(PIPFILE_LOCK, {"Pipfile.lock": text}, "Pipfile.lock")

    assert (str(caught.value).partition(":")[0], caught.value.line) == (message.partition(":")[0], line)


@pytest.mark.parametrize(
    ("value", "line", "reason"),
    [
        (3, "", "what 'a' is pinned to is not understood"),
        (None, "", "what 'a' is pinned to is not understood"),
        ({"version": "==1", "hashes": "x"}, ":22", "a hash of a cannot be used: 'x' is no known hash algorithm"),
        ({"version": "==1", "hash": "sha256:0"}, ":22", "a hash of a cannot be used: a sha256 hash has 64 hexadecimal digits, which this has not"),
    ],
)  # fmt: skip
def test_a_malformed_part_is_unknown(value: object, line: str, reason: str) -> None:
    """A part that is not understood is an unknown, and the rest of the lock is kept."""
    found = read(default={"a": value, "zz": {"version": "==1"}})

    assert reasons(found) == [(f"Pipfile.lock{line}", reason)]
    assert component(found, "zz").version == "1"


def test_a_category_that_is_none() -> None:
    """It is told, as nothing of it is in the result."""
    assert reasons(read(default={}, develop=[])) == [("Pipfile.lock", "the category 'develop' is no object")]


def test_lines_of_names_in_other_places() -> None:
    """Keys within entries are not taken for entries, and values not for keys."""
    text = '{"_meta": {"default": {}}, "default":\n{"a": {"b": {}, "d": [{}], "version": "==1", "x": "b"},\n"b": {"version": "==1"},\n"\\u0063": {},\n"d": {}}}'
    found = run_resolver(PIPFILE_LOCK, {"Pipfile.lock": text}, "Pipfile.lock")

    assert {c.name: c.locations[0].line for c in found.components} == {"a": 2, "b": 3, "c": 4, "d": 5, "project": 0}


def test_credentials_are_nowhere() -> None:
    """User names and passwords of URLs stand in no field of the inventory."""
    url = "https://user:hunter2@host.packages.example/a"
    found = read(default={f"p{n}": {key: url} for n, key in enumerate(("git", "file", "path"))})

    assert len(found.components) == 4
    assert "hunter2" not in repr(found)


DOCUMENT: dict[str, Any] = {
    "_meta": META,
    "default": {
        "a": {"version": "==1", "hashes": [f"sha256:{DIGEST}"], "markers": "os_name == 'x'", "index": "own", "extras": ["x"]},
        "b": {"git": "u", "ref": "0", "editable": True},
        "c": {"path": "./c"},
    },
    "develop": {"a": {"version": "==1"}, "d": {"file": "https://h.example/d-1.zip"}},
}  # fmt: skip


@given(document=tampered(DOCUMENT, null=True), pipfile=st.sampled_from([None, PIPFILE]))
@settings(deadline=None, max_examples=400, derandomize=True)
def test_tampered_locks(document: dict[str, Any], pipfile: str | None) -> None:
    """Whatever is dropped, null or of another type: every entry is a component or an unknown."""
    files = {"Pipfile.lock": json.dumps(document), **({"Pipfile": pipfile} if pipfile else {})}
    try:
        found = run_resolver(PIPFILE_LOCK, files, "Pipfile.lock")
    except MalformedError:
        return
    entries = [
        (name, value)
        for category, values in document.items()
        if category != "_meta" and isinstance(values, dict)
        for name, value in values.items()
    ]

    good = {pypi_name(name) for name, value in entries if isinstance(value, dict)}
    assert good <= {c.name for c in found.components}
    bad = {f"what {name!r} is pinned to is not understood" for name, value in entries if not isinstance(value, dict)}
    assert bad <= {u.reason for u in found.unknowns}


@given(data=st.binary(max_size=300), start=st.integers(0, 900), length=st.integers(0, 60))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_bytes(data: bytes, start: int, length: int) -> None:
    """No file makes the resolver fail in another way than with an error of its own."""
    sample = json.dumps(DOCUMENT).encode()
    for content in (data, sample[:start] + data + sample[start + length :]):
        try:
            parse_pipfile_lock(MemoryTree({"Pipfile.lock": content, "Pipfile": data}), "Pipfile.lock")
        except BomvetError as error:
            assert str(error)  # noqa: PT017 - that it is one is what matters
