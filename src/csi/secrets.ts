/** Shows a CSI message without its secrets: fields marked csi_secret at any depth, and service account tokens. */
import { type DescField, type DescMessage, getOption, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { csi_secret } from './proto/gen/csi_pb.ts';

const stripped = '***stripped***';

/** The kubelet passes tokens in volume_context, which is no secret field, unless the driver asks otherwise. */
const tokenKey = 'csi.storage.k8s.io/serviceAccount.tokens';

/** A shorter secret would shred any text that it is taken out of. */
const shortestScrubbedSecret = 4;

/** JSON with protobuf field names. */
export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [key: string]: Shown };

function isSecret(field: DescField): boolean {
  return getOption(field, csi_secret);
}

function showInteger(value: bigint): Shown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function showScalar(value: unknown, scalar: ScalarType): Shown {
  if (typeof value === 'bigint') return showInteger(value);
  if (scalar === ScalarType.BYTES) return Buffer.from(value as Uint8Array).toString('base64');
  return value as Shown;
}

function showEnum(field: DescField & { enum: NonNullable<DescField['enum']> }, value: number): Shown {
  return field.enum.value[value]?.name ?? value;
}

function showMap(message: ReflectMessage, field: DescField & { fieldKind: 'map' }): Shown {
  const shown: Record<string, Shown> = {};
  for (const [key, value] of message.get(field)) {
    const name = String(key);
    if (name === tokenKey) shown[name] = stripped;
    else if (field.mapKind === 'message') shown[name] = showMessage(value as ReflectMessage);
    else shown[name] = field.mapKind === 'enum' ? showEnum(field, value as number) : showScalar(value, field.scalar);
  }
  return shown;
}

function showList(message: ReflectMessage, field: DescField & { fieldKind: 'list' }): Shown {
  return Array.from(message.get(field), (value) => {
    if (field.listKind === 'message') return showMessage(value as ReflectMessage);
    return field.listKind === 'enum' ? showEnum(field, value as number) : showScalar(value, field.scalar);
  });
}

function showField(message: ReflectMessage, field: DescField): Shown {
  switch (field.fieldKind) {
    case 'map':
      return showMap(message, field);
    case 'list':
      return showList(message, field);
    case 'message':
      return showMessage(message.get(field));
    case 'enum':
      return showEnum(field, message.get(field));
    case 'scalar':
      return showScalar(message.get(field), field.scalar);
  }
}

function showMessage(message: ReflectMessage): { readonly [key: string]: Shown } {
  const shown: Record<string, Shown> = {};
  for (const field of message.fields) {
    if (message.isSet(field)) shown[field.name] = isSecret(field) ? stripped : showField(message, field);
  }
  return shown;
}

/** The message as JSON for a log, its secrets replaced by `***stripped***`. Unknown fields are left out. */
export function stripSecrets(schema: DescMessage, message: Message): { readonly [key: string]: Shown } {
  return showMessage(reflect(schema, message));
}

/** The message on one line, its secrets replaced by `***stripped***`. */
export function describeRequest(schema: DescMessage, message: Message): string {
  return JSON.stringify(stripSecrets(schema, message));
}

function secretValues(schema: DescMessage, message: Message): string[] {
  const values: string[] = [];
  const reflected = reflect(schema, message);
  for (const field of reflected.fields) {
    if (!isSecret(field) || field.fieldKind !== 'map' || !reflected.isSet(field)) continue;
    for (const [, value] of reflected.get(field)) values.push(String(value));
  }
  return values.filter((value) => value.length >= shortestScrubbedSecret);
}

/** Takes the values of the request's secrets out of a text: drivers repeat them in their errors. */
export function scrubSecrets(text: string, schema: DescMessage, request: Message): string {
  let scrubbed = text;
  for (const value of secretValues(schema, request)) scrubbed = scrubbed.replaceAll(value, stripped);
  return scrubbed;
}
