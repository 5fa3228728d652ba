"""`environment.yml`: `ENVIRONMENT`."""

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
    Unknown,
)
from bomvet.resolvers.conda.environment import ENVIRONMENT
from tests.harness import component, run_resolver
from tests.resolvers.mutations import damaged, survives

TEXT = """\
name: shop
channels:
  - conda-forge
  - nodefaults
dependencies:
  - Python=3.11
  - "numpy==1.26.4"  # pinned
  - pip:
    - flask>=2
    - requests==2.31.0
"""


def here(line: int) -> Location:
    """A line of the file."""
    return Location(path="environment.yml", line=line)


def test_what_is_asked_for() -> None:
    """Packages of conda and of pip, each with its line; what is not pinned exactly is an open question."""
    project = Component(
        purl="pkg:generic/project",
        name="project",
        kind=Kind.APPLICATION,
        directory="",
        dependencies=Completeness.COMPLETE,
    )
    channel = ("bomvet:channel", "conda-forge")
    numpy = Component(
        purl="pkg:conda/numpy@1.26.4",
        name="numpy",
        version="1.26.4",
        locations=(here(7),),
        properties=(channel, ("bomvet:requirement", "==1.26.4")),
    )
    python = Component(
        purl="pkg:conda/python",
        name="python",
        locations=(here(6),),
        properties=(channel, ("bomvet:requirement", "=3.11")),
    )
    flask = Component(
        purl="pkg:pypi/flask", name="flask", locations=(here(9),), properties=(("bomvet:requirement", ">=2"),)
    )
    requests = Component(
        purl="pkg:pypi/requests@2.31.0",
        name="requests",
        version="2.31.0",
        locations=(here(10),),
        properties=(("bomvet:requirement", "==2.31.0"),),
    )
    assert run_resolver(ENVIRONMENT, {"environment.yml": TEXT}, "environment.yml") == Inventory(
        components=(numpy, python, project, flask, requests),
        relationships=tuple(
            Relationship(source=project.purl, target=c.purl, evidence=c.locations)
            for c in (numpy, python, flask, requests)
        ),
        unknowns=(
            Unknown(location=here(6), resolver="conda/environment", reason="not locked: Python=3.11"),
            Unknown(location=here(9), resolver="conda/environment", reason="not locked: flask>=2"),
        ),
    )


def asked(item: object) -> tuple[list[str], list[str]]:
    """What one entry gives: purls, and what is not known."""
    text = json.dumps({"dependencies": [item]})
    found = run_resolver(ENVIRONMENT, {"environment.yml": text}, "environment.yml")
    return [c.purl for c in found.components if not c.first_party], [u.reason for u in found.unknowns]


@pytest.mark.parametrize(
    ("spec", "purl", "is_open"),
    [
        ("numpy", "pkg:conda/numpy", True),
        ("numpy=1.26.4=py311_0", "pkg:conda/numpy@1.26.4?build=py311_0", False),
        ("numpy==1.26.4=py311_0", "pkg:conda/numpy@1.26.4?build=py311_0", False),
        ("numpy = 1.26.4 = py311_0", "pkg:conda/numpy@1.26.4?build=py311_0", False),
        ("numpy 1.26.4 py311_0", "pkg:conda/numpy@1.26.4?build=py311_0", False),
        ("numpy 1.26.4", "pkg:conda/numpy@1.26.4", False),
        ("numpy 1.26.*", "pkg:conda/numpy", True),
        ("numpy=1.26", "pkg:conda/numpy", True),
        ("numpy=1.26.*=*cuda", "pkg:conda/numpy", True),
        ("numpy >=1.20,<2", "pkg:conda/numpy", True),
        ("numpy~=1.20", "pkg:conda/numpy", True),
        ("conda-forge::numpy==1.26.4", "pkg:conda/numpy@1.26.4?channel=conda-forge", False),
        ("conda-forge/label/dev::numpy", "pkg:conda/numpy?channel=conda-forge/label/dev", True),
        ("numpy[version='==1.26.4', build=py311_0, channel=main]",
         "pkg:conda/numpy@1.26.4?build=py311_0&channel=main", False),
        ("numpy[version='>=1.2,<2']", "pkg:conda/numpy", True),
    ],
)  # fmt: skip
def test_match_specs(spec: str, purl: str, is_open: bool) -> None:  # noqa: FBT001
    """Only `==`, a blank, or a build string make a version exact; one `=` allows all that begin so."""
    assert asked(spec) == ([purl], [f"not locked: {spec}"] if is_open else [])


def test_packages_by_url() -> None:
    """A package by the URL of its file is exactly that one."""
    url = "https://me:secret@conda.packages.example/t/token/conda-forge/linux-64/numpy-1.26.4-py311_0.conda#" + "a" * 32
    found = run_resolver(ENVIRONMENT, {"environment.yml": json.dumps({"dependencies": [url]})}, "environment.yml")

    assert component(found, "numpy").purl == (
        "pkg:conda/numpy@1.26.4?build=py311_0&channel=conda-forge&subdir=linux-64&type=conda"
    )
    assert component(found, "numpy").distributions == (
        Distribution(
            url="https://conda.packages.example/conda-forge/linux-64/numpy-1.26.4-py311_0.conda",
            hashes=(Hash(algorithm="md5", value="a" * 32),),
        ),
    )


@pytest.mark.parametrize(
    ("digest", "algorithms"),
    [("", []), ("#abc", []), ("#" + "b" * 64, ["sha256"]), ("#sha256:" + "b" * 64, ["sha256"])],
)
def test_hashes_of_packages_by_url(digest: str, algorithms: list[str]) -> None:
    """A hash stands behind the URL, or nothing that is one."""
    text = json.dumps({"dependencies": ["https://conda.packages.example/c/noarch/a-1-0.conda" + digest]})
    found = run_resolver(ENVIRONMENT, {"environment.yml": text}, "environment.yml")

    assert [h.algorithm for d in component(found, "a").distributions for h in d.hashes] == algorithms


def test_a_locked_package_by_url() -> None:
    """A lock speaks for it by the name in the URL."""
    text = json.dumps({"dependencies": ["https://conda.packages.example/c/noarch/a-1-0.conda"]})
    found = run_resolver(ENVIRONMENT, {"environment.yml": text, "conda-lock.yml": "- name: b"}, "environment.yml")

    assert len(found.components) == len(found.unknowns) == 1


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("a b c d", "a b c d: is no match spec of conda"),
        ("", ": is no match spec of conda"),
        ("a" * 2000, f"{'a' * 77}...: is no match spec of conda"),
        ("https://packages.example/x.conda", "https://packages.example/x.conda: is no URL of a conda package"),
        ("https://[/x.conda", ": is no URL of a conda package"),
        (3, "an entry of its dependencies is not understood: 3"),
        ({"pip": ["a"], "x": 1}, "an entry of its dependencies is not understood: {'pip': ['a'], 'x': 1}"),
        ({"pip": [3]}, "a package for pip is no text: 3"),
        ({"pip": ["?!"]}, "?!: is no requirement (Expected package name at the start of dependency specifier)"),
        ({"pip": ["--odd"]}, "--odd: pip knows no option '--odd'"),
        ({"pip": ["-r none.txt"]}, "its dependencies stand in none.txt, which cannot be read: No such file or directory"),
        ({"pip": ["https://packages.example/x/y"]}, "https://packages.example/x/y: does not say which package it is"),
    ],
)  # fmt: skip
def test_what_is_not_understood(item: object, reason: str) -> None:
    """It is told."""
    assert asked(item) == ([], [reason])


@pytest.mark.parametrize(
    ("line", "purl"),
    [
        ("-e .", "pkg:generic/own"),
        ("./libs/a", "pkg:generic/a?path=libs/a"),
        ("file:libs/a", "pkg:generic/a?path=libs/a"),
        ("wheels/b-1.0-py3-none-any.whl", "pkg:pypi/b?file_name=b-1.0-py3-none-any.whl"),
        ("-r more.txt", "pkg:pypi/c@1"),
        ("git+https://git.packages.example/d@0123456789012345678901234567890123456789#egg=d",
         "pkg:pypi/d?vcs_url=git%2Bhttps://git.packages.example/d%400123456789012345678901234567890123456789"),
        ("-r requirements.txt", ""),
        ("-c constraints.txt", ""),
        ("--no-binary :all:", ""),
    ],
)  # fmt: skip
def test_lines_for_pip(line: str, purl: str) -> None:
    """They are read as lines of a requirements file; such files of the project have their own reader."""
    files = {
        "environment.yml": json.dumps({"dependencies": [{"pip": [line]}, {"pip": None}]}),
        "pyproject.toml": "[project]\nname = 'own'\n",
        "libs/a/setup.cfg": "[metadata]\nname = a\n",
        "more.txt": "c==1\n",
        "requirements.txt": "x==1\n",
    }
    found = run_resolver(ENVIRONMENT, files, "environment.yml")

    assert [r.target for r in found.relationships] == ([purl] if purl and purl != "pkg:generic/own" else [])
    assert found.unknowns == ()


def test_a_lock_speaks() -> None:
    """Beside a lock there is the project, and what the lock does not name is told."""
    lock = "package:\n- name: numpy\n- name: 'python'\n- name: requests\n"
    files = {"environment.yml": f"{TEXT}    - -e .\n", "conda-lock.yml": lock}
    found = run_resolver(ENVIRONMENT, files, "environment.yml")

    assert [(c.name, c.dependencies) for c in found.components] == [("project", Completeness.UNKNOWN)]
    assert [u.reason for u in found.unknowns] == ["not locked: flask>=2, which conda-lock.yml does not name"]


@pytest.mark.parametrize("text", ["a: 1", "dependencies: 3", "dependencies:\n  a: 1"])
def test_files_of_other_tools(text: str) -> None:
    """What holds no list of dependencies is none of conda's."""
    assert run_resolver(ENVIRONMENT, {"environment.yml": text}, "environment.yml") == Inventory()


def test_an_environment_without_a_list() -> None:
    """What names channels is conda's, and must have a list."""
    found = run_resolver(ENVIRONMENT, {"environment.yml": "channels: 3\ndependencies: 3"}, "environment.yml")

    assert [u.reason for u in found.unknowns] == ["its dependencies are no list"]
    assert component(found, "project").dependencies is Completeness.INCOMPLETE


@pytest.mark.parametrize("text", ["- a", "a: [", "\xff"])
def test_no_yaml(text: str) -> None:
    """What is no YAML mapping is malformed."""
    with pytest.raises(MalformedError):
        run_resolver(ENVIRONMENT, {"environment.yml": text.encode("latin-1")}, "environment.yml")


DOCUMENT = {
    "name": "shop",
    "channels": ["conda-forge", "https://conda.packages.example/own"],
    "dependencies": ["python=3.11", "numpy==1.26.4=py_0", "a::b", {"pip": ["flask", "-e .", "-r x.txt"]}],
}


@given(damaged(DOCUMENT))
def test_damaged_files(document: Any) -> None:
    """Whatever stands where, it is read or told."""
    survives(ENVIRONMENT, {"environment.yml": json.dumps(document)}, "environment.yml")


@given(st.text("a=<>,.*:[]'\" 1/-\\", max_size=20))
def test_any_match_spec(text: str) -> None:
    """Whatever the text, it is a component or told."""
    purls, unknowns = asked(text)

    assert purls or unknowns


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    survives(ENVIRONMENT, {"environment.yml": b"dependencies:\n- " + data}, "environment.yml")


def test_a_channel_by_its_url() -> None:
    """It may stand before the package, and hold what logs somebody in, which is not shown."""
    spec = "https://me:hunter2@c.packages.example/t/tk-1/team::a==1.0=0"
    text = f"channels: []\ndependencies:\n- '{spec}'\n- 'b[channel=https://me:hunter2@c.packages.example/team]'\n"
    found = run_resolver(ENVIRONMENT, {"environment.yml": text}, "environment.yml")

    assert "hunter2" not in repr(found)
    assert "tk-1" not in repr(found)
    assert {c.name: c.properties[0] for c in found.components if c.properties} == {
        "a": ("bomvet:channel", "https://c.packages.example/team"),
        "b": ("bomvet:channel", "https://c.packages.example/team"),
    }
