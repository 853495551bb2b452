import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { dataSourceWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(dataSourceWorkloads);
