"""Figures of queues and of agents, by interval."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, takewhile

from journeys import queue
from journeys.agents import AgentEvent
from journeys.contact import QueueVisit
from journeys.repeats import DAY
from journeys.service import Service
from journeys.settings import Settings
from journeys.workload import AgentInterval


def intervals(visits: Iterable[QueueVisit], settings: Settings) -> dict[tuple[str, str, int], queue.QueueInterval]:
    own: dict[tuple[str, str, int], list[QueueVisit]] = defaultdict(list)
    for visit in visits:
        own[queue.interval_of(visit, settings)].append(visit)
    interval_s = round(settings.times.interval)
    return {key: queue.figures(*key, interval_s, those) for key, those in own.items()}


def agent_intervals(
    told: list[AgentEvent], served: list[Service], settings: Settings
) -> dict[tuple[str, int], AgentInterval]:
    """By agent and interval: every moment at which something begins or ends cuts time, and each piece is looked at."""
    found: dict[tuple[str, int], AgentInterval] = {}
    for agent in {event.agent for event in told} | {service.agent for service in served}:
        states = {event.id: event for event in told if event.agent == agent and event.type == "agent_state_changed"}
        own = [service for service in served if service.agent == agent]
        if states or own:
            found.update(((agent, row.starts_at), row) for row in _agent(agent, list(states.values()), own, settings))
    return found


def _agent(agent: str, states: list[AgentEvent], served: list[Service], settings: Settings) -> Iterator[AgentInterval]:
    longest, length = settings.agents.longest.ms, settings.times.interval.ms

    def over(service: Service) -> int | None:
        """When it ended, a forgotten one after the longest time; none while it runs."""
        return None if service.ended_at is None else min(service.ended_at, service.connected_at + longest)

    newest = max(
        [event.at for event in states]
        + [service.connected_at for service in served]
        + [end for service in served if (end := over(service)) is not None]
    )

    def in_hand(service: Service) -> tuple[int, int, int]:
        """From when to when, and since when in wrap-up."""
        start, end = service.connected_at, over(service)
        if end is None:
            last = max(start, min(newest, start + longest, service.times_out_at))
            return start, last, last
        return start, min(end + round(service.wrap_s * 1000), start + longest), end

    def lasted(event: AgentEvent) -> tuple[int, int]:
        later = [other.at for other in states if (other.at, other.id) > (event.at, event.id)]
        return event.at, min(min(later, default=newest), event.at + longest)

    begun_or_ended = {at for service in served for at in in_hand(service)} | {at for e in states for at in lasted(e)}
    lasting = [in_hand(service)[:2] for service in served] + [lasted(event) for event in states]
    for starts_at in sorted({at for one, two in lasting for at in range(one // length * length, two + 1, length)}):
        ends_at = starts_at + length
        staffed = available = busy = acw = slot = load = 0
        last: AgentEvent | None = None
        cuts = sorted({starts_at, ends_at} | {at for at in begun_or_ended if starts_at < at < ends_at})
        for one, two in pairwise(cuts):
            mine = [service for service in served if in_hand(service)[0] <= one < in_hand(service)[1]]
            wrapping = [service for service in mine if in_hand(service)[2] <= one]
            state = next((event for event in states if lasted(event)[0] <= one < lasted(event)[1]), None)
            last = state or last
            name = state.state if state else "offline"
            slots = settings.agents.slots | (state.slots if state else {})
            working = bool(mine) or name in ("on_contact", "busy", "after_contact_work")
            by_channel = Counter(service.channel for service in mine)
            parts = [number * 720_720 // max(1, slots.get(channel, 1)) for channel, number in by_channel.items()]
            staffed += (name != "offline") * (two - one)
            available += (name == "available" and not working) * (two - one)
            busy += working * (two - one)
            acw += (bool(wrapping) or name == "after_contact_work") * (two - one)
            slot += working * max(1, len(mine)) * (two - one)
            load += working * (min(720_720, sum(parts)) if mine else 720_720) * (two - one)
        got = [service for service in served if starts_at <= service.connected_at < ends_at]
        run = _hard_run(served, over, starts_at, ends_at)
        if not (staffed or busy or got or run):
            continue
        channels = sorted({service.channel for service in got})
        yield AgentInterval(
            agent,
            starts_at,
            length // 1000,
            team=last.team if last else "",
            site=last.site if last else "",
            name=last.name if last and settings.agents.names else "",
            channels=tuple(channels),
            by_channel=tuple(len([service for service in got if service.channel == channel]) for channel in channels),
            handled=len([service for service in got if service.ended_at is not None]),
            talk_s=sum(round(service.talk_s * 1000) for service in got) / 1000,
            hold_s=sum(round(service.hold_s * 1000) for service in got) / 1000,
            wrap_s=sum(round(service.wrap_s * 1000) for service in got) / 1000,
            holds=sum(service.holds or (1 if service.hold_s else 0) for service in got),
            transfers_in=len([service for service in got if service.transferred_in]),
            transfers_out=len([service for service in got if service.transferred_out]),
            escalations=len([service for service in got if service.escalated]),
            conferences=len([service for service in got if service.conferenced]),
            resolved=len([service for service in got if service.resolved]),
            hard=len([service for service in got if service.hard]),
            hard_run=run,
            staffed_s=staffed / 1000,
            available_s=available / 1000,
            busy_s=busy / 1000,
            acw_s=acw / 1000,
            slot_s=slot / 1000,
            load_s=load / 720_720_000,
        )


def _hard_run(served: list[Service], over: Callable[[Service], int | None], starts_at: int, ends_at: int) -> int:
    """The longest row of hard ones, of those that ended on this day (UTC), whose last one ended in the interval."""
    day = starts_at // DAY
    ended = [(end, one.service_id, one.hard) for one in served if (end := over(one)) is not None and end // DAY == day]
    ended.sort()
    longest = 0
    for number, (end, _, _) in enumerate(ended):
        if starts_at <= end < ends_at:
            run = list(takewhile(bool, (hard for _, _, hard in reversed(ended[: number + 1]))))
            longest = max(longest, len(run))
    return longest
