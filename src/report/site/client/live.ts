/**
 * While `ptb report --serve` shows a run: takes each new state of the page without losing the place, the order of tables or
 * what stands in the filters.
 */
export function followRun(start: () => void): void {
  if (!document.querySelector('meta[name="ptb-live"]')) return;
  const badge = document.createElement('div');
  badge.className = 'live';
  badge.role = 'status';
  badge.textContent = 'live';
  document.body.append(badge);
  const root = document
    .querySelector<HTMLLinkElement>('link[rel="stylesheet"]')!
    .href.replace(/assets\/site\.css$/, '');
  const source = new EventSource(`${root}events`);
  source.addEventListener('open', () => (badge.textContent = 'live'));
  source.addEventListener('error', () => (badge.textContent = 'not connected'));
  source.addEventListener('update', () => {
    void (async () => {
      const response = await fetch(location.href, {cache: 'no-store'});
      if (!response.ok) return;
      const next = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main');
      const main = document.querySelector('main');
      // Whoever reads a trace keeps it.
      if (!next || !main || main.querySelector('.trace')) return;
      const orders = [...main.querySelectorAll<HTMLTableElement>('table')].map((table) => {
        const column = [...(table.tHead?.rows[0]?.cells ?? [])].findIndex((head) => head.ariaSort !== null);
        return {column, order: table.tHead?.rows[0]?.cells[column]?.ariaSort};
      });
      const fields = [
        ...main.querySelectorAll<HTMLInputElement | HTMLSelectElement>('.filters input, .filters select'),
      ].map(({value}) => value);
      main.replaceChildren(...next.childNodes);
      main
        .querySelectorAll<HTMLInputElement | HTMLSelectElement>('.filters input, .filters select')
        .forEach((field, n) => {
          field.value = fields[n] ?? '';
        });
      start();
      main.querySelectorAll<HTMLTableElement>('table').forEach((table, n) => {
        const wanted = orders[n];
        const head = table.tHead?.rows[0]?.cells[wanted?.column ?? -1];
        for (let press = 0; head && wanted?.order && head.ariaSort !== wanted.order && press < 2; press++)
          head.querySelector('button')?.click();
      });
      badge.textContent = `live, ${new Date().toLocaleTimeString()}`;
    })();
  });
}
