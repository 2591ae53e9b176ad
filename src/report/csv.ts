/** RFC 4180, with numbers as shortest exact decimals. A word that a spreadsheet would run as a formula is quoted with '. */
export function csv(records: readonly (readonly (string | number | null)[])[]): string {
  const field = (value: string | number | null): string => {
    const word =
      value === null ? '' : typeof value === 'number' ? String(value) : value.replace(/^(?=[=+\-@\t\r])/, "'");
    return /[",\n\r]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
  };
  return records.map((record) => `${record.map(field).join(',')}\r\n`).join('');
}
