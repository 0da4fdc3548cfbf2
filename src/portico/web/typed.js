// What a typed line means: the same as on the text wire, so that nothing that looks like a command is ever
// said by accident. Pure.

const WHOLE_LINES = new Set(["help", "status", "list", "bye"]);

/** Returns `{say}`, or `{command, rest}`; null for nothing. */
export function meaning(typed) {
  const text = typed.trim();
  if (text === "") return null;
  if (text.startsWith("//")) return { say: text.slice(1) };
  if (WHOLE_LINES.has(text.toLowerCase())) return { command: text.toLowerCase(), rest: "" };
  if (!text.startsWith("/")) return { say: typed.replace(/^\s*\n|\s+$/g, "") };
  const [, command, rest] = /^\/(\S*)\s*([^]*)$/.exec(text);
  return { command: command.toLowerCase(), rest };
}

/** Splits off the first word, which may stand in quotation marks as it may have spaces. */
export function firstWord(text) {
  const [, quoted, plain, rest] = /^(?:"([^"]*)"|(\S*))\s*([^]*)$/.exec(text);
  return [quoted ?? plain, rest];
}
