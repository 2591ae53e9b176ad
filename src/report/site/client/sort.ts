/** What a row sorts by in a column: its number, or its text. Gaps come last in either direction. */
function valueOf(row: HTMLTableRowElement, column: number): string | number | null {
  const cell = row.cells[column];
  const text = cell?.dataset.value ?? cell?.textContent.trim() ?? '';
  if (text === '' || text === '–') return null;
  return cell?.classList.contains('number') ? Number.parseFloat(text) : text;
}

function compare(a: string | number | null, b: string | number | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)));
}

/** Heads become buttons; a second press turns the order around. */
export function makeSortable(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const [body] = table.tBodies;
  if (!body || table.dataset.ready) return;
  table.dataset.ready = 'yes';
  heads.forEach((head, column) => {
    if (head.dataset.sort === 'off') return;
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const first = head.classList.contains('number') ? 'descending' : 'ascending';
      const other = first === 'ascending' ? 'descending' : 'ascending';
      const order = head.ariaSort === first ? other : first;
      for (const one of heads) one.removeAttribute('aria-sort');
      head.ariaSort = order;
      const sign = order === 'ascending' ? 1 : -1;
      const rows = [...body.rows].map((row) => ({row, value: valueOf(row, column)}));
      rows.sort((a, b) => compare(a.value, b.value, sign));
      body.append(...rows.map(({row}) => row));
    });
  });
}
