import { ApiStatusError } from '../../../src/api/index.ts';
import type { Client } from '../../../src/client/index.ts';

/** A client whose first updates of a kind are refused, as by an authorizer that is not ready. */
export function refusingClient(client: Client, kind: string, times: number): Client {
  let left = times;
  const refuse = (type: { readonly kind: string }, subresource = '') => {
    if (type.kind !== kind || left === 0) return;
    left--;
    throw ApiStatusError.of('Forbidden', `update ${kind}${subresource} is forbidden`);
  };
  return {
    ...client,
    update: async (type, ...rest) => {
      refuse(type);
      return await client.update(type, ...rest);
    },
    updateStatus: async (type, ...rest) => {
      refuse(type, '/status');
      return await client.updateStatus(type, ...rest);
    },
  };
}
