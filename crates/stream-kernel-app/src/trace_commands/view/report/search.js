// Search: by id, by line, and by whatever the steps noted.

// A text without the quotes that tell it from a number.
const plain = (text) => text.replace(/^"([\w.+-]+)"$/, "$1");

// What was noted about an entry: each `{ name, value, isBare }`, in small letters. Figures are found under their names,
// tags without one, too: `3` would otherwise find every input with a limit of 3.
function notesOf(entry) {
  entry.notes ??= entry.inputs
    .filter(Boolean)
    .flatMap((input) => [
      ...input.records.flatMap((record) =>
        record.changes.flatMap(([path, before, after]) =>
          [...new Set([before, after])].filter((text) => text !== null).map((text) => note(path, plain(text))),
        ),
      ),
      ...input.errors.flatMap((error) => [note("error", error.kind), note("error", error.message)]),
    ]);
  return entry.notes;
}

function note(path, text) {
  const value = text.toLowerCase();
  return {
    path: path.toLowerCase(),
    shown: `${lastName(path)} ${text}`,
    value,
    amount: value.replace(/[$,]/g, ""),
    isBare: !/^\d+$/.test(value) || path.startsWith("tags."),
  };
}

// What can be searched for, with a note of this page as an example.
function searchExample(page) {
  for (const entry of page.entries.slice(0, 50)) {
    const tags = entry.inputs.flatMap((input) => input?.records ?? []).flatMap((record) => record.changes);
    const [path, , after] =
      tags.find(([path, , after]) => path.startsWith("tags.") && path !== "tags.id" && after !== null) ?? [];
    if (path && after.length <= 24) return shown(`id, line or note: ${lastName(path)}=${plain(after)}`);
  }
  return "id or line";
}

const lastName = (path) => path.slice(path.lastIndexOf(".") + 1);

const isFigure = (text) => /^[\d.,]+$/.test(text);

// Whether a note answers a word: `value` or `name=value`. Figures are found whole, texts by a part.
function answers({ path, value, amount, isBare }, word) {
  const [, name, wanted] = word.match(/^([^=\s]+)=(.+)$/) ?? [];
  const text = wanted ?? word;
  if (name !== undefined && path !== name && !path.endsWith(`.${name}`)) return false;
  if (name === undefined && !isBare) return false;
  return isFigure(text) ? value === text || amount === text : value.includes(text);
}

// How well an entry answers a search, 0 best, with the notes that do; null if it does not.
function rankOf(entry, text) {
  const id = idOf(entry);
  if (id === text || String(entry.line) === text) return { rank: 0, notes: [] };
  if (id.startsWith(text)) return { rank: 1, notes: [] };
  if (id.includes(text)) return { rank: 2, notes: [] };
  const small = text.toLowerCase();
  const whole = notesOf(entry).find((note) => answers(note, small));
  if (whole) return { rank: 3, notes: [whole.shown] };
  const words = small.split(/\s+/);
  if (words.length < 2) return null;
  const found = words.map((word) => notesOf(entry).find((note) => answers(note, word)));
  return found.every(Boolean) ? { rank: 3, notes: [...new Set(found.map((note) => note.shown))] } : null;
}

const SORTS = {
  ...(isPair && { changed: ["changed first", (a, b) => rankOfChange(a) - rankOfChange(b) || SORTS.slowest[1](a, b)] }),
  slowest: ["slowest first", (a, b) => most(b, "elapsed_ns") - most(a, "elapsed_ns")],
  steps: ["most time in steps first", (a, b) => most(b, "duration_ns") - most(a, "duration_ns")],
  line: ["by line", (a, b) => a.line - b.line],
  id: ["by id", (a, b) => idOf(a).localeCompare(idOf(b), "en", { numeric: true })],
};

const rankOfChange = (entry) => ["flipped", "reason", ""].indexOf(changeOf(page, entry));

// Those found: the best first, and among equals in the chosen order; and whether one has exactly this id or line.
function find(page, text, test, order) {
  const [, compare] = SORTS[order];
  const answer = (entry) => (text ? rankOf(entry, text) : { rank: 0, notes: [] });
  const answered = page.entries.map((entry) => ({ entry, answer: answer(entry) })).filter(({ answer }) => answer);
  const matches = answered.filter(({ entry }) => test(entry));
  matches.sort((a, b) => a.answer.rank - b.answer.rank || compare(a.entry, b.entry) || a.entry.line - b.entry.line);
  return { matches, isExact: answered.some(({ answer }) => answer.rank === 0) };
}
