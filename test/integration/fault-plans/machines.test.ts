import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { machineWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(machineWorkloads);
