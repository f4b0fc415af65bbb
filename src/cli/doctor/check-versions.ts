import { packageVersion } from '../../core/package-version.js';
import { loadDriver } from '../../transport/load-driver.js';
import { errorText, findingsOf, type Finding } from './finding.js';

const NEEDED = [20, 19] as const;

/** What runs here. */
export function checkVersions(): readonly Finding[] {
  const finding = findingsOf('versions');
  return [finding('ok', 'tenantry', packageVersion()), nodeFinding(process.versions.node), driverFinding()];
}

/** @param version - of Node.js */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  const finding = findingsOf('versions');
  if (isNew) return finding('ok', 'Node.js', version);
  return finding('error', 'Node.js', `${version} is too old`, `use Node.js ${NEEDED.join('.')} or newer`);
}

function driverFinding(): Finding {
  const finding = findingsOf('versions');
  try {
    return finding('ok', 'native client', `librdkafka ${loadDriver().librdkafkaVersion}`);
  } catch (error) {
    return finding('error', 'native client', errorText(error), 'mend it first: nothing else works without it');
  }
}
