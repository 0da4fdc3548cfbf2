// The files: folders and files of one folder, or all that a search finds, sorted.

import { sentence } from "/web/composer.js";
import { button, byId, el, gathered, icon, timeOf } from "/web/draw.js";
import { redraw } from "/web/filling.js";
import { fileUrl, nameOf, plural, size, when } from "/web/format.js";
import * as ways from "/web/ways.js";

const PAGE = 1000; // what LIST answers at most
const MOST = 20_000; // files the page knows; the search of a bigger repository is `list PATTERN`
const ROWS = 200; // drawn at once
const PAUSE = 400; // milliseconds, so that many arrivals are one look

const NAMES = new Intl.Collator(undefined, { numeric: true }); // one for all: thousands are compared
const ORDERS = {
  name: (a, b) => NAMES.compare(a.name, b.name),
  newest: (a, b) => (a.mtime < b.mtime ? 1 : -1),
  largest: (a, b) => b.size - a.size,
};

/** The files as they were listed last; tells `listed` each time. */
export class Files extends EventTarget {
  folder = "";
  listed = 0; // the number of the last entry that the list has in it for certain
  #connection;
  #preview;
  #files = [];
  #more = false;
  #rows = ROWS;
  #paths = new Set();
  #seen = 0;
  #fetching = false;
  #stale = false;
  #ask = gathered(() => this.#refresh(), PAUSE);

  constructor(connection, preview) {
    super();
    this.#connection = connection;
    this.#preview = preview;
    connection.addEventListener("state", () => this.#refresh());
    connection.addEventListener("renewed", () => (this.#seen = this.listed = 0));
    connection.addEventListener("entry", ({ detail }) => this.#heard(detail));
    byId("search").addEventListener("input", () => this.#draw());
    byId("sort").addEventListener("change", () => this.#draw());
    byId("curl").textContent = ways.put;
  }

  /** Whether a file was there when the files were listed; where they are too many, it may have been. */
  has(path) {
    return this.#more || this.#paths.has(path);
  }

  #heard({ kind, seq }) {
    if (kind !== "file") return;
    this.#seen = seq;
    this.#ask();
  }

  /** Lists the files anew, and once more if something has changed meanwhile. */
  async #refresh() {
    this.#stale = true;
    if (this.#fetching) return;
    this.#fetching = true;
    while (this.#stale && this.#connection.online) {
      this.#stale = false;
      await this.#fetch();
    }
    this.#fetching = false;
    this.#draw();
  }

  async #fetch() {
    const found = [];
    const seen = this.#seen;
    try {
      do {
        const page = await this.#connection.request("list", { after: found.at(-1)?.path, count: PAGE });
        found.push(...page.map((file) => ({ ...file, name: nameOf(file.path) })));
        this.#more = page.length === PAGE;
      } while (this.#more && found.length < MOST);
      this.#files = found;
      this.#paths = new Set(found.map(({ path }) => path));
      this.listed = seen;
      this.#problem("");
      this.dispatchEvent(new Event("listed"));
    } catch (error) {
      if (error.code !== "LOST") this.#problem(sentence(error.message));
    }
    this.#draw();
  }

  #problem(text) {
    byId("files-error").textContent = text;
    byId("files-error").hidden = text === "";
  }

  /** Shows a folder, or the files that a search finds. */
  #draw() {
    const wanted = byId("search").value.trim().toLowerCase();
    const { folders, files } = wanted === "" ? this.#inFolder() : this.#found(wanted);
    const order = ORDERS[byId("sort").value];
    const rows = [
      ...folders.sort(ORDERS.name).map((each) => this.#folderRow(each)),
      ...files
        .sort(order)
        .slice(0, this.#rows)
        .map((each) => this.#fileRow(each, wanted !== "")),
    ];
    if (files.length > this.#rows) rows.push(this.#moreRow(files.length - this.#rows));
    redraw(byId("listing"), rows);
    this.#say(wanted, rows.length);
    this.#crumbs(wanted);
  }

  #say(wanted, rows) {
    const total = this.#files.reduce((sum, file) => sum + file.size, 0);
    const count = `${this.#more ? "more than " : ""}${plural(this.#files.length, "file")}`;
    byId("count").textContent = this.#files.length > 0 ? `${count}, ${size(total)}` : "";
    byId("no-files").hidden = this.#files.length > 0 || !this.#connection.online;
    byId("nothing").hidden = rows > 0 || this.#files.length === 0;
    byId("nothing").textContent = wanted ? `No file is called like “${wanted}”.` : "This folder is empty.";
    document.querySelector('.tabs [data-pane="files"]').dataset.count = this.#files.length;
  }

  #inFolder() {
    const folders = new Map();
    const files = [];
    for (const file of this.#files) {
      if (!file.path.startsWith(this.folder)) continue;
      const [first, ...rest] = file.path.slice(this.folder.length).split("/");
      if (rest.length === 0) files.push(file);
      else tally(folders, first, file);
    }
    return { folders: [...folders.values()], files };
  }

  #found(wanted) {
    return { folders: [], files: this.#files.filter(({ path }) => path.toLowerCase().includes(wanted)) };
  }

  #folderRow({ name, count, size: bytes }) {
    const path = `${this.folder}${name}/`;
    const enter = () => this.#enter(path);
    const facts = el("p", { class: "facts" }, `${plural(count, "file")} · ${size(bytes)}`);
    return el(
      "li",
      {},
      icon("folder"),
      el("div", {}, button(name, enter, { class: "link name" }), facts),
      archive(path, name),
    );
  }

  #fileRow(file, whole) {
    const by = file.by ? ` · ${file.by}` : "";
    const facts = el(
      "p",
      { class: "facts" },
      `${size(file.size)} · `,
      timeOf(file.mtime, when(file.mtime)),
      by,
    );
    const name = button(whole ? file.path : file.name, () => this.#preview.show(file.path), {
      class: "link name",
    });
    const load = el(
      "a",
      {
        href: fileUrl(file.path),
        download: "",
        class: "quiet",
        title: "Download",
        "aria-label": `Download ${file.path}`,
      },
      icon("download"),
    );
    return el("li", {}, icon("file"), el("div", {}, name, facts), load);
  }

  #moreRow(left) {
    const more = () => {
      this.#rows += ROWS;
      this.#draw();
    };
    return el("li", {}, button(`Show ${Math.min(left, ROWS)} more of ${left}`, more, { class: "plain" }));
  }

  #enter(path) {
    this.folder = path;
    this.#rows = ROWS;
    byId("search").value = "";
    this.#draw();
    byId("crumbs").lastElementChild?.focus();
  }

  #crumbs(wanted) {
    const crumbs = byId("crumbs");
    crumbs.hidden = this.folder === "" || wanted !== "";
    const parts = this.folder.split("/").slice(0, -1);
    const steps = parts.map((part, index) => [part, `${parts.slice(0, index + 1).join("/")}/`]);
    const links = [["All files", ""], ...steps].map(([text, path]) =>
      button(text, () => this.#enter(path), { class: "link" }),
    );
    links.at(-1).setAttribute("aria-current", "true");
    crumbs.replaceChildren(...links);
  }
}

function tally(folders, name, file) {
  const folder = folders.get(name) ?? { name, count: 0, size: 0 };
  folder.count++;
  folder.size += file.size;
  folders.set(name, folder);
}

function archive(path, name) {
  const label = `Download the folder ${name} as a zip file`;
  return el(
    "a",
    { href: `${fileUrl(path)}?archive=zip`, download: "", class: "quiet", title: label, "aria-label": label },
    icon("download"),
  );
}
