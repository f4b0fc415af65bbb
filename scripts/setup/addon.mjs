// The native addon of @confluentinc/kafka-javascript. In this order, the first that loads wins:
// what is installed, a copy compiled earlier on this machine, the client's prebuilt binary, a build
// from source against the system's libraries. (The client's own build from source links statically
// and downloads those libraries, which fails wherever the prebuilt binary could not be had either.)
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from './debian.mjs';
import { npm } from './packages.mjs';
import { SetupError, attempt, cacheDir, root, step } from './step.mjs';

const CLIENT = '@confluentinc/kafka-javascript';
const LIBRARIES = ['libssl-dev', 'zlib1g-dev', 'libzstd-dev', 'libsasl2-dev', 'libcurl4-openssl-dev', 'pkg-config'];
const TOOLS = { 'g++': 'g++', make: 'make', python3: 'python3' };
const PREBUILT_TIMEOUT_MS = 120_000;

const clientDir = join(root, 'node_modules', CLIENT);
const buildDir = join(clientDir, 'build');

export async function ensureAddon() {
  if (loads() || restoreCopy()) return;
  if (!(await installPrebuilt())) await compile();
  keepCopy();
}

// In a child: an addon that does not fit may abort the process instead of throwing.
function loads() {
  const script = `require('${CLIENT}/librdkafka.js')`;
  return spawnSync(process.execPath, ['-e', script], { cwd: root, stdio: 'ignore', timeout: 30_000 }).status === 0;
}

async function installPrebuilt() {
  const require = createRequire(join(clientDir, 'package.json'));
  const preGyp = require.resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');
  const title = "Downloading the Kafka client's prebuilt binary";
  const args = [preGyp, 'install', '--update-binary', '--directory', clientDir];
  const { ok } = await attempt(title, process.execPath, args, { timeoutMs: PREBUILT_TIMEOUT_MS });
  return ok && loads();
}

async function compile() {
  console.log('It cannot be had here, so it is compiled: a few minutes, once per machine and Node version.');
  await ensureBuildTools();
  rmSync(buildDir, { recursive: true, force: true });
  // One job at a time outside librdkafka: the client's makefile does not survive `make -j`.
  /** @type {Record<string, string>} */
  const env = { CKJS_LINKING: 'dynamic', npm_config_build_from_source: 'true' };
  // Node's own headers where they came with it; else node-gyp downloads them.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include/node/node.h'))) env['npm_config_nodedir'] = prefix;
  await step("Compiling the Kafka client's native addon", ...npm('rebuild', CLIENT), {
    env,
    hint: 'It needs a C++ compiler, make, Python 3, pkg-config and the development files of OpenSSL, zlib, zstd, SASL and curl.',
  });
  if (!loads()) throw new SetupError(`${CLIENT} was compiled, but it does not load: node -e "require('${CLIENT}')"`);
}

async function ensureBuildTools() {
  if (!isDebian()) return; // Not Debian: the build itself says what is missing.
  const missing = [
    ...Object.entries(TOOLS).flatMap(([tool, name]) => (succeeds(tool, '--version') ? [] : [name])),
    ...LIBRARIES.filter((name) => !isInstalled(name)),
  ];
  if (missing.length === 0) return;
  if (!isRoot()) {
    throw new SetupError(
      "the Kafka client's native addon must be compiled, and that needs system packages which only root may install.\n" +
        `Run this, then the same command again:\n\n  sudo apt-get update && sudo apt-get install -y ${missing.join(' ')}`,
    );
  }
  await updatePackageList();
  await installDebian(missing);
}

/** @param {string} name of a Debian package */
function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return stdout === 'installed';
}

// The user's cache keeps the addon and the shared libraries that were built with it, so that the
// next clone on this machine (CI makes one each time) need not compile. A copy that does not load,
// because the system's OpenSSL changed, say, is passed over and replaced.
const KEPT = /^(Release\/[^/]+\.node|deps\/[^/]+\.so\.\d+)$/;

function copyDir() {
  const { version } = JSON.parse(readFileSync(join(clientDir, 'package.json'), 'utf8'));
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const libc = report.header.glibcVersionRuntime ?? 'none';
  const { arch, platform, versions } = process;
  return join(cacheDir, 'addon', `${version}-abi${versions.modules}-${platform}-${arch}-glibc${libc}`);
}

function restoreCopy() {
  const copy = copyDir();
  if (!existsSync(copy)) return false;
  rmSync(buildDir, { recursive: true, force: true });
  cpSync(copy, buildDir, { recursive: true });
  return loads();
}

function keepCopy() {
  const copy = copyDir();
  const parent = dirname(copy);
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, '.draft-'));
  for (const folder of ['Release', 'deps']) {
    const from = join(buildDir, folder);
    if (!existsSync(from)) continue;
    for (const name of readdirSync(from)) {
      // Followed links, because the libraries' versioned names are links into the build tree.
      if (KEPT.test(`${folder}/${name}`)) cpSync(join(from, name), join(draft, folder, name), { dereference: true });
    }
  }
  rmSync(copy, { recursive: true, force: true });
  renameSync(draft, copy);
}
