import type { DeadLetter } from '../handling/dead-letter.js';

/** Which dead letters a redrive is for; what is left out lets all pass. */
export interface RedriveFilter {
  readonly codes?: readonly string[] | undefined;
  /** With their version, or without: then all of them. */
  readonly eventTypes?: readonly string[] | undefined;
  /** Those that failed at this time or after it; milliseconds since the Unix epoch. */
  readonly fromMs?: number | undefined;
  /** Those that failed before it. */
  readonly untilMs?: number | undefined;
}

const VERSION = /\.v\d+$/;

export function matchesFilter(filter: RedriveFilter, { code, eventType = '', failedAtMs }: DeadLetter): boolean {
  const { codes, eventTypes, fromMs, untilMs } = filter;
  if (codes !== undefined && !codes.includes(code)) return false;
  if (eventTypes?.some((type) => type === eventType || type === eventType.replace(VERSION, '')) === false) return false;
  if (fromMs !== undefined && !(failedAtMs !== undefined && failedAtMs >= fromMs)) return false;
  return untilMs === undefined || (failedAtMs !== undefined && failedAtMs < untilMs);
}
