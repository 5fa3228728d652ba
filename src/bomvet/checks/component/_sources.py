"""What checks of sources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.purl import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.inventory import Component

#: Yarn's own digest of what it made of the package.
_CHECKSUM = "bomvet:yarn-checksum"
WEAK = frozenset({"md5", "sha1"})
#: URLs of an answer that are named in a sentence.
_NAMED = 3


def qualifier(component: Component, name: str) -> str:
    """A qualifier of the purl, decoded; empty where it has none."""
    if "?" not in component.purl:
        return ""
    return dict(parts(component.purl).qualifiers).get(name, "")


def algorithms(component: Component) -> set[str]:
    """Those of all hashes, of the component and of its files."""
    found = {h.algorithm for h in component.hashes}
    return found | {h.algorithm for file in component.distributions for h in file.hashes}


def is_guarded(component: Component) -> bool:
    """Whether a hash that nobody can forge says what is meant."""
    return bool(algorithms(component) - WEAK) or any(name == _CHECKSUM for name, _ in component.properties)


def listed(values: Sequence[str]) -> str:
    """The first few of `values`, in words."""
    more = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return ", ".join(values[:_NAMED]) + more


def places(component: Component) -> Iterator[tuple[str, str]]:
    """Every URL that the component comes from or may come from, each with what it is."""
    for name, value in component.properties:
        if name in ("bomvet:registry", "bomvet:extra-registry"):
            yield "registry", value
    for file in component.distributions:
        yield "file", file.url
    if "?" in component.purl:
        for name, value in parts(component.purl).qualifiers:
            if name == "vcs_url":
                yield "repository", value
            elif name == "download_url":
                yield "file", value
