const SECONDS = {s: 1, m: 60, h: 3600, d: 86_400} as const;
const MEGABYTES = {MB: 1, GB: 1000, TB: 1_000_000} as const;

const parse = (text: string, units: Readonly<Record<string, number>>): number | undefined => {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text);
  const unit = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  return unit === undefined ? undefined : Number(match![1]) * unit;
};

/** `"10h"`, `"1.5m"`, `"30s"`, `"2d"` in seconds; undefined when it is not a duration. */
export const seconds = (text: string): number | undefined => parse(text, SECONDS);

/** `"128GB"`, `"512MB"`, `"1TB"` in megabytes (10^6 bytes); undefined when it is not a size. */
export const megabytes = (text: string): number | undefined => parse(text, MEGABYTES);

/** Seconds as a person reads them: `8 s`, `3 min 20 s`, `9 h 12 min`. */
export function describeSeconds(value: number): string {
  if (value < 9.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Bytes as a person reads them: `812 B`, `3.1 MB`, `8.0 GB`. */
export function describeBytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const power = Math.min(4, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toFixed(1)} ${['kB', 'MB', 'GB', 'TB'][power - 1]!}`;
}
