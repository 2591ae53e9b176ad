import {closest, distance} from 'fastest-levenshtein';

/** `did you mean "gsm8k"?` when one of the known words is near, else the list of them. */
export function suggest(word: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none';
  const best = closeTo(word, known);
  if (best !== undefined) return `did you mean "${best}"?`;
  const shown = known.slice(0, 20);
  return `known: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}`;
}

/** The known word that is near enough to be meant, if there is one. */
export function closeTo(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(word, known);
  // Two swapped letters count as two; of a word of one or two letters nothing would be left.
  const near = Math.max(1, Math.floor(word.length * 0.4));
  return word.length > 2 && distance(word, best) <= near ? best : undefined;
}
