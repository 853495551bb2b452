/** What a scenario is: it measures a fresh system and returns its figures. */
import { Stowage } from '../e2e/support/stowage.ts';
import { type Api, connectApi } from './api.ts';

export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  /** Left out of a run that names no scenario: it takes minutes. */
  readonly isLong?: boolean;
  run(): Promise<Figures>;
}

interface UpScenario extends Omit<Scenario, 'run'> {
  /** More flags for `stowage up`. */
  readonly args?: readonly string[];
  run(stowage: Stowage, api: Api): Promise<Figures>;
}

export const connections = 32;

/** A scenario that each run starts a fresh `stowage up` for. */
export function onUp({ args = [], run, ...rest }: UpScenario): Scenario {
  return {
    ...rest,
    run: async () => {
      await using stowage = await Stowage.start({ args });
      const api = connectApi(stowage.kubeconfig, connections);
      try {
        return await run(stowage, api);
      } finally {
        api.close();
      }
    },
  };
}

export async function must(call: Promise<{ status: number; body: string }>): Promise<string> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`status ${status}: ${body.slice(0, 500)}`);
  return body;
}

export function perSecond(count: number, seconds: number): number {
  return Math.round(count / seconds);
}

/** To three significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
