// How figures, times and words are written. Times are seconds since the epoch.

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const secondFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const count = (value) => number.format(value);
export const tenth = (value) => tenths.format(Math.abs(value) < 0.05 ? 0 : value);
export const percent = (share) => `${(100 * share).toFixed(0)}\u00a0%`;
export const clock = (at) => clockFormat.format(at * 1000);
export const seconds = (at) => secondFormat.format(at * 1000);
export const moment = (at) => dayFormat.format(at * 1000);
export const plural = (value, one, several) => `${count(value)} ${value === 1 ? one : several}`;

/** "1:05", "12:40", "3 h 20 min": for waits, which grow while one looks. */
export function waited(length) {
  const whole = Math.max(0, Math.floor(length));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  return lasted(whole);
}

/** "40 s", "12 min", "3 h", "2 d": so long, in the unit in which it is a small number. */
export function lasted(length) {
  if (length < 100) return `${length.toFixed(0)} s`;
  if (length < 6000) return `${(length / 60).toFixed(0)} min`;
  if (length < 172800) return `${(length / 3600).toFixed(0)} h`;
  return `${(length / 86400).toFixed(0)} d`;
}

/** "failed_article" as "failed article". */
export const words = (name) => String(name).replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A pseudonym, short: enough of it to tell two apart. */
export const short = (identifier) => identifier.replace(/(~\w{4}\.\S{6})\S+/g, "$1…");
