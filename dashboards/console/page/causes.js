// What repeats, switches and escalations come from, the worst first.
import { html } from "./html.js";
import { useState } from "preact/hooks";
import { Card, Choice, Figures, Status } from "./parts.js";
import { capital, count, percent, plural, tenth, words } from "./format.js";

const EVENTS = { repeat: "Repeats", switch: "Switches", escalation: "Escalations", transfer: "Transfers", failure: "Failures" };
const HAPPENED = { repeat: "came back", switch: "switched", escalation: "were escalated", transfer: "were transferred", failure: "failed" };
const DIMENSIONS = { first_channel: "first channel", node: "menu node", transfer_path: "transfer path" };
const SHOWN = 6;

const named = (row) => `${capital(DIMENSIONS[row.dimension] ?? words(row.dimension))} ${row.cause}`;

export function Causes({ causes }) {
  const [event, choose] = useState("all");
  const rows = causes?.data ?? [];
  const there = Object.keys(EVENTS).filter((one) => rows.some((row) => row.event === one));
  const chosen = there.includes(event) ? event : "all";
  const mine = rows.filter((row) => chosen === "all" || row.event === chosen);
  const beyond = mine.filter((row) => row.significant);
  const shown = (beyond.length ? beyond : mine).slice(0, SHOWN);
  return html`<${Card} id="causes" title="Root causes" shown=${[causes]}
      about=${rows.length ? `What came before it went wrong, on ${String(rows[0].day).slice(0, 10)} (UTC).` : ""}
      tools=${there.length > 1 && html`<${Choice} name="event" label="Which events" value=${chosen} onChange=${choose} options=${[["all", "All"], ...there.map((one) => [one, EVENTS[one]])]} />`}>
    ${rows.length > 0 && !beyond.length && html`<p class="dim">Nothing is beyond chance so far; these came first most often.</p>`}
    <ol class="causes">${shown.map((row) => html`<${Cause} key=${`${row.event}|${row.dimension}|${row.cause}`} row=${row} />`)}</ol>
    ${!rows.length && html`<p class="empty">Too few repeats, switches or escalations yet to say where they come from.</p>`}
    ${rows.length > 0 && html`<${Figures} caption="All causes" columns=${["Cause", "Event", "Times", "Of", "Rate", "Expected", "Beyond chance, at least", "Minutes lost", "Customers"]}
      rows=${mine.map((row) => [named(row), EVENTS[row.event] ?? words(row.event), count(row.count), count(row.exposed), percent(row.count / row.exposed),
        row.expected === null ? "–" : tenth(row.expected), row.excess === null ? "–" : tenth(row.excess), count(row.minutes), count(row.customers)])} />`}
  <//>`;
}

function Cause({ row }) {
  const rate = row.count / row.exposed;
  return html`<li>
    <div class="cause-head"><h3>${named(row)}</h3>${row.significant ? html`<${Status} kind="bad">beyond chance<//>` : ""}</div>
    <p>${count(row.count)} of ${count(row.exposed)} ${HAPPENED[row.event] ?? words(row.event)} (${percent(rate)})${row.base_rate === null ? "" : `, where ${percent(row.base_rate)} is usual`}.</p>
    <svg class="against" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8" rx="2" />
      <rect class=${row.significant ? "bad" : "fill"} width=${100 * Math.min(1, rate)} height="8" rx="2" />
      ${row.base_rate !== null && html`<rect class="mark" x=${Math.min(99, 100 * row.base_rate) - 0.6} width="1.2" height="8" />`}</svg>
    <p class="dim">${count(row.minutes)} min lost with ${plural(row.customers, "customer", "customers")}</p>
  </li>`;
}
