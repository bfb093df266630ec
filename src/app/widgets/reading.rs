//! What a figure says: its text, the exact value behind it, and how it is coloured.

use crate::app::format;
use crate::domain::Decimal;

/// The colour of a figure. It is never the only sign: a text says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Up,
    Down,
    /// Present, but of no weight: undefined, or zero.
    Quiet,
    Good,
    Warn,
    Bad,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Up => "up",
            Self::Down => "down",
            Self::Quiet => "quiet",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// Of a gain or a loss.
    pub fn of(value: Decimal) -> Self {
        if value.is_zero() {
            Self::Quiet
        } else if value.is_sign_negative() {
            Self::Down
        } else {
            Self::Up
        }
    }
}

/// A figure ready to be shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    pub text: String,
    /// The value as JSON has it, for programs that read the page.
    pub exact: Option<String>,
    pub tone: Tone,
    pub href: Option<String>,
    pub title: Option<String>,
}

impl Reading {
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Undefined is shown as such, never as zero.
    pub fn undefined() -> Self {
        Self::text(format::NONE).toned(Tone::Quiet)
    }

    /// There is no such thing here, which is not the same as an undefined figure.
    pub fn none() -> Self {
        Self::text("–").toned(Tone::Quiet)
    }

    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub fn linked(mut self, href: Option<String>) -> Self {
        self.href = href;
        self
    }

    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    fn decimal(value: Decimal, text: String) -> Self {
        Self {
            text,
            exact: Some(value.to_string()),
            ..Self::default()
        }
    }

    pub fn money(value: Decimal) -> Self {
        Self::decimal(value, format::money(value))
    }

    /// A gain or a loss, with sign and colour.
    pub fn pnl(value: Decimal) -> Self {
        Self::decimal(value, format::signed_money(value)).toned(Tone::of(value))
    }

    pub fn price(value: Option<Decimal>) -> Self {
        value.map_or_else(Self::undefined, |value| {
            Self::decimal(value, format::price(value))
        })
    }

    pub fn quantity(value: Decimal) -> Self {
        Self::decimal(value, format::quantity(value))
    }

    /// A percentage that says its sign.
    pub fn percent(value: Option<Decimal>) -> Self {
        value.map_or_else(Self::undefined, |value| {
            Self::decimal(value, format::percent(value)).toned(Tone::of(value))
        })
    }

    pub fn count(value: u64) -> Self {
        Self {
            text: format::count(value),
            exact: Some(value.to_string()),
            ..Self::default()
        }
    }

    /// A float under a formatting of its own.
    pub fn float(value: Option<f64>, format: impl FnOnce(f64) -> String) -> Self {
        match value {
            Some(value) if value.is_finite() => Self {
                text: format(value),
                exact: Some(value.to_string()),
                ..Self::default()
            },
            _ => Self::undefined(),
        }
    }
}
