"""`bomvet explain` as its users type it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import ADVISORY, HARMLESS

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    "subject",
    [
        "tap",
        "Tap",
        "tap@1.0",
        "tap==1.0",
        "pkg:pypi/tap",
        "pkg:pypi/Tap@1.0?x=y",
        "CVE-2026-0001",
        "ghsa-AAAA-bbbb-cccc",
    ],
)
def test_a_component_is_explained(cli: Cli, subject: str) -> None:
    """By purl, by name or by an advisory that affects it: where, why, what is known, and what to do."""
    cli.advise(ADVISORY)
    ran = cli("explain", subject)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "pkg:pypi/tap@1.0\n"
        "  scope   required\n"
        "  stated  uv.lock:24\n"
        "  files   1 distribution, 1 hash\n"
        "  index   https://pypi.packages.example/simple\n"
        "  why     1 direct dependant:\n"
        "    sink@1.0 > pipe@2.0 > tap@1.0\n"
        "  risk    40 to 87 of 100:\n"
        "    29.4        severity     CVE-2026-0001 is critical, CVSS 9.8\n"
        "    0 to 25     exploitation KEV of CVE-2026-0001 is not known\n"
        "    10.3 to 19  reach        required, transitive, 1 dependant\n"
        "    0 to 3      provenance   who built it, and of what, is not established\n"
        "    0 to 3      age          when it was released is not established\n"
        "    0 to 8      maintenance  whether it is maintained is not established\n"
        f"  advisories  1 known as of {TODAY} (1 record)\n"
        "              not looked up in KEV and EPSS\n"
        "\n"
        "  CVE-2026-0001  CRITICAL 9.8\n"
        "    about   Leaky tap\n"
        "    rated   CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H (GHSA-aaaa-bbbb-cccc)\n"
        "    also    GHSA-aaaa-bbbb-cccc\n"
        "    matched GHSA-aaaa-bbbb-cccc: in range [0, 1.1)\n"
        "    fixed   in 1.1\n"
        "    clean   1.1, which no known advisory affects\n"
        "    do      Upgrade tap to 1.1.\n"
    )


def test_what_is_not_there_is_exit_1(cli: Cli) -> None:
    """An absent component is a sentence, with the command that lists those that are there."""
    ran = cli("explain", "kettle", "dir:.")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "bomvet: sink has no component 'kettle'\nhint: `bomvet sbom dir:. -f table` lists them\n"
    )  # fmt: skip


def test_another_version_is_named(cli: Cli) -> None:
    """Where the component is there in another version, that one is told."""
    ran = cli("explain", "tap@9")

    assert ran.code == 1
    assert ran.err.startswith("bomvet: sink has tap@1.0, not @9\n")


def test_what_may_be_there_is_exit_3(cli: Cli) -> None:
    """With open questions nobody can say that a component is absent; those that name it come first."""
    cli.write("requirements.txt", "?mkdocs\n?kettle\n")
    ran = cli("explain", "Kettle")

    assert (ran.code, ran.out) == (3, "")
    first, second, third, *_ = ran.err.splitlines()
    assert first == "bomvet: not established whether sink has 'Kettle'"
    assert second.startswith("  requirements.txt:2: ")
    assert third.startswith("  requirements.txt:1: ")


def test_a_component_that_no_advisory_affects(cli: Cli) -> None:
    """A clean answer is told as one, with the age of the data."""
    cli.advise(HARMLESS)
    ran = cli("explain", "pipe")

    assert ran.code == 0
    assert f"  advisories  none known as of {TODAY} (1 record)\n" in ran.out


def test_an_advisory_that_affects_nothing(cli: Cli) -> None:
    """Is told as such, with the age of the data; exit code 1."""
    cli.advise(HARMLESS)
    ran = cli("explain", "cve-2024-1")

    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        f"sink: CVE-2024-1 affects no component, as of {TODAY} (1 record)\n"
        "  there is no record of that name in the advisory data: CVE-2024-1 may be new,\n"
        "  withdrawn or misspelt\n"
    )


def test_why_an_advisory_does_not_affect_what_it_is_about(cli: Cli) -> None:
    """Every range, with the end that shuts the version out, by any name of the advisory."""
    fixed = {"introduced": "0"}, {"fixed": "0.9"}, {"introduced": "1.1"}, {"fixed": "1.2"}
    affected = {**ADVISORY["affected"][0], "ranges": [{"type": "ECOSYSTEM", "events": [*fixed]}]}
    cli.advise({**ADVISORY, "affected": [affected]})
    ran = cli("explain", "CVE-2026-0001")

    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        f"sink: CVE-2026-0001 affects no component, as of {TODAY} (1 record)\n"
        "  tap@1.0, by GHSA-aaaa-bbbb-cccc:\n"
        "    in [0, 0.9): no, 1.0 comes after the fixed 0.9\n"
        "    in [1.1, 1.2): no, 1.0 comes before 1.1\n"
    )
    assert "1 record of the package does not affect it:\n" in cli("explain", "tap").out


def test_an_advisory_about_other_packages(cli: Cli) -> None:
    """That the advisory is known, and is about nothing that is here."""
    cli.advise(HARMLESS)
    ran = cli("explain", "GHSA-aaaa-bbbb-cccc")

    assert ran.code == 1
    assert ran.out.endswith("(1 record)\n  none of the packages that it is about is here\n")


def test_an_advisory_that_may_affect_what_was_not_read(cli: Cli) -> None:
    """Exit code 3 with what is open."""
    cli.advise(HARMLESS)
    cli.write("requirements.txt", "kettle>=3\n")
    ran = cli("explain", "CVE-2024-1")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("bomvet: not established whether CVE-2024-1 affects sink\n  requirements.txt:1: ")


def test_stale_data_is_exit_3(cli: Cli) -> None:
    """The age comes first, in the words of the scan, then what the data says."""
    cli.advise(HARMLESS, as_of="2026-01-01")
    ran = cli("explain", "tap")

    assert ran.code == 3
    flat = " ".join(ran.out.split())
    assert "advisories not established: the advisory data is" in flat
    assert "days old, and 7 days is the limit" in flat
    assert ran.out.endswith("\n              none known as of 2026-01-01 (1 record)\n")


@pytest.mark.parametrize("subject", ["tap", "CVE-2026-0001"])
@pytest.mark.parametrize("damaged", [False, True])
def test_no_data_is_exit_3(cli: Cli, subject: str, *, damaged: bool) -> None:
    """Without a database, or with a damaged one, the reason is that of the scan."""
    if damaged:
        (cli.folder.parent / "advisories.db").write_bytes(b"not a database at all" * 100)
    (reason,) = [p["reason"] for p in cli("scan", "-f", "json").json["plugins"] if p["id"] == "osv"]
    ran = cli("explain", subject)

    assert ran.code == 3
    assert reason in " ".join((ran.out + ran.err).split())


def test_a_waiver_is_told(cli: Cli) -> None:
    """The one in force with its reason; the one that expired with its day."""
    waiver = '[[waivers]]\nid = "CVE-2026-0001"\nreason = "no water"\nowner = "ada"\nexpires = {}\n'
    cli.advise(ADVISORY)
    cli.write("bomvet.toml", waiver.format("2099-01-01"))
    assert "    policy  waived until 2099-01-01 by ada: no water\n    do      Upgrade" in cli("explain", "tap").out
    cli.write("bomvet.toml", waiver.format("2026-01-01"))

    assert "    policy  waiver of ada expired 2026-01-01\n    do      Upgrade" in cli("explain", "tap").out


@pytest.mark.parametrize("subject", ["pkg:", "pkg:pypi", "PKG:pypi/?x=y"])
def test_a_broken_purl_is_exit_2(cli: Cli, subject: str) -> None:
    """A purl that names nothing is wrong use."""
    ran = cli("explain", subject)

    assert (ran.code, ran.out) == (2, "")
    assert f"bomvet: {subject!r} is no purl" in ran.err


def test_excluded_files_are_not_explained(cli: Cli) -> None:
    """`--exclude` holds here as it does in a scan."""
    assert cli("explain", "tap", "--exclude", "uv.lock").code == 3
