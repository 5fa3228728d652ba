"""What advisory databases call a component: OSV's name of the ecosystem, and the package's name and version in it.

Advisories of most distributions are about source packages, so packages of theirs are asked for by the name and the
version of their source.  Source: https://ossf.github.io/osv-schema/#defined-ecosystems and the mapping of OSV's own
server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bomvet.advisories.distributions import DISTRIBUTIONS, Distribution, filed_under, release_of
from bomvet.model.purl import Parts, parts, pypi_name
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from bomvet.model.inventory import Component

#: Properties of a component that was built from a source package of another name or version, or of the same.
SOURCE_NAME, SOURCE_VERSION = "bomvet:source-name", "bomvet:source-version"
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+?)(?:\.(?:no)?src\.rpm)?").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What to ask for: `ecosystem` without and `release` with what follows the colon (`Debian`, `12`)."""

    ecosystem: str
    release: str = ""
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A component that cannot be asked about, and why; never the same as one without advisories."""

    reason: str


def package_of(component: Component) -> Package | Unsupported:
    """What `component` is called by advisories."""
    purl = parts(component.purl)
    if purl.type == "pypi":
        return Package(ecosystem="PyPI", name=pypi_name(component.name), version=component.version)
    if purl.type == "npm":
        return Package(ecosystem="npm", name=component.name, version=component.version)
    if purl.type in ("cargo", "hex"):
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        return Package(ecosystem={"cargo": "crates.io", "hex": "Hex"}[purl.type], name=name, version=component.version)
    if purl.type in DISTRIBUTIONS:
        return _distribution_package(component, purl)
    return Unsupported(reason=f"{purl.type or 'this kind of package'} cannot be matched by this version of bomvet")


def asked_ecosystems(package: Package) -> tuple[str, ...]:
    """The names under which advisories of `package` are filed, see `filed_under`."""
    return (filed_under(f"{package.ecosystem}:{package.release}" if package.release else package.ecosystem),)


def _distribution_package(component: Component, purl: Parts) -> Package | Unsupported:
    namespace, distro = purl.namespace.lower(), dict(purl.qualifiers).get("distro", "")
    distribution = DISTRIBUTIONS[purl.type].get(namespace)
    if distribution is None:
        named = purl.namespace or f"a distribution that the purl does not name ({purl.type})"
        return Unsupported(reason=f"there are no advisories for packages of {named}")
    ecosystem, release = distribution.ecosystem, release_of(namespace, distribution, distro)
    if distribution.release and not release:
        stated = f"{distro!r} is no release" if distro else "the purl names no release"
        return Unsupported(reason=f"{stated} that there are advisories for, and those of {ecosystem} are by release")
    source = _source(component, purl, distribution)
    if source is None:
        return Unsupported(reason=f"advisories of {ecosystem} name source packages, and that of this one is not known")
    return Package(ecosystem=ecosystem, release=release, name=source[0], version=source[1])


def _source(component: Component, purl: Parts, distribution: Distribution) -> tuple[str, str] | None:
    """Name and version of what advisories are about; None where nothing tells them."""
    qualifiers = dict(purl.qualifiers)
    epoch = qualifiers.get("epoch", "")
    own = f"{epoch}:{component.version}" if purl.type == "rpm" and epoch and component.version else component.version
    if not distribution.by_source:
        return purl.name, own
    properties = dict(component.properties)
    if SOURCE_NAME in properties:
        return properties[SOURCE_NAME], properties.get(SOURCE_VERSION) or own
    upstream = qualifiers.get("upstream", "")
    if not upstream:
        return None
    if purl.type == "rpm":
        found = _SOURCE_RPM(upstream)
        return (found[1], f"{epoch}:{found[2]}" if epoch else found[2]) if found else None
    name, _, version = upstream.partition("@")
    return name, version or own
