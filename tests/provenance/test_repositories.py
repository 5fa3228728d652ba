"""Spellings of repositories."""

from __future__ import annotations

import json

import pytest

from bomvet.provenance.repositories import canonical, declared_in_json, same

GITHUB = "https://github.com/acme/widget"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://github.com/acme/widget",
        "http://github.com/acme/widget/",
        "https://www.github.com/Acme/Widget.git",
        "git+https://github.com/acme/widget.git#main",
        "git+ssh://git@github.com/acme/widget.git",
        "git+ssh://git@github.com:acme/widget.git",
        "ssh://git@ssh.github.com:443/acme/widget.git",
        "git://github.com/acme/widget.git",
        "git@github.com:acme/widget.git",
        "https://token@github.com/acme/widget",
        "https://user:secret@GitHub.com:443/acme/widget",
        "http://github.com:443/acme/widget",
        "github:acme/widget#semver:^1",
        "acme/widget",
        "github.com/acme/widget",
        "https://github.com/acme/widget/tree/main/packages/x",
        "https://github.com/acme/widget/blob/v1/README.md?plain=1#L4",
        "https://github.com./acme/widget.git.git",
        "  https://github.com/acme/widget  ",
    ],
)
def test_spellings_of_a_repository_on_github_are_one(spelling: str) -> None:
    """GitHub disregards letter case, and a repository is an owner and a name, whatever follows."""
    assert canonical(spelling) == GITHUB
    assert same(spelling, GITHUB)


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("gitlab:group/Sub/project", "https://gitlab.com/group/sub/project"),
        ("https://gitlab.com/group/sub/project/-/tree/main/x", "https://gitlab.com/group/sub/project"),
        ("https://gitlab.acme.example/a/b.git/x", "https://gitlab.acme.example/a/b"),
        ("git@gitlab.com:group/sub/project.git", "https://gitlab.com/group/sub/project"),
        ("bitbucket:acme/widget", "https://bitbucket.org/acme/widget"),
        ("https://codeberg.org/Acme/widget/src/branch/main", "https://codeberg.org/acme/widget"),
        ("gist:11081aaa281", "https://gist.github.com/11081aaa281"),
        ("https://gist.github.com/acme/11081aaa281.git", "https://gist.github.com/11081aaa281"),
        ("https://git.acme.example:8443/Team/widget", "https://git.acme.example:8443/Team/widget"),
        ("ssh://git@git.acme.example:7999/team/widget.git", "https://git.acme.example/team/widget"),
        ("https://git.acme.example/team/widget/src/x", "https://git.acme.example/team/widget"),
        ("https://github.com@evil.example/acme/widget", "https://evil.example/acme/widget"),
        ("https://evil.example/github.com/acme/widget", "https://evil.example/github.com/acme/widget"),
    ],
)
def test_other_hosts_have_paths_of_their_own(spelling: str, expected: str) -> None:
    """Nested groups, ports and letter case stay where the host keeps them; a user name is no host."""
    assert canonical(spelling) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "widget",
        "https://github.com/acme",
        "github.com/acme",
        "https://github.com/sponsors/acme",
        "https://github.com/acme/.git",
        "https://github.com/acme/../evil/widget",
        "https://github.com\\@evil.example/acme/widget",
        "https://github.com:99999999/acme",
        "https://-/acme/widget",
        "https://a..b/acme/widget",
        "https://gist.github.com/",
        "gist:not-a-gist",
        "git@github.com:",
        "mailto:me@acme.example",
        "svn://svn.acme.example/widget",
        "https://git.acme.example/",
        "https://github.com/acme/wid\nget",
        "https://github.com/" + "a" * 5000,
    ],
)
def test_what_names_no_repository_is_none(text: str) -> None:
    """And is the same as nothing, not even itself."""
    assert canonical(text) == ""
    assert not same(text, text)


def declared(*urls: tuple[str, str], home_page: str = "", near: str = "") -> tuple[str, ...]:
    """What a release declares that has these project URLs."""
    return declared_in_json(json.dumps({"info": {"project_urls": dict(urls), "home_page": home_page}}).encode(), near)


def test_a_release_declares_by_label() -> None:
    """Sources come before home pages, which count where they are repositories; trackers and texts do not count."""
    found = declared(
        ("Source Code", "https://github.com/Acme/widget"),
        ("Home_Page", "https://acme.example/widget"),
        ("homepage", "https://gitlab.com/acme/widget"),
        ("Bug Tracker", "https://github.com/acme/bugs/issues"),
        ("Repository", "https://git.acme.example/widget.git"),
        ("Code", ""),
        ("GitHub", "github.com/acme/widget"),
        home_page="https://github.com/acme/widget-site",
    )
    assert found == (
        "https://github.com/acme/widget",
        "https://git.acme.example/widget",
        "https://gitlab.com/acme/widget",
        "https://github.com/acme/widget-site",
    )


def test_a_home_page_may_be_near_the_repository_that_is_asked_about() -> None:
    """On a host of its own, which is not known to have repositories otherwise."""
    home = "https://git.acme.example/team/widget"
    assert declared(home_page=home) == declared(home_page=home, near=GITHUB) == ()
    assert declared(home_page=home, near="https://git.acme.example/team/gadget") == (home,)


def test_declarations_are_read_only_so_far() -> None:
    """Who declares a hundred others first hides what comes after."""
    others = [(f"x{number}", "y") for number in range(100)]
    assert declared(*others, ("Source", GITHUB)) == ()
    assert declared(*others[1:], ("Source", GITHUB)) == (GITHUB,)


def test_the_json_of_a_release_may_say_anything() -> None:
    """What is no text says nothing."""
    info = {"project_urls": {"Source": GITHUB, "Code": 7}, "home_page": "https://github.com/acme/site"}
    assert declared_in_json(json.dumps({"info": info}).encode()) == (GITHUB, "https://github.com/acme/site")
    assert declared_in_json(b'{"info": {"project_urls": null, "home_page": null}}') == ()
    with pytest.raises(ValueError, match="it is no JSON"):
        declared_in_json(b"<html>")
