// What of the template cannot be run in the tests: its containers. And what its files must agree on.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../../examples/service-template/src/config.js';

const template = new URL('../../../examples/service-template/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, template), 'utf8');
const json = (path: string) => JSON.parse(text(path)) as Record<string, Record<string, string>>;

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly env_file?: string;
  readonly environment?: Record<string, string | number>;
  readonly depends_on?: Record<string, unknown>;
  readonly stop_grace_period?: string;
}

const { services } = parse(text('compose.yaml'), { merge: true }) as { services: Record<string, Service> };

/** The variables of a file of Node's `--env-file`. */
const development = Object.fromEntries(
  [...text('.env.development').matchAll(/^(\w+)=('?)(.*)\2$/gm)].map(([, name = '', , value = '']) => [name, value]),
);

function configOf({ environment = {} }: Service): ReturnType<typeof readConfig> {
  const values = Object.entries(environment).map(([name, value]) => [name, String(value)]);
  return readConfig({ ...development, ...Object.fromEntries(values) });
}

describe('the service template', () => {
  it('runs with what .env.development says, on a broker inside its process', () => {
    const config = readConfig(development);
    expect(config.NODE_ENV).toBe('development');
    expect(config).not.toHaveProperty('KAFKA_BROKERS');
    expect(Object.keys(JSON.parse(development['TENANTRY_KEYS'] ?? ''))).toEqual(['acme', 'globex']);
  });

  it('takes nothing from that file in production', () => {
    expect(() => readConfig({ ...development, NODE_ENV: undefined })).toThrow(/KAFKA_BROKERS[^]*JWT_JWKS_URL/);
  });

  it('has a compose file whose settings the service takes, and whose services are there', () => {
    expect(Object.keys(services).sort()).toEqual(['kafka', 'redis', 'service', 'topics']);
    for (const [name, service] of Object.entries(services)) {
      expect(service.image ?? service.build, name).toEqual(expect.any(String));
      for (const needed of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(needed);
    }
    for (const name of ['topics', 'service']) {
      expect(services[name]?.env_file).toBe('.env.development');
      expect(configOf(services[name] ?? {})).toMatchObject({ HOST: '0.0.0.0', KAFKA_BROKERS: ['kafka:9092'] });
    }
    const { DRAIN_MS, STOP_TIMEOUT_MS } = configOf(services['service'] ?? {});
    const graceMs = Number.parseInt(services['service']?.stop_grace_period ?? '') * 1_000;
    expect(graceMs).toBeGreaterThan(DRAIN_MS + STOP_TIMEOUT_MS + 10_000);
  });

  it('has an image that gets signals itself, as nobody in particular, with what the service needs', () => {
    const [build = '', image = ''] = text('Dockerfile').split(/^FROM (?=\S+$)/m);
    for (const [, path = ''] of build.matchAll(/^COPY (?!--)(.+) \S+$/gm))
      for (const file of path.split(' ').filter((name) => name !== 'package-lock.json'))
        expect(existsSync(new URL(file, template)), file).toBe(true);
    expect(image).toMatch(/^USER node$/m);
    expect(image).toMatch(/^ENV NODE_ENV=production$/m);
    expect(image).toMatch(/^HEALTHCHECK /m);
    const [, command = ''] = /^CMD (.+)$/m.exec(image) ?? [];
    expect(JSON.parse(command)).toEqual(['node', '--enable-source-maps', 'dist/main.js']);
    expect(existsSync(new URL('src/main.ts', template))).toBe(true);
    const kept = text('.dockerignore').match(/(?<=^!).+$/gm);
    expect(kept).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src']));
  });

  it('asks for the packages that it is tested with', () => {
    const { dependencies, devDependencies } = json('package.json');
    const ours = json('../../package.json');
    const typescript = ours['devDependencies']?.['typescript-native']?.replace('npm:typescript@', '');
    const known = { ...ours['devDependencies'], ...ours['dependencies'], typescript };
    const { tenantry: _version, ...others } = { ...dependencies, ...devDependencies };
    expect(known).toMatchObject(others);
  });
});
