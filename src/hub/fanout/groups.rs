//! Connections in step, by what they follow.

use std::collections::HashMap;
use std::rc::Rc;

use super::conn::{ConnId, Cursor, Following, Wire};
use super::{Fanout, Subscription};
use crate::hub::Channel;
use crate::wire::Encoding;

/// What all members of a group have in common; topics in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    pub encoding: Encoding,
    pub subscriptions: Vec<Subscription>,
}

#[derive(Debug)]
pub struct Group {
    pub signature: Rc<Signature>,
    pub members: Vec<ConnId>,
}

#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Option<Group>>,
    free: Vec<usize>,
    by_signature: HashMap<Rc<Signature>, usize>,
    by_channel: HashMap<Channel, Vec<usize>>,
}

impl Groups {
    pub fn get(&self, group: usize) -> Option<&Group> {
        self.groups.get(group)?.as_ref()
    }

    /// Groups that follow a channel.
    pub fn following(&self, channel: Channel) -> &[usize] {
        self.by_channel.get(&channel).map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> Vec<usize> {
        (0..self.groups.len())
            .filter(|group| self.groups[*group].is_some())
            .collect()
    }

    /// Adds a member; gives the group and the place in it.
    fn add(&mut self, signature: Signature, member: ConnId) -> (usize, usize) {
        let group = match self.by_signature.get(&signature) {
            Some(group) => *group,
            None => self.create(signature),
        };
        let Some(found) = &mut self.groups[group] else {
            return (group, 0);
        };
        found.members.push(member);
        (group, found.members.len() - 1)
    }

    fn create(&mut self, signature: Signature) -> usize {
        let signature = Rc::new(signature);
        let created = Group {
            signature: Rc::clone(&signature),
            members: Vec::new(),
        };
        let group = match self.free.pop() {
            Some(group) => {
                self.groups[group] = Some(created);
                group
            }
            None => {
                self.groups.push(Some(created));
                self.groups.len() - 1
            }
        };
        for subscription in &signature.subscriptions {
            let following = self.by_channel.entry(subscription.channel).or_default();
            following.push(group);
        }
        self.by_signature.insert(signature, group);
        group
    }

    /// Takes a member out. Gives what the group follows, and the member that has moved into the
    /// place that became free.
    fn remove(&mut self, group: usize, place: usize) -> Option<(Rc<Signature>, Option<ConnId>)> {
        let found = self.groups.get_mut(group)?.as_mut()?;
        found.members.swap_remove(place);
        let signature = Rc::clone(&found.signature);
        let moved = found.members.get(place).copied();
        if found.members.is_empty() {
            self.groups[group] = None;
            self.free.push(group);
            self.by_signature.remove(&signature);
            for subscription in &signature.subscriptions {
                if let Some(following) = self.by_channel.get_mut(&subscription.channel) {
                    following.retain(|other| *other != group);
                    if following.is_empty() {
                        self.by_channel.remove(&subscription.channel);
                    }
                }
            }
        }
        Some((signature, moved))
    }
}

impl<W: Wire> Fanout<W> {
    /// Takes a connection out of its group: from now on it has cursors, which stand where the group
    /// stands. Gives what it follows.
    pub(super) fn step_apart(&mut self, id: ConnId) -> Vec<Subscription> {
        let Some(conn) = self.conn(id) else {
            return Vec::new();
        };
        let (group, place) = match &conn.following {
            Following::InStep { group, place } => (*group, *place),
            Following::Apart(cursors) => {
                return cursors.iter().map(|cursor| cursor.subscription).collect();
            }
        };
        let Some((signature, moved)) = self.groups.remove(group, place) else {
            return Vec::new();
        };
        if let Some(moved) = moved.and_then(|moved| self.conn_mut(moved)) {
            moved.following = Following::InStep { group, place };
        }
        let cursors = signature.subscriptions.iter().map(|subscription| {
            let head = self.channels.get(&subscription.channel);
            let head = head.map_or(0, |followed| followed.head);
            Cursor::new(*subscription, Some(head), head)
        });
        let cursors = cursors.collect();
        if let Some(conn) = self.conn_mut(id) {
            conn.following = Following::Apart(cursors);
        }
        signature.subscriptions.clone()
    }

    /// Puts a connection that has everything in step with the others.
    pub(super) fn fall_in(&mut self, id: ConnId) {
        let Some(conn) = self.conn(id) else { return };
        let Following::Apart(cursors) = &conn.following else {
            return;
        };
        let mut subscriptions: Vec<_> = cursors.iter().map(|cursor| cursor.subscription).collect();
        subscriptions.sort_unstable();
        let signature = Signature {
            encoding: conn.encoding,
            subscriptions,
        };
        let (group, place) = self.groups.add(signature, id);
        if let Some(conn) = self.conn_mut(id) {
            conn.following = Following::InStep { group, place };
        }
    }
}
