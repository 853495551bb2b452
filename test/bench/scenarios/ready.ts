import { onUp } from '../scenario.ts';

export const ready = onUp({
  name: 'ready',
  run: async (stowage) => ({
    seconds: Number(/^ready in ([\d.]+)/.exec(stowage.readyLine)?.[1]),
    secondsFromExec: stowage.secondsToReady,
  }),
});
