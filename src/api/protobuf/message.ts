/** The field tables as protobuf sees them: fields by number. */
import { type Field, structSchema } from '../schema.ts';

export interface Message {
  readonly fields: ReadonlyMap<number, Field>;
  /** Structs whose fields JSON has on the level above. */
  readonly inlined: ReadonlyMap<number, Message>;
}

interface OpenMessage extends Message {
  readonly fields: Map<number, Field>;
  readonly inlined: Map<number, OpenMessage>;
}

/** One per struct of the tables at most. */
const known = new Map<string, Message>();

function empty(): OpenMessage {
  return { fields: new Map(), inlined: new Map() };
}

function inlinedAt(message: OpenMessage, number: number): OpenMessage {
  const existing = message.inlined.get(number);
  if (existing) return existing;
  const inlined = empty();
  message.inlined.set(number, inlined);
  return inlined;
}

/** The message of a struct (`core.v1.PodSpec`); one without fields for a struct that is not on the wire. */
export function messageFor(ref: string): Message {
  const existing = known.get(ref);
  if (existing) return existing;
  const message = empty();
  for (const field of structSchema(ref)?.fields.values() ?? []) {
    const number = field.wirePath?.at(-1);
    if (!field.wirePath || number === undefined) continue;
    field.wirePath.slice(0, -1).reduce(inlinedAt, message).fields.set(number, field);
  }
  known.set(ref, message);
  return message;
}
