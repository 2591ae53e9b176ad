import {makeFilters} from './filter.js';
import {followRun} from './live.js';
import {makeSortable} from './sort.js';
import {makeTheme} from './theme.js';
import {makeTraces} from './trace.js';

/** Everything that a page can do. Without this script every page still shows all that it has, traces as files. */
function start(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) makeSortable(table);
  makeFilters();
  makeTraces();
}

makeTheme();
start();
followRun(start);
