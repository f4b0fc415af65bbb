// Callers of two tenants, who go on until nobody answers them any more.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';

export const TENANTS = ['acme', 'globex'] as const;
export type Tenant = (typeof TENANTS)[number];

const CALLERS = 6;
/** Every so many calls are made twice, as by a caller who has lost the answer. */
const TWICE = 10;

/** What became of what was put: `unknown` where the connection has ended before the answer. */
export type Answer = 'accepted' | 'refused' | 'unknown';

/** What only events of this tenant may hold. */
export function canaryOf(tenant: Tenant): string {
  return `a customer of ${tenant}`;
}

/** A token of a tenant, as `npm run token` makes it. */
export function tokenOf(tenant: Tenant, secret: string): Promise<string> {
  const key = new TextEncoder().encode(secret);
  return new SignJWT({ tenant }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('10m').sign(key);
}

/** Calls as one tenant. */
export async function put(url: string, token: string, id: string, customer: string): Promise<Response> {
  return fetch(`${url}/support-cases/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'tenant-id': 'someone-else' },
    body: JSON.stringify({ customer, quantity: 1 }),
  });
}

/** The traffic of all tenants. They use the same ids, which only their tenants tell apart. */
export class Traffic {
  readonly answers = new Map<Tenant, Map<string, Answer>>(TENANTS.map((tenant) => [tenant, new Map()]));
  readonly statuses = new Set<number>();
  readonly #ids: string[] = [];
  readonly #done: Promise<unknown>;
  #accepted = 0;
  #hasEnded = false;

  constructor(url: string, secret: string) {
    this.#done = Promise.all(TENANTS.map((tenant) => this.#callAs(tenant, url, secret))).then(() => {
      this.#hasEnded = true;
    });
  }

  /** How many calls were accepted until now, of all tenants. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resolves once so many calls are accepted. */
  async enough(count: number): Promise<void> {
    while (this.#accepted < count) {
      assert.ok(!this.#hasEnded, `nobody answers any more, after ${this.#accepted} calls`);
      await sleep(20);
    }
  }

  /** Resolves once nobody answers any more. */
  async ended(): Promise<void> {
    await this.#done;
  }

  async #callAs(tenant: Tenant, url: string, secret: string): Promise<void> {
    const token = await tokenOf(tenant, secret);
    let next = 0;
    const caller = async (): Promise<void> => {
      for (let answer: Answer = 'accepted'; answer !== 'unknown';) {
        const index = next++;
        const id = (this.#ids[index] ??= randomUUID());
        answer = await this.#call(tenant, () => put(url, token, id, canaryOf(tenant)), id);
        if (index % TWICE === 0 && answer === 'accepted')
          await this.#call(tenant, () => put(url, token, id, canaryOf(tenant)), id);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  async #call(tenant: Tenant, send: () => Promise<Response>, id: string): Promise<Answer> {
    const answers = this.answers.get(tenant) ?? new Map<string, Answer>();
    let answer: Answer = 'unknown';
    try {
      const { status, ok } = await send();
      this.statuses.add(status);
      answer = ok ? 'accepted' : 'refused';
    } catch {
      // The server went away: it may have taken this one.
    }
    if (answer === 'accepted') this.#accepted += 1;
    // Once accepted, it is owed, whatever a second call is answered.
    if (answers.get(id) !== 'accepted') answers.set(id, answer);
    return answer;
  }
}
