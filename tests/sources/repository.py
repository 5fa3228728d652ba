"""Repositories made by the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bomvet.sources._commit import Commit

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed")
MESSAGE = "\n\n".join(f"Paragraph {number} of a long message that hardly ever changes." for number in range(40))


class Repo:
    """A repository made by the real git, with an environment of its own."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self.dot_git = root / ".git"
        self.tick = 1_600_000_000
        root.mkdir(parents=True)
        self.git("init", "-q", "--template=", "-b", "main", *options)

    def git(self, *arguments: str) -> str:
        """Run git in the repository and return what it prints."""
        environment = {
            "HOME": str(self.root),
            "XDG_CONFIG_HOME": str(self.root / "none"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "GIT_AUTHOR_NAME": "A <b> committer",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_AUTHOR_DATE": "@1500000000 +0100",
            "GIT_COMMITTER_NAME": "Ĉ",
            "GIT_COMMITTER_EMAIL": "c@example.org",
            "GIT_COMMITTER_DATE": f"@{self.tick} -0730",
        }
        return subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, message: str = MESSAGE) -> Commit:
        """Make an empty commit one hour after the last one."""
        self.tick += 3600
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> Commit:
        """Return what git says about HEAD."""
        name, time = self.git("log", "-1", "--format=%H %ct").split()
        return Commit(id=name, time=int(time))

    def pack(self) -> Path:
        """Return the only pack."""
        (found,) = (self.dot_git / "objects/pack").glob("*.pack")
        return found
