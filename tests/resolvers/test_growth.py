"""Input that made some reader take time, or memory, that grows with the square of its size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bomvet.model.inventory import Inventory
from bomvet.resolvers._alike import too_many
from bomvet.resolvers.conda.conda_lock import CONDA_LOCK
from bomvet.resolvers.conda.environment import ENVIRONMENT, MAX_CHANNELS
from bomvet.resolvers.npm.node_modules import INSTALLED_NODE_MODULES
from bomvet.resolvers.npm.registries import YARNRC_YML
from bomvet.resolvers.python import _environment
from bomvet.resolvers.python._sboms import read_sbom
from bomvet.resolvers.python.pipfile import PIPFILE
from bomvet.resolvers.python.registries import PIP_CONF, UV_TOML
from bomvet.resolvers.python.requirements import MAX_INDEXES, MAX_VERSIONS, REQUIREMENTS
from bomvet.resolvers.python.setup_py import SETUP_PY
from bomvet.resolvers.python.site_packages import SITE_PACKAGES
from bomvet.resolvers.python.uv_lock import UV_LOCK
from tests.harness import run_resolver

if TYPE_CHECKING:
    from bomvet.plugin import Resolver

_SETUP = "from setuptools import setup\nmany = [{items}]\nsetup(name='x', extras_require={{{extras}}})\n"


@pytest.mark.parametrize(
    ("resolver", "path", "text"),
    [
        (PIP_CONF, "pip.conf", f"[global]\na{' ' * 100_000}!\n"),
        (YARNRC_YML, ".yarnrc.yml", f"a: {'x' * 100_000}{' ' * 100_000}#\na:{' ' * 100_000}\n"),
        (UV_TOML, "uv.toml", "".join(f'[[index]]\nurl = "https://h{n}.packages.example/"\n' for n in range(10_000))),
        (REQUIREMENTS, "requirements.txt", "-r x " * 20_000),
        (REQUIREMENTS, "requirements.txt", f"a==1 {'--hash=sha256:1 ' * 20_000}"),
        (REQUIREMENTS, "requirements.txt", "".join(f"a==1.{n}\n    # via a\n" for n in range(10_000))),
        (
            SETUP_PY,
            "setup.py",
            _SETUP.format(items="'a'," * 9_000, extras=",".join(f"'e{n}': many" for n in range(9_000))),
        ),
    ],
)  # fmt: skip
def test_time(resolver: Resolver, path: str, text: str) -> None:
    """Each is read at once, where it took from ten seconds to hours: what fails here does not end."""
    assert isinstance(run_resolver(resolver, {path: text}, path), Inventory)


def test_notes_of_installed_packages_in_another_order() -> None:
    """The lines of entries are looked up, whatever their order."""
    names = [f"n{number}" for number in range(3_000)]
    files = {f"node_modules/{n}/package.json": json.dumps({"name": n, "version": "1"}) for n in names}
    entries = {f"node_modules/{n}": {"version": "1", "integrity": "x"} for n in reversed(names)}
    lock = json.dumps({"packages": entries, "rest": "x" * 5_000_000}, indent=0)
    found = run_resolver(INSTALLED_NODE_MODULES, {**files, "node_modules/.package-lock.json": lock}, "node_modules")

    assert {u.location.line for u in found.unknowns} == {*range(3, 3 + 4 * 3_000, 4)}


def test_more_indexes_than_are_told_with_each_package() -> None:
    """What stands with every package of a project is bounded, which is told."""
    indexes = "".join(f'[[source]]\nname = "s{n}"\nurl = "https://h{n}.packages.example/"\n' for n in range(100))
    found = run_resolver(PIPFILE, {"Pipfile": f'{indexes}[packages]\na = "*"\n'}, "Pipfile")
    (package,) = (c for c in found.components if c.name == "a")

    assert sum(name == "bomvet:extra-registry" for name, _ in package.properties) == MAX_INDEXES
    assert f"more than {MAX_INDEXES} indexes: the rest is not told of" in [u.reason for u in found.unknowns]

    indexes = "".join(f"--extra-index-url https://h{n}.packages.example/\n" for n in range(100))
    found = run_resolver(REQUIREMENTS, {"requirements.txt": f"{indexes}a==1\n"}, "requirements.txt")

    assert f"more than {MAX_INDEXES} indexes: the rest is not told of" in [u.reason for u in found.unknowns]


def test_more_channels_than_are_told_with_each_package() -> None:
    """The same for channels of conda."""
    channels = "".join(f"- c{n}\n" for n in range(100))
    found = run_resolver(
        ENVIRONMENT, {"environment.yml": f"channels:\n{channels}dependencies:\n- a\n"}, "environment.yml"
    )
    (package,) = (c for c in found.components if c.name == "a")

    assert sum(name == "bomvet:channel" for name, _ in package.properties) == MAX_CHANNELS
    assert f"more than {MAX_CHANNELS} channels: the rest is not told of" in [u.reason for u in found.unknowns]


def test_more_packages_of_one_name_than_can_ask() -> None:
    """Which of so many asks for something is not told; that they are there, is."""
    text = "".join(f"a==1.{n}\n" for n in range(200)) + "b==1\n    # via a\n"
    found = run_resolver(REQUIREMENTS, {"requirements.txt": text}, "requirements.txt")

    assert len([c for c in found.components if c.name == "a"]) == 200
    assert len(found.relationships) == 201
    assert [u.reason for u in found.unknowns] == [f"more than {MAX_VERSIONS} of the name a: who asks is open"]


def installed(requires: list[str], extras: list[str]) -> list[str]:
    """What is not known of a package that asks for this, of which another asks for these extras."""
    head = "Metadata-Version: 2.1\nName: {}\nVersion: 1\n{}"
    files = {
        "site-packages/a-1.dist-info/METADATA": head.format("a", "".join(f"Requires-Dist: {r}\n" for r in requires)),
        "site-packages/b-1.dist-info/METADATA": head.format("b", f"Requires-Dist: a[{','.join(extras)}]\n"),
    }
    return [u.reason for u in run_resolver(SITE_PACKAGES, files, "site-packages").unknowns]


def test_extras_that_ask_for_each_other() -> None:
    """Each looks at what names it alone."""
    assert installed([f'a[e{n + 1}] ; extra == "e{n}"' for n in range(5_000)], ["e0"]) == []


def test_markers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are evaluated at all, each with each extra, of which nothing tells that it does not matter."""
    monkeypatch.setattr(_environment, "_MOST_MARKERS", 50)
    markers = [f"c ; extra == 'x' or python_version < '3.{n}'" for n in range(10)]

    assert installed(markers, [f"e{n}" for n in range(10)]) == ["more than 50 markers: the rest was not evaluated"]


def test_sboms_that_repeat_a_package() -> None:
    """Of so many entries of one purl the rest is not read, which is told."""
    entries = [{"name": "q", "version": "1", "purl": "pkg:cargo/q@1", "cpe": f"c{n}"} for n in range(20_000)]
    document = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": entries})
    found = read_sbom(document.encode(), "x.json", "pkg:pypi/a@1", "x")

    assert [u.reason for u in found.unknowns] == [
        "more than 200 entries of one package in an SBOM: the rest was not read"
    ]
    assert len(found.components) == 1


def test_installed_more_often_than_edges_are_for() -> None:
    """All are components; which of them a package gets is open."""
    files = {
        f"site-packages/a-1.{n}.dist-info/METADATA": f"Name: a\nVersion: 1.{n}\nRequires-Dist: a\n" for n in range(300)
    }
    found = run_resolver(SITE_PACKAGES, files, "site-packages")

    assert len([c for c in found.components if c.name == "a"]) == 300
    assert too_many("a") in [u.reason for u in found.unknowns]
    assert all(len(u.reason) < 300 for u in found.unknowns)


_UV_PACKAGE = """\
[[package]]
name = "a"
version = "1.{}"
source = {{ registry = "https://pypi.packages.example" }}
dependencies = [{{ name = "a" }}]
"""
_CONDA_PACKAGE = """\
- name: a
  version: v1.{}
  manager: conda
  platform: linux-64
  dependencies: {{a: ''}}
  url: https://c.packages.example/linux-64/a-1-0.conda
  hash: {{md5: 00000000000000000000000000000000}}
"""


@pytest.mark.parametrize(
    ("resolver", "path", "head", "entry", "told"),
    [
        (
            UV_LOCK,
            "uv.lock",
            "version = 1\n",
            _UV_PACKAGE,
            "more than 100 packages are called a: none was taken for a dependency",
        ),
        (
            CONDA_LOCK,
            "conda-lock.yml",
            "version: 1\nmetadata: {channels: []}\npackage:\n",
            _CONDA_PACKAGE,
            too_many("a"),
        ),
    ],
)
def test_locks_with_thousands_of_versions_of_one_name(
    resolver: Resolver, path: str, head: str, entry: str, told: str
) -> None:
    """Edges lead to some of them, and it is told that the rest have none."""
    text = head + "".join(entry.format(n) for n in range(2_000))
    found = run_resolver(resolver, {path: text}, path)

    assert len([c for c in found.components if c.name == "a"]) == 2_000
    assert told in [u.reason for u in found.unknowns]
