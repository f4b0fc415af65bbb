import { Rest } from '../../core/rest.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { StartPosition, Transport } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS } from '../cluster.js';
import { commandClock } from '../command-clock.js';
import { tenantryError } from '../../core/errors.js';

const CHUNK_RECORDS = 200;
const REST_MS = 500;

/** What following stands on. */
export interface Following {
  readonly transport: Transport;
  readonly groupId: string;
  /** @returns whether to go on */
  readonly visit: (record: ReceivedRecord) => boolean | Promise<boolean>;
  readonly signal: AbortSignal | undefined;
  /** Where to stop in each partition, by its number; without it following never ends by itself. */
  readonly untilOffsets: ReadonlyMap<number, number> | undefined;
}

/** Reads several partitions of a topic side by side, and goes on as records are written. */
export async function follow(positions: readonly StartPosition[], following: Following): Promise<void> {
  const { transport, groupId, visit, signal, untilOffsets } = following;
  const reader = transport.createReader({ groupId, clientIdSuffix: 'tail' });
  const rest = new Rest(commandClock);
  const wake = (): void => {
    rest.end();
  };
  const open = new Set(
    positions.filter((at) => at.offset < (untilOffsets?.get(at.partition) ?? Infinity)).map(partitionOf),
  );
  const reached = (partition: number, offset: number): void => {
    if (offset >= (untilOffsets?.get(partition) ?? Infinity)) open.delete(partition);
  };
  let fault: string | undefined;
  signal?.addEventListener('abort', wake, { once: true });
  try {
    await reader.connect({
      onReadable: wake,
      // Where a transaction is open the end is before the last offset, and nothing more can be read now.
      onEnd: ({ partition }) => {
        if (untilOffsets !== undefined) open.delete(partition);
      },
      onError: ({ kind, reason }) => {
        if (kind !== 'other') fault = reason;
        wake();
      },
    });
    for (const position of positions) if (open.has(position.partition)) await reader.read(position);
    while (open.size > 0 && signal?.aborted !== true) {
      const records = await reader.poll(CHUNK_RECORDS);
      for (const record of records) {
        const isWanted = record.offset < (untilOffsets?.get(record.partition) ?? Infinity);
        if (isWanted && !(await visit(record))) return;
        reached(record.partition, record.offset + 1);
        if (hasEnded(signal)) return;
      }
      if (fault !== undefined) throw notReadable(positions, fault);
      if (records.length === 0 && open.size > 0) await rest.take(REST_MS);
    }
  } finally {
    signal?.removeEventListener('abort', wake);
    await reader.disconnect(REQUEST_TIMEOUT_MS);
  }
}

function hasEnded(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function partitionOf({ partition }: StartPosition): number {
  return partition;
}

function notReadable(positions: readonly StartPosition[], reason: string): Error {
  const reasons = `${positions[0]?.topic ?? 'the topic'} cannot be read on: ${reason}`;
  return tenantryError('ADMIN_FAILED', reasons, { reason });
}
