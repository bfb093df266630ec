import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

// The system's Chromium: Playwright's own build is never downloaded. The same places as in
// scripts/setup.sh.
const chromium =
  process.env.CHROMIUM_PATH ||
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

export default defineConfig({
  testDir: './tests',
  outputDir: './test-results/artifacts',
  // Generous: machines are noisy, and axe looks at every cell of a page that moves.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  // Every test has a server of its own, so they may run side by side.
  fullyParallel: true,
  workers: 2,
  // A test that passes at the second try has found something.
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['json', { outputFile: './test-results/report.json' }]],
  use: {
    ...devices['Desktop Chrome'],
    locale: 'en-GB',
    // Not UTC: a page that formats a time before it hydrates would differ from the server's.
    timezoneId: 'America/New_York',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        // Runs as root in a container; it only ever visits the server under test.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
