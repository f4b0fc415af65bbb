import { parseCommandLine, usageError, type Command } from '../command.js';
import { serviceFiles, writeService } from '../create/template-files.js';
import { serviceNames, type ServiceNames } from '../create/service-names.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `NAME [options]

Makes a new service in a folder of its own: HTTP in, events out, a worker, health
checks, metrics, logs, a stop that loses nothing, tests, a Dockerfile. It runs at once,
with a Kafka inside its process. Names are words of a-z 0-9 joined by hyphens.

Options:
  --aggregate <name>    what its events are about, such as order; default: NAME
                        without -service
  --topic <name>        the topic of its events; default: the plural of the aggregate
  --event <name>        what its first event says has happened, such as placed;
                        default: requested
  --dir <folder>        where to; missing or empty; default: NAME
  --json                for programs: {"folder", "names", "files": [...], "next": [...]}
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry create order-service
  tenantry create billing --aggregate invoice --topic invoices --event issued
`;

const OPTIONS = {
  aggregate: { type: 'string' },
  topic: { type: 'string' },
  event: { type: 'string' },
  dir: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const NEXT = ['npm install', 'npm start'];

/** `tenantry create`: a new service from the template. */
export const create: Command = {
  words: ['create'],
  summary: 'make a new service',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [service = '', ...more] = positionals;
    if (service === '') throw usageError('the name of the service is missing');
    if (more.length > 0) throw usageError('only one name can be given');
    const { json, dir: folder = service, ...given } = values;
    if (folder === '') throw usageError('--dir needs a folder');
    const names = serviceNames({ ...given, service });
    const files = serviceFiles(names);
    writeService(folder, files);
    if (json) {
      terminal.out(`${JSON.stringify({ folder, names, files: files.map(({ path }) => path), next: NEXT })}\n`);
      return;
    }
    terminal.out(`${madeText(folder, names)}\n\nGo there, and then:\n\n  ${NEXT.join('\n  ')}\n`);
  },
};

/** Names that were left out are guesses, and are told while another one still costs nothing. */
function madeText(folder: string, { service, aggregate, topic, event }: ServiceNames): string {
  return `${folder} has the service ${service}. Its first event is ${topic}.${event}, about an aggregate
"${aggregate}", on the topic ${topic}; --event, --aggregate and --topic give other names.`;
}
