// The dialog: help, how to get here, and a file each fill it.

import { button, byId, copyButton, el, iconButton } from "/web/draw.js";
import * as ways from "/web/ways.js";

/** Opens the dialog with a title and a content; returns it. Esc and a click beside it close it. */
export function open(title, ...content) {
  const dialog = byId("dialog");
  const heading = el("h2", { id: "dialog-title" }, title);
  const head = el(
    "header",
    {},
    heading,
    iconButton("close", "Close", () => dialog.close()),
  );
  dialog.replaceChildren(head, el("div", { class: "content" }, ...content));
  if (!dialog.open) dialog.showModal();
  return dialog;
}

/** Lets a click beside the dialog close it. */
export function listen() {
  const dialog = byId("dialog");
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.replaceChildren());
}

const HERE = [
  ["Enter", "says what you wrote; Shift+Enter begins a new line"],
  ["/tell NAME text", "says it to one person; a click on a name writes this for you"],
  ["/name NAME", "changes your name"],
  ["status, list, help, bye", "as a whole line are commands; //text says a text that begins with /"],
  [
    "Drop files or folders",
    "anywhere on the page; an upload that was cut off goes on when you choose the file again",
  ],
];

/** Shows the help: of this page, and of the room's command table; or of one command. */
export async function help(connection, command = "") {
  const lines = await connection.request("help", command ? { command } : {});
  if (command) return open(command.replace("/", "").toUpperCase(), ...lines.map((line) => el("p", {}, line)));
  const table = lines.map((line) => line.split(" - "));
  open(
    "Help",
    el("h3", {}, "On this page"),
    definitions(HERE),
    el("h3", {}, "All commands of the room"),
    el("p", { class: "hint" }, "From a terminal as /command, from a program as they stand here."),
    definitions(table.map(([usage, ...rest]) => [usage, rest.join(" - ")])),
  );
}

function definitions(pairs) {
  return el("dl", {}, ...pairs.flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)]));
}

/** Shows the address as text and as a code to scan, and the other ways in. */
export function invite() {
  const { hostname, origin } = location;
  open(
    "Invite others",
    el("img", {
      class: "code",
      src: "/qr.svg",
      alt: `The address ${origin} as a QR code`,
      width: 200,
      height: 200,
    }),
    el(
      "div",
      { class: "row" },
      el("code", {}, origin),
      copyButton("Copy", () => origin),
    ),
    isLocal(hostname)
      ? el(
          "p",
          { class: "hint" },
          "This address works on this machine only. Serve with --host and open the page by the machine's name or address to invite others.",
        )
      : null,
    ways.besides && el("p", { class: "hint" }, ways.besides),
    el("h3", {}, "Without a browser"),
    definitions([
      [ways.terminal, "talk from any terminal"],
      [ways.prompt, "talk with a prompt"],
      [ways.put, "put a file"],
    ]),
  );
}

function isLocal(host) {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** Asks, in an element, before something is done; whoever presses Enter too soon keeps what there is. */
export function ask(place, text, yes, act) {
  const keep = button("Keep", () => place.replaceChildren(), { class: "plain" });
  const row = el("div", { class: "row" }, button(yes, act, { class: "danger" }), keep);
  place.replaceChildren(
    el("div", { class: "question", role: "group", "aria-label": text }, el("p", {}, text), row),
  );
  keep.focus();
}
