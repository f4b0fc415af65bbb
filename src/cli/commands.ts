import type { Command } from './command.js';
import { config } from './commands/config.js';
import { contractsCheck } from './commands/contracts-check.js';
import { contractsDocs } from './commands/contracts-docs.js';
import { contractsExport } from './commands/contracts-export.js';
import { contractsVerify } from './commands/contracts-verify.js';
import { create } from './commands/create.js';
import { cursorsExport } from './commands/cursors-export.js';
import { cursorsReset } from './commands/cursors-reset.js';
import { cursorsShow } from './commands/cursors-show.js';
import { lag } from './commands/lag.js';
import { dlqList } from './commands/dlq-list.js';
import { dlqRedrive } from './commands/dlq-redrive.js';
import { dlqShow } from './commands/dlq-show.js';
import { doctor } from './commands/doctor.js';
import { keysErase } from './commands/keys-erase.js';
import { keysGenerate } from './commands/keys-generate.js';
import { keysNeeded } from './commands/keys-needed.js';
import { keysStatus } from './commands/keys-status.js';
import { keysVerifyCertificate } from './commands/keys-verify-certificate.js';
import { tail } from './commands/tail.js';

/** All commands, in the order in which they are listed. */
export const COMMANDS: readonly Command[] = [
  create,
  config,
  doctor,
  keysGenerate,
  keysNeeded,
  keysStatus,
  keysErase,
  keysVerifyCertificate,
  contractsExport,
  contractsCheck,
  contractsDocs,
  contractsVerify,
  lag,
  tail,
  dlqList,
  dlqShow,
  dlqRedrive,
  cursorsShow,
  cursorsExport,
  cursorsReset,
];
