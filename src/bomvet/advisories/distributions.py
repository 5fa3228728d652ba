"""What OSV calls a distribution and its release, by what purls call them.

Sources: https://ossf.github.io/osv-schema/#defined-ecosystems, os-release(5), Debian's and Ubuntu's distro-info-data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bomvet.model.records import dataclass

_DEBIAN = {
    "sarge": "3.1", "etch": "4.0", "lenny": "5.0", "squeeze": "6.0", "wheezy": "7", "jessie": "8", "stretch": "9",
    "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
    "sid": "sid", "unstable": "sid",
}  # fmt: skip
_UBUNTU = {
    "dapper": "6.06", "hardy": "8.04", "lucid": "10.04", "precise": "12.04", "trusty": "14.04", "utopic": "14.10",
    "vivid": "15.04", "wily": "15.10", "xenial": "16.04", "yakkety": "16.10", "zesty": "17.04", "artful": "17.10",
    "bionic": "18.04", "cosmic": "18.10", "disco": "19.04", "eoan": "19.10", "focal": "20.04", "groovy": "20.10",
    "hirsute": "21.04", "impish": "21.10", "jammy": "22.04", "kinetic": "22.10", "lunar": "23.04", "mantic": "23.10",
    "noble": "24.04", "oracular": "24.10", "plucky": "25.04", "questing": "25.10", "resolute": "26.04",
}  # fmt: skip

_DEBIAN_NUMBER = re.compile(r"([1-9][0-9]?)(?:\.[0-9]+)*").fullmatch
_UBUNTU_NUMBER = re.compile(r"([1-9][0-9]?\.(?:04|06|10))(?:\.[0-9]+)*").fullmatch
#: A branch; the number that `edge` has, such as `3.20_alpha20240606`, is none.
_ALPINE_BRANCH = re.compile(r"v?([0-9]+\.[0-9]+)(?:\.[0-9]+)*(?:_rc[0-9]+)?").fullmatch
_MAJOR = re.compile(r"([0-9]+)(?:\.[0-9]+)*").fullmatch
_TWO_NUMBERS = re.compile(r"([0-9]+\.[0-9]+)").fullmatch
_OPENEULER = re.compile(r"([0-9]{2}\.[0-9]{2}-LTS(?:-SP[0-9]+)?)", re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution that OSV has advisories of.

    `release` makes OSV's name of what a purl calls a release, empty where that is none; it is None where advisories
    are for all releases.  `by_source` says that advisories name source packages.
    """

    ecosystem: str
    release: Callable[[str], str] | None = None
    by_source: bool = True


def _numbered(pattern: Callable[[str], re.Match[str] | None], form: str = "{}") -> Callable[[str], str]:
    """What the pattern finds, in that form."""

    def release(text: str) -> str:
        found = pattern(text)
        return form.format(found[1]) if found else ""

    return release


def _debian(text: str) -> str:
    """`12`, `12.11`, `bookworm` and `12 (bookworm)` alike; before Debian 7 the number after the dot counts."""
    if text in _DEBIAN:
        return _DEBIAN[text]
    found = _DEBIAN_NUMBER(text)
    if not found:
        return ""
    return next((name for name in _DEBIAN.values() if name in (text[:3], f"{text}.0")), found[1])


def _ubuntu(text: str) -> str:
    found = _UBUNTU_NUMBER(text)
    return found[1] if found else _UBUNTU.get(text, "")


def _opensuse(text: str) -> str:
    """The marketing name, of `leap-15.5` and `tumbleweed-20240101`."""
    leap = re.fullmatch(r"leap-([0-9]+\.[0-9]+)", text)
    if leap:
        return f"Leap {leap[1]}"
    return "Tumbleweed" if re.fullmatch(r"tumbleweed(?:-[0-9]+)?", text) else ""


def _openeuler(text: str) -> str:
    found = _OPENEULER(text)
    return found[1].upper() if found else ""


_AZURE = Distribution(ecosystem="Azure Linux", release=_numbered(_MAJOR))
_OPENSUSE = Distribution(ecosystem="openSUSE", release=_opensuse)

#: By purl type and namespace, which is the ID of os-release.
DISTRIBUTIONS: Mapping[str, Mapping[str, Distribution]] = {
    "deb": {
        "debian": Distribution(ecosystem="Debian", release=_debian),
        "ubuntu": Distribution(ecosystem="Ubuntu", release=_ubuntu),
    },
    "apk": {
        "alpine": Distribution(ecosystem="Alpine", release=_numbered(_ALPINE_BRANCH, "v{}")),
        "alpaquita": Distribution(ecosystem="Alpaquita", release=_numbered(re.compile(r"([0-9]+|stream)").fullmatch)),
        "chainguard": Distribution(ecosystem="Chainguard"),
        "minimos": Distribution(ecosystem="MinimOS"),
        "wolfi": Distribution(ecosystem="Wolfi"),
    },
    "rpm": {
        "almalinux": Distribution(ecosystem="AlmaLinux", release=_numbered(_MAJOR), by_source=False),
        "azurelinux": _AZURE,
        "mariner": _AZURE,
        "mageia": Distribution(ecosystem="Mageia", release=_numbered(_MAJOR)),
        "openeuler": Distribution(ecosystem="openEuler", release=_openeuler),
        "opensuse": _OPENSUSE,
        "opensuse-leap": _OPENSUSE,
        "opensuse-tumbleweed": _OPENSUSE,
        "photon": Distribution(ecosystem="Photon OS", release=_numbered(_TWO_NUMBERS), by_source=False),
        "rocky": Distribution(ecosystem="Rocky Linux", release=_numbered(_MAJOR)),
    },
}  # fmt: skip


def release_of(namespace: str, distribution: Distribution, distro: str) -> str:
    """The release that the `distro` qualifier of a purl names, such as `debian-12.11` or `bookworm`; empty for none."""
    if distribution.release is None:
        return ""
    return distribution.release(distro.strip().lower().removeprefix(f"{namespace.partition('-')[0]}-"))


#: Suffixes of ecosystems that are written in several ways.
_LTS = ":LTS"
_NO_V = re.compile(r"Alpine:([0-9].*)").fullmatch


def filed_under(ecosystem: str) -> str:
    """The one spelling of an ecosystem, under which records are kept and asked for.

    `Ubuntu:22.04` and `Ubuntu:22.04:LTS` are one release, `Ubuntu:Pro:22.04` is another; Alpine's have a `v`.
    """
    if ecosystem.startswith("Ubuntu:"):
        return ecosystem.removesuffix(_LTS)
    found = _NO_V(ecosystem)
    return f"Alpine:v{found[1]}" if found else ecosystem
