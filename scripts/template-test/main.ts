// `npm run test:template`: makes a service with `tenantry create`, runs its tests, starts it against a real Kafka,
// lets two tenants call it, stops it under load, kills it under load, and shows that nothing was lost.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka } from '../kafka/start-kafka.ts';
import { hasRedis, startRedis } from '../redis/start-redis.ts';
import { npm } from '../setup/packages.mjs';
import { SetupError } from '../setup/step.mjs';
import { Audit } from './audit.ts';
import { newService, run } from './new-service.ts';
import { RunningService } from './running-service.ts';
import { canaryOf, put, tokenOf, Traffic, TENANTS, type Answer, type Tenant } from './traffic.ts';

const SECRET = randomBytes(32).toString('hex');
const KEYS = Object.fromEntries(TENANTS.map((tenant) => [tenant, randomBytes(32).toString('base64')]));
const NODE = [process.execPath, '--enable-source-maps', 'dist/main.js'] as const;
const ENOUGH_CALLS = 200;
const DRAIN_MS = 2_000;
const STALL_MS = 500;
const AGAIN_MS = 1_500;
const END_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'tenantry-template-'));
const stops: (() => Promise<void>)[] = [];
try {
  const service = newService(folder);
  step('made, and installed with the packed package');
  console.log(
    run(service, ...npm('test'))
      .replaceAll(/^(?!# (?:tests|fail)).*\n/gm, '')
      .trimEnd(),
  );
  step('its own tests pass');
  await checkNpmStart(service);
  step('npm start runs it without anything else, and its token is taken');
  await checkSignals(service);
  step('a start that hangs and a stop that takes long are ended by signals');
  await checkAgainstKafka(service);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The two commands that the README begins with; the first is `npm install`. */
async function checkNpmStart(service: string): Promise<void> {
  const [command, args] = npm('start');
  const started = await RunningService.start(service, [command, ...args], {});
  const token = run(service, ...npm('run', '--silent', 'token', 'acme')).trim();
  assert.equal((await put(started.url, token, crypto.randomUUID(), canaryOf('acme'))).status, 202);
  await started.end('SIGINT'); // The exit code is npm's.
  assert.match(started.output, /"msg":"stopped"/);
}

/** Whoever runs it must be able to end it, also while it waits for what is away, or drains for too long. */
async function checkSignals(service: string): Promise<void> {
  const env = { NODE_ENV: 'development', JWT_SECRET: SECRET, TENANTRY_KEYS: JSON.stringify(KEYS) };
  const hanging = await RunningService.starting(service, NODE, { ...env, REDIS_URL: 'redis://127.0.0.1:1' });
  await hanging.logged('redis failed');
  assert.equal(await hanging.end('SIGTERM'), 1, hanging.output);
  assert.equal(hanging.log.at(-1)?.['msg'], 'ended before it had started');

  const draining = await RunningService.start(service, NODE, { ...env, DRAIN_MS: '60000' });
  const ended = draining.end('SIGTERM');
  await draining.logged('stopping');
  await sleep(AGAIN_MS);
  const again = performance.now();
  draining.signal('SIGTERM');
  assert.equal(await ended, 1, draining.output);
  assert.ok(performance.now() - again < END_MS, 'a second signal is not heard');
}

async function checkAgainstKafka(service: string): Promise<void> {
  const kafka = await startKafka({ isShortLived: true });
  stops.push(() => kafka.stop());
  const redis = hasRedis() || process.env['CI'] ? await startRedis() : undefined;
  if (redis === undefined) console.log('no redis-server here: handled events are remembered in the process');
  else stops.push(() => redis.stop());
  const env = {
    NODE_ENV: 'development',
    KAFKA_BROKERS: kafka.brokers,
    ...(redis && { REDIS_URL: redis.url }),
    JWT_SECRET: SECRET,
    TENANTRY_KEYS: JSON.stringify(KEYS),
    EVENTS_PER_SECOND: '100000',
    DRAIN_MS: String(DRAIN_MS),
  };
  run(service, process.execPath, ['dist/create-topics.js'], env);
  const audit = await Audit.start(kafka.brokers, KEYS, service);
  stops.push(() => audit.stop());

  const sent = new Map<Tenant, Map<string, Answer>>(TENANTS.map((tenant) => [tenant, new Map<string, Answer>()]));
  const callUntil = async (what: string, end: EndOfLoad, settings: NodeJS.ProcessEnv = {}): Promise<void> => {
    const answers = await underLoad(service, { ...env, ...settings }, end);
    for (const tenant of TENANTS)
      for (const [id, answer] of answers.get(tenant) ?? []) sent.get(tenant)?.set(id, answer);
    await audit.assertAllThere(sent);
    const { opened, accepted } = await audit.handled();
    step(`${what} under load: ${opened} events, all that were accepted; ${accepted} handled by then`);
  };
  await callUntil('stopped', checkStop);
  assert.ok(kafka.pid !== undefined);
  const { pid } = kafka;
  // While the broker takes nothing there is work left, and a call that is answered all the same is lost with the process.
  const hasty = { DRAIN_MS: '0', STOP_TIMEOUT_MS: '0' };
  await callUntil('stopped with no time for it', (running) => whileStalled(pid, () => checkHastyStop(running)), hasty);
  await callUntil('killed', (running) =>
    whileStalled(pid, async () => {
      assert.equal(await running.end('SIGKILL'), null);
    }),
  );

  const last = await RunningService.start(service, NODE, { ...env, DRAIN_MS: '0' });
  await audit.assertAllHandled();
  assert.equal(await last.end('SIGTERM'), 0);
  step('started again: every event is handled, each as its own tenant');
}

/** Has a process, the broker's, stand still meanwhile. */
async function whileStalled(pid: number, work: () => Promise<void>): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(STALL_MS);
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

type EndOfLoad = (running: RunningService, traffic: Traffic) => Promise<void>;

/** Starts the service, lets it be called, and has it ended while it is. @returns what the callers were answered */
async function underLoad(
  service: string,
  env: NodeJS.ProcessEnv,
  end: EndOfLoad,
): Promise<ReadonlyMap<Tenant, ReadonlyMap<string, Answer>>> {
  const running = await RunningService.start(service, NODE, env);
  const traffic = new Traffic(running.url, SECRET);
  await traffic.enough(ENOUGH_CALLS);
  await end(running, traffic);
  await traffic.ended();
  return traffic.answers;
}

async function checkStop(running: RunningService, traffic: Traffic): Promise<void> {
  assert.equal(await running.status('/health/live'), 200);
  const metrics = await (await fetch(running.metricsUrl)).text();
  for (const name of ['tenantry_events_published_total', 'tenantry_events_handled_total'])
    assert.ok(Number(new RegExp(`^${name}\\{.*\\} (\\d+)`, 'm').exec(metrics)?.[1]) > 0, `no ${name} in\n${metrics}`);
  const forged = await tokenOf('acme', SECRET.toUpperCase());
  assert.equal((await put(running.url, forged, crypto.randomUUID(), canaryOf('acme'))).status, 401);

  const ended = running.end('SIGTERM');
  for (let status: number | undefined = 200; status !== 503; status = await running.status('/health/ready'))
    assert.equal(status, 200, 'it ends without saying first that it is not ready');
  assert.equal(await running.status('/health/live'), 200);
  const before = traffic.accepted;
  await sleep(DRAIN_MS / 8);
  assert.ok(traffic.accepted > before, 'not ready, and still taking what comes');
  assert.equal(await ended, 0, running.output);
  checkLog(running, traffic);
}

async function checkHastyStop(running: RunningService): Promise<void> {
  assert.equal(await running.end('SIGTERM'), 1, running.output);
  assert.equal(running.log.at(-1)?.['msg'], 'stopped with work left');
}

/** Each line that is written for a tenant names it, and none holds what is sealed or who may call. */
function checkLog({ log, output }: RunningService, traffic: Traffic): void {
  const requests = log.filter(({ msg, status }) => msg === 'request' && status === 202);
  assert.ok(requests.length >= traffic.accepted);
  assert.deepEqual([...new Set(requests.map(({ tenant }) => tenant))].sort(), [...TENANTS]);
  assert.equal(log.at(-1)?.['msg'], 'stopped');
  for (const secret of [SECRET, ...Object.values(KEYS), ...TENANTS.map(canaryOf), 'eyJ'])
    assert.ok(!output.includes(secret), 'a secret is in the log');
  assert.deepEqual(
    [...traffic.statuses].filter((status) => status !== 202 && status !== 503),
    [],
  );
}

function step(what: string): void {
  console.log(`${process.uptime().toFixed(0).padStart(3)} s  ${what}`);
}
