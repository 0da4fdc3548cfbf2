// The uploads: some at once, each with its bar; those that a reload cut off wait for their file.
//
// What is under way is remembered by name, size and time of the file. A page cannot open a file by itself, so
// after a reload it says which ones wait, and goes on when the same file is chosen again.

import { button, byId, el, inFrame } from "/web/draw.js";
import { restore, store } from "/web/keeping.js";
import { duration, nameOf, size } from "/web/format.js";
import { sentence } from "/web/composer.js";
import { Upload } from "/web/tus.js";

const AT_ONCE = 2; // a second one fills the pauses of the first; more only share the line
const KEPT = "portico.uploads";
const SHOWN = 50; // rows; further ones are a number
const LINGER = 6000; // milliseconds a finished one stays
const SMOOTH = 0.3; // of a new rate in the one shown

export class Uploads {
  #connection;
  #folder;
  #rows = [];
  #kept = restore(localStorage, KEPT, {});
  #draw = inFrame(() => this.#show());

  /** `folder()` is where what is chosen now goes to. */
  constructor(connection, folder) {
    this.#connection = connection;
    this.#folder = folder;
    for (const [key, { path, size: bytes }] of Object.entries(this.#kept)) {
      this.#rows.push({ key, path, size: bytes, offset: 0, state: "remembered" });
    }
    connection.addEventListener(
      "state",
      () => connection.online && this.#rows.forEach((row) => row.upload?.retry()),
    );
    addEventListener("beforeunload", (event) => this.#rows.some(isUnderWay) && event.preventDefault());
    this.#draw();
  }

  /** Takes chosen files; what begins with a dot the room does not take. */
  add(files) {
    for (const { file, path } of files) {
      if (path.split("/").some((part) => part.startsWith("."))) continue;
      const key = keyOf(file);
      this.#rows = this.#rows.filter((row) => row.key !== key || isUnderWay(row));
      if (this.#rows.some((row) => row.key === key)) continue;
      this.#rows.push({
        key,
        file,
        path: this.#kept[key]?.path ?? this.#folder() + path,
        size: file.size,
        offset: 0,
        state: "queued",
      });
    }
    this.#next();
  }

  #next() {
    this.#draw();
    const free =
      AT_ONCE - this.#rows.filter((row) => row.state === "going" || row.state === "waiting").length;
    this.#rows
      .filter((row) => row.state === "queued")
      .slice(0, Math.max(0, free))
      .forEach((row) => this.#run(row));
  }

  async #run(row) {
    row.state = "going";
    const digest = digestOf(row.file);
    row.upload = new Upload({
      file: row.file,
      metadata: metadataOf(row),
      url: this.#kept[row.key]?.url ?? null,
      headers: () => (this.#connection.secret ? { "Portico-Session": this.#connection.secret } : {}),
      changed: (change) => this.#changed(row, change),
    });
    try {
      const arrived = await row.upload.run();
      row.state = "checking";
      this.#draw();
      this.#verified(row, arrived, await digest.result);
    } catch (error) {
      this.#failed(row, error);
    }
    digest.stop();
    this.#next();
  }

  #changed(row, { state, offset }) {
    if (row.state === "cancelled") return;
    measure(row, offset);
    row.state = state;
    row.offset = offset;
    if (this.#kept[row.key]?.url !== row.upload.url) {
      this.#remember(row.key, { url: row.upload.url, path: row.path, size: row.size });
    }
    this.#draw();
  }

  #verified(row, arrived, digest) {
    this.#remember(row.key, null);
    row.state = arrived !== null && arrived === digest ? "done" : "refused";
    if (digest === null || arrived === null) row.state = "unverified";
    row.why = "What arrived is not what this computer has: delete it there and send it again";
    if (row.state !== "refused") setTimeout(() => this.#drop(row), LINGER);
  }

  #failed(row, error) {
    if (error.status === -1) return this.#drop(row);
    row.state = error.code === "EXISTS" ? "exists" : "refused";
    row.why = error.message;
    if (row.state === "exists" && row.upload.url) row.upload.cancel();
    this.#remember(row.key, null);
  }

  #remember(key, value) {
    if (value === null) delete this.#kept[key];
    else this.#kept[key] = value;
    store(localStorage, KEPT, this.#kept);
  }

  #drop(row) {
    this.#rows = this.#rows.filter((each) => each !== row);
    this.#draw();
  }

  async #cancel(row) {
    const url = this.#kept[row.key]?.url;
    this.#remember(row.key, null);
    this.#drop(row);
    if (row.upload) await row.upload.cancel();
    else if (url) await new Upload({ url }).cancel();
    row.state = "cancelled";
    this.#next();
  }

  #again(row, changes) {
    Object.assign(row, changes, { state: "queued", offset: 0, rate: undefined });
    this.#next();
  }

  #show() {
    const rows = this.#rows.slice(0, SHOWN);
    const lines = rows.map((row) => this.#updated(row));
    const left = this.#rows.length - rows.length;
    if (left > 0) lines.push(el("li", { class: "facts" }, `and ${left.toLocaleString()} more`));
    const list = byId("uploads");
    const same =
      lines.length === list.children.length && lines.every((line, index) => line === list.children[index]);
    if (!same) list.replaceChildren(...lines);
  }

  /** A row's line: kept while its state is the same, so that focus and a pressed button stay. */
  #updated(row) {
    if (row.drawn !== row.state) row.line = this.#line(row);
    row.drawn = row.state;
    row.line.querySelector("progress")?.setAttribute("value", row.offset);
    row.line.querySelector(".facts").textContent = described(row);
    return row.line;
  }

  #line(row) {
    const name = el("p", { class: "name", title: row.path }, row.path);
    const bar = isUnderWay(row)
      ? el("progress", {
          max: Math.max(row.size, 1),
          value: row.offset,
          "aria-label": `Upload of ${row.path}`,
        })
      : null;
    const role = row.state === "refused" || row.state === "exists" ? "alert" : null;
    const facts = el("p", { class: "facts", role });
    const buttons = this.#buttons(row);
    if (buttons.length === 1)
      return el("li", { class: row.state }, el("div", { class: "row" }, name, ...buttons), bar, facts);
    return el("li", { class: row.state }, name, bar, facts, el("div", { class: "row" }, ...buttons));
  }

  #buttons(row) {
    const quiet = { class: "plain" };
    switch (row.state) {
      case "exists":
        return [
          button("Replace", () => this.#again(row, { replace: true }), quiet),
          button("Keep both", () => this.#again(row, { path: another(row.path) }), quiet),
          button("Skip", () => this.#drop(row), quiet),
        ];
      case "remembered":
        return [
          button("Choose it", () => byId("pick").click(), quiet),
          button("Forget", () => this.#cancel(row), quiet),
        ];
      case "refused":
        return [
          button("Try again", () => this.#again(row, {}), quiet),
          button("Dismiss", () => this.#drop(row), quiet),
        ];
      case "done":
      case "unverified":
      case "checking":
        return [];
      default:
        return [
          button("Cancel", () => this.#cancel(row), {
            ...quiet,
            "aria-label": `Cancel the upload of ${row.path}`,
          }),
        ];
    }
  }
}

function isUnderWay({ state }) {
  return state === "queued" || state === "going" || state === "waiting";
}

function keyOf(file) {
  return `${file.webkitRelativePath || file.name}|${file.size}|${file.lastModified}`;
}

function metadataOf({ path, file, replace }) {
  const mtime = new Date(file.lastModified).toISOString().replace("Z", "000Z"); // six digits, as STAT
  return { filename: path, mtime, ...(replace ? { replace: "1" } : {}) };
}

/** `a (2).txt` for `a.txt`. */
function another(path) {
  const name = nameOf(path);
  const dot = name.lastIndexOf(".") > 0 ? name.lastIndexOf(".") : name.length;
  const [, stem, number] = /^(.*?)(?: \((\d+)\))?$/s.exec(name.slice(0, dot));
  return `${path.slice(0, path.length - name.length)}${stem} (${Number(number ?? 1) + 1})${name.slice(dot)}`;
}

/** Computes a file's digest in a worker; `result` is null where that failed, as where the file has changed. */
function digestOf(file) {
  const worker = new Worker("/web/digest.js", { type: "module" });
  const result = new Promise((resolve) => {
    worker.addEventListener("message", ({ data }) => resolve(data.sha256 ?? null));
    worker.addEventListener("error", () => resolve(null));
    worker.postMessage(file);
  });
  return { result, stop: () => worker.terminate() };
}

function measure(row, offset) {
  const now = performance.now();
  const seconds = (now - (row.measured ?? now)) / 1000;
  if (row.measured !== undefined && seconds < 0.25) return;
  if (seconds > 0 && offset >= row.counted) {
    const rate = (offset - row.counted) / seconds;
    row.rate = row.rate === undefined ? rate : row.rate * (1 - SMOOTH) + rate * SMOOTH;
  }
  row.measured = now;
  row.counted = offset;
}

function described(row) {
  const of = `${size(row.offset)} of ${size(row.size)}`;
  switch (row.state) {
    case "queued":
      return `${size(row.size)}, waits for its turn`;
    case "going":
      return row.rate > 0
        ? `${of} · ${size(Math.round(row.rate))}/s · ${duration((row.size - row.offset) / row.rate)} left`
        : of;
    case "waiting":
      return `${of} · no connection; goes on by itself`;
    case "checking":
      return "Comparing digests";
    case "done":
      return `${size(row.size)} · arrived, digest compared`;
    case "unverified":
      return `${size(row.size)} · arrived; the digest could not be compared`;
    case "remembered":
      return `${size(row.size)}, was cut off. Choose the same file again to go on.`;
    default:
      return sentence(row.why);
  }
}
