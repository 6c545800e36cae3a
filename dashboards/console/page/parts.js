// What several parts of the page are made of: cards that say how old their figures are, states in words, tables.
import { html } from "./html.js";
import { seconds, lasted } from "./format.js";
import { useNow } from "./live.js";

const SIGNS = { good: "●", warn: "▲", bad: "■", idle: "○", info: "◆" };

/** A state: a sign and a word, the colour only besides. */
export const Status = ({ kind, children }) =>
  html`<span class="status ${kind}"><span class="sign" aria-hidden="true">${SIGNS[kind]}</span> ${children}</span>`;

/** A part of the page. `shown`: what it is made of, each as live.js has it; `late`: from how many seconds on it is old. */
export function Card({ id, title, about, shown, late = 90, children, tools }) {
  const there = shown.filter((one) => one && one.data !== null);
  return html`<section class="card" id=${id} aria-labelledby="${id}-title">
    <header class="card-head">
      <div><h2 id="${id}-title">${title}</h2>${about && html`<p class="about">${about}</p>`}</div>
      <div class="tools">${tools}<${Age} shown=${shown} late=${late} /></div>
    </header>
    <${Problems} shown=${shown} />
    ${there.length ? children : html`<p class="empty">${shown.some((one) => one?.problem) ? "Nothing was read yet." : "Reading …"}</p>`}
  </section>`;
}

function Age({ shown, late }) {
  const now = useNow();
  const read = shown.filter((one) => one && one.data !== null).map((one) => one.read_at);
  if (!read.length) return null;
  const oldest = Math.min(...read);
  const age = Math.max(0, now - oldest);
  if (age < late) return html`<span class="age" title="When these figures were read, or added up">as of ${seconds(oldest)}</span>`;
  return html`<span class="age stale"><${Status} kind="warn">Stale: of ${seconds(oldest)}, ${lasted(age)} ago<//></span>`;
}

/** Whether the store has added up all of these panels of its own once; until then there is nothing that could be said. */
export const addedUp = (panels, ...names) =>
  !panels?.data || names.every((name) => panels.data.find((one) => one.panel === name)?.refreshed_at);

export const AddingUp = () => html`<p class="empty">The store is adding this up for the first time; that takes up to a minute.</p>`;

function Problems({ shown }) {
  const problems = [...new Set(shown.map((one) => one?.problem).filter(Boolean))];
  return problems.map((line) => html`<p class="problem" role="alert"><${Status} kind="bad">Not up to date<//> ${line}</p>`);
}

/** The figures behind a chart. */
export const Figures = ({ caption, columns, rows, open = false }) => html`<details class="figures" open=${open}>
  <summary>${caption} <span class="dim">as a table</span></summary>
  <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead><tr>${columns.map((name, place) => html`<th scope="col" class=${place ? "" : "first"}>${name}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((value, place) =>
        place ? html`<td>${value}</td>` : html`<th scope="row">${value}</th>`)}</tr>`)}</tbody>
    </table>
  </div>
</details>`;

/** One figure with what it is of. */
export const Tile = ({ name, value, unit, children, kind }) => html`<div class="tile ${kind || ""}">
  <dt>${name}</dt>
  <dd><span class="value">${value}</span>${unit && html` <span class="unit">${unit}</span>`}<div class="besides">${children}</div></dd>
</div>`;

export function Choice({ name, label, value, options, onChange }) {
  return html`<fieldset class="choice"><legend class="hidden">${label}</legend>
    ${options.map(([key, text]) => html`<label><input type="radio" name=${name} value=${key} checked=${value === key}
      onChange=${() => onChange(key)} /><span>${text}</span></label>`)}</fieldset>`;
}
