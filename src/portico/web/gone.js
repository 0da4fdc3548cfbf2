// The conversation's lines of files that are not there any more: they say so, and lead nowhere.

import { byId, el } from "/web/draw.js";

/** Keeps the lines as the list of files is, now and whenever either changes. */
export function follow(files) {
  const log = byId("log");
  const mark = (line) => line.querySelector?.(".arrival") && marked(line, files);
  files.addEventListener("listed", () => [...log.children].forEach(mark));
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(mark))).observe(log, {
    childList: true,
  });
}

function marked(line, files) {
  if (Number(line.dataset.seq) > files.listed) return; // the next list knows of it
  const name = line.querySelector(".link");
  const gone = !files.has(name.textContent);
  if (line.classList.contains("gone") === gone) return;
  line.classList.toggle("gone", gone);
  name.disabled = gone;
  line.querySelector("a").hidden = gone;
  if (gone) line.querySelector(".facts").append(el("span", { class: "absent" }, " · not there any more"));
  else line.querySelector(".absent").remove();
}
