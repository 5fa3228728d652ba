"""`bomvet diff` as its users type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import UV_LOCK

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

TAP = "b" * 64
TABLE = """\
sink@1.0 (old.json) → sink@1.0 (after)
1 of the same version with other content, 1 changed

Same version, other content (1)
  ! tap  1.0  pypi  uv.lock:24
      content: tap-1.0-py3-none-any.whl sha256:bbbbbbbbbbbb… → tap-1.0-py3-none-any.whl sha256:cccccccccccc…

Changed (1)
  ~ pipe  2.0 → 2.1  pypi  uv.lock:5
"""


@pytest.fixture
def changed(cli: Cli) -> Cli:
    """The project's SBOM as `old.json`, and the project in another state in `after`."""
    assert cli("sbom", "-o", "old.json").code == 0
    cli.write("after/pyproject.toml", (cli.folder / "pyproject.toml").read_text("utf-8"))
    cli.write("after/uv.lock", UV_LOCK.replace('version = "2.0"', 'version = "2.1"').replace(TAP, "c" * 64))
    return cli


def test_a_project_and_its_sbom(cli: Cli) -> None:
    """Do not differ, nor does the JSON result."""
    for name, format_ in (("old.json", "cyclonedx-json"), ("result.json", "json")):
        assert cli("sbom", "-f", format_, "-o", name).code == 0
    for sides in (("old.json", "."), (".", "result.json"), ("result.json", "old.json"), (".", "uv.lock")):
        ran = cli("diff", *sides, "--exit-code", "--exclude", "after/**")
        assert (ran.code, ran.out.splitlines()[1:], ran.err) == (0, ["No differences"], "")


def test_differences(changed: Cli) -> None:
    """A table, and exit code 0."""
    ran = changed("diff", "old.json", "after")

    assert (ran.code, ran.out, ran.err) == (0, TABLE, "")


def test_exit_code(changed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the option, or its variable, differences are exit code 1."""
    assert changed("diff", "old.json", "after", "--exit-code").code == 1
    monkeypatch.setenv("BOMVET_EXIT_CODE", "1")
    assert changed("diff", "old.json", "after").code == 1


def test_formats(changed: Cli) -> None:
    """Several at once, each to its place."""
    ran = changed("diff", "old.json", "after", "-f", "json", "-f", "markdown=diff.md", "-f", "table=diff.txt")
    document = json.loads(ran.out)

    assert [(c["kind"], c["name"], c["direction"]) for c in document["changes"]] == [
        ("changed", "pipe", "upgrade"),
        ("changed", "tap", None),
    ]
    assert (document["schema"], document["before"]["source"]) == ("1.0", "old.json")
    assert (changed.folder / "diff.txt").read_text("utf-8") == TABLE
    assert "| `pipe` pypi | `2.0` | `2.1` | upgrade |\n" in (changed.folder / "diff.md").read_text("utf-8")


def test_output_to_a_file(changed: Cli) -> None:
    """`-o` is where the format goes."""
    assert changed("diff", "old.json", "after", "-o", "x.txt").out == ""
    assert (changed.folder / "x.txt").read_text("utf-8") == TABLE


def test_the_same_bytes_each_time(changed: Cli) -> None:
    """Nothing of the run is in it."""
    assert len({changed("diff", "old.json", "after", "-f", "json").out for _ in range(3)}) == 1


def test_what_is_not_understood_is_told(changed: Cli) -> None:
    """Exit code 3, unless it is allowed; on stderr where the output is for a program."""
    changed.write("after/poetry.lock", "not TOML\n=")
    ran = changed("diff", "old.json", "after", "-f", "json")

    assert (ran.code, ran.err.startswith("not established in after: poetry.lock")) == (3, True)
    assert changed("diff", "old.json", "after", "--allow-incomplete").code == 0
    assert changed("diff", "old.json", "after", "--exit-code").code == 1


def test_omitted_development(cli: Cli) -> None:
    """`--omit dev` leaves out what does not ship."""
    item = {"name": "a", "version": "1", "purl": "pkg:npm/a@1", "scope": "excluded"}
    empty = {"bomFormat": "CycloneDX", "specVersion": "1.2"}
    cli.write("a.json", json.dumps(empty))
    cli.write("b.json", json.dumps({**empty, "components": [item]}))

    assert cli("diff", "a.json", "b.json", "--exit-code").code == 1
    assert cli("diff", "a.json", "b.json", "--exit-code", "--omit", "dev").code == 0


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("x.json", '{"bomFormat": "CycloneDX", "specVersion": "9"}', 3, "x.json: CycloneDX '9' is not read"),
        ("x.json", '{"bomFormat": "CycloneDX",\n', 3, "x.json:2: not JSON"),
        ("x.json", '{"spdxVersion": "SPDX-2.3"}', 3, "x.json: SPDX is not read"),
        ("x.json", "{}", 2, "x.json is no file that bomvet reads"),
    ],
)
def test_documents_that_cannot_be_read(cli: Cli, name: str, content: str, code: int, message: str) -> None:
    """The message names the file and the reason."""
    cli.write(name, content)
    ran = cli("diff", ".", name)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_usage(cli: Cli) -> None:
    """Formats of scans are none of comparisons; what is not there is told."""
    assert "known are: table, json, markdown" in cli("diff", ".", ".", "-f", "cyclonedx-json").err
    assert cli("diff", ".", "nowhere").code == 2
    assert cli("diff", ".").code == 2


def test_a_folder_that_cannot_be_opened_as_a_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document beyond the limit is refused."""
    monkeypatch.setattr("bomvet.api.MAX_DOCUMENT_BYTES", 3)
    cli.write("x.json", "{   }")
    ran = cli("diff", ".", "x.json")

    assert (ran.code, "x.json cannot be read: it is larger than 3 bytes" in ran.err) == (2, True)


def test_a_policy_file_says_what_is_passed_over(cli: Cli) -> None:
    """Each project's own, as `sbom` has it."""
    cli.write("after/uv.lock", UV_LOCK)
    cli.write("bomvet.toml", 'exclude = ["after/**"]\n')
    cli("sbom", "-o", "old.json")

    assert cli("diff", "old.json", ".", "--exit-code").code == 0
    cli.write("other.toml", "")
    assert cli("diff", "old.json", ".", "--exit-code", "--config", "other.toml").code == 1
