//! The writer of the journal: one group commit at a time, all of it or nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _};

use super::filing::kind_and_key;
use super::sealed::{self, Growth};
use super::{Batch, Entry, Identity, Place, Reader, StoreError, decisions, inputs};
use crate::domain::Seq;
use crate::engine::eventlog::canonical;
use crate::seal::{Frontier, SignedHead};
use crate::wire::{Epoch, Topic};

/// The file in the data directory.
pub(super) const FILE: &str = "plainsight.db";
/// Snapshots that are kept: the newest, and one more in case it is damaged.
const SNAPSHOTS_KEPT: i64 = 2;
/// Connections that only read.
const READERS: u32 = 4;

/// How hard a commit is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the death of the process.
    Process,
    /// Survives a loss of power.
    Power,
}

#[derive(Debug, Clone, Copy)]
struct TopicState {
    id: i64,
    epoch: Epoch,
    head: u64,
}

/// The one writer. Owned by the task that drives the engine.
pub struct Journal {
    pub(super) connection: SqliteConnection,
    topics: BTreeMap<Topic, TopicState>,
    next_topic: i64,
    head: Seq,
    events: u64,
    /// The sealed log as it was committed.
    pub(super) log: Frontier,
    pub(super) newest_head: Option<SignedHead>,
    pub(super) durability: Durability,
    file: PathBuf,
    /// Held as long as the journal lives, so that no second process writes here.
    _lock: File,
}

impl Journal {
    /// Opens or makes the journal in `directory` and checks that it belongs to `identity`.
    pub async fn open(
        directory: &Path,
        identity: &Identity,
        durability: Durability,
    ) -> Result<(Self, Reader), StoreError> {
        let failed = |error| StoreError::Directory {
            path: directory.to_owned(),
            error,
        };
        super::make_directory(directory).map_err(failed)?;
        let lock = lock(directory)?;
        let file = directory.join(FILE);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::Process => SqliteSynchronous::Normal,
                Durability::Power => SqliteSynchronous::Full,
            });
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::migrate!("src/store/migrations")
            .run(&mut connection)
            .await?;
        check_identity(&mut connection, directory, identity).await?;

        let topics = load_topics(&mut connection).await?;
        let next_topic = topics
            .values()
            .map(|topic| topic.id)
            .max()
            .unwrap_or_default()
            + 1;
        let head = match meta(&mut connection, "head").await? {
            Some(text) => Seq(text.parse().unwrap_or_default()),
            None => Seq::default(),
        };
        let events = meta(&mut connection, "events").await?;
        let (log, newest_head) = sealed::load(&mut connection).await?;
        let pool = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        let journal = Self {
            connection,
            topics,
            next_topic,
            head,
            events: events
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            log,
            newest_head,
            durability,
            file,
            _lock: lock,
        };
        Ok((journal, Reader::new(pool)))
    }

    /// Whether there is a journal in this directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(FILE).is_file()
    }

    /// The last input whose events are here.
    pub fn head(&self) -> Seq {
        self.head
    }

    pub fn events(&self) -> u64 {
        self.events
    }

    /// Bytes of the database and its log on the disk.
    pub fn size_bytes(&self) -> u64 {
        let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let log = PathBuf::from(format!("{}-wal", self.file.display()));
        size(self.file.clone()) + size(log)
    }

    /// Every log topic with its epoch and head.
    pub fn topics(&self) -> impl Iterator<Item = (&Topic, Place)> {
        self.topics.iter().map(|(topic, state)| {
            (
                topic,
                Place {
                    epoch: state.epoch,
                    offset: state.head,
                },
            )
        })
    }

    /// A log topic's epoch and head.
    pub fn place(&self, topic: &Topic) -> Option<Place> {
        let state = self.topics.get(topic)?;
        Some(Place {
            epoch: state.epoch,
            offset: state.head,
        })
    }

    /// Commits a batch and gives every entry its place. After an error nothing has changed, on the
    /// disk or here, and the same batch can be given again.
    pub async fn append(&mut self, batch: &Batch) -> Result<Vec<Option<Place>>, StoreError> {
        let written = self.write(batch).await;
        if written.is_err() {
            // Fails where SQLite has rolled back by itself, as it may when the disk is full.
            let _ = self.execute("ROLLBACK").await;
        }
        written
    }

    /// Not in one of sqlx's transactions: they count how deep they are, and where SQLite has rolled
    /// back by itself the count is wrong. The next batch would be a savepoint inside of nothing, its
    /// commit a mere release of it: told as done, and not on the disk.
    async fn write(&mut self, batch: &Batch) -> Result<Vec<Option<Place>>, StoreError> {
        let mut topics = self.topics.clone();
        let mut next_topic = self.next_topic;
        self.execute("BEGIN IMMEDIATE").await?;
        let transaction = &mut self.connection;
        let wanted = batch
            .entries
            .iter()
            .filter_map(|entry| entry.published.as_ref());
        for topic in batch.topics.iter().chain(wanted.map(|(topic, _)| topic)) {
            if !topics.contains_key(topic) {
                let state = TopicState {
                    id: next_topic,
                    epoch: Epoch(rand::random()),
                    head: 0,
                };
                insert_topic(transaction, topic, state).await?;
                topics.insert(topic.clone(), state);
                next_topic += 1;
            }
        }
        let mut places = Vec::with_capacity(batch.entries.len());
        let mut growth = Growth::of(&self.log);
        for entry in &batch.entries {
            let place = entry
                .published
                .as_ref()
                .and_then(|(topic, _)| topics.get_mut(topic))
                .map(|state| {
                    state.head += 1;
                    *state
                });
            let body = canonical(&entry.record).map_err(|error| StoreError::Content {
                what: "an event",
                error,
            })?;
            growth.add(&entry.record, &body);
            insert_event(transaction, entry, place, body).await?;
            places.push(place.map(|state| Place {
                epoch: state.epoch,
                offset: state.head,
            }));
        }
        decisions::write(transaction, &batch.entries).await?;
        for (seq, received, input) in &batch.commands {
            let body = serde_json::to_vec(input).map_err(|error| StoreError::Content {
                what: "a command",
                error,
            })?;
            sqlx::query("INSERT INTO commands (seq, received, body) VALUES (?, ?, ?)")
                .bind(sql_int(seq.0))
                .bind(received.micros())
                .bind(body)
                .execute(&mut *transaction)
                .await?;
        }
        if let (Some((first, _)), Some((last, _))) = (batch.inputs.first(), batch.inputs.last()) {
            sqlx::query("INSERT INTO inputs (last_seq, first_seq, body) VALUES (?, ?, ?)")
                .bind(sql_int(last.0))
                .bind(sql_int(first.0))
                .bind(inputs::pack(&batch.inputs)?)
                .execute(&mut *transaction)
                .await?;
        }
        for (bot, kind, id) in &batch.reports {
            sqlx::query("INSERT OR IGNORE INTO reports (bot, kind, id) VALUES (?, ?, ?)")
                .bind(bot)
                .bind(*kind)
                .bind(id)
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(snapshot) = &batch.snapshot {
            sqlx::query("INSERT OR REPLACE INTO snapshots (seq, created, body) VALUES (?, ?, ?)")
                .bind(sql_int(snapshot.seq.0))
                .bind(snapshot.created.micros())
                .bind(&snapshot.body)
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)")
                .bind(SNAPSHOTS_KEPT)
                .execute(&mut *transaction)
                .await?;
            // Behind the oldest snapshot that is kept, so that it could be started from as well.
            sqlx::query("DELETE FROM inputs WHERE last_seq <= (SELECT min(seq) FROM snapshots)")
                .execute(&mut *transaction)
                .await?;
        }
        let log = growth.write(transaction).await?;
        let events = self.events + batch.entries.len() as u64;
        set_meta(transaction, "head", &batch.head.to_string()).await?;
        set_meta(transaction, "events", &events.to_string()).await?;
        self.execute("COMMIT").await?;
        self.topics = topics;
        self.next_topic = next_topic;
        self.head = batch.head;
        self.events = events;
        self.log = log;
        Ok(places)
    }

    pub(super) async fn execute(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Closes the database: its log is written back into the file.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join("lock");
    let failed = |error| StoreError::Directory {
        path: path.clone(),
        error,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: directory.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::Directory { path, error }),
    }
}

/// SQLite's integers are signed; seqs and offsets stay far below 2^63.
pub(super) fn sql_int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

async fn meta(connection: &mut SqliteConnection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM meta WHERE key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await?)
}

async fn set_meta(
    connection: &mut SqliteConnection,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(key)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// The form of events and snapshots. An engine that makes other events of the same inputs cannot go on
/// where an older one stood: it would not find its own past again.
pub(super) const FORMAT: u32 = 3;

async fn check_identity(
    connection: &mut SqliteConnection,
    directory: &Path,
    identity: &Identity,
) -> Result<(), StoreError> {
    let unreadable = |error| StoreError::Content {
        what: "the identity",
        error,
    };
    match meta(connection, "identity").await? {
        Some(text) => {
            // Directories of before formats were numbered have the first.
            let format = meta(connection, "format").await?;
            let format = format.and_then(|text| text.parse().ok()).unwrap_or(1);
            if format != FORMAT {
                return Err(StoreError::OtherFormat {
                    path: directory.to_owned(),
                    recorded: format,
                });
            }
            let recorded: Identity = serde_json::from_str(&text).map_err(unreadable)?;
            if recorded == *identity {
                return Ok(());
            }
            Err(StoreError::OtherRun {
                path: directory.to_owned(),
                recorded: recorded.to_string(),
                asked: identity.to_string(),
            })
        }
        None => {
            set_meta(connection, "format", &FORMAT.to_string()).await?;
            set_meta(
                connection,
                "identity",
                &serde_json::to_string(identity).map_err(unreadable)?,
            )
            .await
        }
    }
}

async fn load_topics(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<Topic, TopicState>, StoreError> {
    let rows = sqlx::query(
        r#"SELECT id, name, epoch, (SELECT max("offset") FROM events WHERE topic = topics.id) AS head FROM topics"#,
    )
    .fetch_all(connection)
    .await?;
    let mut topics = BTreeMap::new();
    for row in rows {
        // A topic of a later version is kept in the table and not served.
        let Ok(topic) = row.get::<String, _>("name").parse::<Topic>() else {
            continue;
        };
        let head = row.get::<Option<i64>, _>("head").unwrap_or_default();
        let state = TopicState {
            id: row.get("id"),
            epoch: Epoch(row.get::<i64, _>("epoch").cast_unsigned()),
            head: u64::try_from(head).unwrap_or_default(),
        };
        topics.insert(topic, state);
    }
    Ok(topics)
}

async fn insert_topic(
    connection: &mut SqliteConnection,
    topic: &Topic,
    state: TopicState,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO topics (id, name, epoch) VALUES (?, ?, ?)")
        .bind(state.id)
        .bind(topic.to_string())
        .bind(state.epoch.0.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_event(
    connection: &mut SqliteConnection,
    entry: &Entry,
    place: Option<TopicState>,
    body: Vec<u8>,
) -> Result<(), StoreError> {
    let (kind, key) = kind_and_key(&entry.record.event);
    sqlx::query(
        r#"INSERT INTO events (seq, idx, kind, key, topic, "offset", received, took_us, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"#,
    )
    .bind(sql_int(entry.record.seq.0))
    .bind(i64::from(entry.record.index))
    .bind(kind)
    .bind(key)
    .bind(place.map(|state| state.id))
    .bind(place.map(|state| sql_int(state.head)))
    .bind(entry.received.micros())
    .bind(entry.record.took_us)
    .bind(body)
    .execute(connection)
    .await?;
    Ok(())
}
