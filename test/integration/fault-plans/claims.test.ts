import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { claimWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(claimWorkloads);
