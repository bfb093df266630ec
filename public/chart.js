// The candlestick chart: a thin layer over TradingView's lightweight-charts, which is loaded when the
// first chart is made. It hands plain JSON in and nothing out; the pages call it as
// `window.plainsightChart`. Colours are the page's own tokens, read again when the theme changes.

const LIBRARY = "/vendor/lightweight-charts.js";
const MAX_POINTS = 1000;
const MAX_SHADED = 500;
const LONGEST_WAIT_MS = 30_000;
let library;

/**
 * The library, which all charts of the page share. What did not arrive (the server went away in the
 * middle of it) is asked for again, less and less often; under a name of its own, because a browser
 * may remember that a module failed.
 */
async function fetchLibrary() {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await import(attempt === 0 ? LIBRARY : `${LIBRARY}?attempt=${attempt}`);
    } catch {
      await new Promise((done) => setTimeout(done, Math.min(LONGEST_WAIT_MS, 1000 * 2 ** attempt)));
    }
  }
}

const load = () => (library ??= fetchLibrary());

/** A token of the style sheet as a colour that a canvas understands. */
function colours(element) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const of = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    text: of("--text-quiet"),
    grid: of("--line"),
    up: of("--up"),
    down: of("--down"),
    upSoft: of("--up-soft"),
    downSoft: of("--down-soft"),
    accent: of("--accent"),
    lost: of("--shade-lost"),
    healed: of("--shade-healed"),
  };
  probe.remove();
  return found;
}

/** Times of the axis, in UTC or in the reader's zone: the library itself knows no zones. */
function formatters(local) {
  const two = (n) => String(n).padStart(2, "0");
  const parts = (seconds) => {
    const at = new Date(seconds * 1000);
    return local
      ? [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()]
      : [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  };
  const full = (seconds) => {
    const [y, mo, d, h, mi, s] = parts(seconds);
    return `${y}-${two(mo)}-${two(d)} ${two(h)}:${two(mi)}:${two(s)}`;
  };
  // Kinds of tick: 0 year, 1 month, 2 day, 3 time, 4 time with seconds.
  const tick = (seconds, kind) => {
    const [y, mo, d, h, mi, s] = parts(seconds);
    if (kind === 0) return String(y);
    if (kind === 1 || kind === 2) return `${two(mo)}-${two(d)}`;
    return kind === 3 ? `${two(h)}:${two(mi)}` : `${two(h)}:${two(mi)}:${two(s)}`;
  };
  return { full, tick };
}

/** `1234.5` as `1,234.50`, as the rest of the page writes it. */
const grouped = (price, places) => price.toFixed(places).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",");

class Chart {
  constructor(element, options) {
    this.element = element;
    this.options = options;
    this.candles = [];
    this.markers = [];
    this.shades = [];
    /** Periods on the time axis that have a shade and no candle. */
    this.missing = 0;
    this.local = false;
    element.dataset.chart = "loading";
    load().then((lib) => this.open(lib));
  }

  open(lib) {
    if (this.gone) return;
    this.chart = lib.createChart(this.element, {
      autoSize: true,
      layout: { attributionLogo: false, background: { color: "transparent" }, fontFamily: getComputedStyle(this.element).fontFamily, fontSize: 11 },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.08, bottom: 0.24 } },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: this.options.seconds, rightOffset: 4 },
      crosshair: { mode: lib.CrosshairMode.Normal },
    });
    const minMove = 10 ** -this.options.places;
    // Behind everything: full-height bars where the data was not whole.
    this.shading = this.chart.addSeries(lib.HistogramSeries, {
      priceScaleId: "shade", lastValueVisible: false, priceLineVisible: false,
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 1 } }),
    });
    this.chart.priceScale("shade").applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
    this.prices = this.chart.addSeries(lib.CandlestickSeries, { borderVisible: false, priceFormat: { type: "price", precision: this.options.places, minMove } });
    this.volumes = this.chart.addSeries(lib.HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.marks = lib.createSeriesMarkers(this.prices, []);
    this.paint = () => this.applyTheme();
    this.watcher = new MutationObserver(this.paint);
    this.watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.scheme = matchMedia("(prefers-color-scheme: light)");
    this.scheme.addEventListener("change", this.paint);
    this.applyZone();
    this.applyTheme();
    const end = this.candles.length + this.missing;
    this.chart.timeScale().setVisibleLogicalRange({ from: end - this.options.visible, to: end + 3 });
    this.element.dataset.chart = "ready";
  }

  /** All candles: `[time in s, open, high, low, close, volume]`, oldest first. */
  setCandles(json) {
    this.candles = JSON.parse(json).slice(-MAX_POINTS);
    if (this.chart) this.drawAll();
  }

  /** The newest candles again, and what came after them. */
  update(json) {
    for (const row of JSON.parse(json)) {
      const last = this.candles.at(-1);
      if (last && row[0] < last[0]) continue;
      if (last && row[0] === last[0]) this.candles[this.candles.length - 1] = row;
      else this.candles.push(row);
      if (this.chart) {
        this.prices.update(this.price(row));
        this.volumes.update(this.volume(row));
      }
    }
    // Trimmed seldom, because it draws all anew.
    if (this.candles.length > MAX_POINTS * 1.2) {
      this.candles = this.candles.slice(-MAX_POINTS);
      if (this.chart) this.drawAll();
    }
  }

  /** `[time in s, "buy" | "sell", text]`, oldest first. */
  setMarkers(json) {
    this.markers = JSON.parse(json);
    if (this.chart) this.drawMarkers();
  }

  /** `[from in s, to in s, healed]`: where the data was not whole. */
  setShades(json) {
    this.shades = JSON.parse(json);
    if (this.chart) this.drawShades();
  }

  setLocal(local) {
    this.local = local;
    if (this.chart) this.applyZone();
  }

  destroy() {
    this.gone = true;
    this.watcher?.disconnect();
    this.scheme?.removeEventListener("change", this.paint);
    this.chart?.remove();
    this.chart = undefined;
  }

  price([time, open, high, low, close]) {
    return { time, open, high, low, close };
  }

  volume([time, open, , , close, value]) {
    return { time, value, color: close >= open ? this.palette.upSoft : this.palette.downSoft };
  }

  drawAll() {
    this.prices.setData(this.candles.map((row) => this.price(row)));
    this.volumes.setData(this.candles.map((row) => this.volume(row)));
    this.drawMarkers();
    this.drawShades();
  }

  /** One bar for each period that a shade touches, also where there is no candle. */
  drawShades() {
    const first = this.candles[0]?.[0];
    const period = this.options.period;
    if (first === undefined || !period) return this.shading.setData([]);
    const bars = new Map();
    for (const [from, to, healed] of this.shades) {
      const begin = Math.max(first, from - (((from % period) + period) % period));
      for (let time = begin; time <= to && bars.size < MAX_SHADED; time += period) {
        // What stays missing is seen over what was healed.
        if (!healed || !bars.has(time)) bars.set(time, healed);
      }
    }
    const drawn = new Set(this.candles.map(([time]) => time));
    this.missing = [...bars.keys()].filter((time) => !drawn.has(time)).length;
    const sorted = [...bars].sort(([a], [b]) => a - b);
    this.shading.setData(sorted.map(([time, healed]) => ({ time, value: 1, color: healed ? this.palette.healed : this.palette.lost })));
  }

  drawMarkers() {
    const first = this.candles[0]?.[0] ?? 0;
    this.marks.setMarkers(
      this.markers
        .filter(([time]) => time >= first)
        .map(([time, side, text]) => ({
          time,
          text,
          position: side === "buy" ? "belowBar" : "aboveBar",
          shape: side === "buy" ? "arrowUp" : "arrowDown",
          size: 0.7,
          color: side === "buy" ? this.palette.up : this.palette.down,
        })),
    );
  }

  applyZone() {
    const { full, tick } = formatters(this.local);
    this.chart.applyOptions({ localization: { timeFormatter: full, priceFormatter: (price) => grouped(price, this.options.places) }, timeScale: { tickMarkFormatter: tick } });
  }

  applyTheme() {
    this.palette = colours(this.element);
    const { text, grid, up, down } = this.palette;
    this.chart.applyOptions({ layout: { textColor: text }, grid: { vertLines: { color: grid }, horzLines: { color: grid } } });
    this.prices.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.drawAll();
  }
}

window.plainsightChart = {
  /** `options` is JSON: `{places, seconds, visible, period}`. */
  create: (element, options) => new Chart(element, JSON.parse(options)),
};
