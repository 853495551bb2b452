/** A driver whose CreateVolume never answers; for tests that kill it. Argument: the socket. */
import { Controller } from '../proto/gen/csi_pb.ts';
import { serveDriver } from '../sdk.ts';
import { serve } from '../service.ts';

const never = new Promise<never>(() => {});
await serveDriver({
  endpoint: String(process.argv[2]),
  services: [
    serve(Controller, {
      createVolume: async () => {
        process.stdout.write('called\n');
        return await never;
      },
    }),
  ],
});
process.stdout.write('serving\n');
