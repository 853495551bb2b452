/** Mounts as lines that one call of mount(8) works off: a process per mount would cost most of a container's start. */

export interface FstabEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

function escapeField(field: string): string {
  return field.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

export function formatFstab(entries: readonly FstabEntry[]): string {
  return entries
    .map(({ source, target, type, options }) =>
      [escapeField(source), escapeField(target), type, options.join(',') || 'defaults', '0', '0'].join(' '),
    )
    .map((line) => `${line}\n`)
    .join('');
}
