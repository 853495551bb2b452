import type { Api } from '../api.ts';
import { bindClaims } from '../claims.ts';
import { must, onUp, perSecond } from '../scenario.ts';

const warmUp = 200;

/** The 99th percentile of the event loop's delay since the last time it was asked, in milliseconds. */
async function loopDelayP99Ms(api: Api): Promise<number> {
  const text = await must(api.call('GET', '/metrics'));
  return Math.round(Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]) * 10_000) / 10;
}

export const bind = onUp({
  name: 'bind',
  run: async (_stowage, api) => {
    await bindClaims(api, 'warm', warmUp);
    await loopDelayP99Ms(api);
    const small = await bindClaims(api, 'small', 500);
    const loopDelayP99MsAt500 = await loopDelayP99Ms(api);
    const large = await bindClaims(api, 'large', 5000);
    return {
      claimsPerSecondAt500: perSecond(500, small),
      loopDelayP99MsAt500,
      claimsPerSecondAt5000: perSecond(5000, large),
      secondsPerClaimRatio: Math.round((large / 5000 / (small / 500)) * 100) / 100,
    };
  },
});
