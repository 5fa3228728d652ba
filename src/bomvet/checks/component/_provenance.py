"""What rules about provenance have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.model.publishing import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import Attestation, IdentityAnswer, ProvenanceAnswer

#: A release of fewer days is fresh: most malicious ones are found before.
FRESH_DAYS = 14
#: A release may have hundreds of files, each with evidence of several kinds.
MAX_EVIDENCE = 20


def answer_of(component: Component, facts: Facts) -> ProvenanceAnswer | None:
    """What is known of who built `component`; None where nobody asked, and of the scanned project's own."""
    return None if component.first_party else facts.provenance.get(component.purl)


def is_reviewed(identity: IdentityAnswer) -> bool:
    """Whether the identity lock expects a publisher; a `pylock.toml` is written by tools, which take any they meet."""
    return not identity.source.rpartition("/")[2].startswith("pylock.")


def told(attestation: Attestation) -> str:
    """What an attestation is, and where it is from; its predicate type where it says more."""
    of_type = f" ({attestation.predicate_type})" if attestation.predicate_type else ""
    source = f" from {attestation.source}" if attestation.source else ""
    return f"{KINDS[attestation.kind]}{of_type}{source}"


def cut(lines: Iterable[str]) -> tuple[str, ...]:
    """Each of `lines` once, and of many the first."""
    found = tuple(dict.fromkeys(lines))
    more = len(found) - MAX_EVIDENCE
    return found if more <= 0 else (*found[:MAX_EVIDENCE], f"and {more:,} more")


def escalators(component: Component, facts: Facts, answer: ProvenanceAnswer) -> tuple[str, ...]:
    """What attacks by a new release mostly come with: new dependencies or install scripts, and that it is fresh."""
    known = facts.releases.get(component.purl)
    release = known.release if known else None
    fresh = release is not None and (bool(release.cooling) or (release.age is not None and release.age < FRESH_DAYS))
    return (*answer.changes, *([f"released {release.uploaded or 'a few days ago'}"] if release and fresh else ()))


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
