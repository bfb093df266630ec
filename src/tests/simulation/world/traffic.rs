//! Messages arrive, and what clients and server want to send is sent.

use plainsight::wire::json;

use super::World;
use crate::simulation::client::Act;
use crate::simulation::network::Event;
use crate::simulation::plan::Fault;

impl World<'_> {
    pub(super) fn up(&mut self, place: usize) -> Result<(), String> {
        while let Some(text) = self.net.links[place].up.take(self.net.now_ms) {
            let conn = self.net.links[place].conn;
            if self.net.by_conn.get(&conn) != Some(&place) {
                continue;
            }
            let client = self.net.links[place].client;
            self.note(|| format!("server < {client}: {text}"));
            for line in text.lines() {
                let frame =
                    json::decode_client(line).map_err(|error| format!("{error}: {line}"))?;
                if let Some(server) = &mut self.server {
                    server.receive(conn, frame, self.net.now_ms);
                }
            }
        }
        self.pump();
        Ok(())
    }

    pub(super) fn down(&mut self, link: usize) -> Result<(), String> {
        let place = self.net.links[link].client;
        let client = &self.clients[place];
        if client.link != Some(link) {
            self.net.links[link].down.clear();
            return Ok(());
        }
        if client.stalled_until_ms > self.net.now_ms {
            let wait_ms = client.stalled_until_ms - self.net.now_ms;
            self.net.after(wait_ms, Event::Down(link));
            return Ok(());
        }
        while let Some(text) = self.net.links[link].down.take(self.net.now_ms) {
            self.note(|| format!("{place} < server: {text}"));
            let acts = self.clients[place].receive(&text, self.net.now_ms)?;
            self.act(place, acts);
        }
        // There is room again.
        self.pump();
        Ok(())
    }

    pub(super) fn act(&mut self, place: usize, acts: Vec<Act>) {
        for act in acts {
            let generation = self.clients[place].generation;
            match act {
                Act::Send(text) => {
                    if let Some(link) = self.clients[place].link {
                        self.net.send(link, &text, true);
                    }
                }
                Act::Show(ms) => self.net.after(ms, Event::Show(place, generation)),
                Act::Want(ms) => self.net.after(ms, Event::Want(place, generation)),
                Act::Check(ms) => self.net.after(ms, Event::Check(place, generation)),
                Act::HangUp => self.hang_up(place),
            }
        }
    }

    /// Lets the server write, and read its journal.
    pub(super) fn pump(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        server.round(self.net.now_ms, &mut self.net);
        for request in server.take_backfills() {
            self.backfills += 1;
            let slow = self.plan.faults.contains(&Fault::SlowJournal);
            let wait_ms = 1 + self.net.lots[0].below(if slow { 800 } else { 5 });
            self.net
                .after(wait_ms, Event::Backfill(request, self.incarnation));
        }
    }
}
