// Whether the figures can be believed: what is behind, what does not answer, what could not be taken.
import { html } from "./html.js";
import { Card, Figures, Status, Tile } from "./parts.js";
import { count, lasted, moment, plural, seconds, words } from "./format.js";
import { useNow } from "./live.js";

export const OLD_S = 120; // as the alert JourneyPipelineStale has it, while events wait

/** Whether figures are old though events wait, or only quiet: what, and in words. */
export function freshness(health, now) {
  if (!health) return ["idle", "Not known yet"];
  if (!health.newest) return ["idle", "No event yet"];
  const age = Math.max(0, now - health.newest);
  const waits = health.lag + health.metrics_lag;
  if (age > 86400) return ["warn", `Events of ${moment(health.newest)}`];
  if (age > OLD_S && waits > 0) return ["bad", `Stale: newest event ${lasted(age)} old, ${count(waits)} wait`];
  if (age > OLD_S) return ["warn", `Quiet: no event for ${lasted(age)}`];
  return ["good", `Newest event ${lasted(age)} ago`];
}

export function Pipeline({ health, letters }) {
  const now = useNow();
  const data = health?.data;
  const [kind, fresh] = freshness(data, now);
  const rows = letters?.data ?? [];
  const kept = rows.reduce((total, row) => total + row.letters, 0);
  const lately = rows.reduce((total, row) => total + row.lately, 0);
  const away = data ? Object.entries(data.parts).filter(([, problem]) => problem) : [];
  return html`<${Card} id="pipeline" title="Pipeline" shown=${[health, letters]} about="Whether these figures can be believed.">
    <dl class="tiles small">
      <${Tile} name="Freshness" value=${html`<${Status} kind=${kind}>${fresh}<//>`}>${data?.newest ? `of ${seconds(data.newest)}` : ""}<//>
      <${Tile} name="Not processed yet" value=${data ? html`<span data-value="lag">${count(data.lag)}</span>` : "–"}>records, of all workers<//>
      <${Tile} name="Not stored yet" value=${data?.backlog === null || !data ? "–" : html`<span data-value="backlog">${count(data.backlog)}</span>`}>
        ${data?.store_up === false ? html`<${Status} kind="bad">the store refuses rows<//>` : data?.store_up === null ? "no sink says" : "messages"}<//>
      <${Tile} name="Dead letters" value=${html`<span data-value="letters">${count(kept)}</span>`}>
        ${lately ? `${count(lately)} in the last 24 h` : "none in the last 24 h"}<//>
    </dl>
    ${data && html`<ul class="parts">${Object.entries(data.parts).map(([part, problem]) => html`<li><${Status} kind=${problem ? "bad" : "good"}>${part}<//>${problem && html` <span class="dim">${problem}</span>`}</li>`)}</ul>
      <p class="hidden" role="status">${away.length ? `${plural(away.length, "part does", "parts do")} not answer` : ""}</p>`}
    ${rows.length > 0 && html`<${Figures} caption="Dead letters by reason" columns=${["Reason", "Kept", "Last 24 h", "Newest"]}
      rows=${rows.map((row) => [words(row.reason), count(row.letters), count(row.lately), moment(Date.parse(row.newest) / 1000)])} />
      <p class="dim">touchpath dlq list says more, and sends them again.</p>`}
  <//>`;
}
