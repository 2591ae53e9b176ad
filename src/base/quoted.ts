/** A word of the user's inside a message, in quotes; a long one is cut. */
export const quoted = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`;
