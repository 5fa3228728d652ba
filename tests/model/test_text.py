"""Text of the scanned project in reasons: nothing in it logs anybody in."""

from __future__ import annotations

import pytest

from bomvet.model.text import anonymous, shown


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("-i https://me:pass@h.example/x", "-i https://h.example/x"),
        ("-i https://me:pa/ss@h.example/x", "-i https://h.example/x"),
        ("https://h.example/a?x=1&access_token=abc&y=2#z", "https://h.example/a?x=1&access_token=...&y=2#z"),
        ("a @ https://h.example/a.whl?sig=abc junk", "a @ https://h.example/a.whl?sig=... junk"),
        ("git+https://h.example/r.git@main", "git+https://h.example/r.git@main"),
        ("git+https://h.example:8080/r.git@main", "git+https://h.example:8080/r.git@main"),
        ("git+ssh://git@h.example:org/r@main", "git+ssh://h.example:org/r@main"),
    ],
)
def test_secrets_are_taken_out(text: str, public: str) -> None:
    """User names, passwords and parameters that are secrets are gone, revisions and ports stay."""
    assert anonymous(text) == public


def test_a_secret_is_not_cut_in_half() -> None:
    """What is shown is cut after the secret was taken out."""
    assert shown("https://" + "u" * 100 + ":p@h.example/x") == "https://h.example/x"
