// What the server shows, as it comes: kept here through lost connections, so that the page shows it as old, not as nothing.
import { useEffect, useState } from "preact/hooks";

const SILENT_MS = 7000; // The server says something every 2 s.
const PAUSES_MS = [500, 1000, 2000, 4000];

export const state = { parts: {}, connected: false, since: null, entry: null, role: null, tokens: false };
const listeners = new Set();
let offset = 0; // the server's clock less ours, in s
let source = null;
let heard = 0;
let failures = 0;
let timer = null;

export const now = () => Date.now() / 1000 + offset;

function tell(change) {
  Object.assign(state, change);
  for (const each of listeners) each({});
}

/** The state, drawn anew with each change. */
export function useLive() {
  const [, draw] = useState({});
  useEffect(() => {
    listeners.add(draw);
    return () => listeners.delete(draw);
  }, []);
  return state;
}

/** The server's time, once a second. */
export function useNow() {
  const [at, set] = useState(now());
  useEffect(() => {
    const every = setInterval(() => set(now()), 1000);
    return () => clearInterval(every);
  }, []);
  return at;
}

export async function start() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/whoami");
    if (!answer.ok) throw new Error((await answer.json()).error);
    const { role, tokens } = await answer.json();
    tell({ role, tokens, entry: role === null });
    if (role !== null) listen();
  } catch (error) {
    lost();
  }
}

function listen() {
  source?.close();
  source = new EventSource("/events");
  heard = Date.now();
  source.addEventListener("tick", ({ data }) => {
    heard = Date.now();
    failures = 0;
    offset = JSON.parse(data).now - heard / 1000;
    if (!state.connected) tell({ connected: true, since: null });
  });
  source.addEventListener("part", ({ data }) => {
    heard = Date.now();
    const shown = JSON.parse(data);
    tell({ parts: { ...state.parts, [shown.part]: shown } });
  });
  source.addEventListener("error", lost);
}

/** Connect again ourselves: a browser gives up where a proxy answers for a server that is away, or the token is over. */
function lost() {
  source?.close();
  source = null;
  if (state.connected || state.since === null) tell({ connected: false, since: now() });
  clearTimeout(timer);
  timer = setTimeout(start, PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)]);
}

setInterval(() => {
  if (source !== null && Date.now() - heard > SILENT_MS) lost();
}, 1000);

/** What the server says to a request; raises an Error with its line where it refuses. */
export async function ask(path, body, method = "POST") {
  let answer;
  try {
    answer = await fetch(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new Error("The console does not answer: is it running?");
  }
  const said = await answer.json().catch(() => ({ error: `The console answers ${answer.status}.` }));
  if (!answer.ok) {
    if (answer.status === 401) tell({ entry: true, role: null });
    throw new Error(said.error);
  }
  return said;
}

export async function enter(token) {
  await ask("/session", { token });
  await start();
}

export async function leave() {
  await ask("/session", {}, "DELETE");
  source?.close();
  source = null;
  tell({ entry: true, role: null, parts: {}, connected: false });
}
