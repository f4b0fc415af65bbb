import type { MetadataFault } from './partition-state.js';

/** Why metadata is not believed, for people. */
export const FAULT_TEXT: Readonly<Record<MetadataFault, string>> = {
  foreign: 'it is not of tenantry',
  damaged: 'it is damaged, or of a version that this one does not read',
  'other-log': 'it belongs to another topic or partition, so it was copied from there',
  'other-offset': 'it belongs to another offset: another tool has moved the group, or copied what it had committed',
  'beyond-log': 'it tells of offsets beyond the end of the log, so the log was cut or made anew',
};
