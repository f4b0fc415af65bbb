import type { TenantId } from '../../core/tenant-id.js';
import { assertExclusive, type DestroyKekOptions, type KekDestruction } from '../../encryption/key-destruction.js';
import type { ConfiguredKeks } from '../../encryption/key-uris.js';
import { failureOf, isUnknownKey, type VaultOperation } from './vault-failures.js';
import type { VaultAnswer, VaultHttp } from './vault-http.js';

/** Whoever took one of these out of Vault before still has the key. */
const TOLD = ['type', 'derived', 'latest_version', 'exportable', 'allow_plaintext_backup'] as const;

/** Destroys keys of the transit engine: allows the deletion of a key and deletes it, which takes effect at once. */
export class VaultDestruction {
  readonly #http: VaultHttp;
  readonly #mount: string;
  readonly #keks: ConfiguredKeks;

  constructor(http: VaultHttp, mount: string, keks: ConfiguredKeks) {
    this.#http = http;
    this.#mount = mount;
    this.#keks = keks;
  }

  async destroy(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    const key = this.#keks.uri(tenantId, kekId);
    // One derived key may serve many tenants: it is all of theirs.
    assertExclusive(tenantId, this.#keks.sharing(tenantId, key), options);
    const path = `${this.#mount}/keys/${key}`;
    const keyUri = this.#http.url(path);
    const found = await this.#http.call('GET', path, undefined, signal);
    if (isUnknownKey(found)) return { state: 'destroyed', keyUri, answer: { name: key, status: 404 } };
    const settings = settingsIn(accepted(found, 'read-key'));
    accepted(await this.#http.call('POST', `${path}/config`, { deletion_allowed: true }, signal), 'allow-deletion');
    const { status } = accepted(await this.#http.call('DELETE', path, undefined, signal), 'delete');
    return { state: 'destroyed', keyUri, answer: { name: key, status, ...settings } };
  }
}

function accepted(answer: VaultAnswer, operation: VaultOperation): VaultAnswer {
  if (answer.status === 200 || answer.status === 204) return answer;
  throw failureOf(answer, operation);
}

function settingsIn({ body }: VaultAnswer): Record<string, string | number | boolean> {
  const { data } = (body ?? {}) as { data?: Record<string, unknown> };
  const told: Record<string, string | number | boolean> = {};
  for (const name of TOLD) {
    const value = data?.[name];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') told[name] = value;
  }
  return told;
}
