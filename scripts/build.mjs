// `npm run build`: compiles src to dist, whether it changed or not.
import { buildDist } from './setup/dist.mjs';
import { SetupError } from './setup/step.mjs';

try {
  await buildDist();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
