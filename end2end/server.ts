import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { BrowserContext } from '@playwright/test';

export const ROOT = path.resolve(__dirname, '..');
const BIN = path.resolve(ROOT, process.env.PLAINSIGHT_BIN || 'target/debug/plainsight');
const READY_MS = 20_000;
const STOP_MS = 10_000;
const LOG_LIMIT = 1024 * 1024;
/** Who the tests' token is of, and who a browser is signed in as. */
export const OPERATOR = 'operator';
/** Every user's. */
export const PASSWORD = 'correct horse battery';
// All that a test does comes from one address.
const ROOMY = {
  PLAINSIGHT_LIMITS__CONNECTIONS_PER_ADDRESS: '100000',
  PLAINSIGHT_LIMITS__SOCKETS_PER_ADDRESS: '100000',
  PLAINSIGHT_LIMITS__REQUESTS_PER_S: '100000',
  PLAINSIGHT_LIMITS__REQUEST_BURST: '100000',
  PLAINSIGHT_LIMITS__SOCKETS_PER_USER: '100000',
  PLAINSIGHT_LIMITS__USER_REQUESTS_PER_S: '100000',
  PLAINSIGHT_LIMITS__USER_REQUEST_BURST: '100000',
};

export interface ServerOptions {
  feed: string;
  /** How fast market time runs: a factor, or `max`. */
  speed: string;
  seed: number;
  /** More arguments for `plainsight serve`. */
  args: string[];
  /** Settings that have no flag, as `PLAINSIGHT_CLIENT__MAX_ATTEMPTS`. */
  env: Record<string, string>;
}

const command = promisify(execFile);

// Nothing outlives the test run, even if it ends in the middle of a test.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The real server, on a port and a data directory of its own; both survive `restart()`. */
export class Server {
  #process?: ChildProcess;
  #log = '';
  #token = '';

  private constructor(
    readonly options: ServerOptions,
    readonly port: number,
    readonly dataDir: string,
  ) {}

  /** Chooses port and directory; `start()` starts it. */
  static async create(options: ServerOptions): Promise<Server> {
    return new Server(options, await freePort(), await mkdtemp(path.join(tmpdir(), 'plainsight-e2e-')));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The operator's, with every scope. There is one once it has started. */
  get token(): string {
    return this.#token;
  }

  /** What it wrote to stdout and stderr, over all starts (the last MiB). */
  logs(): string {
    return this.#log;
  }

  /** Starts it and returns once `/health` answers 200. Before its first start it gets an operator. */
  async start(): Promise<void> {
    if (this.#process) throw new Error('the server is running already');
    if (!this.#token) {
      await this.addUser(OPERATOR, 'operator');
      this.#token = await this.makeToken(OPERATOR, 'read,trade,ingest');
    }
    const { feed, speed, seed, args, env } = this.options;
    const child = spawn(
      BIN,
      ['serve', '--addr', `127.0.0.1:${this.port}`, '--data', this.dataDir]
        .concat(['--feed', feed, '--seed', String(seed), '--speed', speed])
        .concat(args),
      { cwd: ROOT, env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    running.add(child);
    const write = (text: unknown) => {
      this.#log = (this.#log + text).slice(-LOG_LIMIT);
    };
    child.stdout.on('data', write);
    child.stderr.on('data', write);
    child.once('error', (error) => write(`${BIN}: ${error.message}\n`));
    child.once('close', (code, signal) => {
      running.delete(child);
      write(`[the server ended: ${signal ?? `exit code ${code}`}]\n`);
      if (this.#process === child) this.#process = undefined;
    });

    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline && this.#process === child) {
      if (await this.#healthy()) return;
      await sleep(50);
    }
    const why = this.#process === child ? `was not ready within ${READY_MS / 1000} s` : 'ended before it was ready';
    await this.kill();
    throw new Error(`the server ${why}. It wrote:\n${this.#log}`);
  }

  /** Adds a user with the tests' password, as somebody on its machine would. */
  async addUser(name: string, role: 'viewer' | 'operator' | 'admin'): Promise<void> {
    await this.#run(['user', 'add', name, '--role', role, '--password-stdin'], PASSWORD);
  }

  /** Makes a token for a user in the same way. */
  async makeToken(user: string, scopes: string, note = ''): Promise<string> {
    const made = ['token', 'create', '--user', user, '--scope', scopes, '--expires', '1d', '--note', note];
    return (await this.#run(made)).trim();
  }

  /** Signs a browser in, as the form would. */
  async signIn(context: BrowserContext, username = OPERATOR): Promise<void> {
    const response = await context.request.post(`${this.url}/v1/auth/login`, {
      headers: { Origin: this.url },
      data: { username, password: PASSWORD },
    });
    if (!response.ok()) throw new Error(`${username} is not let in: ${response.status()} ${await response.text()}`);
  }

  /** Ends it as a crash would (SIGKILL). */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end (SIGINT), which it must do in time; returns its exit code. */
  async stop(): Promise<number | null> {
    const code = await this.#end('SIGINT');
    if (code === 'late') {
      await this.kill();
      throw new Error(`the server did not stop within ${STOP_MS / 1000} s of SIGINT. It wrote:\n${this.#log}`);
    }
    return code;
  }

  /** Starts it again where it was; stops it first, unless it was killed. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Kills it and removes its data. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Another command of the program, on this server's data; gives what it printed. */
  async #run(args: string[], input = ''): Promise<string> {
    const done = command(BIN, [...args, '--data', this.dataDir], { cwd: ROOT, env: environment(), timeout: READY_MS });
    // A command that reads nothing may be gone before it is told so (EPIPE): its exit code says what came of it.
    done.child.stdin?.on('error', () => {}).end(input);
    return (await done).stdout;
  }

  async #healthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(1000) })).status === 200;
    } catch {
      return false;
    }
  }

  async #end(signal: 'SIGKILL' | 'SIGINT'): Promise<number | null | 'late'> {
    const child = this.#process;
    if (!child) return null;
    const closed = once(child, 'close') as Promise<[number | null]>;
    child.kill(signal);
    const timer = new AbortController();
    const late = sleep(STOP_MS, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
    const result = await Promise.race([closed, late]);
    timer.abort();
    return result === 'late' ? result : result[0];
  }
}

/** Ours without the settings somebody has for their own Plainsight: a test names all that it needs. */
function environment(): NodeJS.ProcessEnv {
  const settings = /^(PLAINSIGHT|LEPTOS)_/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.test(name)));
  return { ...env, ...ROOMY, LEPTOS_SITE_ROOT: process.env.LEPTOS_SITE_ROOT || 'target/site' };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
