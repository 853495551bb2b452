import { type NodeSelectorTerm, nodeSelectorTermMatches, type Pod } from '../../api/index.ts';
import { podMatchesNode } from '../../component-helpers/index.ts';
import { defaultNormalizeScore } from '../framework/normalize-score.ts';
import { on, type Plugin } from '../framework/plugin.ts';
import { skip, success, unresolvable } from '../framework/status.ts';

const refused = unresolvable("node(s) didn't match Pod's node affinity/selector");
const conflict = unresolvable('pod affinity terms conflict');

function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] | undefined {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

function preferredTerms(pod: Pod) {
  return pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** The nodes that one term names in its fields; undefined when it names none. */
function namesOf(term: NodeSelectorTerm): ReadonlySet<string> | undefined {
  let names: ReadonlySet<string> | undefined;
  for (const { key, operator, values } of term.matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue;
    const own = new Set(values);
    names = names ? names.intersection(own) : own;
  }
  return names;
}

/** The nodes that all terms together name; undefined when any of them leaves the name open. */
function namesOfAll(terms: readonly NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  let names: ReadonlySet<string> = new Set();
  for (const term of terms) {
    const own = namesOf(term);
    if (!own) return undefined;
    names = names.union(own);
  }
  return names;
}

/** Keeps a pod to the nodes that its nodeSelector and node affinity select, and prefers those it prefers. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  events: [
    ...on(
      ['NodeAdd', 'UpdateNodeLabel'],
      (pod, previous, current) =>
        !!current && podMatchesNode(pod, current) && (!previous || !podMatchesNode(pod, previous)),
    ),
    ...on(['PodUpdate']),
  ],
  preFilter: (_state, pod) => {
    const terms = requiredTerms(pod);
    if (!terms && !pod.spec.nodeSelector) return { status: skip };
    const nodeNames = terms && terms.length > 0 ? namesOfAll(terms) : undefined;
    if (!nodeNames) return { status: success };
    return nodeNames.size === 0 ? { status: conflict } : { status: success, nodeNames };
  },
  filter: (_state, pod, node) => (podMatchesNode(pod, node.node) ? success : refused),
  preScore: (_state, pod) => (preferredTerms(pod).length > 0 ? success : skip),
  score: (_state, pod, { node }) => {
    let sum = 0;
    for (const { weight, preference } of preferredTerms(pod)) {
      if (weight !== 0 && nodeSelectorTermMatches(preference, node)) sum += weight;
    }
    return sum;
  },
  normalizeScore: (_state, _pod, scores) => defaultNormalizeScore(scores),
};
