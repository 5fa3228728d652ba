"""OSV's API: what is sent, what comes back, and the conversation that turns the one into the other.

Nothing here opens a connection.  An answer that is not whole is a reason, never an answer of nothing.
Source: https://google.github.io/osv.dev/api/ and the server's own source.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from bomvet.model.records import dataclass, field
from bomvet.plugin import Request

if TYPE_CHECKING:
    from bomvet.plugin import Http, Response

URL = "https://api.osv.dev"
#: The service refuses more in one batch.
MAX_QUERIES = 1000
#: Of one question; the service has pages of a thousand.
MAX_PAGES = 100
#: Names, versions and ids that are longer are none.
MAX_TEXT = 500
#: So many batches are sent anew, divided or without one query, before the service's refusal counts for what is left.
MAX_REFUSALS = 64
MAX_ANSWER = 64 * 1024 * 1024
MAX_RECORD = 64 * 1024 * 1024
_BAD_REQUEST, _TOO_LARGE, _OK, _ABSENT = 400, 413, 200, 404
_INDEX = re.compile(r"\bindex[: ]+([0-9]{1,4})\b")
_ID = re.compile(r"[!-~]{1,200}")
#: What the schema knows, without release suffixes; the service refuses a whole batch for one that it does not know.
ECOSYSTEMS = frozenset(
    (
        "AlmaLinux", "Alpaquita", "Alpine", "Android", "Azure Linux", "BellSoft Hardened Containers",
        "Bioconductor", "Bitnami", "Chainguard", "CleanStart", "ConanCenter", "CPAN", "CRAN", "crates.io",
        "Debian", "Docker Hardened Images", "Echo", "FreeBSD", "GHC", "GitHub Actions", "Go", "Hackage", "Hex",
        "Julia", "Kubernetes", "Linux", "Mageia", "Maven", "MinimOS", "npm", "NuGet", "opam", "openEuler",
        "openSUSE", "OSS-Fuzz", "Packagist", "Photon OS", "Pub", "PyPI", "Red Hat", "Rocky Linux", "Root",
        "RubyGems", "SUSE", "SwiftURL", "TuxCare", "Ubuntu", "VSCode", "Wolfi",
    )
)  # fmt: skip


class Query(NamedTuple):
    """One question: what is known of a package in this version, or, without one, in any."""

    ecosystem: str
    name: str
    version: str = ""


@dataclass(slots=True, kw_only=True)
class Answer:
    """The ids of records by what the service said, each with its `modified`; whole only where there is no `reason`."""

    ids: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    _tokens: set[str] = field(default_factory=set)
    _pages: int = 0

    def follow(self, token: str) -> bool:
        """Whether the page that `token` stands for is to be asked for; a reason stands where it should and cannot."""
        self._pages += 1
        if not token:
            return False
        if token in self._tokens:
            self.reason = "the advisory service repeats a page, so its answer is not whole"
        elif self._pages >= MAX_PAGES:
            self.reason = f"the advisory service has more than {MAX_PAGES} pages, so its answer is not whole"
        self._tokens.add(token)
        return not self.reason


class _Asked(NamedTuple):
    """A query, and the page of its answer that is asked for."""

    query: Query
    token: str = ""


def public_url(text: str) -> str:
    """`text` without credentials."""
    parts = urlsplit(text)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def refusal(query: Query) -> str:
    """Why `query` is not sent, since the service would refuse it and all that is sent with it; empty where it is."""
    if query.ecosystem.partition(":")[0] not in ECOSYSTEMS:
        return f"the advisory service does not know packages of {query.ecosystem[:40] or 'this kind'}"
    for what, text in (("name", query.name), ("version", query.version)):
        if len(text) > MAX_TEXT or any(c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c < "\ue000" for c in text):
            return f"the advisory service takes no such {what}"
    return "" if query.name.strip() else "the advisory service takes no empty name"


def batch_request(url: str, asked: Sequence[tuple[Query, str]]) -> Request:
    """`POST /v1/querybatch` for queries, each with the token of its page (empty: the first)."""
    queries = []
    for query, token in asked:
        document: dict[str, Any] = {"package": {"ecosystem": query.ecosystem, "name": query.name}}
        if query.version:
            document["version"] = query.version
        if token:
            document["page_token"] = token
        queries.append(document)
    return Request(f"{url}/v1/querybatch", {"queries": queries}, limit=MAX_ANSWER)


def record_request(url: str, id_: str) -> Request:
    """`GET /v1/vulns/ID`."""
    return Request(f"{url}/v1/vulns/{quote(id_, safe='')}", limit=MAX_RECORD)


def usable_id(id_: object) -> bool:
    """Whether a record may be called so."""
    return isinstance(id_, str) and _ID.fullmatch(id_) is not None and id_ not in (".", "..")


# -- the conversation --------------------------------------------------------------------------------------------


def ask(http: Http, url: str, queries: Iterable[Query]) -> dict[Query, Answer]:
    """An answer to each query: batches, all pages, and as much as a refused batch can still give."""
    conversation = _Conversation(url=url)
    for query in dict.fromkeys(queries):
        answer = conversation.answers[query] = Answer(reason=refusal(query))
        if not answer.reason:
            conversation.todo.append(_Asked(query))
    while conversation.todo or conversation.split:
        batches = conversation.take()
        requests = (batch_request(url, batch) for batch in batches)
        for batch, (_, response) in zip(batches, http.fetch(requests), strict=True):
            conversation.hear(batch, response)
    return conversation.answers


@dataclass(slots=True, kw_only=True)
class _Conversation:
    """What has been answered, and what is to be asked next: anything, or batches of their own after a refusal."""

    url: str
    answers: dict[Query, Answer] = field(default_factory=dict)
    todo: list[_Asked] = field(default_factory=list)
    split: list[list[_Asked]] = field(default_factory=list)
    refusals: int = 0

    def take(self) -> list[list[_Asked]]:
        """All that is to be asked, in batches."""
        batches = [self.todo[n : n + MAX_QUERIES] for n in range(0, len(self.todo), MAX_QUERIES)]
        batches += self.split
        self.todo, self.split = [], []
        return batches

    def hear(self, batch: list[_Asked], response: Response) -> None:
        """Take in what came back for `batch`."""
        if response.status in (_BAD_REQUEST, _TOO_LARGE):
            self._refused(batch, response)
            return
        results, reason = _results(response, len(batch))
        if reason:
            self._fail(batch, reason)
        for asked, result in zip(batch, results, strict=not reason):
            self._result(asked, result)

    def _result(self, asked: _Asked, result: Any) -> None:
        answer = self.answers[asked.query]
        ids, token, reason = _page(result)
        answer.ids.update(ids)
        answer.reason = answer.reason or reason
        if not answer.reason and answer.follow(token):
            self.todo.append(_Asked(asked.query, token))

    def _fail(self, batch: Iterable[_Asked], reason: str) -> None:
        for asked in batch:
            self.answers[asked.query].reason = reason

    def _refused(self, batch: list[_Asked], response: Response) -> None:
        """Cut out the query that is named, else halve; what stands alone is refused for good."""
        words = _words(response)
        reason = f"the advisory service refuses the question: {words}"
        self.refusals += 1
        named = _INDEX.search(words)
        at = int(named[1]) if named else len(batch)
        if len(batch) == 1 or self.refusals > MAX_REFUSALS:
            self._fail(batch, reason)
        elif at < len(batch):
            self._fail([batch[at]], reason)
            self.split.append(batch[:at] + batch[at + 1 :])
        else:
            middle = len(batch) // 2
            self.split += [batch[:middle], batch[middle:]]


def _results(response: Response, count: int) -> tuple[list[Any], str]:
    """The results of a batch, or the reason why there are none to be trusted."""
    if not response.status:
        return [], f"the advisory service could not be asked: {response.error}"
    if response.status != _OK:
        return [], f"the advisory service does not answer (HTTP {response.status})"
    document = _json(response.body)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list):
        return [], "the advisory service answers in a form that is not known"
    if len(results) != count:
        return [], f"the advisory service answers {len(results)} of {count} questions"
    return results, ""


def _page(result: Any) -> tuple[dict[str, str], str, str]:
    """Ids with `modified`, the token of the next page, and what is wrong with it."""
    if not isinstance(result, dict):
        return {}, "", "the advisory service gives no answer for this package"
    vulns, token = result.get("vulns"), result.get("next_page_token")
    items = [] if vulns is None else vulns
    if not isinstance(items, list) or not isinstance(token, str | None) or len(token or "") > 64 * 1024:
        return {}, "", "the advisory service answers in a form that is not known"
    named = [item for item in items if isinstance(item, dict) and usable_id(item.get("id"))]
    ids = {item["id"]: _text(item.get("modified")) for item in named}
    unnamed = len(items) - len(named)
    return ids, token or "", f"the advisory service gives {unnamed} advisories without a usable id" if unnamed else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) < 64 else ""  # noqa: PLR2004 - no time is so long


def _json(body: bytes) -> Any:
    import orjson  # noqa: PLC0415 - only where the service is asked

    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _words(response: Response) -> str:
    """What the service says of its refusal, in one line."""
    document = _json(response.body)
    message = document.get("message") if isinstance(document, dict) else None
    text = message if isinstance(message, str) else ""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    return plain[:200] or f"HTTP {response.status}"


# -- records -----------------------------------------------------------------------------------------------------


class Fetched(NamedTuple):
    """A record as it came; `body` is None where there is none by the service's word, or for the `reason`."""

    id: str
    body: bytes | None
    document: Any = None
    reason: str = ""


def records(http: Http, url: str, ids: Collection[str]) -> Iterator[Fetched]:
    """Each record, in the sequence of `ids`."""
    named = list(ids)
    answers = http.fetch(record_request(url, id_) for id_ in named)
    for id_, (_, response) in zip(named, answers, strict=True):
        yield _fetched(id_, response)


def _fetched(id_: str, response: Response) -> Fetched:
    if response.status == _ABSENT:
        return Fetched(id_, None)
    if response.status != _OK:
        return Fetched(id_, None, reason=response.error or f"HTTP {response.status}")
    document = _json(response.body)
    if not isinstance(document, dict) or document.get("id") != id_:
        return Fetched(id_, None, reason="what came is no such record")
    return Fetched(id_, response.body, document)
