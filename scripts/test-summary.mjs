// What a run of the tests came to, for the end of CI's output: the counts, and each failure with its reason.
import { readFileSync } from 'node:fs';

/** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: { name: string, message: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }[] }} */
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
for (const { name, message, assertionResults } of testResults) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && message !== '') console.log(`FAILED ${name}\n  ${message}`);
  for (const { fullName, failureMessages } of failed) {
    console.log(`FAILED ${name}\n  ${fullName}\n${failureMessages.join('\n').replace(/^/gm, '    ')}`);
  }
}
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
