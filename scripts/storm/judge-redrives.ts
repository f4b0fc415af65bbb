// Whether the dead letters are those that were given up, and every one of them was redriven and no other record.
import type { Handling } from './handlings.ts';
import type { LoggedRecord } from './journal.ts';

/** @param letters - all that is among the group's dead letters */
export function judgeRedrives(letters: readonly LoggedRecord[], handlings: readonly Handling[]): readonly string[] {
  const wrongs: string[] = [];
  const givenUp = new Set(handlings.filter(({ isGivenUp }) => isGivenUp).map(({ id }) => id));
  const done = handlings.filter((handling) => handling.done !== undefined && !handling.isGivenUp);
  const redriven = new Set(done.filter(({ isRedriven }) => isRedriven).map(placeOf));
  const kept = new Set(letters.map(({ id }) => id));
  const ids = new Map(letters.map((letter) => [placeOf(letter), letter.id]));
  for (const letter of letters) {
    const place = `dead letter ${placeOf(letter)} of ${letter.key}`;
    if (!givenUp.has(letter.id)) wrongs.push(`${place} was not given up`);
    if (!redriven.has(placeOf(letter))) wrongs.push(`${place} was never redriven`);
  }
  const handled = new Set(done.map(({ id }) => id));
  for (const id of givenUp) {
    if (!kept.has(id) && !handled.has(id)) wrongs.push(`${id} was given up, and is not among the dead letters`);
  }
  for (const handling of handlings) {
    if (handling.isRedriven && ids.get(placeOf(handling)) !== handling.id)
      wrongs.push(`${handling.process}: ${handling.id} was redriven as dead letter ${placeOf(handling)}`);
  }
  return wrongs;
}

function placeOf({ partition, offset }: { readonly partition: number; readonly offset: number }): string {
  return `${partition}/${offset}`;
}
