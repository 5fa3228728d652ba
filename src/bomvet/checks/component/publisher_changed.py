"""Components that somebody else publishes than the identity lock expects, or from somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bomvet.checks.component._provenance import answer_of, cut, is_reviewed, listed
from bomvet.model.facts import RANKED, Severity
from bomvet.model.finding import Finding, Rule
from bomvet.model.provenance import IdentityField, ProvenanceStatus
from bomvet.model.publishing import UNSAFE_TRIGGERS, gravity, moved
from bomvet.plugin import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bomvet.model.facts import Facts
    from bomvet.model.inventory import Component
    from bomvet.model.provenance import IdentityAnswer, IdentityChange

#: What changed, in words.
_WORDS = {
    IdentityField.REPOSITORY: "repository",
    IdentityField.RENAMED: "name of the repository",
    IdentityField.OWNER: "owner",
    IdentityField.WORKFLOW: "workflow",
    IdentityField.ISSUER: "issuer",
    IdentityField.SUBJECT: "signer",
    IdentityField.REF: "kind of ref",
    IdentityField.TRIGGER: "trigger",
    IdentityField.RUNNER: "runner",
    IdentityField.PUBLISHER: "trusted publisher",
    IdentityField.LEVEL: "level",
}


def on_component(component: Component, facts: Facts) -> Iterator[Finding]:
    """One finding with the gravity of the gravest change, and every change in the evidence."""
    identity = None if component.first_party else facts.identities.get(component.purl)
    changes = moved(identity) if identity else ()
    if identity and changes:
        yield _changed(component, identity, changes)
    elif reasons := _refused(component, facts):
        yield _mismatched(component, identity, reasons)


def _changed(component: Component, identity: IdentityAnswer, changes: Sequence[IdentityChange]) -> Finding:
    worst = min((gravity(change) for change in changes), key=RANKED.index)
    grave = [_WORDS[c.what] for c in changes if gravity(c) is worst]
    since = identity.expected.first_seen
    return Finding(
        rule="publisher-changed",
        subject=component.purl,
        severity=worst,
        message=(
            f"{component.label} is published with another {listed(tuple(dict.fromkeys(grave)))} than "
            f"{identity.source} has: {_told(changes[0])}"
        ),
        locations=tuple(dict.fromkeys((*component.locations, identity.location))),
        evidence=(
            *cut(f"{_WORDS[c.what]}: {_told(c)}" for c in changes),
            *([f"locked as it was in {since}{_since(identity)}"] if since else ()),
        ),
        remediation=_remedy(component, identity, changes),
    )


def _told(change: IdentityChange) -> str:
    return f"{change.before or 'nothing'} before, {change.after or 'nothing'} now"


def _since(identity: IdentityAnswer) -> str:
    return f" on {identity.expected.since}" if identity.expected.since else ""


def _remedy(component: Component, identity: IdentityAnswer, changes: Sequence[IdentityChange]) -> str:
    accept = f"take it over in {identity.source}{_command(identity)}, in a change that somebody reviews"
    if all(change.what is IdentityField.RENAMED for change in changes):
        return f"The repository was renamed, and is the same by its number: {accept}."
    if any(c.what is IdentityField.TRIGGER and c.after in UNSAFE_TRIGGERS for c in changes):
        return (
            f"Do not install {component.label} before you know whose code the workflow ran: by this trigger anybody "
            f"can start it. If the maintainers stand by the release, {accept}."
        )
    return (
        f"Find out from the maintainers of {component.name}, by another way than this release, whether they moved. "
        f"If they did, {accept}; if not, stay with the release before, and tell the registry."
    )


def _command(identity: IdentityAnswer) -> str:
    """What writes the lock; a `pylock.toml` is written by other tools."""
    return f" (`bomvet trust lock --update {identity.expected.purl}`)" if is_reviewed(identity) else ""


def _refused(component: Component, facts: Facts) -> tuple[str, ...]:
    """Why evidence is not by whom it should be, where that was found without a change that is told."""
    answer = answer_of(component, facts)
    found = [a for a in answer.attestations if a.status is ProvenanceStatus.IDENTITY_MISMATCH] if answer else []
    return tuple(a.reason or f"it is signed by {a.identity.subject if a.identity else 'somebody else'}" for a in found)


def _mismatched(component: Component, identity: IdentityAnswer | None, reasons: Sequence[str]) -> Finding:
    return Finding(
        rule="publisher-changed",
        subject=component.purl,
        severity=Severity.HIGH,
        message=f"{component.label} is not published by whom it is expected from: {reasons[0]}",
        locations=tuple(dict.fromkeys((*component.locations, *([identity.location] if identity else ())))),
        evidence=cut(reasons),
        remediation=(
            f"Find out from the maintainers of {component.name} who may publish it. If that changed, change what is "
            "expected; if not, stay with the release before, and tell the registry."
        ),
    )


PUBLISHER_CHANGED = Check(
    rule=Rule(
        id="publisher-changed",
        title="Somebody else publishes a component, or from somewhere else",
        help=(
            "The evidence is sound, and proves another repository, owner, workflow, issuer, trigger, kind of ref or "
            "runner than the identity lock has for the package. Valid evidence says who built something, and not that "
            "this is who should have."
        ),
    ),
    on_component=on_component,
)
