import type { CanaryMark } from '../plant/canary.js';
import type { Claim, ClaimReader } from './claims.js';
import type { Leaf } from '../search/leaves-of.js';
import type { MarkSearch } from '../search/mark-search.js';
import type { Output } from '../watch/output.js';

/** Something of one tenant in an output that is not this tenant's. */
export interface Crossing {
  /**
   * `canary`: another tenant's data. `tenant id`: it says that it is for another tenant. `mixed`: it is nobody's, and
   * holds data of several tenants.
   */
  readonly kind: 'canary' | 'tenant id' | 'mixed';
  /** Whose it is. */
  readonly of: string;
  /** In whose output; undefined where the output is nobody's. */
  readonly inOutputOf: string | undefined;
  /** How it is known whose output it is: the record, the running handler, the handler that began it, or what it says itself. */
  readonly ownerKnownBy: Output['owner']['by'] | 'claim';
  readonly path: string;
  /** Whether it stands in the name of a property. */
  readonly inName: boolean;
  /** The encoding in which it was found; of a tenant id, undefined. */
  readonly form: string | undefined;
  /** The canary that was found; of a tenant id, undefined. */
  readonly canary: CanaryMark | undefined;
}

interface Sighting {
  readonly mark: CanaryMark;
  readonly form: string;
  readonly leaf: Leaf;
}

/** What was found in an output. */
export interface Judgement {
  readonly crossings: readonly Crossing[];
  /** Whether it holds a canary of the tenant whose output it is: it shows that such outputs are looked into. */
  readonly holdsOwn: boolean;
}

/** Looks for what of other tenants an output holds. */
export function judgeOutput(output: Output, search: MarkSearch<CanaryMark>, claims: ClaimReader): Judgement {
  const seen = sightings(output, search);
  return {
    crossings: crossingsOf(output, seen, claims),
    holdsOwn: seen.some(({ mark }) => mark.tenantId === output.owner.tenantId),
  };
}

function crossingsOf(output: Output, seen: readonly Sighting[], claims: ClaimReader): Crossing[] {
  const claimed = claims.claimsOf(output.leaves ?? []);
  const { tenantId, by } = ownerOf(output, claimed);
  const canaryIn = (kind: 'canary' | 'mixed', { mark, form, leaf }: Sighting): Crossing => ({
    kind,
    of: mark.tenantId,
    inOutputOf: tenantId,
    ownerKnownBy: by,
    path: leaf.path,
    inName: leaf.isName,
    form,
    canary: mark,
  });
  if (tenantId === undefined) {
    const tenants = new Set([...seen.map(({ mark }) => mark.tenantId), ...claimed.map((claim) => claim.tenantId)]);
    return tenants.size > 1 ? seen.map((sighting) => canaryIn('mixed', sighting)) : [];
  }
  return [
    ...seen.filter(({ mark }) => mark.tenantId !== tenantId).map((sighting) => canaryIn('canary', sighting)),
    ...claimed
      .filter((claim) => claim.tenantId !== tenantId)
      .map(({ tenantId: of, path }): Crossing => ({
        kind: 'tenant id',
        of,
        inOutputOf: tenantId,
        ownerKnownBy: by,
        path,
        inName: false,
        form: undefined,
        canary: undefined,
      })),
  ];
}

/** What runs on after its handler, or outside of all, may be anybody's: there an output that names one tenant is that tenant's. */
function ownerOf(
  { owner }: Output,
  claimed: readonly Claim[],
): { readonly tenantId: string | undefined; readonly by: Crossing['ownerKnownBy'] } {
  const [claim, ...others] = new Set(claimed.map(({ tenantId }) => tenantId));
  const isAnybodys = owner.by === 'ended' || owner.by === 'none';
  if (isAnybodys && claim !== undefined && others.length === 0) return { tenantId: claim, by: 'claim' };
  return owner;
}

/** Each canary once a place: hex of bytes and the like show some of them twice. */
function sightings({ leaves = [], text }: Output, search: MarkSearch<CanaryMark>): Sighting[] {
  const found = new Map<string, Sighting>();
  for (const leaf of leaves) {
    for (const { mark, form } of foundIn(leaf.text, search)) {
      const key = JSON.stringify([mark.tenantId, mark.seed, mark.record, mark.kind, leaf.path, leaf.isName]);
      if (!found.has(key)) found.set(key, { mark, form, leaf });
    }
  }
  const known = new Set(Array.from(found.values(), ({ mark }) => mark));
  const shown: Leaf = { path: '', text: text ?? '', isName: false };
  // What only the text shows.
  const more = foundIn(shown.text, search).filter(({ mark }) => !known.has(mark) && known.add(mark));
  return [...found.values(), ...more.map(({ mark, form }) => ({ mark, form, leaf: shown }))];
}

/** Also where some letters were made capitals. */
function foundIn(text: string, search: MarkSearch<CanaryMark>): ReturnType<MarkSearch<CanaryMark>['in']> {
  const lower = text.toLowerCase();
  return lower === text ? search.in(text) : [...search.in(text), ...search.in(lower)];
}
