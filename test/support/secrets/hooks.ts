// What the watch hangs on to; all of it is reachable from tests only.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { TenantryError } from '../../../src/core/errors.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { RecordSeal } from '../../../src/encryption/record-seal.js';
import { spanAttributes } from '../../../src/telemetry/facts.js';
import { Telemetry } from '../../../src/telemetry/telemetry.js';
import { secretWatch } from './secret-watch.js';

let isHooked = false;

/** Once a process. Every key of the library, and every plaintext it seals or opens, becomes a secret; what it tells is seen. */
export function hookAll(): void {
  if (isHooked) return;
  isHooked = true;
  hookKeys();
  hookPlaintexts();
  hookErrors(TenantryError);
  hookErrors(KeyServiceFailure);
  hookTelemetry();
}

/** Key encryption keys, data keys and record keys: each becomes a `KeyObject`. */
function hookKeys(): void {
  const { createSecretKey } = crypto;
  crypto.createSecretKey = ((key: NodeJS.ArrayBufferView | string, encoding: BufferEncoding) => {
    if (key instanceof Uint8Array) secretWatch.secret('a key', key);
    return createSecretKey(key as string, encoding);
  }) as typeof createSecretKey;
  syncBuiltinESMExports();
}

function hookPlaintexts(): void {
  const { seal, open } = RecordSeal.prototype;
  RecordSeal.prototype.seal = function (...args) {
    secretWatch.secret('a plaintext', args[3]);
    return seal.apply(this, args);
  };
  RecordSeal.prototype.open = function (...args) {
    const plaintext = open.apply(this, args);
    secretWatch.secret('a plaintext', plaintext);
    return plaintext;
  };
}

/** The constructor gives each error its name, and comes by here. */
function hookErrors({ prototype }: { readonly prototype: Error }): void {
  Object.defineProperty(prototype, 'name', {
    configurable: true,
    get: () => 'Error',
    set(this: Error, value: string) {
      Object.defineProperty(this, 'name', { value, configurable: true, enumerable: true, writable: true });
      secretWatch.saw('an error', this);
    },
  });
}

function hookTelemetry(): void {
  const { log, startPublish, startProcess } = Telemetry.prototype;
  Telemetry.prototype.log = function (event, fields) {
    secretWatch.saw('a log event', fields);
    log.call(this, event, fields as never);
  };
  // Also where no SDK is there to make a span of it.
  Telemetry.prototype.startPublish = function (facts) {
    secretWatch.saw('a span', spanAttributes('send', facts));
    return startPublish.call(this, facts);
  };
  Telemetry.prototype.startProcess = function (facts) {
    secretWatch.saw('a span', spanAttributes('process', facts));
    return startProcess.call(this, facts);
  };
}
