import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsumerClient } from '../../../src/transport/consumer-client.js';
import { GroupAssignment } from '../../../src/transport/group-assignment.js';
import type { StartPosition, TopicPartition } from '../../../src/transport/port.js';
import { driverError } from './fake-driver.js';

const ASSIGN = driverError(-175, 'Local: Assign partitions');
const REVOKE = driverError(-174, 'Local: Revoke partitions');

const partition = (number: number): TopicPartition => ({ topic: 't', partition: number });
const at = (number: number, offset = 0): StartPosition => ({ ...partition(number), offset, leaderEpoch: undefined });

const native = {
  assignmentLost: vi.fn(() => false),
  incrementalAssign: vi.fn(),
  incrementalUnassign: vi.fn(),
  unsubscribe: vi.fn(),
};
const client = { native, isClosing: false, report: vi.fn() };
const listener = { onAssigned: vi.fn(), onRevoked: vi.fn(), onReadable: vi.fn(), onEnd: vi.fn(), onError: vi.fn() };
const onJoiningAgain = vi.fn();

function newAssignment(isClassic = true): GroupAssignment {
  return new GroupAssignment(client as unknown as ConsumerClient, listener, isClassic, onJoiningAgain);
}

beforeEach(() => {
  vi.clearAllMocks();
  client.isClosing = false;
  native.assignmentLost.mockReturnValue(false);
});

describe('the assignment of a group', () => {
  it('is assigned in parts, without what was revoked meanwhile', () => {
    const assignment = newAssignment();
    assignment.onRebalance(ASSIGN, [partition(0), partition(1), partition(2)]);
    assignment.assign([at(0)]);
    assignment.onRebalance(REVOKE, [partition(1)]);
    expect(listener.onRevoked).toHaveBeenCalledWith([partition(1)], false);
    assignment.unassign([partition(1)]);
    // The client would refuse to take away what it was not given.
    expect(native.incrementalUnassign).toHaveBeenCalledExactlyOnceWith([]);
    assignment.assign([at(1), at(2)]);
    assignment.assign([at(1)]);
    expect(native.incrementalAssign.mock.calls).toEqual([[[at(0)]], [[at(2)]]]);
  });

  it('answers for the listener where there is nothing, and tells it', () => {
    const assignment = newAssignment();
    assignment.onRebalance(ASSIGN, []);
    expect(native.incrementalAssign).toHaveBeenCalledExactlyOnceWith([]);
    expect(listener.onAssigned).toHaveBeenCalledExactlyOnceWith([]);
    assignment.tellNone();
    expect(listener.onAssigned).toHaveBeenCalledOnce();
    newAssignment(false).tellNone();
    expect(listener.onAssigned).toHaveBeenCalledTimes(2);
  });

  it('answers a client that ends, which takes no assignment any more', () => {
    const assignment = newAssignment();
    client.isClosing = true;
    assignment.onRebalance(ASSIGN, []);
    expect(native.incrementalAssign).toHaveBeenCalledExactlyOnceWith([]);
    expect(native.incrementalUnassign).not.toHaveBeenCalled();
    native.incrementalAssign.mockImplementationOnce(() => {
      throw driverError(-172, 'KafkaConsumer is disconnected');
    });
    assignment.onRebalance(ASSIGN, []);
    expect(native.incrementalUnassign).toHaveBeenCalledExactlyOnceWith([]);
    expect(listener.onAssigned).not.toHaveBeenCalled();
    expect(client.report).not.toHaveBeenCalled();
  });

  it('threat 44: a member that was shut out joins again once it has given up what it lost, and may be told of nothing', () => {
    const assignment = newAssignment(false);
    assignment.onRebalance(ASSIGN, [partition(0)]);
    assignment.assign([at(0)]);
    assignment.onRebalance(REVOKE, [partition(0)]);
    assignment.unassign([partition(0)]);
    expect(onJoiningAgain).not.toHaveBeenCalled();

    assignment.onRebalance(ASSIGN, [partition(0)]);
    assignment.assign([at(0)]);
    native.assignmentLost.mockReturnValue(true);
    assignment.onRebalance(REVOKE, [partition(0)]);
    expect(onJoiningAgain).not.toHaveBeenCalled();
    assignment.unassign([partition(0)]);
    expect(onJoiningAgain).toHaveBeenCalledOnce();
    listener.onAssigned.mockClear();
    assignment.tellNone();
    expect(listener.onAssigned).toHaveBeenCalledExactlyOnceWith([]);
  });

  it('threat 44: restarts a partition only where that answers nothing', () => {
    const assignment = newAssignment();
    const refused = expect.objectContaining({ code: 'BROKER_UNREACHABLE', retryable: true }) as Error;
    assignment.onRebalance(ASSIGN, [partition(0)]);
    assignment.assign([at(0)]);
    native.incrementalAssign.mockClear();
    for (const [question, answer] of [
      [ASSIGN, () => assignment.assign([at(1)])],
      [REVOKE, () => assignment.unassign([partition(1)])],
    ] as const) {
      assignment.onRebalance(question, [partition(1)]);
      expect(() => {
        assignment.restart(at(0, 7));
      }).toThrow(refused);
      expect(native.incrementalAssign).not.toHaveBeenCalledWith([at(0, 7)]);
      answer();
    }
    assignment.restart(at(0, 7));
    expect(native.incrementalAssign).toHaveBeenLastCalledWith([at(0, 7)]);
    expect(() => {
      assignment.restart(at(1));
    }).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }) as Error);
  });

  it('rejoins until it is assigned, and after a revocation until it is assigned what it got and the rest', () => {
    const assignment = newAssignment();
    expect(assignment.isRejoining).toBe(true);
    assignment.onRebalance(ASSIGN, [partition(0), partition(1)]);
    expect(assignment.isRejoining).toBe(false);
    assignment.assign([at(0), at(1)]);
    assignment.onRebalance(REVOKE, [partition(0)]);
    expect(assignment.isRejoining).toBe(false);
    assignment.unassign([partition(0)]);
    expect(assignment.isRejoining).toBe(true);
    assignment.onRebalance(ASSIGN, []);
    expect(assignment.isRejoining).toBe(true);
    assignment.onRebalance(ASSIGN, []);
    expect(assignment.isRejoining).toBe(false);

    native.assignmentLost.mockReturnValue(true);
    assignment.onRebalance(REVOKE, [partition(1)]);
    expect(listener.onRevoked).toHaveBeenLastCalledWith([partition(1)], true);
    assignment.unassign([partition(1)]);
    expect(assignment.isRejoining).toBe(true);
    assignment.onRebalance(ASSIGN, []);
    expect(assignment.isRejoining).toBe(false);
  });

  it('learns from statistics of a rebalance that others began', () => {
    const assignment = newAssignment();
    const statistics = (state: string): string =>
      `{"name":"x","cgrp":{ "state": "up", "join_state": "${state}", "x": 1 }}`;
    assignment.onRebalance(ASSIGN, []);
    for (const state of ['init', 'wait-join', 'wait-metadata', 'wait-sync']) {
      assignment.onStatistics(statistics(state));
      expect(assignment.isRejoining).toBe(true);
      assignment.onStatistics(statistics('wait-assign-call'));
      expect(assignment.isRejoining).toBe(true);
      assignment.onStatistics(statistics('steady'));
      expect(assignment.isRejoining).toBe(false);
    }
    assignment.onStatistics('{}');
    expect(assignment.isRejoining).toBe(false);
    expect(newAssignment(false).isRejoining).toBe(false);
  });

  it('ends the consumer where an answer fails', () => {
    const assignment = newAssignment();
    native.incrementalAssign.mockImplementationOnce(() => {
      throw driverError(-172, 'Local: Erroneous state');
    });
    assignment.onRebalance(ASSIGN, [partition(0)]);
    assignment.assign([at(0)]);
    expect(client.report).toHaveBeenCalledExactlyOnceWith({ kind: 'fatal', reason: 'Local: Erroneous state' });
  });

  it('answers by itself while the client closes, and leaves a classic group with a word', () => {
    const assignment = newAssignment();
    assignment.onRebalance(ASSIGN, [partition(0)]);
    assignment.assign([at(0)]);
    client.isClosing = true;
    assignment.leave();
    expect(native.unsubscribe).not.toHaveBeenCalled();
    assignment.onRebalance(ASSIGN, [partition(1)]);
    assignment.onRebalance(REVOKE, [partition(0), partition(1)]);
    expect(native.incrementalUnassign).toHaveBeenLastCalledWith([partition(0)]);
    expect(listener.onRevoked).not.toHaveBeenCalled();
    newAssignment(false).leave();
    expect(native.unsubscribe).not.toHaveBeenCalled();
    assignment.leave();
    expect(native.unsubscribe).toHaveBeenCalledOnce();
  });
});
