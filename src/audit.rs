//! What can be said of a sealed log without trusting who gives it: [`Walk`] goes through heads and entries
//! in order and keeps a [`Report`] of what is wrong, with the place where it is.
//!
//! It knows neither files nor tables: [`bundle`] feeds it from an exported file, `store::sealed::inspect`
//! from a database. A fault never ends the walk, so that one report has all of them.

pub mod bundle;
mod fault;
mod heads;
mod story;
mod walk;

pub use fault::{Fault, FaultKind, Place, Report};
pub use heads::is_signed;
pub use story::Stated;
pub use walk::Walk;
