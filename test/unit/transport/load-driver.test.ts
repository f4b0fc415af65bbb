import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { requireDriver } from '../../../src/transport/load-driver.js';

it('threat 62: refuses to load the client in a worker thread, with a code', { timeout: 30_000 }, async () => {
  const worker = new Worker(new URL('fixtures/load-in-worker.mjs', import.meta.url));
  const [message] = await once(worker, 'message');
  expect(message).toBe('WORKER_THREAD');
  await worker.terminate();
});

it.each([
  ['a missing package', Object.assign(new Error('Cannot find module /secret/path'), { code: 'MODULE_NOT_FOUND' })],
  ['an addon of another Node.js', Object.assign(new Error('/secret/path: version'), { code: 'ERR_DLOPEN_FAILED' })],
])('says what to do about %s', (_what, cause) => {
  const load = (): unknown =>
    requireDriver(() => {
      throw cause;
    });
  expect(load).toThrow(expect.objectContaining({ code: 'DRIVER_UNAVAILABLE' }));
  expect(load).toThrow(/npm rebuild @confluentinc\/kafka-javascript/);
  expect(load).toThrow(cause.code);
  expect(load).not.toThrow(/secret/);
});
