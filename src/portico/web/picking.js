// Choosing files and folders: by the buttons, or by dropping them anywhere on the page.
//
// What comes out is `{file, path}`, with the path inside the folder that was chosen.

import { byId } from "/web/draw.js";

/** Calls `take(files)` with what is chosen or dropped. */
export function listen(take) {
  picker("add", "pick", take);
  picker("add-folder", "pick-folder", take);
  dropping(take);
}

function picker(trigger, field, take) {
  const input = byId(field);
  byId(trigger).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = ""; // so that the same file can be chosen again
  });
}

function dropping(take) {
  const shade = byId("drop");
  let depth = 0; // dragenter and dragleave come for each element on the way
  const over = (change) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    shade.hidden = depth === 0;
  };
  addEventListener("dragenter", over(1));
  addEventListener("dragleave", over(-1));
  addEventListener("dragover", over(0));
  addEventListener("drop", async (event) => {
    over(-depth)(event);
    if (event.dataTransfer?.types.includes("Files")) take(await dropped(event.dataTransfer));
  });
}

/** The files of a drop. All entries are asked for at once: they are gone after the event. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most 100
    if (some.length === 0) return found.flat();
    found.push(...(await Promise.all(some.map(within))));
  }
}
