import { attempt } from '../../../telemetry/attempt.js';

/** What was changed, to be put back step by step. */
export class UndoList {
  readonly #steps: (() => void)[] = [];

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Puts all back, the last first; where a step throws, the others are put back before its error is thrown. */
  all(): void {
    const errors: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** Does what can be undone: where it throws midway, all that it has done is put back. */
export function undoable<T>(work: (undo: UndoList) => T): T {
  const undo = new UndoList();
  try {
    return work(undo);
  } catch (error) {
    attempt(() => {
      undo.all();
    });
    throw error;
  }
}
