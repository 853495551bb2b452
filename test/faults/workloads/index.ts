import { prebound, protection, staticBinding, successor } from './binding.ts';
import { job, rollout } from './controllers.ts';
import { move, nodeDeleted, scale } from './nodes.ts';
import { delayed, ephemeral, growth, immediate, inHaste } from './provisioning.ts';
import type { Workload } from './workload.ts';

export const workloads: readonly Workload[] = [
  staticBinding,
  successor,
  prebound,
  protection,
  immediate,
  inHaste,
  delayed,
  ephemeral,
  move,
  scale,
  nodeDeleted,
  growth,
  rollout,
  job,
];
