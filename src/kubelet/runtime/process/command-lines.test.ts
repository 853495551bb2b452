import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellCommand } from '../../../base/index.ts';
import { containerCapabilities } from './capabilities.ts';
import { environmentScript, execCommand, onTerminal } from './command-lines.ts';
import type { LaunchDetails } from './container-spec.ts';

describe('environmentScript', () => {
  const run = (env: Parameters<typeof environmentScript>[0]) =>
    execFileSync('sh', ['-c', `${environmentScript(env)}exec "$@"`, 'sh', 'env', '-0'], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin' },
    })
      .split('\0')
      .filter((line) => !line.startsWith('PATH='))
      .sort();

  it('says exactly what the variables hold', () => {
    const value = `'"$HOME\`id\`\\\n\n a=b;#`;
    expect(run([{ name: 'X', value }])).toEqual(['', `X=${value}`]);
  });

  it('passes names on that a shell refuses', () => {
    const env = ['UID', 'a-b', 'PPID', 'OPTIND', '1st'].map((name) => ({ name, value: 'v' }));
    expect(run(env)).toEqual(['', '1st=v', 'OPTIND=v', 'PPID=v', 'UID=v', 'a-b=v']);
  });

  it('lets the last of several values win', () => {
    const env = ['one', 'two'].map((value) => ({ name: 'X', value }));
    expect(run(env)).toEqual(['', 'X=two']);
  });
});

describe('shellCommand', () => {
  it('keeps every word as it is', () => {
    const words = ['a b', "it's", '$x', '', '*', '\\', 'plain/path-1'];
    const out = execFileSync('sh', ['-c', `printf '%s\\n' ${shellCommand(words)}`], { encoding: 'utf8' });
    expect(out).toBe(`${words.join('\n')}\n`);
  });
});

describe('containerCapabilities', () => {
  it("starts from Docker's set, with or without the prefix", () => {
    expect(containerCapabilities({})).toHaveLength(14);
    expect(containerCapabilities({ add: ['CAP_SYS_ADMIN'], drop: ['chown'] })).toContain('SYS_ADMIN');
    expect(containerCapabilities({ drop: ['chown'] })).not.toContain('CHOWN');
  });

  it('drops and adds all', () => {
    expect(containerCapabilities({ drop: ['ALL'], add: ['NET_BIND_SERVICE'] })).toEqual(['NET_BIND_SERVICE']);
    expect(containerCapabilities({ add: ['ALL'] })).toHaveLength(41);
  });
});

describe('execCommand', () => {
  const launch: LaunchDetails = {
    pid: 42,
    startTicks: '1',
    setpriv: ['/.stowage/setpriv'],
    shell: ['/.stowage/sh'],
    env: [{ name: 'SECRET', value: 'hidden' }],
    workingDir: '/work',
    user: { uid: 1000, gid: 2000, supplementalGroups: [3000, 3000] },
    security: { privileged: false, capabilities: ['CHOWN'], noNewPrivileges: true, readOnlyRootFilesystem: false },
    hostIpc: false,
  };

  it('gives up privileges before it enters, and the rest when it is in', () => {
    const words = execCommand(launch, ['ls', '-l']);
    const line = words.join(' ');
    expect(line).toContain('--regid 2000 --groups 3000 --bounding-set -all,+chown -- nsenter --target 42');
    expect(line).toContain('--setuid 1000 -- /.stowage/setpriv --inh-caps -all --no-new-privs -- /.stowage/sh');
    expect(words.slice(-4)).toEqual(['sh', '/work', 'ls', '-l']);
  });

  it('[rel-J1] keeps the environment out of its arguments', () => {
    expect(execCommand(launch, ['env']).join(' ')).not.toContain('hidden');
  });

  it('quotes the command for a terminal', () => {
    expect(onTerminal(['a b'])).toContain("exec 'a b'");
  });
});
