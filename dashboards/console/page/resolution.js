// First contact resolution: what is broken, what is confirmed, and what nobody can know yet.
import { html } from "./html.js";
import { useState } from "preact/hooks";
import { addedUp, AddingUp, Card, Choice, Figures } from "./parts.js";
import { count, percent } from "./format.js";

const KINDS = [["confirmed", "confirmed"], ["pending", "pending"], ["broken", "broken"]];

export function Resolution({ fcr, panels }) {
  const [scope, choose] = useState("any_intent");
  const rows = fcr?.data ?? [];
  const mine = rows.filter((row) => row.scope === scope);
  return html`<${Card} id="resolution" title="First contact resolution" shown=${[fcr]} late=${180}
      about="Of the last 60 days: who was answered, or served themselves, and did not come back within the window."
      tools=${html`<${Choice} name="scope" label="Which repeats count" value=${scope} onChange=${choose} options=${[["any_intent", "Any intent"], ["same_intent", "Same intent"]]} />`}>
    <ul class="windows">${mine.map((row) => html`<${Window} key=${row.window_days} row=${row} />`)}</ul>
    ${!mine.length && (addedUp(panels, "panel_fcr") ? html`<p class="empty">No contact is over yet.</p>` : html`<${AddingUp} />`)}
    <p class="key">${KINDS.map(([kind, name]) => html`<span class="swatch ${kind}" aria-hidden="true"></span> ${name} `)}</p>
    <${Figures} caption="Resolution by window" columns=${["Window", "Repeats that count", "FCR", "Confirmed", "Pending", "Broken"]}
      rows=${rows.map((row) => [days(row), row.scope === "any_intent" ? "any intent" : "same intent", rate(row), count(row.confirmed), count(row.pending), count(row.broken)])} />
  <//>`;
}

const days = (row) => (row.window_days === 1 ? "1 day" : `${row.window_days} days`);
const rate = (row) => (row.confirmed + row.broken ? percent(row.confirmed / (row.confirmed + row.broken)) : "–");

function Window({ row }) {
  const all = row.confirmed + row.pending + row.broken || 1;
  return html`<li data-window=${row.window_days}>
    <div class="window-head"><span>${days(row)}</span>
      <span class="big">${row.confirmed ? rate(row) : html`<span class="dim">not known yet</span>`}</span></div>
    <div class="stack" aria-hidden="true">${KINDS.map(([kind]) => row[kind] > 0 && html`<span class=${kind} style=${{ flexGrow: row[kind] / all }}></span>`)}</div>
    <p class="dim">${KINDS.map(([kind, name], place) => html`${place ? ", " : ""}<span data-value=${kind}>${count(row[kind])}</span> ${name}`)}</p>
  </li>`;
}
