import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../electron/core/dicom/character-sets.ts';
import { elementValues } from '../../../electron/core/dicom/element-values.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The examples of PS3.5 Annexes H, I and J, and one for each single-byte set. */
describe('character sets', () => {
  it.each([
    ['Latin 1', ['ISO_IR 100'], '4af972f4e8', 'Jùrôè'],
    ['Latin 2', ['ISO_IR 101'], 'a3f3', 'Łó'],
    ['Cyrillic', ['ISO_IR 144'], 'bbee', 'Лю'],
    ['Greek', ['ISO_IR 126'], 'c4e9', 'Δι'],
    ['Hebrew', ['ISO_IR 138'], 'f9f8', 'שר'],
    ['Arabic', ['ISO_IR 127'], 'e2c8', 'قب'],
    ['Thai', ['ISO_IR 166'], 'cad2', 'สา'],
    ['UTF-8', ['ISO_IR 192'], 'e78e8b', '王'],
    ['GB18030', ['GB18030'], 'cdf5', '王'],
    ['half-width katakana', ['ISO_IR 13'], 'd4cfc0de', 'ﾔﾏﾀﾞ'],
    [
      'Japanese with kanji by escapes',
      ['', 'ISO 2022 IR 87'],
      '1b2442 3b33 4544 1b2842 5e 1b2442 4240 4f3a 1b2842',
      '山田^太郎',
    ],
    ['supplementary kanji', ['', 'ISO 2022 IR 159'], '1b242844 3021 1b2842', '丂'],
    ['Korean', ['', 'ISO 2022 IR 149'], '1b242943 d1ce d4d7', '吉洞'],
    ['simplified Chinese', ['', 'ISO 2022 IR 58'], '1b242941 cdf5', '王'],
    ['Latin 1 and Greek by escape', ['ISO 2022 IR 100', 'ISO 2022 IR 126'], 'e9 1b2d46 c4 5e e9', 'éΔ^é'],
    ['undeclared UTF-8', [], 'c3a9', 'é'],
    ['undeclared Latin 1', [], 'e9', 'é'],
    ['a set nobody knows', ['ISO_IR 999'], '41e9', 'Aé'],
  ])('decode %s', (_, terms, bytes, text) => {
    expect(decodeText(hex(bytes), terms)).toBe(text);
  });

  it('refuse no bytes', () => {
    for (const terms of [['ISO_IR 192'], ['', 'ISO 2022 IR 87'], ['GB18030'], []]) {
      expect(typeof decodeText(hex('1bff00ff1b24'), terms)).toBe('string');
    }
  });
});

describe('element values', () => {
  it.each<[string, Buffer, string[]]>([
    ['CS', Buffer.from('ORIGINAL\\ PRIMARY \\AXIAL '), ['ORIGINAL', 'PRIMARY', 'AXIAL']],
    ['UI', Buffer.from('1.2.3\0'), ['1.2.3']],
    ['LT', Buffer.from(' a\\b  '), [' a\\b']],
    ['LO', Buffer.from(''), []],
    ['LO', Buffer.from('   '), []],
    ['LO', Buffer.from('a\\\\b'), ['a', '', 'b']],
    ['US', hex('0102 ffff'), ['513', '65535']],
    ['SS', hex('ffff'), ['-1']],
    ['FD', hex('000000000000f03f'), ['1']],
    ['UV', hex('ffffffffffffffff'), ['18446744073709551615']],
    ['AT', hex('10002000'), ['00100020']],
    ['OW', hex('0102'), []],
    ['US', hex('01'), []],
  ])('of %s', (vr, bytes, values) => {
    expect(elementValues(vr, bytes, [], false)).toEqual(values);
  });
});
