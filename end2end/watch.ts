// What happens in a page, recorded while it happens. Install a recorder before the page is opened.
import { type BrowserContext, type Locator, type Page, expect } from '@playwright/test';

declare global {
  interface Window {
    plainsight: {
      status(): Status;
      on(name: string, listener: (detail: unknown) => void): () => void;
    };
    recordedStates: string[];
    recordedFigures: Record<string, string>;
    recordedConflicts: string[];
  }
}

/** What `window.plainsight.status()` says, as far as tests read it. */
export interface Status {
  state: string;
  attempt?: number;
  next_in_s?: number;
  topics: Record<string, { epoch: string | null; offset: number | null; users: number; subscribed: boolean }>;
  stats: { reconnects: number };
}

export function badge(page: Page): Locator {
  return page.locator('.connection');
}

/** Waits until the page is live, or live with a topic that is late. */
export async function isLive(page: Page, timeout = 10_000): Promise<void> {
  await expect(badge(page)).toHaveAttribute('data-state', /^(live|degraded)$/, { timeout });
}

export function status(page: Page): Promise<Status> {
  return page.evaluate(() => window.plainsight.status());
}

export function field(page: Page, name: string): Locator {
  return page.locator(`[data-field="${name}"]`).first();
}

/** The `data-id`s of the rows or items in `place`, as they stand. */
export function idsIn(place: Locator): Promise<string[]> {
  return place.locator('[data-id]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
}

/** Records each state that the badge shows. */
export async function recordStates(target: Page | BrowserContext): Promise<void> {
  await target.addInitScript(() => {
    window.recordedStates = [];
    const look = () => {
      const state = document.querySelector('.connection')?.getAttribute('data-state');
      if (state && state !== window.recordedStates.at(-1)) window.recordedStates.push(state);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });
  });
}

/** Records every figure that is shown together with its seq, as `field@seq` → exact value. */
export async function recordFigures(target: Page | BrowserContext): Promise<void> {
  await target.addInitScript(() => {
    window.recordedFigures = {};
    window.recordedConflicts = [];
    const look = () => {
      for (const figure of document.querySelectorAll('[data-field][data-seq][data-value]')) {
        const key = `${figure.getAttribute('data-field')}@${figure.getAttribute('data-seq')}`;
        const value = figure.getAttribute('data-value') ?? '';
        const known = (window.recordedFigures[key] ??= value);
        if (known !== value) window.recordedConflicts.push(`${key}: ${known}, then ${value}`);
      }
    };
    // Between two tasks the page is whole: what one update changes, it has changed by then.
    setInterval(look, 20);
  });
}

/** The figures recorded so far. A figure that had two values at one seq is a failure. */
export async function figures(page: Page): Promise<Map<string, string>> {
  const [found, conflicts] = await page.evaluate(() => [window.recordedFigures, window.recordedConflicts] as const);
  expect(conflicts, 'one seq, one value').toEqual([]);
  return new Map(Object.entries(found));
}

interface Frame {
  type: string;
  [key: string]: unknown;
}

/**
 * The page's live sockets and the frames on them. The sockets carry bytes; what they say is read
 * from the console, where the page writes it for whoever asks for it.
 */
export class Sockets {
  opened = 0;
  readonly sent: Frame[] = [];
  readonly received: Frame[] = [];

  private constructor(page: Page) {
    page.on('websocket', (socket) => {
      if (socket.url().endsWith('/v1/ws')) this.opened += 1;
    });
    page.on('console', (message) => this.#note(message.text()));
  }

  /** Watches the page from its next navigation on. */
  static async of(page: Page): Promise<Sockets> {
    await page.addInitScript(() => localStorage.setItem('debug', 'websocket'));
    return new Sockets(page);
  }

  #note(line: string): void {
    const [, direction, json] = /^([→←]) (\{.*\})$/s.exec(line) ?? [];
    if (!json) return;
    (direction === '→' ? this.sent : this.received).push(JSON.parse(json) as Frame);
  }

  sentOf(type: string): Frame[] {
    return this.sent.filter((frame) => frame.type === type);
  }

  receivedOf(type: string): Frame[] {
    return this.received.filter((frame) => frame.type === type);
  }
}
