//! `[dialects]`: how often each dialect says what changes all the time, ms. What happens is said when it
//! happens.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::BotId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DialectsConfig {
    /// Whose figures they show: these protocols know one bot.
    pub bot: BotId,
    pub transparency: TransparencyConfig,
    pub finance: FinanceConfig,
    pub updates: UpdatesConfig,
    pub trading: TradingConfig,
    pub quantum: QuantumConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransparencyConfig {
    pub portfolio_ms: u32,
    pub performance_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinanceConfig {
    /// Of portfolio and positions, where they have changed.
    pub changes_ms: u32,
    pub heartbeat_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdatesConfig {
    /// Where something has changed.
    pub changes_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TradingConfig {
    /// Of a symbol's price, where it has changed.
    pub market_ms: u32,
    pub positions_ms: u32,
    pub portfolio_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuantumConfig {
    pub every_ms: u32,
    pub undefined: Undefined,
    /// Where Docker or Podman may say how many containers run; the first that does counts.
    pub container_sockets: Vec<PathBuf>,
}

/// How a figure is written that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// Its clients compute with every number and stop at anything else; the frame names it beside.
    Zero,
    Null,
}

impl Default for DialectsConfig {
    fn default() -> Self {
        Self {
            bot: BotId::paper(),
            transparency: TransparencyConfig::default(),
            finance: FinanceConfig::default(),
            updates: UpdatesConfig::default(),
            trading: TradingConfig::default(),
            quantum: QuantumConfig::default(),
        }
    }
}

impl Default for TransparencyConfig {
    fn default() -> Self {
        Self {
            portfolio_ms: 800,
            performance_ms: 5_000,
        }
    }
}

impl Default for FinanceConfig {
    fn default() -> Self {
        Self {
            changes_ms: 2_000,
            heartbeat_ms: 30_000,
        }
    }
}

impl Default for UpdatesConfig {
    fn default() -> Self {
        Self { changes_ms: 1_000 }
    }
}

impl Default for TradingConfig {
    fn default() -> Self {
        Self {
            market_ms: 250,
            positions_ms: 1_000,
            portfolio_ms: 2_000,
        }
    }
}

impl Default for QuantumConfig {
    fn default() -> Self {
        Self {
            every_ms: 3_000,
            undefined: Undefined::Zero,
            container_sockets: ["/var/run/docker.sock", "/run/podman/podman.sock"]
                .map(PathBuf::from)
                .to_vec(),
        }
    }
}
