//! Who did what and from where: the newest first.

use leptos::prelude::*;

use super::{moment, table, tabs, tile};
use crate::app::parts::html;
use crate::domain::AuditEntry;

/// `older` is where the page goes on, if there is more.
pub fn audit(entries: Vec<AuditEntry>, older: Option<String>) -> String {
    html(|| {
        let rows = entries.into_iter().map(|entry| {
            view! {
                <tr>
                    {moment(Some(entry.time), "")}
                    <td>{entry.who.map(|who| who.to_string())}</td>
                    <td>{entry.by.to_string()}</td>
                    <td>{entry.address}</td>
                    <td>{entry.action.to_string().replace('_', " ")}</td>
                    <td class="words">{entry.subject}</td>
                    <td class="words">{entry.detail}</td>
                </tr>
            }
            .into_any()
        });
        let heads = ["When", "Who", "By", "From", "What", "Of", "How"];
        let list = table("Audit", &heads, rows.collect());
        let more = older.map(|address| {
            view! {
                <p>
                    <a class="button" rel="external" href=address>
                        "Older"
                    </a>
                </p>
            }
        });
        let content = view! {
            {list}
            {more}
        }
        .into_any();
        view! {
            {tabs(true, "/settings")}
            {tile("Audit", "", content)}
        }
        .into_any()
    })
}
