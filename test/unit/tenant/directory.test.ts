import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { openDirectory, staticDirectory } from '../../../src/tenant/directory.js';

describe('openDirectory', () => {
  it('knows every tenant, and nothing special of it', () => {
    expect(openDirectory.get(parseTenantId('acme'))).toEqual({});
  });
});

describe('staticDirectory', () => {
  it('threat 23: knows the tenants it was given, and no members of Object', () => {
    const profile = { weight: 2 };
    const directory = staticDirectory(new Map([[parseTenantId('constructor'), profile]]));
    expect(directory.get(parseTenantId('constructor'))).toBe(profile);
    expect(directory.get(parseTenantId('hasOwnProperty'))).toBeUndefined();
  });
});
