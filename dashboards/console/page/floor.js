// The live floor: what to do now, the figures of the whole centre, and each queue.
import { html } from "./html.js";
import { area, curveMonotoneX, line } from "d3-shape";
import { Card, Figures, Status, Tile } from "./parts.js";
import { capital, clock, count, lasted, percent, plural, tenth, waited, words } from "./format.js";
import { useNow } from "./live.js";

const MATTERS = 0.5; // agents; what is less is no agent
const NAMES = { available: "free", busy: "busy", after_contact_work: "wrap-up", away: "away" };

const title = (one) => (one.queue ? capital(words(one.queue)) : "Without a queue");
const named = (one) => (words(one.queue).includes(one.channel) ? title(one) : `${title(one)} (${one.channel})`);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const present = (queue) => sum(Object.entries(queue.agents).filter(([state]) => state !== "away").map(([, value]) => value));
const shortNow = (queue) => Math.max(0, queue.ahead[0]?.gap ?? 0);
const shortSoon = (queue) => Math.max(0, ...queue.ahead.slice(1, 3).map((one) => one?.gap ?? 0));

export function stateOf(queue) {
  const missed = queue.service_level !== null && queue.target !== null && queue.service_level < queue.target;
  if (shortNow(queue) >= MATTERS) return ["bad", "Short of staff"];
  if (shortSoon(queue) >= MATTERS) return ["warn", "Short soon"];
  if (missed) return ["warn", "Below target"];
  if (!queue.waiting && !queue.connected && !queue.offered) return ["idle", "Quiet"];
  if (!queue.queue) return ["idle", "Running"];
  return ["good", queue.target === null ? "Running" : "On target"];
}

const URGENCY = { bad: 0, warn: 1, good: 2, idle: 3 };
const urgency = (queue) => [URGENCY[stateOf(queue)[0]], -shortNow(queue) - shortSoon(queue), -queue.waiting];
function mostUrgentFirst(left, right) {
  const [one, other] = [urgency(left), urgency(right)];
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || named(left).localeCompare(named(right));
}

/** By "queue|channel", the intervals of the last hours. */
function histories(day) {
  const found = {};
  for (const row of day?.data ?? []) (found[`${row.queue}|${row.channel}`] ??= []).push(row);
  return found;
}

export function Floor({ floor, day, totals }) {
  const data = floor?.data;
  const queues = data ? [...data.queues].sort(mostUrgentFirst) : [];
  const past = histories(day);
  return html`<${Card} id="floor" title="Live floor" shown=${[floor]} late=${10}
      about=${data && !data.ready ? "The exporter is still reading what happened before its start." : ""}>
    ${data && html`<${Headline} queues=${queues} moves=${data.moves} />
      <${Overall} data=${data} day=${day} totals=${totals} />
      ${data.moves.length > 0 && html`<${Moves} moves=${data.moves} />`}
      <${Queues} data=${data} queues=${queues} past=${past} />
      <${Figures} caption="Need and agents by quarter of an hour" columns=${["Queue", "Interval", "Expected", "Of ten, eight lie in", "From open journeys", "Agents needed", "Agents there", "Short"]}
        rows=${queues.flatMap((queue) => queue.ahead.map((one, ahead) => one && [named(queue), ahead ? `in ${15 * ahead} min` : "now",
          tenth(one.expected ?? 0), `${tenth(one.low ?? 0)} to ${tenth(one.high ?? 0)}`, tenth(one.from_journeys ?? 0),
          tenth(one.required ?? 0), tenth(one.available ?? 0), tenth(Math.max(0, one.gap))]).filter(Boolean))} />
      <${Figures} caption="Service level by quarter of an hour, last 8 hours" columns=${["Queue", "From", "Came", "Answered", "Abandoned", "In time"]}
        rows=${(day?.data ?? []).map((row) => [named(row), clock(Date.parse(row.starts_at) / 1000), count(row.entered), count(row.answered), count(row.abandoned),
          row.counted ? percent(row.within / row.counted) : "–"])} />`}
  <//>`;
}

/** What a manager would be told by a colleague, in a sentence or two. */
function Headline({ queues, moves }) {
  const short = queues.filter((queue) => shortNow(queue) >= MATTERS);
  const soon = queues.filter((queue) => shortNow(queue) < MATTERS && shortSoon(queue) >= MATTERS);
  const first = moves[0];
  const lines = [];
  if (short.length) lines.push(`${named(short[0])} is ${plural(Math.round(shortNow(short[0])) || 1, "agent", "agents")} short${short.length > 1 ? `, and ${plural(short.length - 1, "more queue is", "more queues are")} short of staff` : ""}.`);
  else if (soon.length) lines.push(`${named(soon[0])} will be short of staff within half an hour.`);
  else if (queues.length) lines.push("Every queue has the staff that it needs.");
  const below = queues.filter((queue) => stateOf(queue)[1] === "Below target");
  if (!short.length && !soon.length && below.length) lines.push(`${named(below[0])}${below.length > 1 ? ` and ${plural(below.length - 1, "other", "others")} miss their targets` : " misses its target"} this quarter of an hour.`);
  if (first) lines.push(`Move ${plural(first.agents, "agent", "agents")} from ${named(first.giver)} to ${named(first.taker)} before ${clock(first.deadline)}.`);
  else if (short.length) lines.push("No move is recommended now.");
  return html`<p class="headline" role="status">${lines.join(" ")}</p>`;
}

function Overall({ data, day, totals }) {
  const now = useNow();
  const centre = data.live ? now : data.as_of;
  const waiting = sum(data.queues.map((queue) => queue.waiting));
  const since = data.queues.map((queue) => queue.waiting_since).filter((at) => at !== null);
  const short = sum(data.queues.map(shortNow));
  const soon = sum(data.queues.map(shortSoon));
  const within = sum((day?.data ?? []).map((row) => row.within));
  const counted = sum((day?.data ?? []).map((row) => row.counted));
  const open = sum(Object.values(data.open_journeys));
  return html`<dl class="tiles">
    <${Tile} name="Waiting now" value=${html`<span data-value="waiting">${count(waiting)}</span>`}>
      ${since.length ? `longest ${waited(centre - Math.min(...since))}` : "nobody waits"}<//>
    <${Tile} name="Answered in time" value=${counted ? percent(within / counted) : "–"}>
      ${counted ? `of ${count(counted)} in the last 8 h` : "nobody yet"}<//>
    <${Tile} name="Agents short" value=${tenth(short)} kind=${short >= MATTERS ? "bad" : ""}>
      ${soon >= MATTERS ? `${tenth(soon)} within half an hour` : "none within half an hour"}<//>
    <${Tile} name="Open journeys" value=${html`<span data-value="open-journeys">${count(open)}</span>`}>
      ${totals?.data?.[0] ? `${count(totals.data[0].contacts)} contacts by ${clock(totals.read_at)}` : "of all intents"}<//>
  </dl>`;
}

function Moves({ moves }) {
  return html`<section class="moves" aria-label="Recommended moves">
    ${moves.map((move) => html`<article class="move">
      <h3><${Status} kind="info">Move<//> ${plural(move.agents, "agent", "agents")} from ${named(move.giver)} to ${named(move.taker)}</h3>
      <p>${move.cause && `${capital(words(move.cause))}. `}Until ${clock(move.until)}; helps if it is done before <strong>${clock(move.deadline)}</strong>.</p>
      <dl class="sides">
        ${[move.taker, move.giver].map((side) => html`<div><dt>${named(side)}</dt>
          <dd>${level(side.without)} <span aria-hidden="true">→</span><span class="hidden"> becomes </span> <strong>${level(side.with)}</strong></dd></div>`)}
        <div><dt>Answered in time</dt><dd><strong>+${tenth(move.gain)}</strong> contacts</dd></div>
      </dl>
    </article>`)}
  </section>`;
}

const level = (share) => (share === null ? "–" : percent(share));

function Queues({ data, queues, past }) {
  const now = useNow();
  const centre = data.live ? now : data.as_of;
  return html`<table class="queues">
    <caption class="hidden">Queues, those that need most first</caption>
    <thead><tr><th scope="col">Queue</th><th scope="col">State</th><th scope="col" class="num">Waiting</th><th scope="col" class="num">Longest</th>
      <th scope="col">In time, this quarter-hour</th><th scope="col">Last 8 h</th><th scope="col" class="num">Agents</th><th scope="col">Short, now and next hour</th></tr></thead>
    <tbody>${queues.map((queue) => html`<${Row} key=${`${queue.queue}|${queue.channel}`} queue=${queue} centre=${centre} history=${past[`${queue.queue}|${queue.channel}`]} />`)}
    ${!queues.length && html`<tr><td colspan="8" class="empty">No contact has come to a queue yet.</td></tr>`}</tbody>
  </table>`;
}

function Row({ queue, centre, history }) {
  const [kind, word] = stateOf(queue);
  const needed = queue.ahead[0]?.required;
  const staff = Object.entries(queue.agents).filter(([, value]) => value >= 0.05).map(([state, value]) => `${tenth(value)} ${NAMES[state] ?? words(state)}`);
  return html`<tr data-queue=${queue.queue} data-channel=${queue.channel} class=${kind}>
    <th scope="row"><span class="name">${title(queue)}</span><span class="dim">${queue.channel}${queue.site && `, ${queue.site}`}</span></th>
    <td data-label="State"><${Status} kind=${kind}>${word}<//>${queue.cause && kind !== "good" && kind !== "idle" && html`<span class="dim cause">${words(queue.cause)}</span>`}</td>
    <td class="num" data-label="Waiting"><span class="big" data-value="waiting">${count(queue.waiting)}</span></td>
    <td class="num" data-label="Longest" data-value="longest">${queue.waiting_since === null ? html`<span class="dim">–</span>` : waited(centre - queue.waiting_since)}</td>
    <td data-label="In time"><${Level} queue=${queue} /></td>
    <td data-label="Last 8 h"><${Sparkline} history=${history} target=${queue.target} name=${named(queue)} /></td>
    <td class="num" data-label="Agents" title=${staff.join(", ")}>${needed === undefined && !Object.keys(queue.agents).length ? html`<span class="dim">–</span>` : html`<span class="big">${tenth(queue.ahead[0]?.available ?? present(queue))}</span>`}${needed !== undefined && html`<span class="dim"> of ${tenth(needed)} needed</span>`}</td>
    <td data-label="Short"><${Gaps} queue=${queue} /></td>
  </tr>`;
}

function Level({ queue }) {
  if (queue.service_level === null) return html`<span class="dim">${queue.service_level_15m === null ? "nobody yet" : `${percent(queue.service_level_15m)} in the last 15 min`}</span>`;
  const [share, target] = [queue.service_level, queue.target];
  return html`<div class="level"><span class="big" data-value="service-level">${percent(share)}</span>
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" class=${target !== null && share < target ? "below" : "met"}>
      <rect class="track" width="100" height="8" rx="2" /><rect class="fill" width=${100 * share} height="8" rx="2" />
      ${target !== null && html`<rect class="mark" x=${100 * target - 0.7} y="0" width="1.4" height="8" />`}</svg>
    ${target !== null && html`<span class="dim">target ${percent(target)}${queue.target_s !== null ? ` in ${lasted(queue.target_s)}` : ""}</span>`}</div>`;
}

/** Service level by quarter of an hour, with the target as a line. */
function Sparkline({ history, target, name }) {
  const points = (history ?? []).map((row) => [Date.parse(row.starts_at), row.counted ? row.within / row.counted : null]);
  const known = points.filter(([, share]) => share !== null);
  if (known.length < 2) return html`<span class="dim">–</span>`;
  const [from, to] = [points[0][0], points[points.length - 1][0]];
  const x = ([at]) => (118 * (at - from)) / (to - from || 1) + 1;
  const y = ([, share]) => 26 - 24 * share;
  const defined = ([, share]) => share !== null;
  const told = `${name}: answered in time by quarter of an hour, ${percent(known[0][1])} at first, ${percent(known[known.length - 1][1])} at last, ${percent(Math.min(...known.map(([, share]) => share)))} at the lowest`;
  return html`<svg class="sparkline" viewBox="0 0 120 28" role="img" aria-label=${told}>
    <path class="under" d=${area().defined(defined).x(x).y0(28).y1(y).curve(curveMonotoneX)(points)} />
    ${target !== null && html`<line class="target" x1="0" x2="120" y1=${26 - 24 * target} y2=${26 - 24 * target} />`}
    <path class="over" d=${line().defined(defined).x(x).y(y).curve(curveMonotoneX)(points)} />
  </svg>`;
}

/** Agents missing now and in the next four intervals: bars, with the greatest as a number. */
function Gaps({ queue }) {
  const gaps = queue.ahead.map((one) => (one ? Math.max(0, one.gap) : 0));
  if (!gaps.length) return html`<span class="dim">–</span>`;
  const most = Math.max(...gaps);
  if (most < 0.05) return html`<span class="dim" data-value="gap">none</span>`;
  const scale = Math.max(most, 4);
  const told = gaps.map((gap, ahead) => `${tenth(gap)} ${ahead ? `in ${15 * ahead} min` : "now"}`).join(", ");
  return html`<div class="gaps"><span class="big" data-value="gap">${tenth(gaps[0])}</span>
    <svg viewBox="0 0 ${gaps.length * 14} 28" role="img" aria-label="Agents short: ${told}"><title>${told}</title>
      ${gaps.map((gap, ahead) => html`<rect class=${gap >= MATTERS ? "bad" : "track"} x=${ahead * 14 + 1} width="11" rx="1.5"
        y=${28 - Math.max(1.5, (26 * gap) / scale)} height=${Math.max(1.5, (26 * gap) / scale)} />`)}</svg>
    <span class="dim">${most > gaps[0] + 0.05 ? `up to ${tenth(most)}` : ""}</span></div>`;
}
