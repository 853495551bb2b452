import { expectSameEnd } from '../../faults/expect-sweep.ts';
import { controllerWorkloads } from '../../faults/workloads/index.ts';

expectSameEnd(controllerWorkloads);
