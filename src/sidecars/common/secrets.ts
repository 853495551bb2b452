import { type SecretReference, secrets } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';

/** The values of a secret as a driver gets them; empty when none is named. Never logged. */
export async function secretData(
  client: Client,
  reference: SecretReference | undefined,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (!reference?.name) return {};
  const secret = await client.get(secrets, { namespace: reference.namespace, name: reference.name }, { signal });
  const values: Record<string, string> = {};
  for (const [key, encoded] of Object.entries(secret.data ?? {}))
    values[key] = Buffer.from(encoded, 'base64').toString('utf8');
  return values;
}
