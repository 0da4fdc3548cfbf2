// One file: what it is, a look into it, and what can be done with it.

import { button, byId, copyButton, el, timeOf } from "/web/draw.js";
import { mayChange } from "/web/allowed.js";
import { ask, open } from "/web/dialogs.js";
import { fileUrl, size } from "/web/format.js";
import { sentence } from "/web/composer.js";

const IMAGE = /\.(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i;
const IMAGE_BYTES = 20_000_000; // beyond, a phone has to load too much for a look
const TEXT_BYTES = 65_536; // some twenty pages

export class Preview {
  #connection;
  #path = null;

  constructor(connection) {
    this.#connection = connection;
    connection.addEventListener("entry", ({ detail }) => detail.kind === "file" && this.#follow(detail));
    byId("dialog").addEventListener("close", () => (this.#path = null));
  }

  /** Shows a file; rejects with why it cannot be shown. */
  async show(path) {
    const file = await this.#connection.request("stat", { path });
    this.#path = path;
    const look = el("div", { class: "look" });
    const below = el("div");
    open(path, look, facts(file), this.#actions(file, below), below);
    await fill(look, file);
  }

  /** Keeps what is shown as the file is now. */
  #follow({ change, path, from, sender }) {
    if (this.#path === null) return;
    const who = sender || "someone at the disk";
    if (change === "removed" && path === this.#path) this.#gone(`This file was removed by ${who}.`);
    else if (change === "moved" && from === this.#path) {
      const there = button(`Show ${path}`, () => this.show(path).catch(() => {}), { class: "plain" });
      this.#gone(`This file was moved to ${path} by ${who}.`, there);
    } else if (path === this.#path || change === "many") {
      const shown = this.#path;
      this.show(shown).catch((error) => this.#path === shown && this.#gone(sentence(error.message)));
    }
  }

  #gone(text, ...more) {
    open(this.#path, el("p", { role: "alert" }, text), ...more);
    byId("dialog").querySelector("button").focus();
  }

  #actions(file, below) {
    const address = location.origin + fileUrl(file.path);
    const remove = () =>
      ask(below, `Delete ${file.path} for everyone?`, "Delete", () => this.#remove(file, below));
    return el(
      "div",
      { class: "row" },
      el("a", { class: "strong", href: fileUrl(file.path), download: "" }, "Download"),
      copyButton("Copy link", () => address),
      mayChange ? button("Delete", remove, { class: "plain" }) : "",
    );
  }

  async #remove(file, below) {
    try {
      await this.#connection.request("remove", { path: file.path });
      byId("dialog").close();
    } catch (error) {
      below.replaceChildren(el("p", { class: "error", role: "alert" }, sentence(error.message)));
    }
  }
}

function facts(file) {
  const rows = [
    ["Size", `${size(file.size)}${file.size >= 1000 ? ` (${file.size.toLocaleString()} bytes)` : ""}`],
    ["Changed", timeOf(file.mtime, new Date(file.mtime).toLocaleString())],
    ["Put by", file.by],
    ["SHA-256", file.sha256 && el("code", {}, file.sha256)],
  ];
  return el(
    "dl",
    { class: "sheet" },
    ...rows
      .filter(([, value]) => value)
      .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

async function fill(look, file) {
  if (file.size === 0) return look.append(el("p", { class: "hint" }, "An empty file."));
  if (IMAGE.test(file.path) && file.size <= IMAGE_BYTES) {
    // With the etag, as a page may go on with a picture it had from the same address.
    const src = `${fileUrl(file.path)}?inline&etag=${encodeURIComponent(file.etag)}`;
    const image = el("img", { src, alt: `Preview of ${file.path}` });
    image.addEventListener("error", () =>
      image.replaceWith(el("p", { class: "hint" }, "This picture cannot be shown.")),
    );
    return look.append(image);
  }
  const text = await beginning(file).catch(() => null);
  if (text === null)
    return look.append(el("p", { class: "hint" }, "No preview: this file is neither text nor a picture."));
  look.append(el("pre", { tabindex: 0, "aria-label": "Preview" }, text));
  if (file.size > TEXT_BYTES) look.append(el("p", { class: "hint" }, `The first ${size(TEXT_BYTES)}.`));
}

/** The beginning of a file as text; null where it is none. */
async function beginning(file) {
  // Past the cache: a browser that had a range of an older file asks for no more than that.
  const headers = { Range: `bytes=0-${TEXT_BYTES - 1}` };
  const response = await fetch(fileUrl(file.path), { headers, cache: "no-store" });
  if (!response.ok) return null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.includes(0)) return null;
  const cut = bytes.length < file.size; // perhaps within a character
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut });
}
