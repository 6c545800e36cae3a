"""What a contact centre may set about its journeys, with what holds unless it does.

One TOML file, `touchpath.toml`; each table below is a class here, each key a field. Durations are written as numbers
of seconds or as text: "90s", "15m", "4h", "14d".
"""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
from phonenumbers import SUPPORTED_REGIONS

from journeys.spelling import spelled
from journeys.stages import RULES, Rule, StageMap

Kind = Literal["assisted", "self_service", "other"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class SettingsError(ValueError):
    """One line that names the file, the key and the value."""


class Duration(float):
    """Seconds, written as a number or as text with a unit: 20, "20s", "15m", "4h", "14d"."""

    @classmethod
    def parse(cls, value: object) -> Duration:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e10:
            return cls(value)
        if isinstance(value, str) and (found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", value)):
            return cls(float(found[1]) * _UNITS[found[2]])
        raise ValueError(f'expected a duration such as 20, "20s", "15m", "4h" or "14d", got {value!r}')

    @property
    def ms(self) -> int:
        return round(self * 1000)


CHANNELS: dict[str, Kind] = {
    "voice": "assisted",
    "chat": "assisted",
    "email": "assisted",
    "sms": "assisted",
    "social": "assisted",
    "messenger": "assisted",
    "store": "assisted",
    "web": "self_service",
    "app": "self_service",
    "ivr": "self_service",
    "ad": "other",
    "review": "other",
    "survey": "other",
}
GAPS = {"billing": 14, "fault": 14, "order": 30, "onboarding": 90}
TIME_OUTS = {"voice": 4 * 3600, "chat": 1800, "email": 7 * 86_400, "web": 1800, "app": 1800, "ivr": 1800}
WEIGHTS = {
    "transfer": 10.0,
    "escalation": 10.0,
    "abandonment": 15.0,
    "long_wait": 10.0,
    "failed_search": 5.0,
    "failed_article": 5.0,
    "ivr_dead_end": 5.0,
    "ivr_opt_out": 5.0,
    "containment_failure": 2.0,
    "self_service_failed": 10.0,
    "repeat": 10.0,
    "repeated_explanation": 15.0,
    "reopened": 20.0,
}
"""The kinds of friction, and what each adds to the effort score, of 100."""
TABLES_KEPT = {"dead_letters": 30 * 86_400}
IDENTIFIERS = ("customer_id", "email", "phone", "social", "device", "cookie", "session")
EVIDENCE_PERIOD = Duration(30 * 86_400)
"""Evidence is counted by periods of this length, so that it can expire."""
PLACEHOLDERS = (
    "0", "-", "null", "none", "nil", "undefined", "unknown", "anonymous", "guest", "n/a", "na", "test",
    "restricted", "unavailable", "withheld",
)  # fmt: skip


class Contacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    channels: dict[str, Kind] = {}
    """Channels of your own, or another kind for one of ours. Assisted: people answer. Unknown ones are "other"."""
    time_outs: dict[str, Duration] = {}
    """How long after its last event a contact that never ended is held to have ended, per channel."""
    default_time_out: Duration = Duration(86_400)
    visit_channels: tuple[str, ...] = ("web", "app")
    """Channels whose touchpoints without a contact id read as one visit while less than `visit_gap` apart."""
    visit_gap: Duration = Duration(1800)


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    resolve: bool = True
    """Whether contacts learn from each other whose an identifier is. If not, each goes by its own strongest identifier
    alone, and what `identify`, `link`, `unlink` and `block` say has no effect."""
    ranks: tuple[str, ...] = IDENTIFIERS
    """Kinds of identifiers, the strongest first. The first names a customer; kinds that are not named come last."""
    most_sets: int = 50
    """Seen with more different sets of stronger identifiers, an identifier is public: a tablet, a switchboard."""
    limits: dict[str, int] = {}
    """Per kind, instead of `most_sets`."""
    share: float = 0.9
    """Of the contacts that name an owner who is known otherwise, how many the first of these needs. One of ten may be a
    slip."""
    least: float = 0.4
    """And of all that name anybody, an address that nobody else knows included."""
    expires: dict[str, Duration] = {}
    """Per kind: how much older than an identifier's newest evidence other evidence may be and still count."""
    region: str = ""
    """Where phone numbers without a country code are from: two letters, as in "DE". Unless set, only those that begin
    with + or 00 are read; others are compared by their digits."""
    placeholders: tuple[str, ...] = PLACEHOLDERS
    """What systems write where they know nobody; in any kind of identifier and any case, it is left out."""
    repeated: tuple[str, ...] = ("customer_id", "phone")
    """Kinds of which one character four times or more (0000, xxxx) is left out too."""
    blocked: tuple[str, ...] = ()
    """The centre's own numbers and addresses, which name no customer: "phone:+4930123456", "email:info@centre.example".
    Left out, however they are spelt."""


class Privacy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clear: tuple[str, ...] = ()
    """Kinds of identifiers that are kept as they are; all others are replaced by pseudonyms."""
    keys_file: str = ""
    """Where the keys of the pseudonyms are, one a line, the current one first; seen from the settings' file."""


class Journeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gaps: dict[str, Duration] = {}
    """The longest silence within a journey, per intent."""
    default_gap: Duration = Duration(7 * 86_400)
    switch_window: Duration = Duration(86_400)
    """A change of channel counts as a switch if the second contact starts within this of the first one's end."""
    redial_window: Duration = Duration(3600)
    repeat_windows_days: tuple[int, ...] = (1, 3, 7, 30)


class Queue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    target: Duration = Duration(20)
    """Answered within this many seconds counts as within the service level."""
    short_abandon: Duration = Duration(5)


class Stages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...] = ()
    """Which touchpoints are in which stage; the first that matches decides. Each names a stage and what is to match, by
    name or glob, of channel, type, page, topic, intent, order_state and score; what is left out matches anything."""
    defaults: bool = True
    """Whether the rules that come with the program follow."""
    goals: tuple[str, ...] = ("purchase", "advocacy")
    """A journey that came into one of these stages did not drop off."""


class Effort(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    weights: dict[str, float] = {}
    """What friction of a kind adds to a journey's effort score, of 100, each time; 0 leaves it out."""


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lateness: Duration = Duration(35 * 86_400)
    """Older than this before the newest event of its contact: to the dead letters as `too_late`."""
    future: Duration = Duration(3600)
    """Later than this after its Kafka record's timestamp: to the dead letters as `in_the_future`."""
    interval: Duration = Duration(900)
    """The length of an interval of the queue figures."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    topics: dict[str, Duration] = {}
    """How long topics keep their records, by when these arrived; "*" for those not named. Compacted ones keep the last
    of each key. 0 keeps for ever."""
    tables: dict[str, Duration] = {}
    """How long tables keep their rows, by the time of what they tell of; those not named for ever, as 0 does."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Everything. A value is checked when the file is read; a wrong one is named with its key."""

    contacts: Contacts = Contacts()
    identity: Identity = Identity()
    privacy: Privacy = Privacy()
    journeys: Journeys = Journeys()
    queue: Queue = Queue()
    """What holds for queues that `queues` does not name."""
    queues: dict[str, Queue] = {}
    stages: Stages = Stages()
    effort: Effort = Effort()
    times: Times = Times()
    retention: Retention = Retention()

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return CHANNELS | self.contacts.channels

    @cached_property
    def gaps_ms(self) -> dict[str, int]:
        days = {intent: Duration(gap * 86_400) for intent, gap in GAPS.items()}
        return {intent: gap.ms for intent, gap in (days | self.journeys.gaps).items()}

    @cached_property
    def time_outs_ms(self) -> dict[str, int]:
        given = {channel: Duration(seconds) for channel, seconds in TIME_OUTS.items()}
        return {channel: gap.ms for channel, gap in (given | self.contacts.time_outs).items()}

    @cached_property
    def tables_kept(self) -> dict[str, Duration]:
        return {table: Duration(seconds) for table, seconds in TABLES_KEPT.items()} | self.retention.tables

    @cached_property
    def stage_rules(self) -> tuple[Rule, ...]:
        return self.stages.rules + (RULES if self.stages.defaults else ())

    @cached_property
    def stage_map(self) -> StageMap:
        return StageMap(self.stage_rules)

    @cached_property
    def goals(self) -> frozenset[str]:
        return frozenset(self.stages.goals)

    @cached_property
    def weights(self) -> dict[str, float]:
        return WEIGHTS | self.effort.weights

    @cached_property
    def default_gap_ms(self) -> int:
        return self.journeys.default_gap.ms

    @cached_property
    def default_time_out_ms(self) -> int:
        return self.contacts.default_time_out.ms

    @cached_property
    def interval_ms(self) -> int:
        return self.times.interval.ms

    @cached_property
    def rank_of(self) -> dict[str, int]:
        return {kind: rank for rank, kind in enumerate(self.identity.ranks)}

    def most_sets_of(self, identifier: str) -> int:
        """With how many different sets of stronger ones ``identifier``, "kind:value", may be seen."""
        return self.identity.limits.get(identifier.partition(":")[0], self.identity.most_sets)

    @cached_property
    def identity_periods(self) -> dict[str, int]:
        """Per kind, for how many periods evidence counts."""
        return {kind: max(1, round(span / EVIDENCE_PERIOD)) for kind, span in self.identity.expires.items()}

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Case-folded."""
        return frozenset(word.strip().casefold() for word in self.identity.placeholders)

    @cached_property
    def blocked(self) -> frozenset[tuple[str, str]]:
        """(kind, value) as it is spelt."""
        pairs = (one.partition(":") for one in self.identity.blocked)
        return frozenset((kind, spelled(kind, value, self.identity.region)) for kind, _, value in pairs)

    def gap_ms(self, intent: str) -> int:
        """The longest silence, in ms, within a journey about ``intent``."""
        return self.gaps_ms.get(intent, self.default_gap_ms)

    def time_out_ms(self, channel: str) -> int:
        return self.time_outs_ms.get(channel, self.default_time_out_ms)

    def queue_of(self, queue: str) -> Queue:
        return self.queues.get(queue, self.queue)


def convert(raw: dict[str, Any], where: str = "settings") -> Settings:
    """``raw`` as settings; raises ``SettingsError`` that names the key and the value."""
    try:
        settings = msgspec.convert(raw, Settings, dec_hook=_decode_duration)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        key = path.rstrip("`").removeprefix("$").lstrip(".")
        raise SettingsError(f"{where}: {key + ': ' if key else ''}{problem}") from None
    region = settings.identity.region
    if region and region not in SUPPORTED_REGIONS:
        raise SettingsError(f'{where}: identity.region: expected a country such as "DE", got {region!r}')
    for one in settings.identity.blocked:
        kind, _, value = one.partition(":")
        if not kind or kind != kind.strip() or not value.strip():
            raise SettingsError(
                f'{where}: identity.blocked: expected a kind and a value such as "phone:+4930123456", got {one!r}'
            )
    for kind, weight in settings.effort.weights.items():
        if kind not in WEIGHTS:
            raise SettingsError(f"{where}: effort.weights: expected a kind of friction such as transfer, got {kind!r}")
        if not 0 <= weight <= 100:
            raise SettingsError(f"{where}: effort.weights.{kind}: expected 0 to 100, got {weight:g}")
    windows = settings.journeys.repeat_windows_days
    if not windows or any(days <= 0 for days in windows):
        raise SettingsError(f"{where}: journeys.repeat_windows_days: expected whole days above 0")
    if not 60 <= settings.times.interval <= 86_400 or 86_400 % settings.times.interval:
        raise SettingsError(
            f"{where}: times.interval: expected a part of a day of 60s or more, got {settings.times.interval:g}s"
        )
    return settings


def read(path: Path) -> Settings:
    """The settings in the TOML file ``path``."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    return convert(raw, str(path))


def _decode_duration(wanted: type, value: object) -> Any:
    if wanted is Duration:
        return Duration.parse(value)
    raise NotImplementedError(wanted)


DEFAULTS = Settings()
