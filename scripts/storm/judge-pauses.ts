// Whether nothing of a tenant began between the moment when its pause was confirmed and the one when it was resumed.
import type { Handling } from './handlings.ts';
import type { Disruption, Journal, Micros } from './journal.ts';
import { cutOffs } from './windows.ts';

/** A pause of a tenant, from the moment when it was asked for until a resumption was. */
export interface Pause {
  readonly tenant: string;
  readonly from: Micros;
  /** Infinity where it was not: its teller was killed, or some partition had no owner for too long. */
  readonly confirmedAt: Micros;
  readonly to: Micros;
}

export function pausesOf(journals: readonly Journal[]): Pause[] {
  const told = journals.flatMap(({ process, entries }) =>
    entries.flatMap((entry) => (entry.kind === 'told' || entry.kind === 'confirmed' ? { process, ...entry } : [])),
  );
  const first = (kind: 'told' | 'confirmed', command: string, tenant: string, from: Micros, by?: string): Micros => {
    const matching = told.filter(
      (entry) =>
        entry.kind === kind &&
        entry.command === command &&
        entry.tenant === tenant &&
        entry.at > from &&
        entry.process === (by ?? entry.process),
    );
    return Math.min(Infinity, ...matching.map(({ at }) => at));
  };
  return told
    .filter(({ kind, command }) => kind === 'told' && command === 'pause')
    .map(({ process, tenant, at: from }) => {
      const confirmedAt = first('confirmed', 'pause', tenant, from, process);
      return { tenant, from, confirmedAt, to: first('told', 'resume', tenant, from) };
    });
}

export function judgePauses(
  pauses: readonly Pause[],
  handlings: readonly Handling[],
  journals: readonly Journal[],
  disruptions: readonly Disruption[],
  sessionMs: number,
): { readonly confirmed: number; readonly wrongs: readonly string[] } {
  const cutOff = new Map(journals.map((journal) => [journal.process, cutOffs(journal, disruptions, sessionMs)]));
  const confirmed = pauses.filter(({ confirmedAt, to }) => confirmedAt < to);
  const wrongs = confirmed.flatMap(({ tenant, confirmedAt, to }) =>
    handlings
      .filter(({ tenants, from }) => tenants[0] === tenant && from > confirmedAt && from < to)
      .filter(
        ({ process, from }) => cutOff.get(process)?.some((window) => window.from <= from && from <= window.to) !== true,
      )
      .map(
        ({ process, partition, offset }) => `${process}: ${partition}/${offset} of ${tenant} began while it was paused`,
      ),
  );
  return { confirmed: confirmed.length, wrongs };
}
