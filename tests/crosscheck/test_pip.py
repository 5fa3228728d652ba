"""Installed environments of many shapes, as bomvet reads them and as pip sees them."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bomvet.model.inventory import RelationKind
from bomvet.model.purl import bare, pypi_name
from bomvet.resolvers.python.site_packages import SITE_PACKAGES
from bomvet.sources.directory import DirectoryTree
from tests.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from bomvet.model.inventory import Component, Inventory

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="pip is not installed")

PYTHON = "{}.{}".format(*sys.version_info)
PACKAGES = f"env/lib/python{PYTHON}/site-packages"
OLD, NEW = 'python_version < "3.0"', 'python_version >= "3.0"'
#: Distributions by shape, each with its headers; a name without a version has version 1.
SHAPES: dict[str, dict[str, list[str]]] = {
    "chain": {"a": ["b"], "b": ["c"], "c": []},
    "diamond": {"a": ["b", "c"], "b": ["d>=1"], "c": ["d (<2)"], "d": []},
    "cycle": {"a": ["b"], "b": ["c"], "c": ["a"]},
    "self": {"a": ["a", "b"], "b": []},
    "unasked": {"a": ["b", 'c; extra == "x"'], "b": ['c; extra == "y"'], "c": []},
    "extra": {"a": ["b[x]"], "b": ['c; extra == "x"', 'd; extra == "y"'], "c": [], "d": []},
    "through": {"a": ["b[x]"], "b": ['c[z]; extra == "x"'], "c": ['d; extra == "z"'], "d": []},
    "all": {"a": ["b[all]"], "b": ['b[x,y]; extra == "all"', 'c; extra == "x"', 'd; extra == "y"'], "c": [], "d": []},
    "twice": {"a": ["b[x]"], "b": ["c", 'c[z]; extra == "x"'], "c": ['d; extra == "z"'], "d": []},
    "spelling": {"A.One": ["b_two[Ex_tra.one]"], "B-Two": ['C.3; extra == "ex-tra_one"'], "c_3": []},
    "python": {"a": [f"b; {OLD}", f"c; {NEW}", f"d; {OLD} or {NEW}"], "b": [], "c": [], "d": []},
    "platform": {
        "a": ['b; sys_platform == "win32"', 'c; sys_platform != "win32"', 'd; os_name == "nt" and platform_machine != ""'],
        "b": [], "c": [], "d": [],
    },
    "both": {"a": ["b[x]"], "b": [f'c; {OLD} and extra == "x"', f'd; ({NEW}) and extra == "x"'], "c": [], "d": []},
    "either": {"a": ["b"], "b": [f'c; {OLD} or extra == "x"', f'd; {NEW} or extra == "x"'], "c": [], "d": []},
    "other": {"a": ["b[x]"], "b": ['c; extra != "x"', 'd; "x" == extra'], "c": [], "d": []},
    "implementation": {
        "a": ['b; platform_python_implementation == "CPython"', 'c; implementation_name == "pypy"'], "b": [], "c": [],
    },
    "full": {"a": ['b; python_full_version >= "3.0.1"', 'c; python_full_version < "3.0.1"'], "b": [], "c": []},
    "url": {"a": ["b @ https://files.packages.example/b.whl#sha256=00 ; python_version > '2'"], "b": []},
    "missing": {"a": ["absent", "b"], "b": []},
}  # fmt: skip


def generated(seed: int) -> dict[str, list[str]]:
    """A shape made of `seed`: a few distributions that ask for each other in all ways."""
    chance = random.Random(seed)  # noqa: S311 - shapes, no secrets
    names = [f"n{number}" for number in range(chance.randint(4, 9))]
    markers = ["", "", f"; {OLD}", f"; {NEW}", '; extra == "x"', '; extra == "y"', f'; extra == "x" and {NEW}']
    return {
        name: [
            chance.choice(names) + chance.choice(["", "", "[x]", "[x,y]"]) + chance.choice(["", ">=1"]) + marker
            for marker in chance.choices(markers, k=chance.randint(0, 4))
        ]
        for name in names
    }


SHAPES |= {f"generated{seed}": generated(seed) for seed in range(12)}


def prefixed(shape: str, text: str) -> str:
    """A name or requirement of `shape` as it is in the environment that all shapes share."""
    return f"{shape}-{text}"


@cache
def installed(root: Path) -> tuple[Inventory, dict[str, Any]]:
    """All shapes, installed by pip into one folder: what bomvet reads, and what pip says."""
    wheels = root / "wheels"
    wheels.mkdir()
    for shape, packages in SHAPES.items():
        for name, requires in packages.items():
            own = prefixed(shape, name).replace("-", "_")
            headers = [f"Requires-Dist: {prefixed(shape, text)}" for text in requires]
            extras = ["Provides-Extra: x", "Provides-Extra: y", "Provides-Extra: z", "Provides-Extra: all"]
            data = wheel(own, "1", *headers, *extras, "License: MIT")
            (wheels / f"{own}-1-py3-none-any.whl").write_bytes(data)
    names = [path.name.partition("-")[0] for path in sorted(wheels.iterdir())]
    alone = wheels / "alone-2-py3-none-any.whl"
    alone.write_bytes(wheel("alone", "2"))
    target = root / PACKAGES
    target.mkdir(parents=True)
    (root / "env" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {sys.version.split()[0]}\n", "utf-8")
    options = ["--no-index", "--no-deps", "--no-compile", "--find-links", str(wheels), "--target", str(target)]
    pip("install", *options, *names, str(alone))
    answer: dict[str, Any] = json.loads(pip("inspect", "--path", str(target)))
    return SITE_PACKAGES.parse(DirectoryTree(str(root)), PACKAGES), answer


def pip(*arguments: str) -> str:
    """What pip prints."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Inventory, dict[str, Any]]:
    """What bomvet reads, and what pip says."""
    return installed(tmp_path_factory.mktemp("environment"))


def expected_edges(answer: dict[str, Any]) -> set[tuple[str, str]]:
    """The edges by pip's metadata and environment, found the slow and plain way."""
    requires = {
        canonicalize_name(entry["metadata"]["name"]): [
            Requirement(text) for text in entry["metadata"].get("requires_dist", [])
        ]
        for entry in answer["installed"]
    }
    asked: dict[str, set[str]] = {name: {""} for name in requires}
    while True:
        before = {name: set(extras) for name, extras in asked.items()}
        edges = set()
        for name, entries in requires.items():
            for one in entries:
                environments = [{**answer["environment"], "extra": extra} for extra in asked[name]]
                target = canonicalize_name(one.name)
                if target in requires and (one.marker is None or any(map(one.marker.evaluate, environments))):
                    edges.add((name, target))
                    asked[target] |= {canonicalize_name(extra) for extra in one.extras}
        if asked == before:
            return {(source, target) for source, target in edges if source != target}


def test_distributions(both: tuple[Inventory, dict[str, Any]]) -> None:
    """The same names and versions, installed by pip."""
    inventory, answer = both
    components = [c for c in inventory.components if not c.first_party]

    assert sorted((c.name, c.version, c.properties[0]) for c in components) == sorted(
        (pypi_name(e["metadata"]["name"]), e["metadata"]["version"], ("bomvet:installer", e["installer"]))
        for e in answer["installed"]
    )
    assert len(components) > 100


@pytest.mark.parametrize("shape", SHAPES)
def test_edges(shape: str, both: tuple[Inventory, dict[str, Any]]) -> None:
    """The same edges, whatever markers and extras they hang on."""
    inventory, answer = both
    prefix = pypi_name(f"{shape}-")
    by_purl = {c.purl: c.name for c in inventory.components}
    edges = {
        (by_purl[r.source], by_purl[r.target])
        for r in inventory.relationships
        if r.kind is RelationKind.DEPENDS_ON and by_purl[r.source].startswith(prefix)
    }

    assert edges == {edge for edge in expected_edges(answer) if edge[0].startswith(prefix)}
    assert not any(r.markers for r in inventory.relationships)


def test_an_archive(both: tuple[Inventory, dict[str, Any]]) -> None:
    """A wheel that was installed from a file has its name and digest."""
    inventory, answer = both
    found: Component = next(c for c in inventory.components if c.name == "alone")
    (entry,) = [e for e in answer["installed"] if e["metadata"]["name"] == "alone"]
    digest = entry["direct_url"]["archive_info"]["hashes"]["sha256"]

    assert found.purl == "pkg:pypi/alone@2?file_name=alone-2-py3-none-any.whl"
    assert [(d.url, [h.value for h in d.hashes]) for d in found.distributions] == [
        ("alone-2-py3-none-any.whl", [digest])
    ]
    assert bare(found.purl) == "pkg:pypi/alone@2"


def test_nothing_is_left_open(both: tuple[Inventory, dict[str, Any]]) -> None:
    """All of it is understood; the one requirement that is not there is told of the one that asks for it."""
    inventory, _ = both
    told = {
        (c.name, value) for c in inventory.components for key, value in c.properties if key == "bomvet:not-installed"
    }

    assert inventory.unknowns == ()
    assert told == {("missing-a", "missing-absent")}
