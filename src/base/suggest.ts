import {closest, distance} from 'fastest-levenshtein';

/** `did you mean "gsm8k"?` when one of the known words is near, else the list of them. */
export function suggest(word: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none';
  const best = closest(word, known);
  if (distance(word, best) <= Math.max(1, Math.floor(word.length / 3))) return `did you mean "${best}"?`;
  const shown = known.slice(0, 12);
  return `known: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}`;
}
