import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addHostpathFlags, readHostpathFlags } from './flags.ts';

function read(...args: string[]) {
  const command = addHostpathFlags(new Command('hostpath'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return readHostpathFlags(command.parse(args, { from: 'user' }), '1.0');
}

test("[P8] has upstream's defaults", () => {
  const { config, endpoint } = read('--endpoint', 'unix:///csi/csi.sock', '--nodeid', 'a');
  expect(endpoint).toBe('unix:///csi/csi.sock');
  expect(config).toMatchObject({
    driverName: 'hostpath.csi.k8s.io',
    stateDirectory: '/csi-data-dir',
    nodeIds: ['a'],
    maxVolumeSizeBytes: 1n << 40n,
    enableAttach: false,
    enableTopology: true,
    enableControllerExpansion: true,
    enableNodeExpansion: true,
    enableListSnapshots: true,
  });
});

test("[P8] reads flags as upstream's manifests write them", () => {
  const { config, nodeEndpoints, delay } = read(
    '--endpoint=x',
    '--enable-attach',
    '--enable-topology=false',
    '--disable-node-expansion=true',
    '--capacity=slow=10Gi',
    '--capacity',
    'fast=500M',
    '--max-volume-size=2Ti',
    '--attach-limit=-1',
    '--accepted-mutable-parameter-names=a,b',
    '--node=n0=/run/n0.sock',
    '--node=n1=unix:///run/n1.sock',
    '--delay=0-500',
  );
  expect(config).toMatchObject({
    enableAttach: true,
    enableTopology: false,
    enableNodeExpansion: false,
    maxVolumeSizeBytes: 2n << 40n,
    maxVolumeSizeNodeBytes: 2n << 40n,
    attachLimit: -1,
    nodeIds: ['n0', 'n1'],
  });
  expect([...config.capacity]).toEqual([
    ['slow', 10n << 30n],
    ['fast', 500_000_000n],
  ]);
  expect([...config.acceptedMutableParameterNames]).toEqual(['a', 'b']);
  expect(nodeEndpoints[1]).toEqual({ nodeId: 'n1', endpoint: 'unix:///run/n1.sock' });
  expect(delay).toEqual({ minMs: 0, maxMs: 500 });
});

test.each([
  [[], '--endpoint or --node is required'],
  [['--endpoint=x', '--enable-attach=maybe'], '--enable-attach: "maybe" is neither true nor false'],
  [['--endpoint=x', '--capacity=fast'], '--capacity: "fast" is not KIND=QUANTITY'],
  [['--endpoint=x', '--max-volume-size=1Xi'], '--max-volume-size: "1Xi" is not a quantity'],
  [['--endpoint=x', '--node=n0'], '--node: "n0" is not NODEID=ENDPOINT'],
  [['--node=a=x', '--node=a=y'], '--node: a node is named twice'],
  [['--endpoint=x', '--delay=5-1'], '--delay: "5-1" is not MS or MIN-MAX'],
  [['--endpoint=x', '--attach-limit=ten'], '--attach-limit: ten is not a number'],
])('refuses %j with one clear line', (args, line) => {
  expect(() => read(...args)).toThrow(line);
});
