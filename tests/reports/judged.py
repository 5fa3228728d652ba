"""Scans with a judgement, for the formats that show findings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bomvet.model.facts import AdvisoryAnswer, AdvisoryMatch, Epss, Facts, Kev, Rating, Severity, Standing
from bomvet.model.finding import (
    Assessment,
    Finding,
    PolicyUsed,
    RiskScore,
    Rule,
    Statement,
    Suppressed,
    Verdict,
    Waived,
    Waiver,
)
from bomvet.model.inventory import Component, Inventory, Kind, Location, Relationship, Scope, Unknown
from bomvet.model.records import replace
from bomvet.model.result import Input, ScanResult, Skipped, Snapshot, Target
from bomvet.plugin import RenderOptions, Report

ROOT = Component(
    purl="pkg:generic/sink@1",
    name="sink",
    version="1",
    kind=Kind.APPLICATION,
    directory="",
    locations=(Location(path="pyproject.toml"),),
)
TAP = Component(
    purl="pkg:pypi/tap@1.0",
    name="tap",
    version="1.0",
    locations=(Location(path="uv.lock", line=20), Location(path="web/uv.lock", line=3)),
)
PIPE = Component(
    purl="pkg:npm/%40plumb/pipe@2.0",
    name="@plumb/pipe",
    version="2.0",
    scope=Scope.DEV,
    locations=(Location(path="web/package-lock.json", line=7),),
)
SEAL = Component(purl="pkg:pypi/seal@3.0", name="seal", version="3.0", locations=(Location(path="uv.lock", line=40),))
VALVE = Component(purl="pkg:pypi/valve@4.0", name="valve", version="4.0")
POLICY = PolicyUsed(
    source="bomvet.toml", fail_on="high", unknown_severity="fail", allow_incomplete=False, require_components=False
)
KNOWN_VULNERABILITY = Rule(id="known-vulnerability", title="It has a known vulnerability", help="An advisory says so.")
WEAK_INTEGRITY = Rule(id="weak-integrity", title="A weak hash", help="Nothing strong says what is meant.")


def match(id_: str, severity: Severity, **fields: Any) -> AdvisoryMatch:
    """An advisory of the name `id_`."""
    fields = {"ids": (f"GHSA-of-{id_}",), "rating": Rating(severity=severity), "summary": f"About {id_}", **fields}
    return AdvisoryMatch(id=id_, **fields)


def finding(component: Component, advisory: AdvisoryMatch, **fields: Any) -> Finding:
    """What the check makes of `advisory`."""
    names = tuple(sorted({advisory.id, *advisory.ids}))
    fields = {"message": advisory.summary, "locations": component.locations, "ids": names, **fields}
    return Finding(
        rule="known-vulnerability",
        subject=component.purl,
        severity=advisory.rating.severity,
        instance=advisory.id,
        **fields,
    )


LEAK = match(
    "CVE-2026-1",
    Severity.CRITICAL,
    summary="Leaks on every turn",
    aliases=("PYSEC-2026-1",),
    rating=Rating(
        severity=Severity.CRITICAL,
        score=9.8,
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        source="GHSA-of-CVE-2026-1",
    ),
    fixed="1.1",
    clean="1.2",
    cwes=(79, 0, 20),
    references=("https://advisories.example/1", "https://ada:secret@advisories.example/x", "javascript:alert(1)"),
    kev=Kev(added="2026-02-01", due="2026-02-22", ransomware=True),
    epss=Epss(score=0.93, percentile=0.99, date="2026-11-23", model="v2025.03.14"),
)
DRIP = match("CVE-2026-2", Severity.MEDIUM, summary="Drips")
DRY = match("CVE-2026-3", Severity.LOW, summary="Runs dry")
RUST = match("CVE-2026-4", Severity.HIGH, summary="Rusts")
NOISE = match("GHSA-aaaa-bbbb-cccc", Severity.UNKNOWN, ids=("GHSA-aaaa-bbbb-cccc",), summary="Makes noise")

REFUSED = finding(TAP, LEAK, remediation="Upgrade tap to 1.2.", evidence=("GHSA-of-CVE-2026-1: in range [0, 1.1)",))
TOLD = finding(PIPE, DRIP, remediation="No fixed version of @plumb/pipe is known: replace it.")
BASELINE = finding(PIPE, NOISE)
OTHER = Finding(
    rule="weak-integrity", subject=VALVE.purl, severity=Severity.LOW, message="Nothing strong identifies valve@4.0."
)
WAIVED = finding(SEAL, DRY)
ANSWERED = finding(SEAL, RUST)
WAIVER = Waiver(id="CVE-2026-3", reason="never dry", owner="ada", expires=dt.date(2027, 1, 31), line=3)
STATEMENT = Statement(
    ids=("CVE-2026-4",),
    status="not_affected",
    products=(SEAL.purl,),
    justification="vulnerable_code_not_in_execute_path",
    impact="It is made of brass",
    author="Grace",
    source="seal.openvex.json",
)
UNKNOWN = Unknown(location=Location(path="setup.py", line=4), resolver="python/setup", reason="calls a function")
QUESTIONS = ("setup.py:4: calls a function", "pkg:pypi/valve@4.0: no advisories are kept for it")

RESULT = ScanResult(
    tool="0.1.0",
    time="2026-11-24T12:00:00Z",
    target=Target(
        kind="dir",
        name="sink",
        inputs=(Input(path="pyproject.toml", sha256="0" * 64), Input(path="uv.lock", sha256="1" * 64)),
        skipped=(Skipped(path="old/uv.lock", reason="named by a .gitignore file"),),
    ),
    inventory=Inventory(
        root=ROOT,
        components=(PIPE, SEAL, TAP, VALVE),
        relationships=(
            Relationship(source=ROOT.purl, target=TAP.purl),
            Relationship(source=TAP.purl, target=SEAL.purl),
        ),
        unknowns=(UNKNOWN,),
    ),
    facts=Facts(
        advisories={
            PIPE.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(DRIP, NOISE)),
            SEAL.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(DRY, RUST)),
            TAP.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(LEAK,)),
            VALVE.purl: AdvisoryAnswer(standing=Standing.NOT_ESTABLISHED, reason="no advisories are kept for it"),
        }
    ),
    advisory_data=Snapshot(obtained="2026-11-24T00:00:00Z", source="osv.dev", digest="sha256:00", records=5),
    rules=(KNOWN_VULNERABILITY, WEAK_INTEGRITY),
    assessment=Assessment(
        verdict=Verdict.FAILED,
        findings=(REFUSED, BASELINE, TOLD, OTHER),
        failing=frozenset({REFUSED.fingerprint}),
        known=frozenset({BASELINE.fingerprint}),
        conditions={REFUSED.fingerprint: "high"},
        waived=(Waived(finding=WAIVED, waiver=WAIVER),),
        suppressed=(Suppressed(finding=ANSWERED, statement=STATEMENT),),
        expired=(replace(WAIVER, id="CVE-2026-9", expires=dt.date(2026, 1, 31)),),
        unused=(replace(WAIVER, id="CVE-2026-8"),),
        policy=POLICY,
        reasons=("1 finding of severity high or worse", "2 questions could not be answered"),
        not_established=QUESTIONS,
        notes=("pump.csaf.json: a statement is about another product",),
        scores=(RiskScore(subject=TAP.purl, low=80, high=95),),
        score=95.0,
    ),
)
CLEAN = replace(
    RESULT,
    inventory=replace(RESULT.inventory, components=(SEAL,), unknowns=()),
    facts=Facts(advisories={SEAL.purl: AdvisoryAnswer(standing=Standing.ABSENT)}),
    target=replace(RESULT.target, skipped=()),
    assessment=Assessment(verdict=Verdict.PASSED, policy=POLICY),
)
#: Whatever somebody may call a package, a file or an advisory to be more than text somewhere.
HOSTILE = (
    "x\n::error file=a::pwned",
    "x\r\n::set-output name=a::b",
    "::add-mask::secret",
    "##[add-path]/evil",
    "##vso[task.setvariable variable=a]b",
    "\x1b[31m\x1b]8;;https://evil.example\x07",
    '=HYPERLINK("https://evil.example")',
    "| a | <img src=x onerror=alert(1)> |",
    "`code` ``` @octocat #1 owner/repo#2 [x](https://evil.example) www.evil.example",
    "</details><script>alert(1)</script>",
    "section_start:1:x\r\x1b[0K",
    "]]><failure/>&amp;\x00\x08\ufffe\ud800",
    """a,b:c%0Ad;e"f'g""",
    "\u202ereversed\u2028next",
    "100 % {0} {{1}} \\",
)


def judged(result: ScanResult = RESULT, **fields: Any) -> ScanResult:
    """`result` with other fields of its assessment."""
    assert result.assessment
    return replace(result, assessment=replace(result.assessment, **fields))


def hostile(text: str) -> ScanResult:
    """A scan with `text` wherever a project, an advisory or a policy could have put it."""
    name = text.replace("\ud800", "?")  # an id goes through UTF-8
    component = replace(TAP, name=text, version=text, locations=(Location(path=text, line=1),))
    advisory = replace(LEAK, id=name, ids=(name,), aliases=(text,), summary=text, fixed=text, clean=text)
    found = finding(component, advisory, remediation=text, evidence=(text,))
    other = Finding(rule="weak-integrity", subject=name, severity=Severity.LOW, message=text, locations=())
    waiver = replace(WAIVER, id=text, reason=text, owner=text)
    statement = replace(STATEMENT, status=text, justification=text, impact=text, author=text, source=text)
    settled = finding(component, replace(advisory, id=f"{name}!"))
    answered = finding(component, replace(advisory, id=f"{name}?"))
    unknown = Unknown(location=Location(path=text, line=2), resolver="r", reason=text)
    return replace(
        RESULT,
        target=replace(RESULT.target, name=text, skipped=(Skipped(path=text, reason=text),)),
        inventory=Inventory(
            root=replace(ROOT, name=text, locations=(Location(path=text),)),
            components=(component,),
            unknowns=(unknown,),
        ),
        facts=Facts(advisories={TAP.purl: AdvisoryAnswer(standing=Standing.KNOWN, matches=(advisory,))}),
        rules=(replace(KNOWN_VULNERABILITY, title=text, help=text),),
        assessment=Assessment(
            verdict=Verdict.FAILED,
            findings=(found, other),
            failing=frozenset({found.fingerprint}),
            conditions={found.fingerprint: text},
            waived=(Waived(finding=settled, waiver=waiver),),
            suppressed=(Suppressed(finding=answered, statement=statement),),
            expired=(waiver,),
            unused=(waiver,),
            policy=replace(POLICY, source=text),
            reasons=(text,),
            not_established=(f"{unknown.location}: {text}", text),
            notes=(text,),
        ),
    )


def many(count: int) -> ScanResult:
    """A scan with `count` refused findings of as many components and advisories, and as many open questions."""
    components, answers, findings = [], {}, []
    for number in range(count):
        purl, name = f"pkg:pypi/part-{number}@1.0", f"part-{number}"
        component = replace(TAP, purl=purl, name=name, locations=(Location(path="uv.lock", line=number + 1),))
        advisory = match(f"CVE-2026-{number}", Severity.HIGH, fixed="1.1")
        components.append(component)
        answers[purl] = AdvisoryAnswer(standing=Standing.KNOWN, matches=(advisory,))
        findings.append(finding(component, advisory, remediation=f"Upgrade {name} to 1.1."))
    return replace(
        RESULT,
        inventory=Inventory.merge([Inventory(root=ROOT, components=tuple(components))]),
        facts=Facts(advisories=answers),
        assessment=Assessment(
            verdict=Verdict.FAILED,
            findings=tuple(findings),
            failing=frozenset(found.fingerprint for found in findings),
            policy=POLICY,
            reasons=(f"{count} findings of severity high or worse",),
            not_established=tuple(f"pkg:pypi/part-{n}@1.0: {n} is odd" for n in range(count)),
        ),
    )


def text(report: Report, result: ScanResult = RESULT, **options: Any) -> str:
    """What `report` writes."""
    return report.render(result, RenderOptions(**options)).decode()
