export type { Cluster, Services } from './cluster.ts';
export type { Flag, FlagTable, GivenFlags } from './flags/flag-table.ts';
export type { ClusterOptions, Surroundings, UpFlags } from './options.ts';
export { runApiserver } from './roles/apiserver.ts';
export { type RoleCommand, roleCommands } from './roles/role-commands.ts';
export { runUp } from './run-up.ts';
