// What a command typed into the message box does.

import { plural, size, when } from "/web/format.js";
import { firstWord } from "/web/typed.js";

const LISTED = 1000; // as the text wire

export class Commands {
  #connection;
  #calls;

  /** `calls` are what the page can do: note(...lines), erased(seq), help(command), show(path). */
  constructor(connection, calls) {
    this.#connection = connection;
    this.#calls = calls;
  }

  /** Does a command; rejects with why it cannot be done. */
  async run(name, rest) {
    if (!Object.hasOwn(DO, name)) {
      throw new Error(`There is no command /${name} here; type help, or //${name} to say it`);
    }
    await DO[name]({
      rest,
      ask: (...words) => this.#connection.request(...words),
      connection: this.#connection,
      ...this.#calls,
    });
  }
}

const DO = {
  help: ({ rest, help }) => help(rest),
  bye: ({ connection }) => connection.leave(),
  quit: ({ connection }) => connection.leave(),

  name({ rest, ask }) {
    if (rest === "") throw new Error("A name is missing: /name Ann");
    return ask("name", { name: firstWord(rest)[1] === "" ? firstWord(rest)[0] : rest });
  },

  say({ rest, connection }) {
    if (rest === "") throw new Error("A text is missing: /say Hello");
    connection.say(rest);
  },

  tell({ rest, connection }) {
    const [name, text] = firstWord(rest);
    if (text === "") throw new Error('A name and a text are missing: /tell "Ann" Hello');
    connection.say(text, name);
  },

  async status({ ask, note }) {
    const sessions = await ask("status", { count: 100 });
    note(...(sessions.length > 0 ? sessions.map(described) : ["Nobody is or was here."]));
  },

  async list({ rest, ask, note }) {
    const files = await ask("list", { pattern: rest || null, count: LISTED });
    const lines = files.map(({ path, size: bytes }) => `${path} (${size(bytes)})`);
    note(files.length > 0 ? `${plural(files.length, "file")}:` : "No files.", ...lines);
  },

  async stat({ rest, show }) {
    await show(rest);
  },

  async erase({ rest, ask, erased }) {
    await ask("erase", { seq: rest });
    erased(rest);
  },

  async remove({ rest, show }) {
    await show(rest); // asks before it removes
  },

  async move({ rest, ask }) {
    const [from, to] = firstWord(rest);
    await ask("move", { from, to: firstWord(to)[0] });
  },

  async transfers({ ask, note }) {
    const under = await ask("transfers");
    const lines = under.map(
      (each) => `${each.direction} ${each.path}: ${size(each.offset ?? 0)} of ${size(each.size ?? 0)}`,
    );
    note(...(lines.length > 0 ? lines : ["Nothing is under way."]));
  },
};

function described({ name, connected, disconnected }) {
  return `${name}: since ${when(connected)}${disconnected === null ? "" : `, left ${when(disconnected)}`}`;
}
