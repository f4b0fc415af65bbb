import { CLI_MUTATIONS } from './cli-mutations.ts';
import { CONSUMER_MUTATIONS } from './consumer-mutations.ts';
import { RECORD_MUTATIONS, ROUTING_MUTATIONS } from './wire-mutations.ts';
import { CREATE_MUTATIONS } from './create-mutations.ts';
import { CONTRACT_MUTATIONS } from './contract-mutations.ts';
import { ENCRYPTION_MUTATIONS, SERDE_MUTATIONS } from './encryption-mutations.ts';
import { EXPECTATION_MUTATIONS, TESTING_MUTATIONS } from './testing-mutations.ts';
import { INTEGRATION_MUTATIONS, PRODUCER_MUTATIONS } from './integration-mutations.ts';
import { LEAK_MUTATIONS } from './leak-mutations.ts';

/** A place in a source file, and what is put there. */
export interface Edit {
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A bug that somebody might put into the code; some test must notice each. */
export interface Mutation extends Edit {
  readonly name: string;
  /** Below `src/` and the folder of its area. */
  readonly file: string;
  /** A second place in the same file, for a bug that needs one. */
  readonly also?: Edit;
  /**
   * The test that notices it, below `test/unit/` and the folder of its area. It is run first, and the others only where
   * it does not.
   */
  readonly noticedBy: string;
}

/** A folder of `src/` and of `test/unit/`, with the bugs in it. */
interface Area {
  readonly folder: string;
  readonly mutations: readonly Mutation[];
}

const AREAS: readonly Area[] = [
  { folder: 'consumer', mutations: CONSUMER_MUTATIONS },
  { folder: 'encryption', mutations: ENCRYPTION_MUTATIONS },
  { folder: 'contract', mutations: CONTRACT_MUTATIONS },
  { folder: 'serde', mutations: SERDE_MUTATIONS },
  { folder: 'record', mutations: RECORD_MUTATIONS },
  { folder: 'routing', mutations: ROUTING_MUTATIONS },
  { folder: 'contract', mutations: EXPECTATION_MUTATIONS },
  { folder: 'testing', mutations: TESTING_MUTATIONS },
  { folder: 'cli', mutations: CLI_MUTATIONS },
  { folder: 'producer', mutations: PRODUCER_MUTATIONS },
  { folder: 'integrations', mutations: INTEGRATION_MUTATIONS },
  { folder: 'cli', mutations: CREATE_MUTATIONS },
  { folder: 'testing/leaks', mutations: LEAK_MUTATIONS },
];

/** A mutation whose paths are whole. */
export interface PlacedMutation {
  readonly name: string;
  readonly file: string;
  readonly edits: readonly Edit[];
  readonly noticedBy: string;
  /** The folder of all tests that might notice it. */
  readonly tests: string;
}

export const MUTATIONS: readonly PlacedMutation[] = AREAS.flatMap(({ folder, mutations }) =>
  mutations.map(({ name, file, find, replace, also, noticedBy }) => ({
    name,
    file: `src/${folder}/${file}`,
    edits: [{ find, replace }, ...(also === undefined ? [] : [also])],
    noticedBy: `test/unit/${folder}/${noticedBy}`,
    tests: `test/unit/${folder}`,
  })),
);

/**
 * A file's text with the mutation in it.
 *
 * @throws Error where the mutation cannot be made: every test would fail, and it would look noticed
 */
export function mutated({ name, file, edits }: PlacedMutation, text: string): string {
  return edits.reduce((edited, { find, replace }) => {
    if (edited.split(find).length !== 2) throw new Error(`"${name}": its text does not stand once in ${file}`);
    return edited.replace(find, () => replace);
  }, text);
}
