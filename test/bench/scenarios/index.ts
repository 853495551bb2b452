import type { Scenario } from '../scenario.ts';
import { alone } from './alone.ts';
import { attaching } from './attach.ts';
import { bind } from './bind.ts';
import { configMaps } from './configmaps.ts';
import { growth } from './growth.ts';
import { besideKubernetes } from './kubernetes.ts';
import { memory } from './memory.ts';
import { pods } from './pods.ts';
import { ready } from './ready.ts';
import { rest } from './rest.ts';
import { schedule } from './schedule.ts';

export const scenarios: readonly Scenario[] = [
  ready,
  memory,
  configMaps,
  bind,
  alone,
  attaching,
  schedule,
  pods,
  growth,
  rest,
  besideKubernetes,
];
