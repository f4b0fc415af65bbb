// The settings of the packed command line, as plain Node.js loads them: a module in TypeScript, JSON, the variables
// over them and options over those.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const TYPESCRIPT = `import { defineConfig, type TenantryConfig } from 'tenantry';

const brokers: readonly string[] = ['file:1'];
const config: TenantryConfig = defineConfig({ brokers, clientId: 'of-file', groups: ['of-file'] });
export default config;
`;
const JSON_TEXT = JSON.stringify({ brokers: ['file:1'], clientId: 'of-file', groups: ['of-file'] });

/** @param {string} project - where the package is installed */
export function checkSettings(project) {
  for (const type of ['module', 'commonjs']) {
    const folder = join(project, `settings-${type}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
    checkOrder(project, folder, 'tenantry.config.json', JSON_TEXT, {});
    const withLoader = { NODE_OPTIONS: `--import ${TSX}` };
    checkOrder(project, folder, 'tenantry.config.ts', TYPESCRIPT, withLoader);
    if (loadsTypeScript()) checkOrder(project, folder, 'tenantry.config.mts', TYPESCRIPT, {});
    else checkRefusal(project, folder);
    rmSync(folder, { recursive: true });
  }
}

/**
 * A file, over it the environment, over that an option; each setting by itself.
 *
 * @param {string} project
 * @param {string} folder
 * @param {string} name
 * @param {string} text
 * @param {Record<string, string>} env
 */
function checkOrder(project, folder, name, text, env) {
  const path = join(folder, name);
  writeFileSync(path, text);
  const told = (/** @type {Record<string, string>} */ variables, /** @type {string[]} */ ...args) => {
    const { status, stdout, stderr } = tenantry(project, folder, { ...env, ...variables }, 'config', '--json', ...args);
    assert.deepEqual([status, stderr], [0, ''], name);
    /** @type {{ setting: string, value: string, source: string }[]} */
    const settings = JSON.parse(stdout).settings;
    return Object.fromEntries(settings.map(({ setting, value, source }) => [setting, `${value} (${source})`]));
  };
  const ofFile = { brokers: `file:1 (${name})`, clientId: `of-file (${name})`, groups: `of-file (${name})` };
  assert.deepEqual(told({}), ofFile);
  const variables = { TENANTRY_BROKERS: 'env:1', TENANTRY_CLIENT_ID: 'of-env' };
  const brokers = 'env:1 (the variable TENANTRY_BROKERS)';
  const ofEnv = { ...ofFile, brokers, clientId: 'of-env (the variable TENANTRY_CLIENT_ID)' };
  assert.deepEqual(told(variables), ofEnv);
  assert.deepEqual(told(variables, '--brokers', 'flag:1'), { ...ofEnv, brokers: 'flag:1 (--brokers)' });
  rmSync(path);
}

/**
 * Where Node.js loads no TypeScript it says what to do, and exits as for any wrong setting.
 *
 * @param {string} project
 * @param {string} folder
 */
function checkRefusal(project, folder) {
  for (const name of ['tenantry.config.ts', 'tenantry.config.mts']) {
    const path = join(folder, name);
    writeFileSync(path, TYPESCRIPT);
    const { status, stdout, stderr } = tenantry(project, folder, {}, 'config');
    assert.deepEqual([status, stdout], [2, ''], stderr);
    for (const part of [
      name,
      `Node.js ${process.versions.node} does not load TypeScript`,
      'NODE_OPTIONS="--import tsx"',
    ])
      assert.ok(stderr.includes(part), `${part} is not in: ${stderr}`);
    rmSync(path);
  }
}

function loadsTypeScript() {
  return /** @type {{ typescript?: string | false }} */ (process.features).typescript === 'strip';
}

/**
 * @param {string} project
 * @param {string} cwd
 * @param {Record<string, string>} env
 * @param {string[]} args
 */
function tenantry(project, cwd, env, ...args) {
  const main = join(project, 'node_modules/tenantry/dist/cli/main.js');
  // Nothing of what runs this: its loaders and its settings are not the user's.
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(process.execPath, [main, ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH, HOME, ...env },
  });
}
