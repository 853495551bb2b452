/** JSON text of objects, and what JSON.parse alone gets wrong. */

import { wireForm } from '../../api/index.ts';

/** A digit run that may be an integer too large for a double. */
const longNumber = /\d{16}/;

/**
 * Parses a body. An integer that a double cannot hold becomes a string of its digits, so that nothing rounds it:
 * quantities take it as it is, and fields of 64 bits refuse it.
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
  });
}

/** The text of an object, a list or anything else, as clients of Kubernetes expect it. */
export function stringify(value: unknown): string {
  return JSON.stringify(wireForm(value));
}
