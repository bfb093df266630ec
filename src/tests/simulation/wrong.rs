//! A client that breaks the rule of when a push is applied, to see that it is found.

use plainsight::wire::follow::inbox::{Change, Outcome, apply};
use plainsight::wire::frame::Since;
use plainsight::wire::{Class, Payload, Replica};

use super::plan::Broken;

/// Lays changes over a replica as the real client never does.
pub fn apply_wrongly(replica: &mut Replica, changes: Vec<Change>, broken: Broken) -> Outcome {
    let mut all = Outcome::default();
    for change in changes {
        let mut back = None;
        if let (Change::Push(push), Some(at)) = (&change, replica.since())
            && push.epoch == at.epoch
        {
            if broken == Broken::AppliesDuplicates && push.last <= at.offset {
                stand_at(replica, push.first - 1);
                back = Some(at.offset);
            } else if broken == Broken::IgnoresGaps && push.first > at.offset + 1 {
                stand_at(replica, push.first - 1);
            }
            if all.gap {
                continue;
            }
        }
        let outcome = apply(replica, vec![change], |_| None);
        if let Some(offset) = back {
            stand_at(replica, offset);
        }
        all.gap = outcome.gap;
        all.skipped |= outcome.skipped;
        all.answered |= outcome.answered;
        all.healed |= outcome.healed;
    }
    all
}

/// Claims another place with the same content.
fn stand_at(replica: &mut Replica, offset: u64) {
    let (Some(at), Some(seq)) = (replica.since(), replica.seq) else {
        return;
    };
    let content: Vec<Payload> = match replica.topic.class() {
        Class::Log => replica.entries().iter().cloned().collect(),
        Class::Keyed | Class::Latest => replica.value().cloned().into_iter().collect(),
    };
    let place = Since {
        epoch: at.epoch,
        offset,
    };
    replica.fill(place, seq, None, content);
}
