// One customer: who it is, why we think so, and each journey as a timeline across channels.
import { html } from "./html.js";
import { useRef, useState } from "preact/hooks";
import { Status } from "./parts.js";
import { capital, lasted, moment, plural, short, words } from "./format.js";
import { ask } from "./live.js";

const LANE = 26;
const SHOWN = 12;
const OUTCOMES = { answered: "good", abandoned: "bad", self_service: "info", open: "idle", ended: "idle" };
const MARKS = { switch: "Switch", repeat: "Repeat", redial: "Redial", called_back: "Called back" };

export function Customer({ role }) {
  const [found, show] = useState(null);
  const [problem, fail] = useState("");
  const [busy, wait] = useState(false);
  const field = useRef(null);
  if (role === "view") {
    return html`<section class="card" id="customer" aria-labelledby="customer-title"><header class="card-head"><div><h2 id="customer-title">One customer</h2></div></header>
      <p class="empty">Your token's role is view, which shows no single customers. Ask whoever runs the console for one with the role manage.</p></section>`;
  }
  const search = async (event) => {
    event.preventDefault();
    const identifier = field.current.value.trim();
    if (!identifier) return fail("Give an identifier, such as email:ann@example.org or a telephone number.");
    wait(true);
    fail("");
    try {
      show(await ask("/customer", { identifier }));
    } catch (error) {
      show(null);
      fail(error.message);
    }
    return wait(false);
  };
  return html`<section class="card" id="customer" aria-labelledby="customer-title">
    <header class="card-head"><div><h2 id="customer-title">One customer</h2>
      <p class="about">By any identifier: an e-mail address, a telephone number, a customer id, or a pseudonym.</p></div></header>
    <form class="search" role="search" onSubmit=${search}>
      <label class="hidden" for="identifier">Identifier of a customer</label>
      <input id="identifier" ref=${field} type="search" autocomplete="off" spellcheck=${false} placeholder="email:ann@example.org" aria-describedby="search-problem" maxlength="300" />
      <button type="submit" disabled=${busy}>${busy ? "Looking …" : "Find"}</button>
    </form>
    <p id="search-problem" class="problem" role="alert">${problem && html`<${Status} kind="warn">Nobody to show<//> ${short(problem)}`}</p>
    ${found && html`<${Found} found=${found} />`}
  </section>`;
}

function Found({ found }) {
  const [all, showAll] = useState(false);
  const journeys = all ? found.journeys : found.journeys.slice(0, 3);
  return html`<div class="found">
    <p class="who" role="status">${short(found.who)}.</p>
    ${found.why.length > 0 && html`<ul class="why">${found.why.map((line) => html`<li>${short(line)}</li>`)}</ul>`}
    ${found.identifiers.length > 1 && html`<details class="figures"><summary>${plural(found.identifiers.length + found.more_identifiers, "identifier", "identifiers")}</summary>
      <ul class="why">${found.identifiers.map((name) => html`<li><code>${name}</code></li>`)}${found.more_identifiers > 0 && html`<li>and ${found.more_identifiers} more</li>`}</ul></details>`}
    ${journeys.map((journey, number) => html`<${Journey} key=${number} journey=${journey} />`)}
    ${!all && found.journeys.length > journeys.length && html`<button type="button" class="plain" onClick=${() => showAll(true)}>Show ${plural(found.journeys.length - journeys.length, "older journey", "older journeys")}</button>`}
    ${!found.journeys.length && html`<p class="empty">No contacts yet.</p>`}
  </div>`;
}

function Journey({ journey }) {
  const [all, showAll] = useState(false);
  const steps = all ? journey.contacts : journey.contacts.slice(-SHOWN);
  const hidden = journey.contacts.length - steps.length + journey.more_contacts;
  const channels = [...new Set(steps.map((step) => step.channel))];
  return html`<article class="journey">
    <h3>${capital(words(journey.intent || "unknown"))} <${Status} kind=${journey.state === "open" ? "info" : "idle"}>${journey.state}<//></h3>
    <p class="dim">${journey.heading}</p>
    <dl class="told">${journey.said.map(([name, line]) => html`<div><dt>${name}</dt><dd>${short(line)}</dd></div>`)}</dl>
    ${hidden > 0 && html`<button type="button" class="plain" onClick=${() => showAll(true)}>${journey.contacts.length > steps.length ? `Show ${plural(hidden, "earlier contact", "earlier contacts")}` : `${hidden} earlier contacts: touchpath customer tells them`}</button>`}
    <ol class="timeline">${steps.map((step, number) => html`<${Step} key=${number} step=${step} before=${steps[number - 1]} after=${steps[number + 1]} channels=${channels} />`)}</ol>
  </article>`;
}

/** A contact on its channel's lane, and the way to it from the one before. */
function Step({ step, before, after, channels }) {
  const place = (one) => LANE / 2 + LANE * channels.indexOf(one.channel);
  const width = LANE * channels.length;
  const [from, at] = [before && place(before), place(step)];
  const silence = before ? step.at - before.ended : 0;
  return html`<li>
    <div class="lanes" style=${{ width: `${width}px` }} aria-hidden="true">
      <svg width=${width} height="34" viewBox="0 0 ${width} 34">
        ${before && html`<path class="way ${before.channel === step.channel ? "" : "switch"}" d="M${from} 0C${from} 14 ${at} 8 ${at} 22" />`}
        <circle class="stop ${OUTCOMES[step.outcome] ?? "idle"}" cx=${at} cy="22" r="5.5" />
        ${after && html`<line class="way" x1=${at} x2=${at} y1="27.5" y2="34" />`}
      </svg>
      ${after && html`<span class="rest" style=${{ left: `${at - 1}px` }}></span>`}
    </div>
    <div class="stop-text">
      <p class="stop-head"><time datetime=${new Date(step.at * 1000).toISOString()}>${moment(step.at)}</time>
        <strong>${step.channel}${step.direction === "inbound" ? "" : ", outbound"}</strong>
        ${[...new Set(step.marks)].map((mark) => html`<span class="mark">${MARKS[mark] ?? words(mark)}</span>`)}
        ${silence > 60 && html`<span class="dim">${lasted(silence)} later</span>`}</p>
      <p>${step.happened}</p>
    </div>
  </li>`;
}
