"""The registry of the tests answers as the real ones do, in memory and on loopback, and fails as it is told to."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from bomvet.plugin import Request
from tests.harness import FakeHttp
from tests.provenance import faults
from tests.provenance.authority import Authority, statement
from tests.provenance.images import BUNDLE
from tests.provenance.registry import Registry, integrity_of, serving

PYPI, NPM, IMAGES = "https://pypi.packages.example", "https://npm.packages.example", "https://images.packages.example"
WHEEL = "acme-1.0.0-py3-none-any.whl"


@pytest.fixture
def registry(authority: Authority) -> Registry:
    """A project, a package and an image, all of them attested."""
    found = Registry()
    digest = hashlib.sha256(b"wheel").hexdigest()
    found.add_pypi(
        "acme",
        "1.0.0",
        WHEEL,
        b"wheel",
        provenance=authority.pypi_provenance(WHEEL, digest),
        urls={"Source": "https://github.com/acme/app"},
    )
    found.add_pypi("acme", "0.9.0", "acme-0.9.0.tar.gz", b"old", uploaded="2026-01-02T03:04:05.000000Z")
    found.add_npm(
        "@acme/tool",
        "1.2.3",
        b"tool",
        attestations=authority.npm_attestations("@acme/tool", "1.2.3", hashlib.sha512(b"tool").hexdigest()),
        signatures=[authority.npm_signature("@acme/tool", "1.2.3", integrity_of(b"tool"))],
        trusted_publisher="oidc:1",
        approver="dana",
        scripts={"postinstall": "node x.js"},
        repository={"type": "git", "url": "git+https://github.com/acme/app.git"},
    )
    found.keys = authority.npm_keys()
    return found


def ask(registry: Registry, url: str, **headers: str) -> Any:
    """The answer in memory."""
    wanted = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    ((_, answer),) = registry.http().fetch([Request(url, headers=wanted)])
    return answer


def get(url: str, headers: dict[str, str] | None = None, timeout: float = 5) -> tuple[int, Any, bytes]:
    """The answer of a server."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_project_says_which_of_its_files_are_attested(registry: Registry) -> None:
    """By URL, or null; an older index says nothing."""
    page = json.loads(ask(registry, f"{PYPI}/simple/acme/").body)
    assert page["meta"] == {"api-version": "1.4"}
    assert page["versions"] == ["1.0.0", "0.9.0"]
    assert [file["provenance"] for file in page["files"]] == [
        f"{PYPI}/integrity/acme/1.0.0/{WHEEL}/provenance",
        None,
    ]
    assert page["files"][1]["upload-time"] == "2026-01-02T03:04:05.000000Z"
    registry.says_provenance = False
    page = json.loads(ask(registry, f"{PYPI}/simple/acme/").body)
    assert page["meta"] == {"api-version": "1.1"}
    assert ["provenance" in file for file in page["files"]] == [False, False]


def test_the_integrity_api_has_a_provenance_object(registry: Registry) -> None:
    """Or a page that is not there."""
    answer = ask(registry, f"{PYPI}/integrity/acme/1.0.0/{WHEEL}/provenance")
    assert answer.headers["content-type"] == "application/vnd.pypi.integrity.v1+json"
    assert json.loads(answer.body)["version"] == 1
    assert ask(registry, f"{PYPI}/integrity/acme/0.9.0/acme-0.9.0.tar.gz/provenance").status == 404
    assert ask(registry, f"{PYPI}/packages/{WHEEL}").body == b"wheel"
    assert ask(registry, f"{PYPI}/simple/other/").status == 404
    info = json.loads(ask(registry, f"{PYPI}/pypi/acme/1.0.0/json").body)["info"]
    assert info["project_urls"] == {"Source": "https://github.com/acme/app"}
    assert ask(registry, f"{PYPI}/pypi/acme/3/json").status == 404


def test_a_packument_says_what_is_signed_and_who_published(registry: Registry) -> None:
    """In full; the short form is for installers, and a mirror may strip it."""
    page = json.loads(ask(registry, f"{NPM}/@acme%2ftool").body)
    version = page["versions"]["1.2.3"]
    assert version["dist"]["attestations"] == {
        "url": f"{NPM}/-/npm/v1/attestations/@acme%2ftool@1.2.3",
        "provenance": {"predicateType": "https://slsa.dev/provenance/v1"},
    }
    assert version["_npmUser"]["trustedPublisher"] == {"id": "github", "oidcConfigId": "oidc:1"}
    assert version["_npmUser"]["approver"] == {"name": "dana"}
    assert page["time"]["1.2.3"] == "2026-10-25T12:00:00.000Z"
    assert page["repository"]["url"] == "git+https://github.com/acme/app.git"
    short = json.loads(ask(registry, f"{NPM}/@acme/tool", accept="application/vnd.npm.install-v1+json").body)
    assert sorted(short["versions"]["1.2.3"]) == ["dist", "hasInstallScript", "name", "version"]
    assert "time" not in short
    registry.strips = True
    stripped = json.loads(ask(registry, f"{NPM}/@acme/tool").body)["versions"]["1.2.3"]
    assert "_npmUser" not in stripped
    assert sorted(stripped["dist"]) == ["integrity", "shasum", "tarball"]
    assert ask(registry, f"{NPM}/-/npm/v1/attestations/@acme%2ftool@1.2.3").status == 404


def test_npm_has_attestations_keys_and_tarballs(registry: Registry, authority: Authority) -> None:
    """At the endpoints of its registry."""
    answer = ask(registry, f"{NPM}/-/npm/v1/attestations/@acme%2ftool@1.2.3")
    assert len(json.loads(answer.body)["attestations"]) == 2
    assert ask(registry, f"{NPM}/-/npm/v1/keys").body == authority.npm_keys()
    assert ask(registry, f"{NPM}/@acme/tool/-/tool-1.2.3.tgz").body == b"tool"
    assert ask(registry, f"{NPM}/-/npm/v1/attestations/left-pad@1.3.0").status == 404


def test_another_host_cannot_be_reached(registry: Registry) -> None:
    """There is no connection at all."""
    assert ask(registry, "https://elsewhere.example/").error == "elsewhere.example could not be asked (ConnectError)"


def test_an_answer_has_a_bound(registry: Registry) -> None:
    """That of the request."""
    ((_, answer),) = registry.http().fetch([Request(f"{PYPI}/packages/{WHEEL}", limit=4)])
    assert answer == (0, b"", {}, "pypi.packages.example sent more than 4 bytes")


def test_its_answers_are_those_of_a_fake_network(registry: Registry) -> None:
    """By URL, for tests that put others among them."""
    http_ = FakeHttp(registry.answers())
    urls = [f"{NPM}/@acme/tool", f"{NPM}/-/npm/v1/attestations/@acme%2ftool@1.2.3", f"{PYPI}/simple/acme/"]
    urls += [f"{NPM}/@acme%2ftool", f"{PYPI}/pypi/acme/1.0.0/json", f"{NPM}/-/npm/v1/keys"]
    assert [answer.status for _, answer in http_.fetch(Request(url) for url in urls)] == [200] * 6
    assert {answer.status for answer in registry.answers().values()} == {200}


@pytest.mark.parametrize(
    ("fault", "status", "body", "error"),
    [
        (faults.status(403), 403, b"", ""),
        (faults.status(429, retry_after="1"), 429, b"", ""),
        (faults.NOT_JSON, 200, b"<html>Under maintenance</html>", ""),
        (faults.redirect("https://elsewhere.example/"), 302, b"", ""),
        (faults.wrong_type(), 200, b"wheel", ""),
        (faults.TRUNCATED, 0, b"", "packages.example could not be asked (the answer broke off)"),
        (faults.RESET, 0, b"", "packages.example could not be asked (RemoteProtocolError)"),
        (faults.slow(), 0, b"", "packages.example did not answer within 30 s"),
    ],
)
def test_it_fails_in_memory_once(registry: Registry, fault: faults.Fault, status: int, body: bytes, error: str) -> None:
    """Then all is well again."""
    registry.faults.add("/packages/", fault)
    answer = ask(registry, f"{PYPI}/packages/{WHEEL}")
    assert (answer.status, answer.body, answer.error) == (status, body, error)
    assert ask(registry, f"{PYPI}/packages/{WHEEL}").status == 200


def test_it_fails_always_until_it_recovers(registry: Registry) -> None:
    """And only where the pattern fits."""
    registry.faults.add("/simple/", faults.status(500), always=True)
    assert [ask(registry, f"{PYPI}/simple/acme/").status for _ in range(3)] == [500, 500, 500]
    assert ask(registry, f"{NPM}/-/npm/v1/keys").status == 200
    registry.faults.clear()
    assert ask(registry, f"{PYPI}/simple/acme/").status == 200
    assert registry.asked("simple") == ["/simple/acme/"] * 4


@pytest.mark.enable_socket
def test_a_server_answers_as_memory_does(registry: Registry) -> None:
    """Packages of Python below `/pypi`, of npm below `/npm`; the documents name that server."""
    with serving(registry) as url:
        status, headers, body = get(f"{url}/pypi/simple/acme/")
        assert (status, headers["content-type"]) == (200, "application/vnd.pypi.simple.v1+json")
        provenance = json.loads(body)["files"][0]["provenance"]
        assert provenance == f"{url}/pypi/integrity/acme/1.0.0/{WHEEL}/provenance"
        assert get(provenance)[0] == 200
        tarball = json.loads(get(f"{url}/npm/@acme%2ftool")[2])["versions"]["1.2.3"]["dist"]["tarball"]
        assert get(tarball)[2] == b"tool"
        assert get(f"{url}/npm/nothing")[0] == 404
        assert registry.asked("nothing") == ["/npm/nothing"]


@pytest.mark.enable_socket
def test_a_server_fails_as_it_is_told(registry: Registry) -> None:
    """With a status, half a body, none at all, or a slow one."""
    with serving(registry) as url:
        page = f"{url}/pypi/packages/{WHEEL}"
        registry.faults.add("/packages/", faults.status(503, retry_after="0"), faults.wrong_type("text/html"))
        status, headers, _ = get(page)
        assert (status, headers["retry-after"]) == (503, "0")
        assert get(page)[1]["content-type"] == "text/html"
        registry.faults.add("/packages/", faults.TRUNCATED, faults.RESET, faults.slow(2))
        with pytest.raises(http.client.IncompleteRead):
            get(page)
        with pytest.raises(http.client.RemoteDisconnected):
            get(page)
        started = time.monotonic()
        with pytest.raises((TimeoutError, http.client.IncompleteRead)):
            get(page, timeout=0.02)
        assert time.monotonic() - started < 2
        assert get(page)[2] == b"wheel"


# -- images --------------------------------------------------------------------------------------------------------


@pytest.fixture
def image(registry: Registry) -> str:
    """The digest of an image `acme/app:1.0`."""
    return registry.images.add_image("acme/app", "1.0")


def test_an_image_has_manifest_layers_and_tags(registry: Registry, image: str) -> None:
    """By tag and by digest."""
    answer = ask(registry, f"{IMAGES}/v2/acme/app/manifests/1.0")
    assert (answer.headers["docker-content-digest"], answer.status) == (image, 200)
    assert ask(registry, f"{IMAGES}/v2/acme/app/manifests/{image}").body == answer.body
    layer = json.loads(answer.body)["layers"][0]["digest"]
    assert ask(registry, f"{IMAGES}/v2/acme/app/blobs/{layer}").body == b"layer"
    assert json.loads(ask(registry, f"{IMAGES}/v2/acme/app/tags/list").body)["tags"] == ["1.0"]
    for path in ("manifests/2.0", "blobs/sha256:" + "0" * 64, "other"):
        assert ask(registry, f"{IMAGES}/v2/acme/app/{path}").status == 404
    assert ask(registry, f"{IMAGES}/elsewhere").status == 404


def test_signatures_are_found_by_the_tag_of_the_digest(registry: Registry, image: str, authority: Authority) -> None:
    """As cosign puts them."""
    about = statement("acme/app", {"sha256": image.removeprefix("sha256:")})
    registry.images.attach_cosign("acme/app", image, "att", [authority.cosign_att(about)])
    registry.images.attach_cosign("acme/app", image, "sig", [authority.cosign_sig(image)])
    tag = image.replace(":", "-")
    kinds = []
    for kind in ("att", "sig"):
        manifest = json.loads(ask(registry, f"{IMAGES}/v2/acme/app/manifests/{tag}.{kind}").body)
        (layer,) = manifest["layers"]
        assert "dev.sigstore.cosign/bundle" in layer["annotations"]
        kinds.append(layer["mediaType"])
    assert kinds == [
        "application/vnd.dsse.envelope.v1+json",
        "application/vnd.dev.cosign.simplesigning.v1+json",
    ]


def test_referrers_are_found_by_their_api_or_by_a_tag(registry: Registry, image: str) -> None:
    """The tag where the registry has no such API; an image that nothing refers to has an empty list."""
    other = registry.images.add_image("acme/app", layer=b"other")
    attached = registry.images.attach_bundle("acme/app", image, b"{}", "https://slsa.dev/provenance/v1")
    index = json.loads(ask(registry, f"{IMAGES}/v2/acme/app/referrers/{image}").body)
    assert [(one["digest"], one["artifactType"]) for one in index["manifests"]] == [(attached, BUNDLE)]
    assert json.loads(ask(registry, f"{IMAGES}/v2/acme/app/referrers/{other}").body)["manifests"] == []
    registry.images.referrers = False
    assert ask(registry, f"{IMAGES}/v2/acme/app/referrers/{image}").status == 404
    tagged = ask(registry, f"{IMAGES}/v2/acme/app/manifests/{image.replace(':', '-')}")
    assert json.loads(tagged.body) == index
    assert ask(registry, f"{IMAGES}/v2/acme/app/manifests/{other.replace(':', '-')}").status == 404


def test_an_index_has_platforms_and_what_nobody_signed(registry: Registry, image: str) -> None:
    """BuildKit puts its own manifest beside them."""
    registry.images.add_index("acme/app", [image], "all", unsigned=True)
    entries = json.loads(ask(registry, f"{IMAGES}/v2/acme/app/manifests/all").body)["manifests"]
    assert [one["platform"]["architecture"] for one in entries] == ["amd64", "unknown"]
    assert entries[1]["annotations"]["vnd.docker.reference.digest"] == image


def test_a_token_lets_in(registry: Registry, image: str) -> None:
    """It is to be had where the challenge says, by who may have it."""
    registry.images.auth, registry.images.credentials = "bearer", ("robot", "secret")
    url = f"{IMAGES}/v2/acme/app/manifests/{image}"
    refused = ask(registry, url)
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == (
        f'Bearer realm="{IMAGES}/token",service="images",scope="repository:acme/app:pull"'
    )
    token = f"{IMAGES}/token?service=images&scope=repository:acme/app:pull"
    assert ask(registry, token).status == 401
    assert ask(registry, f"{IMAGES}/token?service=other", authorization="Basic cm9ib3Q6c2VjcmV0").status == 400
    given = json.loads(ask(registry, token, authorization="Basic cm9ib3Q6c2VjcmV0").body)["token"]
    assert ask(registry, url, authorization=f"Bearer {given}").status == 200


@pytest.mark.parametrize("asked", [lambda url: url, lambda url: f"{url}?n=1"])
def test_basic_credentials_let_in(registry: Registry, image: str, asked: Callable[[str], str]) -> None:
    """On each request."""
    registry.images.auth, registry.images.credentials = "basic", ("robot", "secret")
    url = asked(f"{IMAGES}/v2/acme/app/manifests/{image}")
    assert ask(registry, url).headers["www-authenticate"] == 'Basic realm="images"'
    assert ask(registry, url, authorization="Basic cm9ib3Q6c2VjcmV0").status == 200
