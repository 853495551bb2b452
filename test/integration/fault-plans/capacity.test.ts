import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { capacityWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(capacityWorkloads);
