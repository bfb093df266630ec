//! The requests that bots made lately under ids of their own, so that a repeated one is known. Bounded
//! for each bot.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::domain::OrderId;

/// Requests that are remembered for each bot.
const KEPT: usize = 10_000;

/// A request that was made before under a client id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    client_id: String,
    order: OrderId,
    /// Tells the same request from another one under the same id.
    fingerprint: String,
}

/// What is known of a request's client id.
pub enum Repeated {
    /// The very same request was made before: this order came of it.
    Same(OrderId),
    /// Another request was made under this id.
    Different,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "VecDeque<Known>", into = "VecDeque<Known>")]
pub struct Requests {
    in_order: VecDeque<Known>,
    /// How many were taken in before the one of this id.
    places: BTreeMap<String, usize>,
    forgotten: usize,
}

impl Requests {
    pub fn repeated(&self, client_id: &str, fingerprint: &str) -> Option<Repeated> {
        let place = self.places.get(client_id)? - self.forgotten;
        let known = self.in_order.get(place)?;
        Some(if known.fingerprint == fingerprint {
            Repeated::Same(known.order.clone())
        } else {
            Repeated::Different
        })
    }

    /// Takes a request that was not made before.
    pub fn remember(&mut self, client_id: &str, fingerprint: String, order: &OrderId) {
        self.push(Known {
            client_id: client_id.to_owned(),
            order: order.clone(),
            fingerprint,
        });
        if self.in_order.len() > KEPT
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.forgotten += 1;
            self.places.remove(&oldest.client_id);
        }
    }

    fn push(&mut self, known: Known) {
        let place = self.forgotten + self.in_order.len();
        self.places.insert(known.client_id.clone(), place);
        self.in_order.push_back(known);
    }
}

impl From<VecDeque<Known>> for Requests {
    fn from(in_order: VecDeque<Known>) -> Self {
        let mut requests = Self::default();
        in_order.into_iter().for_each(|known| requests.push(known));
        requests
    }
}

impl From<Requests> for VecDeque<Known> {
    fn from(requests: Requests) -> Self {
        requests.in_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(requests: &Requests, number: usize) -> bool {
        let order = format!("ord-{number}-1");
        matches!(
            requests.repeated(&format!("c-{number}"), "f"),
            Some(Repeated::Same(known)) if known.as_str() == order
        )
    }

    #[test]
    fn the_latest_are_known_also_out_of_a_snapshot() {
        let mut requests = Requests::default();
        for number in 0..KEPT + 5 {
            let order = format!("ord-{number}-1").parse().unwrap();
            requests.remember(&format!("c-{number}"), "f".to_owned(), &order);
        }
        let text = serde_json::to_string(&requests).unwrap();
        for requests in [requests, serde_json::from_str(&text).unwrap()] {
            assert!(requests.repeated("c-4", "f").is_none(), "it is forgotten");
            assert!(is_same(&requests, 5) && is_same(&requests, KEPT + 4));
            let other = requests.repeated("c-7", "g");
            assert!(matches!(other, Some(Repeated::Different)));
        }
    }
}
