//! The journal read from outside, as SQLite's own tools would.

use std::path::Path;

use plainsight::domain::{Event, Record};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use tempfile::TempDir;

pub struct JournalFile {
    connection: SqliteConnection,
    /// Where the copy is, if it is one.
    _copy: Option<TempDir>,
}

/// An event with its place in its topic, if it has one.
#[derive(Debug, Clone)]
pub struct Written {
    pub topic: Option<String>,
    pub offset: Option<u64>,
    pub record: Record,
}

impl JournalFile {
    pub async fn open(data: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(data.join("plainsight.db"))
            .read_only(true);
        Self {
            connection: SqliteConnection::connect_with(&options).await.unwrap(),
            _copy: None,
        }
    }

    /// A copy of what a server left behind that runs no more: the original stays as it was left.
    pub async fn of_the_dead(data: &Path) -> Self {
        let copy = TempDir::new().unwrap();
        for name in ["plainsight.db", "plainsight.db-wal"] {
            if data.join(name).exists() {
                std::fs::copy(data.join(name), copy.path().join(name)).unwrap();
            }
        }
        let options = SqliteConnectOptions::new().filename(copy.path().join("plainsight.db"));
        Self {
            connection: SqliteConnection::connect_with(&options).await.unwrap(),
            _copy: Some(copy),
        }
    }

    /// The input of the newest snapshot, and the last one that is recorded.
    pub async fn reach(&mut self) -> (u64, u64) {
        let snapshot: i64 = sqlx::query_scalar("SELECT max(seq) FROM snapshots")
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        (snapshot.cast_unsigned(), self.head().await)
    }

    /// The last input that is recorded.
    pub async fn head(&mut self) -> u64 {
        let text: String = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'head'")
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        text.parse().unwrap()
    }

    /// Every event, in order.
    pub async fn events(&mut self) -> Vec<Written> {
        let rows = sqlx::query(
            r#"SELECT e.body, e."offset", t.name FROM events e LEFT JOIN topics t ON t.id = e.topic
               ORDER BY e.seq, e.idx"#,
        )
        .fetch_all(&mut self.connection)
        .await
        .unwrap();
        rows.iter()
            .map(|row| Written {
                topic: row.get("name"),
                offset: row.get::<Option<i64>, _>("offset").map(i64::cast_unsigned),
                record: serde_json::from_slice(row.get::<&[u8], _>("body")).unwrap(),
            })
            .collect()
    }

    /// The events of one topic; its offsets must count from 1 without a hole.
    pub async fn topic(&mut self, name: &str) -> Vec<Event> {
        let written = self.events().await;
        let own = written
            .into_iter()
            .filter(|event| event.topic.as_deref() == Some(name));
        own.enumerate()
            .map(|(index, event)| {
                assert_eq!(event.offset, Some(index as u64 + 1), "{name}: {event:?}");
                event.record.event
            })
            .collect()
    }
}
