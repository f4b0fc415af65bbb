/** What need not be read before a record is read through up to this many records; a seek costs more. */
export const STREAM_GAP = 150;
