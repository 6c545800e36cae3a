"""A journey in words: what it was like as a whole, and what happened in each of its contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rich.table import Table

from touchpath.terminal import plain

if TYPE_CHECKING:
    from touchpath.customer_journeys import Answer, Drop, Mark, Mood, Next, Part, Stay, Step, Story

    Contacts = Mapping[str, Step]
    """The customer's, by id."""

_NAMES = {
    "ivr_opt_out": "opt-out of the menu",
    "ivr_dead_end": "dead end in the menu",
    "failed_search": "search without hits",
    "self_service_failed": "failed self-service",
    "reopened": "reopening",
}
_PLURALS = {
    "ivr_opt_out": "opt-outs of the menu",
    "ivr_dead_end": "dead ends in the menu",
    "failed_search": "searches without hits",
    "self_service_failed": "failed self-service",
}
"""Kinds of friction whose names, spelt out, are no plain words."""
_HAPPENED = {
    "escalation": "escalated",
    "ivr_opt_out": "asked for a human",
    "containment_failure": "left self-service",
    "reopened": "about what was resolved before",
}
_TOLD_OTHERWISE = frozenset({"abandonment", "self_service_failed", "repeat", "transfer"})
"""By the outcome, by marks, and with who passed it on."""
_VISITS = {"voice": "call"}


def heading(story: Story) -> str:
    contacts = counted(len(story.contacts), "contact", "contacts")
    switches = counted(story.switches, "switch", "switches")
    repeats = counted(story.repeats, "repeat", "repeats")
    when = f"{story.opened_at:%Y-%m-%d} to {story.last_at:%Y-%m-%d}"
    return f"{story.intent}, {story.state}, {when}: {contacts}, {switches}, {repeats}"


def counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def account(story: Story, contacts: Contacts) -> Table:
    """What the journey was like, a line for each thing that can be said of it."""
    table = _table(2)
    for name, text in said(story, contacts):
        table.add_row(plain(f"  {name}", "dim"), plain(text))
    return table


def timeline(story: Story, contacts: Contacts) -> Table:
    table = _table(3)
    for step in story.contacts:
        channel = step.channel if step.direction == "inbound" else f"{step.channel}, outbound"
        when = plain(f"  {step.started_at:%Y-%m-%d %H:%M}", "dim")
        table.add_row(when, plain(channel), plain(happened(step, contacts)))
    return table


def _table(columns: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(columns - 1):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def said(story: Story, contacts: Contacts) -> Iterator[tuple[str, str]]:
    """What can be said of the journey: a name, which is empty where the one before goes on, and a line."""
    if story.stages:
        yield "stages", _way(story.stages) + (f"; dropped off in {story.drop_off}" if story.drop_off else "")
    yield "effort", _effort(story.effort, story.effort_parts)
    if story.mood is not None:
        yield "sounded", "; ".join([_mood(story.mood), *(_fell(drop, contacts) for drop in story.mood.drops)])
    if story.answers:
        yield "answered", "; ".join(_answer(one, contacts) for one in story.answers)
    if story.next is not None:
        yield "next", _next(story.next)
        yield from (("because" if not number else "", reason) for number, reason in enumerate(story.next.reasons))


def _way(stages: Iterable[Stay]) -> str:
    return " → ".join(f"{stay.stage} {lasted(stay.seconds)}" for stay in stages)


def _effort(score: float, parts: Iterable[Part]) -> str:
    points: dict[str, float] = defaultdict(float)
    times: dict[str, int] = defaultdict(int)
    for part in parts:
        points[part.kind] += part.points
        times[part.kind] += part.times
    most_first = sorted(points, key=lambda kind: (-points[kind], kind))
    told = ", ".join(f"{_named(kind, times[kind])} {points[kind]:g}" for kind in most_first)
    total = sum(points.values())
    of = f" ({total:g} points)" if total > score else ""
    return f"{score:g} of 100{of}" + (f": {told}" if told else "")


def _named(kind: str, times: int) -> str:
    name = _NAMES.get(kind, kind.replace("_", " "))
    return name if times == 1 else f"{times:,} {_PLURALS.get(kind, name + 's')}"


def _mood(mood: Mood) -> str:
    text = f"{mood.first:+.1f} at first, {mood.last:+.1f} at last"
    return text if mood.low in (mood.first, mood.last) else f"{text}, {mood.low:+.1f} at the lowest"


def _fell(drop: Drop, contacts: Contacts) -> str:
    return f"fell suddenly from {drop.before:+.1f} to {drop.after:+.1f} in {_contact(drop.contact_id, '', contacts)}"


def _contact(contact_id: str, channel: str, contacts: Contacts) -> str:
    """A contact by its channel and its time; by what is known of it if it is another customer's."""
    if step := contacts.get(contact_id):
        return f"the {_VISITS.get(step.channel, step.channel)} of {step.started_at:%Y-%m-%d %H:%M}"
    return f"another customer's {_VISITS.get(channel, channel)}" if channel else "an unknown contact"


def _answer(answer: Answer, contacts: Contacts) -> str:
    about = f" about {_contact(answer.contact_id, answer.channel, contacts)}" if answer.contact_id else ""
    return f"{answer.kind} {answer.score:g}{about}"


def _next(foreseen: Next) -> str:
    horizons = (("15 min", foreseen.p_15m), ("1 h", foreseen.p_1h), ("1 d", foreseen.p_1d))
    likely = [(f"{100 * p:.0f} %", within) for within, p in horizons if p is not None]
    text = ", ".join(f"{p} {'' if number else 'again '}within {within}" for number, (p, within) in enumerate(likely))
    if foreseen.channel:
        text += f"{'; ' if text else ''}most likely by {foreseen.channel} ({100 * foreseen.share:.0f} %)"
    return text


def happened(step: Step, contacts: Contacts) -> str:
    """What became of the contact, what it is to earlier ones, what went wrong, and how the customer took it."""
    told = [_outcome(step), *map(_marked, step.marks), *_friction(step)]
    if step.mood is not None:
        told.append(f"sounded {_mood(step.mood)}" + (", fell suddenly" if step.mood.drops else ""))
    told += [_answer(answer, contacts) for answer in step.answers]
    return "; ".join(filter(None, told))


def _outcome(step: Step) -> str:
    if step.outcome == "open" and not step.queue:
        return "" if step.answers else "sent" if step.direction == "outbound" else step.resolution or "open"
    queues = " → ".join(step.queues) or step.queue
    text = f"{queues}: " if queues else ""
    if step.outcome == "answered":
        text += f"answered by {', '.join(step.agents)}" if step.agents else "answered"
    else:
        text += step.outcome.replace("_", "-" if step.outcome == "self_service" else " ")
    if step.queue or step.wait_s:
        text += f" after {lasted(step.wait_s)}" if step.wait_s else " at once"
    if step.resolved_by:
        text += ", who resolved it" if step.agents == (step.resolved_by,) else f", resolved by {step.resolved_by}"
    elif step.resolution:
        text += f", {step.resolution}"
    return text


def _marked(mark: Mark) -> str:
    if mark.mark == "switch":
        return f"switch from {mark.of_channel} ({mark.cause.replace('_', ' ')})"
    if mark.mark == "called_back":
        return "called back after an abandonment"
    if mark.mark == "redial":
        return "redial after an abandonment"
    return f"repeat of {mark.of_channel}" if mark.of_channel else "repeat"


def _friction(step: Step) -> Iterator[str]:
    times: dict[str, int] = defaultdict(int)
    for felt in step.friction:
        times[felt.kind] += felt.times
    if "transfer" in times or step.passed_on:
        often = f" {times['transfer']} times" if times["transfer"] > 1 else ""
        yield f"transferred{often}" + (f", passed on by {', '.join(step.passed_on)}" if step.passed_on else "")
    for kind, count in times.items():
        if kind in _TOLD_OTHERWISE:
            continue
        if kind == "failed_article":
            yield f"failed {'article' if len(step.articles) == 1 else 'articles'} {', '.join(step.articles)}"
        elif kind == "ivr_dead_end":
            yield f"dead end in the menu at {step.nodes[-1]}" if step.nodes else _named(kind, count)
        elif kind in _HAPPENED and count == 1:
            yield _HAPPENED[kind]
        else:
            yield _named(kind, count)


def lasted(seconds: float) -> str:
    """So long, in the unit in which it is a small number."""
    for unit, length, below in (("s", 1, 100), ("min", 60, 100 * 60), ("h", 3600, 48 * 3600)):
        if seconds < below:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
