/** Puts an applied configuration into an object, and takes fields that nobody wants any more out of it. */
import { setOwn } from '../patch/own-property.ts';
import { type FieldSet, nothing } from './field-set.ts';
import { type Part, partsOf, type Slot } from './granularity.ts';

/** The live value with the applied one merged in. Items of lists keep their order; new ones come last. */
export function mergeApplied(live: unknown, applied: unknown, slot: Slot): unknown {
  const wanted = partsOf(applied, slot);
  const existing = partsOf(live, slot);
  if (!wanted || !existing || Array.isArray(live) !== Array.isArray(applied)) return applied;
  const additions = new Map(wanted.map((part) => [part.element, part]));
  const merged: Part[] = existing.map((part) => {
    const counterpart = additions.get(part.element);
    additions.delete(part.element);
    return counterpart ? { ...part, value: mergeApplied(part.value, counterpart.value, part.slot) } : part;
  });
  return assembled([...merged, ...additions.values()], Array.isArray(live));
}

function assembled(parts: readonly Part[], isList: boolean): unknown {
  if (isList) return parts.map((part) => part.value);
  const object: Record<string, unknown> = {};
  for (const part of parts) setOwn(object, part.element.slice(2), part.value);
  return object;
}

export interface Removal {
  readonly removed: FieldSet;
  /** What lies in or above one of these stays. */
  readonly kept: FieldSet;
}

/** The value without the removed fields. */
export function removeFields(value: unknown, slot: Slot, { removed, kept }: Removal): unknown {
  const parts = partsOf(value, slot);
  if (!parts || removed.children.size === 0) return value;
  const left: Part[] = [];
  for (const part of parts) {
    const goes = removed.children.get(part.element);
    const stays = kept.children.get(part.element) ?? nothing;
    if (!goes) left.push(part);
    else if (!goes.isMember || !stays.isEmpty) {
      left.push({ ...part, value: removeFields(part.value, part.slot, { removed: goes, kept: stays }) });
    }
  }
  const isSame = left.length === parts.length && left.every((part, index) => part.value === parts[index]?.value);
  return isSame ? value : assembled(left, Array.isArray(value));
}
