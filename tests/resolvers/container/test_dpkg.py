"""Packages that dpkg has installed."""

from __future__ import annotations

import pytest

from bomvet.errors import FileUnreadableError
from bomvet.model.inventory import (
    Completeness,
    Component,
    Contact,
    Inventory,
    Kind,
    Location,
    Relationship,
    Unknown,
)
from bomvet.resolvers.container._system import MAX_UNKNOWNS
from bomvet.resolvers.container.dpkg import DPKG
from tests.harness import MemoryTree, component, run_resolver

STATUS = "var/lib/dpkg/status"
FOLDER = "usr/src/image/var/lib/dpkg/status.d"
RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
"""

BSDUTILS = """\
Package: bsdutils
Essential: yes
Status: install ok installed
Maintainer: util-linux packagers <util-linux@packages.example>
Architecture: amd64
Multi-Arch: foreign
Source: util-linux (2.38.1-5+deb12u2)
Version: 1:2.38.1-5+deb12u3
Pre-Depends: libc6 (>= 2.34), libsystemd0:any
Description: basic utilities from 4.4BSD-Lite
 This package contains the essential basic utilities.
 .
 More of it.
"""
LIBC = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9
"""


def read(text: str, release: str = RELEASE) -> Inventory:
    """The inventory of a status file at the top of the tree."""
    return run_resolver(DPKG, {STATUS: text, "etc/os-release": release}, STATUS)


def installed(name: str, version: str = "1", **fields: str) -> str:
    """A stanza."""
    lines = (f"{key.replace('_', '-')}: {value}\n" for key, value in fields.items())
    return f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n{''.join(lines)}\n"


def edges(found: Inventory) -> set[tuple[str, str]]:
    """Names of source and target."""
    names = {c.purl: c.name for c in found.components}
    return {(names[r.source], names[r.target]) for r in found.relationships}


def reasons(found: Inventory) -> list[tuple[str, int, str]]:
    """What was not understood."""
    return [(u.location.path, u.location.line, u.reason) for u in found.unknowns]


def test_a_package() -> None:
    """A package knows its source, its release, who maintains it, where it stands and what it needs."""
    found = read(f"{LIBC}\n{BSDUTILS}")
    purl = "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12"
    libc = "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"
    here = Location(path=STATUS, line=7)
    assert found.components == (
        Component(
            purl=purl,
            name="bsdutils",
            version="1:2.38.1-5+deb12u3",
            description="basic utilities from 4.4BSD-Lite",
            dependencies=Completeness.INCOMPLETE,
            suppliers=(Contact(name="util-linux packagers", email="util-linux@packages.example"),),
            locations=(here,),
            properties=(("bomvet:source-name", "util-linux"), ("bomvet:source-version", "2.38.1-5+deb12u2")),
        ),
        Component(
            purl=libc,
            name="libc6",
            version="2.36-9",
            dependencies=Completeness.COMPLETE,
            locations=(Location(path=STATUS, line=1),),
            properties=(("bomvet:source-name", "glibc"), ("bomvet:source-version", "2.36-9")),
        ),
        Component(
            purl="pkg:generic/debian@12",
            name="debian",
            version="12",
            kind=Kind.APPLICATION,
            directory="",
            description="Debian GNU/Linux 12 (bookworm)",
            locations=(Location(path="etc/os-release"),),
        ),
    )
    assert found.relationships == (
        Relationship(source=purl, target=libc, evidence=(here,)),
        Relationship(source="pkg:generic/debian@12", target=purl, evidence=(here,)),
    )
    assert found.unknowns == ()


STATES = [
    ("install ok installed", True),
    ("hold ok installed", True),
    ("deinstall ok installed", True),
    ("install ok half-configured", True),
    ("install ok triggers-pending", True),
    ("install ok unpacked", True),
    ("deinstall ok config-files", False),
    ("purge ok not-installed", False),
]


@pytest.mark.parametrize(("status", "is_installed"), STATES)
def test_states(status: str, is_installed: bool) -> None:  # noqa: FBT001 - a row
    """What is removed is not installed, though dpkg still knows it; no state is an unknown."""
    found = read(f"Package: bash\nStatus: {status}\nVersion: 5.2\n")
    assert [c.name for c in found.components if c.name == "bash"] == (["bash"] if is_installed else [])
    assert found.unknowns == ()


BROKEN = [
    ("Package: bash\nStatus: install ok half-installed\nVersion: 1\n", 1,
     "the package bash is half-installed, so what it has installed is not known"),
    ("Package: bash\nVersion: 1\n", 1, "the package bash has no status, so whether it is installed is not known"),
    ("Package: bash\nStatus: install ok installed\n", 1, "the package bash has no version"),
    ("Package: bash\nStatus: install ok installed\nVersion: 1 2\n", 1, "'1 2' is no version of bash"),
    ("\nStatus: install ok installed\nVersion: 1\n", 2, "a package without a name"),
    ("Package: a/b\nStatus: install ok installed\nVersion: 1\n", 1, "'a/b' is no name of a package"),
    ("Package: bash\nnonsense\nStatus: deinstall ok config-files\n", 2, "'nonsense' is no field"),
    (" Package: bash\n", 1, "'Package: bash' is no field"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN)
def test_broken_stanzas(text: str, line: int, reason: str) -> None:
    """Whatever is not understood is told with its line, and hides nothing that comes after it."""
    found = read(f"{text}\n{LIBC}")
    assert reasons(found) == [(STATUS, line, reason)]
    assert component(found, "libc6").version == "2.36-9"


def test_very_many_broken_lines() -> None:
    """Of very many things that are not understood the number is told."""
    found = read("nonsense\n" * (MAX_UNKNOWNS + 7))
    assert len(found.unknowns) == MAX_UNKNOWNS + 1
    assert (STATUS, 0, "and 7 more things are not understood") in reasons(found)


def test_windows_line_ends_and_odd_bytes() -> None:
    """Neither line ends of Windows nor bytes that are no UTF-8 keep a package from being read."""
    data = LIBC.replace("\n", "\r\n").encode() + b"Maintainer: \xff <a@packages.example>\r\n\r\n"
    found = run_resolver(DPKG, {STATUS: data, "etc/os-release": RELEASE}, STATUS)
    assert component(found, "libc6").suppliers == (Contact(name="\ufffd", email="a@packages.example"),)
    assert found.unknowns == ()


def test_edges() -> None:
    """Alternatives and virtual packages lead to what is installed, and versions and restrictions are passed over."""
    found = read(
        installed("a", Depends="b (>= 1) | c, mail-transport-agent, d:any, e [amd64], missing | f")
        + installed("c") + installed("d") + installed("e", Depends="a") + installed("f")
        + installed("postfix", Provides="mail-transport-agent (= 1), other")
    )  # fmt: skip
    assert edges(found) == {
        ("debian", "a"), ("a", "c"), ("a", "d"), ("a", "e"), ("a", "f"), ("a", "postfix"), ("e", "a"),
    }  # fmt: skip
    assert {c.name: c.dependencies for c in found.components if not c.first_party} == dict.fromkeys(
        ("a", "c", "d", "e", "f", "postfix"), Completeness.COMPLETE
    )


def test_architectures() -> None:
    """Of one package in several architectures that of the asker is meant, and any where there is none of its own."""
    found = read(
        installed("a", Architecture="amd64", Depends="lib")
        + installed("b", Architecture="i386", Depends="lib")
        + installed("c", Architecture="armhf", Depends="lib")
        + installed("lib", Architecture="amd64") + installed("lib", Architecture="i386")
    )  # fmt: skip

    def of(name: str) -> list[str]:
        source = component(found, name).purl
        return [r.target.partition("arch=")[2].partition("&")[0] for r in found.relationships if r.source == source]

    assert [of(name) for name in ("a", "b", "c")] == [["amd64"], ["i386"], ["amd64", "i386"]]


def test_packages_that_need_each_other() -> None:
    """The system has one of a circle that nothing else needs, and a package never depends on itself."""
    found = read(installed("a", Depends="b, a") + installed("b", Depends="a") + installed("c", Depends="a"))
    assert edges(found) == {("debian", "c"), ("c", "a"), ("a", "b"), ("b", "a")}
    assert edges(read(installed("a", Depends="b") + installed("b", Depends="a"))) == {
        ("debian", "a"), ("a", "b"), ("b", "a"),
    }  # fmt: skip


def test_sources() -> None:
    """Without a source of its own a package is its own source, and a source without a version has the package's."""
    found = read(
        installed("bash", "5.2-2+b8", Source="bash (5.2-2)") + installed("curl", "7.88") + installed("x", Source="y")
    )
    assert [component(found, name).properties for name in ("bash", "curl", "x")] == [
        (("bomvet:source-name", "bash"), ("bomvet:source-version", "5.2-2")),
        (("bomvet:source-name", "curl"), ("bomvet:source-version", "7.88")),
        (("bomvet:source-name", "y"), ("bomvet:source-version", "1")),
    ]


# -- status.d --------------------------------------------------------------------------------------------------------


def image() -> dict[str, str]:
    """An image without dpkg, somewhere in the tree."""
    return {
        "usr/src/image/usr/lib/os-release": RELEASE,
        f"{FOLDER}/base.md5sums": "d41d8cd98f00b204e9800998ecf8427e  etc/x\n",
        f"{FOLDER}/base": "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n",
        f"{FOLDER}/libc6": LIBC.replace("Status: install ok installed\n", ""),
        f"{FOLDER}/libssl3": "Package: libssl3\nVersion: 3.0\nSource: openssl\nDepends: libc6\n",
        f"{FOLDER}/libssl3.preinst": "#!/bin/sh\n",
        f"{FOLDER}/more/nested": "Package: nested\nVersion: 1\n",
        "usr/src/image/var/lib/dpkg/status.dx": "",
    }


def test_an_image_without_dpkg() -> None:
    """The whole folder is one inventory, with edges between its files, in the name of the first of them."""
    tree = MemoryTree(image())
    found = DPKG.parse(tree, f"{FOLDER}/base")
    assert sorted((c.name, c.version, str(c.locations[0])) for c in found.components) == [
        ("base-files", "12.4", f"{FOLDER}/base:1"),
        ("debian", "12", "usr/src/image/usr/lib/os-release"),
        ("libc6", "2.36-9", f"{FOLDER}/libc6:1"),
        ("libssl3", "3.0", f"{FOLDER}/libssl3:1"),
    ]
    assert edges(found) == {("debian", "base-files"), ("debian", "libssl3"), ("libssl3", "libc6")}
    assert component(found, "debian").directory == "usr/src/image"
    others = [path for path in tree.paths() if "status.d/" in path and not path.endswith(("base", "nested"))]
    assert [DPKG.parse(tree, path) for path in others] == [Inventory()] * 4


def test_a_file_that_cannot_be_read() -> None:
    """One file that leads out of the tree is told, and the others are read."""
    tree = MemoryTree(image(), links={f"{FOLDER}/libc6": None})
    found = DPKG.parse(tree, f"{FOLDER}/base")
    assert reasons(found) == [(f"{FOLDER}/libc6", 0, "leads out of the scanned tree, which no link may do")]
    assert component(found, "libssl3").dependencies is Completeness.INCOMPLETE


# -- the release -----------------------------------------------------------------------------------------------------

RELEASES = [
    ('ID=debian\nVERSION_ID="12"\n', "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"),
    ("ID='ubuntu'\nVERSION_ID='22.04'\n", "pkg:deb/ubuntu/libc6@2.36-9?arch=amd64&distro=ubuntu-22.04"),
    ("ID=debian\nVERSION_CODENAME=forky\n", "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-forky"),
    ('# c\n\nID="Kali"\n', "pkg:deb/kali/libc6@2.36-9?arch=amd64&distro=kali"),
    ('ID="\\"a\\"/../b"\nVERSION_ID=$(x)\n', "pkg:deb/a..b/libc6@2.36-9?arch=amd64&distro=a..b-%24%28x%29"),
    ("no assignment\n", "pkg:deb/linux/libc6@2.36-9?arch=amd64&distro=linux"),
]


@pytest.mark.parametrize(("release", "purl"), RELEASES)
def test_releases(release: str, purl: str) -> None:
    """Purls name the distribution and its release by os-release, whatever quotes it uses."""
    assert component(read(LIBC, release), "libc6").purl == purl


def test_no_release() -> None:
    """Without os-release the distribution is not known, which is told and guessed nowhere."""
    found = run_resolver(DPKG, {f"root/{STATUS}": LIBC}, f"root/{STATUS}")
    assert component(found, "libc6").purl == "pkg:deb/libc6@2.36-9?arch=amd64"
    assert component(found, "root").directory == "root"
    location = Location(path="root/etc/os-release")
    assert found.unknowns == (
        Unknown(location=location, resolver="container/dpkg", reason="is not there, so the release is not known"),
    )


def test_a_release_elsewhere() -> None:
    """Where `etc/os-release` cannot be read, that of `usr/lib` counts."""
    files = {STATUS: LIBC, "usr/lib/os-release": "ID=ubuntu\nVERSION_ID=24.04\n"}
    tree = MemoryTree(files, links={"etc/os-release": "usr/lib/os-release"})
    assert component(DPKG.parse(tree, STATUS), "libc6").purl.endswith("distro=ubuntu-24.04")
    assert component(run_resolver(DPKG, files, STATUS), "libc6").purl.endswith("distro=ubuntu-24.04")


class Unwilling(MemoryTree):
    """A tree that has an os-release and does not give it."""

    def read(self, path: str) -> bytes:
        """Everything else."""
        if path == "etc/os-release":
            raise FileUnreadableError("is larger than the limit")
        return MemoryTree.read(self, path)


def test_a_release_that_cannot_be_read() -> None:
    """Why an os-release that is there says nothing is told, and the other one is asked."""
    found = DPKG.parse(Unwilling({STATUS: LIBC, "etc/os-release": "", "usr/lib/os-release": RELEASE}), STATUS)
    assert reasons(found) == [("etc/os-release", 0, "is larger than the limit")]
    assert component(found, "libc6").purl.endswith("distro=debian-12")
