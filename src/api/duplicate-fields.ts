/** Finds keys that a JSON text gives twice in one object, which JSON.parse hides. */

const maxReported = 100;
const quote = 34;
const backslash = 92;

interface Level {
  /** Keys seen, for an object; undefined for an array. */
  readonly keys: Set<string> | undefined;
  /** The key or `[index]` at hand. */
  at: string;
  index: number;
}

/** The position just after the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === quote) return position + 1;
    position += code === backslash ? 2 : 1;
  }
  return position;
}

function keyText(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? String(JSON.parse(text.slice(start, end))) : raw;
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .map((level) => level.at)
    .join('.')
    .replaceAll('.[', '[');
}

/** The paths of duplicate fields, in document order, at most 100. The text must be valid JSON. */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let expectsKey = false;
  let position = 0;
  while (position < text.length && found.length < maxReported) {
    const level = levels.at(-1);
    const start = position++;
    switch (text[start]) {
      case '{':
        levels.push({ keys: new Set(), at: '', index: 0 });
        expectsKey = true;
        break;
      case '[':
        levels.push({ keys: undefined, at: '[0]', index: 0 });
        expectsKey = false;
        break;
      case '}':
      case ']':
        levels.pop();
        expectsKey = false;
        break;
      case ',':
        expectsKey = level?.keys !== undefined;
        if (level && !level.keys) level.at = `[${++level.index}]`;
        break;
      case '"': {
        position = endOfString(text, start);
        if (!expectsKey || !level?.keys) break;
        expectsKey = false;
        level.at = keyText(text, start, position);
        if (level.keys.has(level.at)) found.push(pathOf(levels));
        level.keys.add(level.at);
        break;
      }
    }
  }
  return found;
}
