import type {Argument, Command, Option} from 'commander';
import {Known} from './known.js';
import {EXIT, type Terminal} from './terminal.js';
import {readTyped, type Typed} from './typed.js';

/** One word that may stand at the cursor. */
type Candidate = {readonly text: string; readonly about?: string};

/** What may stand at the cursor: words that we know, or names that the shell knows better. */
type Answer = {readonly kind: 'words'; readonly words: readonly Candidate[]} | {readonly kind: 'files' | 'folders'};

/**
 * For the scripts of `ptb completion`: the first line says what kind of answer it is, and each further one is a word with what
 * it is about, a tab between them. A word at whose end there is `=`, `:` or `,` goes on.
 */
export function completeCommand(program: Command, words: readonly string[], terminal: Terminal): number {
  const answer = answerTo(readTyped(program, words), terminal.version);
  const lines = answer.kind === 'words' ? answer.words.filter(({text}) => PLAIN.test(text)) : [];
  terminal.out([answer.kind, ...lines.map(({text, about = ''}) => `${text}\t${about}`), ''].join('\n'));
  return EXIT.done;
}

/** What is one word in every shell. Names come from files, and a shell would run what stands in `$(…)`. */
const PLAIN = /^[\w.:,=@%+/-]+$/;

function answerTo({command, given, at}: Typed, version: string): Answer {
  const known = new Known(given, command, version);
  switch (at.kind) {
    case 'flag':
      return words(flagsOf(command, given), at.text);
    case 'value':
      return valuesOf(at.of, known, at.text, at.lead);
    case 'nothing':
      return words([], '');
    case 'operand': {
      const inner = at.first ? command.createHelp().visibleCommands(command) : [];
      if (inner.length > 0)
        return words(
          inner.map((one) => ({text: one.name(), about: one.description()})),
          at.text,
        );
      if (at.of) return valuesOf(at.of, known, at.text);
      return words(flagsOf(command, given), at.text);
    }
  }
}

const words = (candidates: readonly Candidate[], begun: string): Answer => ({
  kind: 'words',
  words: candidates.filter(({text}) => text.startsWith(begun)),
});

/** Flags that may be given yet: once, but for those that collect. */
const flagsOf = (command: Command, given: Typed['given']): Candidate[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => Array.isArray(option.defaultValue) || !given.has(option.attributeName()))
    .map((option) => ({text: option.long ?? option.short ?? '', about: option.description}));

/** What stands in the brackets of an option or is an argument's name says what a value is. */
const nameOf = (of: Option | Argument): string =>
  'flags' in of ? (/[<[](.+)[>\]]$/.exec(of.flags)?.[1] ?? '') : of.name();

function valuesOf(of: Option | Argument, known: Known, text: string, lead = ''): Answer {
  const source = of.argChoices ? (): readonly string[] => of.argChoices! : SOURCES[nameOf(of)];
  if (source === undefined) throw new Error(`internal: <${nameOf(of)}> is not said to be any kind of value`);
  if (source === 'files' || source === 'folders') return {kind: source};
  const found = source === 'free' ? [] : source(known, text);
  return words(
    found.map((value) => ({text: lead + value})),
    lead + text,
  );
}

type Source = ((known: Known, text: string) => readonly string[]) | 'files' | 'folders' | 'free';

/** Every kind of value that an option or an argument takes. */
const SOURCES: Readonly<Record<string, Source | undefined>> = {
  profile: (known) => known.profiles(),
  stage: (known) => known.stages(),
  axis: (known) => known.fields(),
  'axis=v1,v2': (known, text) => known.values(text),
  'stage[:axis=value,…]': (known, text) => known.stepPatterns(text),
  step: (known, text) => known.steps(text),
  cell: (known, text) => known.cells(text),
  file: 'files',
  folder: 'folders',
  dir: 'folders',
  'path=value': 'free',
  n: 'free',
  name: 'free',
  port: 'free',
  rows: 'free',
  text: 'free',
  time: 'free',
  url: 'free',
  words: 'free',
};
