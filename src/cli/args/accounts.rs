//! The arguments of `plainsight user` and `plainsight token`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use crate::domain::{Role, Scopes, TimeUs, TokenId, UserName};

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    pub command: UserCommand,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user.
    Add {
        name: UserName,
        /// viewer, operator or admin.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Give a user another password; all their sessions end.
    Passwd {
        name: UserName,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let a user in no more; all their sessions end.
    Disable {
        name: UserName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let a user in again.
    Enable {
        name: UserName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Give a user another role.
    Role {
        name: UserName,
        /// viewer, operator or admin.
        role: Role,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List the users.
    List(ListArgs),
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    pub command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once.
    Create(CreateToken),
    /// Revoke a token; the sessions that it was exchanged for end.
    Revoke {
        id: TokenId,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List the tokens, without their secrets.
    List(ListArgs),
}

#[derive(Debug, Args)]
pub struct CreateToken {
    /// Whose it is: it never may do more than they.
    #[arg(long, value_name = "NAME")]
    pub user: UserName,
    /// What it may do: some of read, trade and ingest, separated by commas.
    #[arg(long, value_name = "A,B")]
    pub scope: Scopes,
    /// How long it is good for, as 12h or 30d, or never for without end.
    #[arg(long, value_name = "TIME|never")]
    pub expires: Expires,
    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub data: DataArgs,
}

#[derive(Debug, Args)]
pub struct DataArgs {
    /// Directory of the accounts, instead of the configuration's.
    #[arg(long = "data", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataArgs,
}

#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Read the password from standard input: arguments can be seen by others.
    #[arg(long)]
    pub password_stdin: bool,
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expires {
    Never,
    /// In so many µs from now.
    After(i64),
}

impl Expires {
    pub fn from(self, now: TimeUs) -> Option<TimeUs> {
        match self {
            Self::Never => None,
            Self::After(micros) => Some(now.plus(micros)),
        }
    }
}

impl FromStr for Expires {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let what = "neither a time as 30d nor never";
        let duration = humantime::parse_duration(text).map_err(|_| what.to_owned())?;
        i64::try_from(duration.as_micros())
            .map(Self::After)
            .map_err(|_| "too long; never is without end".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR};

    #[test]
    fn times_to_live_are_read() {
        assert_eq!("30d".parse(), Ok(Expires::After(30 * DAY)));
        assert_eq!("12h".parse(), Ok(Expires::After(12 * HOUR)));
        assert_eq!("never".parse(), Ok(Expires::Never));
        assert_eq!(Expires::After(5).from(TimeUs(1)), Some(TimeUs(6)));
        assert_eq!(Expires::Never.from(TimeUs(1)), None);
        for wrong in ["", "30", "soon", "-1d", "999999999999999y", "400000y"] {
            assert!(wrong.parse::<Expires>().is_err(), "{wrong}");
        }
    }
}
