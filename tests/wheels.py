"""Python distributions made in memory, for tests."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def metadata(name: str, version: str, *headers: str, body: str = "") -> str:
    """The text of a METADATA or PKG-INFO file."""
    return "\n".join(("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers, "", body))


def wheel(
    name: str, version: str, *headers: str, files: Mapping[str, str | bytes] | None = None, tag: str = "py3-none-any"
) -> bytes:
    """A wheel that pip installs; `files` go into its `dist-info` folder."""
    folder = f"{name}-{version}.dist-info"
    content: dict[str, bytes] = {
        f"{name.replace('-', '_')}.py": b"",
        f"{folder}/METADATA": metadata(name, version, *headers).encode(),
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        **{
            f"{folder}/{file}": text.encode() if isinstance(text, str) else text for file, text in (files or {}).items()
        },
    }
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in content.items())
    content[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n".encode()
    return archive(content)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def archive(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file, the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in files.items():
            file.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()


def tarball(files: Mapping[str, bytes | str], *, format_: int = tarfile.PAX_FORMAT) -> bytes:
    """A `.tar.gz`, the same each time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as file:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)
