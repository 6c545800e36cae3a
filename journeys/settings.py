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
from zoneinfo import available_timezones

import msgspec
from phonenumbers import SUPPORTED_REGIONS

from journeys.calendar import Hours, Site
from journeys.spelling import spelled
from journeys.stages import RULES, Rule, StageMap

Measure = Literal["fcr", "waits", "stages"]
Scope = Literal["segment", "touchpoints", "agents", "hooks", "rulings"]
Kind = Literal["assisted", "self_service", "other"]
Consent = Literal["ignored", "unless_refused", "required"]

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
TABLES_KEPT = {"dead_letters": 30 * 86_400, "settled_letters": 40 * 86_400}
IDENTIFIERS = ("customer_id", "email", "phone", "social", "device", "cookie", "session")
SCOPES: tuple[Scope, ...] = ("segment", "touchpoints", "agents", "hooks", "rulings")
LONGEST_WINDOW = 3650
"""Days."""
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
    visit_channels: tuple[str, ...] = ("web", "app", "messenger", "sms", "social")
    """Channels whose touchpoints without a contact id read as one visit while less than `visit_gap` apart."""
    visit_gap: Duration = Duration(1800)
    feedback_channels: tuple[str, ...] = ("survey", "review")
    """Where customers say what they thought of a contact: no switch, attempt, repeat or redial lies there."""


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
    consent: Consent = "ignored"
    """Whose identifiers are used: everybody's; those of who did not refuse (`consent` false); or only those of who
    agreed (true). All others' touchpoints count, and are nobody's."""


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
    site: str = ""
    """One of `sites`; unless given, that of `calendar`."""
    service_level: float = 0.8
    """How many are to be answered within `target`, from 0 to 1."""
    asa: Duration = Duration(0)
    """How long those answered are to wait on average, at the most; 0: as long as the other targets let them."""
    abandonment: float = 1.0
    """How many may abandon, from 0 to 1."""
    occupancy: float = 0.85
    """How much of their time agents may be busy, from 0 to 1."""
    shrinkage: float = 0.3
    """How much of the time that agents are paid for they are not there for contacts: breaks, training, sickness."""
    due: Duration = Duration(86_400)
    """By when e-mails and cases are to be answered."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: str = ""
    """One of `sites`: that of all queues which name none, and of contacts without a queue."""
    working_time: tuple[Measure, ...] = ()
    """What counts only while the site is open: fcr (the windows of repeats), waits, stages. The rest of the time it
    stands still."""


class Agents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    names: bool = False
    """Whether the names in agent events are kept; otherwise an agent is known by its key alone."""
    slots: dict[str, int] = {}
    """How many contacts of a channel an agent takes at once, where no agent event says; one of any other channel."""
    longest: Duration = Duration(12 * 3600)
    """No state and no service counts for longer than this: somebody forgot to end it. A day at most."""
    hard_hold: Duration = Duration(180)
    """A contact that was on hold for longer than this is a hard one."""
    hard_mood: float = -0.5
    """So is one whose customer sounded like this or worse at the end (-1 to 1)."""


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


class NextStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    window: Duration = Duration(28 * 86_400)
    """What is to be expected of contacts is learned from those of so long."""
    smoothing: float = 30.0
    """So many trials of a special context weigh as much as what is known of the more general one."""
    least: int = 100
    """Of fewer trials nothing is foretold."""
    threshold: float = 0.5
    """If another contact within an hour in another channel is as likely as this, that is a signal."""


class Staffing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Literal["erlang_a", "erlang_c"] = "erlang_a"
    """How waits are worked out: with customers who abandon, or with those who wait for ever."""
    horizon: Duration = Duration(14 * 86_400)
    """How far contacts are forecast."""
    every: Duration = Duration(10)
    """The least time from one plan to the next, by the time of events."""
    minimum_gain: float = 3.0
    """A move is recommended if it adds so many contacts answered within target, or more."""
    cool_down: Duration = Duration(1800)
    """So long after a move nobody is moved the other way; or the same way, where nobody obeyed in time."""
    move_time: Duration = Duration(3600)
    """How long a move lasts."""
    skills: dict[str, tuple[str, ...]] = {}
    """By agent or team, queues whose contacts they can take beside those that agent events name."""


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


class Sentiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enabled: bool = True
    """Whether the customer's words are scored where the source says nothing of sentiment. Unless `keep_text`, text is
    taken out either way."""
    language: str = "en"
    """Of texts whose attribute `language` says no other. Only English is scored."""
    keep_text: bool = False
    """Whether events are stored with their text. If not, it stands on the input topic alone, while that keeps it."""
    drop: float = 0.6
    """How far sentiment (-1 to 1) falls in a sudden drop, at the least,"""
    low: float = -0.5
    """and how low it is afterwards, at the best (journeys/mood.py)."""
    words: dict[str, float] = {}
    """Words of your own trade, or another weight for one of the lexicon: from -4 (very bad) to 4 (very good)."""


class Surveys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    window: Duration = Duration(7 * 86_400)
    """A survey that names no contact is about the customer's latest that ended no longer than this before it."""


class WriteKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client of the collector may send. The key itself is in the environment, never in a file of settings."""

    scopes: tuple[Scope, ...] = ("segment", "touchpoints", "agents")
    """segment (track, identify, page, screen, alias, batch), touchpoints, agents, hooks (of vendors who do not sign);
    rulings: touchpoints that rule about customers (link, unlink, auto, block, unblock, forget)."""
    source: str = ""
    """The source of its events: given to those of Segment's calls, asked of touchpoints and agent events."""


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a web hook is read, by the name in its address. Only needed where a vendor's name does not say it all."""

    adapter: str = ""
    """The vendor; unless given, the name."""
    source: str = ""
    """Of its events; unless given, the vendor's name."""
    time_zone: str = ""
    """Of times without an offset, as in "Europe/Berlin"; without it such a time is refused."""
    mapping: str = ""
    """For the generic adapter: its file, seen from the settings' file."""
    names: dict[str, str] = {}
    """What the ids of the vendor's queues are called, where its events name the id alone."""


class Collector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keys: dict[str, WriteKey] = {}
    """By name; the key of "web" is in TOUCHPATH_WRITE_KEY_WEB. A key that is not named here has the default scopes."""
    hooks: dict[str, Hook] = {}
    """By the name in /v1/hooks/NAME; the secret of "zendesk" is in TOUCHPATH_HOOK_SECRET_ZENDESK."""
    public_url: str = ""
    """What the world calls the collector, as in "https://events.example.org": Twilio signs it."""
    connections: int = 1_000
    """At once; more are turned away."""
    idle: Duration = Duration(75)
    """A connection without a request is closed after that; longer than the load balancer's own idle time."""
    slow: Duration = Duration(20)
    """A request's body must have come by then."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Everything. A value is checked when the file is read; a wrong one is named with its key."""

    contacts: Contacts = Contacts()
    identity: Identity = Identity()
    privacy: Privacy = Privacy()
    journeys: Journeys = Journeys()
    queue: Queue = Queue()
    """What holds for queues that `queues` does not name."""
    queues: dict[str, Queue] = {}
    agents: Agents = Agents()
    sites: dict[str, Site] = {}
    calendar: Calendar = Calendar()
    stages: Stages = Stages()
    effort: Effort = Effort()
    times: Times = Times()
    next_step: NextStep = NextStep()
    staffing: Staffing = Staffing()
    retention: Retention = Retention()
    sentiment: Sentiment = Sentiment()
    surveys: Surveys = Surveys()
    collector: Collector = Collector()

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return CHANNELS | self.contacts.channels

    @cached_property
    def feedback(self) -> frozenset[str]:
        return frozenset(self.contacts.feedback_channels)

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
    def longest_ms(self) -> int:
        return self.agents.longest.ms

    @cached_property
    def rank_of(self) -> dict[str, int]:
        return {kind: rank for rank, kind in enumerate(self.identity.ranks)}

    @cached_property
    def customers_prefix(self) -> str:
        """How identifiers begin that are of the first rank; without ranks all are."""
        ranks = self.identity.ranks
        return ranks[0] + ":" if ranks else ""

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

    @cached_property
    def repeat_windows(self) -> tuple[int, ...]:
        """Days, the widest last."""
        return tuple(sorted(set(self.journeys.repeat_windows_days)))

    def gap_ms(self, intent: str) -> int:
        """The longest silence, in ms, within a journey about ``intent``."""
        return self.gaps_ms.get(intent, self.default_gap_ms)

    def time_out_ms(self, channel: str) -> int:
        return self.time_outs_ms.get(channel, self.default_time_out_ms)

    def queue_of(self, queue: str) -> Queue:
        return self.queues.get(queue, self.queue)

    @cached_property
    def hours(self) -> dict[str, Hours]:
        """By site. Raises ``ValueError`` that names the key and the value."""
        found = {}
        for name, site in self.sites.items():
            try:
                found[name] = Hours(site)
            except ValueError as error:
                raise ValueError(f"sites.{name}.{error}") from None
        return found

    def site_of(self, queue: str) -> str:
        """Where contacts of ``queue`` are answered; empty where nobody said so."""
        return self.queue_of(queue).site or self.calendar.site

    def hours_for(self, measure: Measure, queue: str) -> Hours | None:
        """The opening hours by which ``measure`` counts for contacts of ``queue``; none where all time counts."""
        return self.hours.get(self.site_of(queue)) if measure in self.calendar.working_time else None


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
    if not 0 < settings.sentiment.drop <= 2:
        raise SettingsError(f"{where}: sentiment.drop: expected above 0 and up to 2, got {settings.sentiment.drop:g}")
    if not -1 <= settings.sentiment.low < 0:
        raise SettingsError(f"{where}: sentiment.low: expected from -1 to below 0, got {settings.sentiment.low:g}")
    for word, weight in settings.sentiment.words.items():
        if not word.strip() or not -4 <= weight <= 4:
            raise SettingsError(f"{where}: sentiment.words.{word}: expected a weight from -4 to 4, got {weight:g}")
    for kind, weight in settings.effort.weights.items():
        if kind not in WEIGHTS:
            raise SettingsError(f"{where}: effort.weights: expected a kind of friction such as transfer, got {kind!r}")
        if not 0 <= weight <= 100:
            raise SettingsError(f"{where}: effort.weights.{kind}: expected 0 to 100, got {weight:g}")
    windows = settings.journeys.repeat_windows_days
    if not windows or not all(0 < days <= LONGEST_WINDOW for days in windows):
        raise SettingsError(
            f"{where}: journeys.repeat_windows_days: expected whole days above 0, {LONGEST_WINDOW} at most, "
            f"got {list(windows)}"
        )
    try:
        _check_calendar(settings)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from None
    foretelling = settings.next_step
    for key, holds, wanted in (
        ("window", foretelling.window >= 2 * 86_400, "2d or more"),
        ("smoothing", 0 < foretelling.smoothing < 1e6, "a number above 0"),
        ("least", foretelling.least >= 1, "1 or more"),
        ("threshold", 0 < foretelling.threshold <= 1, "a probability above 0"),
    ):
        if not holds:
            raise SettingsError(f"{where}: next_step.{key}: expected {wanted}, got {getattr(foretelling, key):g}")
    _check_staffing(settings, where)
    if not 60 <= settings.times.interval <= 86_400 or 86_400 % settings.times.interval:
        raise SettingsError(
            f"{where}: times.interval: expected a part of a day of 60s or more, got {settings.times.interval:g}s"
        )
    if not 60 <= settings.agents.longest <= 86_400:
        raise SettingsError(f"{where}: agents.longest: expected 1m to 1d, got {settings.agents.longest:g}s")
    for channel, slots in settings.agents.slots.items():
        if slots < 1:
            raise SettingsError(f"{where}: agents.slots.{channel}: expected 1 or more, got {slots}")
    collector = settings.collector
    if collector.connections < 1:
        raise SettingsError(f"{where}: collector.connections: expected 1 or more, got {collector.connections}")
    if collector.public_url and not re.fullmatch(r"https?://[^/?#\s]+", collector.public_url):
        raise SettingsError(
            f'{where}: collector.public_url: expected one such as "https://events.example.org", '
            f"got {collector.public_url!r}"
        )
    for name, hook in collector.hooks.items():
        if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
            raise SettingsError(
                f"{where}: collector.hooks: expected a name of letters, digits, . _ and -, got {name!r}"
            )
        if hook.time_zone and hook.time_zone not in available_timezones():
            raise SettingsError(
                f'{where}: collector.hooks.{name}.time_zone: expected one such as "Europe/Berlin", '
                f"got {hook.time_zone!r}"
            )
    return settings


def _check_staffing(settings: Settings, where: str) -> None:
    """Raises ``SettingsError`` that names the key and the value."""
    queues = {"queue": settings.queue} | {f"queues.{name}": queue for name, queue in settings.queues.items()}
    for name, queue in queues.items():
        for key, holds, wanted in (
            ("service_level", 0 < queue.service_level < 1, "a share between 0 and 1"),
            ("abandonment", 0 < queue.abandonment <= 1, "a share above 0 and up to 1"),
            ("occupancy", 0 < queue.occupancy <= 1, "a share above 0 and up to 1"),
            ("shrinkage", 0 <= queue.shrinkage < 1, "a share from 0 to below 1"),
            ("due", queue.due > 0, "a duration above 0"),
        ):
            if not holds:
                raise SettingsError(f"{where}: {name}.{key}: expected {wanted}, got {getattr(queue, key):g}")
    staffing = settings.staffing
    for key, holds, wanted in (
        ("horizon", 3600 <= staffing.horizon <= 92 * 86_400, "1h to 92d"),
        ("every", 1 <= staffing.every <= 900, "1s to 15m"),
        ("minimum_gain", staffing.minimum_gain >= 0, "0 or more contacts"),
        ("move_time", staffing.move_time >= settings.times.interval, "an interval (times.interval) or more"),
    ):
        if not holds:
            raise SettingsError(f"{where}: staffing.{key}: expected {wanted}, got {getattr(staffing, key):g}")


def _check_calendar(settings: Settings) -> None:
    """Raises ``ValueError`` that names the key and the value."""
    known = settings.hours
    named = {"calendar": settings.calendar.site, "queue": settings.queue.site}
    named |= {f"queues.{name}": queue.site for name, queue in settings.queues.items()}
    for key, site in named.items():
        if site and site not in known:
            raise ValueError(f"{key}.site: expected one of sites ({', '.join(known) or 'none'}), got {site!r}")
    if settings.calendar.working_time and not any(named.values()):
        measured = ", ".join(settings.calendar.working_time)
        raise ValueError(
            f"calendar.working_time: expected a site whose hours count, in calendar or queues, for {measured}"
        )


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
