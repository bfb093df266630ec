//! What it is for two values to differ: [`Diff`] for figures, options and maps of figures. Structs
//! get theirs from [`super::patch`].
//!
//! Equal here is equal as it is written: `1.10` is another figure than `1.1`, because a client that
//! follows by deltas shall show, to the last digit, what one shows that got the whole.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::domain::Decimal;

/// A change that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It changes something that is not there.
    #[error("{0} is missing: a change of what is not known")]
    Unknown(&'static str),
    /// It is of another stream than the value.
    #[error("a change of another stream")]
    Stream,
    /// The newer value has lost what a change cannot take away.
    #[error("what is gone cannot be said by a change")]
    Gone,
}

/// A value whose changes can be said.
pub trait Diff: Sized {
    /// A change. It holds what is different and nothing else.
    type Patch: Clone + PartialEq + Debug + Serialize + DeserializeOwned;

    /// What makes `new` of `old`; `None` where they are the same.
    ///
    /// # Errors
    /// [`Misfit::Gone`] where no change can say it.
    fn between(old: &Self, new: &Self) -> Result<Option<Self::Patch>, Misfit>;

    /// The change that says all there is, so that [`Diff::build`] can make the value of it.
    fn whole(&self) -> Self::Patch;

    /// Lays a change over the value. After an error the value may be half changed.
    fn apply(&mut self, patch: Self::Patch) -> Result<(), Misfit>;

    fn build(patch: Self::Patch) -> Result<Self, Misfit>;

    /// Makes of two changes the one that does what both do in turn.
    fn merge(older: &mut Self::Patch, newer: Self::Patch);
}

/// Figures and lists that are said whole or not at all. `same` is told apart from `==` where that
/// forgives a difference in writing.
macro_rules! figures {
    ($({$($generics:tt)*})? $type:ty, $same:expr) => {
        impl $(<$($generics)*>)? Diff for $type {
            type Patch = Self;

            fn between(old: &Self, new: &Self) -> Result<Option<Self>, Misfit> {
                let same: fn(&Self, &Self) -> bool = $same;
                Ok((!same(old, new)).then(|| new.clone()))
            }

            fn whole(&self) -> Self {
                self.clone()
            }

            fn apply(&mut self, patch: Self) -> Result<(), Misfit> {
                *self = patch;
                Ok(())
            }

            fn build(patch: Self) -> Result<Self, Misfit> {
                Ok(patch)
            }

            fn merge(older: &mut Self, newer: Self) {
                *older = newer;
            }
        }
    };
}
pub(in crate::wire::delta) use figures;

figures!(Decimal, |old, new| old == new && old.scale() == new.scale());
figures!(f64, |old, new| old.to_bits() == new.to_bits());
figures!(f32, |old, new| old.to_bits() == new.to_bits());
figures!(bool, |old, new| old == new);
figures!(u32, |old, new| old == new);
figures!(u64, |old, new| old == new);
figures!(String, |old, new| old == new);
figures!({T: Diff<Patch = T> + Clone + PartialEq + Debug + Serialize + DeserializeOwned} Vec<T>, |old, new| {
    let same = |(old, new)| matches!(T::between(old, new), Ok(None));
    old.len() == new.len() && old.iter().zip(new).all(same)
});

/// `null` is none; from none only a whole value leads back.
impl<T: Diff> Diff for Option<T> {
    type Patch = Option<T::Patch>;

    fn between(old: &Self, new: &Self) -> Result<Option<Self::Patch>, Misfit> {
        Ok(match (old, new) {
            (Some(old), Some(new)) => T::between(old, new)?.map(Some),
            (None, None) => None,
            (_, new) => Some(new.whole()),
        })
    }

    fn whole(&self) -> Self::Patch {
        self.as_ref().map(T::whole)
    }

    fn apply(&mut self, patch: Self::Patch) -> Result<(), Misfit> {
        match (&mut *self, patch) {
            (Some(value), Some(patch)) => value.apply(patch),
            (_, patch) => {
                *self = Self::build(patch)?;
                Ok(())
            }
        }
    }

    fn build(patch: Self::Patch) -> Result<Self, Misfit> {
        patch.map(T::build).transpose()
    }

    fn merge(older: &mut Self::Patch, newer: Self::Patch) {
        match (older, newer) {
            (Some(older), Some(newer)) => T::merge(older, newer),
            (older, newer) => *older = newer,
        }
    }
}

/// Entries come and change, and never go: a map that has lost one is said whole, by a snapshot.
impl<K, V> Diff for BTreeMap<K, V>
where
    K: Ord + Clone + Debug + Serialize + DeserializeOwned,
    V: Diff,
{
    type Patch = BTreeMap<K, V::Patch>;

    fn between(old: &Self, new: &Self) -> Result<Option<Self::Patch>, Misfit> {
        if old.keys().any(|key| !new.contains_key(key)) {
            return Err(Misfit::Gone);
        }
        let mut patch = BTreeMap::new();
        for (key, value) in new {
            let change = match old.get(key) {
                Some(old) => V::between(old, value)?,
                None => Some(value.whole()),
            };
            patch.extend(change.map(|change| (key.clone(), change)));
        }
        Ok((!patch.is_empty()).then_some(patch))
    }

    fn whole(&self) -> Self::Patch {
        let entries = self.iter();
        entries
            .map(|(key, value)| (key.clone(), value.whole()))
            .collect()
    }

    fn apply(&mut self, patch: Self::Patch) -> Result<(), Misfit> {
        for (key, change) in patch {
            match self.get_mut(&key) {
                Some(value) => value.apply(change)?,
                None => {
                    self.insert(key, V::build(change)?);
                }
            }
        }
        Ok(())
    }

    fn build(patch: Self::Patch) -> Result<Self, Misfit> {
        let entries = patch.into_iter();
        entries
            .map(|(key, change)| Ok((key, V::build(change)?)))
            .collect()
    }

    fn merge(older: &mut Self::Patch, newer: Self::Patch) {
        for (key, change) in newer {
            match older.get_mut(&key) {
                Some(older) => V::merge(older, change),
                None => {
                    older.insert(key, change);
                }
            }
        }
    }
}
