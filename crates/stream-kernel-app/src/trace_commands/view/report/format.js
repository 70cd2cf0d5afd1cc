// Numbers and times as people read them.

const UNITS = [
  [3.6e12, "h"],
  [6e10, "min"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

const count = (number) => number.toLocaleString("en-US");
const inputs = (number) => `${count(number)} ${number === 1 ? "input" : "inputs"}`;

function percent(part, whole) {
  if (!whole) return "–";
  const percents = (100 * part) / whole;
  return percents > 0 && percents < 0.05 ? "< 0.1 %" : `${percents.toFixed(1)} %`;
}

// Three significant digits; 0.9995 of a unit would already be rounded up to it.
function threeDigits(value) {
  if (value >= 99.95) return count(Math.round(value));
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

function duration(ns) {
  const [size, unit] = UNITS.find(([size]) => ns >= size * 0.9995) ?? [1, "ns"];
  return `${unit === "ns" ? Math.round(ns) : threeDigits(ns / size)} ${unit}`;
}

// Without the zeros that a scale does not need: `10 µs`.
const scaleDuration = (ns) =>
  duration(ns)
    .replace(/\.0+ /, " ")
    .replace(/(\.\d*[1-9])0+ /, "$1 ");

function rate(perSecond) {
  if (perSecond >= 999_500) return `${threeDigits(perSecond / 1e6).replace(/\.0+$/, "")}M/s`;
  return `${perSecond >= 100 ? count(Math.round(perSecond)) : Number(perSecond.toPrecision(3))}/s`;
}

// To the millisecond: `2026-01-21 01:23:45.123 UTC`, in one piece.
const moment = (text) => text.replace(/T(.{12})\d*Z$/, "\u00a0$1\u00a0UTC");

// Round values from 0 to `most`, some four of them.
function scale(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((step) => most / step <= 5);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, position) => position * step);
}

// A word of a command line for a POSIX shell.
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
