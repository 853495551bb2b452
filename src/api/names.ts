/** The syntax of names, labels and keys. Each check returns what is wrong, empty when nothing is; lengths are bytes. */

type NameCheck = (value: string) => readonly string[];

export const maxLabelLength = 63;
export const maxSubdomainLength = 253;

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;
const configKey = '[-._a-zA-Z0-9]+';

const labelPattern = anchored(label);
const subdomainPattern = anchored(subdomain);
const dns1035Pattern = anchored(dns1035);
const labelKeyPattern = anchored(labelKey);
const labelValuePattern = anchored(labelValue);
const configKeyPattern = anchored(configKey);

function anchored(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export function maxLength(bytes: number): string {
  return `must be no more than ${bytes} bytes`;
}

export function inclusiveRange(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** Tells the rule, examples and the pattern that was used. */
export function patternMessage(rule: string, pattern: string, ...examples: readonly string[]): string {
  const quoted = examples.map((example) => `'${example}', `).join(' or ');
  return `${rule} (${quoted ? `e.g. ${quoted}` : ''}regex used for validation is '${pattern}')`;
}

export function checkDnsLabel(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxLabelLength) problems.push(maxLength(maxLabelLength));
  if (labelPattern.test(value)) return problems;
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  problems.push(
    subdomainPattern.test(value) ? 'must not contain dots' : patternMessage(rule, label, 'my-name', '123-abc'),
  );
  return problems;
}

export function checkDnsSubdomain(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxSubdomainLength) problems.push(maxLength(maxSubdomainLength));
  if (!subdomainPattern.test(value)) {
    const rule =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    problems.push(patternMessage(rule, subdomain, 'example.com'));
  }
  return problems;
}

export function checkDns1035Label(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxLabelLength) problems.push(maxLength(maxLabelLength));
  if (!dns1035Pattern.test(value)) {
    const rule =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    problems.push(patternMessage(rule, dns1035, 'my-name', 'abc-123'));
  }
  return problems;
}

/** A label key: an optional DNS subdomain and `/`, then a name. */
export function checkLabelKey(value: string): readonly string[] {
  const rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const explained = patternMessage(rule, labelKey, 'MyName', 'my.name', '123-abc');
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${explained} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') problems.push('prefix part must be non-empty');
  else if (prefix !== undefined) problems.push(...checkDnsSubdomain(prefix).map((problem) => `prefix part ${problem}`));
  if (name === '') problems.push('name part must be non-empty');
  else if (byteLength(name) > maxLabelLength) problems.push(`name part ${maxLength(maxLabelLength)}`);
  if (!labelKeyPattern.test(name)) problems.push(`name part ${explained}`);
  return problems;
}

export function checkLabelValue(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxLabelLength) problems.push(maxLength(maxLabelLength));
  if (!labelValuePattern.test(value)) {
    const rule =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    problems.push(patternMessage(rule, labelValue, 'MyValue', 'my_value', '12345'));
  }
  return problems;
}

/** A key of a ConfigMap or Secret: it becomes a file name. */
export function checkConfigKey(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxSubdomainLength) problems.push(maxLength(maxSubdomainLength));
  if (!configKeyPattern.test(value)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(patternMessage(rule, configKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') problems.push("must not be '.'");
  else if (value === '..') problems.push("must not be '..'");
  else if (value.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** A name that is one segment of a URL path. */
export function checkPathSegment(value: string): readonly string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%']
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** The name as checked when a suffix of random characters will follow. */
export function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

export type { NameCheck };
