//! The order ticket: which of its fields belong to which kind of order.

use time::PrimitiveDateTime;
use time::macros::format_description;

use super::Fields;
use crate::domain::{
    Amendment, BotCommand, Decimal, NewOco, NewOrder, OrderType, Rejection, Side, TimeInForce,
    TimeUs,
};

/// What the ticket can send: an order of a type, or a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    One(OrderType),
    Oco,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::One(OrderType::Market),
        Self::One(OrderType::Limit),
        Self::One(OrderType::Stop),
        Self::One(OrderType::StopLimit),
        Self::One(OrderType::TrailingStop),
        Self::Oco,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::One(order_type) => order_type.as_str(),
            Self::Oco => "oco",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::One(OrderType::Market) => "Market",
            Self::One(OrderType::Limit) => "Limit",
            Self::One(OrderType::Stop) => "Stop",
            Self::One(OrderType::StopLimit) => "Stop limit",
            Self::One(OrderType::TrailingStop) => "Trailing",
            Self::Oco => "OCO",
        }
    }

    /// The kind that a form names; a new form is for a market order.
    pub fn of(fields: &Fields) -> Self {
        let named = fields.get("kind").unwrap_or_default();
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == named);
        found.unwrap_or(Self::One(OrderType::Market))
    }
}

/// What a filled-in ticket sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ticket {
    Order(Box<NewOrder>),
    Oco(Box<NewOco>),
}

impl Ticket {
    /// Takes the fields that belong to the ticket's kind. What was typed for another kind is not sent.
    pub fn read(fields: &Fields) -> Result<Self, Rejection> {
        let kind = Kind::of(fields);
        let side = side(fields)?;
        let quantity = fields.parsed("quantity")?;
        let order_type = match kind {
            Kind::One(order_type) => order_type,
            Kind::Oco => OrderType::Limit,
        };
        let mut order = NewOrder {
            client_order_id: fields.get("client_order_id").map(str::to_owned),
            order_type,
            reduce_only: fields.get("reduce_only").is_some(),
            ..NewOrder::market(fields.parsed("symbol")?, side, quantity)
        };
        order.time_in_force = time_in_force(fields)?;
        if order.time_in_force == Some(TimeInForce::Gtd) {
            order.expires_at = expiry(fields)?;
        }
        let takes = |types: &[OrderType]| types.contains(&order_type);
        if takes(&[OrderType::Limit, OrderType::StopLimit]) {
            order.price = Some(fields.parsed("price")?);
        }
        if kind == Kind::Oco {
            return Ok(Self::Oco(Box::new(pair(fields, order)?)));
        }
        if takes(&[OrderType::Stop, OrderType::StopLimit]) {
            order.stop_price = Some(fields.parsed("stop_price")?);
        }
        if takes(&[OrderType::TrailingStop]) {
            order.trail_amount = fields.optional("trail_amount")?;
            order.trail_percent = fields.optional("trail_percent")?;
            order.activation_price = fields.optional("activation_price")?;
        }
        order.take_profit = fields.optional("take_profit")?;
        order.stop_loss = fields.optional("stop_loss")?;
        Ok(Self::Order(Box::new(order)))
    }

    pub fn into_command(self) -> BotCommand {
        match self {
            Self::Order(order) => BotCommand::SubmitOrder(*order),
            Self::Oco(oco) => BotCommand::SubmitOco(oco),
        }
    }
}

/// A limit leg, and a stop beside it: with a limit of its own where one is given.
fn pair(fields: &Fields, mut limit: NewOrder) -> Result<NewOco, Rejection> {
    let client_order_id = limit.client_order_id.take();
    let stop_limit = fields.optional("stop_limit_price")?;
    let stop = NewOrder {
        order_type: match stop_limit {
            Some(_) => OrderType::StopLimit,
            None => OrderType::Stop,
        },
        price: stop_limit,
        stop_price: Some(fields.parsed("stop_price")?),
        ..limit.clone()
    };
    Ok(NewOco {
        client_order_id,
        legs: [limit, stop],
    })
}

/// The fields of a pair's legs, by the names that the ticket has for them.
pub fn field_of(rejection: Rejection, oco: &NewOco) -> Rejection {
    let field = rejection.field.as_deref().map(|field| {
        let leg = field
            .strip_prefix("legs[")
            .and_then(|rest| rest.split_once("]."));
        match leg {
            Some(("1", "price")) if oco.legs[1].price.is_some() => "stop_limit_price",
            Some((_, name)) => name,
            None if field.starts_with("legs") => "kind",
            None => field,
        }
        .to_owned()
    });
    Rejection { field, ..rejection }
}

fn side(fields: &Fields) -> Result<Side, Rejection> {
    match fields.get("side") {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        _ => Err(Rejection::field(
            "invalid_side",
            "side",
            "side must be buy or sell",
        )),
    }
}

fn time_in_force(fields: &Fields) -> Result<Option<TimeInForce>, Rejection> {
    let Some(text) = fields.get("time_in_force") else {
        return Ok(None);
    };
    let known = TimeInForce::ALL
        .into_iter()
        .find(|one| one.as_str() == text);
    known.map(Some).ok_or_else(|| {
        Rejection::field(
            "invalid_time_in_force",
            "time_in_force",
            "time_in_force must be one of gtc, ioc, fok, gtd",
        )
    })
}

/// The moment as the browser's control writes it, read as UTC.
fn expiry(fields: &Fields) -> Result<Option<TimeUs>, Rejection> {
    let Some(text) = fields.get("expires_at") else {
        return Ok(None);
    };
    let short = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let long = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let plain = text.trim_end_matches('Z');
    let read = PrimitiveDateTime::parse(plain, short)
        .or_else(|_| PrimitiveDateTime::parse(plain, long))
        .map_err(|_| {
            Rejection::field(
                "invalid_expires_at",
                "expires_at",
                "expires_at must be a date and a time, as 2024-01-31T12:00",
            )
        })?;
    let seconds = read.assume_utc().unix_timestamp();
    Ok(Some(TimeUs::from_millis(seconds.saturating_mul(1_000))))
}

/// A moment as the browser's control takes it: `2024-01-31T12:00:00`.
pub fn time_text(time: TimeUs) -> String {
    time.rfc3339().chars().take(19).collect()
}

/// What the form changes: a field that is as it `was_` stays.
pub fn amendment(fields: &Fields) -> Result<Amendment, Rejection> {
    let changed = |name: &str| -> Result<Option<Decimal>, Rejection> {
        let was = fields.optional::<Decimal>(&format!("was_{name}"))?;
        Ok(fields
            .optional::<Decimal>(name)?
            .filter(|now| Some(*now) != was))
    };
    let same_time = fields.get("expires_at") == fields.get("was_expires_at");
    Ok(Amendment {
        quantity: changed("quantity")?,
        price: changed("price")?,
        stop_price: changed("stop_price")?,
        trail_amount: changed("trail_amount")?,
        trail_percent: changed("trail_percent")?,
        activation_price: changed("activation_price")?,
        expires_at: if same_time { None } else { expiry(fields)? },
    })
}
