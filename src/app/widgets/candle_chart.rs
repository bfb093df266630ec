//! The candlestick chart: drawn as SVG by the server, then taken over by the chart of `/chart.js`
//! where that can be had. If it cannot, the SVG stays and stays live.

use js_sys::{Function, Reflect};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use super::Plot;
use crate::app::chart::{self, Shade};
use crate::app::clock::use_clock;
use crate::domain::{Candle, TimeUs};

/// A mark on the chart: the fills of one side in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Start of the period.
    pub time: TimeUs,
    pub is_buy: bool,
    pub text: String,
}

/// How many candles are seen at first, and drawn by the server.
const VISIBLE: usize = 120;
/// Waiting for the chart's script: so often, so long.
const TRIES: u32 = 100;
const WAIT_MS: u32 = 50;

#[component]
pub fn CandleChart(
    #[prop(into)] candles: Signal<Option<Vec<Candle>>>,
    #[prop(into)] markers: Signal<Vec<Marker>>,
    /// Where the data was not whole.
    #[prop(default = Signal::stored(Vec::new()), into)]
    shades: Signal<Vec<Shade>>,
) -> impl IntoView {
    let place: NodeRef<html::Div> = NodeRef::new();
    let clock = use_clock();
    let script_is_there = RwSignal::new(false);
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            for _ in 0..TRIES {
                if factory().is_some() {
                    let _ = script_is_there.try_set(true);
                    return;
                }
                gloo_timers::future::TimeoutFuture::new(WAIT_MS).await;
            }
        });
    });
    Effect::new(move |drawn: Option<Option<Drawn>>| {
        let element = place.get()?;
        if !script_is_there.get() {
            return None;
        }
        candles.with(|candles| {
            let candles = candles.as_ref()?;
            let mut drawn = match drawn.flatten() {
                Some(drawn) => drawn,
                None => Drawn::create(&element, candles)?,
            };
            drawn.show(candles, markers.get(), shades.get(), clock.is_local());
            Some(drawn)
        })
    });
    let plot = Memo::new(move |_| {
        candles.with(|candles| chart::candles(candles.as_ref()?, VISIBLE, |t| clock.axis_time(t)))
    });
    let shaded = Memo::new(move |_| {
        candles.with(|candles| {
            let candles = candles.as_deref().unwrap_or_default();
            shades.with(|shades| {
                [false, true].map(|healed| chart::shades(candles, VISIBLE, shades, healed))
            })
        })
    });
    view! {
        <figure class="chart">
            <div class="chart-live" node_ref=place></div>
            <div class="chart-still">
                {move || {
                    plot.get()
                        .map(|plot| {
                            view! {
                                <Plot words=plot.words levels=plot.levels times=plot.times>
                                    <path class="shade lost" d=move || shaded.get()[0].clone()></path>
                                    <path class="shade healed" d=move || shaded.get()[1].clone()></path>
                                    <path class="wick up" d=plot.up_wicks></path>
                                    <path class="body up" d=plot.up_bodies></path>
                                    <path class="wick down" d=plot.down_wicks></path>
                                    <path class="body down" d=plot.down_bodies></path>
                                </Plot>
                            }
                        })
                }}
            </div>
            <figcaption>
                {move || clock.zone()} " · "
                <a href="https://www.tradingview.com/" rel="noopener" target="_blank">
                    "Charts by TradingView"
                </a>
            </figcaption>
        </figure>
    }
    .into_any()
}

fn factory() -> Option<Function> {
    let api = Reflect::get(&window(), &"plainsightChart".into()).ok()?;
    Reflect::get(&api, &"create".into()).ok()?.dyn_into().ok()
}

/// A chart of `/chart.js` and what it shows.
struct Drawn {
    chart: JsValue,
    /// Start of the newest candle that was drawn.
    newest: Option<TimeUs>,
    markers: Vec<Marker>,
    shades: Vec<Shade>,
    is_local: bool,
}

impl Drawn {
    fn create(element: &web_sys::HtmlElement, candles: &[Candle]) -> Option<Self> {
        let last = candles.last()?;
        let price = crate::app::format::price(last.close);
        let places = price.split_once('.').map_or(0, |(_, digits)| digits.len());
        let has_seconds = last.interval.micros() < crate::domain::time::MINUTE;
        let options = serde_json::json!({
            "places": places, "seconds": has_seconds, "visible": VISIBLE,
            "period": last.interval.micros() / crate::domain::time::SECOND,
        });
        let chart = factory()?
            .call2(&JsValue::NULL, element, &options.to_string().into())
            .ok()?;
        Some(Self {
            chart,
            newest: None,
            markers: Vec::new(),
            shades: Vec::new(),
            is_local: false,
        })
    }

    fn show(
        &mut self,
        candles: &[Candle],
        markers: Vec<Marker>,
        shades: Vec<Shade>,
        is_local: bool,
    ) {
        // Only what changed since the newest that is drawn, unless that has gone.
        let known = self
            .newest
            .and_then(|time| candles.iter().rposition(|candle| candle.open_time == time));
        match known {
            Some(from) => self.call("update", &rows(&candles[from..]).into()),
            None => self.call("setCandles", &rows(candles).into()),
        }
        self.newest = candles.last().map(|candle| candle.open_time);
        if self.markers != markers {
            let marks: Vec<_> = markers
                .iter()
                .map(|marker| {
                    let at = marker.time.millis() / 1_000;
                    (at, if marker.is_buy { "buy" } else { "sell" }, &marker.text)
                })
                .collect();
            self.call("setMarkers", &json(&marks).into());
            self.markers = markers;
        }
        if self.shades != shades {
            let seconds = |time: TimeUs| time.millis() / 1_000;
            let spans: Vec<_> = shades
                .iter()
                .map(|shade| (seconds(shade.from), seconds(shade.to), shade.healed))
                .collect();
            self.call("setShades", &json(&spans).into());
            self.shades = shades;
        }
        if self.is_local != is_local {
            self.call("setLocal", &is_local.into());
            self.is_local = is_local;
        }
    }

    /// A chart that fails to draw fails alone.
    fn call(&self, method: &str, argument: &JsValue) {
        if let Ok(method) = Reflect::get(&self.chart, &method.into())
            && let Some(method) = method.dyn_ref::<Function>()
        {
            let _ = method.call1(&self.chart, argument);
        }
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.call("destroy", &JsValue::UNDEFINED);
    }
}

/// The chart takes floats: it draws, it does not count.
fn rows(candles: &[Candle]) -> String {
    use crate::domain::money::to_f64;
    let rows: Vec<_> = candles
        .iter()
        .map(|c| {
            let at = c.open_time.millis() / 1_000;
            let [open, high, low, close] = [c.open, c.high, c.low, c.close].map(to_f64);
            (at, open, high, low, close, to_f64(c.volume))
        })
        .collect();
    json(&rows)
}

fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned())
}
