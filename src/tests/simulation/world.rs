//! A run: one thread, one queue of what is to happen at which millisecond, and chance only from the
//! plan's seed. The same plan does the same each time.

mod deeds;
mod traffic;

use std::collections::BTreeMap;

use plainsight::wire::{Epoch, Replica, Topic};

use super::client::Client;
use super::counts::Counts;
use super::network::{Event, Net};
use super::plan::{Fault, Plan};
use super::server::{self, ServerHalf};
use super::shadow::Shadow;

/// How long everything may take to settle after the last fault, ms: a silent connection is noticed
/// after nine seconds, a try given up after ten, and one may follow the other.
const SETTLE_MS: u64 = 60_000;
/// Events of one run, beyond which it goes in circles.
const MOST_EVENTS: u64 = 100_000;

pub struct World<'a> {
    plan: &'a Plan,
    net: Net<'a>,
    server: Option<Box<dyn ServerHalf>>,
    /// Which server process this is.
    incarnation: u64,
    shadow: Shadow,
    /// The first epoch of each topic, for a server that does not know better.
    first_epochs: BTreeMap<Topic, Epoch>,
    clients: Vec<Client>,
    backfills: u64,
    gone: Counts,
    /// What was read and done, for a run that is looked at.
    diary: Option<Vec<String>>,
}

impl<'a> World<'a> {
    /// Runs a plan to its end; what went wrong, if something did.
    pub fn run(plan: &'a Plan) -> Result<Counts, String> {
        Self::new(plan).finish()
    }

    /// Runs it once more and tells all of it.
    pub fn diary(plan: &'a Plan) -> Vec<String> {
        let mut world = Self::new(plan);
        world.diary = Some(Vec::new());
        let end = world.finish();
        let mut diary = world.diary.take().unwrap_or_default();
        diary.extend(end.err());
        diary
    }

    fn finish(&mut self) -> Result<Counts, String> {
        self.begin();
        self.go()
            .map_err(|what| format!("at {} ms: {what}", self.net.now_ms))
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        let now_ms = self.net.now_ms;
        if let Some(diary) = &mut self.diary {
            diary.push(format!("{now_ms:6} {}", what()));
        }
    }

    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            net: Net::new(plan),
            server: None,
            incarnation: 0,
            shadow: Shadow::default(),
            first_epochs: BTreeMap::new(),
            clients: Vec::new(),
            backfills: 0,
            gone: Counts::default(),
            diary: None,
        }
    }

    fn begin(&mut self) {
        self.server = Some(server::start(self.plan));
        let later = usize::from(self.plan.faults.contains(&Fault::Late));
        for topic in &self.plan.topics[later..] {
            self.create(topic);
        }
        for place in 0..self.plan.clients {
            let mut client = Client::new(self.plan, 0);
            for topic in &self.plan.topics {
                client.follow(topic, Replica::new(topic.clone()));
            }
            self.clients.push(client);
            let wait_ms = self.net.lots[place].below(200);
            self.net.after(wait_ms, Event::Connect(place, 0));
            self.net.after(1_000, Event::Beat(place));
        }
        let mut at_ms = 100;
        for (place, step) in self.plan.steps.iter().enumerate() {
            at_ms += step.wait_ms;
            self.net.after(at_ms, Event::Step(place));
        }
        self.net.after(at_ms + 100, Event::Calm);
        self.net.after(500, Event::Tick);
    }

    fn go(&mut self) -> Result<Counts, String> {
        let mut settled = false;
        for _ in 0..MOST_EVENTS {
            let Some(((now_ms, _), event)) = self.net.queue.pop_first() else {
                break;
            };
            self.net.now_ms = now_ms;
            if let Event::Look { until_ms } = event {
                let unsettled = self
                    .clients
                    .iter()
                    .enumerate()
                    .find_map(|(place, client)| Some((place, client.unsettled(&self.shadow)?)));
                match unsettled {
                    // It stays so, unless a connection is dead and nobody has noticed yet.
                    None if std::mem::replace(&mut settled, true) => return Ok(self.counts()),
                    None => self.net.after(2_500, Event::Look { until_ms }),
                    Some((place, topic)) if now_ms > until_ms => {
                        let replica = &self.clients[place].replicas[topic];
                        return Err(format!(
                            "client {place} stands at {:?} of {topic}, the server at {:?}",
                            replica.since(),
                            self.shadow.head(topic)
                        ));
                    }
                    Some(_) => {
                        settled = false;
                        self.net.after(500, Event::Look { until_ms });
                    }
                }
            } else {
                self.happen(event)?;
            }
        }
        Err("it goes in circles".to_owned())
    }

    fn counts(&self) -> Counts {
        let mut sum = self.gone;
        sum.backfills = self.backfills;
        for client in &self.clients {
            sum.add(&client.counts);
        }
        sum
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Step(place) => {
                let deed = &self.plan.steps[place].deed;
                self.note(|| format!("{deed:?}"));
                self.step(deed);
            }
            Event::Up(link) => self.up(link)?,
            Event::Down(link) => self.down(link)?,
            Event::Closed(conn, incarnation) => {
                if let Some(server) = &mut self.server
                    && incarnation == self.incarnation
                {
                    server.close(conn);
                    self.net.by_conn.remove(&conn);
                }
            }
            Event::Lost(client, generation) => {
                if self.clients[client].generation == generation {
                    self.hang_up(client);
                }
            }
            Event::Connect(client, generation) => {
                if self.clients[client].generation == generation {
                    self.connect(client);
                }
            }
            Event::Show(place, generation) => {
                // A page that was left shows nothing any more; a connection's end is no reason.
                if self.clients[place].page <= generation {
                    let acts = self.clients[place].show(self.net.now_ms, &self.shadow)?;
                    self.act(place, acts);
                }
            }
            Event::Want(place, generation) => {
                if self.clients[place].generation == generation {
                    let acts = self.clients[place].want(self.net.now_ms);
                    self.act(place, acts);
                }
            }
            Event::Check(place, generation) => {
                if self.clients[place].generation == generation {
                    let acts = self.clients[place].check(self.net.now_ms, &self.shadow)?;
                    self.act(place, acts);
                }
            }
            Event::Beat(place) => {
                let acts = self.clients[place].beat(self.net.now_ms);
                self.act(place, acts);
                self.net.after(1_000, Event::Beat(place));
            }
            Event::Tick => {
                if let Some(server) = &mut self.server {
                    server.tick(self.net.now_ms);
                }
                self.pump();
                self.net.after(500, Event::Tick);
            }
            Event::Backfill(request, incarnation) => {
                if let Some(server) = &mut self.server
                    && incarnation == self.incarnation
                {
                    let read = self.shadow.range(&request.topic, request.from, request.to);
                    server.backfilled(&request, read);
                    self.pump();
                }
            }
            Event::Start { keep, lost } => self.start(keep, lost),
            Event::Calm => {
                self.net.calm = true;
                for topic in &self.plan.topics {
                    if !self.shadow.exists(topic) && self.server.is_some() {
                        self.create(topic);
                        self.publish(topic, 1, true);
                    }
                }
                for client in &mut self.clients {
                    client.stalled_until_ms = 0;
                    client.hidden_until_ms = 0;
                }
                let until_ms = self.net.now_ms + SETTLE_MS;
                self.net.after(500, Event::Look { until_ms });
            }
            Event::Look { .. } => {}
        }
        Ok(())
    }
}
