/** What the tests of a CSI driver say to it again and again. */
import { expect } from 'vitest';
import { AccessMode, type ControllerClient } from '../../src/csi/index.ts';

export const mebibyte = 1n << 20n;

/** A volume or snapshot that does not exist. */
export const noVolume = '00000000-0000-4000-8000-000000000000';

/** Ids of other schemes, and ids that are paths. */
export const strangeIds = ['../x', '/abs', 'a/b', '.', '..', 'a\0b', 'x'.repeat(4096), 'ｅtc', 'state.json', noVolume];

export const accessMode = { mode: AccessMode.SINGLE_NODE_WRITER };
export const mountCapability = { accessType: { case: 'mount' as const, value: {} }, accessMode };
export const blockCapability = { accessType: { case: 'block' as const, value: {} }, accessMode };

export type CreateRequest = Exclude<Parameters<ControllerClient['createVolume']>[0], { $typeName: string }>;

let nameCount = 0;

export function uniqueName(): string {
  return `sanity-${++nameCount}`;
}

/** Matches the CsiError of this code. */
export function failing(code: number) {
  return expect.objectContaining({ name: 'CsiError', code });
}

/** Creates a volume of 10 MiB unless the overrides say otherwise, and returns its id. */
export async function createVolume(controller: ControllerClient, overrides: CreateRequest = {}): Promise<string> {
  const request: CreateRequest = {
    name: uniqueName(),
    volumeCapabilities: [mountCapability],
    capacityRange: { requiredBytes: 10n * mebibyte },
    ...overrides,
  };
  const { volume } = await controller.createVolume(request);
  expect(volume?.volumeId).toBeTruthy();
  return volume?.volumeId ?? '';
}
