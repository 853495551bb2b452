/**
 * The key that requests are signed with: a Secret in the provisioner's own namespace, which outlives the process. It
 * is made when it is first needed.
 */
import { isAlreadyExists, isForbidden, isNotFound, type Secret, secrets } from '../../api/index.ts';
import { type Clock, type Logger, messageOf, type Random } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';

export interface SigningKeyOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly driver: string;
  /** Nobody but administrators and the provisioner may read Secrets there. */
  readonly namespace: string;
}

const keyBytes = 32;
const dataField = 'signing-key';
/** Where the provisioner may not keep a Secret it looks again after this: rights may be given. */
const refusedAgainMs = 300_000;

export class SigningKey {
  readonly #options: SigningKeyOptions;
  #key: Promise<Uint8Array | undefined> | undefined;
  #refusedMs: number | undefined;

  constructor(options: SigningKeyOptions) {
    this.#options = options;
  }

  /** Undefined when the provisioner may not keep one. Throws when the server cannot be asked. */
  async get(): Promise<Uint8Array | undefined> {
    const { clock } = this.#options;
    if (this.#refusedMs !== undefined) {
      if (clock.monotonic() - this.#refusedMs < refusedAgainMs) return undefined;
      this.#refusedMs = undefined;
    }
    this.#key ??= this.#getOrRefuse();
    try {
      return await this.#key;
    } catch (thrown) {
      this.#key = undefined;
      throw thrown;
    }
  }

  async #getOrRefuse(): Promise<Uint8Array | undefined> {
    const { clock, logger, namespace } = this.#options;
    try {
      const key = keyOf(await this.#ensureSecret());
      if (key) return key;
      logger.warn('the Secret for the signing key holds none: requests are kept in memory only', { namespace });
    } catch (thrown) {
      if (!isForbidden(thrown) && !isNotFound(thrown)) throw thrown;
      const error = messageOf(thrown);
      logger.warn('no Secret can be kept for the signing key: requests are kept in memory only', { namespace, error });
    }
    this.#key = undefined;
    this.#refusedMs = clock.monotonic();
    return undefined;
  }

  async #ensureSecret(): Promise<Secret> {
    const { client, random, driver, namespace } = this.#options;
    const name = `provisioner-requests.${driver.toLowerCase()}`;
    try {
      return await client.get(secrets, { namespace, name });
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
    const key = Buffer.from(random.bytes(keyBytes)).toString('base64');
    try {
      return await client.create(secrets, {
        metadata: { namespace, name },
        type: 'Opaque',
        data: { [dataField]: key },
      });
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown;
      return await client.get(secrets, { namespace, name });
    }
  }
}

function keyOf({ data }: Secret): Uint8Array | undefined {
  const key = Buffer.from(data?.[dataField] ?? '', 'base64');
  return key.length >= keyBytes ? key : undefined;
}
