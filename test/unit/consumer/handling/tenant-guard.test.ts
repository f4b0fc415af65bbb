import { describe, expect, it } from 'vitest';
import { MAX_HEADERS, TenantGuard } from '../../../../src/consumer/handling/tenant-guard.js';
import { parseTenantId, type TenantId } from '../../../../src/core/tenant-id.js';
import { openDirectory } from '../../../../src/tenant/directory.js';
import { ACME, GLOBEX } from '../../../support/contracts.js';
import { header, receivedRecord, type RecordSketch } from '../../../support/records.js';

const worker = new TenantGuard(undefined, openDirectory);
const acmeOnly = new TenantGuard(ACME, openDirectory);

const verdict = (sketch: RecordSketch, guard = worker): string => {
  const answer = guard.check(receivedRecord(sketch));
  return answer.kind === 'violation' ? answer.code : answer.kind;
};

const withHeaders = (...headers: [string, string | Buffer][]): RecordSketch => ({
  headers: headers.map(([name, value]) => header(name, value)),
});

const TYPE = ['event-type', 'notes.noted.v1'] as const;
const ID = ['event-id', 'id-1'] as const;

describe('the guard', () => {
  it('reads the names of a record that keeps to its boundary', () => {
    const answer = worker.check(
      receivedRecord({
        aggregate: 'b:c',
        moreHeaders: [header('event-time', '1234'), header('tenantry-seal', 'seal'), header('own', 'x')],
      }),
    );
    expect(answer).toEqual({
      kind: 'own',
      record: {
        tenantId: ACME,
        aggregateId: 'b:c',
        eventType: 'notes.noted.v1',
        eventId: 'id-1',
        hasOtherHeaders: true,
        seal: Buffer.from('seal'),
        eventTimeMs: 1234,
        undecided: false,
      },
    });
  });

  it.each<[string, string, TenantId | undefined, string]>([
    ['acme', 'acme', undefined, 'own'],
    ['acme', 'globex', undefined, 'TENANT_MISMATCH'],
    ['globex', 'acme', undefined, 'TENANT_MISMATCH'],
    ['acme', 'acme', ACME, 'own'],
    ['globex', 'globex', ACME, 'foreign'],
    ['acme', 'globex', ACME, 'TENANT_MISMATCH'],
    ['globex', 'acme', ACME, 'TENANT_MISMATCH'],
    ['globex', 'initech', ACME, 'TENANT_MISMATCH'],
    ['acme', 'ACME', undefined, 'TENANT_MISMATCH'],
    ['a', 'ab', undefined, 'TENANT_MISMATCH'],
  ])('threat 15: header %s, key %s, scope %s: %s', (inHeader, inKey, scope, expected) => {
    const guard = new TenantGuard(scope, openDirectory);
    expect(verdict({ tenant: inHeader, key: Buffer.from(`${inKey}:n1`) }, guard)).toBe(expected);
  });

  it.each<[string, RecordSketch]>([
    ['missing', withHeaders(TYPE.slice() as [string, string], ID.slice() as [string, string])],
    ['empty', withHeaders(['tenant-id', ''], [...TYPE], [...ID])],
    ['300 bytes long', withHeaders(['tenant-id', 'a'.repeat(300)], [...TYPE], [...ID])],
    ['64 bytes long', withHeaders(['tenant-id', 'a'.repeat(64)], [...TYPE], [...ID])],
    ['not UTF-8', withHeaders(['tenant-id', Buffer.from([0x61, 0xff])], [...TYPE], [...ID])],
    ['not a tenant id', withHeaders(['tenant-id', 'ac.me'], [...TYPE], [...ID])],
    ['with a BOM', withHeaders(['tenant-id', '\ufeffacme'], [...TYPE], [...ID])],
    ['with a NUL', withHeaders(['tenant-id', 'acme\0'], [...TYPE], [...ID])],
    ['given twice, the same', withHeaders(['tenant-id', 'acme'], ['tenant-id', 'acme'], [...TYPE], [...ID])],
    ['given twice, another', withHeaders(['tenant-id', 'acme'], [...TYPE], [...ID], ['tenant-id', 'globex'])],
    ['of another case', withHeaders(['Tenant-Id', 'acme'], [...TYPE], [...ID])],
  ])('threat 16: a tenant header %s is refused', (_what, sketch) => {
    for (const guard of [worker, acmeOnly]) expect(verdict(sketch, guard)).toBe('RECORD_HEADER_INVALID');
  });

  it.each<[string, [string, string | Buffer][]]>([
    ['no type', [[...ID]]],
    ['no id', [[...TYPE]]],
    ['two types', [[...TYPE], [...TYPE], [...ID]]],
    ['two ids', [[...TYPE], [...ID], ['event-id', 'id-2']]],
    ['a type that is none', [['event-type', 'notes noted'], [...ID]]],
    ['a type without a version', [['event-type', 'notes.noted'], [...ID]]],
    ['an id of 129 bytes', [[...TYPE], ['event-id', 'x'.repeat(129)]]],
    ['an empty id', [[...TYPE], ['event-id', '']]],
    ['a time that is no number', [[...TYPE], [...ID], ['event-time', '-5']]],
    ['a time of 16 digits', [[...TYPE], [...ID], ['event-time', '1234567890123456']]],
    ['two times', [[...TYPE], [...ID], ['event-time', '5'], ['event-time', '5']]],
    ['two seals', [[...TYPE], [...ID], ['tenantry-seal', 'a'], ['tenantry-seal', 'a']]],
  ])('threat 16: %s is refused', (_what, headers) => {
    expect(verdict(withHeaders(['tenant-id', 'acme'], ...headers))).toBe('RECORD_HEADER_INVALID');
  });

  it.each<[string, Buffer | null, string]>([
    ['missing', null, 'RECORD_KEY_INVALID'],
    ['empty', Buffer.alloc(0), 'RECORD_KEY_INVALID'],
    [':n1', Buffer.from(':n1'), 'RECORD_KEY_INVALID'],
    ['acme:', Buffer.from('acme:'), 'RECORD_KEY_INVALID'],
    ['acme', Buffer.from('acme'), 'RECORD_KEY_INVALID'],
    ['acme:b:c', Buffer.from('acme:b:c'), 'own'],
    ['not UTF-8', Buffer.from([...Buffer.from('acme:'), 0xff]), 'RECORD_KEY_INVALID'],
    ['with a BOM', Buffer.from('\ufeffacme:n1'), 'RECORD_KEY_INVALID'],
    ['with a newline', Buffer.from('acme\n:n1'), 'RECORD_KEY_INVALID'],
    ['with an aggregate of 513 bytes', Buffer.from(`acme:${'x'.repeat(513)}`), 'RECORD_KEY_INVALID'],
  ])('threat 17: a key %s: %s', (_what, key, expected) => {
    for (const guard of [worker, acmeOnly]) expect(verdict({ key }, guard)).toBe(expected);
  });

  it('threat 18: headers named as a prototype is change nothing', () => {
    const moreHeaders = ['__proto__', 'constructor', 'toString'].map((name) => header(name, 'acme'));
    expect(verdict({ moreHeaders })).toBe('own');
    expect(({} as Record<string, unknown>)['acme']).toBeUndefined();
  });

  it('threat 19: more headers than an event of ours can have are not even read', () => {
    const many = (count: number): RecordSketch => ({
      moreHeaders: Array.from({ length: count }, () => header('x', 'y')),
    });
    expect(verdict(many(MAX_HEADERS - 3))).toBe('own');
    expect(verdict(many(MAX_HEADERS - 2))).toBe('TOO_MANY_HEADERS');
    expect(verdict(many(5_000))).toBe('TOO_MANY_HEADERS');
    expect(verdict({ headers: [] })).toBe('RECORD_HEADER_INVALID');
  });

  it('threat 23: tenants named as an object is are ordinary', () => {
    for (const tenant of ['constructor', 'hasOwnProperty']) {
      expect(verdict({ tenant })).toBe('own');
      expect(verdict({ tenant, key: Buffer.from('acme:n1') })).toBe('TENANT_MISMATCH');
    }
  });

  it('refuses a tenant that the directory does not know', () => {
    const asked: string[] = [];
    const guard = new TenantGuard(undefined, {
      get: (id) => {
        asked.push(id);
        return id === GLOBEX ? {} : undefined;
      },
    });
    expect(verdict({ tenant: 'acme' }, guard)).toBe('UNKNOWN_TENANT');
    expect(verdict({ tenant: 'globex' }, guard)).toBe('own');
    expect(asked).toEqual([ACME, parseTenantId('globex')]);
  });
});
