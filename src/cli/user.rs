//! `plainsight user`: adds and changes users on the server's machine. Passwords come by standard input
//! alone, for arguments can be seen by others.

use std::io::Read as _;

use super::Failure;
use super::accounts::{Missing, print_json, print_table, with};
use super::args::{ListArgs, PasswordArgs, UserCommand};
use crate::auth::{Actor, NewUser, Password};
use crate::domain::Standing;
use crate::server::clock::wall_time;

/// Bytes that are read of standard input: more is no password.
const LONGEST_INPUT: usize = 4_096;

/// Does it, and says so.
pub fn run(command: UserCommand) -> Result<(), Failure> {
    let by = Actor::cli();
    let now = wall_time();
    let said = match command {
        UserCommand::Add {
            name,
            role,
            password,
            data,
        } => {
            let new = NewUser {
                name,
                role,
                password: read_password(&password)?,
            };
            let added = with(&data, Missing::Make, async |accounts| {
                accounts.add_user(new, &by, now).await
            })?;
            format!("{}: added as {}", added.name, added.role)
        }
        UserCommand::Passwd {
            name,
            password,
            data,
        } => {
            let password = read_password(&password)?;
            with(&data, Missing::Refuse, async |accounts| {
                accounts.set_password(&name, password, &by, now).await
            })?;
            format!("{name}: has another password, all sessions ended")
        }
        UserCommand::Disable { name, data } => {
            with(&data, Missing::Refuse, async |accounts| {
                accounts
                    .set_standing(&name, Standing::Disabled, &by, now)
                    .await
            })?;
            format!("{name}: disabled, all sessions ended")
        }
        UserCommand::Enable { name, data } => {
            with(&data, Missing::Refuse, async |accounts| {
                accounts
                    .set_standing(&name, Standing::Active, &by, now)
                    .await
            })?;
            format!("{name}: enabled")
        }
        UserCommand::Role { name, role, data } => {
            with(&data, Missing::Refuse, async |accounts| {
                accounts.set_role(&name, role, &by, now).await
            })?;
            format!("{name}: is {role}")
        }
        UserCommand::List(args) => return list(&args),
    };
    println!("{said}");
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let users = with(&args.data, Missing::Refuse, async |accounts| {
        accounts.users().await
    })?;
    if args.json {
        return print_json(&users);
    }
    let rows: Vec<[String; 4]> = users
        .iter()
        .map(|user| {
            [
                user.name.to_string(),
                user.role.to_string(),
                user.standing.to_string(),
                user.made_at.to_string(),
            ]
        })
        .collect();
    print_table(["NAME", "ROLE", "STANDING", "ADDED"], &rows);
    Ok(())
}

/// The password: the first line of standard input.
fn read_password(args: &PasswordArgs) -> Result<Password, Failure> {
    if !args.password_stdin {
        let what = "the password is read from standard input: give --password-stdin";
        return Err(Failure::Usage(what.to_owned()));
    }
    // Large enough from the start: what grows leaves copies behind.
    let mut bytes = Vec::with_capacity(LONGEST_INPUT + 1);
    let mut input = std::io::stdin().take(LONGEST_INPUT as u64);
    input
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
    // What cannot be read is not repeated.
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Usage("the password is not UTF-8".to_owned()))?;
    let text = Password::new(text);
    let line = text.expose().trim_end_matches(['\r', '\n']);
    if line.contains(['\r', '\n']) {
        let what = "the password is more than one line";
        return Err(Failure::Usage(what.to_owned()));
    }
    Ok(Password::new(line.to_owned()))
}
