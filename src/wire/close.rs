//! Close codes. Their range says what a client does: 4000–4499 it comes back, 4500–4999 it stays
//! away until something else has changed.

/// Why the server closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    ShuttingDown,
    TokenExpired,
    TooSlow,
    Gap,
    NoPong,
    RateLimited,
    BadToken,
    BadFrame,
    NoHello,
    TooManyConnections,
    TooManySubscriptions,
    Forbidden,
    Version,
}

impl CloseCode {
    pub const ALL: [Self; 13] = [
        Self::ShuttingDown,
        Self::TokenExpired,
        Self::TooSlow,
        Self::Gap,
        Self::NoPong,
        Self::RateLimited,
        Self::BadToken,
        Self::BadFrame,
        Self::NoHello,
        Self::TooManyConnections,
        Self::TooManySubscriptions,
        Self::Forbidden,
        Self::Version,
    ];

    pub fn code(self) -> u16 {
        match self {
            Self::ShuttingDown => 4001,
            Self::TokenExpired => 4005,
            Self::TooSlow => 4008,
            Self::Gap => 4010,
            Self::NoPong => 4012,
            Self::RateLimited => 4013,
            Self::BadToken => 4500,
            Self::BadFrame => 4501,
            Self::NoHello => 4502,
            Self::TooManyConnections => 4504,
            Self::TooManySubscriptions => 4505,
            Self::Forbidden => 4507,
            Self::Version => 4510,
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            Self::ShuttingDown => "shutting down",
            Self::TokenExpired => "token expired",
            Self::TooSlow => "too slow",
            Self::Gap => "gap",
            Self::NoPong => "no pong",
            Self::RateLimited => "rate limited",
            Self::BadToken => "bad token",
            Self::BadFrame => "bad frame",
            Self::NoHello => "no hello",
            Self::TooManyConnections => "too many connections",
            Self::TooManySubscriptions => "too many subscriptions",
            Self::Forbidden => "forbidden",
            Self::Version => "version not supported",
        }
    }

    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

    /// Whether a client that was closed with `code` reconnects: also for every code of the
    /// transport (1000–1015), which says nothing about the session.
    pub fn reconnects(code: u16) -> bool {
        code < 4500
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_says_whether_to_come_back() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::of(code.code()), Some(code));
        }
        assert!(CloseCode::reconnects(CloseCode::ShuttingDown.code()));
        assert!(CloseCode::reconnects(1006));
        assert!(!CloseCode::reconnects(CloseCode::Forbidden.code()));
    }
}
