"""`conda-lock.yml`: `CONDA_LOCK`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import MalformedError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Distribution,
    Hash,
    Inventory,
    Kind,
    Location,
    Relationship,
    Scope,
)
from bomvet.resolvers.conda.conda_lock import CONDA_LOCK
from tests.harness import component, edges, run_resolver
from tests.resolvers.mutations import damaged, survives

MD5, SHA = "a" * 32, "b" * 64
TEXT = f"""\
version: 1
metadata:
  channels:
  - url: conda-forge
  sources:
  - environment.yml
package:
- name: numpy
  version: 1.26.4
  manager: conda
  platform: linux-64
  dependencies:
    python: '>=3.11'
    __glibc: '>=2.17'
  url: https://conda.packages.example/conda-forge/linux-64/numpy-1.26.4-py311_0.conda
  hash:
    md5: {MD5}
    sha256: {SHA}
  category: main
  optional: false
- name: 'python'
  version: 3.11.8
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: https://conda.packages.example/pkgs/main/linux-64/python-3.11.8-h_0.tar.bz2
  hash:
    md5: {MD5}
  category: main
  optional: false
- name: flask  # of pip
  version: 3.0.0
  manager: pip
  platform: linux-64
  dependencies:
    Num_Py: '*'
    numpy: '*'
    gone: '*'
  url: https://pypi.packages.example/flask-3.0.0-py3-none-any.whl
  hash:
    sha256: {SHA}
  category: dev
  optional: true
"""
NUMPY = "pkg:conda/numpy@1.26.4?build=py311_0&channel=conda-forge&subdir=linux-64&type=conda"
PYTHON = "pkg:conda/python@3.11.8?build=h_0&channel=main&subdir=linux-64&type=tar.bz2"
FLASK = "pkg:pypi/flask@3.0.0"


def here(line: int) -> Location:
    """A line of the lock."""
    return Location(path="conda-lock.yml", line=line)


def read(text: str, **files: str) -> Inventory:
    """What a lock says."""
    return run_resolver(CONDA_LOCK, {"conda-lock.yml": text, **files}, "conda-lock.yml")


def reasons(found: Inventory) -> list[tuple[int, str]]:
    """What is not known, with its line."""
    return [(u.location.line, u.reason) for u in found.unknowns]


def test_what_is_locked() -> None:
    """Packages with version, build, channel, files, hashes, edges, scope and line."""
    found = read(TEXT)
    platform = (("bomvet:platform", "linux-64"),)
    md5, sha256 = Hash(algorithm="md5", value=MD5), Hash(algorithm="sha256", value=SHA)

    assert found.components == (
        Component(
            purl=NUMPY,
            name="numpy",
            version="1.26.4",
            dependencies=Completeness.COMPLETE,
            distributions=(
                Distribution(
                    url="https://conda.packages.example/conda-forge/linux-64/numpy-1.26.4-py311_0.conda",
                    hashes=(md5, sha256),
                ),
            ),
            locations=(here(8),),
            properties=platform,
        ),
        Component(
            purl=PYTHON,
            name="python",
            version="3.11.8",
            dependencies=Completeness.COMPLETE,
            distributions=(
                Distribution(
                    url="https://conda.packages.example/pkgs/main/linux-64/python-3.11.8-h_0.tar.bz2", hashes=(md5,)
                ),
            ),
            locations=(here(21),),
            properties=platform,
        ),
        Component(purl="pkg:generic/project", name="project", kind=Kind.APPLICATION, directory=""),
        Component(
            purl=FLASK,
            name="flask",
            version="3.0.0",
            scope=Scope.DEV,
            dependencies=Completeness.INCOMPLETE,
            distributions=(
                Distribution(url="https://pypi.packages.example/flask-3.0.0-py3-none-any.whl", hashes=(sha256,)),
            ),
            locations=(here(31),),
            properties=platform,
        ),
    )
    assert found.relationships == (
        Relationship(source=NUMPY, target=PYTHON, evidence=(here(8),)),
        Relationship(source="pkg:generic/project", target=FLASK, roles=("dev",), evidence=(here(31),)),
        Relationship(source=FLASK, target=NUMPY, evidence=(here(31),)),
    )
    assert reasons(found) == [
        (31, "Num_Py, which flask needs, is not in the lock"),
        (31, "gone, which flask needs, is not in the lock"),
    ]


def test_what_the_project_asks_for() -> None:
    """What its environment files name, and what nothing else in the lock needs."""
    environment = "dependencies:\n- conda-forge::Python=3.11\n- pip:\n  - Flask>2\n- 3\n- pip: 3\n"

    assert {(s, t) for s, t in edges(read(TEXT, **{"environment.yml": environment})) if "generic" in s} == {
        ("pkg:generic/project", PYTHON),
        ("pkg:generic/project", FLASK),
    }
    assert ("pkg:generic/project", PYTHON) not in edges(read(TEXT, **{"environment.yml": "["}))


def entry(**changes: object) -> dict[str, Any]:
    """A package of pip for one platform, with changes; None drops."""
    stated = {
        "name": "a", "version": "1", "manager": "pip", "platform": "linux-64", "dependencies": {},
        "url": "https://pypi.packages.example/a-1.tar.gz", "hash": {"sha256": SHA}, "category": "main",
    } | changes  # fmt: skip
    return {key: value for key, value in stated.items() if value is not None}


def lock(*entries: object, **more: object) -> str:
    """A lock of such packages."""
    return json.dumps({"version": 1, "package": list(entries), **more})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": None}, "a package without a name"),
        ({"name": 3}, "a package without a name"),
        ({"name": " "}, "a package without a name"),
        ({"manager": "npm"}, "a is installed by neither conda nor pip"),
        ({"version": 1.0}, "a has no version that is a text"),
        ({"url": None}, "where a comes from is not stated"),
        ({"url": None, "hash": {}}, "where a comes from is not stated"),
        ({"hash": 3}, "the hash of a is no mapping"),
        ({"hash": {"sha256": "x"}}, "a hash of a cannot be used: a sha256 hash has 64 hexadecimal digits, which this has not"),
        ({"hash": {"crc": 3}}, "a hash of a cannot be used: 'crc' is no known hash algorithm"),
        ({"dependencies": ["b"]}, "the dependencies of a are no mapping"),
        ({"dependencies": {"b": "1"}}, "b, which a needs, is not in the lock"),
    ],
)  # fmt: skip
def test_what_is_not_understood(changes: dict[str, object], reason: str) -> None:
    """An entry that is not what it should be is told."""
    assert reasons(read(lock(entry(**changes)))) == [(0, reason)]


def test_an_entry_that_is_none() -> None:
    """It is told."""
    assert reasons(read(lock("x", entry()))) == [(0, "a package without a name")]


@pytest.mark.parametrize(
    ("changes", "purl", "scope"),
    [
        ({"name": "A_b"}, "pkg:pypi/a-b@1", Scope.REQUIRED),
        ({"category": "docs"}, "pkg:pypi/a@1", Scope.OPTIONAL),
        ({"category": None}, "pkg:pypi/a@1", Scope.REQUIRED),
        ({"source": {"type": "url", "url": "git+https://git.packages.example/a@1#egg=a"}},
         "pkg:pypi/a@1?vcs_url=git%2Bhttps://git.packages.example/a%401", Scope.REQUIRED),
        ({"source": {"url": "https://packages.example/a.zip"}},
         "pkg:pypi/a@1?download_url=https://packages.example/a.zip", Scope.REQUIRED),
        ({"source": {"url": 3}}, "pkg:pypi/a@1", Scope.REQUIRED),
        ({"manager": "conda", "build": "h_0"}, "pkg:conda/a@1?build=h_0", Scope.REQUIRED),
        ({"manager": "conda", "url": "x.conda"}, "pkg:conda/a@1", Scope.REQUIRED),
    ],
)  # fmt: skip
def test_packages(changes: dict[str, object], purl: str, scope: Scope) -> None:
    """What says where a package comes from, and as what it is there."""
    found = read(lock(entry(**changes)))
    (package,) = [c for c in found.components if not c.first_party]

    assert (package.purl, package.scope, found.unknowns) == (purl, scope, ())
    assert [r.roles for r in found.relationships] == [("extra:docs",) if scope is Scope.OPTIONAL else ()]


def test_platforms_are_told_apart() -> None:
    """Each platform has its own edges; what is the same on all is one component."""
    both = [
        entry(platform=platform, dependencies={"B": ""}) for platform in ("linux-64", "osx-64")
    ]  # fmt: skip
    others = [entry(name="b", platform="linux-64", version="1"), entry(name="b", platform="osx-64", version="2")]
    found = read(lock(*both, *others))

    assert [c.purl for c in found.components if not c.first_party] == ["pkg:pypi/a@1", "pkg:pypi/b@1", "pkg:pypi/b@2"]
    assert component(found, "a").properties == (("bomvet:platform", "linux-64"), ("bomvet:platform", "osx-64"))
    assert {t for s, t in edges(found) if s == "pkg:pypi/a@1"} == {"pkg:pypi/b@1", "pkg:pypi/b@2"}


def test_pip_takes_what_conda_installs() -> None:
    """By its name in any spelling; conda takes nothing from pip; what needs itself is left out."""
    conda = entry(name="b-c", manager="conda", url="x", dependencies={"a": "", "b-c": ""})
    found = read(lock(entry(dependencies={"B_c": ""}), conda))

    assert {(s, t) for s, t in edges(found) if "generic" not in s} == {("pkg:pypi/a@1", "pkg:conda/b-c@1")}
    assert [u.reason for u in found.unknowns] == ["a, which b-c needs, is not in the lock"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"version": 2, "package": []}', "lock version 2 is not known, only 1"),
        ('{"version": "1", "package": []}', "lock version '1' is not known, only 1"),
        ('{"version": 1}', "'package' is no list"),
        ("- a", "no YAML mapping"),
    ],
)
def test_no_lock(text: str, reason: str) -> None:
    """What is no lock is malformed."""
    with pytest.raises(MalformedError) as caught:
        read(text)

    assert str(caught.value) == reason


@pytest.mark.parametrize("metadata", [3, {"sources": 3}, {"sources": [3, "a.toml", "../x.yml"]}])
def test_sources_that_cannot_be_read(metadata: object) -> None:
    """They say nothing."""
    assert reasons(read(lock(entry(), metadata=metadata))) == []


DOCUMENT = {
    "version": 1,
    "metadata": {"sources": ["environment.yml"]},
    "package": [
        entry(dependencies={"b": "1", "__glibc": ""}),
        entry(name="b", manager="conda", url="https://conda.packages.example/c/noarch/b-1-0.conda"),
        entry(name="c", category="dev", source={"type": "url", "url": "git+https://git.packages.example/c@1"}),
    ],
}


@given(damaged(DOCUMENT))
def test_damaged_locks(document: Any) -> None:
    """Every entry is a component or told."""
    found = survives(CONDA_LOCK, {"conda-lock.yml": json.dumps(document)}, "conda-lock.yml")
    if found is not None:
        told = sum(1 for c in found.components if not c.first_party) + len(found.unknowns)
        entries = {json.dumps(e) for e in document["package"]}
        assert told >= len(entries) - 1 or len(entries) > told > 0


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(CONDA_LOCK, {"conda-lock.yml": b"version: 1\npackage:\n- name: " + data}, "conda-lock.yml")
