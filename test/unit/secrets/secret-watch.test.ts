// The watch that every test of encryption runs under: it must find what is planted, or it proves nothing.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { formsOf } from '../../../src/testing/leaks/search/forms.js';
import { MarkSearch } from '../../../src/testing/leaks/search/mark-search.js';
import { everythingIn } from '../../support/secrets/everything-in.js';
import { secretWatch, type Leak } from '../../support/secrets/secret-watch.js';
import { eventRecord, header } from '../../support/records.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { bench, identity, recordingTelemetry } from '../encryption/fixtures.js';
import { makeTelemetry, published } from '../telemetry/otel-sdk.js';

const key = randomBytes(32);
const TEXT = 'Grüße an "Bob"\n';
secretWatch.secret('a planted key', key);
secretWatch.secret('a planted text', TEXT);

const planted = (text: string): Error => tenantryError('INVALID_STATE', `it says: ${text}.`);
const nameOf = ({ secret, place }: Leak): string => `${secret} in ${place}`;

describe('a secret is found', () => {
  it.each([...formsOf(key)])('as %s', async (_, text) => {
    const leaks = await secretWatch.apart(() => planted(text));
    expect(leaks.map(nameOf)).toContain('a planted key in an error');
  });

  it.each([
    ['hex', key.toString('hex')],
    ['upper-case hex', key.toString('hex').toUpperCase()],
    ['base64', key.toString('base64')],
    ['base64 inside of more', Buffer.concat([Buffer.from('a'), key, Buffer.from('bc')]).toString('base64')],
    ['base64 further inside', Buffer.concat([Buffer.from('ab'), key]).toString('base64')],
    ['base64url', key.toString('base64url')],
    ['base64url inside of more', Buffer.concat([Buffer.from('abcd'), key, key]).toString('base64url')],
    ['a Buffer in JSON', JSON.stringify({ key })],
    ['its bytes as text', key.toString('latin1')],
  ])('a key, written as %s', async (_, text) => {
    expect((await secretWatch.apart(() => planted(text))).map(nameOf)).toContain('a planted key in an error');
  });

  it.each([
    ['as it is', TEXT],
    ['in JSON', JSON.stringify({ TEXT })],
    ['in JSON in ASCII', 'Gr\\u00fc\\u00dfe an \\"Bob\\"\\n'],
    ['in base64', Buffer.from(`{"note":"${TEXT}"}`).toString('base64')],
    ['in hex', Buffer.from(TEXT).toString('hex')],
  ])('a text, written %s', async (_, text) => {
    expect((await secretWatch.apart(() => planted(text))).map(nameOf)).toContain('a planted text in an error');
  });

  it('and nothing else: not half of it, nor another key', () => {
    const search = new MarkSearch<string>();
    search.add('a key', key);
    for (const text of [key.toString('hex').slice(2), randomBytes(32).toString('hex'), key.toString('base64').slice(3)])
      expect(search.in(text)).toEqual([]);
  });
});

describe('a secret is found in', () => {
  it.each<[string, () => unknown]>([
    ['an error', () => planted(key.toString('base64'))],
    ['an error', () => Object.assign(planted(''), { cause: new Error(key.toString('hex')) })],
    ['an error', () => Object.assign(planted(''), { [Symbol('hidden')]: [{ key }] })],
    ['an error', () => new KeyServiceFailure('away', key.toString('hex'))],
    ['a log event', () => makeTelemetry().log('keyRefused', { tenant: 'a', kek: '', code: 'KEY_GONE', reason: TEXT })],
    ['a log event', () => recordingTelemetry().telemetry.log('warmUpIncomplete', { tenants: key as never, made: 0 })],
    ['a span', () => makeTelemetry().startPublish({ ...published, eventId: key.toString('base64url') })],
    ['a span', () => makeTelemetry().startProcess({ ...published, topic: TEXT } as never)],
    ['the headers of a copy', () => copyWith(header('dlq-reason', `it was ${TEXT}`))],
  ])('%s', async (place, work) => {
    const leaks = await secretWatch.apart(work);
    expect(leaks.map((leak) => leak.place)).toContain(place);
  });

  it('whatever a logger could show of a value', () => {
    class Holder {
      readonly nested = new Map([['a', new Set([Buffer.from('x')])]]);
    }
    const shown = everythingIn(Object.defineProperty(new Holder(), 'hidden', { value: 4711 }));
    for (const part of ['a', '78', 'x', 'hidden', '4711']) expect(shown.split('\n')).toContain(part);
  });
});

describe('the secrets in play', () => {
  it('are every key and every plaintext, without being told of', async () => {
    const { cipher, service } = bench();
    const before = secretWatch.counts.secrets;
    const plaintext = Buffer.from(`{"note":"${randomBytes(8).toString('hex')}"}`);
    const envelope = await cipher.sealValue(identity(), plaintext, 1);
    const [dataKey] = service.seen;
    // The data key, the record key, the plaintext; the keys of tenants are those of other tests.
    expect(secretWatch.counts.secrets).toBeGreaterThanOrEqual(before + 3);
    const texts = [dataKey!.toString('base64'), plaintext.toString()];
    for (const text of texts) expect(await secretWatch.apart(() => planted(text))).not.toEqual([]);
    expect(await secretWatch.apart(() => planted(envelope.toString('base64')))).toEqual([]);
  });

  it('are still secrets after a leak was looked for', async () => {
    expect(await secretWatch.apart(() => undefined)).toEqual([]);
    expect(await secretWatch.apart(() => planted(key.toString('hex')))).not.toEqual([]);
  });
});

function copyWith(...headers: ReturnType<typeof header>[]): void {
  const kafka = new FakeKafka(new VirtualClock());
  kafka.createTopic('_quarantine.notes');
  kafka.append(eventRecord({ topic: '_quarantine.notes', moreHeaders: headers }));
}
