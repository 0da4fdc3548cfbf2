// Sizes, times and durations as people read them. Pure.

const UNITS = ["KB", "MB", "GB", "TB"];

/** `512 bytes`, `1.2 MB`: powers of 1,000, as everywhere in Portico. */
export function size(count) {
  if (count < 1000) return count === 1 ? "1 byte" : `${count} bytes`;
  let value = count;
  for (const unit of UNITS) {
    value /= 1000;
    if (value < 999.95 || unit === UNITS.at(-1)) return `${value.toFixed(1)} ${unit}`;
  }
}

const HOUR_MINUTE = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DATE_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** The time of day. */
export function clock(instant) {
  return HOUR_MINUTE.format(new Date(instant));
}

/** The day as a heading: `Today`, `Yesterday`, `Monday, 10 February`. */
export function day(instant, now = new Date()) {
  const date = new Date(instant);
  const ago = daysBetween(date, now);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_YEAR).format(date);
}

/** The time of day where it is today's, else the date. */
export function when(instant, now = new Date()) {
  const date = new Date(instant);
  if (daysBetween(date, now) === 0) return clock(instant);
  return (date.getFullYear() === now.getFullYear() ? DATE : DATE_YEAR).format(date);
}

function daysBetween(earlier, later) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}

/** `12 s`, `3 min`, `2 h 5 min`: how long something will take. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1 file`, `3 files`. */
export function plural(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}

/** The last part of a path. */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Another name for a file whose own is taken: `a (2).txt` for `a.txt`. */
export function another(path) {
  const name = nameOf(path);
  const dot = name.lastIndexOf(".") > 0 ? name.lastIndexOf(".") : name.length;
  const [, stem, number] = /^(.*?)(?: \((\d+)\))?$/s.exec(name.slice(0, dot));
  return `${path.slice(0, path.length - name.length)}${stem} (${Number(number ?? 1) + 1})${name.slice(dot)}`;
}

/** A path that every machine can store, like the one that is not: what is refused in it becomes `_`. */
export function storable(path) {
  const part = (name) =>
    name
      .replace(/[\\:<>"|?*\p{Cc}\p{Cf}]/gu, "_")
      .replace(/[\s.]+$/, "_")
      .replace(/^(CON|PRN|AUX|NUL|COM\d|LPT\d)(?= *(\.|$))/i, "_$1");
  return path.split("/").map(part).join("/");
}

/** The address of a file; with each part of its path escaped. */
export function fileUrl(path) {
  return `/files/${path.split("/").map(encodeURIComponent).join("/")}`;
}
