import { describe, expect, it } from 'vitest';
import { planText, toldText } from '../../../src/cli/dlq/redrive-text.js';
import { acme, globex } from '../encryption/fixtures.js';

const plain = (_tone: string, text: string): string => text;

describe('planText', () => {
  it('tells what there is, and what an earlier redrive has taken already', () => {
    expect(planText({ matched: 2, codes: { HANDLER_FAILED: 2 }, isUnderWay: true }, plain)).toMatch(
      /^REASON .*\nHANDLER_FAILED +2\nAn earlier redrive of the tenant has not ended\.\n$/,
    );
    expect(planText({ matched: 0, codes: {}, isUnderWay: false }, plain)).toBe('There are no such dead letters.\n');
    expect(planText({ matched: 0, codes: {}, isUnderWay: true }, plain)).toMatch(/^There are none beside those that/);
  });
});

describe('toldText', () => {
  it('says of a tenant that is paused that it is handled later', () => {
    expect(toldText(true, acme, new Set([acme]))).toBe(
      'The group has taken it up.\nacme is paused: its dead letters are handled once it is resumed.\n',
    );
    expect(toldText(true, acme, new Set([globex]))).toBe('The group has taken it up.\n');
    expect(toldText(false, acme, new Set())).toBe('Nothing was told to the group.\n');
  });
});
