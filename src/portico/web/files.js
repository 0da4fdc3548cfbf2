// The files: folders and files of one folder, or all that a search finds, sorted.

import { button, byId, el, gathered, icon, timeOf } from "/web/draw.js";
import { fileUrl, nameOf, plural, size, when } from "/web/format.js";

const PAGE = 1000; // what LIST answers at most
const MOST = 20_000; // files the page knows; the search of a bigger repository is `list PATTERN`
const ROWS = 200; // drawn at once
const PAUSE = 400; // milliseconds, so that many arrivals are one look

const ORDERS = {
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  newest: (a, b) => (a.mtime < b.mtime ? 1 : -1),
  largest: (a, b) => b.size - a.size,
};

export class Files {
  folder = "";
  #connection;
  #preview;
  #files = [];
  #more = false;
  #rows = ROWS;
  #ask = gathered(() => this.#fetch(), PAUSE);

  constructor(connection, preview) {
    this.#connection = connection;
    this.#preview = preview;
    connection.addEventListener("state", () => this.#fetch());
    connection.addEventListener("entry", ({ detail }) => detail.kind === "file" && this.#ask());
    byId("search").addEventListener("input", () => this.#draw());
    byId("sort").addEventListener("change", () => this.#draw());
    byId("curl").textContent = `curl -T FILE ${location.origin}/files/`;
  }

  async #fetch() {
    if (!this.#connection.online) return;
    const found = [];
    try {
      do {
        const page = await this.#connection.request("list", { after: found.at(-1)?.path, count: PAGE });
        found.push(...page.map((file) => ({ ...file, name: nameOf(file.path) })));
        this.#more = page.length === PAGE;
      } while (this.#more && found.length < MOST);
      this.#files = found;
      this.#problem("");
    } catch (error) {
      if (error.code !== "LOST") this.#problem(error.message);
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
    byId("listing").replaceChildren(...rows);
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
