"""The hook for pre-commit: it runs where a file has changed that bomvet reads."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import ryaml

from bomvet.cli._direct import PLAIN
from bomvet.plugin import readers
from bomvet.policies import POLICY_FILES

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = ryaml.loads((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))  # type: ignore[attr-defined]
FILES = re.compile(HOOKS[0]["files"])
#: Code and archives, whose change says nothing of dependencies, and files of languages that bomvet does not read.
_OTHERS = {
    "**/*.py", "**/*.whl", "**/*.tar.gz", "**/*.zip", "**/go.mod", "**/Cargo.lock", "**/Gemfile.lock",
    "**/composer.lock", "**/pom.xml", "**/gradle.lockfile", "**/packages.lock.json", "**/mix.lock",
    "**/pubspec.lock", "**/Package.resolved", "**/Podfile.lock",
}  # fmt: skip


def test_the_hook() -> None:
    """What pre-commit demands of a hook, and the command that it installs."""
    (hook,) = HOOKS

    assert {key: value for key, value in hook.items() if key not in ("files", "description")} == {
        "id": "bomvet",
        "name": "bomvet",
        "entry": "bomvet scan",
        "language": "python",
        "pass_filenames": False,
        "require_serial": True,
    }
    program, command = shlex.split(hook["entry"])
    assert program in (ROOT / "pyproject.toml").read_text("utf-8")
    assert command in PLAIN


def test_it_runs_for_every_file_that_is_read() -> None:
    """At the top of the repository and below, and for the policy; a resolver that is added must be added there."""
    globs = {glob for resolver in readers() for glob in resolver.globs} - _OTHERS
    names = [glob.removeprefix("**/").replace("**/", "a/").replace("*", "x") for glob in sorted(globs)]
    names += POLICY_FILES

    assert [name for name in names for path in (name, f"a/b/{name}") if not FILES.search(path)] == []
    assert len(names) > 30


def test_it_does_not_run_for_others() -> None:
    """Code, pages and names that only look alike."""
    names = ("src/app.py", "README.md", "mypackage.json", "package.json.bak", "uv.lock.txt", "docs/requirements.md")

    assert [name for name in names if FILES.search(name)] == []
