"""Which statement speaks of which finding, and what that changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.facts import Severity
from bomvet.model.finding import Finding, Statement, Suppressed
from bomvet.model.inventory import Component
from bomvet.policy import vex as module
from bomvet.policy.vex import Answered, Checker, Vex, answered

TODAY = dt.date(2026, 11, 24)
ROOT = Component(purl="pkg:generic/sink@1.0", name="sink", version="1.0", directory="")
FINDING = Finding(
    rule="known-vulnerability",
    subject="pkg:pypi/a-b@1.0",
    severity=Severity.HIGH,
    message="m",
    instance="CVE-1",
    ids=("CVE-1", "GHSA-1"),
    remediation="Upgrade a-b to 2.",
)


def said(*products: str, status: str = "not_affected", **fields: Any) -> Statement:
    """A statement on CVE-1 that counts."""
    justification = "vulnerable_code_not_present" if status == "not_affected" else ""
    stated = {"ids": ("CVE-1",), "justification": justification, "author": "Ada", "source": "v.json", **fields}
    return Statement(status=status, products=products or ("pkg:pypi/a-b",), **stated)


def judged(
    *statements: Statement, finding: Finding = FINDING, root: Component | None = ROOT, **fields: Any
) -> Answered:
    """What becomes of one finding."""
    return answered([finding], Vex(statements=statements, **fields), root=root, today=TODAY)


def test_without_statements_nothing_changes() -> None:
    """What is wrong with the documents is told all the same."""
    assert judged(problems=("p",)) == Answered(open=(FINDING,), notes=("p",))


# ── the vulnerability ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["CVE-1", "cve-1", "GHSA-1", "ghsa-1"])
def test_any_name_of_the_vulnerability(name: str) -> None:
    """Id and aliases, in whatever letter case."""
    statement = said(ids=("OTHER", name))

    assert judged(statement) == Answered(open=(), suppressed=(Suppressed(finding=FINDING, statement=statement),))


def test_another_vulnerability() -> None:
    """It says nothing of this one, and nothing is told of it."""
    assert judged(said(ids=("CVE-2",))) == Answered(open=(FINDING,))


def test_only_vulnerabilities_are_answered() -> None:
    """A finding of another rule stays, whatever it is called."""
    finding = replace(FINDING, rule="weak-integrity")

    assert judged(said(), finding=finding).open == (finding,)


@pytest.mark.parametrize("names", [("MAL-2026-1", "CVE-1"), ("CVE-1", "mal-2026-1")])
def test_malicious_packages_are_never_answered(names: tuple[str, ...]) -> None:
    """The statement is told, and the finding stays."""
    finding = replace(FINDING, ids=names)
    note = "v.json: the statement on CVE-1 is not applied: pkg:pypi/a-b@1.0 is malicious, which no statement answers"

    assert judged(said(), finding=finding) == Answered(open=(finding,), notes=(note,))


# ── the component as product ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("product", "subject", "is_meant"),
    [
        ("pkg:pypi/a-b", "pkg:pypi/a-b@1.0", True),
        ("pkg:pypi/a-b@1.0", "pkg:pypi/a-b@1.0", True),
        ("pkg:pypi/A.B@1.0", "pkg:pypi/a-b@1.0", True),
        ("pkg:PyPI/a_b@1%2E0", "pkg:pypi/a-b@1.0", True),
        ("pkg:pypi/a-b@1.0.0", "pkg:pypi/a-b@1.0", False),
        ("pkg:npm/a-b@1.0", "pkg:pypi/a-b@1.0", False),
        ("pkg:npm/%40s/a@1", "pkg:npm/@s/a@1", True),
        ("pkg:npm/@s/a", "pkg:npm/%40s/a@1", True),
        ("pkg:npm/@s/A", "pkg:npm/%40s/a@1", False),
        ("pkg:npm/a", "pkg:npm/%40s/a@1", False),
        ("pkg:deb/debian/a@1?arch=amd64", "pkg:deb/debian/a@1?arch=amd64&distro=d", True),
    ],
)
def test_products(product: str, subject: str, is_meant: bool) -> None:  # noqa: FBT001
    """By type, namespace, name and version, decoded; without a version all are meant."""
    finding = replace(FINDING, subject=subject)

    assert judged(said(product), finding=finding) == (
        Answered(open=(), suppressed=(Suppressed(finding=finding, statement=said(product)),))
        if is_meant
        else Answered(open=(finding,))
    )


@pytest.mark.parametrize(
    ("product", "subject"),
    [
        ("pkg:pypi/a-b@1.0?vcs_url=x", "pkg:pypi/a-b@1.0"),
        ("pkg:pypi/a-b@1.0#sub", "pkg:pypi/a-b@1.0"),
        ("pkg:pypi/a-b@1.0", "pkg:pypi/a-b"),
        ("pkg:pypi/a-b?vers=vers:pypi%2F%3C2", "pkg:pypi/a-b"),
        ("pkg:pypi/a-b?vers=vers:pypi%2F%3C2", "pkg:pypi/a-b@1.0"),
    ],
)
def test_what_cannot_be_told_is_not_applied(product: str, subject: str) -> None:
    """Qualifiers that the component has not, versions that are not known, ranges that nobody can read."""
    finding = replace(FINDING, subject=subject)
    note = f"v.json: the statement on CVE-1 is not applied: whether {product} is {subject} cannot be told"

    assert judged(said(product), finding=finding) == Answered(open=(finding,), notes=(note,))


@pytest.mark.parametrize(("held", "is_meant"), [(True, True), (False, False)])
def test_ranges(held: bool, is_meant: bool) -> None:  # noqa: FBT001
    """They are put to whoever knows the order of versions."""
    asked = []

    def within(purl: str, vers: str) -> bool:
        asked.append((purl, vers))
        return held

    found = judged(said("pkg:pypi/a-b?vers=vers:pypi%2F%3C2"), within=within)

    assert (bool(found.suppressed), found.notes) == (is_meant, ())
    assert asked == [("pkg:pypi/a-b@1.0", "vers:pypi/<2")]


# ── the project as product ──────────────────────────────────────────────────────────────────────

PART = ("pkg:pypi/a-b@1.0",)


@pytest.mark.parametrize("product", ["pkg:generic/sink", "pkg:generic/sink@1.0", "sink", "sink@1.0"])
@pytest.mark.parametrize("components", [(), PART, ("pkg:pypi/a-b",), ("pkg:npm/x", "pkg:pypi/a-b")])
def test_the_project_as_product(product: str, components: tuple[str, ...]) -> None:
    """With components it is for these, without for all."""
    assert len(judged(said(product, components=components)).suppressed) == 1


def test_the_project_as_product_with_other_components() -> None:
    """It is not for this one."""
    assert judged(said("pkg:generic/sink", components=("pkg:npm/a-b",))) == Answered(open=(FINDING,))


@pytest.mark.parametrize("product", ["pkg:pypi/sink@1.0", "pkg:generic/sink@0.9", "https://sink.example/", "Sink 1.0"])
@pytest.mark.parametrize("components", [(), PART])
def test_a_product_that_may_be_the_project(product: str, components: tuple[str, ...]) -> None:
    """It is not applied, and what would make it count is told; the user's word does."""
    statement = said(product, components=components)
    note = (
        f"v.json: the statement on CVE-1 is not applied: it is about {product}, which is not known to be this project "
        f"(--vex-product {product} says that it is)"
    )

    assert judged(statement) == Answered(open=(FINDING,), notes=(note,))
    assert len(judged(statement, products=(product,)).suppressed) == 1


def test_components_of_another_product() -> None:
    """A vendor's word on its own product says nothing of ours, and is not worth a line."""
    assert judged(said("pkg:npm/other", components=PART)) == Answered(open=(FINDING,))


@pytest.mark.parametrize(
    ("named", "product", "is_meant"),
    [
        ("pkg:oci/sink", "pkg:oci/sink@sha256:1?arch=amd64", True),
        ("pkg:oci/sink@sha256:1", "pkg:oci/sink", True),
        ("pkg:oci/sink@sha256:1", "pkg:oci/sink@sha256:2", False),
        ("pkg:oci/other", "pkg:oci/sink", False),
    ],
)
def test_further_names_of_the_project(named: str, product: str, is_meant: bool) -> None:  # noqa: FBT001
    """What the user names without a version or qualifiers is meant in all of them."""
    assert bool(judged(said(product, components=PART), products=(named,)).suppressed) is is_meant


def test_a_project_without_a_version() -> None:
    """The digest that stands for it is none: a statement on some version may be about another state."""
    root = Component(purl="pkg:generic/sink@sha256:00", name="sink", version="sha256:00", directory="")

    assert len(judged(said("pkg:generic/sink", components=PART), root=root).suppressed) == 1
    assert judged(said("pkg:generic/sink@1.0", components=PART), root=root).suppressed == ()


def test_no_project_at_all() -> None:
    """Then only components can be meant."""
    assert judged(said("pkg:generic/sink", components=PART), root=None) == Answered(open=(FINDING,))
    assert len(judged(said(), root=None).suppressed) == 1


# ── what a statement changes ────────────────────────────────────────────────────────────────────


def test_fixed_suppresses() -> None:
    """A backported fix needs no justification."""
    assert judged(said(status="fixed")).open == ()


def test_affected_keeps_the_finding_and_says_what_to_do() -> None:
    """The action comes before what we would do."""
    statement = said(status="affected", action="Turn it off.")
    (finding,) = judged(statement).open

    assert finding.remediation == "Turn it off. Upgrade a-b to 2."
    assert finding.evidence == ("VEX: affected, says Ada (v.json)",)
    assert judged(statement).stated == (Suppressed(finding=finding, statement=statement),)
    assert finding.fingerprint == FINDING.fingerprint


def test_under_investigation_keeps_the_finding() -> None:
    """It is told, and no more."""
    (finding,) = judged(said(status="under_investigation", author="")).open

    assert (finding.remediation, finding.evidence) == (
        "Upgrade a-b to 2.",
        ("VEX: under investigation, says nobody (v.json)",),
    )


def test_not_affected_without_a_reason_counts_for_nothing() -> None:
    """It is told; an impact statement is a reason."""
    bare = said(justification="")
    note = (
        "v.json: the statement on CVE-1 is not applied: "
        "it says not_affected without a justification or an impact statement"
    )

    assert judged(bare, bare) == Answered(open=(FINDING,), notes=(note,))
    assert judged(replace(bare, impact="never called")).open == ()


def test_a_statement_of_the_future_counts_for_nothing() -> None:
    """It would go before all that anybody says from now on; a clock may be a day ahead."""
    ahead, future = said(time="2026-11-25T23:00:00Z"), said(time="2026-11-26T00:00:00Z")

    assert judged(ahead).open == ()
    assert judged(future).notes == (
        "v.json: the statement on CVE-1 is not applied: it is of the future (2026-11-26T00:00:00Z)",
    )


@pytest.mark.parametrize(
    ("first", "second", "is_open"),
    [
        (("not_affected", "2026-01-01T00:00:00Z"), ("affected", "2026-01-02T00:00:00Z"), True),
        (("affected", "2026-01-01T00:00:00Z"), ("not_affected", "2026-01-02T00:00:00Z"), False),
        (("affected", "2026-01-01T12:00:00+12:00"), ("fixed", "2026-01-01T00:00:01Z"), False),
        (("affected", ""), ("fixed", "2026-01-01T00:00:00"), False),
        (("affected", "2026-01-01T00:00:00Z"), ("not_affected", "2026-01-01T00:00:00Z"), True),
        (("under_investigation", "2026-01-01T00:00:00Z"), ("fixed", "2026-01-01T00:00:00Z"), True),
        (("fixed", ""), ("affected", ""), True),
    ],
)
def test_the_latest_counts(first: tuple[str, str], second: tuple[str, str], is_open: bool) -> None:  # noqa: FBT001
    """In whatever sequence they stand; of the same moment the more cautious one does."""
    statements = [said(status=status, time=time) for status, time in (first, second)]

    assert [bool(judged(*order).open) for order in (statements, statements[::-1])] == [is_open, is_open]


def test_notes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of thousands of useless statements does not hide all else."""
    monkeypatch.setattr(module, "_MAX_NOTES", 2)
    found = judged(*(said(f"https://{n}.example/") for n in range(10)), problems=("p",))

    first, second, last = found.notes
    assert (first, last) == ("p", "... and 4 more on VEX statements")
    assert second.startswith("v.json: the statement on CVE-1 is not applied: it is about https://0.example/, which")


def test_pairs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small statement can be on any number of vulnerabilities and products; beyond the limit none counts."""
    monkeypatch.setattr(module, "_MAX_PAIRS", 3)
    many = said("pkg:npm/x", "pkg:npm/y", ids=("CVE-1", "GHSA-1"))

    assert len(judged(said()).suppressed) == 1
    assert judged(many, said()) == Answered(
        open=(FINDING,),
        notes=(
            "v.json: the statement on CVE-1 is not applied: together they are on more than 3 pairs of vulnerability and product",
        ),
    )


@given(
    st.lists(
        st.builds(
            lambda status, product, time: said(product, status=status, time=time),
            st.sampled_from(["not_affected", "affected", "fixed", "under_investigation"]),
            st.sampled_from(["pkg:pypi/a-b", "pkg:pypi/a-b@1.0", "pkg:pypi/a-b@2.0", "sink", "pkg:npm/x"]),
            st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
        )
    ),
    st.randoms(),
)
def test_no_finding_is_lost(statements: list[Statement], random: Any) -> None:
    """Each is open or suppressed, and the sequence of statements does not matter."""
    other = replace(FINDING, rule="other")
    vex = Vex(statements=tuple(statements))
    found = answered([FINDING, other], vex, root=ROOT, today=TODAY)
    random.shuffle(statements)
    again = answered([FINDING, other], Vex(statements=tuple(statements)), root=ROOT, today=TODAY)

    fingerprints = sorted(f.fingerprint for f in (*found.open, *(s.finding for s in found.suppressed)))
    assert fingerprints == sorted((FINDING.fingerprint, other.fingerprint))
    assert [f.fingerprint for f in found.open] == [f.fingerprint for f in again.open]


def test_many_statements_and_findings_take_no_time() -> None:
    """20,000 statements on one vulnerability of 2,000 components: each is looked at once."""
    findings = [replace(FINDING, subject=f"pkg:pypi/p{n}@1") for n in range(2000)]
    statements = tuple(said(f"pkg:pypi/p{n}@1") for n in range(20_000))

    found = answered(findings, Vex(statements=statements), root=ROOT, today=TODAY)

    assert (len(found.open), len(found.suppressed)) == (0, 2000)


# ── checking ────────────────────────────────────────────────────────────────────────────────────


def test_whom_a_statement_is_for() -> None:
    """Among components of which none has to be vulnerable, and what is wrong where it is for none."""
    components = [Component(purl=f"pkg:pypi/a-b@{v}", name="a-b", version=v) for v in ("1.0", "2.0")]
    checker = Checker(Vex(), ROOT, components, TODAY)

    assert checker.subjects(said()) == (["pkg:pypi/a-b@1.0", "pkg:pypi/a-b@2.0"], [])
    assert checker.subjects(said("pkg:pypi/a-b@2.0")) == (["pkg:pypi/a-b@2.0"], [])
    assert checker.subjects(said("sink")) == (["pkg:generic/sink@1.0"], [])
    assert checker.subjects(said("pkg:npm/x")) == ([], [])
    assert len(checker.subjects(said("pkg:npm/sink"))[1]) == 1
