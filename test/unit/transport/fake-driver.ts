import { EventEmitter } from 'node:events';
import type {
  Driver,
  DriverCallback,
  DriverConfig,
  DriverError,
  DriverMetadata,
} from '../../../src/transport/driver-types.js';

export function driverError(code: number, message: string): DriverError {
  return Object.assign(new Error(message), { code });
}

type Report = (error: DriverError | null, report: object) => void;

/** A native producer of which a test says what it does. */
export class FakeProducer extends EventEmitter {
  static readonly all: FakeProducer[] = [];
  readonly config: DriverConfig;
  readonly taken: number[] = [];
  refuse: DriverError | undefined;
  isConnected = false;
  isDisconnected = false;
  answer: (callback: DriverCallback<DriverMetadata>) => void = (callback) => {
    callback(null, { brokers: [], topics: [] });
  };

  constructor(config: DriverConfig) {
    super();
    this.config = config;
    FakeProducer.all.push(this);
  }

  connect(_options: object, callback: DriverCallback<unknown>): void {
    setImmediate(() => {
      this.getMetadata({}, (error, metadata) => {
        this.isConnected = !error;
        callback(error, metadata);
      });
    });
  }

  getMetadata(_request: object, callback: DriverCallback<DriverMetadata>): void {
    setImmediate(() => {
      this.answer(callback);
    });
  }

  setPollInBackground(): void {
    this.emit('background');
  }

  produce(...record: unknown[]): void {
    if (this.refuse !== undefined) throw this.refuse;
    this.taken.push(record[5] as number);
  }

  report(id: number, error: DriverError | null = null, offset = id): void {
    (this.config['dr_cb'] as Report)(error, { topic: 't', partition: 0, offset, opaque: id });
  }

  disconnect(_timeoutMs: number, callback: () => void): void {
    this.isDisconnected = true;
    setImmediate(callback);
  }
}

export function fakeDriver(): Driver {
  FakeProducer.all.length = 0;
  return { Producer: FakeProducer } as unknown as Driver;
}
