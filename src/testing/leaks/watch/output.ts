import { attempt } from '../../../telemetry/attempt.js';
import { currentOwner, currentRun, type HandlerRun, type Owner } from './owner.js';
import { leavesOf, type Leaf } from '../search/leaves-of.js';

/** A way out of a handler: `topic` is what the library itself writes, such as a dead letter; `sink` is one of the user's own. */
export type Channel = 'publish' | 'topic' | 'log' | 'span' | 'http' | 'return value' | 'thrown error' | 'sink';

/** The ways out that are watched. */
export const CHANNELS: readonly Channel[] = [
  'publish',
  'topic',
  'log',
  'span',
  'http',
  'return value',
  'thrown error',
  'sink',
];

/** Something that left a handler, or the library. */
export interface Output {
  readonly channel: Channel;
  /** Which of the channel: a topic, `console.log`, a span's name, a method and a host. */
  readonly name: string;
  readonly owner: Owner;
  /** The run of a handler in whose asynchronous context it was made. */
  readonly run: HandlerRun | undefined;
  /** What it held at that time; undefined where looking at it threw. */
  readonly leaves: readonly Leaf[] | undefined;
  /** The text that came of it, which may show more than can be reached: private fields by `toString` and the like. */
  readonly text?: string | undefined;
}

/** Values that leave as a text. */
export class Written {
  readonly value: unknown;
  readonly text: string | undefined;

  constructor(value: unknown, text: string | undefined) {
    this.value = value;
    this.text = text;
  }
}

/** Takes note of an output of the code that runs now; its value may change later. */
export type Saw = (channel: Channel, name: string, value: unknown, owner?: Owner) => void;

/** What an output is at this moment. */
export function outputNow(channel: Channel, name: string, value: unknown, owner: Owner = currentOwner()): Output {
  // A proxy may throw at whoever looks, who must not be the code that wrote it.
  const { value: held, text } = value instanceof Written ? value : { value, text: undefined };
  return { channel, name, owner, run: currentRun(), leaves: attempt(() => leavesOf(readable(held))), text };
}

/** A text that is JSON, as log lines and bodies often are, as what it stands for, so that places in it have paths. */
export function readable(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
