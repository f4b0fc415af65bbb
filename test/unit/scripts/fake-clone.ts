import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scripts = fileURLToPath(new URL('../../../scripts/', import.meta.url));

const CLIENT = 'node_modules/@confluentinc/kafka-javascript';
const ADDON = `${CLIENT}/build/Release/confluent-kafka-javascript.node`;
const CLIENT_VERSION = '1.0.0';

/** What a set-up is run as, and what fails in it. */
export interface RunOptions {
  /** Whether it may install system packages. Default false. */
  readonly root?: boolean;
  /** The version that Node.js says it has. */
  readonly node?: string;
  /** Commands that fail, as they are recorded: `npm ci`. */
  readonly failing?: readonly string[];
}

/** What a set-up did. */
export interface SetUpRun {
  readonly status: number | null;
  readonly output: string;
  /** The commands that it ran, in order, with the variables that matter before them. */
  readonly calls: readonly string[];
}

/** A copy of the set-up in a clone where every command that it runs is a fake that only leaves its result behind. */
export class FakeClone {
  readonly folder = mkdtempSync(join(tmpdir(), 'tenantry-setup-test-'));
  readonly #bin = join(this.folder, '.bin');
  readonly #calls = join(this.folder, '.calls');
  readonly #cache: string;
  readonly #debianPackages: readonly string[];

  /** @param options - `cache`: the user's cache, which other clones may share; `debian`: its installed packages, undefined elsewhere */
  constructor({ cache, debian }: { cache: string; debian?: readonly string[] | undefined }) {
    this.#cache = cache;
    this.#debianPackages = debian ?? [];
    cpSync(join(scripts, 'setup.mjs'), join(this.folder, 'scripts/setup.mjs'));
    cpSync(join(scripts, 'setup'), join(this.folder, 'scripts/setup'), { recursive: true });
    this.#write('package-lock.json', lockWith(CLIENT_VERSION));
    this.#write('tsconfig.base.json', '{}');
    this.#write('tsconfig.build.json', '{}');
    this.#write('src/index.ts', 'export {};');
    this.#write('.npm-cli.js', NPM);
    for (const tool of ['g++', 'make', 'python3']) this.#tool(tool, '');
    if (debian === undefined) return;
    this.#tool('apt-get', `[ "$1" = --version ] || echo "apt-get $*" >> "$FAKE_CALLS"`);
    this.#tool('dpkg-query', `case " $FAKE_DEBIAN " in *" $4 "*) printf installed;; *) exit 1;; esac`);
  }

  /** A version of the client that is not the installed one. */
  changeLock(): void {
    this.#write('package-lock.json', lockWith('2.0.0'));
  }

  changeSource(): void {
    this.#write('src/index.ts', 'export const changed = true;');
  }

  spoilSource(): void {
    this.#write('src/index.ts', 'WRONG');
  }

  removeTool(name: string): void {
    rmSync(join(this.#bin, name));
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  get hasAddon(): boolean {
    return this.has(ADDON);
  }

  run({ root = false, node = process.versions.node, failing = [] }: RunOptions = {}): SetUpRun {
    writeFileSync(this.#calls, '');
    const pretence =
      `process.getuid = () => ${root ? 0 : 1_000};` +
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } });`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(pretence)}`, join(this.folder, 'scripts/setup.mjs')],
      {
        encoding: 'utf8',
        env: {
          PATH: this.#bin,
          TMPDIR: this.folder,
          XDG_CACHE_HOME: this.#cache,
          npm_execpath: join(this.folder, '.npm-cli.js'),
          FAKE_CALLS: this.#calls,
          FAKE_DEBIAN: this.#debianPackages.join(' '),
          FAKE_FAILING: failing.join(),
        },
      },
    );
    const calls = readFileSync(this.#calls, 'utf8').split('\n').filter(Boolean);
    return { status, output: stdout + stderr, calls };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #tool(name: string, script: string): void {
    const path = this.#write(`.bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  #write(path: string, text: string): string {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    return whole;
  }
}

function lockWith(version: string): string {
  return JSON.stringify({ packages: { '': {}, [CLIENT]: { version } } });
}

// What the fakes share: they record how they were called, fail where they are told to, and take paths from the clone.
const FAKE = `
const fs = require('node:fs');
const path = require('node:path');
const write = (file, text) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};
const call = (text) => {
  fs.appendFileSync(process.env.FAKE_CALLS, text + '\\n');
  if (!process.env.FAKE_FAILING.split(',').some((failing) => failing && text.includes(failing))) return;
  console.error('npm error code EFAKE\\nnpm error network request failed\\n    at somewhere (file.js:1:1)');
  process.exit(1);
};
const addon = () => write(${JSON.stringify(ADDON)}, 'addon');
`;

const PRE_GYP = `${FAKE} call('download the prebuilt binary'); addon();`;

const COMPILER = `${FAKE} call('tsc');
if (fs.readFileSync('src/index.ts', 'utf8') === 'WRONG') {
  console.log('src/index.ts(1,1): error TS2304: Cannot find name WRONG.');
  process.exit(2);
}
write(process.argv[process.argv.indexOf('--outDir') + 1] + '/index.js', '');`;

const PACKAGES: Readonly<Record<string, string>> = {
  [`${CLIENT}/package.json`]: JSON.stringify({ version: CLIENT_VERSION }),
  // Loads where there is an addon.
  [`${CLIENT}/librdkafka.js`]:
    "require('node:fs').accessSync(__dirname + '/build/Release/confluent-kafka-javascript.node');",
  'node_modules/@mapbox/node-pre-gyp/package.json': '{}',
  'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp': PRE_GYP,
  'node_modules/typescript-native/bin/tsc': COMPILER,
};

const NPM = `${FAKE}
const args = process.argv.slice(2);
const { CKJS_LINKING } = process.env;
call((CKJS_LINKING ? 'CKJS_LINKING=' + CKJS_LINKING + ' ' : '') + 'npm ' + args.join(' '));
if (args[0] === 'rebuild') addon();
if (args[0] === 'ci') {
  fs.rmSync('node_modules', { recursive: true, force: true });
  for (const [file, text] of Object.entries(${JSON.stringify(PACKAGES)})) write(file, text);
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
}`;
