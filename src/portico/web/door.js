// The door: a room that wants a token is looked at and talked in once this browser has shown one.
//
// The browser keeps the token in a cookie that no script can read. It comes from the form, or in the fragment
// of an invitation (`#token=...`), which no server ever sees and which leaves the address at once.

import { allow } from "/web/allowed.js";
import { byId } from "/web/draw.js";

const given = fromAddress();

/** Resolves once this browser may come in, with what it may do: `{role, files}`. */
export async function enter() {
  if (document.body.dataset.locked !== "yes") return { role: "member", files: document.body.dataset.files };
  const facts = (given && (await tried(given))) || (await ask()) || (await form());
  allow(facts.files);
  return facts;
}

/** Tells whether the token was revoked, or has expired; then another one is asked for. */
export async function lookAgain() {
  if (document.body.dataset.locked !== "yes" || byId("door").open) return;
  const response = await fetch("/auth", { cache: "no-store" }).catch(() => null);
  if (response?.ok && (await response.json()).role === null) {
    await form("Your token is not valid any more.");
    location.reload();
  }
}

/** Makes this browser forget its token. */
export async function forget() {
  await fetch("/auth", { method: "DELETE" });
  location.reload();
}

function fromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found;
}

/** What the token that is kept grants; null for nothing. */
async function ask() {
  const response = await fetch("/auth", { cache: "no-store" });
  const facts = await response.json();
  return facts.role === null ? null : facts;
}

/** Shows a token; what it grants, or null and the reason in the form. */
async function tried(token) {
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch("/auth", { method: "POST", headers });
    const facts = await response.json();
    if (response.ok) return facts;
    refused(facts.error.message);
  } catch {
    refused("The server cannot be reached, or the token has characters that no token has.");
  }
  return null;
}

function refused(why) {
  byId("door-error").textContent = why;
  byId("door-error").hidden = !why;
}

/** Asks for a token until one is right. */
function form(why = byId("door-error").textContent) {
  const door = byId("door");
  const input = byId("token");
  refused(why);
  door.showModal();
  input.focus();
  return new Promise((resolve) => {
    byId("door-form").onsubmit = async (event) => {
      event.preventDefault();
      const button = byId("door-in");
      button.disabled = true;
      refused("");
      const facts = await tried(input.value.trim());
      button.disabled = false;
      if (!facts) return input.select();
      input.value = "";
      door.close();
      resolve(facts);
    };
  });
}

byId("door").addEventListener("cancel", (event) => event.preventDefault());
byId("door-show").addEventListener("click", ({ target }) => {
  const hidden = byId("token").type === "password";
  byId("token").type = hidden ? "text" : "password";
  target.textContent = hidden ? "Hide" : "Show";
  target.setAttribute("aria-pressed", hidden);
});
