import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { SERVICE } from './kafka.js';

/** Serves `/metrics` for Prometheus; whatever uses the OpenTelemetry API is on it. */
export async function startMetrics(address: { host: string; port: number }): Promise<MeterProvider> {
  const exporter = new PrometheusExporter({ ...address, preventServerStart: true });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': SERVICE }),
    readers: [exporter],
  });
  metrics.setGlobalMeterProvider(provider);
  await exporter.startServer();
  return provider;
}
