// The conversation: entries of the log as lines, newest below.
//
// However many arrive at once, a frame draws a bounded number, and the page holds the newest CAP; older ones
// are fetched when asked for. Neighbouring messages of one sender share a name.

import { button, byId, el, inFrame } from "/web/draw.js";
import { lineOf } from "/web/entry.js";
import { day } from "/web/format.js";

const CAP = 400; // lines held: some twenty screens
const CAP_BACK = 2000; // while somebody reads further up
const PER_FRAME = 60; // lines a frame draws: some milliseconds
const PAGE = 200; // entries fetched by "Show earlier"
const TOGETHER = 5 * 60_000; // milliseconds between messages that share a name
const NEAR = 48; // pixels from the end that still count as the end

export class LogView {
  #connection;
  #calls;
  #box = byId("entries");
  #log = byId("log");
  #pending = byId("pending");
  #earlier = byId("earlier");
  #newer = byId("newer");
  #queue = [];
  #unseen = 0;
  #last = null;
  #stuck = true;
  #complete = false;
  #draw = inFrame(() => this.#frame());

  /** `calls.show(path)` is called for a file's name, `calls.rewrite(text)` to write a message again. */
  constructor(connection, calls) {
    this.#connection = connection;
    this.#calls = calls;
    connection.addEventListener("entry", ({ detail }) => this.#add(detail));
    connection.addEventListener("unsent", () => this.#drawPending());
    connection.addEventListener("renewed", () => this.#renew());
    connection.addEventListener("missed", () =>
      this.note("Some of what happened meanwhile is not kept any more."),
    );
    connection.addEventListener("state", ({ detail }) => detail.hello && this.#ready());
    this.#earlier.addEventListener("click", () => this.#fetchEarlier());
    this.#newer.addEventListener("click", () => this.#toEnd());
    this.#box.addEventListener("scroll", () => this.#atEnd() && this.#seen(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#titled());
    new ResizeObserver(() => this.#stuck && this.#toEnd()).observe(this.#box);
    this.#drawPending();
  }

  /** Shows lines only this person sees: the answer to a command. */
  note(...lines) {
    const line = el("li", { class: "note" }, ...lines.map((text) => el("p", {}, text)));
    line.append(el("small", {}, "Only you see this"));
    this.#append([line]);
    if (this.#last) this.#last = { at: this.#last.at }; // the next message begins with its sender again
    this.#toEnd();
  }

  /** Takes the text of an entry off the page. */
  erased(seq) {
    const line = this.#log.querySelector(`[data-seq="${Number(seq)}"]`);
    line?.querySelector(".text")?.replaceChildren(el("i", {}, "erased"));
  }

  #add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > CAP) {
      this.#queue.splice(0, this.#queue.length - CAP);
      this.#last = null;
      this.#earlier.hidden = false;
    }
    if (entry.kind === "message" && entry.sender !== this.#connection.me) {
      if (document.hidden || !this.#stuck) this.#unseen++;
      this.#titled();
    }
    this.#draw();
  }

  #frame() {
    const batch = this.#queue.splice(0, PER_FRAME);
    this.#append(batch.flatMap((entry) => this.#lines(entry)));
    this.#drawPending();
    if (this.#queue.length > 0) this.#draw();
    else this.#ready();
  }

  #append(lines) {
    this.#log.append(...lines);
    const most = this.#stuck ? CAP : CAP_BACK;
    while (this.#log.childElementCount > most) {
      this.#log.firstElementChild.remove();
      this.#earlier.hidden = false;
    }
    byId("empty").hidden = this.#log.childElementCount > 0;
    if (this.#stuck) this.#toEnd();
    else this.#newer.hidden = this.#unseen === 0;
  }

  #ready() {
    byId("empty").hidden = this.#log.childElementCount > 0 || this.#queue.length > 0;
    const first = this.#log.querySelector("[data-seq]");
    if (Number(first?.dataset.seq) > 1 && !this.#complete) this.#earlier.hidden = false;
    if (this.#queue.length === 0) setTimeout(() => this.#log.setAttribute("aria-busy", "false"), 500);
  }

  /** Returns an entry's line, below a heading where a day begins. */
  #lines(entry) {
    const before = this.#last;
    this.#last = entry;
    const lines = [];
    if (before === null || day(before.at) !== day(entry.at)) {
      lines.push(el("li", { class: "day" }, el("span", {}, day(entry.at))));
    }
    const continued = lines.length === 0 && sameTurn(before, entry);
    const line = lineOf(entry, { me: this.#connection.me, show: this.#calls.show, continued });
    line.dataset.seq = entry.seq;
    return [...lines, line];
  }

  /** What is written and not yet in the log, below everything. */
  #drawPending() {
    const { unsent } = this.#connection;
    if (unsent.length === 0 && this.#pending.childElementCount === 0) return;
    this.#pending.replaceChildren(...unsent.map((message) => this.#waiting(message)));
    if (this.#stuck) this.#toEnd();
  }

  #waiting(message) {
    const line = el("li", { class: "message waiting" }, el("span", {}));
    const body = el("div", {}, el("p", { class: "text", dir: "auto" }, message.text));
    if (message.to) body.prepend(el("p", { class: "private" }, `to ${message.to}, in private`));
    line.append(body);
    if (message.state !== "refused") {
      line.append(el("span", { class: "number" }, message.state === "sent" ? "sending" : "waiting"));
      return line;
    }
    body.append(
      el("p", { class: "error" }, message.why),
      button(
        "Write again",
        () => {
          this.#connection.discard(message);
          this.#calls.rewrite(message.text);
        },
        { class: "plain" },
      ),
      button("Throw away", () => this.#connection.discard(message), { class: "plain" }),
    );
    return line;
  }

  async #fetchEarlier() {
    const first = Number(this.#log.querySelector("[data-seq]")?.dataset.seq ?? 1);
    const since = Math.max(0, first - 1 - PAGE);
    this.#earlier.disabled = true;
    try {
      const found = await this.#connection.request("history", { since, count: PAGE });
      this.#prepend(found.filter((entry) => entry.seq < first));
      this.#complete = since === 0;
    } catch (error) {
      this.#complete = error.code === "GONE";
      this.note(error.message);
    }
    this.#earlier.disabled = false;
    this.#earlier.hidden = this.#complete;
  }

  #prepend(entries) {
    const [kept, stuck] = [this.#last, this.#box.scrollHeight - this.#box.scrollTop];
    this.#last = null;
    this.#stuck = false;
    this.#log.prepend(...entries.flatMap((entry) => this.#lines(entry)));
    this.#last = kept;
    this.#box.scrollTop = this.#box.scrollHeight - stuck;
  }

  #renew() {
    this.#queue = [];
    this.#log.replaceChildren();
    this.#last = null;
    this.#complete = false;
    this.#earlier.hidden = true;
    this.note("The room began anew: what was said before is not in its log any more.");
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    this.#stuck = scrollHeight - scrollTop - clientHeight < NEAR;
    return this.#stuck;
  }

  #toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#stuck = true;
    this.#seen();
  }

  #seen() {
    if (!document.hidden) this.#unseen = 0;
    this.#newer.hidden = true;
    this.#titled();
  }

  #titled() {
    if (!document.hidden && this.#stuck) this.#unseen = 0;
    document.title = this.#unseen > 0 ? `(${this.#unseen}) Portico` : "Portico";
  }
}

function sameTurn(before, entry) {
  if (before?.kind !== "message" || entry.kind !== "message") return false;
  const close = new Date(entry.at) - new Date(before.at) < TOGETHER;
  return close && before.sender === entry.sender && before.to === entry.to;
}
