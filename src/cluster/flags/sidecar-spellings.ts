/** How the components of kubernetes-csi write flags that the other roles have under another name. */
import { bool, duration, type FlagTable, type FlagValues, type GivenFlags, readFlags, text } from './flag-table.ts';

const spellings = {
  'leader-election': 'leader-elect',
  'leader-election-namespace': 'leader-elect-resource-namespace',
  'leader-election-lease-duration': 'leader-elect-lease-duration',
  'leader-election-renew-deadline': 'leader-elect-renew-deadline',
  'leader-election-retry-period': 'leader-elect-retry-period',
  'metrics-address': 'http-endpoint',
} as const;

const sameAs = (name: string) => `the same as --${name}`;

/** To be added to a role's own flags. */
export const spelledFlags = {
  'leader-elect-retry-period': duration('5s', 'between renewals, and between tries to become the leader', { above: 0 }),
  'leader-election': bool(true, sameAs(spellings['leader-election'])),
  'leader-election-namespace': text('', sameAs(spellings['leader-election-namespace'])),
  'leader-election-lease-duration': duration('15s', sameAs(spellings['leader-election-lease-duration'])),
  'leader-election-renew-deadline': duration('10s', sameAs(spellings['leader-election-renew-deadline'])),
  'leader-election-retry-period': duration('5s', sameAs(spellings['leader-election-retry-period'])),
  'leader-election-labels': text('', 'labels of the lease: a=b,c=d'),
  'http-endpoint': text('', 'where health and metrics are served over plain HTTP, such as :8080; empty: nowhere'),
  'metrics-address': text('', sameAs(spellings['metrics-address'])),
  'metrics-path': text('/metrics', 'where metrics are found there'),
};

/** With those spellings told as those of the other roles. Throws a UsageError that begins with the flag's name. */
export function readSpelledFlags<Table extends FlagTable>(table: Table, given: GivenFlags): FlagValues<Table> {
  // A mistake is told by the name that was written.
  readFlags(table, given);
  const renamed = new Map(given);
  for (const [spelling, name] of Object.entries(spellings)) {
    const value = given.get(spelling);
    if (value !== undefined) renamed.set(name, value);
  }
  return readFlags(table, renamed);
}
