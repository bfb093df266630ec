//! What goes on beside the requests: changes that another process made are taken in within a second or
//! two, once a minute it is noted who was seen and deleted what is of no use any more, and keys
//! are replaced when they are due.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Accounts;
use crate::auth::AuthError;
use crate::auth::keys::Keys;
use crate::domain::TimeUs;
use crate::domain::time::{DAY, MINUTE};
use crate::store::accounts::{AccountsError, Horizons};

/// Between two looks at the database.
const LOOK: Duration = Duration::from_secs(1);
/// How long sessions and tokens that have ended are kept, µs.
const SESSIONS_KEPT: i64 = DAY;
const TOKENS_KEPT: i64 = 30 * DAY;

impl Accounts {
    /// Keeps what is in memory up to date until it is cancelled; `clock` is the wall clock. A fault is told once
    /// and tried again each second: until then what was known stays true.
    pub async fn watch(self, clock: impl Fn() -> TimeUs + Send, end: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidied = clock();
        let mut is_failing = false;
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let now = clock();
            let mut looked = self.look(now).await;
            // A clock that was set back does not stop it.
            if looked.is_ok() && now.since(tidied).abs() >= MINUTE {
                tidied = now;
                looked = self.tidy(now).await;
            }
            match looked {
                Ok(()) => is_failing = false,
                Err(error) if !is_failing => {
                    tracing::error!(%error, "accounts are not up to date");
                    is_failing = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Takes in what another process changed, and replaces the key if it is due.
    pub(super) async fn look(&self, now: TimeUs) -> Result<(), AuthError> {
        if self.0.db.has_news().await? {
            self.reload(now).await?;
        }
        if self.0.keys.read().is_due(now) {
            let mut tx = self.0.db.begin().await?;
            let keys = Keys::open(&self.0.data, &self.0.config, now);
            let keys = tx.settle(keys).await?;
            *self.0.keys.write() = keys;
        }
        Ok(())
    }

    pub(super) async fn tidy(&self, now: TimeUs) -> Result<(), AuthError> {
        let seen = {
            let mut directory = self.0.directory.write();
            directory.forget_expired(now);
            directory.seen()
        };
        let horizons = Horizons {
            sessions: now.plus(-SESSIONS_KEPT),
            refreshes: now.plus(-self.0.config.refresh()),
            tokens: now.plus(-TOKENS_KEPT),
        };
        let mut tx = self.0.db.begin().await?;
        let done: Result<u64, AccountsError> = async {
            tx.note_seen(&seen).await?;
            tx.tidy(horizons).await
        }
        .await;
        tx.settle(done).await?;
        self.0.directory.write().noted(&seen);
        Ok(())
    }
}
