// Choosing files and folders: by the buttons, or by dropping them anywhere on the page.
//
// What comes out is `{file, path}`, with the path inside the folder that was chosen, or `{path, why}` for what
// cannot be read.

import { byId } from "/web/draw.js";

const PATHS = new Intl.Collator(undefined, { numeric: true });

/** Calls `take(files)` with what is chosen or dropped, in the order of paths: a folder tells it in none. */
export function listen(took) {
  const take = (files) => took(files.sort((one, other) => PATHS.compare(one.path, other.path)));
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
    const { dataTransfer: transfer } = event;
    if (transfer === null || (isText(transfer) && event.target.closest?.("input, textarea"))) return;
    event.preventDefault(); // else the page would go where a dropped file or link leads
    const wanted = transfer.types.includes("Files");
    if (!wanted) transfer.dropEffect = "none";
    depth = Math.max(0, wanted ? depth + change : 0);
    shade.hidden = depth === 0;
  };
  addEventListener("dragenter", over(1));
  addEventListener("dragleave", over(-1));
  addEventListener("dragover", over(0));
  addEventListener("drop", async (event) => {
    over(-Infinity)(event);
    if (event.dataTransfer?.types.includes("Files")) take(await dropped(event.dataTransfer));
  });
}

function isText(transfer) {
  return !transfer.types.includes("Files");
}

/** The files of a drop. All entries are asked for at once: they are gone after the event. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map(within))).flat();
}

/** The files of an entry, or one that tells why there are none. */
async function within(entry) {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) return [{ file: await asked((...calls) => entry.file(...calls)), path }];
    const found = await inFolder(entry.createReader());
    return found.length > 0 ? found : [{ path, why: "There is no file in this folder" }];
  } catch {
    return [{ path, why: "This browser may not read it" }];
  }
}

async function inFolder(reader) {
  const found = [];
  for (;;) {
    const some = await asked((...calls) => reader.readEntries(...calls)); // at most 100
    if (some.length === 0) return found.flat();
    found.push(...(await Promise.all(some.map(within))));
  }
}

function asked(call) {
  return new Promise((resolve, reject) => call(resolve, reject));
}
