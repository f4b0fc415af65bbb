import { seededRandom } from '../../fixtures/seeded-random.js';
import { patched } from '../watch/patched.js';

/**
 * Has `Math.random` of the whole process answer what the seed says: of handlers, and of the pauses between retries.
 *
 * @returns puts it back
 */
export function seedMathRandom(seed: number): () => void {
  return patched(Math, 'random', () => seededRandom(~seed));
}
