//! What is done to the world, by the plan and by what follows from it.

use plainsight::wire::{Class, Replica, Topic};

use super::World;
use crate::simulation::client::Client;
use crate::simulation::network::Event;
use crate::simulation::pipe::{Link, Pipe};
use crate::simulation::plan::{Broken, Deed};
use crate::simulation::server;

impl World<'_> {
    pub(super) fn create(&mut self, topic: &Topic) {
        let epoch = self.shadow.begin(topic);
        let first = *self.first_epochs.entry(topic.clone()).or_insert(epoch);
        let told = match self.plan.broken {
            Some(Broken::KeepsEpoch) => first,
            _ => epoch,
        };
        if let Some(server) = &mut self.server {
            server.create(topic, told, 0, Vec::new());
        }
    }

    pub(super) fn publish(&mut self, topic: &Topic, count: u32, whole: bool) {
        let Some(server) = &mut self.server else {
            return;
        };
        let batch: Vec<_> = (0..count)
            .map(|_| self.shadow.publish(topic, whole))
            .collect();
        if let Some(last) = batch.last() {
            let seq = last.seq;
            server.publish(batch, seq, self.net.now_ms);
        }
        self.pump();
    }

    pub(super) fn step(&mut self, deed: &Deed) {
        let named = |topic: usize| &self.plan.topics[topic];
        match *deed {
            Deed::Publish {
                topic,
                count,
                whole,
            } => {
                let topic = named(topic);
                if !self.shadow.exists(topic) && self.server.is_some() {
                    self.create(topic);
                }
                self.publish(topic, count, whole);
            }
            Deed::Follow { client, topic } => {
                let topic = named(topic);
                self.clients[client].follow(topic, Replica::new(topic.clone()));
                let acts = self.clients[client].want(self.net.now_ms);
                self.act(client, acts);
            }
            Deed::Unfollow {
                client,
                topic,
                forget,
            } => {
                let client = &mut self.clients[client];
                client.wants.remove(named(topic));
                if forget {
                    client.replicas.remove(named(topic));
                }
            }
            Deed::Cut { client, silent } => {
                if let Some(link) = self.clients[client].link {
                    self.net.cut(link);
                    if !silent {
                        self.hang_up(client);
                    }
                }
            }
            Deed::Reload { client, page } => self.reload(client, page),
            Deed::Stall { client, ms } => {
                self.clients[client].stalled_until_ms = self.net.now_ms + ms;
            }
            Deed::Hide { client, ms } => {
                self.clients[client].hidden_until_ms = self.net.now_ms + ms;
            }
            Deed::Trim { topic, keep } => {
                if let Some(server) = &mut self.server
                    && named(topic).class() == Class::Log
                {
                    server.trim(named(topic), keep);
                }
            }
            Deed::Crash {
                down_ms,
                keep,
                lost,
            } => {
                if self.server.take().is_some() {
                    for link in std::mem::take(&mut self.net.by_conn).into_values() {
                        self.net.cut(link);
                    }
                    for place in 0..self.clients.len() {
                        if self.clients[place].link.is_some() {
                            self.hang_up(place);
                        }
                    }
                    self.incarnation += 1;
                    self.net.after(down_ms, Event::Start { keep, lost });
                }
            }
        }
    }

    /// A new process, over the journal of the one before.
    pub(super) fn start(&mut self, keep: usize, lost: bool) {
        self.server = Some(server::start(self.plan));
        for topic in &self.plan.topics {
            let Some(head) = self.shadow.head(topic) else {
                if self.net.calm {
                    self.create(topic);
                    self.publish(topic, 1, true);
                }
                continue;
            };
            if topic.class() == Class::Log && !lost {
                let from = head.offset.saturating_sub(keep as u64);
                let past = self.shadow.range(topic, from, head.offset);
                if let Some(server) = &mut self.server {
                    server.create(topic, head.epoch, head.offset, past);
                }
            } else {
                self.create(topic);
                self.publish(topic, 1, true);
            }
        }
    }

    fn reload(&mut self, place: usize, page: bool) {
        self.hang_up(place);
        let old = &self.clients[place];
        let mut client = Client::new(self.plan, old.generation);
        client.page = old.generation;
        for topic in &old.wants {
            let replica = if page {
                self.shadow.page(topic)
            } else {
                Replica::new(topic.clone())
            };
            client.follow(topic, replica);
        }
        self.gone.add(&old.counts);
        self.clients[place] = client;
    }

    pub(super) fn connect(&mut self, place: usize) {
        let Some(server) = &mut self.server else {
            let wait_ms = 300 + self.net.lots[place].below(1_000);
            let generation = self.clients[place].generation;
            self.net.after(wait_ms, Event::Connect(place, generation));
            return;
        };
        let conn = server.open(self.net.now_ms);
        let link = self.net.links.len();
        self.net.links.push(Link {
            conn,
            client: place,
            up: Pipe::default(),
            down: Pipe::default(),
            cut: false,
        });
        self.net.by_conn.insert(conn, link);
        let hello = self.clients[place].begin(link, self.net.now_ms);
        self.act(place, vec![hello]);
    }

    /// The client lets go of its connection, and tries again after a while.
    pub(super) fn hang_up(&mut self, place: usize) {
        let link = self.clients[place].link;
        self.clients[place].end();
        let generation = self.clients[place].generation;
        self.net.generations[place] = generation;
        if let Some(link) = link {
            self.net.cut(link);
            let conn = self.net.links[link].conn;
            let wait_ms = self.net.lots[place].below(1_000);
            self.net
                .after(wait_ms, Event::Closed(conn, self.incarnation));
        }
        let wait_ms = self.net.lots[place].below(1_500);
        self.net.after(wait_ms, Event::Connect(place, generation));
    }
}
