// Joining, waiting for a place, and the message box.

import { byId } from "/web/draw.js";
import { restore, store } from "/web/keeping.js";
import { meaning } from "/web/typed.js";

const DRAFT = "portico.draft";
const NAME = "portico.name";
const WAIT = 5000; // milliseconds between two tries for a place, besides those when somebody leaves
const MOST_LINES = 8;

export class Composer {
  #connection;
  #commands;
  #text = byId("text");
  #name = byId("name");
  #waiting = false;
  #online = 0;
  #kept = "";

  constructor(connection, commands) {
    this.#connection = connection;
    this.#commands = commands;
    this.#name.value = restore(localStorage, NAME, "");
    this.#text.value = restore(sessionStorage, DRAFT, "");
    connection.addEventListener("me", () => this.#show());
    connection.addEventListener("state", () => this.#connected());
    connection.addEventListener("left", ({ detail }) => this.#left(detail));
    connection.addEventListener("entry", ({ detail }) => detail.change === "left" && this.#again());
    setInterval(() => this.#again(), WAIT);
    this.#listen();
  }

  /** Puts a text into the box, to be gone on with; what is there comes back once that is said. */
  write(text) {
    this.#kept ||= this.#text.value;
    this.#text.value = text;
    this.#typed();
    this.#text.focus();
  }

  #listen() {
    onSubmit("join", () => this.#join());
    onSubmit("full", () => this.#wait(!this.#waiting));
    onSubmit("say", () => this.#say());
    byId("rename").addEventListener("click", () => this.write("/name "));
    byId("leave").addEventListener("click", () => this.#connection.leave().catch(() => {}));
    byId("full-back").addEventListener("click", () => this.#lookOn());
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say();
    });
  }

  async #join() {
    const name = this.#name.value.trim();
    fail("join-error", "");
    try {
      await this.#connection.join(name);
      store(localStorage, NAME, name);
      this.#waiting = false;
      this.#show();
      this.#text.focus();
    } catch (error) {
      if (error.code === "FULL") this.#full(error);
      else this.#refused(error);
    }
  }

  #refused(error) {
    this.#wait(false);
    this.#lookOn();
    fail("join-error", sentence(error.message));
    this.#name.focus();
    this.#name.select();
  }

  #full(error) {
    byId("join").hidden = true;
    byId("full").hidden = false;
    const name = this.#name.value.trim();
    byId("full-text").textContent = this.#waiting
      ? `Waiting for a place. You join ${name ? `as ${name}` : ""} as soon as somebody leaves.`.replace(
          "  ",
          " ",
        )
      : sentence(error.message.replace(" Try again later.", ""));
    byId("wait").textContent = this.#waiting ? "Stop waiting" : "Wait for a place";
    byId("full-back").hidden = this.#waiting;
  }

  #wait(waiting) {
    this.#waiting = waiting;
    if (waiting) this.#again();
    else this.#lookOn();
  }

  #connected() {
    this.#online = Date.now();
    this.#show();
  }

  /** Tries for a place. After a restart those who had one come back first. */
  #again() {
    if (Date.now() - this.#online < WAIT) return;
    if (this.#waiting && this.#connection.online && this.#connection.me === null) this.#join();
  }

  #lookOn() {
    byId("full").hidden = true;
    this.#show();
  }

  #left({ name, error }) {
    this.#name.value = name;
    if (error.code === "FULL") this.#full(error);
    else fail("join-error", sentence(error.message));
  }

  #show() {
    const { me } = this.#connection;
    byId("say").hidden = me === null;
    byId("join").hidden = me !== null || !byId("full").hidden;
    if (me !== null) byId("full").hidden = true;
    byId("me").textContent = me === null ? "" : `You are ${me}`;
    this.#typed();
  }

  #typed() {
    const lines = this.#text.value.split("\n").length;
    this.#text.rows = Math.min(lines, MOST_LINES);
    byId("say-error").textContent = "";
    store(sessionStorage, DRAFT, this.#text.value);
  }

  /** Says what was typed, or does it; what cannot be done stays in the box. */
  async #say() {
    const typed = this.#text.value;
    const meant = meaning(typed);
    if (meant === null) return;
    this.#text.value = "";
    this.#typed();
    try {
      if (meant.say === undefined) await this.#commands.run(meant.command, meant.rest);
      else this.#connection.say(meant.say);
      this.#text.value ||= this.#kept;
      this.#kept = "";
      this.#typed();
    } catch (error) {
      if (this.#text.value === "") this.#text.value = typed;
      this.#typed();
      byId("say-error").textContent = sentence(error.message);
    }
  }
}

function onSubmit(id, work) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
}

function fail(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = text === "";
}

/** The server's sentences begin small, as they stand behind a code elsewhere. */
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
