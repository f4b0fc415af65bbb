import { keyIdOf, publicKeyOf } from '../../erasure/certificate-keys.js';
import { verifyErasureCertificate } from '../../erasure/certificate.js';
import { isTenantryError } from '../../core/errors.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { certificateText } from '../certificate-text.js';
import { EXIT_CODES } from '../exit-codes.js';
import { readTextFile } from '../input-files.js';

const HELP = `<file> --key <public key> [options]

Verifies a certificate of erasure, as kafka.admin.eraseTenant issues it, and prints
what it says: which tenant's keys were destroyed or are scheduled to be, by whom it
was asked for, which topics held data, and what is not erased.

Options:
  --key <path>    the issuer's Ed25519 public key in PEM, from where you trust it;
                  what the file says of its key counts for nothing
  --json          for programs: {"file", "keyId", "statement": {...}}
  -h, --help      show this

${EXIT_CODES}With 1 and CERTIFICATE_INVALID do not rely on the certificate.

Examples:
  tenantry keys verify-certificate acme.json --key issuer.pem
  tenantry keys verify-certificate acme.json --key issuer.pem --json
`;

const OPTIONS = {
  key: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry keys verify-certificate`: what a certificate of erasure says, and whether it is true to its issuer. */
export const keysVerifyCertificate: Command = {
  words: ['keys', 'verify-certificate'],
  summary: 'verify a certificate of erasure and print what it says',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [file, ...more] = positionals;
    if (file === undefined) throw usageError('the file of the certificate is missing');
    if (more.length > 0) throw usageError('one file at a time');
    if (values.key === undefined || values.key === '') throw usageError("--key is missing: the issuer's public key");
    const publicKey = keyIn(values.key);
    const statement = verifyErasureCertificate(readTextFile(file, 'the certificate'), { publicKey });
    const keyId = keyIdOf(publicKey);
    if (values.json) terminal.out(`${JSON.stringify({ file, keyId, statement })}\n`);
    else terminal.out(certificateText(statement, keyId));
  },
};

function keyIn(path: string): ReturnType<typeof publicKeyOf> {
  const text = readTextFile(path, '--key');
  try {
    return publicKeyOf(text, '--key', path);
  } catch (error) {
    if (!isTenantryError(error, 'INVALID_OPTIONS')) throw error;
    throw usageError(`--key: ${path} is no Ed25519 public key in PEM`);
  }
}
