// How customers move through channels: the first contacts of their journeys as a flow, and the switches, with why.
import { html } from "./html.js";
import { sankey, sankeyLinkHorizontal } from "d3-sankey";
import { useEffect, useRef, useState } from "preact/hooks";
import { addedUp, AddingUp, Card, Figures } from "./parts.js";
import { capital, count, lasted, percent, plural, words } from "./format.js";

const STEPS = ["First contact", "Second", "Third", "Fourth"];
const MOST = 7;

/** Nodes (a channel at a step) and links, over so many steps. Channels beyond the seven most used are one. */
export function flows(rows, steps) {
  const used = {};
  for (const { source, target, journeys } of rows) for (const one of [source, target]) used[one] = (used[one] ?? 0) + journeys;
  const kept = new Set(Object.keys(used).sort((one, other) => used[other] - used[one]).slice(0, MOST));
  const name = (channel) => (kept.has(channel) ? channel : "other");
  const [nodes, links] = [new Map(), new Map()];
  for (const { step, source, target, journeys } of rows.filter((row) => row.step < steps)) {
    const ends = [[step, name(source)], [step + 1, name(target)]].map(([at, channel]) => ({ id: `${at}|${channel}`, step: at, channel }));
    for (const node of ends) nodes.set(node.id, node);
    const key = `${ends[0].id}>${ends[1].id}`;
    const switched = source !== target;
    const link = links.get(`${key}${switched}`) ?? { source: ends[0].id, target: ends[1].id, value: 0, from: name(source), to: name(target), step, switched };
    link.value += journeys;
    links.set(`${key}${switched}`, link);
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

export function Flow({ flow, switches, panels }) {
  const rows = flow?.data ?? [];
  return html`<${Card} id="flow" title="Through channels" shown=${[flow, switches]} late=${180}
      about="Journeys that opened in the last 7 days, from one contact to the next. The strong bands change the channel.">
    ${!addedUp(panels, "panel_flow", "panel_switches") ? html`<${AddingUp} />` : html`
      ${rows.length ? html`<${Sankey} rows=${rows} />` : html`<p class="empty">No journey has had a second contact yet.</p>`}
      <${Switches} rows=${switches?.data ?? []} />`}
  <//>`;
}

function useWidth() {
  const place = useRef(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => set(Math.round(entry.contentRect.width)));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}

function Sankey({ rows }) {
  const [place, width] = useWidth();
  const narrow = width < 560;
  const steps = narrow ? 3 : 4;
  const { nodes, links } = flows(rows, steps);
  const height = narrow ? 360 : 400;
  const drawn = width && links.length ? layout(nodes, links, width, height) : null;
  const switched = links.filter((link) => link.switched).reduce((total, link) => total + link.value, 0);
  const all = links.reduce((total, link) => total + link.value, 0);
  const told = `Flow of journeys through channels: of ${count(all)} steps from one contact to the next, ${count(switched)} (${percent(all ? switched / all : 0)}) changed the channel`;
  return html`<div class="flow" ref=${place}>
    ${drawn && html`<svg width=${width} height=${height + 24} viewBox="0 0 ${width} ${height + 24}" role="img" aria-label=${told}>
      ${STEPS.slice(0, steps).map((name, step) => html`<text class="step" x=${step === 0 ? 0 : step === steps - 1 ? width : (step * (width - 12)) / (steps - 1) + 6} y="12"
        text-anchor=${step === 0 ? "start" : step === steps - 1 ? "end" : "middle"}>${name}</text>`)}
      <g transform="translate(0 24)">
        ${drawn.links.map((link) => html`<path class="band ${link.switched ? "switch" : "same"}" d=${sankeyLinkHorizontal()(link)} stroke-width=${Math.max(1, link.width)}>
          <title>${link.from} to ${link.to}: ${plural(link.value, "journey", "journeys")}</title></path>`)}
        ${drawn.nodes.map((node) => html`<g><rect class="node" x=${node.x0} y=${node.y0} width=${node.x1 - node.x0} height=${Math.max(1, node.y1 - node.y0)} rx="2" />
          ${node.y1 - node.y0 > 9 && html`<text class="node-name" x=${node.step === steps ? node.x0 - 6 : node.x1 + 6} y=${(node.y0 + node.y1) / 2} dy="0.35em"
            text-anchor=${node.step === steps ? "end" : "start"}>${node.channel} <tspan class="node-count">${count(node.value)}</tspan></text>`}</g>`)}
      </g>
    </svg>`}
    <p class="key"><span class="swatch switch" aria-hidden="true"></span> to another channel <span class="swatch same" aria-hidden="true"></span> in the same channel
      <strong>${percent(all ? switched / all : 0)}</strong> of ${count(all)} steps change the channel</p>
    <${Figures} caption="Steps from contact to contact" columns=${["From", "To", "Step", "Journeys", ""]}
      rows=${[...links].sort((one, other) => other.value - one.value).map((link) => [link.from, link.to, `${link.step} to ${link.step + 1}`, count(link.value), link.switched ? "changes the channel" : ""])} />
  </div>`;
}

function layout(nodes, links, width, height) {
  const graph = sankey()
    .nodeId((node) => node.id)
    .nodeAlign((node) => node.step - 1)
    .nodeWidth(10)
    .nodePadding(12)
    .nodeSort((one, other) => other.value - one.value)
    .extent([[0, 2], [width, height - 2]]);
  const drawn = graph({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) });
  return drawn;
}

/** The switches between two channels, all causes together, the most first. */
function between(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = `${row.from_channel} → ${row.to_channel}`;
    const one = found.get(key) ?? { key, from: row.from_channel, to: row.to_channel, switches: 0, causes: [], slowest: 0 };
    one.switches += row.switches;
    one.causes.push(row);
    found.set(key, one);
  }
  return [...found.values()].sort((one, other) => other.switches - one.switches);
}

function Switches({ rows }) {
  const found = between(rows);
  if (!found.length) return html`<p class="empty">No channel switches in the last 24 hours.</p>`;
  const most = found[0].switches;
  return html`<h3>Switches, last 24 hours <span class="dim" data-value="switches">${count(found.reduce((total, one) => total + one.switches, 0))}</span></h3>
    <ol class="bars">${found.slice(0, 6).map((one) => {
      const worst = [...one.causes].sort((left, right) => right.switches - left.switches)[0];
      return html`<li><span class="bar-name">${one.from} <span aria-hidden="true">→</span><span class="hidden"> to </span> ${one.to}</span>
        <span class="bar"><span style=${{ width: `${(100 * one.switches) / most}%` }}></span></span>
        <span class="bar-value">${count(one.switches)}</span>
        <span class="dim bar-why">mostly ${worst.cause === "choice" ? "by choice" : `after ${words(worst.cause)}`}, ${lasted(worst.median_s)} later</span></li>`;
    })}</ol>
    <${Figures} caption="Switches by channels and cause" columns=${["From", "To", "Cause", "Switches", "Time between (median)"]}
      rows=${rows.map((row) => [row.from_channel, row.to_channel, capital(words(row.cause)), count(row.switches), lasted(row.median_s)])} />`;
}
