import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isTenantryError, type Problem } from '../../../src/core/errors.js';
import { checkOptions } from '../../../src/core/invalid-options.js';

const schema = z.strictObject({
  port: z.int().optional(),
  nested: z.strictObject({ on: z.boolean().optional() }).optional(),
  list: z.array(z.int()).optional(),
  names: z.record(z.string().regex(/^[a-z-]+$/, 'must be lower case'), z.int()).optional(),
  settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  tls: z
    .union([z.boolean(), z.strictObject({ ca: z.string().optional() }).refine(({ ca }) => ca !== '', 'needs a ca')])
    .optional(),
});

function refusal(options: unknown): { readonly message: string; readonly problems: readonly Problem[] } {
  try {
    checkOptions('thing', () => schema, options);
  } catch (error) {
    if (isTenantryError(error, 'INVALID_OPTIONS')) return error;
  }
  throw new Error('it was not refused with INVALID_OPTIONS');
}

const pathsOf = (options: unknown): string[] => refusal(options).problems.map(({ path }) => path);

describe('checkOptions', () => {
  it('gives what the schema makes of the options', () => {
    expect(checkOptions('thing', () => z.strictObject({ port: z.int().default(1) }), {})).toEqual({ port: 1 });
  });

  it('lists every wrong option by its path, in the message as well', () => {
    const wrong = { port: 'x', nested: { on: 1, off: 1 }, list: [1, 'x'], extra: 1, other: 2 };
    expect(pathsOf(wrong)).toEqual(['port', 'nested.on', 'nested.off', 'list.1', 'extra', 'other']);
    const { message } = refusal(wrong);
    expect(message.startsWith('thing: port: ')).toBe(true);
    expect(message).toContain('; extra: is not an option; other: is not an option');
  });

  it('says of a wrong key what is wrong with it', () => {
    expect(refusal({ names: { Acme: 1 } }).problems).toEqual([{ path: 'names.Acme', message: 'must be lower case' }]);
  });

  it.each([
    ['the types it may have', { settings: { 'linger.ms': {} } }, 'settings.linger.ms', 'expected string or number'],
    ['the branch that was meant', { tls: { ca: 5 } }, 'tls.ca', 'expected string'],
    ['an unknown option of the branch that was meant', { tls: { cafile: 'x' } }, 'tls.cafile', 'is not an option'],
    ['what the branch that was meant refuses as a whole', { tls: { ca: '' } }, 'tls', 'needs a ca'],
  ])('tells of a choice %s', (_, options, path, message) => {
    expect(refusal(options).problems).toEqual([{ path, message: expect.stringContaining(message) as string }]);
  });

  it.each(['', null, [], 5])('names no field where all of it is wrong: %j', (options) => {
    expect(pathsOf(options)).toEqual(['(root)']);
  });

  it.each([
    ['in base64', Buffer.alloc(32, 0xa5).toString('base64')],
    ['in base64url', Buffer.alloc(32, 0xa5).toString('base64url')],
    ['in hex', Buffer.alloc(32, 0xa5).toString('hex')],
    ['as a token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl'],
    ['as an access key', 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12'],
    ['as text', 'correct horse battery'],
  ])('threat 37: shows no secret %s, whether it was given as a name or as a value', (_, secret) => {
    const error = refusal({ [secret]: 1, port: secret, names: { [secret]: 1 }, nested: { [secret]: secret } });
    expect(JSON.stringify([error.message, error.problems])).not.toContain(secret);
    expect(error.problems.map(({ path }) => path)).toContain('nested.(name not shown)');
  });

  it('shows names of tenants and of settings', () => {
    const uuid = '0199b1c2-7d3e-7abc-8def-0123456789ab';
    expect(pathsOf({ [uuid]: 1, '42': 1, 'topic.metadata.refresh.interval.ms': 1 })).toEqual([
      '42',
      uuid,
      'topic.metadata.refresh.interval.ms',
    ]);
  });
});
