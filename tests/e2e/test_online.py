"""Scans with OSV's service, through the real command line, against a server that does what services do."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bomvet import api
from bomvet.advisories import osv_api
from bomvet.model.records import replace
from bomvet.net import _rules
from tests.e2e.conftest import ADVISORY, Cli
from tests.osv_server import BATCH, RECORD, Fault, OsvServer, osv_server, reset, says, sends, status, truncated, usual

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def osv(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OsvServer]:  # noqa: ARG001 - is first
    """A server of the one advisory, which the command line is set to, and no patience."""
    monkeypatch.delenv("BOMVET_OFFLINE")
    # The other services are nobody's to ask from a test.
    monkeypatch.setattr(api, "_with_catalogues", lambda context, _: replace(context, kev_url="", epss_url=""))
    monkeypatch.setenv("BOMVET_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(_rules, "pause", lambda *_: 0.001)
    with osv_server(ADVISORY) as server:
        monkeypatch.setenv("BOMVET_OSV_URL", server.url)
        yield server


def test_online(cli: Cli, osv: OsvServer) -> None:
    """Without a database the service is asked, and the result says so."""
    ran = cli("scan", "-f", "json")
    found = ran.json
    assert (ran.code, [f["instance"] for f in found["findings"]]) == (1, ["CVE-2026-0001"])
    assert (found["advisory_data"]["source"], found["advisory_data"]["records"]) == (osv.url, 1)


@pytest.mark.usefixtures("osv")
def test_the_table_names_what_is_fixed_and_clean(cli: Cli) -> None:
    """What is fixed comes from the record, and that it is clean from a question of its own."""
    (match,) = cli("scan", "-f", "json").json["facts"]["advisories"]["pkg:pypi/tap@1.0"]["matches"]
    assert (match["fixed"], match["clean"], match["evidence"], match["confidence"]) == (
        "1.1",
        "1.1",
        ["GHSA-aaaa-bbbb-cccc: in range [0, 1.1)"],
        "high",
    )


def test_what_is_sent(cli: Cli, osv: OsvServer) -> None:
    """Names and versions of third-party packages, ids of records, and no word of the project itself."""
    cli("scan")
    package = {"ecosystem": "PyPI", "name": "tap"}
    assert osv.requests == [
        (
            "POST",
            BATCH,
            {
                "queries": [
                    {"package": {"ecosystem": "PyPI", "name": "pipe"}, "version": "2.0"},
                    {"package": package, "version": "1.0"},
                ]
            },
        ),
        ("POST", BATCH, {"queries": [{"package": package}]}),
        ("GET", f"{RECORD}GHSA-aaaa-bbbb-cccc", None),
        ("GET", f"{RECORD}CVE-2026-0001", None),
        ("POST", BATCH, {"queries": [{"package": package, "version": "1.1"}]}),
    ]
    assert {"authorization", "cookie"} & {name for headers in osv.headers for name in headers} == set()
    assert {headers["user-agent"].partition("/")[0] for headers in osv.headers} == {"bomvet"}


def test_a_second_run_fetches_no_record(cli: Cli, osv: OsvServer) -> None:
    """Records are fetched again only when they are modified."""
    first = cli("scan", "-f", "json").json
    fetched = len(osv.asked(RECORD))
    second = cli("scan", "-f", "json").json
    assert (second["findings"], len(osv.asked(RECORD))) == (first["findings"], fetched)
    osv.publish({**ADVISORY, "modified": "2026-02-02T00:00:00Z", "summary": "A leakier tap"})
    osv.records.clear()
    third = cli("scan", "-f", "json").json
    assert len(osv.asked(RECORD)) == fetched + 1
    assert third["facts"]["advisories"]["pkg:pypi/tap@1.0"]["matches"][0]["summary"] == "A leakier tap"


def test_a_damaged_cache_is_made_anew(cli: Cli, osv: OsvServer, tmp_path: Path) -> None:
    """What is in it is never believed without its digest."""
    before = cli("scan", "-f", "json").json["findings"]
    (tmp_path / "cache" / "records.db").write_bytes(b"no database" * 1000)
    fetched = len(osv.asked(RECORD))
    assert cli("scan", "-f", "json").json["findings"] == before
    assert len(osv.asked(RECORD)) == 2 * fetched
    assert cli("scan", "-f", "json").json["findings"] == before
    assert len(osv.asked(RECORD)) == 2 * fetched


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

PASSING: dict[str, Fault] = {
    "503": status(503),
    "500": status(500, {"code": 13}),
    "429": status(429, retry_after="1"),
    "429 until a date": status(429, retry_after="Tue, 24 Nov 2026 12:00:00 GMT"),
    "reset": reset,
    "truncated": truncated,
}


@pytest.mark.parametrize("path", [BATCH, RECORD])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_is_tried_again(cli: Cli, osv: OsvServer, path: str, fault: Fault) -> None:
    """Three failures do no harm."""
    osv.inject(path, fault, fault, fault)
    ran = cli("scan", "-f", "json")
    assert (ran.code, [f["instance"] for f in ran.json["findings"]]) == (1, ["CVE-2026-0001"])
    assert ran.json["assessment"]["not_established"] == []


LASTING: dict[str, tuple[Fault, str]] = {
    "503": (status(503), "fails (HTTP 503)"),
    "429": (status(429, retry_after="0"), "asks for fewer requests (HTTP 429)"),
    "reset": (reset, "broke the connection off"),
    "truncated": (truncated, "broke the connection off"),
    "no such page": (status(404), "does not answer (HTTP 404)"),
    "forbidden": (status(403, {"message": "go away"}), "does not answer (HTTP 403)"),
    "no JSON": (sends(b"<html>"), "in a form that is not known"),
    "cut JSON": (sends(b'{"results": [{}, {'), "in a form that is not known"),
    "no object": (says([]), "in a form that is not known"),
    "nothing": (says({}), "in a form that is not known"),
    "no list": (says({"results": None}), "in a form that is not known"),
    "no result": (says({"results": []}), "answers 0 of 2 questions"),
    "fewer results": (says({"results": [{}]}), "answers 1 of 2 questions"),
    "more results": (says({"results": [{}, {}, {}]}), "answers 3 of 2 questions"),
    "null results": (says({"results": [None, None]}), "gives no answer for this package"),
    "an id that is no text": (says({"results": [{}, {"vulns": [{"id": 5}]}]}), "1 advisories without a usable id"),
    "an id that is a path": (says({"results": [{}, {"vulns": [{"id": ".."}]}]}), "1 advisories without a usable id"),
    "no advisory": (says({"results": [{}, {"vulns": [None]}]}), "1 advisories without a usable id"),
    "vulns of another kind": (says({"results": [{}, {"vulns": "x"}]}), "in a form that is not known"),
    "a token of another kind": (says({"results": [{}, {"next_page_token": 5}]}), "in a form that is not known"),
    "a bomb": (sends(gzip.compress(b" " * 3_000_000), content_encoding="gzip"), "sends more than 1,000,000 bytes"),
    "no gzip": (sends(b"nonsense", content_encoding="gzip"), "sends what cannot be unpacked"),
    "huge": (sends(b" " * 3_000_000), "sends more than 1,000,000 bytes"),
    "in circles": (status(307, location=BATCH), "redirects more than 5 times"),
    "a redirected question": (status(302, location=BATCH), "redirects a question elsewhere (HTTP 302)"),
    "elsewhere": (status(307, location="http://other.example/"), "leads to another place without encryption"),
}


@pytest.mark.parametrize(("fault", "words"), LASTING.values(), ids=LASTING)
def test_what_lasts_is_exit_3(
    cli: Cli, osv: OsvServer, monkeypatch: pytest.MonkeyPatch, fault: Fault, words: str
) -> None:
    """No answer is no good answer, and the reason is told with what to do."""
    monkeypatch.setattr(osv_api, "MAX_ANSWER", 1_000_000)
    osv.inject(BATCH, *[fault] * 40)
    ran = cli("scan", "-f", "json")
    told = ran.json["assessment"]["not_established"]
    assert (ran.code, ran.json["findings"]) == (3, [])
    assert any(words in line for line in told), told
    assert any(line.startswith("pkg:pypi/tap@1.0: ") for line in told), told


def test_null_in_the_place_of_no_advisories(cli: Cli, osv: OsvServer) -> None:
    """`vulns: null` is none."""
    osv.inject(BATCH, says({"results": [{"vulns": None}, {"vulns": [], "next_page_token": None}]}))
    assert cli("scan").code == 0


def test_one_query_that_is_refused(cli: Cli, osv: OsvServer) -> None:
    """It is cut out, and the others are asked without it."""
    osv.inject(BATCH, status(400, {"code": 3, "message": "error in query at index 0: no such\nversion"}))
    ran = cli("scan", "-f", "json")
    assert (ran.code, [f["instance"] for f in ran.json["findings"]]) == (1, ["CVE-2026-0001"])
    assert ran.json["assessment"]["not_established"] == [
        "pkg:pypi/pipe@2.0: the advisory service refuses the question: error in query at index 0: no such version"
    ]


def test_the_affected_query_is_refused(cli: Cli, osv: OsvServer) -> None:
    """What was cut out is an open question."""
    osv.inject(BATCH, status(400, {"message": "error in query at index 1"}))
    ran = cli("scan", "-f", "json")
    assert (ran.code, ran.json["findings"]) == (3, [])


def test_a_batch_that_is_refused_without_a_reason(cli: Cli, osv: OsvServer) -> None:
    """It is halved until what is refused stands alone."""
    osv.inject(BATCH, status(400), status(400, {"message": 5}))
    ran = cli("scan", "-f", "json")
    assert (ran.code, [f["instance"] for f in ran.json["findings"]]) == (1, ["CVE-2026-0001"])
    assert ran.json["assessment"]["not_established"] == [
        "pkg:pypi/pipe@2.0: the advisory service refuses the question: HTTP 400"
    ]


def another(id_: str) -> dict[str, Any]:
    """One more advisory of the same package."""
    return {**ADVISORY, "id": id_, "aliases": []}


def test_pages(cli: Cli, osv: OsvServer) -> None:
    """Every page is followed."""
    osv.publish(*(another(f"PYSEC-2026-{n}") for n in range(5)))
    osv.page = 2
    ran = cli("scan", "-f", "json")
    expected = ["CVE-2026-0001", *(f"PYSEC-2026-{n}" for n in range(5))]
    assert sorted(f["instance"] for f in ran.json["findings"]) == expected
    tokens = [q.get("page_token") for body in osv.asked(BATCH) for q in body["queries"] if "version" in q]
    assert tokens == [None, None, "2", "4", None]


def test_a_partial_answer_without_one_advisory(cli: Cli, osv: OsvServer) -> None:
    """A service that ran out of time gives a token, and nothing else."""
    osv.inject(BATCH, says({"results": [{}, {"next_page_token": "0"}]}))
    assert [f["instance"] for f in cli("scan", "-f", "json").json["findings"]] == ["CVE-2026-0001"]


def test_a_token_that_comes_again(cli: Cli, osv: OsvServer) -> None:
    """A page that leads to itself is no end."""
    osv.inject(BATCH, says({"results": [{}, {"next_page_token": "a"}]}), says({"results": [{"next_page_token": "a"}]}))
    ran = cli("scan", "-f", "json")
    assert ran.code == 3
    assert ran.json["assessment"]["not_established"] == [
        "pkg:pypi/tap@1.0: the advisory service repeats a page, so its answer is not whole"
    ]


def test_pages_without_end(cli: Cli, osv: OsvServer) -> None:
    """There is a bound, and it is told."""
    osv.inject(BATCH, says({"results": [{}, {"next_page_token": "x"}]}))
    osv.inject(BATCH, *(says({"results": [{"next_page_token": f"{n}"}]}) for n in range(500)))
    ran = cli("scan", "-f", "json")
    assert ran.code == 3
    assert ran.json["assessment"]["not_established"] == [
        "pkg:pypi/tap@1.0: the advisory service has more than 100 pages, so its answer is not whole"
    ]
    assert len(osv.asked(BATCH)) == 100


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(404), "the service does not have it"),
        (status(503), "fails (HTTP 503)"),
        (says({**ADVISORY, "id": "OTHER"}), "what came is no such record"),
        (sends(b"{"), "what came is no such record"),
    ],
)
def test_a_record_that_cannot_be_had(cli: Cli, osv: OsvServer, fault: Fault, words: str) -> None:
    """The service says that it affects the version: a finding of unknown severity, and an open question."""
    osv.inject(f"{RECORD}GHSA", *[fault] * 4)
    ran = cli("scan", "-f", "json")
    (finding,) = ran.json["findings"]
    (match,) = ran.json["facts"]["advisories"]["pkg:pypi/tap@1.0"]["matches"]
    assert (ran.code, finding["instance"], finding["severity"]) == (1, "GHSA-aaaa-bbbb-cccc", "unknown")
    assert (match["evidence"], match["confidence"]) == (["GHSA-aaaa-bbbb-cccc: API only"], "low")
    assert any(words in line for line in ran.json["assessment"]["not_established"])


def test_what_only_the_service_says(cli: Cli, osv: OsvServer) -> None:
    """A match that the record does not confirm is one of low confidence, without a version that ends it."""
    osv.publish({**another("PYSEC-9"), "affected": []})
    osv.answers = {("PyPI", "tap", "1.0"): [{"id": "PYSEC-9", "modified": ADVISORY["modified"]}]}
    (match,) = cli("scan", "-f", "json").json["facts"]["advisories"]["pkg:pypi/tap@1.0"]["matches"]
    assert (match["id"], match["evidence"], match["confidence"], match["fixed"], match["clean"]) == (
        "PYSEC-9",
        ["PYSEC-9: API only"],
        "low",
        "",
        "",
    )


def test_a_clean_version_that_the_service_knows_better(cli: Cli, osv: OsvServer) -> None:
    """What no record affects, and the service does, is not called clean."""
    named = [{"id": ADVISORY["id"], "modified": ADVISORY["modified"]}]
    osv.answers = {("PyPI", "tap", "1.0"): named, ("PyPI", "tap", "1.1"): named}
    (match,) = cli("scan", "-f", "json").json["facts"]["advisories"]["pkg:pypi/tap@1.0"]["matches"]
    assert (match["fixed"], match["clean"]) == ("1.1", "")


def test_a_record_that_was_withdrawn_meanwhile(cli: Cli, osv: OsvServer) -> None:
    """The record goes before the list that named it."""
    osv.answers = {("PyPI", "tap", "1.0"): [{"id": ADVISORY["id"], "modified": ADVISORY["modified"]}]}
    osv.publish({**ADVISORY, "withdrawn": "2026-03-03T00:00:00Z"})
    ran = cli("scan", "-f", "json")
    assert (ran.code, ran.json["findings"]) == (0, [])
    assert ran.json["facts"]["advisories"]["pkg:pypi/tap@1.0"]["withdrawn"] == 1


# ── the one or the other ────────────────────────────────────────────────────────────────────────


def test_nobody_is_there(cli: Cli, osv: OsvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither service nor database: exit 3, and what to do."""
    monkeypatch.setenv("BOMVET_OSV_URL", "http://127.0.0.1:1")
    ran = cli("scan", "-f", "json")
    reasons = {p["id"]: p["reason"] for p in ran.json["plugins"]}
    assert (ran.code, osv.requests) == (3, [])
    assert reasons["osv"] == (
        "the advisory service could not be asked: 127.0.0.1:1 cannot be reached: Connection refused; "
        "try again, or use a database: `bomvet db update` makes one, and --offline uses it"
    )


def test_a_fresh_database_goes_first(cli: Cli, osv: OsvServer) -> None:
    """Nothing is asked where the database is fresh; the option says otherwise."""
    cli.advise(ADVISORY)
    assert cli("scan", "-f", "json").json["advisory_data"]["source"] != osv.url
    assert osv.requests == []
    assert cli("scan", "-f", "json", "--advisories", "online").json["advisory_data"]["source"] == osv.url
    cli.write("bomvet.toml", 'advisories = "online"\n')
    assert cli("scan", "-f", "json").json["advisory_data"]["source"] == osv.url


def test_an_old_database(cli: Cli, osv: OsvServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service goes before an old database, which goes before nothing at all."""
    cli.advise(ADVISORY, as_of="2020-01-01")
    assert cli("scan", "-f", "json").json["advisory_data"]["source"] == osv.url
    asked = len(osv.requests)
    stale = cli("scan", "-f", "json", "--advisories", "database").json
    assert stale["advisory_data"]["obtained"] == "2020-01-01T00:00:00Z"
    assert len(osv.requests) == asked
    monkeypatch.setenv("BOMVET_OSV_URL", "http://127.0.0.1:1")
    ran = cli("scan", "-f", "json")
    reasons = {p["id"]: p["reason"] for p in ran.json["plugins"]}
    assert (ran.json["findings"], ran.json["advisory_data"]) == (stale["findings"], stale["advisory_data"])
    assert "the database was used instead; the advisory data is" in reasons["osv"]


def test_offline_asks_nothing(cli: Cli, osv: OsvServer) -> None:
    """Whatever the settings say of services."""
    assert (cli("scan", "--offline").code, osv.requests) == (3, [])
    ran = cli("scan", "--offline", "--advisories", "online")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "bomvet: advisories are to come from the service, and this run is offline",
        "hint: --advisories database, or without --offline",
    ]


def test_names_that_are_not_sent(cli: Cli, osv: OsvServer) -> None:
    """The policy keeps names from the service, which is told for each."""
    cli.write("bomvet.toml", '[osv]\nurl = "https://osv.acme.example"\nprivate = ["ta*"]\n')
    ran = cli("scan", "-f", "json")
    assert (ran.code, ran.json["assessment"]["not_established"]) == (
        3,
        ["pkg:pypi/tap@1.0: the policy keeps its name from the advisory service (osv.private)"],
    )
    assert "tap" not in json.dumps(osv.requests)


def test_explain_asks_too(cli: Cli, osv: OsvServer) -> None:
    """A component is explained by the same data."""
    ran = cli("explain", "tap")
    assert ("CVE-2026-0001" in ran.out, bool(osv.requests)) == (True, True)


def test_explain_tells_what_the_service_knows(cli: Cli, osv: OsvServer) -> None:
    """Why an advisory does not affect it is told range by range, without any database."""
    fixed = {**ADVISORY["affected"][0], "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.1"}]}]}
    osv.publish({**ADVISORY, "affected": [fixed]}, {"id": "CVE-2026-0001", "aliases": [ADVISORY["id"]], "modified": ""})
    ran = cli("explain", "cve-2026-0001")
    assert (ran.code, ran.out.splitlines()[1:]) == (
        1,
        ["  tap@1.0, by GHSA-aaaa-bbbb-cccc:", "    in [1.1, ...): no, 1.0 comes before 1.1"],
    )
    assert "1 record of the package does not affect it:\n    GHSA-aaaa-bbbb-cccc  in [1.1, ...): no" in (
        cli("explain", "tap").out
    )
    assert "there is no record of that name in the advisory data" in cli("explain", "CVE-2026-404").out
    osv.inject(f"{RECORD}CVE-2026-9", *[status(503)] * 4)
    told = " ".join(cli("explain", "CVE-2026-9").out.split())
    assert "why not cannot be told: the record CVE-2026-9 could not be had: 127.0.0.1:" in told


def test_explain_without_the_other_records(cli: Cli, osv: OsvServer) -> None:
    """What is established stays so; that there is more, which could not be had, is told."""
    osv.documents.clear()
    osv.inject(BATCH, usual, *[status(503)] * 4)
    ran = cli("explain", "pipe")
    told = "which records of the package do not affect it could not be told:"
    assert (ran.code, told in " ".join(ran.out.split())) == (0, True)


def test_what_a_fresh_database_lacks(cli: Cli, osv: OsvServer) -> None:
    """An ecosystem that it does not hold is asked about, unless that is forbidden; all else is its own."""
    node = {"package": {"ecosystem": "npm", "name": "cup"}, "versions": ["1"]}
    cli.advise({**ADVISORY, "affected": [node]})
    ran = cli("scan", "-f", "json")
    assert (ran.code, [f["instance"] for f in ran.json["findings"]]) == (1, ["CVE-2026-0001"])
    assert ran.json["advisory_data"]["source"] == f"feed, {osv.url}"
    asked = len(osv.requests)
    lacks = "the advisory database does not cover PyPI: bomvet db update --ecosystem PyPI"
    for words in (("--advisories", "database"), ("--offline",)):
        closed = cli("scan", "-f", "json", *words)
        assert (closed.code, closed.json["assessment"]["not_established"]) == (
            3,
            [f"pkg:pypi/{name}: {lacks}" for name in ("pipe@2.0", "tap@1.0")],
        )
    assert len(osv.requests) == asked


@pytest.mark.usefixtures("osv")
def test_a_policy_names_no_plain_service(cli: Cli) -> None:
    """A stranger's file must not have machines asked that speak plain HTTP."""
    cli.write("bomvet.toml", '[osv]\nurl = "http://169.254.169.254/latest"\n')
    ran = cli("scan")
    assert (ran.code, "  line 2: osv.url must begin with https://; --osv-url takes others\n" in ran.err) == (2, True)


@pytest.mark.parametrize("url", ["osv.example", "ftp://osv.example", "https://", "https://x.example/?a=b", "http://["])
@pytest.mark.usefixtures("osv")
def test_an_address_that_is_none(cli: Cli, url: str) -> None:
    """It is refused before anything is read."""
    ran = cli("scan", "--osv-url", url)
    assert (ran.code, ran.err) == (2, "bomvet: --osv-url must be a URL such as https://osv.acme.example\n")
