// The connection to the room: one WebSocket, replaced whenever it is lost.
//
// Requests are answered by their id. Entries are followed from the last number seen, so each is told once
// and in order, however often the line breaks. What is said while there is no line, or not yet acknowledged
// when it breaks, stays in `unsent` with its key, across reloads too; the room stores a key once.
//
// Events: state, me, entry, renewed, missed, unsent, left, each with its `detail`.

import { restore, store } from "/web/keeping.js";

const PAST = 300; // entries shown at first: some screens, and half a second on a slow phone
const RETRY = [300, 1000, 2000, 4000, 8000, 15_000]; // milliseconds; a restart of the server takes one or two
const PING_EVERY = 20_000;
const PING_ANSWER = 10_000;
const GIVEN = /^Client\d+$/; // names that only the room gives
const SESSION = "portico.session";
const UNSENT = "portico.unsent";

/** A refusal: `code` is for programs, `message` for people. LOST when there was no answer. */
export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

export class Connection extends EventTarget {
  me = null;
  online = false;
  unsent = restore(sessionStorage, UNSENT, []).map(again);

  #socket = null;
  #waiting = new Map();
  #number = 0;
  #attempt = 0;
  #retry = 0;
  #last = 0;
  #log = null;
  #session = restore(sessionStorage, SESSION, null);
  #tabs = new BroadcastChannel("portico");

  /** The secret by which uploads carry this session's name; null for a visitor. */
  get secret() {
    return this.me === null ? null : this.#session?.resume;
  }

  open() {
    this.#tabs.addEventListener("message", ({ data }) => this.#takenElsewhere(data));
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.retry());
    setInterval(() => this.#ping(), PING_EVERY);
    this.#connect();
  }

  /** Tries at once what would be tried later. */
  retry() {
    if (this.#socket === null) this.#connect();
  }

  /** Asks for a command of the table; resolves to its reply, rejects with `Refused`. */
  request(name, args = {}) {
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) return reject(lost());
      const id = ++this.#number;
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, do: name, args }));
    });
  }

  /** Joins under a name, or as the next ClientN; or changes the name. */
  async join(name) {
    await this.request("name", name ? { name } : {});
    this.#welcome(await this.request("hello"));
    this.flush();
  }

  /** Leaves the room; the page looks on. */
  async leave() {
    this.#forget();
    await this.request("bye");
  }

  /** Says something, now or once there is a line; `to` makes it private. */
  say(text, to = null) {
    const message = { key: randomKey(), text, to, state: "waiting", at: new Date().toISOString() };
    this.unsent.push(message);
    this.#keep();
    this.#send(message);
  }

  /** Takes back what was refused. */
  discard(message) {
    this.unsent = this.unsent.filter((each) => each !== message);
    this.#keep();
  }

  /** Sends what waits, in the order it was written. */
  flush() {
    this.unsent.filter((message) => message.state === "waiting").forEach((message) => this.#send(message));
  }

  async #send(message) {
    if (!this.online || this.me === null) return;
    const { key, text, to } = message;
    message.state = "sent";
    try {
      await (to ? this.request("tell", { name: to, text, id: key }) : this.request("say", { text, id: key }));
      this.discard(message);
    } catch (error) {
      this.#unanswered(message, error);
    }
  }

  #unanswered(message, error) {
    message.state = "waiting";
    if (error.code === "UNAVAILABLE") setTimeout(() => this.flush(), 2000);
    else if (error.code !== "LOST") {
      message.state = "refused";
      message.why = error.message;
    }
    this.#keep();
  }

  #keep() {
    store(sessionStorage, UNSENT, this.unsent);
    this.#tell("unsent");
  }

  #connect() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#greet());
    socket.addEventListener("message", ({ data }) => this.#received(JSON.parse(data)));
    socket.addEventListener("close", () => this.#socket === socket && this.#lost());
  }

  async #greet() {
    try {
      const hello = await this.#hello();
      this.#compare(hello);
      this.online = true;
      this.#attempt = 0;
      this.#welcome(hello);
      this.#tell("state", { hello });
      await this.#follow(hello);
      this.flush();
    } catch {
      this.#socket?.close();
    }
  }

  /** Says hello as the session this was, or as nobody when that cannot be. */
  async #hello() {
    const before = this.#session;
    if (before === null) return this.request("hello");
    try {
      return await this.request("hello", { resume: before.resume });
    } catch (error) {
      if (error.code === "LOST") throw error;
      if (error.code === "NOTFOUND") await this.#rejoin(before.name);
      else {
        if (error.code === "DENIED") this.#forget();
        this.#tell("left", { name: before.name, error });
      }
      return this.request("hello");
    }
  }

  /** Joins under the name of a session that the room does not know any more. */
  async #rejoin(name) {
    this.#forget();
    try {
      await this.request("name", GIVEN.test(name) ? {} : { name });
    } catch (error) {
      this.#tell("left", { name, error });
    }
  }

  #welcome(hello) {
    if (hello.resume) {
      this.#session = { resume: hello.resume, name: hello.name };
      store(sessionStorage, SESSION, this.#session);
      this.#tabs.postMessage(hello.resume);
    }
    this.me = hello.name;
    this.#tell("me", { name: hello.name, hello });
  }

  /** Notices a log that began anew: its numbers are others. */
  #compare(hello) {
    const renewed = this.#log !== null && (this.#log !== hello.log || hello.head < this.#last);
    if (this.#log === null || renewed) this.#last = Math.max(hello.first - 1, hello.head - PAST, 0);
    this.#log = hello.log;
    if (renewed) this.#tell("renewed");
  }

  async #follow(hello) {
    try {
      await this.request("follow", { since: this.#last });
    } catch (error) {
      if (error.code !== "GONE") throw error;
      this.#last = Math.max(hello.first - 1, 0);
      this.#tell("missed");
      await this.request("follow", { since: this.#last });
    }
  }

  #received(message) {
    if (message.push === "entry") return this.#entry(message.data);
    if (message.push === "closing") return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Refused(message.error));
    else waiting?.resolve(message.ok);
  }

  #entry(entry) {
    if (entry.seq <= this.#last) return;
    this.#last = entry.seq;
    if (entry.change === "renamed" && entry.sender === this.me) this.#renamed(entry.name);
    this.#tell("entry", entry);
  }

  #renamed(name) {
    this.me = name;
    this.#session.name = name;
    store(sessionStorage, SESSION, this.#session);
    this.#tell("me", { name });
  }

  #lost() {
    this.#socket = null;
    this.online = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    waiting.forEach(({ reject }) => reject(lost()));
    const pause = RETRY[Math.min(this.#attempt++, RETRY.length - 1)] * (0.75 + Math.random() / 2);
    this.#retry = setTimeout(() => this.#connect(), pause);
    this.#tell("state", { retryAt: Date.now() + pause });
  }

  async #ping() {
    const socket = this.#socket;
    if (!this.online) return;
    const late = setTimeout(() => socket.close(), PING_ANSWER);
    await this.request("ping").catch(() => {});
    clearTimeout(late);
  }

  /** A tab that was doubled has the same secret: the newer one goes on with the session. */
  #takenElsewhere(secret) {
    if (secret !== this.#session?.resume) return;
    const { name } = this.#session;
    this.#forget();
    this.#tell("left", {
      name,
      error: new Refused({ code: "ELSEWHERE", message: `${name} goes on in another tab.` }),
    });
  }

  #forget() {
    this.#session = null;
    this.me = null;
    sessionStorage.removeItem(SESSION);
    this.#tell("me", { name: null });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** After a reload nobody knows whether what was sent has arrived; its key makes sending it again harmless. */
function again(message) {
  return message.state === "sent" ? { ...message, state: "waiting" } : message;
}

function lost() {
  return new Refused({ code: "LOST", message: "The connection was lost before the answer came." });
}

/** 32 random hexadecimal digits. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
