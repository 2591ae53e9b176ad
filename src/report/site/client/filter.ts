/** Inputs in a `.filters` group hide the rows of the table that it names: a select by equality, a text by its words. */
export function makeFilters(): void {
  for (const group of document.querySelectorAll<HTMLElement>('.filters')) {
    const table = document.getElementById(group.dataset.table ?? '') as HTMLTableElement | null;
    const body = table?.tBodies[0];
    if (!body || group.dataset.ready) continue;
    group.dataset.ready = 'yes';
    group.hidden = false;
    const rows = [...body.rows].map((row) => ({
      row,
      is: JSON.parse(row.dataset.filter ?? '{}') as Record<string, string>,
      text: row.textContent.toLowerCase(),
    }));
    const count = group.querySelector('output');
    const apply = (): void => {
      const words = (group.querySelector('input')?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean);
      const selects = [...group.querySelectorAll('select')].filter(({value}) => value !== '');
      let shown = 0;
      for (const {row, is, text} of rows) {
        const keep = words.every((word) => text.includes(word)) && selects.every(({name, value}) => is[name] === value);
        row.hidden = !keep;
        if (keep) shown++;
      }
      if (count) count.value = `${shown} of ${rows.length}`;
    };
    group.addEventListener('input', apply);
    apply();
  }
}
