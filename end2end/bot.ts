import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, type Server } from './server';

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** What the bot said that it was about to tell, and when it said so. */
export interface Told {
  decision: string;
  fill: string;
  at: number;
}

/** `examples/bot.py`, run as a reader would run it, with `--once`. */
export class Bot {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  #told?: Told;

  constructor(server: Server, name: string, ...more: string[]) {
    const script = path.join(ROOT, 'examples/bot.py');
    this.#process = spawn('python3', [script, '--url', server.url, '--bot', name, '--once', ...more], {
      // Not as an argument: those can be seen by others.
      env: { ...process.env, PLAINSIGHT_TOKEN: server.token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#process);
    this.#process.once('close', () => running.delete(this.#process));
    const read = (text: unknown) => {
      const at = Date.now();
      for (const line of String(text).split('\n').filter(Boolean)) {
        this.lines.push(line);
        const match = /(d-\S+) (f-\S+)$/.exec(line);
        if (match?.[1] && match[2]) this.#told = { decision: match[1], fill: match[2], at };
      }
    };
    this.#process.stdout?.on('data', read);
    this.#process.stderr?.on('data', read);
  }

  /** Waits until it is about to post. */
  async tells(): Promise<Told> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(5)) {
      if (this.#told) return this.#told;
    }
    throw new Error(`the bot told nothing: ${this.lines.join('\n')}`);
  }

  /** Waits until it has ended well; gives its last line. */
  async ends(): Promise<string> {
    const ended =
      this.#process.exitCode ?? once(this.#process, 'close').then(([code]) => code as number | null);
    const code = await Promise.race([ended, sleep(20_000, 'late', { ref: false })]);
    if (code !== 0) {
      this.#process.kill('SIGKILL');
      throw new Error(`the bot ended with ${code}: ${this.lines.join('\n')}`);
    }
    return this.lines.at(-1) ?? '';
  }
}
