"""Registries and layout folders: what is believed of their answers, who is sent a login, and what is never absence."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.model.facts import Standing
from bomvet.plugin import Response
from bomvet.provenance import oci
from bomvet.provenance._logins import Login, bearer, challenges, token_url
from bomvet.provenance._references import is_loopback
from bomvet.provenance.oci import Descriptor, Logins, Reference, Registry, descriptor, reference
from tests.harness import FakeHttp

HOST = "registry.packages.example"
BASE = f"https://{HOST}/v2/acme/shop"
REALM = "https://auth.packages.example/token"
ASKED = f'Bearer realm="{REALM}",service="registry",scope="repository:acme/shop:pull,push"'
TOKEN_URL = f"{REALM}?service=registry&scope=repository%3Aacme%2Fshop%3Apull"
ACCEPT = ("accept", oci.ACCEPT)


def document(**fields: Any) -> bytes:
    """A manifest."""
    return json.dumps({"schemaVersion": 2, **fields}).encode()


def digest(data: bytes) -> str:
    """Its SHA-256."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def entry(data: bytes, **fields: Any) -> dict[str, Any]:
    """A descriptor of `data`."""
    return {"digest": digest(data), "size": len(data), **fields}


IMAGE = document(config={}, layers=[])
AT = digest(IMAGE)
OLD = b'{"schemaVersion": 1, "fsLayers": []}'


def registry(
    answers: Mapping[str, Any], config: dict[str, Any] | None = None, name: str = f"{HOST}/acme/shop:1"
) -> Registry:
    """A registry that gives `answers`; its questions are in `asked`."""
    http = FakeHttp(answers)
    found = Registry(http, reference(name), Logins(config))
    found.asked = http.requests  # type: ignore[attr-defined]
    return found


def auths(**login: str) -> dict[str, Any]:
    """A configuration of Docker with one login."""
    return {"auths": {HOST: login}}


def basic(text: str) -> str:
    """As Docker and HTTP write it."""
    return base64.b64encode(text.encode()).decode()


def unauthorized(header: str) -> Response:
    """What asks for a log-in."""
    return Response(401, headers={"www-authenticate": header})


# ── references ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", ("docker.io", "library/alpine", "latest", "")),
        ("acme/shop:1.2", ("docker.io", "acme/shop", "1.2", "")),
        ("index.docker.io/alpine", ("docker.io", "library/alpine", "latest", "")),
        ("localhost/shop", ("localhost", "shop", "latest", "")),
        ("127.0.0.1:5001/a/b/c", ("127.0.0.1:5001", "a/b/c", "latest", "")),
        ("[::1]:5001/a", ("[::1]:5001", "a", "latest", "")),
        (f"{HOST}/acme/shop@{AT}", (HOST, "acme/shop", "", AT)),
        (f"{HOST}/acme/shop:1@{AT}", (HOST, "acme/shop", "1", AT)),
        (f"{HOST}/a__b.c-d--e/f@sha512:{'0' * 128}", (HOST, "a__b.c-d--e/f", "", f"sha512:{'0' * 128}")),
    ],
)  # fmt: skip
def test_references(text: str, expected: tuple[str, ...]) -> None:
    """By Docker's grammar: what a name without a registry means, and that of tag and digest the digest is asked for."""
    found = reference(text)

    assert found == Reference(*expected)
    assert reference(str(found)) == found
    assert found.wanted == (expected[3] or expected[2])


@pytest.mark.parametrize(
    "text",
    [
        "", ":1", "Alpine", "a b", f"{HOST}/", f"{HOST}/acme/", f"{HOST}/../etc", f"{HOST}/a:b:c", f"{HOST}/a:", "a@",
        f"{HOST}/a@sha256:{'0' * 63}", f"{HOST}/a@sha256:{'0' * 128}", f"{HOST}/a@md5:{'0' * 32}", "u@h.example/a",
        f"{HOST}:port/a", "https://h.example/a", f"{HOST}/a?x", f"{HOST}/{'a' * 256}", f"{HOST}/a:{'t' * 129}",
        f"-{HOST}/a", f"{HOST}/a#b",
    ],
)  # fmt: skip
def test_what_is_no_reference(text: str) -> None:
    """Nothing but names gets into an address."""
    with pytest.raises(ValueError, match=r" is no "):
        reference(text)


@given(st.text(max_size=80))
def test_any_text_for_a_reference_is_answered(text: str) -> None:
    """It is refused, or its address has exactly the host and the path that it states."""
    try:
        found = reference(text)
    except ValueError:
        return
    assert found.base.partition("://")[2].split("/")[1] == "v2"
    assert set(found.base) & set(" ?#@\\%") == set()


def test_plain_http_on_this_machine_alone() -> None:
    """There is no way to ask another machine without encryption."""
    assert reference("127.0.0.1:5001/a").base == "http://127.0.0.1:5001/v2/a"
    assert reference(f"{HOST}/a").base == f"https://{HOST}/v2/a"
    assert [h for h in ("localhost:1", "127.9.9.9", "[::1]:80", "127.0.0.1.evil.example") if is_loopback(h)] == [
        "localhost:1", "127.9.9.9", "[::1]:80",
    ]  # fmt: skip


def test_the_default_registry_answers_elsewhere() -> None:
    """As the grammar's own implementations have it."""
    assert reference("alpine").base == "https://registry-1.docker.io/v2/library/alpine"


@pytest.mark.parametrize(
    "value",
    [
        None, {}, {"digest": AT}, {"digest": AT, "size": -1}, {"digest": AT, "size": True}, {"digest": AT, "size": "3"},
        {"digest": "sha256:../../etc", "size": 1}, {"digest": 3, "size": 1},
    ],
)  # fmt: skip
def test_what_is_no_descriptor(value: object) -> None:
    """A digest that is none would be a path."""
    with pytest.raises(ValueError, match=r"descriptor"):
        descriptor(value)


def test_a_descriptor() -> None:
    """What is of another type than it should be is left out."""
    value = {
        "digest": AT, "size": 3, "mediaType": "m", "artifactType": 7, "annotations": {"a": "b", "c": 1},
        "platform": {"os": "linux", "architecture": "arm64", "variant": "v8", "os.version": "1"},
    }  # fmt: skip

    assert descriptor(value) == Descriptor(AT, 3, "m", "", {"a": "b"}, "linux/arm64/v8")
    assert descriptor({"digest": AT, "size": 0, "annotations": [], "platform": "linux"}) == Descriptor(AT, 0)


# ── manifests ───────────────────────────────────────────────────────────────────────────────────


def test_a_tag_leads_to_a_digest() -> None:
    """The digest is that of the bytes that came; it is asked for all forms of manifests."""
    store = registry({f"{BASE}/manifests/1": IMAGE})
    found = store.image()

    assert (found.standing, found.digest, found.document["layers"]) == (Standing.KNOWN, AT, [])
    assert store.name == f"{HOST}/acme/shop:1"
    assert [(r.url, r.headers) for r in store.asked] == [(f"{BASE}/manifests/1", (ACCEPT,))]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(404), f"{HOST} has no such thing (HTTP 404)"),
        (Response(403), f"{HOST} lets nobody in without a login (HTTP 403)"),
        (Response(418), f"{HOST} answers with HTTP 418"),
        (OSError(f"{HOST} fails (HTTP 503)"), f"{HOST} fails (HTTP 503)"),
        (unauthorized(""), f"{HOST} asks for a log-in: in a way that is not known here"),
        (unauthorized('Basic realm="x"'), f"{HOST} asks for a log-in: there is none"),
        (b"<html>", f"{digest(b'<html>')} is neither an index nor a manifest of an image"),
        (b"[]", f"{digest(b'[]')} is neither an index nor a manifest of an image"),
        (IMAGE[:-5], f"{digest(IMAGE[:-5])} is neither an index nor a manifest of an image"),
        (
            document(manifests=[], layers=[]),
            f"{digest(document(manifests=[], layers=[]))} is an index and a manifest at once",
        ),
        (
            OLD,
            f"{digest(OLD)} is of Docker's first schema, which nobody signs: push the image again",
        ),
        (
            Response(200, IMAGE, {"docker-content-digest": f"sha256:{'0' * 64}"}),
            f"{HOST} gave other bytes than those of sha256:{'0' * 64}",
        ),
        (
            Response(200, IMAGE, {"docker-content-digest": "sha1:0"}),
            f"{HOST} names the digest 'sha1:0', which is of no kind that is known here",
        ),
    ],
)  # fmt: skip
def test_answers_that_are_no_manifest(answer: object, reason: str) -> None:
    """Only HTTP 404 is a definite no; everything else leaves the question open, with its reason."""
    found = registry({f"{BASE}/manifests/1": answer}).image()

    standing = Standing.ABSENT if isinstance(answer, Response) and answer.status == 404 else Standing.NOT_ESTABLISHED
    assert (found.standing, found.reason) == (standing, reason)


def test_a_digest_is_held_against_the_bytes() -> None:
    """Whatever the registry says of them."""
    other = document(layers=["another"])
    name, headers = f"{HOST}/acme/shop:1@{AT}", {"docker-content-digest": digest(other)}
    found = registry({f"{BASE}/manifests/{AT}": Response(200, other, headers)}, name=name).image()

    assert (found.standing, found.reason) == (Standing.NOT_ESTABLISHED, f"{HOST} gave other bytes than those of {AT}")
    good = registry({f"{BASE}/manifests/{AT}": IMAGE}, name=name)
    assert good.image().digest == good.manifest(AT).digest == AT


# ── blobs ───────────────────────────────────────────────────────────────────────────────────────


def test_blobs_are_held_against_digest_and_size() -> None:
    """In their sequence, each with its own answer; what is too large is not asked for."""
    one, two, three = b"one", b"two", b"three"
    good, bad = Descriptor(digest(one), 3), Descriptor(digest(two), 3)
    longer, huge, gone = Descriptor(digest(three), 4), Descriptor(digest(b"huge"), 5_000_000), Descriptor(AT, 3)
    store = registry(
        {f"{BASE}/blobs/{good.digest}": one, f"{BASE}/blobs/{bad.digest}": one, f"{BASE}/blobs/{longer.digest}": three}
    )
    found = list(store.blobs([huge, good, bad, longer, gone]))

    assert [answer.standing for answer in found] == [
        Standing.NOT_ESTABLISHED, Standing.KNOWN, Standing.NOT_ESTABLISHED, Standing.NOT_ESTABLISHED, Standing.ABSENT,
    ]  # fmt: skip
    assert found[1].data == one
    assert [answer.reason for answer in found] == [
        f"{huge.digest} has 5,000,000 bytes, of which 4,194,304 are read at most",
        "",
        f"{HOST} gave other bytes than those of {bad.digest}",
        f"{longer.digest} has 5 bytes, and not the 4 that are stated",
        f"{HOST} has no such thing (HTTP 404)",
    ]
    assert len(store.asked) == 4  # type: ignore[attr-defined]


# ── referrers and tags ──────────────────────────────────────────────────────────────────────────

REFERRERS, TAG = f"{BASE}/referrers/{AT}", f"{BASE}/manifests/{AT.replace(':', '-')}"
LISTED = entry(b"bundle", artifactType="application/x", mediaType="m")


def test_referrers_over_pages() -> None:
    """All pages of the same registry; the tag is not asked."""
    second = f"{BASE}/referrers/{AT}?n=1"
    answers = {
        REFERRERS: Response(200, document(manifests=[LISTED]), {"link": f'</v2/acme/shop/referrers/{AT}?n=1>; rel="next"'}),
        second: document(manifests=[entry(b"other")]),
    }  # fmt: skip
    store = registry(answers)
    found = store.referrers(AT)

    assert [d.digest for d in found.descriptors] == [digest(b"bundle"), digest(b"other")]
    assert found.unknowns == ()
    assert [r.url for r in store.asked] == [REFERRERS, second]  # type: ignore[attr-defined]


@pytest.mark.parametrize("link", ["", f"<{BASE}>", f'<{BASE}>; rel="prev"', '<https://evil.example/v2/>; rel="next"'])
def test_no_further_page(link: str) -> None:
    """Nobody else is asked for it either."""
    store = registry({REFERRERS: Response(200, document(manifests=[LISTED]), {"link": link})})

    assert len(store.referrers(AT).descriptors) == 1
    assert len(store.asked) == 1  # type: ignore[attr-defined]


def test_pages_without_end() -> None:
    """A registry that always has another page leaves the question open."""
    page = Response(200, document(manifests=[LISTED]), {"link": f"<{REFERRERS}>; rel=next"})

    assert registry({REFERRERS: page}).referrers(AT).unknowns == (f"what refers to {AT} fills more than 20 pages",)


@pytest.mark.parametrize("lacking", [Response(404), Response(400), Response(405), Response(406), b"<html>", b"{}"])
def test_the_tag_stands_in_for_the_interface(lacking: object) -> None:
    """Where a registry lacks it, which not all say with HTTP 404; its answer then decides."""
    found = registry({REFERRERS: lacking, TAG: document(manifests=[LISTED])}).referrers(AT)
    nothing = registry({REFERRERS: lacking}).referrers(AT)

    assert [d.artifact_type for d in found.descriptors] == ["application/x"]
    assert nothing == oci.Listing()


def test_a_registry_that_takes_the_tag_for_the_digest() -> None:
    """The image itself is nothing that refers to it, though an index looks like a list of what does."""
    image = document(manifests=[LISTED])
    at = digest(image)

    found = registry({f"{BASE}/manifests/{at.replace(':', '-')}": image}).referrers(at)
    assert found == oci.Listing()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({REFERRERS: Response(403)}, f"{HOST} lets nobody in without a login (HTTP 403)"),
        ({REFERRERS: OSError("HTTP 500")}, "HTTP 500"),
        ({REFERRERS: Response(429)}, f"{HOST} answers with HTTP 429"),
        ({TAG: Response(403)}, f"{HOST} lets nobody in without a login (HTTP 403)"),
        ({TAG: b"<html>"}, f"{digest(b'<html>')} is neither an index nor a manifest of an image"),
        ({TAG: document(layers=[])}, "its tag leads to something else"),
        ({TAG: document(manifests=3)}, "is no list"),
        ({REFERRERS: document(manifests=[{}])}, "a descriptor has no digest that is known here"),
    ],
)  # fmt: skip
def test_referrers_that_stay_open(answers: Mapping[str, Any], reason: str) -> None:
    """None of these says that there are none."""
    (found,) = registry(answers).referrers(AT).unknowns

    assert found in (f"what refers to {AT}: {reason}", f"what refers to {AT} {reason}")


def test_a_page_that_is_none_after_one_that_is() -> None:
    """What came before it is kept, and the rest is open."""
    first = Response(200, document(manifests=[LISTED]), {"link": '<?n=1>; rel="next"'})
    found = registry({REFERRERS: first, f"{REFERRERS}?n=1": b"<html>"}).referrers(AT)

    assert len(found.descriptors) == 1
    assert found.unknowns == (f"what refers to {AT}: {HOST} answers with a page of another kind",)


def test_more_than_anybody_attaches() -> None:
    """Lists are bounded, and say so."""
    listing = oci.descriptors_of({"manifests": [LISTED] * 1001}, "it")

    assert len(listing.descriptors) == 1000
    assert listing.unknowns == ("it: only the first 1,000 of 1,001 entries were looked at",)


def test_the_tags_of_cosign() -> None:
    """`sha256-HEX.att`; what is not there is absent."""
    store = registry({f"{TAG}.att": IMAGE})

    assert store.tagged(AT, "att").digest == AT
    assert store.tagged(AT, "sig").standing is Standing.ABSENT


def test_all_that_may_be_attached_is_asked_for_at_once() -> None:
    """Each answer is held until it is asked for, and given once."""
    answers = {f"{TAG}.att": [IMAGE, Response(500)], REFERRERS: document(manifests=[LISTED])}
    store = registry(answers)
    store.look_ahead(AT)
    asked = [r.url for r in store.asked]  # type: ignore[attr-defined]

    assert asked == [f"{TAG}.att", f"{TAG}.sig", REFERRERS]
    assert store.tagged(AT, "att").digest == AT
    assert store.tagged(AT, "sig").standing is Standing.ABSENT
    assert len(store.referrers(AT).descriptors) == 1
    assert len(store.asked) == 3  # type: ignore[attr-defined]
    assert store.tagged(AT, "att").standing is Standing.NOT_ESTABLISHED


# ── logging in ──────────────────────────────────────────────────────────────────────────────────


def answers_with_token(**token: str) -> dict[str, Any]:
    """A registry that wants a token, and the service that gives it."""
    return {f"{BASE}/manifests/1": [unauthorized(ASKED), IMAGE], TOKEN_URL: token or {"token": "t0ken"}}


def test_a_token_for_anybody() -> None:
    """The service is asked without a login, for reading this repository alone, and the registry gets the token."""
    store = registry({**answers_with_token(), f"{BASE}/blobs/{AT}": IMAGE})
    image = store.image()
    (blob,) = store.blobs([Descriptor(AT, len(IMAGE))])

    assert (image.digest, blob.data) == (AT, IMAGE)
    assert [(r.url, r.headers) for r in store.asked] == [  # type: ignore[attr-defined]
        (f"{BASE}/manifests/1", (ACCEPT,)),
        (TOKEN_URL, ()),
        (f"{BASE}/manifests/1", (ACCEPT, ("authorization", "Bearer t0ken"))),
        (f"{BASE}/blobs/{AT}", (("accept", "*/*"), ("authorization", "Bearer t0ken"))),
    ]


def test_a_token_for_the_user() -> None:
    """The login goes to the service that the registry names, the token to the registry."""
    given_token = answers_with_token(access_token="t0ken")  # noqa: S106 - made up
    store = registry(given_token, auths(auth=basic("ada:s3cret")))

    assert store.image().digest == AT
    assert [r.headers[-1][1] for r in store.asked if r.headers[-1][0] == "authorization"] == [  # type: ignore[attr-defined]
        f"Basic {basic('ada:s3cret')}", "Bearer t0ken",
    ]  # fmt: skip


def test_a_login_for_the_registry_itself() -> None:
    """Basic, where the registry asks for it; not before."""
    answers = {f"{BASE}/manifests/1": [unauthorized('Basic realm="x"'), IMAGE]}
    store = registry(answers, auths(username="ada", password="s3cret"))  # noqa: S106 - made up

    assert store.image().digest == AT
    assert [len(r.headers) for r in store.asked] == [1, 2]  # type: ignore[attr-defined]
    assert store.asked[1].headers[1] == ("authorization", f"Basic {basic('ada:s3cret')}")  # type: ignore[attr-defined]


def test_only_the_image_leads_to_a_log_in() -> None:
    """A later answer may come from whoever the registry leads to, and names no place that a login is sent to."""
    store = registry({f"{BASE}/blobs/{AT}": unauthorized(ASKED)}, auths(auth=basic("ada:s3cret")))
    (found,) = store.blobs([Descriptor(AT, 3)])

    assert found.reason == f"{HOST} does not accept the login (HTTP 401)"
    assert len(store.asked) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(401), "its service for tokens answers with HTTP 401"),
        (OSError("auth.packages.example fails (HTTP 500)"), "auth.packages.example fails (HTTP 500)"),
        (b"<html>", "its service for tokens gave none"),
        (b"[]", "its service for tokens gave none"),
        ({"token": ""}, "its service for tokens gave none"),
        ({"token": "a\r\nx-evil: 1"}, "its service for tokens gave none"),
    ],
)
def test_no_token(answer: object, reason: str) -> None:
    """What cannot be a header is no token either."""
    found = registry({f"{BASE}/manifests/1": unauthorized(ASKED), TOKEN_URL: answer}).image()

    assert found.reason == f"{HOST} asks for a log-in: {reason}"
    assert found.standing is Standing.NOT_ESTABLISHED


@pytest.mark.parametrize(
    ("realm", "reason"),
    [
        ("http://auth.packages.example/token", "is not https, and would give the login away"),
        ("ftp://auth.packages.example/token", "is not https, and would give the login away"),
        ("http://127.0.0.1:8080/token", "is on this machine, which it has no business with"),
        ("https://[::1]/token", "is on this machine, which it has no business with"),
        ("https://localhost/token", "is on this machine, which it has no business with"),
        ("https://ada@evil.example/token", "is no URL that may be asked"),
        ("https://evil.example\\@auth.example/", "is no URL that may be asked"),
        ("https://evil.example/#", "is no URL that may be asked"),
        ("https://[", "is no URL"),
        ("/token", "is no URL that may be asked"),
        ("", "is no URL that may be asked"),
    ],
)
def test_hostile_realms(realm: str, reason: str) -> None:
    """Nobody is asked, and no login leaves this machine."""
    hostile = realm.replace("\\", "\\\\").removesuffix("#") + ("#x" if realm.endswith("#") else "")
    asked = unauthorized(f'Bearer realm="{hostile}",service="s"')
    store = registry({f"{BASE}/manifests/1": asked}, auths(auth=basic("ada:s3cret")))

    assert store.image().reason == f"{HOST} asks for a log-in: its address for tokens {reason}"
    assert len(store.asked) == 1  # type: ignore[attr-defined]


def test_the_realm_of_a_registry_on_this_machine() -> None:
    """It may be there too, without encryption; one elsewhere has to be https even then."""
    found = token_url({"realm": "http://127.0.0.1:8080/token?a=b"}, "127.0.0.1:5001", "shop")

    assert found == "http://127.0.0.1:8080/token?a=b&scope=repository%3Ashop%3Apull"
    with pytest.raises(ValueError, match=r"is not https"):
        token_url({"realm": "http://auth.packages.example/"}, "127.0.0.1:5001", "shop")


def test_a_login_that_is_not_accepted() -> None:
    """It is tried once."""
    answers = {f"{BASE}/manifests/1": unauthorized('Basic realm="x"')}
    store = registry(answers, auths(auth=basic("ada:wrong")))

    assert store.image().reason == f"{HOST} does not accept the login (HTTP 401)"
    assert len(store.asked) == 2  # type: ignore[attr-defined]
    with_token = registry({f"{BASE}/manifests/1": unauthorized(ASKED)}, auths(registrytoken="old"))
    assert with_token.image().reason == f"{HOST} asks for a log-in: it does not accept the login that there is"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        ("Negotiate", {"negotiate": {}}),
        ('Basic realm="a, b"', {"basic": {"realm": "a, b"}}),
        (r'Bearer realm="a\"b",service=s', {"bearer": {"realm": 'a"b', "service": "s"}}),
        ('Digest realm="x", Bearer realm="y" , SERVICE = "z"', {"digest": {"realm": "x"}, "bearer": {"realm": "y", "service": "z"}}),
        ('Bearer realm="a", realm="b", Bearer realm="c"', {"bearer": {"realm": "a"}}),
    ],
)  # fmt: skip
def test_challenges(header: str, expected: dict[str, dict[str, str]]) -> None:
    """By RFC 9110; of what is said twice the first counts."""
    assert challenges(header) == expected


@given(st.text(max_size=300))
def test_any_challenge_is_read(header: str) -> None:
    """Without an error."""
    assert all(name == name.lower() for name in challenges(header))


@given(st.binary(max_size=100))
def test_any_token_answer_is_read(data: bytes) -> None:
    """Random bytes hold no token."""
    with pytest.raises(ValueError, match=r"gave none"):
        bearer(data)


# ── the configuration of Docker ─────────────────────────────────────────────────────────────────


def logins(config: object, environ: Mapping[str, str] | None = None) -> tuple[Logins, list[str]]:
    """The logins of a file, and which file was read."""
    read: list[str] = []

    def give(path: str) -> bytes | None:
        read.append(path)
        return config if isinstance(config, bytes) or config is None else json.dumps(config).encode()

    return Logins.read(environ or {}, "/home/ada", give), read


def test_where_the_configuration_lies() -> None:
    """Where `DOCKER_CONFIG` says, else in the home directory; where there is none there is no login."""
    assert logins(None, {"DOCKER_CONFIG": "/etc/d"})[1] == ["/etc/d/config.json"]
    found, read = logins(None)
    assert (found.at(HOST), read) == (Login(), ["/home/ada/.docker/config.json"])


@pytest.mark.parametrize(
    ("key", "registry", "repository", "fits"),
    [
        (HOST, HOST, "acme/shop", True),
        (f"https://{HOST}/v2/", HOST, "acme/shop", True),
        (f"{HOST}/acme", HOST, "acme/shop", True),
        (f"{HOST}/acm", HOST, "acme/shop", False),
        (f"{HOST}:5000", HOST, "acme/shop", False),
        ("packages.example", HOST, "acme/shop", False),
        ("https://index.docker.io/v1/", "docker.io", "library/alpine", True),
    ],
)
def test_whose_login_it_is(key: str, registry: str, repository: str, fits: bool) -> None:  # noqa: FBT001
    """A host as a whole, or a path in it as a whole."""
    found, _ = logins({"auths": {key: {"auth": basic("ada:s3:cret")}}})

    assert found.at(registry, repository) == (Login("ada", "s3:cret") if fits else Login())


def test_the_longest_path_counts() -> None:
    """That of the team before that of the host."""
    both = {HOST: {"auth": basic("all:x")}, f"{HOST}/acme": {"auth": basic("team:y")}}
    found, _ = logins({"auths": both})

    assert (found.at(HOST, "acme/shop").user, found.at(HOST, "other/shop").user) == ("team", "all")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (b"{", "/home/ada/.docker/config.json is not JSON"),
        ([], "/home/ada/.docker/config.json is no configuration of Docker"),
        (auths(auth="%%"), "the login in the configuration of Docker cannot be decoded"),
        (
            auths(identitytoken="x", auth=basic("ada:")),
            "the login is an identity token, which is not exchanged here: log in with a password",
        ),
        ({"auths": {HOST: {}}, "credsStore": "desktop"}, "the login is kept by the program docker-credential-desktop, which bomvet does not run"),
        ({"credHelpers": {HOST: "ecr"}, "credsStore": "x"}, "the login is kept by the program docker-credential-ecr, which bomvet does not run"),
        ({"auths": {HOST: {}}, "credsStore": 3}, ""),
        ({"auths": [], "credHelpers": []}, ""),
    ],
)  # fmt: skip
def test_a_login_that_cannot_be_used(config: object, problem: str) -> None:
    """Why there is none is told where the registry asks for one; programs are not run."""
    found, _ = logins(config)
    http = FakeHttp({f"{BASE}/manifests/1": unauthorized("Basic realm=x")})

    assert found.at(HOST, "acme/shop") == Login(problem=problem)
    reason = f": {problem}" if problem else ""
    assert Registry(http, reference(f"{HOST}/acme/shop:1"), found).image().reason == (
        f"{HOST} asks for a log-in: there is none{reason}"
    )


def test_a_login_hides_its_secrets() -> None:
    """In whatever message it ends."""
    assert repr(Login("ada", "s3cret", "t0ken")) == "Login('ada', problem='')"
