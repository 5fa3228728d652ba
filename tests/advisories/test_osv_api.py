"""The conversation with OSV's service: what is sent, and what is made of what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bomvet.advisories import osv_api
from bomvet.advisories.osv_api import Answer, Query, ask, batch_request, public_url, record_request, refusal, usable_id
from bomvet.plugin import Request, Response
from tests.harness import FakeHttp
from tests.osv_server import OsvServer, ServedHttp

URL = "https://osv.example"
BATCH = f"{URL}/v1/querybatch"


def answers(count: int, **vulns: Any) -> dict[str, Any]:
    """An answer of the service to so many questions."""
    return {"results": [vulns.get(f"q{n}", {}) for n in range(count)]}


def queries(count: int) -> list[Query]:
    """So many questions."""
    return [Query("PyPI", f"p{n}", "1.0") for n in range(count)]


def test_what_is_sent() -> None:
    """Ecosystem and name, a version where there is one, the token of a page."""
    asked = [(Query("PyPI", "a", "1.0"), ""), (Query("Debian:12", "bash"), "page 2")]
    assert batch_request(URL, asked) == Request(
        BATCH,
        {
            "queries": [
                {"package": {"ecosystem": "PyPI", "name": "a"}, "version": "1.0"},
                {"package": {"ecosystem": "Debian:12", "name": "bash"}, "page_token": "page 2"},
            ]
        },
    )
    assert record_request(URL, "GHSA-1").url == f"{URL}/v1/vulns/GHSA-1"
    assert record_request(URL, "A/../b?c").url == f"{URL}/v1/vulns/A%2F..%2Fb%3Fc"
    assert public_url("https://user:secret@osv.example:8443/x") == "https://osv.example:8443/x"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (Query("PyPI", "a", "1.0"), ""),
        (Query("Alpine:v3.19", "a", ""), ""),
        (Query("Nowhere", "a", "1.0"), "the advisory service does not know packages of Nowhere"),
        (Query("", "a", "1.0"), "the advisory service does not know packages of this kind"),
        (Query("PyPI", "", "1.0"), "the advisory service takes no empty name"),
        (Query("PyPI", " ", "1.0"), "the advisory service takes no empty name"),
        (Query("PyPI", "a" * 501, "1.0"), "the advisory service takes no such name"),
        (Query("PyPI", "a\nb", "1.0"), "the advisory service takes no such name"),
        (Query("PyPI", "a", "1\x00"), "the advisory service takes no such version"),
        (Query("PyPI", "a", "1\ud800"), "the advisory service takes no such version"),
    ],
)
def test_what_is_not_sent(query: Query, reason: str) -> None:
    """One question that the service refuses has it refuse all that are sent with it."""
    assert refusal(query) == reason
    http = FakeHttp({BATCH: answers(1)})
    assert ask(http, URL, [query]) == {query: Answer(reason=reason, _pages=0 if reason else 1)}
    assert len(http.requests) == (0 if reason else 1)


@pytest.mark.parametrize(
    ("id_", "usable"),
    [("GHSA-1", True), ("", False), (5, False), ("a b", False), (".", False), ("..", False), ("x" * 201, False)],
)
def test_ids(id_: object, *, usable: bool) -> None:
    """What may be part of an address."""
    assert usable_id(id_) is usable


def test_nothing_is_asked_for_nothing() -> None:
    """Nor is one question asked twice."""
    http = FakeHttp({BATCH: answers(1)})
    assert (ask(http, URL, []), http.requests) == ({}, [])
    ask(http, URL, queries(1) * 3)
    assert len(http.requests) == 1


def test_batches_of_a_thousand() -> None:
    """The service refuses more."""
    http = ServedHttp(OsvServer(answers={}))
    found = ask(http, URL, queries(2001))
    assert {answer.reason for answer in found.values()} == {""}
    assert len(http.asked) == 3


def test_pages_are_asked_for_together() -> None:
    """Only those that have more are asked again, and in one batch."""
    listed = {("PyPI", f"p{n}", "1.0"): [{"id": f"X-{n}-{i}", "modified": ""} for i in range(n)] for n in range(4)}
    osv = OsvServer(answers=listed, page=1)
    http = ServedHttp(osv)
    found = ask(http, URL, queries(4))
    assert [len(answer.ids) for answer in found.values()] == [0, 1, 2, 3]
    assert len(http.asked) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 500, 1000])
def test_a_bad_query_among_many(count: int) -> None:
    """Named or not, the one is told, and all others have their answers."""
    bad = Query("PyPI", f"p{count // 2}", "1.0")

    class Service:
        named = True

        def fetch(self, requests: Any) -> Any:
            for request in requests:
                names = [q["package"]["name"] for q in request.body["queries"]]
                message = f"error in query at index {names.index(bad.name)}: bad" if bad.name in names else ""
                if message:
                    body = {"code": 3, "message": message if self.named else "something is wrong"}
                    yield request, Response(400, json.dumps(body).encode())
                else:
                    yield request, Response(200, json.dumps(answers(len(names))).encode())

    for named, words in ((True, f"error in query at index {count // 2}: bad"), (False, "something is wrong")):
        service = Service()
        service.named = named
        found = ask(service, URL, queries(count))
        assert {query: answer.reason for query, answer in found.items() if answer.reason} == {
            bad: f"the advisory service refuses the question: {words}"
        }


@pytest.mark.parametrize("message", ["no", "error in query at index 0", "error in query at index 9999"])
def test_a_service_that_refuses_everything(message: str) -> None:
    """There is an end to it, and every question is told."""
    http = FakeHttp({BATCH: Response(400, json.dumps({"message": message}).encode())})
    found = ask(http, URL, queries(1000))
    assert all(answer.reason.startswith("the advisory service refuses the question") for answer in found.values())
    assert len(http.requests) <= 2 * osv_api.MAX_REFUSALS + 2


def test_a_batch_that_is_too_large() -> None:
    """It is halved as one that is refused."""
    http = FakeHttp({BATCH: [Response(413), answers(1), answers(1)]})
    assert [a.reason for a in ask(http, URL, queries(2)).values()] == ["", ""]


def test_what_came_before_a_failure_is_kept() -> None:
    """The ids of the first page stand, beside the reason why there is no second."""
    first = answers(1, q0={"vulns": [{"id": "X-1", "modified": "2026"}], "next_page_token": "t"})
    http = FakeHttp({BATCH: [first, OSError("no network")]})
    (answer,) = ask(http, URL, queries(1)).values()
    assert (answer.ids, answer.reason) == ({"X-1": "2026"}, "the advisory service could not be asked: no network")


def test_records() -> None:
    """A record, one that is not there, and what is none."""
    http = FakeHttp(
        {
            f"{URL}/v1/vulns/A": {"id": "A"},
            f"{URL}/v1/vulns/C": {"id": "A"},
            f"{URL}/v1/vulns/D": b"{",
            f"{URL}/v1/vulns/E": Response(500),
            f"{URL}/v1/vulns/F": OSError("no network"),
        }
    )
    found = [(r.id, r.body, r.reason) for r in osv_api.records(http, URL, ["A", "B", "C", "D", "E", "F"])]
    assert found == [
        ("A", b'{"id": "A"}', ""),
        ("B", None, ""),
        ("C", None, "what came is no such record"),
        ("D", None, "what came is no such record"),
        ("E", None, "HTTP 500"),
        ("F", None, "no network"),
    ]
