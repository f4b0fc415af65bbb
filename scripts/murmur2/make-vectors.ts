// `npm run vectors`: writes test/vectors/murmur2.json, the partitions that the Java client chooses.
// It needs a whole JDK (Java compiles the file as it runs it), so CI only reads the result.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installKafka } from '../kafka/install-kafka.ts';

const source = fileURLToPath(new URL('Murmur2Vectors.java', import.meta.url));
const target = fileURLToPath(new URL('../../test/vectors/murmur2.json', import.meta.url));

const libs = await installKafka({ installTools: false });
// Only standard error goes to the screen; standard output is the file.
const { status, stdout } = spawnSync('java', ['-Dfile.encoding=UTF-8', '-cp', join(libs, '*'), source], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status === 0) writeFileSync(target, stdout);
else process.exitCode = 1;
