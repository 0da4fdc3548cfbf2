// The page: its parts, and how they know each other.

import { Commands } from "/web/commands.js";
import { Composer } from "/web/composer.js";
import { Connection } from "/web/connection.js";
import { byId, button } from "/web/draw.js";
import * as dialogs from "/web/dialogs.js";
import * as door from "/web/door.js";
import { Files } from "/web/files.js";
import * as gone from "/web/gone.js";
import { LogView } from "/web/log.js";
import { People } from "/web/people.js";
import * as picking from "/web/picking.js";
import { Preview } from "/web/preview.js";
import { Uploads } from "/web/uploads.js";
import * as ways from "/web/ways.js";

const connection = new Connection();
const preview = new Preview(connection);
const show = (path) => preview.show(path).catch((error) => log.note(error.message));
const help = (command) => dialogs.help(connection, command);

const log = new LogView(connection, { show, rewrite: (text) => composer.write(text) });
const commands = new Commands(connection, {
  help,
  note: (...lines) => log.note(...lines),
  erased: (seq) => log.erased(seq),
  show: (path) => preview.show(path),
});
const composer = new Composer(connection, commands);
const files = new Files(connection, { show });
gone.follow(files);
const uploads = new Uploads(connection, () => files.folder);
new People(connection, (name) => {
  turnTo("talk");
  composer.write(`/tell ${/\s/.test(name) ? `"${name}"` : name} `);
});

dialogs.listen();
byId("help").addEventListener("click", () => help().catch((error) => log.note(error.message)));
byId("invite").addEventListener("click", dialogs.invite);
byId("address").textContent = location.host;
byId("netcat").textContent = ways.terminal;

/** On a narrow page one part is shown at a time. */
function turnTo(pane) {
  document.body.dataset.pane = pane;
  document
    .querySelectorAll(".tabs button")
    .forEach((tab) => tab.setAttribute("aria-pressed", tab.dataset.pane === pane));
}
document.querySelector(".tabs").addEventListener("click", ({ target }) => {
  const tab = target.closest("button");
  if (tab) turnTo(tab.dataset.pane);
});

let counting = 0;
connection.addEventListener("state", ({ detail }) => {
  clearInterval(counting);
  byId("state").textContent = connection.online ? "Connected" : "Offline";
  byId("state").dataset.state = connection.online ? "online" : "offline";
  byId("banner").hidden = connection.online;
  if (!connection.online) offline(detail.retryAt);
});

/** Says that the line is gone, and counts the seconds to the next try without telling them aloud. */
function offline(retryAt) {
  const seconds = document.createElement("span");
  seconds.setAttribute("aria-hidden", "true");
  const count = () =>
    (seconds.textContent = `Next try in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s.`);
  count();
  counting = setInterval(count, 500);
  const text = "The connection is lost. What you write is kept and sent once it is back. ";
  byId("banner").replaceChildren(
    text,
    seconds,
    button("Try now", () => connection.retry()),
  );
}

/** Offers what a role may do, and nothing in vain. */
function offer({ role, files: level }) {
  document.body.dataset.role = role;
  byId("forget").hidden = document.body.dataset.locked !== "yes";
  if (role === "reader") {
    byId("look-only").hidden = false;
    document.querySelectorAll(".speak, #files > .tools:has(#add)").forEach((part) => (part.hidden = true));
    return;
  }
  uploads.mayReplace = level === "change";
  picking.listen((chosen) => {
    turnTo("files");
    uploads.add(chosen);
  });
}
byId("forget").addEventListener("click", door.forget);
connection.addEventListener("state", () => connection.online || door.lookAgain());
door.enter().then((facts) => {
  offer(facts);
  connection.open();
});
