// What is known of one upload: a row, with `key path size offset state`, and its file where there is one. Pure.
//
// The states:
//
//     queued going waiting checking     under way
//     exists refused                    somebody has to say what to do
//     remembered                        cut off by a reload
//     done same unverified              ended: arrived, was there already, arrived but not compared
//     cancelled                         gone

import { duration, size } from "/web/format.js";

const SMOOTH = 0.3; // of a new rate in the one shown
const EVERY = 0.25; // seconds between two looks at the rate

/** Whether bytes have still to go. */
export function isOpen({ state }) {
  return state === "queued" || state === "going" || state === "waiting";
}

/** Whether the room or this computer still has to do something. */
export function isUnderWay(row) {
  return isOpen(row) || row.state === "checking";
}

/** Whether somebody has to say what to do. */
export function isQuestion({ state }) {
  return state === "exists" || state === "refused";
}

/** Whether its file is in the room. */
export function isDone({ state }) {
  return state === "done" || state === "same" || state === "unverified";
}

/** Takes note of how fast it goes. */
export function measure(row) {
  const now = performance.now() / 1000;
  const seconds = now - (row.measured ?? now);
  if (row.measured !== undefined && seconds < EVERY) return;
  if (seconds > 0 && row.offset >= row.counted) {
    const rate = (row.offset - row.counted) / seconds;
    row.rate = row.rate === undefined ? rate : row.rate * (1 - SMOOTH) + rate * SMOOTH;
  }
  row.measured = now;
  row.counted = row.offset;
}

/** How it stands, as a sentence. */
export function described(row) {
  const of = `${size(row.offset)} of ${size(row.size)}`;
  switch (row.state) {
    case "queued":
      return `${size(row.size)}, waits for its turn`;
    case "going":
      return row.rate > 0
        ? `${of} · ${size(Math.round(row.rate))}/s · ${duration((row.size - row.offset) / row.rate)} left`
        : of;
    case "waiting":
      return `${of} · ${row.why}; goes on by itself`;
    case "checking":
      return "Comparing digests";
    case "done":
      return `${size(row.size)} · arrived, digest compared`;
    case "same":
      return `${size(row.size)} · is there already, byte for byte`;
    case "unverified":
      return `${size(row.size)} · arrived; the digest could not be compared`;
    case "remembered":
      return `${row.offset > 0 ? of : size(row.size)}, was cut off. Choose the same file again to go on.`;
    default:
      return row.why;
  }
}

/** Many rows as one; `before` is what was returned for them the last time. */
export function together(rows, before = {}) {
  const open = rows.filter(isUnderWay);
  const arrived = rows.filter(isDone);
  const sum = { ...before, size: 0, offset: 0, count: rows.length, arrived: arrived.length };
  for (const row of [...open, ...arrived]) {
    sum.size += row.size;
    sum.offset += isDone(row) ? row.size : row.offset;
  }
  const waiting = open.find(({ state }) => state === "waiting");
  sum.why = waiting?.why;
  const stands = waiting !== undefined && !open.some(({ state }) => state === "going");
  sum.state = open.length === 0 ? "done" : stands ? "waiting" : "going";
  return sum;
}
