import type {Argument, Command, Option} from 'commander';

/** A command line that is being typed: what stands before the cursor, and what the word at the cursor is. */
export type Typed = {
  readonly command: Command;
  /** Values of options that were given, by the names under which commands know them. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly at: AtCursor;
};

export type AtCursor =
  | {readonly kind: 'flag'; readonly text: string}
  /** The value of an option. `lead` is what stands before it in the same word: `--format=`. */
  | {readonly kind: 'value'; readonly of: Option; readonly lead: string; readonly text: string}
  /** A sub-command or an argument; `of` is missing where there is none left, so that a flag may come. */
  | {readonly kind: 'operand'; readonly of: Argument | undefined; readonly first: boolean; readonly text: string}
  | {readonly kind: 'nothing'};

/** Reads the words behind `ptb`, the last of which is the one at the cursor, by the tree of commands itself. */
export function readTyped(program: Command, words: readonly string[]): Typed {
  const given = new Map<string, string[]>();
  let command = program;
  let operands = 0;
  let onlyOperands = false;
  let open: Option | undefined;
  const give = (option: Option, value: string): void => {
    const name = option.attributeName();
    given.set(name, [...(given.get(name) ?? []), value]);
  };
  /** `open` waits for this word as its value. */
  const isValue = (word: string): boolean => open !== undefined && (open.required || !word.startsWith('-'));
  const isFlag = (word: string): boolean => !onlyOperands && word.length > 1 && word.startsWith('-');

  for (const word of words.slice(0, -1)) {
    if (isValue(word)) {
      give(open!, word);
      open = undefined;
      continue;
    }
    open = undefined;
    if (isFlag(word)) {
      const {option, value} = flagOf(command, word);
      if (word === '--') onlyOperands = true;
      else if (option && value !== undefined) give(option, value);
      else if (option && takesValue(option)) open = option;
      else if (option) give(option, '');
      continue;
    }
    const inner = operands === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (inner) command = inner;
    else operands++;
  }

  const text = words.at(-1) ?? '';
  if (isValue(text)) return {command, given, at: {kind: 'value', of: open!, lead: '', text}};
  if (!onlyOperands && text.startsWith('-')) {
    const {option, value} = flagOf(command, text);
    if (!option || value === undefined) return {command, given, at: {kind: 'flag', text}};
    return {
      command,
      given,
      at: {kind: 'value', of: option, lead: text.slice(0, text.length - value.length), text: value},
    };
  }
  const declared = command.registeredArguments;
  const last = declared.at(-1);
  const of = declared[operands] ?? (last?.variadic ? last : undefined);
  if (onlyOperands && !of) return {command, given, at: {kind: 'nothing'}};
  return {command, given, at: {kind: 'operand', of, first: operands === 0, text}};
}

export const takesValue = ({required, optional}: Option): boolean => required || optional;

/** The option that a word names, and its value where that stands in the same word: `--format=svg`. */
function flagOf(
  command: Command,
  word: string,
): {readonly option: Option | undefined; readonly value: string | undefined} {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const flag = equals < 0 ? word : word.slice(0, equals);
  const option = command.options.find(({long, short}) => flag === long || flag === short);
  const value = equals < 0 || !option || !takesValue(option) ? undefined : word.slice(equals + 1);
  return {option, value};
}
