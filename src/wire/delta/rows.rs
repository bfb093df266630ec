//! Changes of rows: by key first, then by field. Rows and their changes are sorted by key.

use super::diff::{Diff, Misfit};
use crate::wire::payload::MAX_ROWS;

/// A row of a keyed topic.
pub trait Row: Diff {
    type Key: Ord;

    fn key(&self) -> &Self::Key;

    fn key_of(patch: &Self::Patch) -> &Self::Key;

    /// Whether a new row can be made of the change.
    fn is_whole(patch: &Self::Patch) -> bool;
}

fn find<R: Row>(rows: &[R], key: &R::Key) -> Result<usize, usize> {
    rows.binary_search_by(|row| row.key().cmp(key))
}

/// The changes of rows that are new or different. Rows that are gone are not told of.
pub fn between<R: Row>(old: &[R], new: &[R]) -> Result<Vec<R::Patch>, Misfit> {
    let changes = new.iter().map(|row| match find(old, row.key()) {
        Ok(place) => R::between(&old[place], row),
        Err(_) => Ok(Some(row.whole())),
    });
    changes.filter_map(Result::transpose).collect()
}

/// Rows that are gone.
pub fn gone<'a, R: Row>(old: &'a [R], new: &'a [R]) -> impl Iterator<Item = &'a R> {
    old.iter().filter(|row| find(new, row.key()).is_err())
}

/// Whether exactly those rows are gone that leave at the front because there are too many.
pub fn gone_is_trimmed<R: Row>(old: &[R], new: &[R]) -> bool {
    let gone: Vec<_> = gone(old, new).collect();
    match (gone.last(), new.first()) {
        (None, _) => true,
        (Some(last), Some(first)) => new.len() == MAX_ROWS && last.key() < first.key(),
        (Some(_), None) => false,
    }
}

/// Lays changes over rows, all of them or none.
///
/// # Errors
/// [`Misfit::Unknown`] for a change of a row that is not there.
pub fn apply<R: Row>(rows: &mut Vec<R>, patches: Vec<R::Patch>) -> Result<(), Misfit> {
    let fits = |patch| R::is_whole(patch) || find(rows, R::key_of(patch)).is_ok();
    if !patches.iter().all(fits) {
        return Err(Misfit::Unknown("the row"));
    }
    for patch in patches {
        match find(rows, R::key_of(&patch)) {
            Ok(place) => rows[place].apply(patch)?,
            Err(place) => rows.insert(place, R::build(patch)?),
        }
    }
    if rows.len() > MAX_ROWS {
        rows.drain(..rows.len() - MAX_ROWS);
    }
    Ok(())
}

/// Puts newer changes into older ones.
pub fn merge<R: Row>(older: &mut Vec<R::Patch>, newer: Vec<R::Patch>) {
    for patch in newer {
        let key = R::key_of(&patch);
        match older.binary_search_by(|known| R::key_of(known).cmp(key)) {
            Ok(place) => R::merge(&mut older[place], patch),
            Err(place) => older.insert(place, patch),
        }
    }
}
