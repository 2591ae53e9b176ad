import {groupBy} from '../../base/group.js';
import {describeSeconds} from '../../base/quantity.js';
import {CAUSES} from '../../score/cell.js';
import {bars, SERIES} from './charts.js';
import {html, type Html} from './html.js';
import {figure, table} from './layout.js';
import type {SiteCell, SiteData} from './model.js';
import {countCell, moneyCell} from './parts.js';

/** Less than this part of its budget, and by its own will, is an early end. */
const EARLY = 0.9;

type Summary = {
  readonly name: string;
  readonly cells: number;
  readonly worked: readonly SiteCell[];
  readonly meanSeconds: number | null;
  readonly budgetShare: number | null;
  readonly early: number;
  readonly timeUp: number;
  readonly timerAsks: number | null;
  readonly toolCalls: number | null;
  readonly turns: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
  readonly methods: ReadonlyMap<string, number>;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly attempts: number;
};

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
const sum = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
const known = <T>(list: readonly T[], look: (one: T) => number | null | undefined): number[] =>
  list.flatMap((one) => look(one) ?? []);

function summarise(name: string, cells: readonly SiteCell[]): Summary {
  const worked = cells.filter(({work}) => work !== null);
  const shares = worked.flatMap(({work}) => (work!.limit ? [work!.seconds / work!.limit] : []));
  const count = (values: readonly string[]): Map<string, number> =>
    new Map([...groupBy(values, (value) => value)].map(([value, list]) => [value, list.length]));
  return {
    name,
    cells: cells.length,
    worked,
    meanSeconds: mean(worked.map(({work}) => work!.seconds)),
    budgetShare: mean(shares),
    early: worked.filter(
      ({work}) => work!.outcome === 'exited' && work!.limit !== null && work!.seconds < EARLY * work!.limit,
    ).length,
    timeUp: worked.filter(({work}) => work!.outcome === 'timed-out').length,
    timerAsks: mean(known(cells, ({behaviour}) => behaviour?.timerAsks)),
    toolCalls: mean(known(cells, ({behaviour}) => behaviour?.toolCalls)),
    turns: mean(known(cells, ({usage}) => usage?.turns)),
    inputTokens: sum(known(cells, ({usage}) => usage?.inputTokens)),
    outputTokens: sum(known(cells, ({usage}) => usage?.outputTokens)),
    costUsd: sum(known(cells, ({usage}) => usage?.costUsd)),
    methods: count(cells.flatMap(({behaviour}) => behaviour?.methods ?? [])),
    outcomes: count(cells.flatMap(({score}) => (score.kind === 'substituted' ? [score.cause!] : []))),
    attempts: cells.reduce((total, {steps}) => total + steps.reduce((all, {failed}) => all + failed.length, 0), 0),
  };
}

const number = (value: number | null, digits = 1) =>
  value === null ? {show: '', value: null} : {show: value.toFixed(digits), value};

/** Time, persistence, methods, tool calls, tokens, cost and failures of each agent. */
export function agentsPage({cells}: SiteData): Html {
  const all = [...groupBy(cells, ({row}) => row)].map(([name, list]) => summarise(name, list));
  const timed = all.filter(({meanSeconds}) => meanSeconds !== null);
  return html`<h1>What agents did</h1>
    <p class="lead">
      From the traces, the scripts that were left in the work folders, and the usage records. An early end is one by the
      agent’s own will before ${EARLY * 100} % of its budget.
    </p>
    ${
      timed.length === 0
        ? html`<p class="callout">No agent has finished yet.</p>`
        : html`<h2>Time and persistence</h2>
            ${table(
              'Time and persistence by agent',
              [
                {title: 'Agent', kind: 'text'},
                {title: 'Cells', kind: 'number'},
                {title: 'Mean time', kind: 'number'},
                {title: 'Of budget', kind: 'number'},
                {title: 'Ended early', kind: 'number'},
                {title: 'Time was up', kind: 'number'},
                {title: 'Asked the timer', kind: 'number'},
                {title: 'Failed attempts', kind: 'number'},
              ],
              all.map((one) => ({
                cells: [
                  {show: one.name},
                  {show: `${one.worked.length} of ${one.cells}`, value: one.worked.length},
                  one.meanSeconds === null
                    ? {show: '', value: null}
                    : {show: describeSeconds(one.meanSeconds), value: one.meanSeconds},
                  one.budgetShare === null
                    ? {show: '', value: null}
                    : {
                        show: html`<span
                            class="bar"
                            style="width:${(Math.min(1, one.budgetShare) * 4).toFixed(2)}rem"
                          ></span
                          >${(one.budgetShare * 100).toFixed(0)} %`,
                        value: one.budgetShare,
                      },
                  countCell(one.early),
                  countCell(one.timeUp),
                  number(one.timerAsks),
                  countCell(one.attempts),
                ],
              })),
            )}`
    }
    ${used(all)} ${methods(all)} ${failures(all)}
    ${
      timed.length === 0
        ? ''
        : figure(
            'Share of the budget used',
            bars(
              'Mean share of the time budget that each agent used',
              'of the budget (%) →',
              timed
                .filter(({budgetShare}) => budgetShare !== null)
                .sort((a, b) => b.budgetShare! - a.budgetShare!)
                .map(({name, budgetShare}) => ({
                  name,
                  value: budgetShare!,
                  std: null,
                  ink: SERIES[0]!,
                  tip: `${name}: ${(budgetShare! * 100).toFixed(0)} %`,
                })),
              {digits: 0},
            ),
          )
    }`;
}

const used = (all: readonly Summary[]): Html =>
  html`<h2>Tool calls, tokens, cost</h2>
    ${table(
      'Tool calls, tokens and cost by agent',
      [
        {title: 'Agent', kind: 'text'},
        {title: 'Tool calls a cell', kind: 'number'},
        {title: 'Turns a cell', kind: 'number'},
        {title: 'Input tokens', kind: 'number'},
        {title: 'Output tokens', kind: 'number'},
        {title: 'API cost', kind: 'number'},
      ],
      all.map((one) => ({
        cells: [
          {show: one.name},
          number(one.toolCalls),
          number(one.turns),
          countCell(one.inputTokens),
          countCell(one.outputTokens),
          moneyCell(one.costUsd),
        ],
      })),
    )}`;

function methods(all: readonly Summary[]): Html {
  const found = [...new Set(all.flatMap(({methods: used}) => [...used.keys()]))];
  if (found.length === 0) return html``;
  return html`<h2>Methods</h2>
    <p class="soft">
      In how many of its cells a sign of the method stands in a command or a script: a trace of it, no proof that it
      helped.
    </p>
    ${table(
      'Cells with signs of a method, by agent',
      [{title: 'Agent', kind: 'text'}, ...found.map((name) => ({title: name, kind: 'number'}) as const)],
      all.map((one) => ({
        cells: [
          {show: one.name},
          ...found.map((name) => {
            const count = one.methods.get(name) ?? 0;
            return {...countCell(count), heat: count === 0 ? null : count / one.cells};
          }),
        ],
      })),
    )}`;
}

const failures = (all: readonly Summary[]): Html =>
  html`<h2>Failure classes</h2>
    ${table(
      'Substituted cells by cause and agent',
      [{title: 'Agent', kind: 'text'}, ...CAUSES.map((cause) => ({title: cause, kind: 'number'}) as const)],
      all.map((one) => ({
        cells: [{show: one.name}, ...CAUSES.map((cause) => countCell(one.outcomes.get(cause) ?? 0))],
      })),
    )}`;
