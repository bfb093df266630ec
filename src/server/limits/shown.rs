//! The limits as `/system` lists them.

use crate::app::parts::LimitRow;
use crate::server::config::Config;

/// Everything that a client may run into, and what happens then.
pub fn rows(config: &Config) -> Vec<LimitRow> {
    let (limits, server) = (&config.limits, &config.server);
    let row = |name, value, beyond| LimitRow {
        name,
        value,
        beyond,
    };
    let seconds = |ms: u32| format!("{} s", f64::from(ms) / 1_000.0);
    let rate = |per_s, burst| format!("{per_s} a second, {burst} at once");
    vec![
        row(
            "Connections",
            server.max_connections.to_string(),
            "429, or closed",
        ),
        row(
            "Connections of an address",
            limits.connections_per_address.to_string(),
            "429, or closed",
        ),
        row(
            "Sockets of an address",
            limits.sockets_per_address.to_string(),
            "429",
        ),
        row(
            "Sockets of a user",
            limits.sockets_per_user.to_string(),
            "429, or closed (4013)",
        ),
        row(
            "Requests of an address",
            rate(limits.requests_per_s, limits.request_burst),
            "429",
        ),
        row(
            "Requests of a user",
            rate(limits.user_requests_per_s, limits.user_request_burst),
            "429",
        ),
        row(
            "Frames of a client on a socket",
            rate(limits.commands_per_s, limits.command_burst),
            "refused; who goes on is closed (4013)",
        ),
        row(
            "Connections closed for abuse within a minute",
            limits.strikes.to_string(),
            "the address is refused for a while",
        ),
        row(
            "That refusal",
            format!("{} s", limits.ban_s),
            "the address is let in again",
        ),
        row(
            "Headers of a request",
            format!(
                "{}, {} bytes, {}",
                limits.max_headers,
                limits.max_header_bytes,
                seconds(limits.header_timeout_ms.get())
            ),
            "431, or closed",
        ),
        row(
            "Body of a request",
            format!(
                "{} bytes, {}",
                server.max_body_bytes,
                seconds(limits.body_timeout_ms.get())
            ),
            "413, 408",
        ),
        row(
            "A connection on which nothing moves",
            seconds(limits.idle_ms.get()),
            "closed",
        ),
        row(
            "Subscriptions of a socket",
            server.max_subscriptions.to_string(),
            "closed (4505)",
        ),
        row(
            "What waits for a slow reader",
            format!("{} bytes", server.lag_bytes),
            "skipped and told so",
        ),
        row(
            "What waits of what is never skipped",
            format!("{} bytes", server.max_queue_bytes),
            "closed (4008)",
        ),
    ]
}
