import { lazySchema, type Zod } from '../../core/lazy-schema.js';

const target = (z: Zod) =>
  z.union(
    [
      z.date(),
      z.array(z.strictObject({ topic: z.string().min(1), partition: z.int().min(0), offset: z.int().min(0) })).min(1),
    ],
    'must be a Date that is a time, or a list of { topic, partition, offset }',
  );

const waiting = (z: Zod) => ({
  signal: z.instanceof(AbortSignal).optional(),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
});

/** The options of `pauseTenant` and `resumeTenant`. */
export const controlOptionsSchema = lazySchema((z) => z.strictObject(waiting(z)));

/** The range of `replayTenant`. */
export const replayRangeSchema = lazySchema((z) => z.strictObject({ from: target(z), until: target(z).optional() }));

const oneOrMore = (z: Zod) => z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional();

/** The options of `redrive`. */
export const redriveOptionsSchema = lazySchema((z) =>
  z.strictObject({
    ...waiting(z),
    topic: z.string().min(1).optional(),
    code: oneOrMore(z),
    eventType: oneOrMore(z),
    failedFrom: z.date().optional(),
    failedUntil: z.date().optional(),
    dryRun: z.boolean().optional(),
  }),
);

/** The range of `skipUnreadable`. */
export const unreadableOffsetsSchema = lazySchema((z) =>
  z
    .strictObject({
      topic: z.string().min(1),
      partition: z.int().min(0),
      from: z.int().min(0),
      to: z.int().min(0),
    })
    .refine(({ from, to }) => from < to, { path: ['to'], error: 'must be greater than from' }),
);

/** The range of `skipTenant`. That all is passed over has to be said. */
export const skipRangeSchema = lazySchema((z) =>
  z.strictObject({
    to: z.union([z.literal('end'), target(z)], "must be 'end', a Date, or a list of { topic, partition, offset }"),
  }),
);
