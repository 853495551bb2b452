import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  AccessMode,
  isSingleNode,
  NodeCapability,
  PluginService,
  readNodeCapabilities,
  readPluginCapabilities,
  toCsiAccessMode,
} from './capabilities.ts';
import { GetPluginCapabilitiesResponseSchema, NodeGetCapabilitiesResponseSchema } from './proto/gen/csi_pb.ts';

test.each([
  ['ReadWriteOnce', AccessMode.SINGLE_NODE_WRITER, AccessMode.SINGLE_NODE_MULTI_WRITER],
  ['ReadWriteOncePod', AccessMode.SINGLE_NODE_WRITER, AccessMode.SINGLE_NODE_SINGLE_WRITER],
  ['ReadOnlyMany', AccessMode.MULTI_NODE_READER_ONLY, AccessMode.MULTI_NODE_READER_ONLY],
  ['ReadWriteMany', AccessMode.MULTI_NODE_MULTI_WRITER, AccessMode.MULTI_NODE_MULTI_WRITER],
  ['ReadSometimes', undefined, undefined],
])('[N9] maps %s without and with SINGLE_NODE_MULTI_WRITER', (mode, without, withCapability) => {
  expect(toCsiAccessMode(mode, false)).toBe(without);
  expect(toCsiAccessMode(mode, true)).toBe(withCapability);
});

test('knows which modes bind a volume to one node', () => {
  expect(isSingleNode(AccessMode.SINGLE_NODE_READER_ONLY)).toBe(true);
  expect(isSingleNode(AccessMode.MULTI_NODE_SINGLE_WRITER)).toBe(false);
});

test('[rel-X36] reads capabilities as sets, unknown and repeated ones included', () => {
  const rpc = (type: number) => ({ type: { case: 'rpc' as const, value: { type: type as NodeCapability } } });
  const node = create(NodeGetCapabilitiesResponseSchema, { capabilities: [rpc(1), rpc(1), rpc(77), {}] });
  expect([...readNodeCapabilities(node)]).toEqual([NodeCapability.STAGE_UNSTAGE_VOLUME, 77]);
  const plugin = create(GetPluginCapabilitiesResponseSchema, {
    capabilities: [
      { type: { case: 'service', value: { type: PluginService.CONTROLLER_SERVICE } } },
      { type: { case: 'volumeExpansion', value: { type: 1 } } },
    ],
  });
  expect(readPluginCapabilities(plugin)).toEqual({ services: new Set([1]), expansion: 1 });
});
