import type {Json} from '../../base/json.js';

/** A node of the metadata's `@graph`. */
export type Entity = {readonly '@id': string; readonly '@type': string | readonly string[]} & {
  readonly [property: string]: Json | undefined;
};

export type Ref = {readonly '@id': string};

export const ref = (id: string): Ref => ({'@id': id});

/** Entities by id; of two with the same id, the first stays. */
export class Entities {
  readonly #known = new Map<string, Entity>();

  add(entity: Entity): Ref {
    if (!this.#known.has(entity['@id'])) this.#known.set(entity['@id'], entity);
    return ref(entity['@id']);
  }

  /** A name and a value, as schema.org writes what has no property of its own. */
  value(of: string, name: string, value: string | number, more: {readonly [property: string]: Json} = {}): Ref {
    return this.add({'@id': `${of}/${encodeURIComponent(name)}`, '@type': 'PropertyValue', name, value, ...more});
  }

  all(): readonly Entity[] {
    return [...this.#known.values()];
  }
}

/** A path as a relative URI. */
export const uriOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
