"""Packages that apk has installed."""

from __future__ import annotations

import pytest

from bomvet.model.inventory import Completeness, Component, Contact, Inventory, Licence, Location
from bomvet.resolvers.container.apk import APK
from tests.harness import component, run_resolver

PATH = "lib/apk/db/installed"
RELEASE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\n'
SSL = """\
C:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
P:libssl3
V:3.1.4-r5
A:x86_64
S:250000
T:SSL shared libraries
L:Apache-2.0
o:openssl
m:Ariadne Conill <ariadne@packages.example>
D:so:libc.musl-x86_64.so.1 so:libcrypto.so.3
p:so:libssl.so.3=3
F:lib
R:libssl.so.3
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=
"""
MUSL = "P:musl\nV:1.2.4_git20230717-r4\nA:x86_64\nL:MIT\np:so:libc.musl-x86_64.so.1=1\n"


def read(text: str, path: str = PATH) -> Inventory:
    """The inventory of a database."""
    return run_resolver(APK, {path: text, "etc/os-release": RELEASE}, path)


def edges(found: Inventory) -> set[tuple[str, str]]:
    """Names of source and target."""
    names = {c.purl: c.name for c in found.components}
    return {(names[r.source], names[r.target]) for r in found.relationships}


def test_a_package() -> None:
    """A package knows its origin, its release, its licence, who maintains it and what it needs."""
    found = read(f"{MUSL}\n{SSL}")
    assert component(found, "libssl3") == Component(
        purl="pkg:apk/alpine/libssl3@3.1.4-r5?arch=x86_64&distro=alpine-3.19.1",
        name="libssl3",
        version="3.1.4-r5",
        description="SSL shared libraries",
        dependencies=Completeness.INCOMPLETE,
        suppliers=(Contact(name="Ariadne Conill", email="ariadne@packages.example"),),
        licences=(Licence(expression="Apache-2.0"),),
        locations=(Location(path=PATH, line=7),),
        properties=(
            ("bomvet:apk-checksum", "Q1pcfTfDNEbNKQc2s1tia7da05M8Q="),
            ("bomvet:source-name", "openssl"),
            ("bomvet:source-version", "3.1.4-r5"),
        ),
    )
    assert component(found, "musl").purl == (
        "pkg:apk/alpine/musl@1.2.4_git20230717-r4?arch=x86_64&distro=alpine-3.19.1"
    )
    assert component(found, "musl").properties[0] == ("bomvet:source-name", "musl")
    assert edges(found) == {("alpine", "libssl3"), ("libssl3", "musl")}
    assert (component(found, "alpine").purl, found.unknowns) == ("pkg:generic/alpine@3.19.1", ())


def test_where_apk_3_has_it() -> None:
    """The database below `usr` is of the same root."""
    found = read(MUSL, "usr/lib/apk/db/installed")
    assert component(found, "alpine").directory == ""
    assert component(found, "musl").locations == (Location(path="usr/lib/apk/db/installed", line=1),)


def test_edges() -> None:
    """What is asked for by name, library, command or file leads to the package that has it, and conflicts to none."""
    found = read(
        "P:app\nV:1-r0\nD:busybox>=1.36 cmd:openssl /bin/sh !old-app tools~1.2 bash<6\n\n"
        "P:busybox\nV:1.36-r0\nF:bin\nR:sh\nR:ls\nF:etc\nR:sh\n\n"
        "P:openssl\nV:3-r0\np:cmd:openssl=3-r0\n\n"
        "P:old-app\nV:1-r0\n\nP:tools\nV:1.2-r0\n\nP:bash\nV:5-r0\n\n"
    )
    assert edges(found) == {
        ("alpine", "app"), ("alpine", "old-app"), ("app", "busybox"), ("app", "openssl"), ("app", "tools"),
        ("app", "bash"),
    }  # fmt: skip
    assert component(found, "app").dependencies is Completeness.COMPLETE


def test_virtual_packages() -> None:
    """What `apk add --virtual` leaves is no package."""
    assert [c.name for c in read(f"P:.build-deps\nV:20240101.0\nD:gcc\n\n{MUSL}").components] == ["musl", "alpine"]


BROKEN = [
    ("P:bash\n", 1, "the package bash has no version"),
    ("P:bash\nV:1 2\n", 1, "'1 2' is no version of bash"),
    ("V:1-r0\n", 1, "a package without a name"),
    ("P:a/b\nV:1\n", 1, "'a/b' is no name of a package"),
    ("P:bash\nV:5-r0\nnonsense\n", 3, "'nonsense' is no field"),
    ("\n\nthis is corrupt\n", 3, "'this is corrupt' is no field"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN)
def test_broken_stanzas(text: str, line: int, reason: str) -> None:
    """Whatever is not understood is told with its line, and hides nothing that comes after it."""
    found = read(f"{text}\n{MUSL}")
    assert [(u.location, u.resolver, u.reason) for u in found.unknowns] == [
        (Location(path=PATH, line=line), "container/apk", reason)
    ]
    assert component(found, "musl").name == "musl"


def test_an_empty_database() -> None:
    """A system without packages is a system."""
    assert [c.name for c in read("").components] == ["alpine"]
