// Who is here, and who was: as `status` tells it, asked for again when somebody comes, goes or is renamed.

import { ask } from "/web/dialogs.js";
import { button, byId, el, gathered, timeOf } from "/web/draw.js";
import { redraw } from "/web/filling.js";
import { plural, when } from "/web/format.js";

const SHOWN = 100; // sessions: as many as the text wire shows
const PAUSE = 250; // milliseconds, so that a class that arrives together is asked for once

export class People {
  #connection;
  #most = null;
  #ask = gathered(() => this.#fetch(), PAUSE);

  /** `write(name)` is called for a person who was clicked. */
  constructor(connection, write) {
    this.#connection = connection;
    this.write = write;
    connection.addEventListener("state", ({ detail }) => {
      if (detail.hello) this.#most = detail.hello.max_clients;
      this.#fetch();
    });
    connection.addEventListener("me", () => this.#ask());
    connection.addEventListener("entry", ({ detail }) => detail.kind === "presence" && this.#ask());
  }

  async #fetch() {
    if (!this.#connection.online) return;
    try {
      this.#show(await this.#connection.request("status", { count: SHOWN }));
    } catch {
      // The line broke; the next one asks again.
    }
  }

  #show(sessions) {
    const here = sessions.filter((each) => each.disconnected === null);
    const gone = sessions.filter((each) => each.disconnected !== null).reverse();
    redraw(
      byId("present"),
      here.map((each) => this.#present(each)),
    );
    byId("past").replaceChildren(...gone.map(past));
    byId("nobody").hidden = here.length > 0;
    byId("past-title").hidden = gone.length === 0;
    byId("places").textContent =
      this.#most === null ? "" : `${here.length} of ${plural(this.#most, "place")}`;
    document.querySelector('.tabs [data-pane="people"]').dataset.count = here.length;
  }

  #present(session) {
    const mine = session.name === this.#connection.me;
    const since = el(
      "span",
      { class: "facts" },
      "since ",
      timeOf(session.connected, when(session.connected)),
    );
    if (mine) return person(session, el("b", {}, session.name), el("span", { class: "you" }, "you"), since);
    const write = () => this.write(session.name);
    const title = `Write to ${session.name} in private`;
    const line = person(
      session,
      el("button", { type: "button", class: "link", title, click: write }, session.name),
      null,
      since,
    );
    if (document.body.dataset.role === "admin") line.append(this.#sendAway(session.name));
    return line;
  }

  /** What lets an admin end somebody's session. */
  #sendAway(name) {
    const place = el("div", {});
    const drop = () => this.#connection.request("drop", { name }).catch((error) => place.append(error.message));
    const sure = () => ask(place, `End the session of ${name}? It cannot be continued.`, "Send away", drop);
    place.append(button("Send away", sure, { class: "link" }));
    return place;
  }
}

function past(session) {
  const { connected, disconnected, reason } = session;
  const times = el(
    "span",
    { class: "facts" },
    timeOf(connected, when(connected)),
    " to ",
    timeOf(disconnected, when(disconnected)),
  );
  if (reason === "crash") times.append(", cut off");
  return person(session, el("span", {}, session.name), null, times);
}

function person(session, name, badge, times) {
  return el(
    "li",
    { title: `from ${session.address}` },
    el("p", { class: "who", dir: "auto" }, name, badge),
    times,
  );
}
