import { bindClaims } from '../claims.ts';
import { peakResidentMegabytes } from '../process-family.ts';
import { type Figures, onUp, perSecond, rounded } from '../scenario.ts';

const sizes = [500, 1000, 10_000, 100_000];

/** How the cost of a claim grows with the number of volumes and claims there are; everything bound before stays. */
export const growth = onUp({
  name: 'growth',
  isLong: true,
  run: async ({ child }, api) => {
    await bindClaims(api, 'warm', 200);
    const figures: Record<string, number> = {};
    let secondsPerClaimAt500 = 0;
    for (const size of sizes) {
      const seconds = await bindClaims(api, `batch-${size}`, size);
      if (size === 500) secondsPerClaimAt500 = seconds / size;
      figures[`claimsPerSecondAt${size}`] = perSecond(size, seconds);
      figures[`secondsPerClaimRatioAt${size}`] = rounded(seconds / size / secondsPerClaimAt500);
    }
    return { ...figures, peakResidentMegabytes: peakResidentMegabytes(child.pid ?? 0) } satisfies Figures;
  },
});
