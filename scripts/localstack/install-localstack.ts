// Fetches LocalStack, which answers as AWS KMS does, into the user's cache; with `installTools`, Python too.
import { fileURLToPath } from 'node:url';
import { canHavePackages, installPackages, type PythonPackages } from '../python/install-packages.ts';

const localStack: PythonPackages = {
  title: 'LocalStack',
  folder: 'localstack',
  requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
  oldestMinor: 11,
};

/** The folder of LocalStack's Python packages. Rejects with a SetupError where it cannot be had. */
export function installLocalStack(options: { installTools: boolean }): Promise<string> {
  return installPackages(localStack, options);
}

/** Whether LocalStack is there, or can be fetched. */
export function canHaveLocalStack(): boolean {
  return canHavePackages(localStack);
}
