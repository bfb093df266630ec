//! `plainsight token`: makes, revokes and lists API tokens on the server's machine.

use super::Failure;
use super::accounts::{Missing, one_line, print_json, print_table, with};
use super::args::{CreateToken, ListArgs, TokenCommand};
use crate::auth::{Actor, NewToken};
use crate::domain::{TimeUs, TokenInfo};
use crate::server::clock::wall_time;

/// Does it. A new token stands alone on standard output, so that it can be piped to where it is kept.
pub fn run(command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(args),
        TokenCommand::Revoke { id, data } => {
            with(&data, Missing::Refuse, async |accounts| {
                accounts.revoke_token(&id, &Actor::cli(), wall_time()).await
            })?;
            println!("{id}: revoked");
            Ok(())
        }
        TokenCommand::List(args) => list(&args),
    }
}

fn create(args: CreateToken) -> Result<(), Failure> {
    let now = wall_time();
    let new = NewToken {
        user: args.user,
        scopes: args.scope,
        expires: args.expires.from(now),
        note: args.note,
    };
    let made = with(&args.data, Missing::Refuse, async |accounts| {
        accounts.create_token(new, &Actor::cli(), now).await
    })?;
    println!("{}", made.text.expose());
    eprintln!("token {}: keep it, it is not shown again", made.id);
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let tokens = with(&args.data, Missing::Refuse, async |accounts| {
        accounts.tokens().await
    })?;
    if args.json {
        return print_json(&tokens);
    }
    let now = wall_time();
    let rows: Vec<[String; 6]> = tokens.iter().map(|token| cells(token, now)).collect();
    print_table(["ID", "USER", "SCOPES", "MADE", "ENDS", "NOTE"], &rows);
    Ok(())
}

fn cells(token: &TokenInfo, now: TimeUs) -> [String; 6] {
    let ends = match (token.revoked_at, token.expires) {
        (Some(revoked), _) => format!("revoked {revoked}"),
        (None, Some(expires)) if expires <= now => format!("expired {expires}"),
        (None, Some(expires)) => expires.to_string(),
        (None, None) => "never".to_owned(),
    };
    [
        token.id.to_string(),
        token.user.to_string(),
        token.scopes.to_string(),
        token.made_at.to_string(),
        ends,
        one_line(&token.note),
    ]
}
