"""Any text as the URL of a repository."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from bomvet.provenance.repositories import canonical, declared_in_json, same

_WORDS = st.sampled_from(
    [
        *(
            "https://",
            "http://",
            "git+ssh://",
            "git://",
            "git@",
            "user:pass@",
            "github:",
            "gitlab:",
            "gist:",
            "?q",
            "#x",
        ),
        *("github.com", "GitLab.com", "gitlab.acme.example", "gist.github.com", "acme.example", ":443", ":80", ":22"),
        *(
            "/",
            "/",
            "/",
            ":",
            ".",
            "..",
            ".git",
            ".GIT",
            "owner",
            "Name",
            "tree",
            "TREE",
            "-",
            "src",
            "0ab",
            "%2e",
            "@",
        ),
    ]
)
_URLS = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map("".join))


@given(_URLS)
@example("https://acme.example/a/b/tree.git")
@example("http://acme.example:443/a")
@example("https://gitlab.com/a/b/TREE/c")
@example("https://github.com/a/b.git.git")
def test_canonical_is_idempotent_and_takes_any_text(url: str) -> None:
    """What it gives is a URL of the web, or nothing, and its own canonical form."""
    found = canonical(url)
    assert not found or found.startswith("https://")
    assert canonical(found) == found
    assert same(url, url) is bool(found)


@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(["source", "home"]), _URLS, max_size=4), _URLS)
def test_whatever_is_declared_is_read(stated: dict[str, str], home: str) -> None:
    """What comes of it is canonical."""
    for url in declared_in_json(json.dumps({"info": {"project_urls": stated, "home_page": home}}).encode(), home):
        assert canonical(url) == url


@given(st.binary(max_size=200))
def test_what_is_no_release_is_refused(data: bytes) -> None:
    """As bad JSON, or it declares nothing."""
    try:
        found = declared_in_json(data)
    except ValueError:
        found = ()
    assert found == ()
