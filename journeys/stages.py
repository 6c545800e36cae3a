"""Stages of a journey, from discovery to advocacy (M2): rules as data say in which one a touchpoint is.

The names are those of the customer's life cycle that marketing and service share (awareness and consideration before,
purchase, then onboarding, use, service, loyalty and advocacy after: Lemon and Verhoef, "Understanding Customer
Experience Throughout the Customer Journey", Journal of Marketing 80(6), 2016). The list is open, and the rules below
are ours: a centre's own come before them, or take their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from operator import itemgetter
from typing import Annotated, Any, TypeAlias

import msgspec

from journeys.calendar import Hours, working_s
from journeys.touchpoint import Touchpoint

STAGES = ("discovery", "evaluation", "purchase", "onboarding", "use", "service", "retention", "advocacy")
UNKNOWN = "unknown"
"""What no rule matches."""

MOST_REMEMBERED = 16_384
LONGEST = 255
"""So much of a page or a topic is looked at."""

Path: TypeAlias = tuple[tuple[str, int], ...]
"""Stages, each with when it was entered (ms); two of one after another are one."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A touchpoint that matches all of these is in ``stage``. Values are names or globs, in any case."""

    stage: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
    channel: str = "*"
    type: str = "*"
    page: str = "*"
    topic: str = "*"
    intent: str = "*"
    """The touchpoint's own, else the one of its contact."""
    order_state: str = "*"
    score: str = "*"
    """"high" or "low", of what a survey or a review gave (`score_of`)."""


RULES = (
    Rule(channel="ad", stage="discovery"),
    Rule(channel="review", score="low", stage="service"),
    Rule(channel="review", stage="advocacy"),
    Rule(channel="survey", score="high", stage="advocacy"),
    Rule(order_state="cart*", stage="evaluation"),
    Rule(order_state="quot*", stage="evaluation"),
    Rule(order_state="return*", stage="service"),
    Rule(order_state="refund*", stage="service"),
    Rule(order_state="?*", stage="purchase"),
    Rule(intent="cancel*", stage="retention"),
    Rule(intent="churn*", stage="retention"),
    Rule(intent="retention", stage="retention"),
    Rule(page="*cancel*", stage="retention"),
    Rule(topic="*cancel*", stage="retention"),
    Rule(intent="onboarding", stage="onboarding"),
    Rule(intent="activation", stage="onboarding"),
    Rule(page="*onboarding*", stage="onboarding"),
    Rule(page="*getting[-_]started*", stage="onboarding"),
    Rule(topic="*onboarding*", stage="onboarding"),
    Rule(page="*checkout*", stage="purchase"),
    Rule(page="*pricing*", stage="evaluation"),
    Rule(page="*product*", stage="evaluation"),
    Rule(page="*compare*", stage="evaluation"),
    Rule(page="*cart*", stage="evaluation"),
    Rule(intent="quote", stage="evaluation"),
    Rule(intent="sales", stage="evaluation"),
    Rule(intent="order", channel="web", stage="evaluation"),
    Rule(intent="order", channel="app", stage="evaluation"),
    Rule(intent="order", stage="purchase"),
    Rule(page="*blog*", stage="discovery"),
    Rule(page="*campaign*", stage="discovery"),
    Rule(page="/", stage="discovery"),
    Rule(channel="web", intent="?*", stage="use"),
    Rule(channel="web", type="article_viewed", stage="use"),
    Rule(channel="web", type="searched", stage="use"),
    Rule(channel="web", page="*help*", stage="use"),
    Rule(channel="web", page="*faq*", stage="use"),
    Rule(channel="web", page="*account*", stage="use"),
    Rule(channel="web", type="signed_in", stage="use"),
    Rule(channel="app", stage="use"),
    Rule(channel="store", intent="?*", stage="service"),
    *(
        Rule(channel=channel, stage="service")
        for channel in ("ivr", "voice", "chat", "email", "sms", "social", "messenger", "survey")
    ),
)
"""What holds unless the settings say otherwise; the first that matches decides.

Who helps himself on the web or in the app uses the product; who turns to people, or to the menu before them, is in
service. An order is evaluated until its state, or somebody of ours, says more."""

_HIGH = {"csat": 4.0, "nps": 9.0, "ces": 6.0}
"""From here a score is high: satisfied (4 and 5 of 5), a promoter (9 and 10 of 10), and 6 and 7 of 7."""


_ENTERED_AT = itemgetter(1)
_FIELDS = ("channel", "type", "intent", "page", "topic", "order_state", "score")
"""Of a rule, in the order in which they are looked up."""
_LOOKED_AT = frozenset({"page", "topic", "order_state", *_HIGH})


class StageMap:
    """The rules, compiled once; what was looked up is remembered."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(_conditions(rule), rule.stage) for rule in rules]
        self._known: dict[tuple[str, ...], str] = {}

    def path(self, touchpoints: Sequence[Touchpoint], intent: str) -> Path:
        """The way of a contact about ``intent`` through the stages, its touchpoints in their order."""
        found = []
        current = ""
        known = self._known
        nothing = _LOOKED_AT.isdisjoint
        for touchpoint in touchpoints:
            attributes = touchpoint.attributes
            key: tuple[str, ...] = touchpoint.channel, touchpoint.type, touchpoint.intent or intent
            if attributes and not nothing(attributes):
                key += _looked_at(attributes)
            stage = known.get(key) or self._find(key)
            if stage != current:
                found.append((stage, touchpoint.at))
                current = stage
        return tuple(found)

    def of(self, touchpoint: Touchpoint, intent: str) -> str:
        """The stage that ``touchpoint``, of a contact about ``intent``, is in."""
        return self.path([touchpoint], intent)[0][0]

    def _find(self, key: tuple[str, ...]) -> str:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        values = key if len(key) == len(_FIELDS) else (*key, "", "", "", "")
        stage = self._known[key] = self._first(values)
        return stage

    def _first(self, values: tuple[str, ...]) -> str:
        for conditions, stage in self._rules:
            if all(matches(values[place]) for place, matches in conditions):
                return stage
        return UNKNOWN


def seconds(path: Path, until: int, hours: Hours | None = None) -> tuple[float, ...]:
    """How long each stage of ``path`` lasted: until the next one, the last until ``until`` (ms). Of ``hours``, if
    given, only the time in them counts."""
    if not path:
        return ()
    entered = [at for _, at in path]
    spans = zip(entered, [*entered[1:], until], strict=True)
    return tuple(max(0.0, working_s(hours, start, end)) for start, end in spans)


def joined(paths: Sequence[Path]) -> Path:
    """One path of several, in the order of the times at which stages were entered; at the same time the paths' own."""
    if len(paths) == 1:
        return paths[0]
    steps = [step for path in paths for step in path]
    steps.sort(key=_ENTERED_AT)
    found = []
    current = ""
    for step in steps:
        if step[0] != current:
            found.append(step)
            current = step[0]
    return tuple(found)


def score_of(attributes: dict[str, Any]) -> str:
    """ "high" or "low", as the first of csat, nps and ces that is a number has it; else nothing."""
    for name, high in _HIGH.items():
        value = attributes.get(name)
        if isinstance(value, (int, float)):
            return "high" if value >= high else "low"
    return ""


def _looked_at(attributes: dict[str, Any]) -> tuple[str, ...]:
    given = attributes.get
    page, topic, state = given("page", ""), given("topic", ""), given("order_state", "")
    return str(page)[:LONGEST], str(topic)[:LONGEST], str(state)[:LONGEST], score_of(attributes)


def _conditions(rule: Rule) -> list[tuple[int, Any]]:
    """The place among the values that are looked up, and what must match there; nothing for what may be anything."""
    globs = ((place, getattr(rule, field)) for place, field in enumerate(_FIELDS))
    return [(place, re.compile(translate(glob), re.IGNORECASE).match) for place, glob in globs if glob != "*"]
