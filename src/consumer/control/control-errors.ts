import { tenantryError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { TopicPartition } from '../../transport/port.js';

// Why the group was not told, or has not answered.

export function notRunning(): Error {
  return tenantryError('NOT_RUNNING', 'the worker was stopped: nothing was told to the group');
}

export function notRead(topics: readonly string[]): Error {
  return tenantryError('TOPIC_NOT_FOUND', `the group does not read ${topics.join(', ')}`, { topics });
}

export function noPartition({ topic, partition }: TopicPartition, count: number): Error {
  const message = `${topic} has no partition ${partition}: they are numbered from 0, and there are ${count}`;
  return tenantryError('TOPIC_NOT_FOUND', message, { topics: [topic] });
}

/** @param partitions - where an earlier redrive has not ended; none where another was told at the same time */
export function underWay(tenantId: TenantId, partitions: readonly string[]): Error {
  const where = partitions.length === 0 ? 'another was told at the same time' : `in ${partitions.join(', ')}`;
  return tenantryError('REDRIVE_UNDER_WAY', `a redrive of tenant ${tenantId} is under way: ${where}`, { partitions });
}

export function notWritten(reason: string): Error {
  return tenantryError('PUBLISH_FAILED', `the group's control topic was not written: ${reason}`, { reason });
}

/** It was handed to the broker, and nobody knows what became of it. */
export function perhapsWritten(reason: string): Error {
  const message = `it may be written, and then members obey it as they read it: ${reason}`;
  return tenantryError('CONTROL_UNCONFIRMED', message, { partitions: [] });
}

/**
 * @param partitions - those that have not confirmed it, as far as is known
 * @param fault - why more is not known; undefined where the last look-up was answered
 */
export function unconfirmed(partitions: readonly string[], fault: string | undefined): Error {
  const who = missingIn(partitions, fault);
  return tenantryError('CONTROL_UNCONFIRMED', `it is written, and members obey it as they read it, but ${who}`, {
    partitions,
  });
}

function missingIn(partitions: readonly string[], fault: string | undefined): string {
  const names = partitions.join(', ');
  if (fault === undefined)
    return names === '' ? 'this member has not read it yet' : `these partitions have not confirmed it: ${names}`;
  const unknown = `who has confirmed it could not be looked up (${fault})`;
  return names === '' ? unknown : `${unknown}; not known to have confirmed it: ${names}`;
}
