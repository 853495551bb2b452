/** Pods that want to be near, far or spread, and nodes with pods on them, for tests of the plugins about neighbours. */
import type { LabelSelector, Labels, Node, Pod } from '../../../api/index.ts';

type Affinity = NonNullable<Pod['spec']['affinity']>;
export type Term = NonNullable<
  NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];
export type Constraint = NonNullable<Pod['spec']['topologySpreadConstraints']>[number];

export interface PodOptions {
  readonly namespace?: string;
  readonly labels?: Labels;
  /** Required affinity and anti-affinity; preferred ones with their weights. */
  readonly near?: readonly Term[];
  readonly apart?: readonly Term[];
  readonly preferNear?: readonly (readonly [number, Term])[];
  readonly preferApart?: readonly (readonly [number, Term])[];
  readonly spread?: readonly Constraint[];
  readonly meta?: Partial<Pod['metadata']>;
  readonly spec?: Partial<Pod['spec']>;
}

let uids = 0;

function side(required: readonly Term[] = [], preferred: PodOptions['preferNear'] = []) {
  if (required.length + preferred.length === 0) return undefined;
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [...required],
    preferredDuringSchedulingIgnoredDuringExecution: preferred.map(([weight, podAffinityTerm]) => ({
      weight,
      podAffinityTerm,
    })),
  };
}

export function makePod(options: PodOptions = {}, nodeName?: string): Pod {
  const podAffinity = side(options.near, options.preferNear);
  const podAntiAffinity = side(options.apart, options.preferApart);
  const uid = `uid-${++uids}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      uid,
      namespace: options.namespace ?? 'default',
      ...(options.labels && { labels: options.labels }),
      ...options.meta,
    },
    spec: {
      containers: [],
      ...(nodeName !== undefined && { nodeName }),
      ...((podAffinity || podAntiAffinity) && {
        affinity: { ...(podAffinity && { podAffinity }), ...(podAntiAffinity && { podAntiAffinity }) },
      }),
      ...(options.spread && { topologySpreadConstraints: [...options.spread] }),
      ...options.spec,
    },
  } as Pod;
}

export function makeNode(name: string, labels?: Labels, spec: Partial<Node['spec']> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, ...(labels && { labels }) },
    spec,
  } as Node;
}

/** Pods with these labels, in the same domain. A LabelSelector may be given where labels do not say enough. */
export function term(topologyKey: string, selector: Labels | LabelSelector, more: Partial<Term> = {}): Term {
  const isSelector = 'matchExpressions' in selector || 'matchLabels' in selector;
  const labelSelector = isSelector ? (selector as LabelSelector) : { matchLabels: selector as Labels };
  return { topologyKey, labelSelector, ...more };
}

export function expression(key: string, operator: string, ...values: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key, operator, ...(values.length > 0 && { values: [...values] }) }] };
}
