"""The policy of a project: where it stands, and the lists of other tools that it takes over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bomvet.errors import FileUnreadableError, UsageError
from bomvet.model.records import dataclass, replace
from bomvet.opening import content, folder_of, open_target, split_target
from bomvet.plugin import discover
from bomvet.policy.document import Policy, named_rules, read_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bomvet.plugin import FileTree

#: Where a project keeps its policy, and in which table.
POLICY_FILES: Mapping[str, tuple[str, ...]] = {"bomvet.toml": (), "pyproject.toml": ("tool", "bomvet")}
#: Where its tests may stand, beside it.
TESTS_FILE = "bomvet.tests.toml"
_IGNORES = "list of ignored advisories"
MAX_POLICY_BYTES = 16 * 1024 * 1024


def load_policy(path: str = "", *, target: str = ".", ignore_files: Sequence[str] = ()) -> Policy:
    """The policy of the file `path`, else of the project at `target`, else the default; raises `PolicyFileError`.

    The lists of other tools that the policy names, and `ignore_files`, are among its waivers.
    """
    found = policy_file(path, target=target)
    policy = _read(found) if found else Policy()
    lists = [(name, found.beside(name)) for name in policy.ignore_files] if found else []
    lists += [(os.path.basename(name), _text(name, _IGNORES)) for name in ignore_files]
    for name, text in lists:
        policy = _ignoring(policy, text, name)
    return policy


def _read(file: PolicyFile) -> Policy:
    """The policy with the digest of its file, unless that is the manifest of a project that has no policy in it."""
    policy = read_policy(file.text, file.name, file.table, _rule_ids)
    digest = hashlib.sha256(file.text.encode()).hexdigest() if policy.source else ""
    return replace(policy, digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file that was read: its text, its name, the table that holds the policy, the folder it lies in.

    `tree` is what it stands in where that is no folder.
    """

    text: str
    name: str
    table: tuple[str, ...]
    folder: str = ""
    tree: FileTree | None = None

    def beside(self, name: str) -> str:
        """The text of the list of ignored advisories `name` in the same place; raises `UsageError`."""
        if self.tree is None:
            return _text(_within(self.folder, name), _IGNORES)
        try:
            return _decoded(self.tree.read(name), name, _IGNORES)
        except FileUnreadableError as error:
            raise UsageError(f"the {_IGNORES} {name} {error}") from None


def policy_file(path: str = "", *, target: str = ".") -> PolicyFile | None:
    """The file `path`, else that of the project at `target`, if there is one; raises `UsageError`."""
    if path:
        name = os.path.basename(path)
        return PolicyFile(text=_text(path), name=name, table=_table_of(path), folder=os.path.dirname(path))
    scheme, location = split_target(target)
    if scheme == "git":
        return _policy_of(open_target(target).tree)
    for name, table in POLICY_FILES.items() if scheme == "dir" else ():
        folder = folder_of(location)
        candidate = os.path.join(folder, name)
        if os.path.islink(candidate) and not _stays_inside(candidate):
            raise UsageError(
                f"the policy file {name} is a link out of the project, which bomvet does not follow",
                hint="name it: --config FILE",
            )
        if _may_hold_policy(candidate) if table else os.path.lexists(candidate):
            return PolicyFile(text=_text(candidate), name=name, table=table, folder=folder)
    return None


def checked(policy: Policy) -> Policy:
    """`policy`; raises `UsageError` where a condition names a rule that is none, and would never refuse anything."""
    names = named_rules(policy)
    known = sorted({*_rule_ids(), *(rule.id for rule in policy.rules)}) if names else []
    for name in names:
        if name not in known:
            raise UsageError(f"there is no rule {name}", hint="see: bomvet list rules")
    return policy


def _rule_ids() -> Sequence[str]:
    from bomvet.plugin import Check  # noqa: PLC0415 - only where a policy names rules

    return [check.id for check in discover("bomvet.checks", Check)]


def _within(folder: str, name: str) -> str:
    """The file `name` of a policy's folder, which it must not lead out of; raises `UsageError`."""
    path = os.path.join(folder, name)
    if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder or "."), "")):
        raise UsageError(
            f"ignore-files names {name!r}, which is not in the folder of the policy",
            hint="name it on the command line: --ignore-file FILE",
        )
    return path


def _ignoring(policy: Policy, text: str, name: str) -> Policy:
    """`policy` with the waivers of the list `text`; raises `PolicyFileError`."""
    from bomvet.policy.ignores import read_ignores  # noqa: PLC0415 - for those who have such lists

    found = read_ignores(text, name, policy.ignores, os.path.dirname(name))
    return replace(policy, waivers=(*policy.waivers, *found.waivers), notes=(*policy.notes, *found.notes))


def ignored(path: str) -> Policy:
    """What the list of another tool at `path` comes to by the policy here: nothing but its waivers and notes.

    Raises `UsageError` and `PolicyFileError`.
    """
    defaults = Policy(ignores=load_policy().ignores)
    return _ignoring(defaults, _text(path, _IGNORES), os.path.basename(path))


def _policy_of(tree: FileTree) -> PolicyFile | None:
    """That of a revision."""
    for name, table in POLICY_FILES.items():
        if tree.exists(name):
            data = tree.read(name)
            if not table or b"bomvet" in data:
                return PolicyFile(text=_decoded(data, name), name=name, table=table, tree=tree)
    return None


def _stays_inside(path: str) -> bool:
    folder = os.path.realpath(os.path.dirname(path) or ".")
    return os.path.commonpath((folder, os.path.realpath(path))) == folder


def _may_hold_policy(manifest: str) -> bool:
    """Whether it names us at all; one that cannot be read is the resolvers' to report."""
    try:
        return os.path.isfile(manifest) and b"bomvet" in content(manifest, MAX_POLICY_BYTES)
    except OSError:
        return False


def _table_of(path: str) -> tuple[str, ...]:
    return POLICY_FILES.get(os.path.basename(path), ())


def _text(path: str, what: str = "policy file") -> str:
    name = os.path.basename(path)
    try:
        return _decoded(content(path, MAX_POLICY_BYTES), name, what)
    except OSError as error:
        raise UsageError(f"the {what} {name} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, name: str, what: str = "policy file") -> str:
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"the {what} {name} cannot be read: it is not UTF-8") from None
