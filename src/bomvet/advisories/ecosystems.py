"""What advisory databases call a component: OSV's name of the ecosystem, and the package's name and version in it.

Source: https://ossf.github.io/osv-schema/#defined-ecosystems and the mapping of OSV's own server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.purl import parts, pypi_name
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from bomvet.model.inventory import Component


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
    kind = parts(component.purl).type
    if kind == "pypi":
        return Package(ecosystem="PyPI", name=pypi_name(component.name), version=component.version)
    if kind == "npm":
        return Package(ecosystem="npm", name=component.name, version=component.version)
    return Unsupported(reason=f"{kind or 'this kind of package'} cannot be matched by this version of bomvet")


def asked_ecosystems(package: Package) -> tuple[str, ...]:
    """The names under which advisories of `package` are filed."""
    return (f"{package.ecosystem}:{package.release}" if package.release else package.ecosystem,)
