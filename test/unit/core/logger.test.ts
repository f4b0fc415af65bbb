import { afterEach, describe, expect, it, vi } from 'vitest';
import { guardedLogger, warningOnceLogger, type Logger } from '../../../src/core/logger.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const loggerOf = (log: (level: string, args: unknown[]) => unknown): Logger =>
  Object.fromEntries(LEVELS.map((level) => [level, (...args: unknown[]) => log(level, args)])) as unknown as Logger;

describe('warningOnceLogger', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('warns once of what somebody should look at, and of nothing else', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const logger = warningOnceLogger();
    for (const level of ['debug', 'info', 'warn'] as const) logger[level]({}, 'nothing much');
    expect(warn).not.toHaveBeenCalled();
    logger.error({ tenant: 'acme' }, 'event dead-lettered');
    logger.error({ tenant: 'acme' }, 'record quarantined');
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/^event dead-lettered: set the option logger/);
    expect(warn.mock.calls[0]![1]).toMatchObject({ code: 'TENANTRY_NO_LOGGER' });
  });
});

describe('guardedLogger', () => {
  it('hands on what it is told, on the object that the method belongs to', () => {
    class Keeping {
      readonly kept: unknown[] = [];
      warn(fields: object, message: string): void {
        this.kept.push(fields, message);
      }
    }
    const keeping = new Keeping();
    guardedLogger(keeping as unknown as Logger).warn({ a: 1 }, 'text');
    expect(keeping.kept).toEqual([{ a: 1 }, 'text']);
  });

  it.each(LEVELS)('lets no error of %s out', (level) => {
    const called: string[] = [];
    const logger = guardedLogger(
      loggerOf((name) => {
        called.push(name);
        throw new Error('the disk is full');
      }),
    );
    logger[level]({}, 'text');
    expect(called).toEqual([level]);
  });

  it('leaves no rejection behind', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', note);
    try {
      guardedLogger(loggerOf(() => Promise.reject(new Error('the disk is full')))).info({}, 'text');
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
