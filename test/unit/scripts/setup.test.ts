// What the set-up does in which state, with fakes for npm, the compilers and the system's package manager.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClone } from './fake-clone.ts';

const LIBRARIES = ['libssl-dev', 'zlib1g-dev', 'libzstd-dev', 'libsasl2-dev', 'libcurl4-openssl-dev', 'pkg-config'];
const INSTALL = 'npm ci --ignore-scripts --no-audit --no-fund';
const DOWNLOAD = 'download the prebuilt binary';
const COMPILE = 'CKJS_LINKING=dynamic npm rebuild @confluentinc/kafka-javascript';

describe.skipIf(process.platform === 'win32')('the set-up', () => {
  let cache: string;
  const clones: FakeClone[] = [];
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'tenantry-setup-cache-'));
  });
  afterEach(() => {
    for (const clone of clones.splice(0)) clone.remove();
    rmSync(cache, { recursive: true });
  });

  function newClone(debian?: readonly string[]): FakeClone {
    const clone = new FakeClone({ cache, debian });
    clones.push(clone);
    return clone;
  }

  it('installs the packages, fetches the addon and compiles src, and says so', () => {
    const clone = newClone();
    const { status, output, calls } = clone.run();
    expect([status, calls]).toEqual([0, [INSTALL, DOWNLOAD, 'tsc']]);
    for (const title of ['Installing the npm packages', 'Downloading the Kafka client', 'Compiling src to dist']) {
      expect(output).toContain(title);
    }
    expect([clone.hasAddon, clone.has('dist/index.js'), clone.has('.setup.lock')]).toEqual([true, true, false]);
  });

  it('runs nothing and says nothing where there is nothing to do', () => {
    const clone = newClone();
    clone.run();
    expect(clone.run()).toEqual({ status: 0, output: '', calls: [] });
  });

  it('does again only what has changed', () => {
    const clone = newClone();
    clone.run();
    clone.changeSource();
    expect(clone.run().calls).toEqual(['tsc']);
    clone.changeLock();
    // The addon went with the packages, and comes back from the copy; dist may depend on either.
    expect(clone.run().calls).toEqual([INSTALL, 'tsc']);
    expect(clone.hasAddon).toBe(true);
  });

  it('takes the addon from another clone of the same user', () => {
    newClone().run();
    const second = newClone();
    expect(second.run().calls).toEqual([INSTALL, 'tsc']);
    expect(second.hasAddon).toBe(true);
  });

  describe('where the prebuilt binary cannot be had', () => {
    const failing = [DOWNLOAD];

    it('compiles it with what is there', () => {
      for (const debian of [undefined, LIBRARIES]) {
        const clone = newClone(debian);
        const { status, output, calls } = clone.run({ failing });
        expect([status, calls]).toEqual([0, [INSTALL, DOWNLOAD, COMPILE, 'tsc']]);
        expect(output).toContain('a few minutes, once per machine');
        expect(clone.hasAddon).toBe(true);
        rmSync(join(cache, 'tenantry'), { recursive: true });
      }
    });

    it('installs first what is missing, as root on Debian', () => {
      const clone = newClone(LIBRARIES.slice(2));
      clone.removeTool('make');
      const { status, calls } = clone.run({ failing, root: true });
      expect(status).toBe(0);
      expect(calls.slice(2)).toEqual([
        'apt-get update -q',
        'apt-get install -y -q --no-install-recommends make libssl-dev zlib1g-dev',
        COMPILE,
        'tsc',
      ]);
    });

    it('tells another user exactly what to run, and does nothing more', () => {
      const clone = newClone(LIBRARIES.slice(1));
      clone.removeTool('g++');
      const { status, output, calls } = clone.run({ failing });
      expect([status, calls]).toEqual([1, [INSTALL, DOWNLOAD]]);
      expect(output).toContain('which only root may install');
      expect(output).toMatch(/^ {2}sudo apt-get update && sudo apt-get install -y g\+\+ libssl-dev$/m);
      expect(output).not.toMatch(/^ +at /m);
      expect(clone.has('.setup.lock')).toBe(false);
    });

    it('says what a compilation needs that does not work', () => {
      const { status, output } = newClone().run({ failing: [...failing, 'npm rebuild'] });
      expect(status).toBe(1);
      expect(output).toContain("Set-up failed: Compiling the Kafka client's native addon did not work.");
      expect(output).toContain('It needs a C++ compiler, make, Python 3');
      expect(output).not.toMatch(/^ +at /m);
    });
  });

  it('says why the packages could not be installed, and tries them again the next time', () => {
    const clone = newClone();
    const { status, output, calls } = clone.run({ failing: ['npm ci'] });
    expect([status, calls]).toEqual([1, [INSTALL]]);
    expect(output).toContain('Set-up failed: Installing the npm packages did not work.\n');
    expect(output).toContain('network request failed');
    expect(output).toContain('Is the npm registry reachable?');
    expect(output).not.toMatch(/^ +at /m);
    expect(clone.run().status).toBe(0);
  });

  it('shows what the compiler says, and leaves the dist that works', () => {
    const clone = newClone();
    clone.run();
    clone.spoilSource();
    const { status, output } = clone.run();
    expect(status).toBe(1);
    expect(output).toContain('src/index.ts(1,1): error TS2304');
    expect(output).not.toMatch(/^ +at /m);
    expect(clone.has('dist/index.js')).toBe(true);
  });

  it.each(['18.20.0', '20.18.3'])('refuses Node.js %s before it does anything', (node) => {
    const { status, output, calls } = newClone().run({ node });
    expect([status, calls]).toEqual([1, []]);
    expect(output).toBe(`\nSet-up failed: Node.js 20.19 or newer is needed; this is ${node}.\n`);
  });
});
