import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger, VirtualClock } from '../base/index.ts';
import { guardProcess } from './process-guard.ts';

describe('guardProcess', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const guarded = () => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const logger = createLogger({ format: 'text', verbosity: 2, clock, write: (line) => lines.push(line) });
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    return { clock, lines, exit, guard: guardProcess(logger, clock) };
  };

  it('takes a signal that arrives twice at once, as Ctrl-C under npm does, for one', () => {
    const { lines, exit, guard } = guarded();
    using signals = guard;
    process.emit('SIGINT');
    process.emit('SIGINT');
    expect(signals.signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    expect(lines).toHaveLength(1);
  });

  it('ends at once at a second signal', async () => {
    const { clock, exit, guard } = guarded();
    using signals = guard;
    process.emit('SIGTERM');
    await clock.advance(1000);
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGINT');
    expect(signals.signal.aborted).toBe(true);
    expect(exit).toHaveBeenCalledWith(1);
  });
});
