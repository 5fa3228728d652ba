"""The identity of a finding, and facts that are united."""

from __future__ import annotations

from dataclasses import replace

from bomvet.model.facts import AdvisoryAnswer, Facts, Severity, Standing
from bomvet.model.finding import Finding
from bomvet.model.inventory import Location

FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:pypi/a@1",
    severity=Severity.HIGH,
    message="m",
    instance="CVE-2024-1",
    ids=("CVE-2024-1",),
)


def test_fingerprints_hang_on_identity_alone() -> None:
    """Wording, severity and place may change, and waivers, baselines and history still hold."""
    changed = replace(FINDING, message="x", severity=Severity.LOW, locations=(Location(path="p", line=9),), ids=("X",))

    assert changed.fingerprint == FINDING.fingerprint == "16b98fa3a0dfd0a5f2d53a80ff020c5a"


def test_fingerprints_tell_rule_subject_and_instance_apart() -> None:
    """Each part of the identity counts, and none runs into the next."""
    others = [
        replace(FINDING, rule="x"),
        replace(FINDING, subject="pkg:pypi/a@2"),
        replace(FINDING, instance=""),
        replace(FINDING, subject="pkg:pypi/a@1CVE", instance="-2024-1"),
    ]

    assert len({f.fingerprint for f in (FINDING, *others)}) == 5


def test_names() -> None:
    """A finding is called after its advisory, else after its rule; only a component has a purl."""
    service = replace(FINDING, instance="", ids=(), subject="svc:aws/s3")

    assert (FINDING.id, FINDING.purl) == ("CVE-2024-1", "pkg:pypi/a@1")
    assert (service.id, service.title, service.purl) == ("", "known-vulnerability", "")
    # What only tells findings of one rule apart is no name.
    assert replace(FINDING, ids=()).id == ""
    assert replace(FINDING, ids=()).title == "known-vulnerability"


def test_the_later_facts_win() -> None:
    """Of two answers to one question the later one stays; all others stay as they are."""
    open_, known = AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED), AdvisoryAnswer(standing=Standing.ABSENT)
    one, other = Facts(advisories={"a": open_, "b": open_}), Facts(advisories={"a": known})

    assert one | other == Facts(advisories={"a": known, "b": open_})
    assert other | one == Facts(advisories={"a": open_, "b": open_})
