import { describe, expect, it } from 'vitest';
import { CommitReplies } from '../../../src/transport/commit-replies.js';
import type { DriverError } from '../../../src/transport/driver-types.js';
import type { CommitRequest } from '../../../src/transport/port.js';
import { ManualClock } from './manual-clock.js';

function request(offset: number, partition = 0): CommitRequest {
  return { topic: 't', partition, offset, metadata: '~', leaderEpoch: undefined };
}

function driverError(code: number, message: string): DriverError {
  return Object.assign(new Error(message), { code });
}

describe('commits and their answers', () => {
  const clock = new ManualClock();
  const make = (): CommitReplies => new CommitReplies(clock, 10_000);

  it('are brought together by partition, in order', async () => {
    const replies = make();
    const results = Promise.all([
      replies.expect(request(5)),
      replies.expect(request(5)),
      replies.expect(request(5, 1)),
    ]);
    replies.onEvent(undefined, [{ topic: 't', partition: 1, offset: 5 }]);
    replies.onEvent(driverError(22, 'Broker: Specified group generation id is not valid'), [
      { topic: 't', partition: 0, offset: 5 },
    ]);
    replies.onEvent(undefined, [{ topic: 't', partition: 0, offset: 5 }]);
    expect(await results).toEqual([
      { ok: false, reason: 'Broker: Specified group generation id is not valid', metadataTooLarge: false },
      { ok: true },
      { ok: true },
    ]);
  });

  it('tell when the metadata was too large', async () => {
    const replies = make();
    const result = replies.expect(request(1));
    replies.onEvent(driverError(12, 'too large'), [{ topic: 't', partition: 0, offset: 1 }]);
    expect(await result).toEqual({ ok: false, reason: 'too large', metadataTooLarge: true });
  });

  it('time out, and a late answer is not taken for the next one', async () => {
    const replies = make();
    const late = replies.expect(request(7));
    await clock.advance(10_000);
    expect(await late).toMatchObject({ ok: false, reason: 'no answer within 10000 ms' });
    const next = replies.expect(request(7));
    replies.onEvent(driverError(7, 'late'), [{ topic: 't', partition: 0, offset: 7 }]);
    replies.onEvent(undefined, [{ topic: 't', partition: 0, offset: 7 }]);
    expect(await next).toEqual({ ok: true });
  });

  it('get past an answer that never comes', async () => {
    const replies = make();
    const lost = replies.expect(request(1));
    const answered = replies.expect(request(2));
    replies.onEvent(undefined, [{ topic: 't', partition: 0, offset: 2 }]);
    expect(await answered).toEqual({ ok: true });
    expect(await lost).toMatchObject({ ok: false });
  });

  it('are given up at the end, and unexpected events do nothing', async () => {
    const replies = make();
    const result = replies.expect(request(3));
    replies.onEvent(undefined, [
      { topic: 't', partition: 9, offset: 3 },
      { topic: 't', partition: 0, offset: 8 },
    ]);
    replies.abandon('the end');
    expect(await result).toEqual({ ok: false, reason: 'the end', metadataTooLarge: false });
  });
});
