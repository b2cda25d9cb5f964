// Tables as text (RFC 4180), separated by commas, semicolons or tabs.

const SEPARATORS = [",", ";", "\t"];
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/; // and the full-width forms of some

// Returns the rows that are not empty, as { line, cells, text }: the number of the first line, and the row as it is.
export function parseTable(content) {
  const text = content.replace(/^\uFEFF/, "");
  const separator = separatorOf(text);
  const rows = [];
  let row = newRow(1);
  let line = 1;
  let start = 0;
  let quoted = false;
  let cell = "";
  const endRow = (end) => {
    row.cells.push(cell);
    row.text = text.slice(start, end);
    if (row.cells.some((each) => each.trim())) rows.push(row);
    cell = "";
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\n") line++;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') cell += text[index++];
      else quoted = false;
    } else if (character === '"' && !cell.trim()) {
      quoted = true;
      cell = "";
    } else if (character === separator) {
      row.cells.push(cell);
      cell = "";
    } else if (character === "\n") {
      endRow(text[index - 1] === "\r" ? index - 1 : index);
      row = newRow(line);
      start = index + 1;
    } else if (character !== "\r") {
      cell += character;
    }
  }
  endRow(text.length);
  return rows;
}

function newRow(line) {
  return { line, cells: [], text: "" };
}

// The separator that occurs most often in the first line.
function separatorOf(text) {
  const first = text.split("\n", 1)[0];
  const count = (separator) => first.split(separator).length;
  return SEPARATORS.reduce((best, each) => (count(each) > count(best) ? each : best));
}

// Returns a table as text. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
export function formatTable(rows) {
  const lines = rows.map((cells) => cells.map(formatCell).join(","));
  return `\uFEFF${lines.join("\r\n")}\r\n`;
}

function formatCell(value) {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",;\r\n\t']/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
