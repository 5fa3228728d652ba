"""The policy file: `bomvet.toml`, or `[tool.bomvet]` in `pyproject.toml`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bomvet.model.facts import RANKED, Severity
from bomvet.model.finding import Waiver
from bomvet.model.purl import bare
from bomvet.model.records import dataclass, field, replace
from bomvet.model.toml_reader import Reader, named, near, one_of
from bomvet.policy._toml import parsed
from bomvet.policy.conditions import CATALOGUES, Condition, conditions
from bomvet.policy.waivers import bounds

if TYPE_CHECKING:
    from bomvet.model.toml_lines import Path
    from bomvet.policy.rules import CustomRule


class UnknownSeverity(StrEnum):
    """What a finding whose severity nobody has stated does to the verdict."""

    FAIL = "fail"
    INCOMPLETE = "incomplete"
    PASS = "pass"  # noqa: S105 - no password


class UnusedWaivers(StrEnum):
    """What a waiver that covers nothing does to the verdict."""

    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignores:
    """What stands for the words that other tools' lists of ignored advisories do not have."""

    owner: str = ""
    reason: str = ""
    expires: dt.date | None = None


class Advisories(StrEnum):
    """Where advisories come from: the database where it is fresh enough and else OSV's service, or one of both."""

    AUTO = "auto"
    DATABASE = "database"
    ONLINE = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class Osv:
    """OSV's service: its URL, and patterns of package names that are not sent to it."""

    url: str = "https://api.osv.dev"
    private: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploitation:
    """Where a scan asks for what is exploited: URLs of KEV and of FIRST's interface; empty: their own, `none`: not."""

    kev_url: str = ""
    epss_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Whether every locked artefact has to say who built it; see `bomvet.plugin.Proving`.

    `exempt` are patterns of purls that nobody asks about; `proof` wants proofs of the log, where promises do else.
    """

    verify: bool = False
    exempt: tuple[str, ...] = ()
    proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may ship.

    `fail_on` are the conditions of which any refuses a finding.  `max_age` bounds the age of advisory data.
    `source` is the name of the file, empty for the built-in policy, `digest` the SHA-256 of its text.
    `registries` are URLs that packages may come from, besides those that the project's clients are configured for.
    `vex` are patterns of VEX documents in the project, `vex_products` names by which statements may call the project.
    `advisories` says where advisories come from, `osv` what there is to know of the service, `mirrors` where
    `db update` finds OSV's bucket.
    `cool_down` is how many days old a release has to be, 0 for none; `ask_registries` has the registries asked about
    every package.  `provenance` says what has to be proved of who built what.
    `allow_incomplete` lets an open question pass with a warning; `require_components` refuses an empty result.
    `enable` are rules that are run though they are off by themselves, `disable` those that are not run, `severities`
    those that weigh something else than built in, `rules` the policy's own.  `ignore_files` are lists of other tools,
    whose entries become waivers by the help of `ignores`; `notes` say what of these was not taken over.
    """

    fail_on: tuple[Condition, ...] = conditions("high")
    unknown_severity: UnknownSeverity = UnknownSeverity.FAIL
    unused_waivers: UnusedWaivers = UnusedWaivers.WARN
    max_age: dt.timedelta = dt.timedelta(days=7)
    allow_incomplete: bool = False
    require_components: bool = False
    source: str = field(default="", compare=False)
    digest: str = field(default="", compare=False)
    exclude: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    cool_down: int = 0
    ask_registries: bool = False
    author: str = ""
    vex: tuple[str, ...] = ()
    vex_products: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    severities: tuple[tuple[str, Severity], ...] = ()
    rules: tuple[CustomRule, ...] = ()
    advisories: Advisories = Advisories.AUTO
    exploitation: Exploitation = Exploitation()
    osv: Osv = Osv()
    provenance: Provenance = Provenance()
    mirrors: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    ignore_files: tuple[str, ...] = ()
    ignores: Ignores = Ignores()
    notes: tuple[str, ...] = ()


#: The rules that a build has; asked for only where a policy names some.
BuiltIn = Callable[[], Collection[str]]

_PURL = re.compile(r"pkg:[a-z][a-z0-9.+-]*/\S+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]")
_AGE = re.compile(r"([0-9]{1,5})\s*([dh])")
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LEVELS = tuple(map(str, RANKED))
#: The rule whose findings weigh what their advisories say.
_ADVISORIES = "known-vulnerability"
#: The rule that finds what nobody attested.
UNATTESTED = "unattested"
_WAIVER = ("id", "reason", "owner", "expires", "purl", "versions", "path")
_ABOUT = ("component", "advisory", "release", "service")
MAX_RULES = 100
_RULE = ("id", "when", "on", "severity", "message", "help", "remediation")
_DAYS = re.compile(r"([0-9]{1,4})\s*d|0")


def fail_on(text: str) -> tuple[Condition, ...]:
    """The conditions that `text` states, none for `never`; raises `ValueError`."""
    return conditions(text)


def max_age(text: str) -> dt.timedelta:
    """An age such as `7d` or `36h`; raises `ValueError`."""
    match = _AGE.fullmatch(text)
    if not match:
        raise ValueError(f"must be a number of days or hours such as '7d' or '36h', not {text!r}")
    return dt.timedelta(**{"days" if match[2] == "d" else "hours": int(match[1])})


def cool_down(text: str) -> int:
    """Days such as `7d`, or `0`; raises `ValueError`."""
    match = _DAYS.fullmatch(text)
    if not match:
        raise ValueError(f"must be a number of days such as '7d', or '0', not {text!r}")
    return int(match[1] or 0)


def advisories(text: str) -> Advisories:
    """The place of advisories that `text` names; raises `ValueError`."""
    if text not in list(Advisories):
        raise ValueError(f"must be one of {', '.join(Advisories)}, not {text!r}")
    return Advisories(text)


def service_url(text: str) -> str:
    """The URL of a service, without a slash at its end; raises `ValueError`."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - rarely stated

    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must be a URL such as https://osv.acme.example")
    return text.rstrip("/")


def _catalogue_url(text: str) -> str:
    return text if text == "none" else service_url(text)


def read_policy(text: str, path: str, table: Sequence[str] = (), built_in: BuiltIn | None = None) -> Policy:
    """The policy that the TOML document `text` holds in `table`; raises `PolicyFileError` with every error.

    `built_in` gives the ids of all rules that there are, for names of rules to be held against.
    """
    document = within(parsed(text, path), table)
    reader = _PolicyReader(text, tuple(table))
    policy = replace(reader.policy(document, built_in), source=path if document or not table else "")
    problems = reader.told(path)
    if problems:
        raise problems
    return policy


def within(document: Any, table: Sequence[str]) -> Any:
    """What stands in `table` of `document`; an empty table where there is no such."""
    for name in table:
        document = document.get(name, {}) if isinstance(document, dict) else {}
    return document


class _PolicyReader(Reader):
    """Reads the settings."""

    def policy(self, document: Any, built_in: BuiltIn | None) -> Policy:
        readers: dict[str, tuple[str, Callable[[Path, Any], Any]]] = {
            "fail-on": ("fail_on", self._fail_on),
            "unknown-severity": ("unknown_severity", self._one_of(UnknownSeverity)),
            "allow-incomplete": ("allow_incomplete", self.flag),
            "require-components": ("require_components", self.flag),
            "exclude": ("exclude", self.texts),
            "registries": ("registries", self._urls),
            "cool-down": ("cool_down", self.converted(cool_down)),
            "ask-registries": ("ask_registries", self.flag),
            "author": ("author", self.text),
            "vex": ("vex", self.texts),
            "vex-products": ("vex_products", self.texts),
            "advisories": ("advisories", self.converted(advisories)),
            "exploitation": ("exploitation", self._exploitation),
            "osv": ("osv", self._osv),
            "provenance": ("provenance", self._provenance),
            "db": ("max_age", self._db),
            "enable": ("enable", self.texts),
            "disable": ("disable", self.texts),
            "severity": ("severities", self._severities),
            "rules": ("rules", self._rules),
            "waivers": ("waivers", self._waivers),
            "unused-waivers": ("unused_waivers", self._one_of(UnusedWaivers)),
            "ignore-files": ("ignore_files", self.texts),
            "ignores": ("ignores", self._ignores),
            "tests": ("", lambda _path, _value: None),  # which `bomvet policy test` reads
        }
        values = {}
        for key, value in self.table((), document, tuple(readers)).items():
            name, read = readers[key]
            found = read((key,), value)
            if found is not None:
                values[name] = found
        policy = Policy(**values, mirrors=self._mirrors(document.get("db")) if isinstance(document, dict) else ())
        if built_in and (policy.enable or policy.disable or policy.severities or policy.rules or named_rules(policy)):
            self._names(policy, built_in())
        return policy

    def _one_of(self, names: type[StrEnum]) -> Callable[[Path, Any], Any]:
        convert = one_of(tuple(names))
        return self.converted(lambda text: names(convert(text)))

    def _fail_on(self, path: Path, value: Any) -> tuple[Condition, ...] | None:
        if not isinstance(value, list):
            return self.converted(fail_on)(path, value)  # type: ignore[no-any-return]
        if not value:
            self.problem(path, f'{named(path)} has no condition; "never" refuses nothing')
            return None
        found = [self.converted(fail_on)((*path, number), text) for number, text in enumerate(value)]
        if any(stated == () for stated in found) and len(found) > 1:
            self.problem(path, f"{named(path)} says never and something else: never stands alone")
        return None if None in found else tuple(dict.fromkeys(c for stated in found for c in stated))

    def _urls(self, path: Path, value: Any) -> tuple[str, ...] | None:
        found = self.texts(path, value)
        wrong = [number for number, url in enumerate(found or ()) if not _URL.match(url)]
        for number in wrong:
            self.problem((*path, number), f"{named((*path, number))} must be a URL such as https://npm.acme.example")
        return None if wrong else found

    def _db(self, path: Path, value: Any) -> dt.timedelta | None:
        table = self.table(path, value, ("max-age", "url"))
        return self.converted(max_age)((*path, "max-age"), table["max-age"]) if "max-age" in table else None

    def _mirrors(self, value: Any) -> tuple[str, ...]:
        """`db.url`, one or several."""
        urls = value.get("url", []) if isinstance(value, dict) else []
        path, convert = ("db", "url"), self.converted(service_url)
        if isinstance(urls, str):
            return tuple(filter(None, [convert(path, urls)]))
        texts = enumerate(self.texts(path, urls) or ())
        return tuple(url for number, text in texts if (url := convert((*path, number), text)))

    def _exploitation(self, path: Path, value: Any) -> Exploitation:
        table, read = self.table(path, value, ("kev-url", "epss-url")), self.converted(_catalogue_url)
        urls = {key: read((*path, key), table[key]) or "" for key in table}
        return Exploitation(kev_url=urls.get("kev-url", ""), epss_url=urls.get("epss-url", ""))

    def _osv(self, path: Path, value: Any) -> Osv:
        table = self.table(path, value, ("url", "private"))
        url = self.converted(service_url)((*path, "url"), table["url"]) if "url" in table else None
        private = self.texts((*path, "private"), table["private"]) if "private" in table else None
        if url and not url.startswith("https://"):
            # The file may be a stranger's: it must not have the machines of a network asked that speak plain HTTP.
            self.problem((*path, "url"), "osv.url must begin with https://; --osv-url takes others")
        return Osv(url=url or Osv().url, private=private or ())

    def _provenance(self, path: Path, value: Any) -> Provenance:
        table = self.table(path, value, ("verify", "exempt", "require-proof"))
        flags = {key: self.flag((*path, key), table[key]) for key in ("verify", "require-proof") if key in table}
        exempt = self.texts((*path, "exempt"), table["exempt"]) if "exempt" in table else None
        for number, pattern in enumerate(exempt or ()):
            if not pattern.startswith("pkg:"):
                place = (*path, "exempt", number)
                self.problem(place, f"{named(place)} must be a pattern of purls such as pkg:npm/@acme/*")
        return Provenance(verify=bool(flags.get("verify")), exempt=exempt or (), proof=bool(flags.get("require-proof")))

    def _ignores(self, path: Path, value: Any) -> Ignores:
        table = self.table(path, value, ("owner", "reason", "expires"))
        texts = {key: self.text((*path, key), table[key]) for key in table if key != "expires"}
        expires = self.date((*path, "expires"), table["expires"]) if "expires" in table else None
        return Ignores(expires=expires, **{key: text for key, text in texts.items() if text})

    # -- rules -------------------------------------------------------------------------------------------------

    def _severities(self, path: Path, value: Any) -> tuple[tuple[str, Severity], ...]:
        levels = self.converted(one_of(_LEVELS))
        table = self.table(path, value, tuple(value) if isinstance(value, dict) else ())
        found = [(rule, levels((*path, rule), level)) for rule, level in table.items()]
        if _ADVISORIES in table:
            self.problem((*path, _ADVISORIES), f"{_ADVISORIES} weighs what each advisory says; state it in fail-on")
        return tuple((rule, Severity(level)) for rule, level in found if level)

    def _rules(self, path: Path, value: Any) -> tuple[CustomRule, ...]:
        stated = self.tables(path, value)
        if len(stated) > MAX_RULES:
            self.problem(path, f"{named(path)} has more than {MAX_RULES} rules")
            return ()
        found = [rule for place, item in stated if (rule := self._rule(place, item))]
        seen: set[str] = set()
        for rule in found:
            if rule.id in seen:
                self.problems.append((rule.line, f"the rule {rule.id} stands twice"))
            seen.add(rule.id)
        return tuple(found)

    def _rule(self, path: Path, value: Any) -> CustomRule | None:
        table = self.table(path, value, _RULE)
        missing = [key for key in ("id", "when") if key not in table]
        if missing:
            self.problem(path, f"a rule needs id and when; {', '.join(missing)} is missing")
        texts: dict[str, Any] = {key: self.text((*path, key), table[key]) for key in table}
        if texts.get("id") and not _ID.fullmatch(texts["id"]):
            self.problem((*path, "id"), f"{named((*path, 'id'))} must be words such as no-copyleft")
        for key, names in (("on", _ABOUT), ("severity", _LEVELS)):
            if texts.get(key):
                texts[key] = self.converted(one_of(names))((*path, key), texts[key])
        if missing or None in texts.values():
            return None
        from bomvet.policy.rules import CustomRule  # noqa: PLC0415 - for those who have rules

        when = self._expression((*path, "when"), table["when"], texts.get("on", "component"))
        level = {"severity": Severity(texts["severity"])} if "severity" in texts else {}
        return CustomRule(**{**texts, "when": when, **level, "line": self.line(path)}) if when else None

    def _expression(self, path: Path, text: str, on: str) -> Any:
        from bomvet.policy.expressions import FaultsError, compiled  # noqa: PLC0415 - for those who have rules

        try:
            return compiled(text, on)
        except FaultsError as error:
            for fault in error.faults:
                self.problem_in(path, fault.text, fault.line, fault.column)
            return None

    def _names(self, policy: Policy, built_in: Collection[str]) -> None:
        """Hold all names of rules against those that there are."""
        for rule in policy.rules:
            if rule.id in built_in:
                self.problems.append(
                    (rule.line, f"{rule.id} is a built-in rule; a rule of the policy needs its own id")
                )
        own = [rule.id for rule in policy.rules]
        places: list[tuple[Path, str, Sequence[str]]] = [
            *((("enable",), name, sorted(built_in)) for name in policy.enable),
            *((("disable",), name, sorted(built_in)) for name in policy.disable),
            *((("severity", name), name, sorted(built_in)) for name, _ in policy.severities),
            *((("fail-on",), name, sorted({*built_in, *own})) for name in named_rules(policy)),
        ]
        for name in policy.enable:
            if name in policy.disable:
                self.problem(("enable",), f"enable: {name} is disabled as well")
        for path, name, known in places:
            if name not in known:
                self.problem(path, f"{path[0]}: there is no rule {name}{near(name, known)}")

    # -- waivers -----------------------------------------------------------------------------------------------

    def _waivers(self, path: Path, value: Any) -> tuple[Waiver, ...]:
        found = [self._waiver(place, item) for place, item in self.tables(path, value)]
        return tuple(waiver for waiver in found if waiver)

    def _waiver(self, path: Path, value: Any) -> Waiver | None:
        table = self.table(path, value, _WAIVER)
        required = ("id", "reason", "owner", "expires")
        missing = [key for key in required if key not in table]
        if missing:
            self.problem(path, f"a waiver needs {', '.join(required)}; {', '.join(missing)} is missing")
        texts = {key: self.text((*path, key), table[key]) for key in table if key != "expires"}
        expires = self.date((*path, "expires"), table["expires"]) if "expires" in table else None
        if texts.get("purl") and not _PURL.fullmatch(texts["purl"] or ""):
            self.problem((*path, "purl"), f"{named((*path, 'purl'))} must be a purl such as pkg:pypi/pyyaml")
        self._bounds(path, texts.get("purl") or "", texts.get("versions") or "")
        if missing or expires is None or None in texts.values():
            return None
        return Waiver(expires=expires, line=self.line(path), **{k: v for k, v in texts.items() if v})

    def _bounds(self, path: Path, purl: str, versions: str) -> None:
        if not versions:
            return
        self.converted(bounds)((*path, "versions"), versions)
        if not purl or "@" in bare(purl).rpartition("/")[2]:
            self.problem(
                (*path, "versions"),
                f"{named((*path, 'versions'))} needs a purl without a version, such as pkg:pypi/pyyaml",
            )


def named_rules(policy: Policy) -> list[str]:
    """The rules that conditions name."""
    return [t.text for condition in policy.fail_on for t in condition.terms if t.name == "rule"]


def asks_provenance(policy: Policy) -> bool:
    """Whether it says so, or has a rule that only the answer decides."""
    by_rule = UNATTESTED in policy.enable or any("provenance" in rule.when.fields for rule in policy.rules)
    return policy.provenance.verify or by_rule


def names_exploitation(policy: Policy) -> bool:
    """Whether a condition or a rule cannot be decided without KEV or EPSS."""
    terms = {term.name for condition in policy.fail_on for term in condition.terms}
    asked = {field for rule in policy.rules for field in rule.when.fields.get("advisory", ())}
    return not {field.replace("_", "-") for field in (*terms, *asked)}.isdisjoint(CATALOGUES)
