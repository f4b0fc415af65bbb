// Publishes that wait while their tenant is erased.
import { describe, expect, it } from 'vitest';
import { ACME, GLOBEX, Noted, Whispered } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';

describe('threat 34: publishes that were taken before the tenant was erased', () => {
  it('and wait for the limit are all refused at the next turn, whatever their protection, and nothing is sent', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    const first = harness.publish({ id: 'n0' });
    const waiting = [Noted, Whispered, Noted, Whispered].map((contract, index) =>
      harness.ending({ id: `n${index + 1}` }, { contract }),
    );
    await harness.clock.advance(500);
    await first;
    harness.erased.add(ACME);
    await harness.clock.advance(1_000);
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 4 }, () => 'TENANT_ERASED'));
    expect(harness.takenIds).toEqual(['acme:n0']);
    expect([harness.pipeline.unsettled, harness.pipeline.sendingTenants]).toEqual([0, 0]);
  });

  it('and wait for the key are refused though it comes, and no other tenant’s are', async () => {
    const harness = new PublishHarness();
    let answer = (): void => undefined;
    harness.cipher.wait = (tenantId) =>
      tenantId === ACME ? new Promise<void>((resolve) => (answer = resolve)) : undefined;
    const waiting = harness.ending({ id: 'n1' }, { contract: Whispered });
    const behind = harness.ending({ id: 'n2' });
    harness.erased.add(ACME);
    answer();
    expect(await harness.clock.advanceUntil(Promise.all([waiting, behind]))).toEqual([
      'TENANT_ERASED',
      'TENANT_ERASED',
    ]);
    const other = harness.ending({ id: 'n1' }, { contract: Whispered, tenant: GLOBEX });
    expect(await harness.clock.advanceUntil(other)).toMatchObject({ tenantId: GLOBEX });
    expect(harness.takenIds).toEqual(['globex:n1']);
  });

  it('and wait for room in the window are refused', async () => {
    const harness = new PublishHarness({ maxInFlight: 1 });
    harness.kafka.faults.produce = () => undefined;
    const first = harness.ending({ id: 'n0' });
    const waiting = [1, 2, 3].map((index) => harness.ending({ id: `n${index}` }));
    harness.erased.add(ACME);
    await harness.clock.advance(5_000);
    expect(await first).toMatchObject({ offset: 0 });
    expect(await Promise.all(waiting)).toEqual(['TENANT_ERASED', 'TENANT_ERASED', 'TENANT_ERASED']);
    expect(harness.takenIds).toEqual(['acme:n0']);
  });

  it('cost the tenant nothing of its limit', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    harness.erased.add(ACME);
    for (let index = 0; index < 5; index++) expect(await harness.ending({ id: 'n1' })).toBe('TENANT_ERASED');
    harness.erased.delete(ACME);
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n1' }))).toMatchObject({ offset: 0 });
    expect(harness.clock.monotonicMs()).toBeLessThan(10);
  });
});
