import type {Command} from 'commander';
import {isObject, member} from '../base/json.js';
import {load, loadWritten} from '../config/load.js';
import type {Pipeline} from '../config/pipeline.js';
import {graphOf, type Graph} from '../graph/graph.js';
import type {Typed} from './typed.js';

/** Of a matrix with more cells, steps and cells are not named: nobody waits so long for a key. */
const MOST_CELLS = 20_000;

/** What the project knows, as far as a person is to be spared typing it. Nothing where the pipeline has mistakes. */
export class Known {
  readonly #given: Typed['given'];
  readonly #command: Command;
  readonly #version: string;
  #loaded: Pipeline | null | undefined;

  constructor(given: Typed['given'], command: Command, version: string) {
    this.#given = given;
    this.#command = command;
    this.#version = version;
  }

  /** Also of a pipeline with mistakes. */
  profiles(): string[] {
    const {written} = loadWritten(this.#file());
    const profiles = written.ok ? member(written.value.value, 'profiles') : undefined;
    return isObject(profiles) ? Object.keys(profiles) : [];
  }

  stages(): string[] {
    return this.#pipeline()?.stages.map(({name}) => name) ?? [];
  }

  /** Axes, and the fields behind their values: `agent`, `agent.effort`. */
  fields(): string[] {
    return [...(this.#pipeline()?.catalog ?? [])].flatMap(([axis, entries]) => {
      const fields = new Set([...entries.values()].flatMap((entry) => Object.keys(entry)));
      return [axis, ...[...fields].map((field) => `${axis}.${field}`)];
    });
  }

  /** `axis=v1,v2`, up to its next part. */
  values(text: string): string[] {
    const axes = this.#axes();
    const equals = text.indexOf('=');
    return equals < 0 ? [...axes.keys()].map((axis) => `${axis}=`) : this.#further(text.slice(0, equals), text);
  }

  /** A stage, or one with some of its axes, `evaluate:agent=a,b,hours=1`, up to its next part. */
  stepPatterns(text: string): string[] {
    const stages = this.#pipeline()?.stages ?? [];
    const colon = text.indexOf(':');
    if (colon < 0) return stages.flatMap(({name, for: axes}) => (axes.length > 0 ? [name, `${name}:`] : [name]));
    const own = stages.find(({name}) => name === text.slice(0, colon))?.for ?? [];
    const head = text.slice(0, Math.max(colon, text.lastIndexOf(',')) + 1);
    // Behind a comma there may be one more value of the same axis, or another axis.
    const open = /([a-z][a-z0-9-]*)=[^=]*$/.exec(text)?.[1];
    const others = text.includes('=', head.length) ? [] : own.filter((axis) => !wordsOf(text).includes(axis));
    return [...(open === undefined ? [] : this.#further(open, text)), ...others.map((axis) => `${head}${axis}=`)];
  }

  /** One more value of an axis, behind the last `=` or `,` of a text. */
  #further(axis: string, text: string): string[] {
    const head = text.slice(0, Math.max(text.lastIndexOf('='), text.lastIndexOf(',')) + 1);
    const values = this.#axes().get(axis) ?? [];
    return values.filter((value) => !wordsOf(head).includes(value)).map((value) => head + value);
  }

  #axes(): ReadonlyMap<string, readonly string[]> {
    return this.#pipeline()?.matrix.axes ?? new Map<string, readonly string[]>();
  }

  steps(text: string): string[] {
    return upToNextPart([...(this.#graph()?.steps.keys() ?? [])], text);
  }

  cells(text: string): string[] {
    return upToNextPart(this.#graph()?.cells.map(({id}) => id) ?? [], text);
  }

  #file(): string {
    const option = this.#command.options.find((one) => one.attributeName() === 'file');
    return this.#given.get('file')?.at(-1) ?? String(option?.defaultValue);
  }

  #pipeline(): Pipeline | undefined {
    if (this.#loaded === undefined) {
      const {pipeline} = load({
        file: this.#file(),
        profiles: this.#given.get('profile') ?? [],
        sets: this.#given.get('set') ?? [],
        version: this.#version,
      });
      this.#loaded = pipeline.ok ? pipeline.value : null;
    }
    return this.#loaded ?? undefined;
  }

  #graph(): Graph | undefined {
    const pipeline = this.#pipeline();
    if (!pipeline) return undefined;
    const cells = [...pipeline.matrix.axes.values()].reduce((product, values) => product * values.length, 1);
    if (cells > MOST_CELLS) return undefined;
    const graph = graphOf(pipeline, {only: []});
    return graph.ok ? graph.value : undefined;
  }
}

const wordsOf = (text: string): string[] => text.split(/[:=,]/);

/**
 * Of long names that begin so, the way to the next `:` or `,`, as of paths the way to the next folder; the whole name where the
 * way leads to no other.
 */
function upToNextPart(names: readonly string[], begun: string): string[] {
  const ways = new Map<string, string[]>();
  for (const name of names) {
    if (!name.startsWith(begun)) continue;
    const rest = name.slice(begun.length).search(/[:,]/);
    const way = rest < 0 ? name : name.slice(0, begun.length + rest + 1);
    ways.set(way, [...(ways.get(way) ?? []), name]);
  }
  return [...ways].map(([way, led]) => (led.length === 1 ? led[0]! : way));
}
