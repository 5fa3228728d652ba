"""Records that are aliases of each other, as groups: the transitive closure, in any order the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Advisories of a distribution speak of its own packages, and may bundle several CVEs.
_PREFERENCE = ("DSA-", "DLA-", "USN-", "CVE-", "GHSA-", "PYSEC-")
_RANKS = {prefix: rank for rank, prefix in enumerate(_PREFERENCE)}


def groups(names: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Partition the keys of `names` (ids with their aliases): two ids share a group where a chain of common
    names leads from one to the other.  Groups and their members are sorted."""  # noqa: D205, D209
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for id_, aliases in names.items():
        for alias in aliases:
            parent[find(alias)] = find(id_)
    found: dict[str, list[str]] = {}
    for id_ in sorted(names):
        found.setdefault(find(id_), []).append(id_)
    return sorted(tuple(members) for members in found.values())


def display_id(names: Sequence[str]) -> str:
    """The name to show for a group: DSA, DLA or USN, else CVE, GHSA, PYSEC, any other; the least of its kind."""
    return min(names, key=_rank) if len(names) > 1 else names[0]


def _rank(name: str) -> tuple[int, str]:
    return _RANKS.get(name[: name.find("-") + 1], len(_PREFERENCE)), name
