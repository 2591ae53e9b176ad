/** Time of day, kind, tool, text, how many characters were left out. */
type Entry = readonly [time: string, kind: string, tool: string, text: string, more: number];

/** Chunks hand over their entries by calling this: pages opened from disk may load scripts, but fetch nothing. */
declare global {
  interface Window {
    ptbTrace?: (chunk: string, entries: readonly Entry[]) => void;
  }
}

function drawn([time, kind, tool, text, more]: Entry): HTMLElement {
  const entry = document.createElement('div');
  entry.className = 'entry';
  const at = document.createElement('time');
  at.textContent = time;
  const what = document.createElement('span');
  what.className = `kind ${/^[a-z_]+$/.test(kind) ? kind : ''}`;
  what.textContent = tool === '' ? kind.replace('_', ' ') : tool;
  const body = document.createElement('pre');
  body.className = 'text';
  body.textContent = more > 0 ? `${text}\n… ${more.toLocaleString('en')} more characters in the file` : text;
  entry.append(at, what, body);
  return entry;
}

/** Far more than a screen, so that scrolling rarely meets a gap. */
const AHEAD = '1500px';

/** Loads the chunks of a trace as they come near, and lets go of those that are far: 100 MB stay usable. */
export function makeTraces(): void {
  for (const box of document.querySelectorAll<HTMLElement>('.trace[data-src]')) {
    const {src} = box.dataset;
    if (src === undefined || box.dataset.ready) continue;
    box.dataset.ready = 'yes';
    const chunks = new Map(
      [...box.querySelectorAll<HTMLElement>('.chunk')].map((chunk) => [chunk.dataset.chunk, chunk]),
    );
    const near = new Set<HTMLElement>();
    window.ptbTrace = (number, entries) => {
      const chunk = chunks.get(number);
      if (!chunk || !near.has(chunk)) return;
      chunk.style.height = '';
      chunk.replaceChildren(...entries.map(drawn));
    };
    const observer = new IntersectionObserver(
      (changes) => {
        for (const {target, isIntersecting} of changes) {
          const chunk = target as HTMLElement;
          if (isIntersecting && !near.has(chunk)) {
            near.add(chunk);
            const script = document.createElement('script');
            script.src = `${src}${chunk.dataset.chunk ?? ''}.js`;
            script.addEventListener('load', () => script.remove());
            document.head.append(script);
          } else if (!isIntersecting && near.delete(chunk)) {
            chunk.style.height = `${chunk.offsetHeight}px`;
            chunk.replaceChildren();
          }
        }
      },
      {root: box, rootMargin: AHEAD},
    );
    for (const chunk of chunks.values()) observer.observe(chunk);
  }
}
