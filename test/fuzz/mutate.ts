import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
} from 'yaml';
import {NAMES, SCALARS} from './odd.js';
import type {Random} from './random.js';

type Slot = {readonly get: () => unknown; readonly set: (node: unknown) => void; readonly remove: () => void};

/** Every place of a document that holds something. */
function slots(doc: Document): Slot[] {
  const found: Slot[] = [
    {get: () => doc.contents, set: (node) => (doc.contents = node as Node), remove: () => (doc.contents = null)},
  ];
  const visit = (node: unknown): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        found.push({
          get: () => pair.value,
          set: (value) => (pair.value = value as Node),
          remove: () => node.items.splice(node.items.indexOf(pair), 1),
        });
        visit(pair.value);
      }
    } else if (isSeq(node)) {
      node.items.forEach((item, n) => {
        found.push({get: () => item, set: (value) => (node.items[n] = value), remove: () => node.items.splice(n, 1)});
        visit(item);
      });
    }
  };
  visit(doc.contents);
  return found;
}

/** A node may stand in one place only: below itself it would have no end. */
const copy = (node: unknown): unknown => (isNode(node) ? node.clone() : node);

/** A document with one to three nodes replaced, removed, moved, wrapped, renamed or doubled. */
export function mutateTree(text: string, random: Random): string {
  const doc = parseDocument(text, {uniqueKeys: false});
  const times = 1 + random.below(3);
  for (let n = 0; n < times; n++) {
    const places = slots(doc);
    const slot = random.pick(places);
    const here = slot.get();
    switch (random.below(8)) {
      case 0:
      case 1:
        slot.set(new Scalar(random.pick(SCALARS)));
        break;
      case 2:
        slot.remove();
        break;
      case 3:
        slot.set(copy(random.pick(places).get()));
        break;
      case 4: {
        const list = new YAMLSeq();
        list.items.push(here, ...(random.chance(0.5) ? [copy(here)] : []));
        slot.set(list);
        break;
      }
      case 5: {
        const map = new YAMLMap();
        map.add({key: new Scalar(random.pick(NAMES)), value: here});
        slot.set(map);
        break;
      }
      case 6:
        if (isMap(here) && here.items.length > 0) random.pick(here.items).key = new Scalar(random.pick(NAMES));
        else slot.set(new YAMLMap());
        break;
      default:
        if (isMap(here)) here.items.push(doc.createPair(random.pick(NAMES), random.pick(SCALARS)));
        else if (isSeq(here)) here.items.push(new Scalar(random.pick(SCALARS)));
        else if (isScalar(here) || isAlias(here) || here === null) slot.set(new YAMLSeq());
    }
  }
  try {
    return doc.toString();
  } catch {
    return mutateText(text, random); // An alias whose anchor is gone.
  }
}

const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghij'.split('').map((name, n) => {
    const before = 'abcdefghij'[n]!;
    return `${name}: &${name} [${Array<string>(9).fill(`*${before}`).join(', ')}]`;
  }),
].join('\n');

/** A text that was cut, doubled, indented, spoiled or blown up. */
export function mutateText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(40));
  switch (random.below(13)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(4)) + text.slice(end);
    case 3:
      return (
        text.slice(0, at) +
        random.pick([
          '\t',
          '\u0000',
          '"',
          "'",
          '{',
          '}',
          '[',
          ']',
          ':',
          '- ',
          '#',
          '\r',
          '|',
          '>',
          '!!js/function x',
          '%YAML 9',
          '---\n',
          '...\n',
          '\u2028',
          '\ufeff',
        ]) +
        text.slice(at)
      );
    case 4:
      return text.replaceAll('\n', '\r\n');
    case 5:
      return `\ufeff${text}`;
    case 6:
      return `${text}\n${BOMB}\n`;
    case 7:
      return `${'['.repeat(20_000)}${text}`;
    case 8:
      return `${text}\ndeep: ${'{a: '.repeat(3000)}1${'}'.repeat(3000)}\n`;
    case 9:
      return `${text}\n${text}`;
    case 10:
      return (
        `deep: ${random.pick(['[', '{a: ', '- ', '? ', '!!seq ['])}`.repeat(1) +
        random.pick(['[', '{a: ', '- ', '? ']).repeat(100_000) +
        text
      );
    case 11:
      return text.split('\n').reverse().join('\n');
    default:
      return text
        .split('\n')
        .map((line) => (random.chance(0.05) ? `${' '.repeat(random.below(7))}${line}` : line))
        .join('\n');
  }
}

export const mutate = (text: string, random: Random): string =>
  random.chance(0.75) ? mutateTree(text, random) : mutateText(text, random);

/** A text as some editor saves it: mostly UTF-8, sometimes with what UTF-8 forbids, or not UTF-8 at all. */
export function inBytes(text: string, random: Random): Buffer {
  switch (random.below(25)) {
    case 0:
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 1:
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    case 2:
      return Buffer.from(text.replace('e', 'é'), 'latin1');
    case 3: {
      const bytes = Buffer.from(text);
      const at = random.below(bytes.length + 1);
      // Half of a surrogate pair, too long a form of "/", a byte that begins nothing.
      const odd = random.pick([[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xff], [0]]);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(odd), bytes.subarray(at)]);
    }
    default:
      return Buffer.from(text);
  }
}

/** Bytes of any file, spoiled. */
export function mutateBytes(content: Buffer, random: Random): Buffer {
  const copy = Buffer.from(content);
  if (random.chance(0.3)) return copy.subarray(0, random.below(copy.length + 1));
  for (let n = 1 + random.below(8); n > 0 && copy.length > 0; n--) copy[random.below(copy.length)] = random.below(256);
  if (random.chance(0.2))
    return Buffer.concat([copy, Buffer.from(random.pick(['{', 'NaN', '\u0000', 'x'.repeat(100_000)]))]);
  return copy;
}
