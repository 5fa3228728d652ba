"""Step 5, the log: a proof that the entry is in the tree of a log that is trusted, or a promise to take it in.

Sources: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3 (proofs),
https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md and signed-note.md (checkpoints),
https://github.com/sigstore/rekor/blob/main/CLIENT.md (promises, the "signed entry timestamp").
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from bomvet.model.provenance import LogStrength, Step
from bomvet.provenance._refusal import Refused
from bomvet.provenance._strict import decoded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from bomvet.provenance._bundle import Entry, Material, Proof
    from bomvet.provenance.root import LogKey

_MAX_CHECKPOINT = 64 * 1024
_DASH = "\u2014"
_HINT_BYTES = 4
_HEADER_LINES = 3
#: A log signs once; of more, as when its key changes, no more are tried.
_MAX_TRIED = 8


def check_log(material: Material, logs: Mapping[bytes, LogKey], times: Sequence[dt.datetime]) -> LogStrength:
    """How strongly the log vouches for the entry; raises `Refused` where it does not, or where any of it is wrong."""
    entry = material.entry
    log = logs.get(entry.log_id)
    if log is None:
        raise Refused(Step.LOG, f"the log {entry.log_id.hex()[:16] or 'without id'} is not in the trusted root")
    if not all(map(log.window.holds, times)):
        raise Refused(Step.LOG, "the log was not trusted at the time of signing")
    if entry.promise:
        _check_promise(entry, log)
    if entry.proof is not None:
        if entry.tiled and entry.number != entry.proof.leaf:
            raise Refused(Step.LOG, "the log entry has another index than its proof")
        _check_proof(entry.body, entry.proof)
        _check_checkpoint(entry.proof, log)
        return LogStrength.PROOF
    if entry.promise and material.promise_suffices:
        return LogStrength.PROMISE
    raise Refused(Step.LOG, "the log entry has neither a proof nor a promise")


def _check_promise(entry: Entry, log: LogKey) -> None:
    """The signature over the entry as RFC 8785 writes it: no value of it has a character that needs an escape."""
    if entry.time is None:
        raise Refused(Step.LOG, "the log's promise has no time")
    body = base64.b64encode(entry.body).decode()
    signed = (
        f'{{"body":"{body}","integratedTime":{entry.time},"logID":"{entry.log_id.hex()}","logIndex":{entry.number}}}'
    )
    if not _signed(log, entry.promise, signed.encode()):
        raise Refused(Step.LOG, "the log's promise (signed entry timestamp) is not signed by the log")


def _check_proof(body: bytes, proof: Proof) -> None:
    """The hashes lead from the entry to the root."""
    node = hashlib.sha256(b"\0" + body).digest()
    at, last = proof.leaf, proof.size - 1
    for other in proof.hashes:
        if last == 0:
            raise Refused(Step.LOG, "the inclusion proof is longer than its tree is high")
        if at & 1 or at == last:
            node = _parent(other, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _parent(node, other)
        at, last = at >> 1, last >> 1
    if last or node != proof.root:
        raise Refused(Step.LOG, "the inclusion proof does not lead from the entry to the root of the log")


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _check_checkpoint(proof: Proof, log: LogKey) -> None:
    """The log's own signature over the size and the root of its tree; those of witnesses are not asked for."""
    note, separator, signatures = proof.checkpoint.partition("\n\n")
    header = note.split("\n")
    if not separator or len(proof.checkpoint) > _MAX_CHECKPOINT or len(header) < _HEADER_LINES or not header[0]:
        raise Refused(Step.LOG, "the checkpoint of the log is malformed")
    root = decoded(header[2], "the root hash of the checkpoint")
    if header[1] != str(proof.size) or root != proof.root:
        raise Refused(Step.LOG, "the checkpoint is of another tree than the inclusion proof")
    signed = f"{note}\n".encode()
    hint = log.id[:_HINT_BYTES]
    # The name of the log is the first word of the origin, which Rekor writes more into.
    name = header[0].partition(" ")[0]
    found = [s[_HINT_BYTES:] for by, s in _signatures(signatures) if by == name and s[:_HINT_BYTES] == hint]
    if not found:
        raise Refused(Step.LOG, "the checkpoint has no signature of the log")
    if not any(_signed(log, one, signed) for one in found[:_MAX_TRIED]):
        raise Refused(Step.LOG, "the checkpoint is not signed by the log")


def _signatures(lines: str) -> list[tuple[str, bytes]]:
    """Of `- NAME BASE64` with an em dash, each on a line: the name, and the signature after a hint at the key."""
    if not lines.endswith("\n"):
        raise Refused(Step.LOG, "the checkpoint of the log is malformed: its last line has no end")
    found = []
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH:  # noqa: PLR2004
            raise Refused(Step.LOG, "the checkpoint of the log is malformed: a signature is no signature")
        found.append((parts[1], decoded(parts[2], "a signature of the checkpoint")))
    return found


def _signed(log: LogKey, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    try:
        log.key.verify(signature, data)
    except InvalidSignature:
        return False
    return True
