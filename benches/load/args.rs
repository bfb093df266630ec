//! The arguments, as clap reads them.

use clap::{Args, Parser, Subcommand};

use crate::target::Target;

#[derive(Debug, Parser)]
#[command(
    name = "plainsight-load",
    version,
    about = "Measures fan-out to many clients, older dashboards' clients, and what floods do"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open clients, follow a topic, and print what arrived and how late.
    Clients(ClientsArgs),
    /// Open clients, cut all of them at once, and print how they came back.
    Storm(StormArgs),
    /// Abuse a server in every way at once, and print what it did about it.
    Flood(FloodArgs),
    /// Open clients of all five dialects, and print what they were told and how evenly.
    Dialects(DialectsArgs),
    /// Serve the real hub and socket with a synthetic topic and without limits of connections.
    Server(ServerArgs),
}

/// What every run of clients needs.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// The server's socket.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:3000/v1/ws")]
    pub url: Target,
    /// The topic to follow.
    #[arg(long, value_name = "TOPIC", default_value = "bench")]
    pub topic: String,
    /// Connections to open.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub clients: usize,
    /// Process id of the server, to read its processor time and memory.
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,
    /// Only the JSON object: no line for people on standard error.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ClientsArgs {
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// Length of the measured window.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    pub seconds: f64,
    /// What is received before the window counts for gaps only.
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    pub warmup: f64,
    /// The topic is quiet: stay, and look at the server's memory alone.
    #[arg(long)]
    pub idle: bool,
    /// How many of the clients never read once they have subscribed.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub slow: usize,
}

#[derive(Debug, Args)]
pub struct StormArgs {
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// How long all are followed before they are cut, and again once they are back.
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    pub seconds: f64,
    /// Give up when not all are back by then.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub timeout: f64,
}

#[derive(Debug, Args)]
pub struct FloodArgs {
    /// The server's socket.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:3000/v1/ws")]
    pub url: Target,
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub seconds: f64,
    /// Connections that never say hello.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub silent: usize,
    /// Connections whose headers come a byte a second.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub dripping: usize,
    /// Sockets that send as many commands as they can.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub shouting: usize,
    /// Sockets that never read.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub deaf: usize,
}

#[derive(Debug, Args)]
pub struct DialectsArgs {
    /// The server; who has to sign in there does so with PLAINSIGHT_TOKEN.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000", value_parser = host)]
    pub url: String,
    /// Connections to open of each dialect; without any the server alone is measured.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub clients: usize,
    /// Length of the measured window.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub seconds: f64,
    /// Whose prices the clients ask for that have to name them.
    #[arg(long, value_delimiter = ',', default_value = "BTCUSDT,ETHUSDT,SOLUSDT")]
    pub symbols: Vec<String>,
    /// Process id of the server, to read its processor time and memory.
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,
    /// Only the JSON object: no lines for people on standard error.
    #[arg(long)]
    pub json: bool,
}

/// Host and port of a server's address.
fn host(url: &str) -> Result<String, String> {
    let rest = url
        .strip_prefix("http://")
        .ok_or("only http:// is spoken")?;
    Ok(rest.trim_end_matches('/').to_owned())
}

#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Port on 127.0.0.1.
    #[arg(long, value_name = "PORT")]
    pub port: u16,
    /// Messages a second; 0 publishes nothing.
    #[arg(long, value_name = "R", default_value_t = 100.0)]
    pub rate: f64,
    /// Length of the text in each message; the rest of it is about 210 bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 8)]
    pub pad: usize,
}
