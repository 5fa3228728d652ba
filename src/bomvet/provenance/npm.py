"""What an npm registry says of who built its packages: attestations, and how each release was published.

Sources: the packument, https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md; attestations and
signatures, https://docs.npmjs.com/about-registry-signatures and https://github.com/npm/attestation; the output of
`npm audit signatures --json --include-attestations`, https://github.com/npm/cli/pull/9049; the order of levels and
what counts as earlier, https://pnpm.io/settings#trustpolicy.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from bomvet.model.inventory import HEX_DIGITS
from bomvet.model.provenance import PUBLISH_LEVELS, EarlierRelease, PublishLevel
from bomvet.model.times import moment
from bomvet.provenance import _json
from bomvet.provenance._npm_history import Before, Came, histories
from bomvet.provenance._refusal import quoted
from bomvet.provenance.evidence import Evidence, Form
from bomvet.provenance.npm_signature import check_signature, integrity_of
from bomvet.provenance.repositories import canonical

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

__all__ = [
    "Package",
    "PackageVersion",
    "attestations_object",
    "audit_object",
    "before",
    "changes",
    "check_signature",
    "evidence_of_attestations",
    "integrity_of",
    "read_package",
    "refused_in_audit",
    "stronger",
]
#: A release has a publish attestation and one of provenance; GitHub's answers for other files have a page of 100.
_MOST = 200
_MAX_PACKUMENT = 64 * 1024 * 1024
#: Of several attestations, none of which is larger than a bundle may be.
_MAX_ANSWER = 16 * 1024 * 1024
#: An audit holds the attestations of every package of a project.
_MOST_AUDITED = 20_000
_MOST_DEPENDENCIES = 2000
_MOST_SIGNATURES = 20
_MOST_CHANGES = 100
_MOST_REFUSED = 100


# -- attestations ----------------------------------------------------------------------------------------------


def evidence_of_attestations(data: bytes, source: str) -> tuple[Evidence, ...]:
    """The attestations of one release, as the registry's attestations endpoint states them; raises `ValueError`."""
    return attestations_object(_json.read_object(data, _MAX_ANSWER), source)


def attestations_object(document: dict[str, Any], source: str) -> tuple[Evidence, ...]:
    """As `evidence_of_attestations`, of a parsed object; GitHub's attestations API has the same shape."""
    return _entries(document.get("attestations"), source, "attestations")


def _entries(value: object, source: str, what: str) -> tuple[Evidence, ...]:
    if not isinstance(value, list):
        raise ValueError(f"it has no list of {what}")  # noqa: TRY004 - whatever is wrong with it
    if len(value) > _MOST:
        raise ValueError(f"it has more than {_MOST} {what}")
    return tuple(_entry(_json.table(item), source) for item in value)


def _entry(item: dict[str, Any], source: str) -> Evidence:
    """One bundle in its wrapper, which says of what predicate type it is; the digest is of both."""
    bundle = item.get("bundle")
    if not isinstance(bundle, dict):
        raise ValueError("an attestation has a bundle, which this has not")  # noqa: TRY004
    predicate_type = item.get("predicateType")
    if predicate_type is not None and not isinstance(predicate_type, str):
        raise ValueError("the predicate type of an attestation is text, which this is not")
    raw = _json.written({"predicateType": predicate_type, "bundle": bundle})
    if len(raw) > _json.MAX_BUNDLE:
        raise ValueError(f"an attestation has more than {_json.MAX_BUNDLE} bytes")
    return Evidence(Form.BUNDLE, _json.without_nulls(bundle), raw, source, predicate_type or "")


def audit_object(document: dict[str, Any], source: str) -> tuple[Evidence, ...]:
    """The attestations in what `npm audit signatures --json --include-attestations` printed; raises `ValueError`.

    Only packages that npm verified itself have theirs in it; nothing of that is believed.
    """
    verified = document.get("verified")
    if not isinstance(verified, list):
        raise ValueError("it has no list of verified packages: npm has to be given --include-attestations")  # noqa: TRY004
    if len(verified) > _MOST_AUDITED:
        raise ValueError(f"it has more than {_MOST_AUDITED} packages")
    found: list[Evidence] = []
    for item in verified:
        package = _json.table(item)
        bundles = package.get("attestationBundles")
        if bundles is not None:  # npm leaves them out where pacote is older than the option
            found += _entries(bundles, source, "attestation bundles")
    return tuple(found)


def refused_in_audit(document: dict[str, Any]) -> tuple[str, ...]:
    """Packages whose attestations npm refused, in words; their evidence is not in the audit."""
    refused = (_json.table(item) for item in _json.listed(document.get("invalid"))[:_MOST_REFUSED])
    return tuple(
        f"npm refused the attestation of {_json.text(item.get('name'))}@{_json.text(item.get('version'))}"
        for item in refused
        if item.get("code") == "EATTESTATIONVERIFY"
    )


# -- the package -----------------------------------------------------------------------------------------------


class PackageVersion(NamedTuple):
    """What the packument says of one release.

    `uploaded` is RFC 3339, empty where not stated.  `repository` is the declared one, as it is spelt, empty for what
    names none.  `integrity` is subresource integrity, `shasum` SHA-1 in hexadecimal;
    `signatures` are pairs of a key's id and a signature.  `attestations` is the URL of its attestations, empty where it
    has none, and `provenance` whether one of them is to say who built it.  `publisher` is npm's id of the trusted
    publisher's set-up.  `dependencies` are all that get installed with it, by the name they get, and what is asked for.
    `scripts` are those that run when it is installed.
    """

    version: str
    uploaded: str
    level: PublishLevel
    publisher: str
    repository: str
    integrity: str
    shasum: str
    signatures: tuple[tuple[str, str], ...]
    attestations: str
    provenance: bool
    dependencies: Mapping[str, str]
    scripts: Mapping[str, str]


class Package:
    """A packument; what is asked of a release is read when it is asked, since some have thousands."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._versions = _json.table(document.get("versions"))
        self._time = _json.table(document.get("time"))

    def release(self, version: str) -> PackageVersion | None:
        """What it says of a release; None where it is not, or no longer, there."""
        manifest = self._manifest(version)
        if manifest is None:
            return None
        dist = _json.table(manifest.get("dist"))
        return PackageVersion(
            version,
            uploaded=self.uploaded(version),
            level=_level(manifest),
            publisher=_publisher(manifest),
            repository=_repository(manifest.get("repository")),
            integrity=_json.text(dist.get("integrity"), 4000),
            shasum=_sha1(dist.get("shasum")),
            signatures=tuple(_signatures(dist)),
            attestations=_json.text(_json.table(dist.get("attestations")).get("url"), 4000),
            provenance=bool(_json.table(dist.get("attestations")).get("provenance")),
            dependencies=_dependencies(manifest),
            scripts=_scripts(manifest),
        )

    @cached_property
    def vouches(self) -> bool:
        """Whether any release has signatures or attestations.

        A mirror may leave all of these out (and `_npmUser`): what it does not have is not known to be absent.
        """
        dists = (_json.table(_json.table(manifest).get("dist")) for manifest in self._versions.values())
        return any(dist.get("signatures") or dist.get("attestations") for dist in dists)

    def level(self, version: str) -> PublishLevel | None:
        """How a release was published by the registry's word; None where it is not there."""
        manifest = self._manifest(version)
        return None if manifest is None else _level(manifest)

    def uploaded(self, version: str) -> str:
        """When a release came, as the registry states it (RFC 3339); empty where it does not."""
        return _json.text(self._time.get(version))

    @cached_property
    def _moments(self) -> dict[str, dt.datetime]:
        stated = ((version, moment(self.uploaded(version))) for version in self._versions)
        return {version: when for version, when in stated if when}

    @cached_property
    def before(self) -> Mapping[str, Before]:
        """What there was before each release whose time is told."""
        return histories(
            Came(when, version, self.level(version) or PublishLevel.NONE) for version, when in self._moments.items()
        )

    def _manifest(self, version: str) -> dict[str, Any] | None:
        found = self._versions.get(version)
        return found if isinstance(found, dict) else None


def read_package(data: bytes) -> Package:
    """The packument; raises `ValueError`."""
    document = _json.read_object(data, _MAX_PACKUMENT)
    if not isinstance(document.get("versions"), dict):
        raise ValueError("it has no versions")  # noqa: TRY004 - whatever is wrong with it
    return Package(document)


def _level(manifest: dict[str, Any]) -> PublishLevel:
    """The strongest that it tells of; npm itself fills these fields in, and nobody signs them."""
    user = _json.table(manifest.get("_npmUser"))
    if user.get("approver"):
        return PublishLevel.STAGED
    if user.get("trustedPublisher"):
        return PublishLevel.TRUSTED_PUBLISHER
    attestations = _json.table(_json.table(manifest.get("dist")).get("attestations"))
    return PublishLevel.PROVENANCE if attestations.get("provenance") else PublishLevel.NONE


def _publisher(manifest: dict[str, Any]) -> str:
    return _json.text(_json.table(_json.table(manifest.get("_npmUser")).get("trustedPublisher")).get("oidcConfigId"))


def _repository(value: object) -> str:
    """The URL of a `repository`, which is text or an object; one that names none is none."""
    stated = {"url": value} if isinstance(value, str) else _json.table(value)
    url = _json.text(stated.get("url"), 4000)
    return url if canonical(url) else ""


def _sha1(value: object) -> str:
    """In hexadecimal; empty where it is none."""
    found = _json.text(value).lower()
    return found if len(found) == HEX_DIGITS["sha1"] and not found.strip("0123456789abcdef") else ""


def _signatures(dist: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for item in _json.listed(dist.get("signatures"))[:_MOST_SIGNATURES]:
        keyid, signature = _json.text(_json.table(item).get("keyid")), _json.text(_json.table(item).get("sig"))
        if keyid or signature:
            yield keyid, signature


def _dependencies(manifest: dict[str, Any]) -> dict[str, str]:
    """All that npm installs along: optional ones are tried, and peers are installed unless they are optional."""
    optional_peers = _json.table(manifest.get("peerDependenciesMeta"))
    found: dict[str, str] = {}
    for kind in ("peerDependencies", "optionalDependencies", "dependencies"):
        for name, wanted in list(_json.table(manifest.get(kind)).items())[:_MOST_DEPENDENCIES]:
            if kind != "peerDependencies" or not _json.table(optional_peers.get(name)).get("optional"):
                found[name] = _json.text(wanted)
    return found


def _scripts(manifest: dict[str, Any]) -> dict[str, str]:
    """Scripts that run on installation; npm builds what has a `binding.gyp` and says so with `gypfile`, if at all."""
    stated = _json.table(manifest.get("scripts"))
    found = {name: str(stated[name])[:1000] for name in ("preinstall", "install", "postinstall") if stated.get(name)}
    if not found and (manifest.get("hasInstallScript") is True or manifest.get("gypfile") is True):
        found["install"] = ""
    return found


# -- compared with what came before -------------------------------------------------------------------------------


def stronger(package: Package, version: str) -> EarlierRelease | None:
    """The strongest release that came before this one and was published with more; of equals the latest.

    As pnpm's `no-downgrade` has it: by time and not by the order of versions, deprecated releases count, and
    pre-releases count against a pre-release alone.  Where the packument tells no times, nothing came before.
    """
    own, found = package.level(version), package.before.get(version)
    strongest = found.strongest if found else None
    rank = PUBLISH_LEVELS.index
    if own is None or strongest is None or rank(strongest.level) <= rank(own):
        return None
    uploaded = package.uploaded(strongest.version)
    return EarlierRelease(version=strongest.version, uploaded=uploaded, level=strongest.level)


def before(package: Package, version: str) -> str:
    """The release that this one follows: the highest of lower versions among those that came earlier; empty for none.

    That is what was installed before an update along one line of versions, also where other lines are maintained
    beside it.  Pre-releases are passed over for a final release.
    """
    found = package.before.get(version)
    return found.lower if found else ""


def changes(package: Package, version: str, before: str) -> tuple[str, ...]:
    """What a release brings that `before` did not have: dependencies, where they are from, and install scripts."""
    new, old = package.release(version), package.release(before)
    if new is None or old is None:
        return ()
    found = [f"new dependency {quoted(name)}" for name in sorted(new.dependencies.keys() - old.dependencies.keys())]
    for name in sorted(new.dependencies.keys() & old.dependencies.keys()):
        origin = _elsewhere(new.dependencies[name])
        if origin and origin != _elsewhere(old.dependencies[name]):
            found.append(f"dependency {quoted(name)} now comes from {origin}")
    for name in sorted(new.scripts):
        if name not in old.scripts:
            found.append(f"new install script {name}")
        elif new.scripts[name] != old.scripts[name]:
            found.append(f"changed install script {name}")
    return tuple(found[:_MOST_CHANGES])


#: What an alias, a git repository, an archive and a folder are asked for with, unlike a range of versions or a tag.
_ELSEWHERE = re.compile(
    r"npm:(@?[^@]+)|((?:git|https?|file|github|gitlab|bitbucket|gist)\b[^#]*|[\w.-]+/[\w.-]+)"
).match


def _elsewhere(wanted: str) -> str:
    """Another package or place that a dependency is from; empty where it is of its own name, of whatever version."""
    found = _ELSEWHERE(wanted)
    return (f"npm:{found[1]}" if found[1] else found[2]) if found else ""
