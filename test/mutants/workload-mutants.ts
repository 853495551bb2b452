/** Mutants of quotas, of what protects objects in use, and of StatefulSets. */
import type { Mutant } from './mutant.ts';

const quotaAdmissionTests = 'src/apiserver/admission/resource-quota.test.ts';

export const workloadMutants: readonly Mutant[] = [
  {
    name: 'quota-charged-although-the-write-was-lost',
    breaks: ['A19'],
    file: 'src/apiserver/admission/quota-charger.ts',
    find: 'conflicts.add(quota.metadata.name);',
    replace: '',
    tests: [quotaAdmissionTests],
  },
  {
    name: 'quota-read-once-for-writes-of-one-moment',
    breaks: ['A19'],
    file: 'src/apiserver/admission/quota-charger.ts',
    find: 'running = running.map(({ quota, used }, index) => ({ quota, used: verdict.used[index] ?? used }));',
    replace: 'running = quotas;',
    tests: [quotaAdmissionTests],
  },
  {
    name: 'growth-under-way-not-charged',
    breaks: ['rel-F3'],
    file: 'src/api/quota/claim-usage.ts',
    find: 'return wholeBytes(larger);',
    replace: 'return wholeBytes(requested);',
    tests: [quotaAdmissionTests],
  },
  {
    name: 'charge-under-way-given-back',
    breaks: ['A19'],
    file: 'src/controllers/resource-quota/sync-quota.ts',
    find: 'used[name] = compareQuantities(atMost, before) < 0 ? atMost : before;',
    replace: '',
    tests: ['src/controllers/resource-quota/sync-quota.test.ts', 'test/integration/resource-quota.test.ts'],
  },
  {
    name: 'ended-pod-lets-its-claim-go',
    breaks: ['C1', 'rel-I4'],
    file: 'src/controllers/pvc-protection/sync-claim.ts',
    find: 'if (!pod.spec.nodeName) return false;',
    replace: "if (!pod.spec.nodeName || pod.status?.phase === 'Succeeded') return false;",
    tests: ['test/integration/claim-protection.test.ts'],
  },
  {
    name: 'claim-of-an-ended-pod-called-used',
    breaks: ['C5'],
    file: 'src/controllers/pvc-protection/unused-condition.ts',
    find: '!isPodTerminated(pod) && namesClaim(pod, claim)',
    replace: 'namesClaim(pod, claim)',
    tests: ['src/controllers/pvc-protection/unused-condition.test.ts', 'test/integration/claim-unused.test.ts'],
  },
  {
    name: 'claim-in-use-called-unused-until-its-pod-has-a-node',
    breaks: ['C5'],
    file: 'src/controllers/pvc-protection/unused-condition.ts',
    find: '!isPodTerminated(pod) && namesClaim(pod, claim)',
    replace: '!isPodTerminated(pod) && Boolean(pod.spec.nodeName) && namesClaim(pod, claim)',
    tests: ['src/controllers/pvc-protection/unused-condition.test.ts', 'test/integration/claim-unused.test.ts'],
  },
  {
    name: 'second-pod-beside-one-that-ends',
    breaks: ['rel-I2'],
    file: 'src/controllers/statefulset/decide-set.ts',
    find: 'if (!pod) {',
    replace: 'if (!pod || isTerminating(pod)) {',
    tests: ['src/controllers/statefulset/decide-set.test.ts'],
  },
  {
    name: 'claim-of-an-earlier-pod-used-again',
    breaks: ['rel-I3'],
    file: 'src/controllers/statefulset/set-writes.ts',
    find: 'if (claimsInWay(context, set, ordinal)) return;',
    replace: '',
    tests: ['test/integration/stateful-set.test.ts'],
  },
  {
    name: 'one-invalid-selector-stops-all',
    breaks: ['rel-L15'],
    file: 'src/api/selectors.ts',
    find: 'if (error instanceof SelectorError) return matchesNoLabel;',
    replace: 'if (error instanceof TypeError) return matchesNoLabel;',
    tests: ['test/integration/odd-objects.test.ts'],
  },
];
