"""The short way for ordinary URLs of archives says the same as the long one."""

from __future__ import annotations

import pytest

from bomvet.model.archives import registry_archive
from bomvet.model.purl import public_url
from bomvet.resolvers.npm._origin import origin

REGISTRY = "https://npm.packages.example"


@pytest.mark.parametrize(
    ("name", "url", "registry"),
    [
        ("a", f"{REGISTRY}/a/-/a-1.0.0.tgz", REGISTRY),
        ("@s/a", f"{REGISTRY}:8443/npm/@s/a/-/a-1.0.0.tgz", f"{REGISTRY}:8443/npm"),
        ("@s/a", f"{REGISTRY}/@s%2fa/-/a-1.0.0.tgz", REGISTRY),
        ("a", f"{REGISTRY}/@s/a/-/a-1.0.0.tgz", REGISTRY),
        ("a", f"{REGISTRY}/b/-/b-1.0.0.tgz", REGISTRY),
        ("a", f"{REGISTRY}/a/-/a/a-1.0.0.tgz", REGISTRY),
        ("a", f"{REGISTRY}/a/-/a-1.0.0.tgz?x=1#y", REGISTRY),
        ("a", "https://user:word@npm.packages.example/a/-/a-1.0.0.tgz", REGISTRY),
        ("a", "http://npm.packages.example/a/-/a-1.0.0.tgz", "http://npm.packages.example"),
    ],
)
def test_the_registry(name: str, url: str, registry: str) -> None:
    """Whatever the package is called: by the URL itself, without what logs someone in."""
    found = origin(name, "1.0.0", url)

    assert found.properties == (("bomvet:registry", registry),)
    assert [d.url for d in found.distributions] == [public_url(url)]
    archive = registry_archive(public_url(url))
    assert archive is not None
    assert archive.registry == registry


def test_an_archive_in_the_project() -> None:
    """A relative path stays one."""
    (file,) = origin("a", "1.0.0", "file:vendor/a b.tgz").distributions

    assert file.url == "file:vendor/a%20b.tgz"
