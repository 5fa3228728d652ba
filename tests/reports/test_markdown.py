"""Markdown for a pull request: `MARKDOWN`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from bomvet.errors import UsageError
from bomvet.model.facts import Severity
from bomvet.model.finding import Assessment, Verdict
from bomvet.model.inventory import Inventory, Location
from bomvet.model.records import replace
from bomvet.reports._markdown import code, link, plain
from bomvet.reports.markdown import MARKDOWN, MAX_CHARACTERS
from tests.reports import judged as sample
from tests.reports.judged import CLEAN, RESULT, judged, text
from tests.reports.samples import KNOWN

#: What GitHub and GitLab look for in the text of a page, outside of code.
_REFERENCES = re.compile(r"(?<!\w)[@#!$~%&](?=[\w\"])|\[\[|\bwww\.|\w@\w")


def lines(result: Any = RESULT, **options: Any) -> list[str]:
    """What is written."""
    return text(MARKDOWN, result, **options).split("\n")


def html(markdown: str) -> str:
    """As GitHub reads it, before it looks for references."""
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(markdown))


def test_a_scan() -> None:
    """The verdict first, what is refused with its fix, what is open, and the rest folded."""
    assert lines() == [
        "## ❌ bomvet: <code>sink&#64;1</code> failed",
        "",
        "1 finding of severity high or worse; 2 questions could not be answered.",
        "",
        "4 components · 5 advisories as of 2026-11-24 · policy <code>bomvet.toml</code>",
        "",
        "| severity | component | finding | where | fix |",
        "| --- | --- | --- | --- | --- |",
        (
            "| critical, exploited | <code>tap&#64;1.0</code> | CVE-2026-1: Leaks on every turn "
            "| <code>uv.lock&#58;20</code> and 1 more | <code>1.2</code> |"
        ),
        "",
        "**Not established (2)**",
        "",
        "- setup.py&#58;4: calls a function",
        "- pkg&#58;pypi/valve&#64;\u200b4.0: no advisories are kept for it",
        "",
        "<details><summary>Told, not refused</summary>",
        "",
        "| severity | component | finding | where | fix |",
        "| --- | --- | --- | --- | --- |",
        (
            "| medium | <code>&#64;plumb/pipe&#64;2.0</code> (dev) | CVE-2026-2: Drips "
            "| <code>web/package-lock.json&#58;7</code> | No fixed version of &#64;\u200bplumb/pipe is known: replace it. |"
        ),
        (
            "| low | <code>valve&#64;4.0</code> | weak-integrity: Nothing strong identifies valve&#64;\u200b4.0. "
            "| <code>pyproject.toml</code> |  |"
        ),
        (
            "| unknown (known) | <code>&#64;plumb/pipe&#64;2.0</code> (dev) | GHSA-aaaa-bbbb-cccc: Makes noise "
            "| <code>web/package-lock.json&#58;7</code> |  |"
        ),
        "",
        "</details>",
        "",
        "<details><summary>Waived, and answered by VEX</summary>",
        "",
        "- CVE-2026-3 in <code>seal&#64;3.0</code>: Waived by ada until 2027-01-31: never dry.",
        (
            "- CVE-2026-4 in <code>seal&#64;3.0</code>: Not affected vulnerable code not in execute path by the word of "
            "seal.openvex.json of Grace: It is made of brass."
        ),
        "",
        "</details>",
        "",
        "<details><summary>Waivers to look after</summary>",
        "",
        "- CVE-2026-9 of ada expired on 2026-01-31.",
        "- CVE-2026-8 of ada covers nothing.",
        "",
        "</details>",
        "",
        "<details><summary>Notes</summary>",
        "",
        "- pump.csaf.json: a statement is about another product",
        "",
        "</details>",
        "",
        "<details><summary>Passed over</summary>",
        "",
        "- old/uv.lock: named by a .gitignore file",
        "",
        "</details>",
        "",
    ]


def test_a_clean_scan_is_short() -> None:
    """The verdict and what it rests on."""
    bare = replace(CLEAN, advisory_data=None, inventory=Inventory(), assessment=Assessment(verdict=Verdict.INCOMPLETE))
    built_in = judged(CLEAN, policy=replace(sample.POLICY, source=""))

    assert lines(built_in) == [
        "## ✅ bomvet: <code>sink&#64;1</code> passed",
        "",
        "1 component · 5 advisories as of 2026-11-24 · policy built in",
        "",
    ]
    assert lines(bare) == ["## ⚠️ bomvet: <code>sink</code> incomplete", "", "0 components", ""]


def test_paths_are_those_of_the_repository() -> None:
    """Of findings and of open questions."""
    written = text(MARKDOWN, folder="api")

    assert "<code>api/uv.lock&#58;20</code>" in written
    assert "- api/setup.py&#58;4: calls a function\n" in written


def test_what_has_no_place() -> None:
    """An empty cell."""
    bare = replace(
        judged(findings=(sample.OTHER,)),
        inventory=replace(RESULT.inventory, root=None),
        target=replace(RESULT.target, inputs=()),
    )

    assert (
        "| low | <code>valve&#64;4.0</code> | weak-integrity: Nothing strong identifies valve&#64;\u200b4.0. |  |  |"
        in lines(bare)
    )


def test_it_fits_into_a_comment() -> None:
    """However much there is, with characters that are six as markup; what is left out is counted."""
    wild = "|" * 5000
    items = [
        sample.finding(
            replace(sample.TAP, locations=(Location(path=wild),)),
            sample.match(f"CVE-{n}", Severity.HIGH, summary=wild),
            remediation=wild,
        )
        for n in range(3000)
    ]
    failing = frozenset(item.fingerprint for item in items[:1000])
    waiver = replace(sample.WAIVER, reason=wild, owner=wild, id=wild)
    assessment = RESULT.assessment
    assert assessment
    (waived,) = assessment.waived
    result = judged(
        findings=tuple(items[:2000]),
        failing=failing,
        waived=tuple(replace(waived, finding=item, waiver=waiver) for item in items[2000:]),
        expired=(waiver,) * 1000,
        unused=(waiver,) * 1000,
        reasons=(wild,),
        not_established=tuple(f"{n}{wild}: {n}" for n in range(1000)),
        notes=(wild,) * 1000,
        policy=replace(sample.POLICY, source=wild),
    )
    skipped = tuple(replace(RESULT.target.skipped[0], path=f"{n}{wild}", reason=f"{n}") for n in range(1000))
    result = replace(result, target=replace(RESULT.target, skipped=skipped))
    written = text(MARKDOWN, result)

    assert 40_000 < len(written) <= MAX_CHARACTERS
    assert len(re.findall(r"([0-9,]+) more: `bomvet scan -f json` shows all\.", written)) == 7


def test_ten_thousand_findings() -> None:
    """The table ends with the number of those that are not in it, and the page with all its parts closed."""
    written = text(MARKDOWN, sample.many(10_000))
    rows = len(re.findall(r"^\| high \|", written, re.MULTILINE))
    (more,) = re.findall(r"^\n?([0-9,]+) more: `bomvet", written, re.MULTILINE)

    assert rows + int(more.replace(",", "")) == 10_000
    assert written.count("<details>") == written.count("</details>")


# -- text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", sample.HOSTILE)
def test_nothing_is_more_than_text(words: str) -> None:
    """Whatever a name holds: no element, link, row or heading but ours, and no mention."""
    page = html(text(MARKDOWN, sample.hostile(words)))
    expected = html(text(MARKDOWN, sample.hostile("harmless")))

    assert re.findall(r"<[^>]*>", page) == re.findall(r"<[^>]*>", expected)
    outside = re.sub(r"<code>.*?</code>", "", page)
    assert _REFERENCES.findall(re.sub(r"&(?:[a-z]+|#[0-9]+);", " ", outside)) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a_b *c* `d` <e> | f", "a&#95;b &#42;c&#42; &#96;d&#96; &#60;e&#62; &#124; f"),
        ("@team #1 !2 $3 ~label %m &e [[wiki]]", "&#64;\u200bteam &#35;\u200b1 &#33;\u200b2 &#36;\u200b3 &#126;\u200blabel %\u200bm &#38;\u200be &#91;\u200b&#91;\u200bwiki&#93;&#93;"),
        ("https://a.example www.b.example :smile:", "https&#58;\u200b//a.example www\u200b.b.example &#58;smile:"),
        ("line\nbreak\tand \x1b[31m \u202e", "line break and \ufffd&#91;\u200b31m \ufffd"),
        ("plain words, (with) 'marks' = 1.0?", "plain words, (with) 'marks' = 1.0?"),
    ],
)  # fmt: skip
def test_plain_text(words: str, expected: str) -> None:
    """What could be markup is a character reference; what could be a reference is broken."""
    assert plain(words) == expected


def test_code() -> None:
    """As it is, in one line; nothing for nothing."""
    assert (code("@a/b|c\nd"), code("")) == ("<code>&#64;a/b&#124;c d</code>", "")


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/b?c=d#e", True),
        ("http://a.example/b", False),
        ("javascript:alert(1)", False),
        ("https://a.example/b)c", False),
        ("https://a.example/a*b", False),
        ("https://a.example/ü", False),
    ],
)
def test_links(url: str, *, linked: bool) -> None:
    """Only to plain web addresses."""
    assert link("text|", url) == (f"[text&#124;]({url})" if linked else "text&#124;")


def test_an_inventory_alone_is_no_answer() -> None:
    """`bomvet sbom -f markdown` would look clean."""
    with pytest.raises(UsageError, match="the format markdown shows findings"):
        text(MARKDOWN, KNOWN)
