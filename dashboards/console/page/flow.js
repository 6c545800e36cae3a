// How customers move through channels: the first contacts of their journeys as a flow, and the switches, with why.
import { html } from "./html.js";
import { sankey, sankeyLinkHorizontal } from "d3-sankey";
import { useEffect, useRef, useState } from "preact/hooks";
import { Card, Figures } from "./parts.js";
import { capital, count, lasted, percent, plural, words } from "./format.js";

const STEPS = ["First contact", "Second", "Third", "Fourth"];

/** Nodes (a channel at a step) and links of the journeys' beginnings, over so many steps. */
export function flows(rows, steps) {
  const nodes = new Map();
  const links = new Map();
  for (const { channels, journeys } of rows) {
    const path = channels.slice(0, steps);
    path.forEach((channel, step) => {
      const id = `${step}|${channel}`;
      nodes.set(id, { id, step, channel });
      if (step) {
        const [source, target] = [`${step - 1}|${path[step - 1]}`, id];
        const link = links.get(`${source}>${target}`) ?? { source, target, value: 0, from: path[step - 1], to: channel, step };
        link.value += journeys;
        links.set(`${source}>${target}`, link);
      }
    });
  }
  const linked = new Set([...links.values()].flatMap((link) => [link.source, link.target]));
  return { nodes: [...nodes.values()].filter((node) => linked.has(node.id)), links: [...links.values()] };
}

export function Flow({ flow, switches }) {
  const rows = flow?.data ?? [];
  return html`<${Card} id="flow" title="Through channels" shown=${[flow, switches]}
      about="Journeys of several contacts that went on in the last 24 hours, from one contact to the next. The strong bands are switches of channel.">
    ${rows.length ? html`<${Sankey} rows=${rows} />` : html`<p class="empty">No journey has had a second contact yet.</p>`}
    <${Switches} rows=${switches?.data ?? []} />
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
  const drawn = width && links.length ? layout(nodes, links, width, height, steps) : null;
  const switched = links.filter((link) => link.from !== link.to).reduce((total, link) => total + link.value, 0);
  const all = links.reduce((total, link) => total + link.value, 0);
  const told = `Flow of journeys through channels: of ${count(all)} steps from one contact to the next, ${count(switched)} (${percent(all ? switched / all : 0)}) changed the channel`;
  return html`<div class="flow" ref=${place}>
    ${drawn && html`<svg width=${width} height=${height + 24} viewBox="0 0 ${width} ${height + 24}" role="img" aria-label=${told}>
      ${STEPS.slice(0, steps).map((name, step) => html`<text class="step" x=${step === 0 ? 0 : step === steps - 1 ? width : (step * (width - 12)) / (steps - 1) + 6} y="12"
        text-anchor=${step === 0 ? "start" : step === steps - 1 ? "end" : "middle"}>${name}</text>`)}
      <g transform="translate(0 24)">
        ${drawn.links.map((link) => html`<path class="band ${link.from === link.to ? "same" : "switch"}" d=${sankeyLinkHorizontal()(link)} stroke-width=${Math.max(1, link.width)}>
          <title>${link.from} to ${link.to}: ${plural(link.value, "journey", "journeys")}</title></path>`)}
        ${drawn.nodes.map((node) => html`<g><rect class="node" x=${node.x0} y=${node.y0} width=${node.x1 - node.x0} height=${Math.max(1, node.y1 - node.y0)} rx="2" />
          ${node.y1 - node.y0 > 9 && html`<text class="node-name" x=${node.step === steps - 1 ? node.x0 - 6 : node.x1 + 6} y=${(node.y0 + node.y1) / 2} dy="0.35em"
            text-anchor=${node.step === steps - 1 ? "end" : "start"}>${node.channel} <tspan class="node-count">${count(node.value)}</tspan></text>`}</g>`)}
      </g>
    </svg>`}
    <p class="key"><span class="swatch switch" aria-hidden="true"></span> to another channel <span class="swatch same" aria-hidden="true"></span> in the same channel
      <strong>${percent(all ? switched / all : 0)}</strong> of ${count(all)} steps are switches</p>
    <${Figures} caption="Steps from contact to contact" columns=${["From", "To", "Step", "Journeys", ""]}
      rows=${[...links].sort((one, other) => other.value - one.value).map((link) => [link.from, link.to, `${link.step} to ${link.step + 1}`, count(link.value), link.from === link.to ? "" : "switch"])} />
  </div>`;
}

function layout(nodes, links, width, height, steps) {
  const graph = sankey()
    .nodeId((node) => node.id)
    .nodeAlign((node) => node.step)
    .nodeWidth(10)
    .nodePadding(12)
    .nodeSort((one, other) => other.value - one.value)
    .extent([[0, 2], [width, height - 2]]);
  const drawn = graph({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) });
  return Math.max(...nodes.map((node) => node.step)) < steps ? drawn : null;
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
