"""Package URLs and public URLs by example; tests/property holds the laws."""

from __future__ import annotations

import pytest

from bomvet.model.purl import bare, conda_purl, parts, project_purl, public_url, pypi_name, pypi_purl


@pytest.mark.parametrize("spelling", ["Foo_Bar", "foo.bar", "FOO--bar", "foo-_.bar", "foo-bar"])
def test_one_name_for_all_spellings(spelling: str) -> None:
    """PEP 503: case, dots, underscores and their runs make no difference."""
    assert pypi_name(spelling) == "foo-bar"


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        (pypi_purl("Requests", "2.31.0"), "pkg:pypi/requests@2.31.0"),
        (pypi_purl("requests"), "pkg:pypi/requests"),
        (pypi_purl("torch", "2.1.0+cu118"), "pkg:pypi/torch@2.1.0%2Bcu118"),
        (
            pypi_purl("a", "1", {"x": "", "b": "1", "a": "https://h.example/i"}),
            "pkg:pypi/a@1?a=https://h.example/i&b=1",
        ),
        (pypi_purl("a", "1", {"x": ""}), "pkg:pypi/a@1"),
        (pypi_purl("a", "1", {}), "pkg:pypi/a@1"),
        (
            conda_purl(
                "absl-py", "0.4.1", {"build": "py36_0", "channel": "main", "subdir": "linux-64", "type": "conda"}
            ),
            "pkg:conda/absl-py@0.4.1?build=py36_0&channel=main&subdir=linux-64&type=conda",
        ),
        (project_purl("Shop API", "1", "apps/api"), "pkg:generic/Shop%20API@1?path=apps/api"),
        (project_purl("shop", "", ""), "pkg:generic/shop"),
    ],
)
def test_purls(purl: str, expected: str) -> None:
    """Names, versions and qualifiers are written as the specification asks; empty qualifiers are not."""
    assert purl == expected


def test_bare() -> None:
    """Qualifiers and subpath are taken off."""
    assert bare("pkg:pypi/a@1?b=c#d") == bare("pkg:pypi/a@1#d?b") == bare("pkg:pypi/a@1") == "pkg:pypi/a@1"


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://h.example/a/b.whl", "https://h.example/a/b.whl"),
        ("https://user:pass@h.example:8443/a", "https://h.example:8443/a"),
        ("https://token@h.example/a", "https://h.example/a"),
        ("https://u:p@ss@h.example/a", "https://h.example/a"),
        ("git+ssh://git@h.example/o/r.git@v1", "git+ssh://h.example/o/r.git@v1"),
        ("ssh://git@h.example:org/r", "ssh://h.example:org/r"),
        ("git@h.example:org/r", "git@h.example:org/r"),
        ("user:pass@h.example/a", "h.example/a"),
        (r"https:\\user:pass@h.example/a", "h.example/a"),
        ("https://proxy.example/https://u:p@h.example/", "https://proxy.example/https://h.example/"),
        ("https://h.example:8080/@scope/a", "https://h.example:8080/@scope/a"),
        ("https://[::1]:8080/@scope/a", "https://[::1]:8080/@scope/a"),
        ("https://user:pass/word@h.example/a", ""),
        ("https://[::1/x", ""),
        ("https://h.example/a?token=x&q=1&X-Amz-Signature=2&sig=3", "https://h.example/a?q=1"),
        ("../wheels/a b@1.whl", "../wheels/a%20b@1.whl"),
        ("a@1.whl", "a@1.whl"),
        ("file:///srv/user:name@1.whl", "file:///srv/user:name@1.whl"),
        ("https://h.example/ü?ä#\ud800", "https://h.example/%C3%BC?%C3%A4#?"),
        ("https://h.example/%20%C3%BC", "https://h.example/%20%C3%BC"),
        ("", ""),
    ],
)
def test_public_urls(url: str, public: str) -> None:
    """Whatever lets somebody in is gone, the rest stays and can be printed."""
    assert public_url(url) == public


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:pypi/a@1", ("pypi", "", "a", "1", ())),
        ("pkg:npm/%40s/a@1.0%2B2?x=%20y&B=1#sub", ("npm", "@s", "a", "1.0+2", (("b", "1"), ("x", " y")))),
        ("pkg:npm/@s/a", ("npm", "@s", "a", "", ())),
        ("pkg:NPM/@s/a@2", ("npm", "@s", "a", "2", ())),
        ("pkg:golang/g.example/x/y@v1", ("golang", "g.example/x", "y", "v1", ())),
        ("pkg://generic/a?", ("generic", "", "a", "", ())),
        ("pkg:", ("", "", "", "", ())),
        ("tool@1", ("", "", "tool@1", "", ())),
    ],
)
def test_parts(purl: str, expected: tuple[object, ...]) -> None:
    """Every part decoded, as different tools write them; what is no purl is a name."""
    assert tuple(parts(purl)) == expected


def test_secrets_in_fragments_and_of_old_npm() -> None:
    """What `#` is followed by may let somebody in as well as a parameter, and npm once called it `_auth`."""
    assert public_url("https://h.packages.example/a#token=x&egg=b") == "https://h.packages.example/a#egg=b"
    assert public_url("https://h.packages.example/?_auth=x&a=1") == "https://h.packages.example/?a=1"
    assert public_url("https://h.packages.example/a#sha256=12") == "https://h.packages.example/a#sha256=12"
