"""A project with packages of both ecosystems, the registries that have them, and the sigstore that vouches for them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.provenance.authority import Authority, GitHub
from tests.provenance.registry import Registry, integrity_of

UPLOADED = "2026-10-25T12:00:00Z"
EARLIER, LATER = "2026-06-01T12:00:00Z", "2026-10-30T12:00:00Z"


class World:
    """The project in `folder`: `size` Python packages in `uv.lock` and as many of npm in `package-lock.json`.

    Each has one release that its own repository built, as its registry, its attestations and its metadata say.
    """

    def __init__(self, folder: Path, authority: Authority, registry: Registry, size: int) -> None:
        self.folder, self.authority, self.registry = folder, authority, registry
        self.python: dict[str, dict[str, str]] = {}
        self.javascript: dict[str, dict[str, Any]] = {}
        for number in range(size):
            self.release(f"py-{number:02}", "1.0.0")
            self.release(f"@acme/js-{number:02}" if number % 3 == 0 else f"js-{number:02}", "1.0.0")
        (folder / "root.json").write_bytes(authority.root_json())
        (folder / "keys.json").write_bytes(authority.npm_keys())
        self.lock()

    @staticmethod
    def builder(name: str) -> GitHub:
        """Who builds the package."""
        number = name.rpartition("-")[2]
        kind = "1" if name.startswith("py") else "2"
        bare = name.rpartition("/")[2]
        return GitHub(repository=f"acme/{bare}", repository_id=f"{kind}{number}", owner_id="9")

    def release(
        self,
        name: str,
        version: str,
        identity: GitHub | None = None,
        *,
        attested: bool = True,
        declared: str = "",
        uploaded: str = "",
        **more: Any,
    ) -> None:
        """Publish a release and lock it; `declared` is the repository that it names, as owner/name.

        What is not 1.0.0 comes later than that, unless `uploaded` says otherwise.
        """
        uploaded = uploaded or (UPLOADED if version == "1.0.0" else LATER)
        by = identity or self.builder(name)
        place = f"https://github.com/{declared or self.builder(name).repository}"
        data = f"{name} {version} {by.repository}".encode()
        if name.startswith("py"):
            self._release_python(name, version, data, by if attested else None, place, uploaded)
        else:
            self._release_javascript(name, version, data, by if attested else None, place, uploaded, **more)

    def _release_python(  # noqa: PLR0917 - the parts of one release
        self, name: str, version: str, data: bytes, by: GitHub | None, place: str, uploaded: str
    ) -> None:
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        digest = hashlib.sha256(data).hexdigest()
        provenance = self.authority.pypi_provenance(filename, digest, by, build=True) if by else None
        self.registry.add_pypi(
            name, version, filename, data, provenance=provenance, uploaded=uploaded, urls={"Repository": place}
        )
        self.python[name] = {"version": version, "filename": filename, "sha256": digest}

    def _release_javascript(  # noqa: PLR0917 - the parts of one release
        self, name: str, version: str, data: bytes, by: GitHub | None, place: str, uploaded: str, **more: Any
    ) -> None:
        integrity = integrity_of(data)
        sha512 = hashlib.sha512(data).hexdigest()
        attestations = self.authority.npm_attestations(name, version, sha512, by) if by else None
        self.registry.add_npm(
            name,
            version,
            data,
            attestations=attestations,
            signatures=[self.authority.npm_signature(name, version, integrity)],
            published=uploaded,
            repository={"type": "git", "url": f"git+{place}.git"},
            **more,
        )
        self.javascript[name] = {"version": version, "integrity": integrity}

    def lock(self) -> None:
        """Write both locks."""
        simple = f"{self.registry.pypi}/simple"
        rows = [
            f'[[package]]\nname = "{name}"\nversion = "{one["version"]}"\nsource = {{ registry = "{simple}" }}\n'
            f'wheels = [\n    {{ url = "{self.registry.pypi}/packages/{one["filename"]}", '
            f'hash = "sha256:{one["sha256"]}", size = 9 }},\n]\n'
            for name, one in self.python.items()
        ]
        own = '[[package]]\nname = "sink"\nversion = "1.0"\nsource = { virtual = "." }\n'
        text = "\n".join(['version = 1\nrequires-python = ">=3.11"\n', *rows, own])
        (self.folder / "uv.lock").write_text(text, "utf-8")
        packages: dict[str, Any] = {"": {"name": "sink", "version": "1.0.0", "dependencies": {}}}
        for name, one in self.javascript.items():
            packages[""]["dependencies"][name] = one["version"]
            tarball = f"{self.registry.npm}/{name}/-/{name.rpartition('/')[2]}-{one['version']}.tgz"
            packages[f"node_modules/{name}"] = {**one, "resolved": tarball}
        document = {"name": "sink", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
        (self.folder / "package-lock.json").write_text(json.dumps(document, indent=2), "utf-8")
