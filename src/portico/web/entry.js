// One entry of the log as a line of the conversation.

import { button, el, icon, timeOf } from "/web/draw.js";
import { clock, fileUrl, size } from "/web/format.js";

/**
 * Returns an entry as a line. `me` is this person's name, `show(path)` is called for a file's name, and a
 * message `continued` from the one above has no sender of its own to be seen.
 */
export function lineOf(entry, { me, show, continued }) {
  const time = timeOf(entry.at, clock(entry.at));
  if (entry.kind === "message") return message(entry, time, me, continued);
  if (entry.kind === "file") return file(entry, time, show);
  return el("li", { class: "event" }, time, el("p", {}, ...happened(entry)));
}

function message(entry, time, me, continued) {
  const mine = entry.sender === me;
  const number = el("span", {
    class: "number",
    title: mine ? `Entry ${entry.seq}, acknowledged` : `Entry ${entry.seq}`,
  });
  number.append(
    String(entry.seq),
    mine ? el("span", { class: "mark", "aria-label": "acknowledged" }, "✓") : "",
  );
  const told = entry.to ? ` to ${entry.to === me ? "you" : entry.to}, in private` : "";
  const line = el("li", { class: continued ? "message continued" : "message" }, time);
  const name = el(
    "p",
    { class: "sender" },
    el("b", {}, entry.sender),
    told && el("span", { class: "private" }, told),
  );
  if (continued) name.classList.add("unseen");
  line.append(el("div", {}, name, el("p", { class: "text", dir: "auto" }, entry.text)), number);
  line.classList.toggle("mine", mine);
  return line;
}

function file(entry, time, show) {
  const there = entry.change === "added" || entry.change === "changed" || entry.change === "moved";
  if (!there || !entry.path) return el("li", { class: "event" }, time, el("p", {}, ...happened(entry)));
  const name = button(entry.path, () => show(entry.path), { class: "link" });
  const facts = `${size(entry.size ?? 0)} · ${done(entry)}`;
  const load = el("a", { href: fileUrl(entry.path), download: "", class: "plain" }, "Download");
  const card = el(
    "div",
    { class: "arrival" },
    icon("file"),
    el("div", {}, name, el("p", { class: "facts" }, facts)),
    load,
  );
  load.setAttribute("aria-label", `Download ${entry.path}`);
  return el("li", { class: "event file" }, time, card);
}

/** What happened, as a sentence in pieces: names stand out. */
function happened(entry) {
  const who = el("b", {}, entry.sender ?? "Somebody");
  if (entry.kind === "erased") return ["A message was erased."];
  if (entry.kind === "presence") {
    return entry.change === "renamed"
      ? [who, " is now ", el("b", {}, entry.name)]
      : [who, ` ${entry.change}`];
  }
  if (entry.change === "removed")
    return [el("b", {}, entry.path), ` was removed by ${entry.sender || "someone at the disk"}`];
  if (entry.change === "many") return [`${(entry.count ?? 0).toLocaleString()} files changed on the disk`];
  return [`${entry.kind} ${entry.change ?? ""}`];
}

function done(entry) {
  const who = entry.sender || "someone at the disk";
  if (entry.change === "moved") return `moved from ${entry.from} by ${who}`;
  return `${entry.change === "changed" ? "replaced" : "put"} by ${who}`;
}
