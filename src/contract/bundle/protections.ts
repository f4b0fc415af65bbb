import type { BundledContract } from './bundle.js';

/** What the protections of a bundle mean, in a sentence for people. */
export const PROTECTIONS: Readonly<Record<BundledContract['protection'], string>> = {
  confidential: "Confidential: sealed under the tenant's key as a whole; only holders of the key read it.",
  fields:
    "Fields sealed: single fields are sealed under the tenant's key; the rest is readable, and only the tenant can have written it.",
  authentic: "Authentic: readable by everybody; only holders of the tenant's key can have written it.",
  none: 'Not protected: readable and writable by everybody who has access to the topic.',
};

/** How a contract is protected, in few words: the same for the same protection. */
export function protectionInWords({
  protection,
  sealedFields = [],
}: Pick<BundledContract, 'protection' | 'sealedFields'>): string {
  return protection === 'fields' ? `sealed fields ${[...sealedFields].sort().join(', ')}` : protection;
}
