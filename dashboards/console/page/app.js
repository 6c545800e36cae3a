// The page: its head, which says whether it is live, and its parts.
import { render } from "preact";
import { useState } from "preact/hooks";
import { html } from "./html.js";
import { Causes } from "./causes.js";
import { Customer } from "./customer.js";
import { Entry } from "./entry.js";
import { Floor } from "./floor.js";
import { Flow } from "./flow.js";
import { lasted } from "./format.js";
import { leave, start, useLive, useNow } from "./live.js";
import { Status } from "./parts.js";
import { freshness, Pipeline } from "./pipeline.js";
import { Resolution } from "./resolution.js";

const PARTS = [["floor", "Floor"], ["flow", "Channels"], ["resolution", "First contact"], ["causes", "Causes"], ["customer", "Customer"], ["pipeline", "Pipeline"]];

function Page() {
  const live = useLive();
  if (live.entry) return html`<${Entry} />`;
  const { floor, day, totals, flow, switches, fcr, causes, letters, health, panels } = live.parts;
  return html`<a class="skip" href="#main">To the figures</a>
    <header class="top">
      <div class="brand"><img src="/page/icon.svg" width="26" height="26" alt="" /><h1>touchpath</h1></div>
      <nav aria-label="Parts of the page">${PARTS.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
      <div class="right"><${Connection} live=${live} /><${Theme} />${live.tokens && html`<button type="button" class="plain" onClick=${leave}>Leave</button>`}</div>
    </header>
    <main id="main" tabindex="-1" class=${live.connected ? "" : "cut"}>
      <${Floor} floor=${floor} day=${day} totals=${totals} />
      <div class="two"><${Flow} flow=${flow} switches=${switches} panels=${panels} /><div class="column"><${Resolution} fcr=${fcr} panels=${panels} /><${Pipeline} health=${health} letters=${letters} /></div></div>
      <${Causes} causes=${causes} />
      <${Customer} role=${live.role} />
    </main>`;
}

/** Whether the page hears from the server, and how old the newest event is: the age of the data, not of the page. */
function Connection({ live }) {
  const now = useNow();
  if (!live.connected) {
    const since = live.since === null ? 0 : now - live.since;
    return html`<span class="pill" role="status" id="connection" data-state="lost"><${Status} kind="bad">${since < 2 ? "Connecting …" : `No connection for ${lasted(since)}: figures are old`}<//></span>`;
  }
  const [kind, text] = freshness(live.parts.health?.data, now);
  return html`<span class="pill" id="connection" data-state=${kind}><${Status} kind=${kind}>${kind === "good" ? "Live" : text}<//>${kind === "good" && html`<span class="dim"> ${text.toLowerCase()}</span>`}</span>`;
}

function Theme() {
  const [theme, set] = useState(document.documentElement.dataset.theme ?? "system");
  const next = { system: "light", light: "dark", dark: "system" }[theme];
  const choose = () => {
    if (next === "system") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("touchpath-theme");
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem("touchpath-theme", next);
    }
    set(next);
  };
  return html`<button type="button" class="plain" onClick=${choose} aria-label="Theme: ${theme}; change to ${next}">${{ system: "◐ System", light: "○ Light", dark: "● Dark" }[theme]}</button>`;
}

document.getElementById("app").textContent = "";
render(html`<${Page} />`, document.getElementById("app"));
start();
