// The digests of files, from one worker for all of them: to start one takes longer than most files.

let worker = null;
let last = 0;
const waiting = new Map();

/** Begins a file's digest. `result` resolves to it, or to null where it cannot be told; `stop()` gives it up. */
export function digestOf(file) {
  worker ??= started();
  const id = ++last;
  const result = new Promise((resolve) => waiting.set(id, resolve));
  worker.postMessage({ id, file });
  return { result, stop: () => stop(id) };
}

function started() {
  const made = new Worker("/web/digest.js", { type: "module" });
  made.addEventListener("message", ({ data }) => answer(data.id, data.sha256));
  made.addEventListener("error", () => {
    worker = null;
    [...waiting.keys()].forEach((id) => answer(id, null));
  });
  return made;
}

function stop(id) {
  worker?.postMessage({ stop: id });
  answer(id, null);
}

function answer(id, sha256) {
  waiting.get(id)?.(sha256);
  waiting.delete(id);
}
