// Runs the contract that users run, with vitest.
import { describe, it } from 'vitest';
import { keyServiceContract, type KeyServiceSubject } from 'tenantry/testing';

export function contractOf(name: string, subject: KeyServiceSubject): void {
  describe(`the contract of key services: ${name}`, () => {
    const checks = keyServiceContract(subject).map(({ name, run }) => [name, run] as const);
    it.each(checks)('threats 4, 5, 8, 28: %s', async (_name, run) => {
      await run();
    });
  });
}
