"""The same tree gives the same bytes, whatever the seed of Python's hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks._generate import requirements, uv_lock, write
from benchmarks._npm import package_json, package_lock, pnpm_lock, yarn_lock

SEEDS = 10
PACKAGES = 60
NPM = {"npm/package-lock.json": package_lock, "pnpm/pnpm-lock.yaml": pnpm_lock, "yarn/yarn.lock": yarn_lock}
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "locks"


def outputs(folder: Path, *arguments: str) -> set[bytes]:
    """What a command line prints, over processes that differ in their hashes alone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BOMVET_", "COV_"))}
    found = set()
    for seed in range(SEEDS):
        environment = {**inherited, "PYTHONHASHSEED": str(seed), "SOURCE_DATE_EPOCH": "1700000000"}
        done = subprocess.run(
            [sys.executable, "-m", "bomvet", *arguments], cwd=folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode in (0, 3), done.stderr
        found.add(done.stdout)
    return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with locks of several ecosystems, a manifest without one, and installed packages."""
    folder = tmp_path_factory.mktemp("repository")
    for path, lock in NPM.items():
        write(str(folder), path, lock(PACKAGES))
        write(str(folder), f"{path.partition('/')[0]}/package.json", package_json(PACKAGES))
    write(str(folder), "py/uv.lock", uv_lock(PACKAGES))
    write(str(folder), "old/requirements.txt", requirements(PACKAGES, 0))
    write(str(folder), "open/package.json", package_json(PACKAGES))
    for name in ("a", "b", "@c/d"):
        needs = '"dependencies": {"b": "*"}' if name == "a" else '"optionalDependencies": {"a": "*"}'
        write(
            str(folder), f"tree/node_modules/{name}/package.json", f'{{"name": "{name}", "version": "1.0.0", {needs}}}'
        )
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("sbom",),
        ("sbom", "-f", "cyclonedx-xml"),
        ("scan", "--offline", "--db", "absent"),
        ("scan", "-f", "json", "--offline", "--db", "absent"),
    ],
    ids=" ".join,
)
def test_ten_seeds(repository: Path, arguments: tuple[str, ...]) -> None:
    """SBOM, result and table of a mixed repository are the same in ten processes."""
    found = outputs(repository, *arguments)

    assert len(found) == 1
    assert len(found.pop()) > 400


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
@pytest.mark.parametrize("name", ["documenso-npm", "vite-pnpm", "excalidraw-yarn1", "poetry-poetry", "pdm-pdm"])
def test_ten_seeds_of_real_locks(name: str) -> None:
    """The SBOM of a real project is the same in ten processes."""
    assert len(outputs(CORPUS / name / "src", "sbom")) == 1
