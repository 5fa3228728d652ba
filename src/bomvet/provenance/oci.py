"""Images as registries and layout folders hold them: manifests, blobs, and what is attached to an image.

Every document that is asked for by its digest is held against that digest and its size before anything is read of it;
what a tag leads to is told by the digest of what came.  An answer is *known*, *absent* (the registry that holds the
image says so, HTTP 404), or *not established*, with the reason: errors, refusals and broken answers are never absence.

Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md,
https://github.com/opencontainers/image-spec, https://distribution.github.io/distribution/spec/auth/token/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urljoin, urlsplit

from bomvet.model.facts import Standing
from bomvet.plugin import Request, Response
from bomvet.provenance import _logins
from bomvet.provenance._logins import Logins
from bomvet.provenance._references import (
    Descriptor,
    Reference,
    descriptor,
    digest_of,
    has_digest,
    is_digest,
    reference,
)

if TYPE_CHECKING:
    from bomvet.plugin import Http

__all__ = [
    "Answer",
    "Descriptor",
    "Listing",
    "Logins",
    "Reference",
    "Registry",
    "Store",
    "descriptor",
    "document_of",
    "reference",
]

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: What may stand behind a tag: OCI's forms and Docker's.
ACCEPT = (
    f"{INDEX}, {MANIFEST}, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
#: Of cosign's tags, https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md.
SUFFIXES = ("att", "sig")
#: Of a manifest as of a blob that is evidence.
MAX_BYTES = 4 * 1024 * 1024
MAX_PAGES, MAX_REFERRERS, MAX_ENTRIES = 20, 200, 1000
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
#: With these, or a page of another kind, registries that lack the interface for referrers answer.
_LACKING = (400, 404, 405, 406)


class Answer(NamedTuple):
    """What was asked for: `data` with its `digest`, and the JSON `document` where it is a manifest; or why not."""

    standing: Standing
    data: bytes = b""
    digest: str = ""
    document: Mapping[str, Any] = MappingProxyType({})
    reason: str = ""


class Listing(NamedTuple):
    """Descriptors that are attached to something, and what of the question stayed open."""

    descriptors: tuple[Descriptor, ...] = ()
    unknowns: tuple[str, ...] = ()


class Store(Protocol):
    """Where an image lies: a registry or a layout folder."""

    @property
    def name(self) -> str:
        """What to call the image."""

    def image(self) -> Answer:
        """The index or the manifest that the user means."""

    def manifest(self, digest: str) -> Answer:
        """A manifest by its digest."""

    def blobs(self, descriptors: Sequence[Descriptor]) -> Iterator[Answer]:
        """Each blob, in sequence."""

    def look_ahead(self, digest: str) -> None:
        """Prepare for the next questions about `digest`, which will be those for all that is attached to it."""

    def tagged(self, digest: str, suffix: str) -> Answer:
        """The manifest that cosign attached to `digest` by its tag, `att` or `sig`."""

    def referrers(self, digest: str) -> Listing:
        """What names `digest` as its subject."""


class Registry:
    """One repository of a registry, with what lets the user in there; a `Store`.

    Only the answer to the question for the image itself may lead to a log-in: whoever a registry redirects later
    questions to is asked without one, and names no address that a login is sent to.
    """

    def __init__(self, http: Http, image: Reference, logins: Logins | None = None) -> None:
        self._http, self._image = http, image
        self._login = (logins or Logins()).at(image.registry, image.repository)
        self._authorization = f"Bearer {self._login.token}" if self._login.token else ""
        self._ahead: dict[str, Response] = {}

    @property
    def name(self) -> str:
        """The reference."""
        return str(self._image)

    def image(self) -> Answer:
        """The index or manifest of the reference, after logging in where the registry asks for it."""
        url = f"{self._image.base}/manifests/{self._image.wanted}"
        (response,) = self._fetch([url], ACCEPT)
        if response.status == UNAUTHORIZED:
            if problem := self._log_in(response.headers.get("www-authenticate", "")):
                return _open(f"{self._image.registry} asks for a log-in: {problem}")
            (response,) = self._fetch([url], ACCEPT)
        return self._document(response, self._image.digest)

    def manifest(self, digest: str) -> Answer:
        """A manifest of the repository."""
        (response,) = self._fetch([f"{self._image.base}/manifests/{digest}"], ACCEPT)
        return self._document(response, digest)

    def look_ahead(self, digest: str) -> None:
        """Ask for all that may be attached to it at once; each answer is held until it is asked for."""
        asked = [(self._tag(digest, suffix), ACCEPT) for suffix in SUFFIXES]
        asked.append((f"{self._image.base}/referrers/{digest}", INDEX))
        requests = [self._request(url, accept) for url, accept in asked]
        self._ahead = {request.url: response for request, response in self._http.fetch(requests)}

    def tagged(self, digest: str, suffix: str) -> Answer:
        """The manifest behind the tag `sha256-HEX.SUFFIX`."""
        (response,) = self._fetch([self._tag(digest, suffix)], ACCEPT)
        return self._document(response, "")

    def _tag(self, digest: str, suffix: str) -> str:
        return f"{self._image.base}/manifests/{digest.replace(':', '-')}.{suffix}"

    def blobs(self, descriptors: Sequence[Descriptor]) -> Iterator[Answer]:
        """Each blob; several are fetched at a time."""
        small = [d for d in descriptors if d.size <= MAX_BYTES]
        responses = iter(self._fetch([f"{self._image.base}/blobs/{d.digest}" for d in small], "*/*"))
        for one in descriptors:
            if one.size > MAX_BYTES:
                yield too_large(one)
            else:
                answer = self._bytes(next(responses), one.digest)
                yield answer if answer.standing is not Standing.KNOWN else of_size(answer, one)

    def referrers(self, digest: str) -> Listing:
        """By the interface of its own, else by the tag that stands for it (`sha256-HEX`)."""
        found: list[Descriptor] = []
        url = f"{self._image.base}/referrers/{digest}"
        for page in range(MAX_PAGES):
            (response,) = self._fetch([url], INDEX)
            is_index = response.status == OK and _is_index(response.body)
            if not page and not is_index and response.status in (OK, *_LACKING):
                return self._by_tag(digest)
            if not is_index:
                return Listing(tuple(found), (f"what refers to {digest}: {self._refusal(response)}",))
            listing = descriptors_of(document_of(response.body), f"what refers to {digest}")
            found += listing.descriptors
            url = self._next(response, url)
            if listing.unknowns or not url:
                return Listing(tuple(found), listing.unknowns)
        return Listing(tuple(found), (f"what refers to {digest} fills more than {MAX_PAGES} pages",))

    def _by_tag(self, digest: str) -> Listing:
        (response,) = self._fetch([f"{self._image.base}/manifests/{digest.replace(':', '-')}"], ACCEPT)
        answer = self._document(response, "")
        # Some registries take the tag for the digest, and give the image itself.
        if answer.standing is Standing.ABSENT or answer.digest == digest:
            return Listing()
        if answer.standing is Standing.KNOWN and "manifests" in answer.document:
            return descriptors_of(answer.document, f"what refers to {digest}")
        return Listing((), (f"what refers to {digest}: {answer.reason or 'its tag leads to something else'}",))

    def _next(self, response: Response, url: str) -> str:
        """The next page, of the same registry; empty where there is none."""
        target, _, parameters = response.headers.get("link", "").partition(">")
        if not target.startswith("<") or 'rel="next"' not in parameters.replace("rel=next", 'rel="next"'):
            return ""
        there = urljoin(url, target[1:])
        return there if urlsplit(there)[:2] == urlsplit(url)[:2] else ""

    # -- one question ------------------------------------------------------------------------------------------

    def _fetch(self, urls: Sequence[str], accept: str) -> list[Response]:
        if len(urls) == 1 and urls[0] in self._ahead:
            return [self._ahead.pop(urls[0])]
        return [response for _, response in self._http.fetch([self._request(url, accept) for url in urls])]

    def _request(self, url: str, accept: str) -> Request:
        login = (("authorization", self._authorization),) if self._authorization else ()
        return Request(url, headers=(("accept", accept), *login), limit=MAX_BYTES)

    def _document(self, response: Response, digest: str) -> Answer:
        """A manifest: its digest, where one was asked for or is named, holds, and it is of one kind."""
        answer = self._bytes(response, digest or response.headers.get("docker-content-digest", ""))
        if answer.standing is not Standing.KNOWN:
            return answer
        return as_manifest(answer._replace(digest=digest or digest_of(answer.data)))

    def _bytes(self, response: Response, digest: str) -> Answer:
        if response.status == NOT_FOUND:
            return Answer(Standing.ABSENT, reason=f"{self._image.registry} has no such thing (HTTP 404)")
        if response.status != OK:
            return _open(self._refusal(response))
        return checked(response.body, digest, self._image.registry)

    def _refusal(self, response: Response) -> str:
        if response.error:
            return response.error
        host = self._image.registry
        if response.status in (UNAUTHORIZED, FORBIDDEN):
            has_login = self._login.user or self._login.token
            known = "does not accept the login" if has_login else "lets nobody in without a login"
            return f"{host} {known} (HTTP {response.status}){self._why()}"
        kind = "a page of another kind" if response.status == OK else f"HTTP {response.status}"
        return f"{host} answers with {kind}"

    def _why(self) -> str:
        return f": {self._login.problem}" if self._login.problem else ""

    # -- logging in --------------------------------------------------------------------------------------------

    def _log_in(self, header: str) -> str:
        """Do what the registry asks for, once; why that came to nothing, empty where it came to something."""
        offered = _logins.challenges(header)
        if self._authorization:
            return "it does not accept the login that there is"
        if "bearer" in offered:
            return self._fetch_token(offered["bearer"])
        if "basic" not in offered:
            return "in a way that is not known here"
        self._authorization = self._login.basic
        return "" if self._authorization else f"there is none{self._why()}"

    def _fetch_token(self, parameters: Mapping[str, str]) -> str:
        """A token to read this repository, of the service that the registry names; nobody else is sent the login."""
        try:
            url = _logins.token_url(parameters, self._image.registry, self._image.repository)
        except ValueError as error:
            return str(error)
        basic = self._login.basic
        headers = (("authorization", basic),) if basic else ()
        ((_, response),) = self._http.fetch([Request(url, headers=headers, limit=MAX_BYTES)])
        if response.status != OK:
            return response.error or f"its service for tokens answers with HTTP {response.status}{self._why()}"
        try:
            self._authorization = _logins.bearer(response.body)
        except ValueError as error:
            return str(error)
        return ""


# -- what all stores share -------------------------------------------------------------------------------------


def checked(data: bytes, digest: str, where: str) -> Answer:
    """`data`, if it is what `digest` was made of; an empty one asks for nothing but to be told."""
    if digest and not is_digest(digest):
        return _open(f"{where} names the digest {digest[:100]!r}, which is of no kind that is known here")
    if digest and not has_digest(data, digest):
        return _open(f"{where} gave other bytes than those of {digest}")
    return Answer(Standing.KNOWN, data, digest or digest_of(data))


def as_manifest(answer: Answer) -> Answer:
    """`answer` with its JSON document; not established where it is neither an index nor a manifest, or is both."""
    document = document_of(answer.data)
    # What is both could be read as either: https://github.com/opencontainers/image-spec/security/advisories.
    is_index, is_image = "manifests" in document, "layers" in document or "config" in document
    if is_index and is_image:
        return _open(f"{answer.digest} is an index and a manifest at once")
    if document.get("schemaVersion") == 1:
        return _open(f"{answer.digest} is of Docker's first schema, which nobody signs: push the image again")
    if not is_index and not is_image:
        return _open(f"{answer.digest} is neither an index nor a manifest of an image")
    return answer._replace(document=document)


def document_of(data: bytes) -> Mapping[str, Any]:
    """The JSON object that `data` is; empty where it is none."""
    import orjson  # noqa: PLC0415 - as in all edges

    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def descriptors_of(document: Mapping[str, Any], what: str, key: str = "manifests") -> Listing:
    """The descriptors in a list of `document`, and what of it could not be read."""
    entries = document.get(key)
    if not isinstance(entries, list):
        return Listing((), (f"{what} is no list",))
    found, unknowns = [], []
    for entry in entries[:MAX_ENTRIES]:
        try:
            found.append(descriptor(entry))
        except ValueError as error:
            unknowns.append(f"{what}: {error}")
    if len(entries) > MAX_ENTRIES:
        unknowns.append(f"{what}: only the first {MAX_ENTRIES:,} of {len(entries):,} entries were looked at")
    return Listing(tuple(found), tuple(dict.fromkeys(unknowns)))


def of_size(answer: Answer, expected: Descriptor) -> Answer:
    """`answer`, if it has the size that its descriptor states."""
    if len(answer.data) == expected.size:
        return answer
    return _open(f"{expected.digest} has {len(answer.data):,} bytes, and not the {expected.size:,} that are stated")


def too_large(expected: Descriptor) -> Answer:
    """Evidence of such a size is none."""
    return _open(f"{expected.digest} has {expected.size:,} bytes, of which {MAX_BYTES:,} are read at most")


def _is_index(data: bytes) -> bool:
    return isinstance(document_of(data).get("manifests"), list)


def _open(reason: str) -> Answer:
    return Answer(Standing.NOT_ESTABLISHED, reason=reason)
