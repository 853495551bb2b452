/**
 * The request of an attempt as text that its claim carries, signed: whoever may write the claim can lose the text, and
 * no more. Pure.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { StorageClass } from '../../api/index.ts';
import type { Attempt, CreateRequest } from './attempts.ts';
import { classForDriver } from './migration.ts';

/** On a claim: what its volume was asked for with, while the end of that is not known. */
export const annRequest = 'stowage.io/create-volume-request';

/** Longer texts are compressed: the topology of a request may name every node. */
const plainLimit = 4096;
/** Of all annotations of an object together Kubernetes takes 256 KiB. */
const textLimit = 128 * 1024;
/** The largest topologies are mostly repetition, which a small window would miss. */
const compression = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 } };

/** Whose request it is: a text is good for no other claim and no other driver. */
export interface RequestOwner {
  readonly driver: string;
  readonly claimUid: string;
}

/** What cannot be derived from the rest. */
interface Recorded {
  readonly class: Pick<StorageClass, RecordedField> & { readonly name: string };
  readonly fsType: string;
  /** Decimal: JSON knows no integers of 64 bits. */
  readonly requiredBytes: string;
  readonly request: Omit<CreateRequest, 'capacityRange'>;
  readonly secret?: Attempt['secret'];
}

type RecordedField =
  | 'provisioner'
  | 'parameters'
  | 'mountOptions'
  | 'reclaimPolicy'
  | 'volumeBindingMode'
  | 'allowedTopologies';

function recordOf({ class: volumeClass, fsType, requiredBytes, request, secret }: Attempt): Recorded {
  const { provisioner, parameters, mountOptions, reclaimPolicy, volumeBindingMode, allowedTopologies } = volumeClass;
  const { capacityRange: _, ...rest } = request;
  return {
    class: {
      name: volumeClass.metadata.name,
      provisioner,
      ...(parameters ? { parameters } : {}),
      ...(mountOptions ? { mountOptions } : {}),
      ...(reclaimPolicy ? { reclaimPolicy } : {}),
      ...(volumeBindingMode ? { volumeBindingMode } : {}),
      ...(allowedTopologies ? { allowedTopologies } : {}),
    },
    fsType,
    requiredBytes: String(requiredBytes),
    request: rest,
    ...(secret ? { secret } : {}),
  };
}

function attemptOf({ class: { name, ...rest }, fsType, request, secret, ...recorded }: Recorded): Attempt {
  const volumeClass: StorageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, uid: '', resourceVersion: '', creationTimestamp: '' },
    ...rest,
  };
  const requiredBytes = BigInt(recorded.requiredBytes);
  return {
    class: volumeClass,
    driverClass: classForDriver(volumeClass),
    fsType,
    requiredBytes,
    request: { ...request, capacityRange: { requiredBytes } },
    secret,
  };
}

function signatureOf({ driver, claimUid }: RequestOwner, body: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${driver}\n${claimUid}\n${body}`).digest();
}

/** Undefined when the request is too large to be kept. */
export function signRequest(attempt: Attempt, owner: RequestOwner, key: Uint8Array): string | undefined {
  const json = JSON.stringify(recordOf(attempt));
  const body = json.length <= plainLimit ? json : brotliCompressSync(json, compression).toString('base64');
  const text = `${signatureOf(owner, body, key).toString('base64url')}.${body}`;
  return text.length <= textLimit ? text : undefined;
}

/** Undefined when nobody who has the key wrote the text for this owner. */
export function readSignedRequest(text: string, owner: RequestOwner, key: Uint8Array): Attempt | undefined {
  const end = text.indexOf('.');
  const body = text.slice(end + 1);
  const given = Buffer.from(text.slice(0, Math.max(end, 0)), 'base64url');
  const signature = signatureOf(owner, body, key);
  if (given.length !== signature.length || !timingSafeEqual(given, signature)) return undefined;
  const json = body.startsWith('{') ? body : brotliDecompressSync(Buffer.from(body, 'base64')).toString('utf8');
  // Ours, unchanged: nobody else has the key.
  return attemptOf(JSON.parse(json) as Recorded);
}
