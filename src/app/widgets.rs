//! Parts that know nothing of trading: figures, tables, tiles, bars, plots.

mod bar;
mod candle_chart;
mod figure;
mod keyed;
mod part;
mod plot;
mod reading;
mod table;
mod tile;

pub use bar::Bar;
pub use candle_chart::{CandleChart, Marker};
pub use figure::{Fact, Figure, Freshness, StaleAge};
pub use keyed::keyed;
pub use part::ServerPart;
pub use plot::{Axes, Plot};
pub use reading::{Reading, Tone};
pub use table::{Column, DataTable};
pub use tile::{Absent, Tile};
