/** A bug that somebody might put into the consumer engine; some test must notice each. */
export interface Mutation {
  readonly name: string;
  /** Below `src/consumer/`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'commit one record too far',
    file: 'ledger/partition-session.ts',
    find: 'offset: progress.watermark,',
    replace: 'offset: progress.watermark + 1,',
  },
  {
    name: 'forget what runs in the commit',
    file: 'ledger/ledger.ts',
    find: 'taken: toRuns(this.#taken.sorted()),',
    replace: 'taken: [],',
  },
  {
    name: 'forget the cursors in the commit',
    file: 'ledger/ledger.ts',
    find: 'cursors: this.cursors.recorded(),',
    replace: 'cursors: [],',
  },
  {
    name: 'a watermark that ignores cursors',
    file: 'ledger/ledger.ts',
    find: 'return Math.min(taken, this.cursors.lowest() ?? taken);',
    replace: 'return taken;',
  },
  {
    name: 'a watermark that ignores what runs',
    file: 'ledger/ledger.ts',
    find: 'const taken = this.#taken.lowest() ?? this.#head;',
    replace: 'const taken = this.#head;',
  },
  {
    name: 'a NUL in the metadata',
    file: 'ledger/commit-metadata.ts',
    find: "text: MAGIC + bytes.toString('base64url') + SENTINEL,",
    replace: "text: MAGIC + '\\0' + bytes.toString('base64url') + SENTINEL,",
  },
  {
    name: '4,096 characters of metadata instead of 4,000',
    file: 'ledger/commit-metadata.ts',
    find: 'MAX_METADATA_CHARACTERS = 4_000',
    replace: 'MAX_METADATA_CHARACTERS = 4_096',
  },
  {
    name: 'metadata believed beside any offset',
    file: 'ledger/commit-metadata.ts',
    find: 'if (reader.next() !== watermark) return undefined;',
    replace: 'reader.next();',
  },
  {
    name: 'metadata believed for any log',
    file: 'ledger/commit-metadata.ts',
    find: '  if (bytes?.subarray(CRC_BYTES, FIXED_BYTES).equals(log) !== true) return undefined;\n  const reader = new VarintReader(bytes, FIXED_BYTES);\n  if (reader',
    replace:
      '  if (bytes === undefined) return undefined;\n  const reader = new VarintReader(bytes, FIXED_BYTES);\n  if (reader',
  },
  {
    name: 'waiting for an offset in a hole at the end of the log',
    file: 'reading/head-reader.ts',
    find: 'session.ledger.passTo(end.offset);',
    replace: '',
  },
  {
    name: 'a poll that was begun ahead is forgotten',
    file: 'reading/head-reader.ts',
    find: 'await (ahead ?? this.#beginPoll())',
    replace: 'await this.#beginPoll()',
  },
  {
    name: 'dead letters that are handled by themselves',
    file: 'reading/record-intake.ts',
    find: 'if (!session.isDeadLetters) return this.#examine(session, record, owner, undefined);',
    replace: 'if (owner !== undefined) return this.#examine(session, record, owner, undefined);',
  },
  {
    name: 'a dead letter for which an earlier redrive was already',
    file: 'control/redrives.ts',
    find: 'return others.length === 0 && first !== undefined && first === told.at(-1) ? letter : undefined;',
    replace: 'return others.length === 0 && first === undefined ? undefined : letter;',
  },
  {
    name: 'two redrives of a tenant at once',
    file: 'control/redrives.ts',
    find: 'if (told.some((other) => other.offset > redrive.after)) return false;',
    replace: '',
  },
  {
    name: 'a redrive that passes for ended while its tenant waits',
    file: 'control/group-redrive.ts',
    find: '!cursors.some((cursor) => cursor.fingerprint === fingerprint && cursor.offset < until) &&',
    replace: '',
  },
  {
    name: 'a dead letter that is skipped because nobody handles it',
    file: 'reading/record-intake.ts',
    find: "otherTypes === 'skip' && origin === undefined",
    replace: "otherTypes === 'skip'",
  },
  {
    name: 'a parked tenant before a batch that was given up',
    file: 'reading/catch-up-reader.ts',
    find: 'if (standsStill) void this.#passOver(session, run.position);',
    replace: '',
  },
  {
    name: 'a redrive that is lost with the note of what was obeyed',
    file: 'control/tenant-controls.ts',
    find: 'if (offset >= since || isNoteLost) this.#moveIn(session, redrive, offset);',
    replace: 'if (offset >= since) this.#moveIn(session, redrive, offset);',
  },
  {
    name: 'one that has used its credit up and never runs again',
    file: 'handling/fair-scheduler.ts',
    find: 'this.#sinceRound += 1;',
    replace: '',
  },
  {
    name: 'handlers that start after a stop, while an assignment is answered',
    file: 'group/group-membership.ts',
    find: '    this.#stopTaking([...this.#sessions.values()]);\n    const rejoin',
    replace: '    const rejoin',
  },
  {
    name: 'a reserved slot that forgives what its payer has used',
    file: 'handling/fair-scheduler.ts',
    find: 'if (onlyIdle) return first;',
    replace: '',
  },
  {
    name: 'a run that waits for an offset in a hole at the end of the log',
    file: 'reading/catch-up-reader.ts',
    find: 'run.passTo(active.endOffset);',
    replace: 'run.passTo(0);',
  },
  {
    name: 'a commit after the partition was let go',
    file: 'ledger/partition-session.ts',
    find: "if (this.#state === 'closed' || this.#commitInFlight) return undefined;",
    replace: 'if (this.#commitInFlight) return undefined;',
  },
  {
    name: 'ownership by the tenant header instead of the key',
    file: 'reading/record-intake.ts',
    find: '    const { ledger } = session;\n    const owner = ownerOf(record.key);',
    replace:
      "    const { ledger } = session;\n    const owner = (record.headers.find(({ name }) => name === 'tenant-id')?.value.toString() ?? '_') as Owner;",
  },
  {
    name: 'the head before recovery',
    file: 'ledger/ledger.ts',
    find: 'return this.#awaited.lowest() ?? this.#head;',
    replace: 'return this.#head;',
  },
  {
    name: 'runs before recovery',
    file: 'reading/catch-up-reader.ts',
    find: "if (session.state !== 'active' || session.ledger.isRecovering) return undefined;",
    replace: "if (session.state !== 'active') return undefined;",
  },
  {
    name: 'a parked tenant takes at the head all the same',
    file: 'ledger/ledger.ts',
    find: "if (cursor === undefined) return 'offered';",
    replace: "return 'offered';",
  },
  {
    name: 'a cursor that moves past a record without room',
    file: 'reading/cursor-run.ts',
    find: '    own.offset = offset;\n',
    replace: '    own.offset = offset + 1;\n',
  },
  {
    name: 'a run that serves who stands before its start',
    file: 'reading/cursor-run.ts',
    find: 'return cursor.offset >= this.#settledAt && cursor.offset <= offset && !this.#behind.has(cursor);',
    replace: 'return cursor.offset <= offset && !this.#behind.has(cursor);',
  },
  {
    name: 'a run that moves the cursors of those it has left behind',
    file: 'reading/cursor-run.ts',
    find: 'this.#behind.add(own);',
    replace: '',
  },
  {
    name: 'a run that serves who was moved back behind it',
    file: 'reading/cursor-run.ts',
    find: '    this.#settledAt = this.#position;\n  }',
    replace: '  }',
  },
  {
    name: 'a replay that begins again after a restart',
    file: 'control/tenant-controls.ts',
    find: 'if (offset >= since) this.#moveIn(session, move, offset);',
    replace: 'this.#moveIn(session, move, since);',
  },
  {
    name: 'a pause confirmed before it is committed',
    file: 'control/group-controls.ts',
    find: 'if (waiting?.length === 0 && log.position > offset) return offset;',
    replace: 'if (log.position > offset) return offset;',
  },
  {
    name: 'live again one record before the head',
    file: 'ledger/tenant-cursors.ts',
    find: 'for (const [owner, cursor] of this.#named) if (cursor.offset >= head) this.#named.delete(owner);',
    replace: 'for (const [owner, cursor] of this.#named) if (cursor.offset >= head - 1) this.#named.delete(owner);',
  },
  {
    name: 'a run that waits for one tenant while another has room',
    file: 'reading/catch-up-reader.ts',
    find: 'return this.#next(session) === undefined;',
    replace: 'return true;',
  },
  {
    name: 'one bound for all tenants together',
    file: 'handling/intake-budget.ts',
    find: 'return share === undefined || this.#isWithin(share, 1);',
    replace: 'return share !== undefined || !this.full;',
  },
  {
    name: 'a refused commit taken for a good one',
    file: 'ledger/partition-session.ts',
    find: '    if (result.ok) {\n      this.#committed',
    replace: '    if (result.ok || !result.metadataTooLarge) {\n      this.#committed',
  },
  {
    name: 'a finished copy before the broker has it',
    file: 'handling/record-runner.ts',
    find: '    if (failure !== undefined) {\n      copy.failed = true;',
    replace: '    if (failure !== undefined && copy.refusals < 0) {\n      copy.failed = true;',
  },
  {
    name: 'two records of a key at once',
    file: 'handling/fair-scheduler.ts',
    find: '    let lane = payer.lanes.get(key);\n    if (lane === undefined) {',
    replace: '    let lane: Lane | undefined;\n    if (payer.lanes.size >= 0) {',
  },
  {
    name: 'a handler starts though its partition went away while the key service was asked',
    file: 'handling/record-runner.ts',
    find: "    if (delivery.session.state !== 'active') return Promise.resolve(STOPPED);",
    replace: '',
  },
  {
    name: 'retention passes cursors, and nobody tells',
    file: 'reading/position-watch.ts',
    find: '    this.#report(session, lowest, range);\n',
    replace: '',
  },
  {
    name: 'retention has passed the committed offset, and nobody tells',
    file: 'group/start-position.ts',
    find: '    parts.onLoss({ ...place, ...lostRange(offset, range) });\n    ledger.forgetBelow(range.lowOffset);',
    replace: '    ledger.forgetBelow(range.lowOffset);',
  },
  {
    name: 'a log that ends before what a predecessor has read is believed to be the same',
    file: 'group/start-position.ts',
    find: 'const readTo = told?.head ?? offset;',
    replace: 'const readTo = offset;',
  },
  {
    name: 'a log that is cut before the head goes unnoticed in recovery',
    file: 'reading/position-watch.ts',
    find: 'const readTo = Math.max(from, session.ledger.head);',
    replace: 'const readTo = from;',
  },
  {
    name: 'a log that was cut is read on from its end',
    file: 'reading/position-watch.ts',
    find: 'this.#parts.onTruncated(session, lowOffset);',
    replace: 'this.#parts.onTruncated(session, highOffset);',
  },
  {
    name: 'what runs is forgotten with a cut, and retention has taken it',
    file: 'reading/position-watch.ts',
    find: 'if (watermark < lowOffset) this.#report(session, watermark, range);',
    replace: '',
  },
  {
    name: 'a log that was cut begins where the last answer says',
    file: 'ledger/partition-session.ts',
    find: 'this.#log, undefined, this.#notes);',
    replace: 'this.#log, this.#committed && { ...this.#committed, leaderEpoch: undefined }, this.#notes);',
  },
  {
    name: 'an offset that was set back by another tool is passed',
    file: 'group/start-position.ts',
    find: 'new PartitionLedger(told ?? offset);',
    replace: "new PartitionLedger(told ?? (metadata === '' ? range.highOffset : offset));",
  },
  {
    name: 'metadata with an extension of a later version is not believed',
    file: 'ledger/commit-metadata.ts',
    find: 'const value = reader.part(reader.next());',
    replace: 'const value = reader.part(type > SKIP ? Number.MAX_SAFE_INTEGER : reader.next());',
  },
  {
    name: 'a run takes records of the same partition of another topic',
    file: 'reading/catch-up-reader.ts',
    find: 'if (session.topic === topic && session.partition === partition) return active;',
    replace: "if (session.partition === partition && topic !== '') return active;",
  },
  {
    name: 'a record that compaction has taken is waited for',
    file: 'ledger/ledger.ts',
    find: '      this.#taken.delete(awaited);\n',
    replace: '',
  },
  {
    name: 'a commit without an answer was not taken',
    file: 'ledger/partition-session.ts',
    find: 'if (isCommitted && this.#failedCommits === 0) return undefined;',
    replace: 'if (isCommitted) return undefined;',
  },
  {
    name: 'a replay in the place of another begins where it was told to',
    file: 'ledger/ledger.ts',
    find: 'Math.min(from, underWay?.from ?? from, ...dropped)',
    replace: 'Math.min(from, ...dropped)',
  },
];
