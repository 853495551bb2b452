/** What the probes have found out about one instance of a container. */
export interface ContainerHealth {
  /** The startup probe has succeeded, or there is none. */
  readonly started: boolean;
  readonly ready: boolean;
  /** Why the container must be restarted: a liveness or startup probe failed. */
  readonly failure?: 'liveness' | 'startup';
}

/** Health by container id. A running container without probes is started and ready. */
export type HealthOf = (containerId: string) => ContainerHealth | undefined;
