"""Who has to have signed: each option alone, whole values and no prefixes, and what is too loose to ask for."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bomvet.errors import UsageError
from bomvet.model.provenance import PublisherIdentity
from bomvet.model.records import replace
from bomvet.provenance.wanted import (
    IdentityPolicy,
    check_pattern,
    owner_url,
    repository_url,
    signer_url,
    wanted,
)

ISSUER = "https://token.actions.githubusercontent.com"
HOME = "https://github.com/acme/shop"
SELF = f"{HOME}/.github/workflows/release.yml@refs/tags/v1.0"
GENERATOR = "https://github.com/builders/generic/.github/workflows/build.yml"
IDENTITY = PublisherIdentity(
    issuer=ISSUER,
    subject=SELF,
    repository=HOME,
    owner="https://github.com/acme",
    workflow=".github/workflows/release.yml",
    ref="refs/tags/v1.0",
    runner="github-hosted",
    builder=SELF,
)
REUSED = replace(IDENTITY, subject=f"{GENERATOR}@refs/tags/v2", builder=f"{GENERATOR}@refs/tags/v2")


def test_all_that_is_wanted_fits() -> None:
    """Every option at once, of a certificate that has it all."""
    policy = wanted(
        identity=SELF,
        pattern=r"https://github\.com/acme/.*",
        issuer=ISSUER,
        repository="acme/shop",
        owner="acme",
        workflow=".github/workflows/release.yml",
        signer_workflow="acme/shop/.github/workflows/release.yml",
        signer_repository="acme/shop",
        ref="refs/tags/v1.0",
        hosted_only=True,
    )

    assert policy.mismatch(IDENTITY) == ""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"repository": "acme/shop", "issuer": f"{ISSUER}/hammer-time"},
            f"the issuer is {ISSUER}, not {ISSUER}/hammer-time",
        ),
        (
            {"identity": SELF[:-1], "issuer": ISSUER},
            f"the certificate is of {SELF}, not of {SELF[:-1]}",
        ),
        (
            {"pattern": "https://github.com/acme", "issuer": ISSUER},
            f"the certificate is of {SELF}, which https://github.com/acme does not match as a whole",
        ),
        ({"repository": "acme/sho"}, f"the repository is {HOME}, not https://github.com/acme/sho"),
        ({"repository": "acme/shop2"}, f"the repository is {HOME}, not https://github.com/acme/shop2"),
        ({"owner": "acm"}, "the owner is https://github.com/acme, not https://github.com/acm"),
        (
            {"repository": "acme/shop", "workflow": "release.yml"},
            "the workflow is .github/workflows/release.yml, not release.yml",
        ),
        (
            {"repository": "acme/shop", "signer_workflow": "acme/shop/.github/workflows/release"},
            f"the workflow that signed is {SELF}, not {HOME}/.github/workflows/release",
        ),
        (
            {"repository": "acme/shop", "ref": "refs/heads/main"},
            "it was built from refs/tags/v1.0, not from refs/heads/main",
        ),
    ],
)  # fmt: skip
def test_the_first_difference_is_told(options: dict[str, Any], reason: str) -> None:
    """Each option compares the whole value, and says what stands in the certificate."""
    assert wanted(**options).mismatch(IDENTITY) == reason


def test_an_issuer_is_no_prefix() -> None:
    """The issuer of an enterprise begins as GitHub's own does, and is another."""
    found = replace(IDENTITY, issuer=f"{ISSUER}/hammer-time")

    assert wanted(repository="acme/shop").mismatch(found) == f"the issuer is {ISSUER}/hammer-time, not {ISSUER}"
    assert wanted(repository="acme/shop", issuer=f"{ISSUER}/hammer-time").mismatch(found) == ""


@pytest.mark.parametrize("runner", ["self-hosted", ""])
def test_a_runner_that_is_not_hosted(runner: str) -> None:
    """What the certificate does not say of the runner is not good enough either."""
    policy = wanted(repository="acme/shop", hosted_only=True)

    expected = f"the runner is {runner or 'not in the certificate'}, not github-hosted or gitlab-hosted"
    assert policy.mismatch(replace(IDENTITY, runner=runner)) == expected
    assert policy.mismatch(replace(IDENTITY, runner="gitlab-hosted")) == ""


def test_a_workflow_from_elsewhere() -> None:
    """The repository lets it sign, which is told, unless it is named: then it has to be that one."""
    alone = wanted(repository="acme/shop")
    name = "builders/generic/.github/workflows/build.yml"

    assert (alone.mismatch(REUSED), wanted(owner="acme").mismatch(REUSED)) == ("", "")
    assert (alone.unpinned(REUSED), alone.unpinned(IDENTITY)) == (f"{GENERATOR}@refs/tags/v2", "")
    for named in (
        wanted(repository="acme/shop", signer_workflow=name),
        wanted(repository="acme/shop", signer_workflow=f"{name}@refs/tags/v2"),
        wanted(repository="acme/shop", signer_repository="builders/generic"),
        wanted(repository="acme/shop", identity=REUSED.subject),
    ):
        assert (named.mismatch(REUSED), named.unpinned(REUSED)) == ("", "")
    assert wanted(repository="acme/shop", signer_workflow=f"{name}@refs/tags/v1").mismatch(REUSED) == (
        f"the workflow that signed is {GENERATOR}@refs/tags/v2, not {GENERATOR}@refs/tags/v1"
    )
    assert wanted(repository="acme/shop", signer_repository="builders/gen").mismatch(REUSED) == (
        f"the workflow that signed is {GENERATOR}@refs/tags/v2, which is not of https://github.com/builders/gen"
    )


def test_an_old_certificate_has_its_builder_in_the_subject() -> None:
    """Before 2023 there was no field of its own for it."""
    old = replace(REUSED, builder="")

    assert wanted(repository="acme/shop", signer_repository="builders/generic").mismatch(old) == ""
    assert wanted(repository="acme/shop", signer_repository="builders/gen").mismatch(old) != ""


def test_the_repository_alone_is_no_builder() -> None:
    """What is signed in the name of a repository as such is signed by none of its workflows."""
    policy = wanted(repository="acme/shop", signer_repository="acme/shop")

    assert policy.mismatch(replace(IDENTITY, builder=HOME)) != ""


def test_letters_may_differ_in_case_where_the_host_does_not_tell_them_apart() -> None:
    """On GitHub and gitlab.com nobody else can have the name in other letters; elsewhere somebody may."""
    assert wanted(repository="Acme/Shop", owner="ACME").mismatch(IDENTITY) == ""
    there = replace(IDENTITY, repository="https://git.acme.example/a/b", builder="https://git.acme.example/a/b/ci.yml")
    assert wanted(repository="https://git.acme.example/a/b", issuer=ISSUER).mismatch(there) == ""
    assert wanted(repository="https://git.acme.example/A/b", issuer=ISSUER).mismatch(there) == (
        "the repository is https://git.acme.example/a/b, not https://git.acme.example/A/b"
    )


def test_hosts_imply_their_issuer() -> None:
    """That of the tokens of their workflows, unless another is stated."""
    assert wanted(repository="acme/shop").issuer == ISSUER
    assert wanted(owner="https://gitlab.com/acme").issuer == "https://gitlab.com"
    assert wanted(repository="https://gitlab.com/acme/shop.git").repository == "https://gitlab.com/acme/shop"
    assert wanted(repository="acme/shop", issuer="https://issuer.example").issuer == "https://issuer.example"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "nothing says who has to have signed"),
        ({"issuer": ISSUER, "workflow": "x", "ref": "y"}, "nothing says who has to have signed"),
        ({"identity": "ada@acme.example"}, "nothing says which service vouches for who signed"),
        ({"repository": "https://git.acme.example/a/b"}, "nothing says which service vouches for who signed"),
        (
            {"repository": "acme"},
            "an option that says who has to have signed must be OWNER/NAME or https://HOST/OWNER/NAME, not 'acme'",
        ),
    ],
)
def test_what_would_let_almost_anybody_pass(options: dict[str, Any], reason: str) -> None:
    """An issuer alone is everybody who can log in there; a name alone that name anywhere."""
    with pytest.raises(UsageError, match=f"^{reason}$") as error:
        wanted(**options)

    assert error.value.hint or "must be" in reason


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (repository_url, "acme/shop", HOME),
        (repository_url, "https://github.com/acme/shop.git", HOME),
        (repository_url, "https://gitlab.com/a/b/c/", "https://gitlab.com/a/b/c"),
        (owner_url, "acme", "https://github.com/acme"),
        (owner_url, "https://gitlab.com/a/b", "https://gitlab.com/a/b"),
        (signer_url, "a/b/.github/workflows/c.yml", "https://github.com/a/b/.github/workflows/c.yml"),
        (signer_url, "github.com/a/b/c.yml@v1", "https://github.com/a/b/c.yml@v1"),
        (signer_url, "https://gitlab.com/a/b//.gitlab-ci.yml@x", "https://gitlab.com/a/b//.gitlab-ci.yml@x"),
    ],
)
def test_names_become_urls(read: Any, text: str, expected: str) -> None:
    """`OWNER/NAME` is GitHub's, as with gh."""
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((repository_url, t) for t in ("", "acme", "a/b/c", "http://github.com/a/b", "https://u@h.example/a/b")),
        *((repository_url, t) for t in ("https://github.com/a", "https://github.com/a/b?x", "a/b c", "git@h:a/b")),
        *((owner_url, t) for t in ("", "a/b", "https://github.com", "https://github.com/ x")),
        *((signer_url, t) for t in ("", "a/b", "a/b/c@", "a/b/c@x y", "https://github.com/a", "a/b/c@x@y")),
    ],
)
def test_what_is_no_name(read: Any, text: str) -> None:
    """It is refused with what it has to look like."""
    with pytest.raises(ValueError, match=r"^must be "):
        read(text)


def test_a_pattern_matches_all_of_the_subject() -> None:
    """Alternatives too: `a|b` is no `^a` or `b$`."""
    policy = wanted(pattern="x@acme.example|y@acme.example", issuer=ISSUER)

    assert policy.mismatch(replace(IDENTITY, subject="y@acme.example")) == ""
    assert policy.mismatch(replace(IDENTITY, subject="x@acme.example.evil.example")) != ""
    assert policy.mismatch(replace(IDENTITY, subject="evil+y@acme.example")) != ""
    assert policy.mismatch(replace(IDENTITY, subject="y@acme.example\n")) != ""


def test_a_pattern_takes_no_time() -> None:
    """Whoever signs chooses the text; a pattern that backtracks elsewhere is linear here, and the text is bounded."""
    policy = wanted(pattern="(a+)+b", issuer=ISSUER)
    start = time.process_time()

    assert policy.mismatch(replace(IDENTITY, subject="a" * 4000)) != ""
    assert policy.mismatch(replace(IDENTITY, subject="a" * 4000 + "b")) != ""
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(", "is no regular expression of RE2: unclosed group"),
        ("a)|(?:.*", "is no regular expression of RE2: unopened group"),
        ("a(?=b)", "is no regular expression of RE2: look-around, including look-ahead and look-behind, is not supported"),
        ("a" * 1001, "has more than 1,000 characters"),
    ],
)  # fmt: skip
def test_what_is_no_pattern(text: str, reason: str) -> None:
    """Neither may it break out of what makes it match as a whole."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        check_pattern(text)


@given(st.text(max_size=60))
def test_any_text_for_a_pattern_is_answered(text: str) -> None:
    """It is one, or is refused as a value that is wrong."""
    with contextlib.suppress(ValueError):
        assert IdentityPolicy(pattern=check_pattern(text)).mismatch(IDENTITY) in ("", _refusal(text))


def _refusal(pattern: str) -> str:
    return f"the certificate is of {SELF}, which {pattern} does not match as a whole"
