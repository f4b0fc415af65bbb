import { systemClock, type Clock } from '../core/clock.js';

/** A command has nothing but its promises to live for. */
export const commandClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs, callback, { keepAlive: true }),
};
