/** Mutants of what decides where pods go and which must make room, besides volumes. */
import type { Mutant } from './mutant.ts';

const queueTests = 'src/scheduler/queue/scheduling-queue.test.ts';
const frameworkTests = 'src/scheduler/framework/framework.test.ts';
const preemptionTests = 'test/integration/scheduler-preemption.test.ts';

export const schedulerMutants: readonly Mutant[] = [
  {
    name: 'event-lost-while-the-pod-is-tried',
    breaks: ['H10'],
    file: 'src/scheduler/queue/scheduling-queue.ts',
    find: 'const helpful = happenings.find((happening) => this.#helps(happening, entry));',
    replace: 'const helpful = undefined as { event: string } | undefined;',
    tests: [queueTests],
  },
  {
    name: 'waiting-pods-never-tried-without-an-event',
    breaks: ['rel-L2'],
    file: 'src/scheduler/queue/scheduling-queue.ts',
    find: '    const delayMs = Math.max(0, oldest.sinceMs + leftoverRetryMs - this.#clock.now());',
    replace: '    const delayMs = 2 ** 31 - 1;',
    tests: [queueTests],
  },
  {
    name: 'every-event-wakes-every-pod',
    breaks: ['H10', 'rel-L14'],
    file: 'src/scheduler/queue/scheduling-queue.ts',
    find: '      if (this.#helps(happening, entry)) this.#requeue(entry, happening.event);',
    replace: '      this.#requeue(entry, happening.event);',
    tests: [queueTests, 'test/integration/scheduler-queue.test.ts'],
  },
  {
    name: 'room-that-a-pod-left-not-noticed',
    breaks: ['H10', 'rel-L2'],
    file: 'src/scheduler/plugins/node-resources-fit.ts',
    find: "...on(['AssignedPodDelete', 'PodUpdate']),",
    replace: "...on(['PodUpdate']),",
    tests: ['test/integration/scheduler-random.test.ts', 'test/integration/scheduler-queue.test.ts'],
  },
  {
    name: 'reservations-kept-when-one-is-refused',
    breaks: ['rel-H3'],
    file: 'src/scheduler/framework/framework.ts',
    find: '      this.unreserve({ state, node }, pod);',
    replace: '',
    tests: [frameworkTests],
  },
  {
    name: 'promised-room-given-to-another',
    breaks: ['U1'],
    file: 'src/scheduler/framework/framework.ts',
    find: '    if (nominated.length > 0) {',
    replace: '    if (nominated.length > 999) {',
    tests: [frameworkTests, preemptionTests],
  },
  {
    name: 'equals-make-room-for-each-other',
    breaks: ['U1'],
    file: 'src/scheduler/plugins/default-preemption/select-victims.ts',
    find: 'if (other.priority < priority) potential.push(other);',
    replace: 'if (other.priority <= priority) potential.push(other);',
    tests: ['src/scheduler/plugins/default-preemption/select-victims.test.ts', preemptionTests],
  },
  {
    name: 'more-pods-removed-than-must-go',
    breaks: ['U1'],
    file: 'src/scheduler/plugins/default-preemption/select-victims.ts',
    find: '    if (!runner.filterNode(state, pod, node)) return true;',
    replace: '',
    tests: ['src/scheduler/plugins/default-preemption/select-victims.test.ts', preemptionTests],
  },
];
