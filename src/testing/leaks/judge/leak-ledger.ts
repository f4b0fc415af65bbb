import type { CanaryMark, Planted } from '../plant/canary.js';
import type { ClaimReader } from './claims.js';
import { judgeOutput, type Crossing } from './judge-output.js';
import type { ResolvedLeakOptions } from '../leak-options.js';
import type { AllowedLeak, LeakedCanary, TenantLeak } from '../leak-report.js';
import type { MarkSearch } from '../search/mark-search.js';
import type { Channel, Output } from '../watch/output.js';
import type { SeedRun } from '../run-seed.js';

type Counted = { -readonly [Name in keyof TenantLeak]: TenantLeak[Name] };

/** Judges what came out, and keeps what crossed, the same once. */
export class LeakLedger {
  /** Outputs in which their own tenant's canaries were seen, by channel. */
  readonly ownCanaries = new Map<Channel, number>();
  readonly #search: MarkSearch<CanaryMark>;
  readonly #claims: ClaimReader;
  readonly #allow: ResolvedLeakOptions['allow'];
  readonly #leaks = new Map<string, Counted>();
  readonly #allowed = new Map<string, Counted & { readonly reason: string }>();
  readonly #planted = new Map<number, readonly Planted[]>();
  readonly #seeds: number[] = [];

  constructor(search: MarkSearch<CanaryMark>, claims: ClaimReader, { allow }: ResolvedLeakOptions) {
    this.#search = search;
    this.#claims = claims;
    this.#allow = allow;
  }

  get leaks(): TenantLeak[] {
    return [...this.#leaks.values()];
  }

  get allowed(): AllowedLeak[] {
    return [...this.#allowed.values()];
  }

  add(seed: number, { outputs, refusals, planted }: SeedRun): void {
    this.#seeds.push(seed);
    this.#planted.set(seed, planted);
    for (const output of outputs) {
      const { crossings, holdsOwn } = judgeOutput(output, this.#search, this.#claims);
      for (const crossing of crossings) this.#count(this.#leakOf(seed, output, crossing));
      if (holdsOwn) {
        this.ownCanaries.set(output.channel, (this.ownCanaries.get(output.channel) ?? 0) + 1);
      }
    }
    for (const { of, owner, run } of refusals) {
      const { tenantId: inOutputOf, by } = owner;
      const where = { channel: 'publish', name: '(refused)', path: '', inName: false } as const;
      const rest = { form: undefined, canary: undefined, handler: run, seed, replay: [seed], count: 1 };
      this.#count({ kind: 'refused', of, inOutputOf, ownerKnownBy: by, ...where, ...rest });
    }
  }

  #leakOf(seed: number, { channel, name, run }: Output, { canary, ...crossing }: Crossing): Counted {
    return {
      ...crossing,
      channel,
      name,
      canary: canary && this.#leakedCanary(canary),
      handler: run,
      seed,
      // What one seed left behind comes out again only where that seed, and all in between, were run before.
      replay: canary === undefined ? [seed] : this.#seeds.slice(this.#seeds.indexOf(canary.seed)),
      count: 1,
    };
  }

  #leakedCanary({ kind, eventType, seed, record }: CanaryMark): LeakedCanary {
    return { kind, eventType, seed, record, plantedAt: this.#planted.get(seed)?.[record]?.[kind] ?? [] };
  }

  /** Each is asked about by itself: what is counted together need not be let pass together. */
  #count(leak: Counted): void {
    const reason = reasonOf(this.#allow(leak));
    if (reason === undefined) countIn(this.#leaks, leak);
    else countIn(this.#allowed, { ...leak, reason }, reason);
  }
}

function countIn<L extends Counted>(leaks: Map<string, L>, leak: L, reason?: string): void {
  const { kind, channel, name, path, inName, handler } = leak;
  const key = JSON.stringify([kind, channel, name, path, inName, handler?.eventType, reason]);
  const known = leaks.get(key);
  if (known === undefined) leaks.set(key, leak);
  else known.count += 1;
}

/** Code without types may answer `false`, null or nothing: only words are a reason. */
function reasonOf(answer: unknown): string | undefined {
  return typeof answer === 'string' && answer.trim() !== '' ? answer : undefined;
}
