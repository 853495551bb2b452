import { maxNodeScore } from './plugin.ts';

/**
 * Scales scores so that the largest becomes 100, and turns them round when fewer is better. Upstream:
 * DefaultNormalizeScore.
 */
export function defaultNormalizeScore(scores: number[], reverse = false): void {
  let largest = 0;
  for (const score of scores) largest = Math.max(largest, score);
  for (let i = 0; i < scores.length; i++) {
    const scaled = largest === 0 ? 0 : Math.trunc((maxNodeScore * (scores[i] ?? 0)) / largest);
    scores[i] = reverse ? maxNodeScore - scaled : scaled;
  }
}
