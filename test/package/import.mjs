// What importing the package costs, and whether that alone loads the native addon.
import { performance } from 'node:perf_hooks';

const started = performance.now();
await import(process.argv[2] ?? 'tenantry');
const importMs = performance.now() - started;
const { sharedObjects } = /** @type {{ sharedObjects: string[] }} */ (process.report.getReport());
console.log(JSON.stringify({ importMs, addon: sharedObjects.some((path) => path.includes('confluent-kafka')) }));
