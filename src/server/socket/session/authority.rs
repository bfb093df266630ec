//! Whose socket it is: what hello brings, and what takes its place later.

use super::{End, Flow, Session};
use crate::auth::Principal;
use crate::domain::Rejection;
use crate::server::access::Need;
use crate::server::error::AppError;
use crate::server::limits::Refusal;
use crate::wire::frame::Reply;
use crate::wire::{CloseCode, Credential, ServerFrame};

impl Session {
    /// Whoever says hello must be somebody who may see, by the token that it brings or by the cookies that
    /// it came with.
    pub(super) fn prove(&self, token: Option<&Credential>) -> Flow {
        if self.greeted {
            return Flow::Continue(());
        }
        if let Some(token) = token {
            let checked = self.shard.host.check(token.reveal());
            self.caller.borrow_mut().principal = checked.map(Some);
        }
        let caller = self.caller.borrow();
        if !caller.may(Need::See) {
            return Flow::Break(End::Close(CloseCode::BadToken));
        }
        match self.belong_to(caller.principal()) {
            Ok(()) => Flow::Continue(()),
            Err(_) => Flow::Break(End::Full),
        }
    }

    /// Puts another token in the place of what the connection came with.
    pub(super) fn renew(&self, id: u64, token: &Credential) {
        let renewed = self.shard.host.check(token.reveal());
        let renewed = renewed.map_err(|denied| AppError::BadToken(denied.to_string()));
        let renewed = renewed.and_then(|principal| {
            let is_enough = Need::See.is_met_by(Some(&principal));
            let principal = is_enough.then_some(principal).ok_or(AppError::Forbidden)?;
            self.belong_to(Some(&principal))?;
            Ok(principal)
        });
        match renewed {
            Ok(principal) => {
                self.caller.borrow_mut().principal = Ok(Some(principal));
                self.reply(&ServerFrame::Ok(Reply {
                    id,
                    ..Reply::default()
                }));
            }
            // What it had before still holds, as long as it does.
            Err(error) => {
                let rejection = Rejection::new(error.code(), error.detail());
                self.refuse(Some(id), rejection, error.is_temporary());
            }
        }
    }

    /// Counts the socket for whoever is at its end now.
    fn belong_to(&self, principal: Option<&Principal>) -> Result<(), Refusal> {
        let limits = self.shard.host.limits();
        limits.socket_of(&self.opening.place, principal)
    }
}
