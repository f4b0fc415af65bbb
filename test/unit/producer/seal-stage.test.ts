import { describe, expect, it } from 'vitest';
import { sealBytes, sealEvent, sealForm } from '../../../src/producer/seal-stage.js';
import type { Admitted } from '../../../src/producer/stages.js';
import { validateEvent, validateTombstone } from '../../../src/producer/validate-stage.js';
import { ALL_PARTITIONS } from '../../../src/routing/partition-set.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { ACME, Lettered, Noted, Signed, Whispered } from '../../support/contracts.js';
import { FakeCipher } from '../../support/fake-cipher.js';

const clock = new VirtualClock();
const PAYLOAD = '{"id":"n"}';
const FIELDS = '{"/note":"secret"}';

function admitted(contract: AnyEventContract, tombstone = false): Admitted {
  const validated = tombstone
    ? validateTombstone(ACME, contract, 'n', {}, clock)
    : validateEvent(ACME, contract, { id: 'n' }, {}, clock);
  return {
    ...validated,
    topic: contract.topic,
    partitions: ALL_PARTITIONS,
    payload: tombstone ? null : Buffer.from(PAYLOAD),
    sealedFields: typeof contract.protection === 'object' && !tombstone ? Buffer.from(FIELDS) : undefined,
    traceHeaders: [],
    costBytes: 1,
    chargedBytes: 1,
  };
}

describe('sealing', () => {
  it.each([
    ['none', Noted, false, 'none'],
    ['confidential', Whispered, false, 'value'],
    ['confidential', Whispered, true, 'detached'],
    ['authentic', Signed, false, 'detached'],
    ['authentic', Signed, true, 'detached'],
    ['fields', Lettered, false, 'fields'],
    ['fields', Lettered, true, 'detached'],
  ] as const)('of protection %s (%#) is %s', (_protection, contract, tombstone, form) => {
    expect(sealForm(contract, tombstone)).toBe(form);
  });

  it('takes the place of a confidential value, and leaves an authentic one as it is', async () => {
    const cipher = new FakeCipher();
    const whispered = await sealEvent(admitted(Whispered), cipher);
    expect([whispered.value?.toString(), whispered.seal]).toEqual([`sealed:${PAYLOAD}`, undefined]);
    const signed = await sealEvent(admitted(Signed), cipher);
    expect([signed.value?.toString(), signed.seal?.length]).toEqual([PAYLOAD, expect.any(Number)]);
    const tombstone = await sealEvent(admitted(Signed, true), cipher);
    expect([tombstone.value, tombstone.seal?.length]).toEqual([null, expect.any(Number)]);
  });

  it('leaves the rest of an event with sealed fields as it is, and the fields only in its seal', async () => {
    const cipher = new FakeCipher();
    const event = admitted(Lettered);
    const { value, seal } = await sealEvent(event, cipher);
    expect(value?.toString()).toBe(PAYLOAD);
    expect(seal?.toString()).toContain(`sealed:${FIELDS}`);
    expect(event.sealedFields).toEqual(Buffer.alloc(FIELDS.length));
    expect(sealBytes(event, cipher, 1_000) - sealBytes(event, cipher, 0)).toBe(1_000);
  });

  it('seals nothing of an event whose fields were not taken out', () => {
    const event = { ...admitted(Lettered), sealedFields: undefined };
    expect(() => sealEvent(event, new FakeCipher())).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }));
  });

  it.each<[string, () => Promise<void> | undefined]>([
    ['at once', () => undefined],
    ['later', () => Promise.resolve()],
    ['not at all', () => Promise.reject(new Error('away'))],
    [
      'not even asked for',
      () => {
        throw new Error('away');
      },
    ],
  ])('threat 61: overwrites the plaintext of a value that was sealed %s', async (_when, wait) => {
    const cipher = new FakeCipher();
    cipher.wait = wait;
    const event = admitted(Whispered);
    const plaintext = event.payload;
    expect(plaintext?.toString()).toBe(PAYLOAD);
    // A function, because sealing may also throw at once.
    const sealed = await Promise.resolve()
      .then(() => sealEvent(event, cipher))
      .catch(() => undefined);
    expect(plaintext).toEqual(Buffer.alloc(PAYLOAD.length));
    if (sealed !== undefined) expect(sealed.value?.toString()).toBe(`sealed:${PAYLOAD}`);
  });

  it('of an unprotected event asks nobody', async () => {
    const cipher = new FakeCipher();
    const value = Buffer.from(PAYLOAD);
    expect(await sealEvent(admitted(Noted), cipher)).toMatchObject({ value, seal: undefined });
    expect(await sealEvent(admitted(Noted), undefined)).toMatchObject({ value });
    expect([cipher.calls, sealBytes(admitted(Noted), undefined, 0)]).toEqual([0, 0]);
  });

  it('of a protected event needs encryption', () => {
    for (const work of [
      () => sealBytes(admitted(Whispered), undefined, 0),
      () => sealEvent(admitted(Signed), undefined),
    ]) {
      expect(work).toThrow(expect.objectContaining({ code: 'KEY_NOT_CONFIGURED' }));
    }
  });
});
