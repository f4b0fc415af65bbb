// Reads all that is in the log, as a group of its own, and says what is missing or another tenant's.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import {
  envelopeEncryption,
  localKeyring,
  TenantKafka,
  type AnyEventContract,
  type EventContract,
  type Worker,
} from 'tenantry';
import { canaryOf, TENANTS, type Answer, type Tenant } from './traffic.ts';

const HANDLED_TIMEOUT_MS = 30_000;

/** The contracts of the service, as it has been compiled. */
interface Contracts {
  readonly CaseOpened: EventContract<'support-cases.opened', 1, unknown, { caseId: string; customer: string }, false>;
  readonly CaseAccepted: AnyEventContract;
}

/** What is in the log of one tenant, by aggregate id. */
interface Found {
  readonly opened: Set<string>;
  /** Ids of the second events. */
  readonly accepted: Set<string>;
}

/** Follows the log. */
export class Audit {
  readonly #kafka: TenantKafka;
  readonly #worker: Worker;
  readonly #found = new Map<string, Found>();
  readonly #wrong: string[] = [];

  private constructor(kafka: TenantKafka, { CaseOpened, CaseAccepted }: Contracts) {
    this.#kafka = kafka;
    this.#worker = kafka
      .worker('audit')
      .on(CaseOpened, ({ id, tenantId, aggregateId, data }) => {
        this.#of(tenantId).opened.add(aggregateId);
        const isOwn = data.customer === canaryOf(tenantId as Tenant) && id === `${aggregateId}.opened`;
        if (!isOwn || data.caseId !== aggregateId) this.#wrong.push(`${tenantId} has another one's ${id}`);
      })
      .on(CaseAccepted, ({ id, tenantId }) => void this.#of(tenantId).accepted.add(id));
  }

  static async start(brokers: string, keys: Record<string, string>, service: string): Promise<Audit> {
    const contracts = (await import(pathToFileURL(join(service, 'dist/contracts.js')).href)) as Contracts;
    const encryption = envelopeEncryption({ kms: localKeyring({ keys }) });
    const kafka = new TenantKafka({ clientId: 'audit', brokers: [brokers], encryption });
    await kafka.admin.createTopics([contracts.CaseOpened], { replicationFactor: 1, groups: ['audit'] });
    const audit = new Audit(kafka, contracts);
    await audit.#worker.start();
    return audit;
  }

  /** All that was accepted is in the log, as its tenant's; and nothing that nobody has sent. */
  async assertAllThere(sent: ReadonlyMap<Tenant, ReadonlyMap<string, Answer>>): Promise<void> {
    await this.#worker.caughtUp();
    assert.deepEqual(this.#wrong, []);
    for (const tenant of TENANTS) {
      const answers = sent.get(tenant) ?? new Map<string, Answer>();
      const { opened } = this.#of(tenant);
      const accepted = [...answers].filter(([, answer]) => answer === 'accepted').map(([id]) => id);
      assert.deepEqual(
        accepted.filter((id) => !opened.has(id)),
        [],
        `accepted of ${tenant}, and not in the log`,
      );
      assert.deepEqual(
        [...opened].filter((id) => !answers.has(id)),
        [],
        `of ${tenant}, and never sent`,
      );
    }
    assert.deepEqual([...this.#found.keys()].sort(), [...TENANTS]);
    const { deadLettered, quarantined, skipped } = this.#worker.counts();
    assert.deepEqual({ deadLettered, quarantined, skipped }, { deadLettered: 0, quarantined: {}, skipped: 0 });
  }

  /** How many events were published, and for how many of them the worker's second event is there. */
  async handled(): Promise<{ readonly opened: number; readonly accepted: number }> {
    await this.#worker.caughtUp();
    const all = [...this.#found.values()];
    const count = (of: (found: Found) => Set<string>): number => all.reduce((sum, found) => sum + of(found).size, 0);
    return { opened: count((found) => found.opened), accepted: count((found) => found.accepted) };
  }

  /** Waits until all that is in the log is handled, each as its own tenant's. */
  async assertAllHandled(): Promise<void> {
    const deadline = Date.now() + HANDLED_TIMEOUT_MS;
    for (;;) {
      const { opened, accepted } = await this.handled();
      if (accepted === opened) break;
      assert.ok(Date.now() < deadline, `${opened} events, and only ${accepted} are handled`);
      await sleep(100);
    }
    for (const tenant of TENANTS) {
      const { opened, accepted } = this.#of(tenant);
      assert.deepEqual([...accepted].sort(), [...opened].map((id) => `${id}.opened.accepted`).sort(), tenant);
    }
  }

  async stop(): Promise<void> {
    await this.#kafka.stop();
  }

  #of(tenant: string): Found {
    const found = this.#found.get(tenant) ?? { opened: new Set(), accepted: new Set() };
    this.#found.set(tenant, found);
    return found;
  }
}
