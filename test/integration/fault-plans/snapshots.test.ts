import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { snapshotWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(snapshotWorkloads);
