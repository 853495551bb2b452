import type { ContainerConfig } from '../runtime.ts';

/** What the shim is asked to start. */
export interface ContainerSpec extends ContainerConfig {
  /** The node agent that asks: several share one shim. */
  readonly owner: string;
  /** Directories of the host that are hidden from containers which have the host's root as their own. */
  readonly maskedPaths: readonly string[];
}

/** What it takes to run one more command in a running container. */
export interface LaunchDetails {
  readonly pid: number;
  readonly startTicks: string;
  readonly setpriv: readonly string[];
  readonly shell: readonly string[];
  readonly env: ContainerConfig['env'];
  readonly workingDir: string;
  readonly user: ContainerConfig['user'];
  readonly security: ContainerConfig['security'];
  readonly hostIpc: boolean;
}
