import type {Result} from '../base/issue.js';
import type {Pipeline} from '../config/pipeline.js';
import type {Stage} from '../config/stage.js';
import type {Axes} from '../matrix/cell.js';
import {specOf, type Spec} from './spec.js';

/** The specs of a stage's steps. Steps that differ only on axes that the stage looks nothing up of share one. */
export class Specs {
  readonly #known = new Map<string, Result<Spec>>();
  /** Axes that look-ups of this stage have asked for. */
  readonly #asked = new Set<string>();
  readonly #allAxes: readonly string[];

  constructor(
    private readonly stage: Stage,
    private readonly pipeline: Pipeline,
  ) {
    this.#allAxes = [...pipeline.matrix.axes.keys()];
  }

  of(at: Axes): Result<Spec> {
    const known = this.#known.get(this.#seen(at));
    if (known) return known;
    const before = this.#asked.size;
    const spec = specOf(this.stage, this.#scope(at), this.pipeline);
    // What was made before asked for fewer axes, by values that are this step's too.
    if (this.#asked.size > before) this.#known.clear();
    this.#known.set(this.#seen(at), spec);
    return spec;
  }

  /** A step as far as look-ups have seen it. */
  #seen(at: Axes): string {
    return JSON.stringify([...this.#asked].map((axis) => at[axis]));
  }

  #scope(at: Axes): Parameters<typeof specOf>[1] {
    const {catalog, settings, pins} = this.pipeline;
    const asked = this.#asked;
    const axes = new Map(
      Object.entries(at).map(([axis, value]) => [axis, {value, fields: catalog.get(axis)?.get(value) ?? {use: value}}]),
    );
    const noted = {
      get: (axis: string) => {
        if (axes.has(axis)) asked.add(axis);
        return axes.get(axis);
      },
      keys: () => axes.keys(),
    };
    return {axes: noted, settings, pins, allAxes: this.#allAxes};
  }
}
