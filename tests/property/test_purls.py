"""Our purls against packageurl-python, the reference, and URLs against the secrets that they may hold."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from bomvet.model.purl import (
    apk_purl,
    deb_purl,
    parts,
    percent_decoded,
    percent_encoded,
    project_purl,
    public_url,
    pypi_name,
    pypi_purl,
)

LAWS = settings(deadline=None, max_examples=150, derandomize=True)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="/")
# What the library strips, and so cannot keep, is not asked of it.
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda text: text == text.strip())
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
QUALIFIERS = st.dictionaries(st.from_regex(r"[a-z][a-z_.-]{0,6}", fullmatch=True), TEXTS, max_size=3)


@LAWS
@given(NAMES, st.just("") | TEXTS, QUALIFIERS)
def test_pypi_purls_are_those_of_the_library(name: str, version: str, qualifiers: dict[str, str]) -> None:
    """Name by PEP 503, then the same text as packageurl-python; and it reads the same parts back."""
    purl = pypi_purl(name, version, qualifiers)

    assert purl == PackageURL("pypi", None, pypi_name(name), version, qualifiers).to_string()
    parsed = PackageURL.from_string(purl)
    assert (parsed.name, parsed.version or "", parsed.qualifiers) == (pypi_name(name), version, qualifiers)


@LAWS
@given(TEXTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(str.strip), TEXTS)
def test_project_purls_read_back(name: str, version: str, directory: str) -> None:
    """Any name, version and folder of a project comes back out of its purl."""
    parsed = PackageURL.from_string(project_purl(name, version, directory))

    assert (parsed.type, parsed.name, parsed.version or "") == ("generic", name, version)
    assert parsed.qualifiers == {"path": directory}


@LAWS
@given(st.sampled_from(["", "debian", "Alpine"]), NAMES, st.just("") | TEXTS, QUALIFIERS)
def test_purls_of_distributions_are_those_of_the_library(
    distribution: str, name: str, version: str, qualifiers: dict[str, str]
) -> None:
    """Distribution and name in lower case, then the same text as packageurl-python."""
    for kind, purl in (("deb", deb_purl), ("apk", apk_purl)):
        expected = PackageURL(kind, distribution.lower(), name.lower(), version, qualifiers).to_string()
        assert purl(distribution, name, version, qualifiers) == expected


SECRET = "hunter2SECRET"  # noqa: S105 - the point of the test
USERS = st.text(st.characters(codec="ascii", exclude_characters="/?#\\@"), max_size=4)
SECRETS = USERS.map(lambda text: text + SECRET + text)
SCHEMES = st.sampled_from(["https://", "http://", "git+ssh://", "HTTPS://", "//", "ht tp://", " https://", "x:///", ""])
PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@LAWS
@given(SCHEMES, USERS, SECRETS, PATHS)
def test_passwords_never_stay(scheme: str, user: str, secret: str, path: str) -> None:
    """A password before the host is gone, whatever else the URL holds and however it is misspelt."""
    assert SECRET not in public_url(f"{scheme}{user}:{secret}@h.example/{path}")


@LAWS
@given(SECRETS, PATHS)
def test_secrets_in_nested_urls_and_queries_never_stay(secret: str, path: str) -> None:
    """Nor does one in a URL within the URL, or in a parameter that is named like one."""
    nested = f"https://proxy.example/https://user:{secret}@h.example/x"
    query = f"https://h.example/x?access_token={quote(secret)}&private_token={SECRET}#{quote(path)}"

    assert SECRET not in public_url(nested)
    assert public_url(query) == f"https://h.example/x{'#' if path else ''}{quote(path)}"


@LAWS
@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-._~%+=!$'()*,;:@/"), max_size=20)
)
def test_paths_stay_as_they_are(path: str) -> None:
    """What stands behind a host without user comes through unchanged, versions after `@` too."""
    url = f"https://h.example:8080/{path}?a=b&c=#sha256=00"

    assert public_url(url) == url


@pytest.mark.parametrize("url", ["x" * 200_000, ":" * 200_000 + "/@", "\\" * 200_000 + "@", "https://" * 20_000])
def test_hostile_urls_are_read_in_linear_time(url: str) -> None:
    """A URL made to keep an expression busy is done with at once (the test would take minutes otherwise)."""
    assert len(public_url(url)) < 700_000


@LAWS
@given(st.none() | TEXTS, TEXTS, st.just("") | TEXTS, QUALIFIERS)
def test_parts_are_those_of_the_library(
    namespace: str | None, name: str, version: str, qualifiers: dict[str, str]
) -> None:
    """What packageurl-python wrote is read as it was meant."""
    found = parts(PackageURL("generic", namespace, name, version, qualifiers).to_string())

    assert found == ("generic", namespace or "", name, version, tuple(sorted(qualifiers.items())))


@LAWS
@given(st.text(max_size=12), st.sampled_from(["", ":", "%:/?#", "&+,"]))
def test_percent_encoding_is_that_of_the_library(text: str, safe: str) -> None:
    """Any text is encoded and decoded as `urllib.parse` does."""
    assert percent_encoded(text, safe, "backslashreplace") == quote(text, safe=safe, errors="backslashreplace")
    assert percent_decoded(text) == unquote(text)
