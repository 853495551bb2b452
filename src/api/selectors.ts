/** Label, field and node selectors: parsed once, then asked for every object. */
import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from './gen/core.v1.gen.ts';
import type { LabelSelector } from './gen/meta.v1.gen.ts';
import { parseLabelRequirements } from './label-selector-parser.ts';
import { SelectorError, type SelectorOperator, type SelectorRequirement } from './selector-requirement.ts';

export type Labels = Readonly<Record<string, string>>;

export interface LabelMatcher {
  /** The requirements, all of which must hold; undefined when nothing matches. */
  readonly requirements: readonly SelectorRequirement[] | undefined;
  matches(labels: Labels | undefined): boolean;
}

export interface FieldTerm {
  readonly field: string;
  readonly negated: boolean;
  readonly value: string;
}

export interface FieldMatcher {
  /** All of them must hold; empty matches everything. */
  readonly terms: readonly FieldTerm[];
  matches(fields: Readonly<Record<string, string>>): boolean;
}

const integerPattern = /^[+-]?\d+$/;

function labelValueOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function compareInteger(value: string, bound: string | undefined): number | undefined {
  if (bound === undefined || !integerPattern.test(value) || !integerPattern.test(bound)) return undefined;
  const difference = BigInt(value.replace('+', '')) - BigInt(bound.replace('+', ''));
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function holds(requirement: SelectorRequirement, labels: Labels | undefined): boolean {
  const value = labelValueOf(labels, requirement.key);
  switch (requirement.operator) {
    case 'in':
    case '=':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
      return value !== undefined && compareInteger(value, requirement.values[0]) === 1;
    case 'lt':
      return value !== undefined && compareInteger(value, requirement.values[0]) === -1;
  }
}

function labelMatcher(requirements: readonly SelectorRequirement[]): LabelMatcher {
  return { requirements, matches: (labels) => requirements.every((requirement) => holds(requirement, labels)) };
}

const matchesEveryLabel = labelMatcher([]);
const matchesNoLabel: LabelMatcher = { requirements: undefined, matches: () => false };

/** Parses `app=web,tier in (a,b),!old`. The empty text matches everything. Throws a SelectorError. */
export function parseLabelSelector(text: string | undefined): LabelMatcher {
  return text ? labelMatcher(parseLabelRequirements(text)) : matchesEveryLabel;
}

const operators: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** A LabelSelector object: undefined matches nothing, an empty one everything. Throws a SelectorError. */
export function labelSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined) return matchesNoLabel;
  const requirements: SelectorRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const expression of selector.matchExpressions ?? []) {
    const operator = operators[expression.operator];
    if (!operator) throw new SelectorError(`"${expression.operator}" is not a valid label selector operator`);
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  return requirements.length === 0 ? matchesEveryLabel : labelMatcher(requirements);
}

/**
 * For a look at everybody's selectors, of which one may be invalid: as in upstream it matches nothing then, and holds up
 * none of the others.
 */
export function storedSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  try {
    return labelSelectorMatcher(selector);
  } catch (error) {
    if (error instanceof SelectorError) return matchesNoLabel;
    throw error;
  }
}

/** Splits at the separator, except where a backslash escapes it. */
function splitUnescaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unescapeValue(value: string): string {
  return value.replace(/\\(.?)/gs, (_, escaped: string) => {
    if (escaped !== '' && '\\,='.includes(escaped)) return escaped;
    throw new SelectorError(`invalid field selector: invalid escape sequence: \\${escaped}`);
  });
}

function parseFieldTerm(part: string, text: string): FieldTerm {
  const match = /^((?:\\.|[^\\=!])*?)(!=|==|=)(.*)$/s.exec(part);
  if (!match) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
  const [, field = '', operator, value = ''] = match;
  return { field, negated: operator === '!=', value: unescapeValue(value) };
}

/** Parses `spec.nodeName=n1,status.phase!=Failed`. Throws a SelectorError. */
export function parseFieldSelector(text: string | undefined): FieldMatcher {
  const parts = splitUnescaped(text ?? '', ',').filter((part) => part !== '');
  const terms = parts.map((part) => parseFieldTerm(part, text ?? ''));
  return {
    terms,
    matches: (fields) =>
      terms.every(
        ({ field, negated, value }) => ((Object.hasOwn(fields, field) ? fields[field] : '') === value) !== negated,
      ),
  };
}

function nodeRequirementHolds(requirement: NodeSelectorRequirement, labels: Labels | undefined): boolean {
  const values = requirement.values ?? [];
  const value = labelValueOf(labels, requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && compareInteger(value, values[0]) === 1;
    case 'Lt':
      return value !== undefined && compareInteger(value, values[0]) === -1;
    default:
      return false;
  }
}

/** The part of a node that node selectors look at. */
export interface SelectableNode {
  readonly metadata: Pick<Node['metadata'], 'name' | 'labels'>;
}

/** One term: all its requirements must hold; a term without any matches no node. */
export function nodeSelectorTermMatches(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const fieldValues = { 'metadata.name': node.metadata.name };
  return (
    expressions.every((requirement) => nodeRequirementHolds(requirement, node.metadata.labels)) &&
    fields.every((requirement) => nodeRequirementHolds(requirement, fieldValues))
  );
}

/** Whether any term of the selector matches the node. */
export function nodeSelectorMatches(selector: NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => nodeSelectorTermMatches(term, node));
}
