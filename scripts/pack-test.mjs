// `npm run test:package`: packs the package, installs it in a project outside this tree and uses it
// there as a user would: types, ESM, CommonJS, the command line, what an import costs. So does examples/consumer-repo.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { checkSettings } from './package-test/settings.mjs';
import { ensureDist } from './setup/dist.mjs';
import { npm } from './setup/packages.mjs';
import { root } from './setup/step.mjs';

const CLIENT = 'node_modules/@confluentinc/kafka-javascript';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

await ensureDist();
const project = mkdtempSync(join(tmpdir(), 'tenantry-package-'));
try {
  const tarball = pack();
  install(tarball);
  linkFrameworks();
  checkTypes();
  checkUse();
  checkSettings(project);
  checkImports();
  checkConsumerRepo(tarball);
  console.log(`The packed package works in a project of its own (Node ${process.versions.node}).`);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function pack() {
  const [packed] = JSON.parse(run(root, ...npm('pack', '--json', '--ignore-scripts', '--pack-destination', project)));
  const paths = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
  for (const path of ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']) {
    assert.ok(paths.includes(path), `${path} is not in the package`);
  }
  const stray = paths.filter(
    (/** @type {string} */ path) =>
      !/^(dist|docs|src|examples\/service-template)\/|^[^/]+\.(md|json)$|^LICENSE$/.test(path),
  );
  assert.deepEqual(stray, [], 'files that do not belong in the package');
  console.log(`${packed.filename}: ${paths.length} files, ${Math.round(packed.size / 1024)} KiB`);
  return join(project, packed.filename);
}

/** @param {string} tarball */
function install(tarball) {
  for (const name of ['sample.ts', 'frameworks.ts', 'sample.cjs', 'import.mjs']) {
    cpSync(join(root, 'test/package', name), join(project, name));
  }
  const { zod } = manifest.dependencies;
  const { '@opentelemetry/api': api, '@types/node': nodeTypes } = manifest.devDependencies;
  const dependencies = { tenantry: `file:${tarball}`, zod, '@opentelemetry/api': api, '@types/node': nodeTypes };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true, dependencies }));
  const compilerOptions = { target: 'es2022', module: 'nodenext', strict: true, types: ['node'], skipLibCheck: false };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['sample.ts', 'frameworks.ts'] }),
  );
  installIn(project);
}

/** @param {string} folder */
function installIn(folder) {
  run(folder, ...npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'));
  // The addon is not what is tested here: this tree's own build of it saves minutes.
  symlinkSync(join(root, CLIENT, 'build'), join(folder, CLIENT, 'build'));
}

/** What entry points import that a project has only if it uses them; this tree's own is as good. */
function linkFrameworks() {
  mkdirSync(join(project, 'node_modules/@nestjs'));
  for (const name of ['@nestjs/common', '@nestjs/core', 'fastify', 'reflect-metadata', 'rxjs']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
}

function checkTypes() {
  run(project, process.execPath, [join(root, 'node_modules/typescript-native/bin/tsc'), '-p', '.']);
}

function checkUse() {
  assert.deepEqual(runNode('sample.js'), { total: 9.5, refused: true });
  assert.deepEqual(runNode('sample.cjs'), ['function', 'function']);
  const version = run(project, join(project, 'node_modules/.bin/tenantry'), ['--version']);
  assert.equal(version.trim(), manifest.version);
}

function checkImports() {
  const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
  for (const name of subpaths.map((path) => path.replace('.', 'tenantry'))) {
    const runs = Array.from({ length: 5 }, () => runNode('import.mjs', name));
    assert.ok(!runs.some((result) => result.addon), `importing ${name} loads the native addon`);
    // Shown, not judged: only a quiet machine can; `npm run bench` holds it to its budget.
    const importMs = Math.min(...runs.map((result) => result.importMs));
    console.log(`import ${name}: ${importMs.toFixed(0)} ms`);
  }
}

/**
 * The repository of a consumer, with the packed library: its contract tests pass, what it has committed is what it
 * makes, and the producer finds its expectation met.
 *
 * @param {string} tarball
 */
function checkConsumerRepo(tarball) {
  const started = performance.now();
  const repo = join(project, 'consumer-repo');
  cpSync(join(root, 'examples/consumer-repo'), repo, { recursive: true });
  const consumer = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8'));
  assert.equal(consumer.dependencies.tenantry, `^${manifest.version}`);
  const dependencies = { ...consumer.dependencies, tenantry: `file:${tarball}` };
  writeFileSync(join(repo, 'package.json'), JSON.stringify({ ...consumer, dependencies }));
  installIn(repo);
  run(repo, ...npm('test'), { CI: '1' });
  run(repo, ...npm('run', 'contracts'));
  for (const path of ['contracts/contracts.json', 'contracts/asyncapi.json', 'expectations/invoices.json']) {
    const committed = readFileSync(join(root, 'examples/consumer-repo', path), 'utf8');
    assert.equal(readFileSync(join(repo, path), 'utf8'), committed, `examples/consumer-repo/${path} is not up to date`);
  }
  const verify = ['contracts', 'verify', 'expectations/invoices.json', 'shop/contracts.json', '--json'];
  assert.equal(JSON.parse(run(repo, join(repo, 'node_modules/.bin/tenantry'), verify)).met, true);
  console.log(`examples/consumer-repo works with it: ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}

/** @param {...string} args */
function runNode(...args) {
  return JSON.parse(run(project, process.execPath, args));
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function run(cwd, command, args, env) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000, env: { ...process.env, ...env } });
}
