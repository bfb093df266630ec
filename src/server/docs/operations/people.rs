//! Signing in, one's own account, users, tokens and the audit.

use serde_json::json;

use super::PEOPLE;
use crate::domain::{AuditEntry, SessionInfo, TokenInfo, UserInfo};
use crate::server::access::Endpoint;
use crate::server::docs::operation::Operation;
use crate::server::docs::schemas::Schemas;
use crate::server::rest::accounts;

/// What anybody may do about oneself.
pub fn oneself(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, PEOPLE);
    match endpoint {
        Endpoint::Refresh => new
            .does("A new access token; a page's script sends its cookie alone")
            .may_take::<accounts::RefreshBody>()
            .gives::<accounts::Session>()
            .fails(&[401]),
        Endpoint::SignOut => new.does("Ends the session that asks").says(204, "Done."),
        Endpoint::SignOutEverywhere => new.does("Ends all sessions of who asks").says(204, "Done."),
        // Nothing is looked up for it.
        Endpoint::Me => {
            return new
                .does("Who asks, as the server sees it")
                .gives::<accounts::Me>()
                .fails(&[401]);
        }
        Endpoint::ChangePassword => new
            .does("Changes one's own password; all sessions end, a new one begins")
            .takes::<accounts::NewPassword>()
            .gives::<accounts::Session>()
            .fails(&[404, 422]),
        Endpoint::Sessions => new.does("One's own sessions").lists::<SessionInfo>(),
        Endpoint::EndSession => new
            .does("Ends one of one's own sessions")
            .id("Its id.")
            .says(204, "Done.")
            .fails(&[400, 404]),
        _ => new
            .does("Signs in")
            .takes::<accounts::Credentials>()
            .gives::<accounts::Session>()
            .fails(&[401]),
    }
    .fails(&[503])
}

/// What an admin may do about all.
pub fn people(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    match endpoint {
        Endpoint::AddUser => Operation::new(schemas, PEOPLE)
            .does("Adds a user")
            .takes::<accounts::AddUser>()
            .says(201, "Done.")
            .fails(&[409, 422]),
        Endpoint::ChangeUser => Operation::new(schemas, PEOPLE)
            .does("Changes a user")
            .takes::<accounts::UserChange>()
            .says(204, "Done.")
            .fails(&[404, 409, 422]),
        Endpoint::Tokens => Operation::new(schemas, PEOPLE)
            .does("All API tokens")
            .lists::<TokenInfo>(),
        Endpoint::CreateToken => {
            let schema = schemas.of::<accounts::CreatedToken>();
            let body = json!({ "application/json": { "schema": schema } });
            Operation::new(schemas, PEOPLE)
                .does("Makes an API token, which is said this once")
                .takes::<accounts::CreateToken>()
                .answers(201, "Done.", body)
                .fails(&[404, 422])
        }
        Endpoint::RevokeToken => Operation::new(schemas, PEOPLE)
            .does("Revokes an API token")
            .id("Its id.")
            .says(204, "Done.")
            .fails(&[400, 404]),
        Endpoint::Audit => Operation::new(schemas, PEOPLE)
            .does("What was done by whom, the newest first")
            .query::<accounts::AuditQuery>()
            .lists::<AuditEntry>(),
        _ => Operation::new(schemas, PEOPLE)
            .does("All users")
            .lists::<UserInfo>(),
    }
    .fails(&[503])
}
