"""Plain command lines, which are read without typer and must mean the same."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from hypothesis import given, settings
from hypothesis import strategies as st

from bomvet.cli import sbom, scan
from bomvet.cli._direct import PLAIN, direct, parsed
from bomvet.cli.app import application

if TYPE_CHECKING:
    from pathlib import Path

MODULES = {"sbom": sbom, "scan": scan}


def asked_of_typer(command: str, words: list[str]) -> dict[str, Any]:
    """The parameters that the whole program states when it calls the command."""
    group: Any = typer.main.get_command(application([command]))
    context = group.commands[command].make_context(command, list(words))
    return {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name).name == "COMMANDLINE"
    }


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A command and words that are mostly plain."""
    command = draw(st.sampled_from(sorted(PLAIN)))
    options = sorted(PLAIN[command])
    text = st.sampled_from(["json", "a b", "-", "x=y", ""])
    word = st.one_of(
        st.sampled_from(options).map(lambda option: [option]),
        st.tuples(st.sampled_from(options), text).map(list),
        st.tuples(st.sampled_from(options), text).map(lambda pair: ["=".join(pair)]),
        st.sampled_from([["."], ["a"], ["--"], ["--help"], ["-"], ["-fjson"], ["--omit", "dev"], ["--outp", "x"]]),
    )
    return command, [part for parts in draw(st.lists(word, max_size=4)) for part in parts]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(lines())
def test_what_is_plain_means_the_same(line: tuple[str, list[str]]) -> None:
    """Whatever is read without typer is what typer would have read."""
    command, words = line
    found = parsed(PLAIN[command], words)

    assert found is None or found == asked_of_typer(command, words)


@pytest.mark.parametrize("command", sorted(PLAIN))
def test_each_option_alone(command: str) -> None:
    """Every option of the table is plain by itself, and typer has it with the same parameter."""
    for option, (parameter, takes) in PLAIN[command].items():
        words = [option] if isinstance(takes, bool) else [option, "x"]
        found = parsed(PLAIN[command], [*words, "folder"])

        assert found == asked_of_typer(command, [*words, "folder"])
        assert found is not None
        assert found.keys() == {parameter, "target"}


@pytest.mark.parametrize(
    "words",
    [
        ["a", "b"], [""], ["--help"], ["-h"], ["-fjson"], ["-f=json"], ["--format"], ["--format="], ["--format", ""],
        ["--format", "--exit-zero"], ["--no-ignore=1"], ["--fail-on", "low"], ["--", "a"], ["-"],
    ],
)  # fmt: skip
def test_what_is_not_plain(words: list[str]) -> None:
    """Second targets, empty texts, short forms with their value, options with checks of their own."""
    assert parsed(PLAIN["scan"], words) is None


@pytest.mark.parametrize("arguments", [[], ["db", "status"], ["--version"], ["sbom", "--help"]])
def test_other_command_lines(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands, and what is not plain, are left to typer."""
    for name in [name for name in os.environ if name.startswith("BOMVET_")]:
        monkeypatch.delenv(name)
    assert direct(arguments) is None


def test_the_environment_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting in the environment goes through typer."""
    for name in [name for name in os.environ if name.startswith("BOMVET_")]:
        monkeypatch.delenv(name)
    assert direct(["sbom"]) is not None
    monkeypatch.setenv("BOMVET_OMIT", "dev")
    assert direct(["sbom"]) is None


@pytest.mark.parametrize("command", sorted(PLAIN))
def test_the_function_is_called(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command gets the parameters, and its code is the answer."""
    for name in [name for name in os.environ if name.startswith("BOMVET_")]:
        monkeypatch.delenv(name)
    asked: list[dict[str, Any]] = []

    def called(**values: Any) -> int:
        asked.append(values)
        return 7

    monkeypatch.setattr(MODULES[command], command, called)
    call = direct([command, "folder", "-f", "json"])
    assert call is not None

    assert (call(), asked) == (7, [{"target": "folder", "formats": ["json"]}])


def test_typer_is_not_loaded(tmp_path: Path) -> None:
    """Which is the point; a later command line of the same process that needs it still finds it."""
    script = (
        "import sys; from bomvet.cli.run import run; "
        "codes = [run(['sbom', '-o', 'a.json'])]; loaded = 'typer' in sys.modules; "
        "codes.append(run(['sbom', '-o', 'b.json', '--omit', 'dev'])); print(codes, loaded)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BOMVET_", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[0, 0] False\n"
