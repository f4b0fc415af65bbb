// Delivers an event in this process or in a thread of it, and says what came of it and whether that loaded the addon.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';
import { deliver } from '../../../../src/testing/index.js';

const Noted = defineEvent({
  type: 'notes.noted',
  version: 1,
  topic: 'notes',
  schema: z.object({ id: z.string() }),
  aggregateId: ({ id }) => id,
  protection: 'confidential',
});

if (isMainThread && process.argv[2] === 'thread') {
  // tsx does not reach threads by itself.
  const load = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`;
  new Worker(load, { eval: true }).on('message', (told: string) => process.stdout.write(told));
} else {
  const handle: Parameters<typeof deliver<typeof Noted>>[0] = (event, { tenant }) => tenant.publish(Noted, event.data);
  const { outcome, published } = await deliver(handle, Noted, { id: '1' }, { tenant: 'acme' });
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
  const addon = sharedObjects.some((path) => path.includes('confluent-kafka'));
  const told = JSON.stringify({ outcome, published: published.length, addon, isMainThread });
  if (parentPort === null) process.stdout.write(told);
  else parentPort.postMessage(told);
}
