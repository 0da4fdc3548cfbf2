// What the server allows with files: as it was when this page came, or as the token grants it. It has the last
// word; this saves offering in vain.

export let mayChange = document.body.dataset.files === "change";

/** Takes note of how far files may be changed: read, add or change. */
export function allow(files) {
  mayChange = files === "change";
}
