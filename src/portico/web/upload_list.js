// The uploads as they are shown: one by one while they are few; else as one sum, and below it those that
// somebody has to say something to.

import { sentence } from "/web/composer.js";
import { button, byId, el, inFrame } from "/web/draw.js";
import { refill } from "/web/filling.js";
import { plural, storable } from "/web/format.js";
import { described, isDone, isOpen, isQuestion, isUnderWay, measure, together } from "/web/upload_row.js";

const FEW = 6; // shown one by one; more of them move too much to be read
const SHOWN = 50; // rows; further ones are a number
const PLAIN = { class: "plain" };

/** What many rows of a state have in common. */
const CHOICES = [
  { state: "exists", says: (count) => `${count} of these names are taken already.` },
  { state: "refused", says: (count) => `${count} could not be sent.` },
  { state: "remembered", says: (count) => `${count} uploads were cut off. Choose the same files again to go on.` },
];

export class UploadList {
  draw = inFrame(() => this.#show());

  #uploads;
  #sum = null;
  #choices = CHOICES.map((choice) => ({ ...choice }));
  #sending = 0;

  /** `uploads` has the `rows`, and does what the buttons say. */
  constructor(uploads) {
    this.#uploads = uploads;
  }

  #show() {
    const { rows } = this.#uploads;
    const sent = rows.filter(({ file }) => file);
    this.#sum = sent.length > FEW ? together(sent, this.#sum ?? {}) : null;
    const shown = rows.filter((row) => this.#sum === null || isWaiting(row)).sort(byRank);
    const left = shown.length - SHOWN;
    const lines = [
      this.#sum && this.#summary(this.#sum),
      ...this.#choices.map((choice) => this.#choice(choice, shown)),
      ...shown.slice(0, SHOWN).map((row) => this.#row(row)),
      left > 0 && el("li", { class: "facts" }, `and ${left.toLocaleString()} more`),
    ].filter(Boolean);
    const list = byId("uploads");
    const same = lines.length === list.children.length && lines.every((each, at) => each === list.children[at]);
    if (!same) refill(list, lines, byId("add"));
    this.#tell(sent);
  }

  #row(row) {
    if (isOpen(row)) measure(row);
    const key = `${row.state} ${this.#uploads.mayReplace}`;
    const facts = isQuestion(row) ? sentence(described(row)) : described(row);
    // Of many that ask the same, only the question to all of them is told aloud.
    const aloud = this.#choices.some(({ state, rows }) => state === row.state && rows.length === 1);
    return drawn(row, key, facts, () => line(row, row.path, this.#buttons(row), isQuestion(row) && aloud));
  }

  #summary(sum) {
    measure(sum);
    const files = plural(sum.count, "file");
    const open = sum.state !== "done";
    const cancel = () => this.#uploads.rows.filter(isOpen).forEach((row) => this.#uploads.cancel(row));
    const buttons = open ? [button("Cancel all", cancel, PLAIN)] : [];
    const facts = `${sum.arrived.toLocaleString()} of ${sum.count.toLocaleString()} · ${described(sum)}`;
    const name = open ? `Sending ${files}` : files;
    return drawn(sum, `${sum.state} ${files}`, facts, () => line(sum, name, buttons));
  }

  /** One answer for all rows that ask the same. */
  #choice(choice, rows) {
    choice.rows = rows.filter(({ state }) => state === choice.state);
    const count = choice.rows.length;
    if (count < 2) return null;
    const key = `${count} ${this.#uploads.mayReplace}`;
    return drawn(choice, key, choice.says(count.toLocaleString()), () => {
      const buttons = this.#answers(choice)
        .filter(({ all }) => all)
        .map(({ all, act }) => button(all, () => choice.rows.forEach(act), PLAIN));
      const says = el("p", { class: "facts", role: "alert" });
      return el("li", { class: choice.state }, says, el("div", { class: "row" }, ...buttons));
    });
  }

  #buttons(row) {
    if (isOpen(row)) {
      const label = { ...PLAIN, "aria-label": `Cancel the upload of ${row.path}` };
      return [button("Cancel", () => this.#uploads.cancel(row), label)];
    }
    return this.#answers(row).map(({ one, act }) => button(one, () => act(row), PLAIN));
  }

  /** What can be said to a row that waits for somebody, or to all of them. */
  #answers(row) {
    const { state, rows = [] } = row;
    const uploads = this.#uploads;
    const drop = (each) => uploads.cancel(each);
    const replace = (each) => uploads.again(each, { replace: true });
    switch (state) {
      case "exists":
        return [
          ...(uploads.mayReplace ? [{ one: "Replace", all: "Replace all", act: replace }] : []),
          { one: "Keep both", all: "Keep all", act: (each) => uploads.keepBoth(each) },
          { one: "Skip", all: "Skip all", act: drop },
        ];
      case "refused":
        return [
          ...this.#attempts(rows.length > 0 ? rows : [row]),
          { one: "Dismiss", all: "Dismiss all", act: drop },
        ];
      case "remembered":
        return [
          { one: "Choose it", act: () => byId("pick").click() },
          { one: "Forget", all: "Forget all", act: drop },
        ];
      default:
        return [];
    }
  }

  /** The ways to send what was refused: again as it is, or under names that every machine can store. */
  #attempts(rows) {
    const sendable = rows.filter(({ file }) => file);
    const named = sendable.filter(({ path }) => storable(path) !== path);
    if (sendable.length === 0) return [];
    const again = (row) => row.file && this.#uploads.again(row);
    if (named.length < sendable.length) return [{ one: "Try again", all: "Try all again", act: again }];
    const rename = (row) => row.file && this.#uploads.again(row, { path: storable(row.path) });
    return [{ one: `Send as ${storable(named[0].path)}`, all: "Send all with _ instead", act: rename }];
  }

  /** Tells those who listen when all is sent. */
  #tell(rows) {
    const sending = rows.filter(isUnderWay).length;
    if (sending > 0) byId("uploads-said").textContent = "";
    else if (this.#sending > 0) byId("uploads-said").textContent = said(rows);
    this.#sending = sending;
  }
}

/** Whether nothing goes on before somebody does something. */
function isWaiting(row) {
  return isQuestion(row) || row.state === "remembered";
}

/** What is under way and what needs an answer stand above what waits, and that above what is done. */
function byRank(one, other) {
  return rank(one) - rank(other);
}

function rank({ state }) {
  if (state === "queued" || state === "remembered") return 1;
  return isDone({ state }) ? 2 : 0;
}

/** What `made` is drawn as: made anew only when `key` is another, so that focus and a pressed button stay. */
function drawn(made, key, facts, make) {
  if (made.drawn !== key) made.line = make();
  made.drawn = key;
  const bar = made.line.querySelector("progress");
  if (bar !== null) Object.assign(bar, { max: Math.max(made.size, 1), value: made.offset });
  const says = made.line.querySelector(".facts");
  if (says.textContent !== facts) says.textContent = facts;
  return made.line;
}

function line(row, title, buttons, aloud = false) {
  const name = el("p", { class: "name", title }, title);
  const bar = isOpen(row) ? el("progress", { "aria-label": `Upload: ${title}` }) : null;
  const facts = el("p", { class: "facts", role: aloud ? "alert" : null });
  const answers = el("div", { class: "row" }, ...buttons);
  return isQuestion(row) || buttons.length > 1
    ? el("li", { class: row.state }, name, facts, answers)
    : el("li", { class: row.state }, el("div", { class: "row" }, name, ...buttons), bar, facts);
}

function said(rows) {
  const done = rows.filter(isDone).length;
  const open = rows.filter(isQuestion).length;
  const arrived = done > 0 ? `${plural(done, "file")} arrived. ` : "";
  return open > 0 ? `${arrived}Not sent: ${plural(open, "file")}.` : arrived;
}
