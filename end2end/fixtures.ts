import { type BrowserContext, type Response, test as base, expect } from '@playwright/test';
import { OPERATOR, Server, type ServerOptions } from './server';

export { expect, Server };

/** What a browser says when its server goes away: for tests that take it away. */
export const SERVER_GONE = /WebSocket connection to .* failed|net::ERR_(CONNECTION|EMPTY_RESPONSE|SOCKET|CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED_ENCODING)/;

/** Collects console errors and uncaught exceptions; any that is not allowed fails the test. */
export class Problems {
  readonly #seen: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** For a context that the test made itself; the built-in one is watched already. */
  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') this.#seen.push(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (problem) => {
      const error = problem.error();
      this.#seen.push(error.stack ?? String(error));
    });
  }

  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  unexpected(): string[] {
    return this.#seen.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
  }
}

interface Options {
  feed: ServerOptions['feed'];
  speed: ServerOptions['speed'];
  seed: ServerOptions['seed'];
  serverArgs: ServerOptions['args'];
  serverEnv: ServerOptions['env'];
  /** Who the browser is signed in as. A stranger has not signed in. */
  visitor: 'operator' | 'stranger';
}

interface Fixtures {
  /** A running server of this test's own. */
  server: Server;
  problems: Problems;
  /** Opens a page of the server and waits until it is hydrated: before that, clicks are lost. */
  open: (path: string) => Promise<Response>;
}

/** Playwright's `test` with a server; its options are set with `test.use({ feed: …, speed: … })`. */
export const test = base.extend<Options & Fixtures>({
  feed: ['simulated', { option: true }],
  speed: ['10', { option: true }],
  seed: [1, { option: true }],
  serverArgs: [[], { option: true }],
  serverEnv: [{}, { option: true }],
  visitor: ['operator', { option: true }],

  server: async ({ feed, speed, seed, serverArgs, serverEnv }, use, testInfo) => {
    const server = await Server.create({ feed, speed, seed, args: serverArgs, env: serverEnv });
    try {
      await server.start();
      await use(server);
    } finally {
      await server.dispose();
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach('server.log', { body: server.logs(), contentType: 'text/plain' });
      }
    }
  },

  context: async ({ context, server, visitor }, use) => {
    if (visitor === 'operator') await server.signIn(context, OPERATOR);
    await use(context);
  },

  // The server is named first, so it starts before the browser's context and ends after it:
  // a page that outlives its server complains.
  problems: [
    async ({ server: _, context }, use) => {
      const problems = new Problems();
      problems.watch(context);
      await use(problems);
      expect(problems.unexpected(), 'errors in the browser').toEqual([]);
    },
    { auto: true },
  ],

  open: async ({ page, server }, use) => {
    await use(async (path) => {
      const response = await page.goto(server.url + path);
      if (!response) throw new Error(`no response to ${path}`);
      await expect(page.locator('body[data-hydrated]'), `${path} hydrates`).toBeAttached({ timeout: 20_000 });
      return response;
    });
  },
});
