/** A time that came from a record or a commit, which may hold any number: not every one is a time. */
export function shownTime(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? `${timeMs} ms` : time.toISOString();
}
