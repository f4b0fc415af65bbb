import { FAULT_TEXT } from './fault-text.js';
import type { OffsetRange, ResetStep } from './reset-plan.js';

/** What a reset does in one partition, for people. */
export function resetText({ topic, partition, before, after, reading, isDone, ...step }: ResetStep): string {
  const place = `${topic}/${partition}`;
  if (isDone) return `${place}  stays at ${after.offset}\n`;
  const isOld = after.metadata !== '';
  const lines = [
    `${place}  from ${before?.offset ?? 'nothing'} to ${after.offset}${isOld ? ', with its metadata' : ''}`,
  ];
  if (step.again !== undefined) lines.push(`  again    ${shownRange(step.again)}: what is handled of them by now`);
  if (step.skipped !== undefined) {
    const which = reading.progress === undefined ? 'what' : 'what the metadata calls finished and';
    lines.push(`  skipped  for good ${shownRange(step.skipped)}: ${which} is not handled by now`);
  }
  if (step.ended.length > 0) lines.push(`  ended    replays and skips under way of ${step.ended.join(', ')}`);
  if (reading.fault !== undefined) lines.push(`  ignored  the metadata will be: ${FAULT_TEXT[reading.fault]}`);
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export function resetJson({ topic, partition, before, after, reading, isDone, ...step }: ResetStep): object {
  return {
    topic,
    partition,
    from: before?.offset ?? null,
    to: after.offset,
    unchanged: isDone,
    again: step.again ?? null,
    skipped: step.skipped ?? null,
    ended: step.ended,
    metadataIgnored: reading.fault ?? null,
  };
}

function shownRange({ from, to }: OffsetRange): string {
  return `offsets ${from} to ${to - 1}`;
}
