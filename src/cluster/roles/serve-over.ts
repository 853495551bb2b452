/** Health and metrics of a role over plain HTTP, as the components of kubernetes-csi have them. */
import { printProcessMetrics } from '../../metrics/index.ts';
import type { HttpAddress } from '../flags/csi-sidecar-flags.ts';
import { startHttpEndpoint } from '../serving/http-endpoint.ts';
import type { RoleProcess } from './role.ts';

export async function serveOver(running: RoleProcess, address: HttpAddress, metricsPath: string): Promise<void> {
  const { metrics, health, stack, logger } = running;
  const { port } = stack.use(
    await startHttpEndpoint({
      ...address,
      metricsPath,
      metrics: async () => (await metrics.print()) + (await printProcessMetrics()),
      leaseProblem: () => health.leaseProblem(),
    }),
  );
  logger.info('serving health and metrics', { port });
}
