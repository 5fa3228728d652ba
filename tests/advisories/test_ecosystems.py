"""What advisories call a component: names, releases, source packages, and what cannot be asked."""

from __future__ import annotations

import pytest

from bomvet.advisories.ecosystems import Package, Unsupported, asked_ecosystems, package_of
from bomvet.model.inventory import Component
from bomvet.model.purl import parts

BASH = (("bomvet:source-name", "bash"), ("bomvet:source-version", "5.2.15-2"))


def component(purl: str, *properties: tuple[str, str]) -> Component:
    """Of that purl."""
    stated = parts(purl)
    name = f"{stated.namespace}/{stated.name}" if stated.type == "npm" and stated.namespace else stated.name
    return Component(purl=purl, name=name, version=stated.version, properties=properties)


def reason(purl: str, *properties: tuple[str, str]) -> str:
    """Why it cannot be asked about."""
    found = package_of(component(purl, *properties))
    assert isinstance(found, Unsupported)
    return found.reason


REGISTRIES = [
    ("pkg:pypi/Ruamel.Yaml@1.0", Package(ecosystem="PyPI", name="ruamel-yaml", version="1.0")),
    ("pkg:npm/%40acme/ui@2.0.0", Package(ecosystem="npm", name="@acme/ui", version="2.0.0")),
    ("pkg:cargo/smallvec@1.6.0", Package(ecosystem="crates.io", name="smallvec", version="1.6.0")),
    ("pkg:hex/acme/phoenix@1.7.0", Package(ecosystem="Hex", name="acme/phoenix", version="1.7.0")),
]


@pytest.mark.parametrize(("purl", "package"), REGISTRIES)
def test_packages_of_registries(purl: str, package: Package) -> None:
    """Each is asked for by its name in the registry, without a release."""
    assert package_of(component(purl)) == package
    assert asked_ecosystems(package) == (package.ecosystem,)


#: Purl type, distribution and what its purls call a release; under what that is filed.
RELEASES = [
    ("deb/debian", "debian-12", "Debian:12"),
    ("deb/debian", "debian-12.11", "Debian:12"),
    ("deb/debian", "12", "Debian:12"),
    ("deb/debian", "bookworm", "Debian:12"),
    ("deb/debian", "Debian-Bookworm", "Debian:12"),
    ("deb/debian", "debian-trixie", "Debian:13"),
    ("deb/debian", "debian-sid", "Debian:sid"),
    ("deb/debian", "debian-6.0.10", "Debian:6.0"),
    ("deb/debian", "debian-6", "Debian:6.0"),
    ("deb/debian", "debian-3.1", "Debian:3.1"),
    ("deb/ubuntu", "ubuntu-22.04", "Ubuntu:22.04"),
    ("deb/ubuntu", "ubuntu-22.04.3", "Ubuntu:22.04"),
    ("deb/ubuntu", "jammy", "Ubuntu:22.04"),
    ("deb/ubuntu", "ubuntu-25.10", "Ubuntu:25.10"),
    ("apk/alpine", "alpine-3.19.1", "Alpine:v3.19"),
    ("apk/alpine", "alpine-v3.19", "Alpine:v3.19"),
    ("apk/alpine", "3.19", "Alpine:v3.19"),
    ("apk/alpaquita", "alpaquita-23", "Alpaquita:23"),
    ("apk/alpaquita", "alpaquita-stream", "Alpaquita:stream"),
    ("apk/wolfi", "wolfi-20230201", "Wolfi"),
    ("apk/wolfi", "", "Wolfi"),
    ("apk/chainguard", "chainguard-20230214", "Chainguard"),
    ("rpm/rocky", "rocky-9.3", "Rocky Linux:9"),
    ("rpm/almalinux", "almalinux-8.10", "AlmaLinux:8"),
    ("rpm/opensuse", "opensuse-leap-15.5", "openSUSE:Leap 15.5"),
    ("rpm/opensuse-leap", "opensuse-leap-15.5", "openSUSE:Leap 15.5"),
    ("rpm/opensuse", "opensuse-tumbleweed-20240101", "openSUSE:Tumbleweed"),
    ("rpm/openeuler", "openeuler-22.03-LTS-SP3", "openEuler:22.03-LTS-SP3"),
    ("rpm/azurelinux", "azurelinux-3.0", "Azure Linux:3"),
    ("rpm/mageia", "mageia-9", "Mageia:9"),
    ("rpm/photon", "photon-5.0", "Photon OS:5.0"),
]


@pytest.mark.parametrize(("kind", "distro", "filed"), RELEASES)
def test_releases(kind: str, distro: str, filed: str) -> None:
    """A release is known by each of the names that purls have for it."""
    found = package_of(component(f"pkg:{kind}/bash@5.2?distro={distro}", *BASH))
    assert isinstance(found, Package)
    assert asked_ecosystems(found) == (filed,)


NO_RELEASES = [
    ("deb/debian", "", "Debian"),
    ("deb/debian", "debian-kinetic", "Debian"),
    ("deb/debian", "debian-2024a", "Debian"),
    ("deb/ubuntu", "ubuntu-22", "Ubuntu"),
    ("deb/ubuntu", "bookworm", "Ubuntu"),
    ("apk/alpine", "", "Alpine"),
    ("apk/alpine", "alpine-edge", "Alpine"),
    ("apk/alpine", "alpine-3.20_alpha20240606", "Alpine"),
    ("rpm/opensuse", "opensuse-13", "openSUSE"),
    ("rpm/openeuler", "openeuler-22.03", "openEuler"),
]


@pytest.mark.parametrize(("kind", "distro", "ecosystem"), NO_RELEASES)
def test_a_release_that_is_not_known(kind: str, distro: str, ecosystem: str) -> None:
    """Nothing is matched over all releases: what is of none cannot be asked about."""
    stated = f"{distro!r} is no release" if distro else "the purl names no release"
    said = reason(f"pkg:{kind}/bash@5.2?distro={distro}", *BASH)
    assert said == f"{stated} that there are advisories for, and those of {ecosystem} are by release"


UNSUPPORTED = [
    ("pkg:maven/org.example/lib@1", "maven cannot be matched by this version of bomvet"),
    ("pkg:", "this kind of package cannot be matched by this version of bomvet"),
    ("pkg:deb/kali/bash@5.2?distro=kali-2024", "there are no advisories for packages of kali"),
    ("pkg:rpm/amzn/bash@5.2", "there are no advisories for packages of amzn"),
    ("pkg:rpm/redhat/bash@5.2?distro=rhel-9", "there are no advisories for packages of redhat"),
    ("pkg:deb/bash@5.2", "there are no advisories for packages of a distribution that the purl does not name (deb)"),
    (
        "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12",
        "advisories of Debian name source packages, and that of this one is not known",
    ),
    (
        "pkg:rpm/rocky/bash@5.1-6?distro=rocky-9&upstream=bash",
        "advisories of Rocky Linux name source packages, and that of this one is not known",
    ),
]


@pytest.mark.parametrize(("purl", "said"), UNSUPPORTED)
def test_what_cannot_be_asked(purl: str, said: str) -> None:
    """Each reason says what is lacking."""
    assert reason(purl) == said


SOURCES = [
    ("pkg:deb/debian/bash@5.2.15-2%2Bb8?distro=debian-12", BASH, ("bash", "5.2.15-2")),
    ("pkg:deb/debian/curl@7.88.1-10?distro=12", (("bomvet:source-name", "curl"),), ("curl", "7.88.1-10")),
    ("pkg:deb/debian/libssl3@3.0.11-1?distro=12&upstream=openssl", (), ("openssl", "3.0.11-1")),
    ("pkg:deb/debian/bsdutils@1:2.38.1?distro=12&upstream=util-linux%402.38.1", (), ("util-linux", "2.38.1")),
    ("pkg:apk/alpine/libssl3@3.1.4-r5?distro=3.19&upstream=openssl", (), ("openssl", "3.1.4-r5")),
    (
        "pkg:rpm/rocky/bind-libs@9.16.23-14.el9?distro=rocky-9&epoch=32&upstream=bind-9.16.23-14.el9.src.rpm",
        (),
        ("bind", "32:9.16.23-14.el9"),
    ),
    ("pkg:rpm/rocky/ruby-libs@3.1-2?distro=rocky-9&upstream=ruby-3.1-2.nosrc.rpm", (), ("ruby", "3.1-2")),
    ("pkg:rpm/almalinux/httpd-tools@2.4-1?distro=almalinux-8&epoch=1&upstream=x", (), ("httpd-tools", "1:2.4-1")),
    ("pkg:rpm/almalinux/httpd-tools@2.4-1?distro=almalinux-8", BASH, ("httpd-tools", "2.4-1")),
]


@pytest.mark.parametrize(("purl", "properties", "asked"), SOURCES)
def test_source_packages(purl: str, properties: tuple[tuple[str, str], ...], asked: tuple[str, str]) -> None:
    """Name and version are the source's, by property or qualifier, where advisories name sources, else its own."""
    found = package_of(component(purl, *properties))
    assert isinstance(found, Package)
    assert (found.name, found.version) == asked
