import { describe, expect, it, vi } from 'vitest';
import { crc32c } from '../../../../src/integrations/google-kms/crc32c.js';
import { googleKms, type GoogleKmsClient } from '../../../../src/integrations/google-kms/index.js';
import { acme } from '../../encryption/fixtures.js';

const NAME = 'projects/shop/locations/global/keyRings/tenants/cryptoKeys/acme';

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4
  it.each([
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ['nothing', Buffer.alloc(0), 0],
    ['the check value', Buffer.from('123456789'), 0xe3069283],
  ])('of %s', (_what, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });
});

function clientThat(answers: Partial<Record<keyof GoogleKmsClient, unknown>>): GoogleKmsClient {
  return { initialize: () => Promise.resolve(), encrypt: vi.fn(), decrypt: vi.fn(), ...answers } as never;
}

const signal = new AbortController().signal;

describe('a call of the client', () => {
  it.each([
    (value: number) => value,
    (value: number) => String(value),
    (value: number) => ({ toString: () => String(value) }),
  ])('takes a checksum as a number, a text or an object', async (form) => {
    const ciphertext = Buffer.from('ciphertext');
    const answer = {
      ciphertext,
      ciphertextCrc32c: { value: form(crc32c(ciphertext)) },
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
    };
    const service = googleKms({
      client: clientThat({ encrypt: () => Promise.resolve([answer]) }),
      keys: { acme: NAME },
    });
    const made = await service.generateDataKey(acme, service.kekIds(acme)[0]!, signal);
    expect(made.blob).toEqual(ciphertext);
  });

  it.each([
    { verifiedPlaintextCrc32c: false, verifiedAdditionalAuthenticatedDataCrc32c: true },
    { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: false },
    { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true, ciphertextCrc32c: { value: 1 } },
    { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true, ciphertextCrc32c: null },
    {},
  ])('believes no answer with the checksums %o', async (checksums) => {
    const client = clientThat({ encrypt: () => Promise.resolve([{ ciphertext: Buffer.from('c'), ...checksums }]) });
    const service = googleKms({ client, keys: { acme: NAME } });
    await expect(service.generateDataKey(acme, service.kekIds(acme)[0]!, signal)).rejects.toMatchObject({
      kind: 'away',
      message: 'damaged-on-its-way',
    });
  });

  it('is given up at once when nobody waits any more, and listens to its signal no longer than it lasts', async () => {
    const abort = new AbortController();
    const remove = vi.spyOn(abort.signal, 'removeEventListener');
    const client = clientThat({ decrypt: () => new Promise(() => {}) });
    const service = googleKms({ client, keys: { acme: NAME } });
    const call = service.unwrapDataKey(acme, service.kekIds(acme)[0]!, Buffer.from('blob'), abort.signal);
    abort.abort();
    await expect(call).rejects.toMatchObject({ kind: 'away', message: 'aborted' });
    const ended = googleKms({
      client: clientThat({ decrypt: () => Promise.reject(new Error()) }),
      keys: { acme: NAME },
    });
    const open = new AbortController();
    const removed = vi.spyOn(open.signal, 'removeEventListener');
    await Promise.resolve(ended.unwrapDataKey(acme, ended.kekIds(acme)[0]!, Buffer.from('blob'), open.signal)).catch(
      () => {},
    );
    expect(removed).toHaveBeenCalled();
    expect(remove).not.toHaveBeenCalled();
  });
});

it.each([{}, { client: {}, keys: `${NAME}-{tenant}` }, { client: clientThat({}), keys: 'acme-{tenant}' }])(
  'refuses %o',
  (options) => {
    expect(() => googleKms(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  },
);
