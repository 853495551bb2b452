import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { nodeWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(nodeWorkloads);
