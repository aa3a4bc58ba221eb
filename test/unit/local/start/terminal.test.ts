import { expect, test } from "@jest/globals";
import { findColumns, isColourful, isTerminal } from "../../../../local/start/terminal.ts";

const TERMINAL = { isTTY: true, columns: 80 };
const PIPE = {};

test.each([
  ["a terminal", TERMINAL, { TERM: "xterm" }, { redraws: true, colours: true }],
  ["a terminal without a name", TERMINAL, {}, { redraws: true, colours: true }],
  ["a dumb terminal", TERMINAL, { TERM: "dumb" }, { redraws: false, colours: false }],
  ["a terminal whose reader wants no colour", TERMINAL, { NO_COLOR: "1" }, { redraws: true, colours: false }],
  ["a terminal with an empty NO_COLOR", TERMINAL, { NO_COLOR: "" }, { redraws: true, colours: true }],
  ["a pipe, whatever is forced", PIPE, { TERM: "xterm", FORCE_COLOR: "1" }, { redraws: false, colours: false }],
])("%s", (_what, stream, environment, { redraws, colours }) => {
  expect(isTerminal(stream, environment)).toBe(redraws);
  expect(isColourful(stream, environment)).toBe(colours);
});

test.each([
  ["a wide terminal: a text no wider than is read well", { columns: 200 }, {}, 60],
  ["a narrow terminal", { columns: 59 }, {}, 59],
  ["a narrow terminal whose COLUMNS is out of date", { columns: 40 }, { COLUMNS: "200" }, 40],
  ["COLUMNS for a pipe", PIPE, { COLUMNS: "40" }, 40],
  ["a pipe", PIPE, {}, 60],
  ["COLUMNS that is no width", PIPE, { COLUMNS: "-4" }, 60],
  ["COLUMNS of nothing", PIPE, { COLUMNS: "0" }, 60],
])("%s", (_what, stream, environment, columns) => {
  expect(findColumns(stream, environment, 60)).toBe(columns);
});
