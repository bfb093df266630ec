import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = path.resolve(__dirname, '..');
const BIN = path.resolve(ROOT, process.env.PLAINSIGHT_BIN || 'target/debug/plainsight');
const READY_MS = 20_000;
const STOP_MS = 10_000;
const LOG_LIMIT = 1024 * 1024;
// All that a test does comes from one address.
const ROOMY = {
  PLAINSIGHT_LIMITS__CONNECTIONS_PER_ADDRESS: '100000',
  PLAINSIGHT_LIMITS__SOCKETS_PER_ADDRESS: '100000',
  PLAINSIGHT_LIMITS__REQUESTS_PER_S: '100000',
  PLAINSIGHT_LIMITS__REQUEST_BURST: '100000',
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

// Nothing outlives the test run, even if it ends in the middle of a test.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The real server, on a port and a data directory of its own; both survive `restart()`. */
export class Server {
  #process?: ChildProcess;
  #log = '';

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

  /** What it wrote to stdout and stderr, over all starts (the last MiB). */
  logs(): string {
    return this.#log;
  }

  /** Starts it and returns once `/health` answers 200. */
  async start(): Promise<void> {
    if (this.#process) throw new Error('the server is running already');
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
