import type { z } from 'zod';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { usageError } from '../command.js';
import { decodedForm } from './decoded-form.js';
import { readJsonFile } from '../input-files.js';
import type { PartitionState, Position } from './partition-state.js';

const FORMAT = 'tenantry.cursors';
const VERSION = 1;

// `decoded` is for people and programs that look at it: only what is beside it is put back.
const exportSchema = lazySchema((z) =>
  z.object({
    format: z.literal(FORMAT),
    version: z.literal(VERSION),
    group: z.string(),
    partitions: z.array(
      z.object({
        topic: z.string(),
        partition: z.int().min(0),
        offset: z.int().min(0).nullable(),
        metadata: z.string(),
        leaderEpoch: z.int().min(0).nullable(),
      }),
    ),
  }),
);

/** What an export holds of a group. */
export type Exported = z.output<ReturnType<typeof exportSchema>>;

/** Where a group stands, to be put back. */
export function exportedForm(group: string, exportedAtMs: number, states: readonly PartitionState[]): object {
  const exported: Exported = {
    format: FORMAT,
    version: VERSION,
    group,
    partitions: states.map(({ topic, partition, committed, progress, fault }) => ({
      topic,
      partition,
      offset: committed?.offset ?? null,
      metadata: committed?.metadata ?? '',
      leaderEpoch: committed?.leaderEpoch ?? null,
      metadataIgnored: fault ?? null,
      decoded: progress === undefined ? null : decodedForm(progress),
    })),
  };
  return { ...exported, exportedAt: new Date(exportedAtMs).toISOString() };
}

/**
 * Reads an export of this group.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function readExport(path: string, group: string): Exported {
  const exported = checkOptions(`--from ${path}`, exportSchema, readJsonFile(path, '--from'));
  if (exported.group === group) return exported;
  throw usageError(`--from: ${path} is of another group, whose cursors depend on its own control topic`);
}

/** What an export holds of one partition: nothing where it holds none, or one without an offset. */
export function exportedPosition(exported: Exported, topic: string, partition: number): Position | undefined {
  const found = exported.partitions.find((one) => one.topic === topic && one.partition === partition);
  if (found === undefined || found.offset === null) return undefined;
  const { offset, metadata, leaderEpoch } = found;
  return { offset, metadata, leaderEpoch: leaderEpoch ?? undefined };
}
