//! What the server allows, drawn as a table.

use leptos::prelude::*;

use super::html;

/// One limit, and what happens to whoever goes beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRow {
    pub name: &'static str,
    pub value: String,
    pub beyond: &'static str,
}

pub fn limits(rows: &[LimitRow]) -> String {
    html(|| {
        let rows = rows.iter().map(row).collect::<Vec<_>>();
        view! {
            <div class="scroll" role="region" aria-label="Limits" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Limit"</th>
                            <th scope="col">"Value"</th>
                            <th scope="col">"Beyond it"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    })
}

fn row(limit: &LimitRow) -> AnyView {
    let value = limit.value.clone();
    view! {
        <tr data-id=limit.name>
            <th scope="row">{limit.name}</th>
            <td>{value}</td>
            <td>{limit.beyond}</td>
        </tr>
    }
    .into_any()
}
