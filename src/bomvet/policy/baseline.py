"""What was known before: a finding of the baseline is not new, and does not fail; pure.

Known is a weakness of a package, whatever its version: an upgrade that leaves an advisory open has brought nothing
new.  An advisory is the same under each of its names, since it may get a CVE only later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from bomvet.model.purl import percent_decoded, pypi_name
from bomvet.model.records import dataclass

if TYPE_CHECKING:
    from bomvet.model.finding import Assessment, Finding

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is known: `keys` of findings, or their fingerprints alone where the document has no more than these.

    `source` is what the user called it; `notes` tell what is to be known of it.
    """

    source: str
    keys: frozenset[_Key] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, assessment: Assessment, source: str, notes: Iterable[str] = ()) -> Baseline:
        """All that a scan found, also what was waived or answered then."""
        found = (
            *assessment.findings,
            *(waived.finding for waived in assessment.waived),
            *(suppressed.finding for suppressed in assessment.suppressed),
        )
        keys = frozenset(key for finding in found for key in keys_of(finding))
        return cls(source=source, keys=keys, notes=tuple(notes))

    def known(self, findings: Iterable[Finding]) -> Collection[str]:
        """The fingerprints of those among `findings` that are not new."""
        return frozenset(
            finding.fingerprint
            for finding in findings
            if finding.fingerprint in self.fingerprints or not self.keys.isdisjoint(keys_of(finding))
        )


def keys_of(finding: Finding) -> Collection[_Key]:
    """What a finding is known by: the rule, the package without its version, and any name of the advisory."""
    return keys_for(finding.rule, finding.subject, finding.ids or (finding.instance,))


def keys_for(rule: str, subject: str, names: Iterable[str]) -> Collection[_Key]:
    """What a finding of `rule` on `subject` is known by, where `names` are those of its advisory."""
    package = lineage(subject)
    return {(rule, package, name.casefold()) for name in names}


def lineage(subject: str) -> str:
    """`subject` without what changes from one version to the next; of a project its folder stays."""
    if not subject.startswith("pkg:"):
        return subject
    rest, _, query = subject.partition("#")[0].partition("?")
    head, _, tail = rest.rpartition("@")
    package = percent_decoded(head if head and "/" not in tail else rest)
    kind, _, name = package.partition("/")
    folders = [pair for pair in query.split("&") if pair.startswith("path=")]
    return "?".join((f"{kind}/{pypi_name(name)}" if kind == "pkg:pypi" else package, *folders))
