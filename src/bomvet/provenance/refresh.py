"""The trusted root afresh, from a TUF repository: the current authorities and logs, and the keys of npm's registry.

The client is python-tuf's; it starts from a `root.json` that is trusted already, writes nothing but to a temporary
folder, and asks through the `Http` that it is given.  With nothing kept between runs, an old state that has not expired
cannot be told from the newest one: sigstore's expires after days.
Sources: https://theupdateframework.github.io/specification/latest/, https://github.com/sigstore/root-signing.
"""

from __future__ import annotations

import json
import os
import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.errors import NotEstablishedError, UsageError
from bomvet.plugin import Http, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tuf.ngclient.fetcher import FetcherInterface
    from tuf.ngclient.updater import Updater

#: Where sigstore publishes its trusted root.
SIGSTORE_URL = "https://tuf-repo-cdn.sigstore.dev"
TRUSTED_ROOT = "trusted_root.json"
#: The end of the path of the target that has npm's keys; its folder is the host of the registry.
_KEYS = "/keys.json"
#: No file of a repository is larger; the client bounds each kind of metadata by itself.
MAX_FILE_BYTES = 8 * 1024 * 1024
_OK = 200
_SCHEMES = {"PKIX_ECDSA_P256_SHA_256": "ecdsa-sha2-nistp256"}


class Refreshed(NamedTuple):
    """What the repository has: its trusted root, and npm's keys as the registry states them where these were wanted.

    `root` and `targets` are the versions of the metadata that vouch for it.
    """

    trusted_root: bytes
    npm_keys: bytes
    root: int
    targets: int


def shipped(name: str) -> bytes:
    """The file `name` (`root.json`, `trusted_root.json`) that the installed sigstore has for its own instance."""
    from importlib.resources import files  # noqa: PLC0415 - needed here alone
    from urllib.parse import quote  # noqa: PLC0415 - the same

    return files("sigstore._store").joinpath(quote(SIGSTORE_URL, safe=""), name).read_bytes()


def refresh(http: Http, url: str, root: bytes, *, keys: bool = False) -> Refreshed:
    """The state of the repository at `url` by the trusted metadata `root`; the `keys` of npm only where wanted.

    Raises `NotEstablishedError` where it cannot be had, or where anything of it is not as its keys vouch for.
    """
    import tempfile  # noqa: PLC0415 - needed here alone

    from securesystemslib.exceptions import Error as SignatureError  # noqa: PLC0415 - needed here alone
    from tuf.api.exceptions import DownloadError, RepositoryError  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory(prefix="bomvet-tuf-") as folder:
        try:
            return _refreshed(http, url.rstrip("/"), root, folder, keys=keys)
        except (RepositoryError, DownloadError, SignatureError, OSError, ValueError, RecursionError) as error:
            detail = " ".join(str(error).split())[:300]
            raise NotEstablishedError(
                f"the trusted root is not refreshed: {_why(error)}: {detail}",
                hint="nothing was written; what ships, or was written before, is still trusted",
            ) from None


def _refreshed(http: Http, url: str, root: bytes, folder: str, *, keys: bool) -> Refreshed:
    from tuf.ngclient.updater import Updater  # noqa: PLC0415 - needed here alone

    targets = os.path.join(folder, "targets")
    os.mkdir(targets)
    client = Updater(folder, url, targets, f"{url}/targets/", _fetcher(http), bootstrap=root)
    client.refresh()
    metadata = _metadata(folder, "targets")
    found = _target(client, TRUSTED_ROOT)
    if found is None:
        raise ValueError(f"the repository has no {TRUSTED_ROOT}")
    _expect_trusted_root(found)
    return Refreshed(
        trusted_root=found,
        npm_keys=_keys(client, metadata) if keys else b"",
        root=_metadata(folder, "root")["version"],
        targets=metadata["version"],
    )


def _metadata(folder: str, role: str) -> dict[str, Any]:
    """What the client has verified and kept of a role."""
    with open(os.path.join(folder, f"{role}.json"), "rb") as file:
        signed: dict[str, Any] = json.load(file)["signed"]
    return signed


def _target(client: Updater, path: str) -> bytes | None:
    """The verified content of a target; None where the repository has none of the name."""
    info = client.get_targetinfo(path)
    if info is None:
        return None
    with open(client.download_target(info), "rb") as file:
        return file.read()


def _keys(client: Updater, metadata: dict[str, Any]) -> bytes:
    for path in _key_paths(metadata):
        data = _target(client, path)
        if data is not None:
            return _expect_keys(as_registry_keys(data))
    raise ValueError("the repository has no keys of a registry")


def _key_paths(metadata: dict[str, Any]) -> Iterator[str]:
    """Where keys of a registry may be: targets called so, and what is delegated to a role as a whole folder."""
    yield from sorted(path for path in metadata["targets"] if path.endswith(_KEYS))
    for role in (metadata.get("delegations") or {}).get("roles") or ():
        for pattern in role.get("paths") or ():
            if posixpath.basename(pattern) == "*":
                yield posixpath.dirname(pattern) + _KEYS


def _fetcher(http: Http) -> FetcherInterface:
    from tuf.api.exceptions import DownloadError, DownloadHTTPError  # noqa: PLC0415 - needed here alone
    from tuf.ngclient.fetcher import FetcherInterface  # noqa: PLC0415 - the same

    class Fetcher(FetcherInterface):
        """Asks through `http`; the client takes 403 and 404 for the end of the chain of roots."""

        def _fetch(self, url: str) -> Iterator[bytes]:
            for _, answer in http.fetch([Request(url, limit=MAX_FILE_BYTES)]):
                if answer.error:
                    raise DownloadError(answer.error)
                if answer.status != _OK:
                    raise DownloadHTTPError(f"HTTP {answer.status} for {posixpath.basename(url)}", answer.status)
                yield answer.body

    return Fetcher()


def _expect_trusted_root(data: bytes) -> None:
    """Raises `ValueError` where `data`, which is signed, is nothing that we could read again."""
    from bomvet.provenance.root import read_root  # noqa: PLC0415 - needed here alone

    try:
        read_root(data, TRUSTED_ROOT)
    except UsageError as error:
        raise ValueError(str(error)) from None


def _expect_keys(data: bytes) -> bytes:
    """`data`; raises `ValueError` where it is nothing that we could read again."""
    from bomvet.provenance.keys import read_keys  # noqa: PLC0415 - needed here alone

    try:
        read_keys(data, _KEYS.strip("/"))
    except UsageError as error:
        raise ValueError(str(error)) from None
    return data


def _why(error: Exception) -> str:
    """What became of it, in words that people know who have not read the specification."""
    from tuf.api import exceptions as tuf  # noqa: PLC0415 - needed here alone
    from tuf.api.serialization import DeserializationError  # noqa: PLC0415 - the same

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (tuf.ExpiredMetadataError, "the repository has expired"),
        (tuf.BadVersionNumberError, "the repository is older than what it states itself, or than what is trusted"),
        (tuf.UnsignedMetadataError, "a signature is missing or wrong"),
        (tuf.LengthOrHashMismatchError, "a file is not the one that is signed"),
        (DeserializationError, "a file is no metadata"),
        (tuf.DownloadError, "the repository cannot be read"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), "the repository is not in order")


# -- keys --------------------------------------------------------------------------------------------------------


def as_registry_keys(data: bytes) -> bytes:
    """The keys of a target as their registry states them, each once; raises `ValueError`.

    The target has one entry per key and use, each with its period: a key is believed in all of them together.
    """
    try:
        entries = [_key(entry) for entry in json.loads(data)["keys"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the keys of the registry have another form: {error}") from None
    merged: dict[str, dict[str, Any]] = {}
    for entry in entries:
        known = merged.setdefault(entry["keyid"], entry)
        if known["key"] != entry["key"]:
            raise ValueError(f"there are two keys {entry['keyid']}")
        known["starts"] = min(known["starts"], entry["starts"])
        ends = (known["expires"], entry["expires"])
        known["expires"] = None if None in ends else max(ends)
    return json.dumps({"keys": list(merged.values())}, indent=2).encode() + b"\n"


def _key(entry: dict[str, Any]) -> dict[str, Any]:
    key = entry["publicKey"]
    period = key["validFor"]
    scheme = _SCHEMES.get(key["keyDetails"], key["keyDetails"])
    stated = {"keyid": entry["keyId"], "keytype": scheme, "scheme": scheme, "key": key["rawBytes"]}
    if not all(isinstance(text, str) and text for text in (*stated.values(), period["start"])):
        raise TypeError("what should be a text is none")
    return {**stated, "starts": period["start"], "expires": period.get("end")}


# -- what has changed --------------------------------------------------------------------------------------------


_LISTS = {
    "tlogs": "transparency log",
    "certificateAuthorities": "certificate authority",
    "ctlogs": "certificate log",
    "timestampAuthorities": "timestamp authority",
}


def differences(before: bytes, after: bytes) -> tuple[str, ...]:
    """What is new, gone or valid for another time in one trusted root (JSON) against another, a line each."""
    old, new = json.loads(before), json.loads(after)
    return tuple(line for name, what in _LISTS.items() for line in _lines(what, _by_key(old, name), _by_key(new, name)))


def _lines(what: str, old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    def place(key: str) -> str:
        return f"{what} {key.partition(' ')[0]}"

    yield from (f"new: {place(key)}, {valid}" for key, valid in new.items() if key not in old)
    for key, valid in old.items():
        if key not in new:
            yield f"gone: {place(key)}, {valid}"
        elif new[key] != valid:
            yield f"changed: {place(key)}, {new[key]}; before {valid}"


def _by_key(root: dict[str, Any], name: str) -> dict[str, str]:
    """The period of each entry, by its address and its key or first certificate."""
    found = {}
    for entry in root.get(name) or ():
        public = entry.get("publicKey") or {}
        certificates = (entry.get("certChain") or {}).get("certificates") or [{}]
        key = public.get("rawBytes") or certificates[0].get("rawBytes", "")
        period = public.get("validFor") or entry.get("validFor") or {}
        valid = f"valid from {period.get('start', 'ever')[:10]}"
        valid += f" to {period['end'][:10]}" if period.get("end") else ""
        found[f"{entry.get('baseUrl') or entry.get('uri', '')} {key}"] = valid
    return found


# -- a copy on disk ----------------------------------------------------------------------------------------------


class Folder:
    """An `Http` over a copy of a repository in the folder `top`; `read` gives at most so many bytes of a file."""

    #: What the copy is asked for as.
    URL = "copy:"

    def __init__(self, top: str, read: Callable[[str, int], bytes]) -> None:
        self._top, self._read = os.path.realpath(top), read

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Response]]:
        """Each with the file's content; what is not there, or out of the folder, is not found."""
        for request in requests:
            yield request, self._answer(request)

    def _answer(self, request: Request) -> Response:
        path = os.path.realpath(os.path.join(self._top, request.url.removeprefix(self.URL).lstrip("/")))
        if os.path.commonpath((path, self._top)) != self._top:
            return Response(404)
        try:
            return Response(_OK, self._read(path, request.limit))
        except FileNotFoundError:
            return Response(404)
        except OSError as error:
            return Response(0, error=f"{os.path.basename(path)} cannot be read: {error.strerror}")
