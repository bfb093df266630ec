//! Tables of live rows. A table has a fixed number of slots, each with one memo, and a slot's cells
//! change in place: rows of a fast topic are never torn down and built anew.

use std::sync::Arc;

use leptos::prelude::*;

use super::figure::flash_class;
use super::{Absent, Reading};

/// What a cell shows: a reading that changes in place, or a part that is built for its row.
enum CellOf<T> {
    Reading(Arc<dyn Fn(&T) -> Reading + Send + Sync>),
    Widget(Arc<dyn Fn(&T) -> AnyView + Send + Sync>),
}

impl<T> Clone for CellOf<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Reading(read) => Self::Reading(Arc::clone(read)),
            Self::Widget(build) => Self::Widget(Arc::clone(build)),
        }
    }
}

/// One column: its heading and what it shows of a row.
pub struct Column<T> {
    head: &'static str,
    class: &'static str,
    flashes: bool,
    cell: CellOf<T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self {
            head: self.head,
            class: self.class,
            flashes: self.flashes,
            cell: self.cell.clone(),
        }
    }
}

impl<T> Column<T> {
    pub fn text(head: &'static str, cell: impl Fn(&T) -> Reading + Send + Sync + 'static) -> Self {
        Self {
            head,
            class: "",
            flashes: false,
            cell: CellOf::Reading(Arc::new(cell)),
        }
    }

    /// Right-aligned figures.
    pub fn number(
        head: &'static str,
        cell: impl Fn(&T) -> Reading + Send + Sync + 'static,
    ) -> Self {
        Self {
            class: "num",
            ..Self::text(head, cell)
        }
    }

    /// Controls: built when another row comes to stand here, and left alone while it stays.
    pub fn widget(
        head: &'static str,
        build: impl Fn(&T) -> AnyView + Send + Sync + 'static,
    ) -> Self {
        Self {
            head,
            class: "",
            flashes: false,
            cell: CellOf::Widget(Arc::new(build)),
        }
    }

    /// Shows its changes: for rows that stay in their place.
    pub fn flashing(mut self) -> Self {
        self.flashes = true;
        self
    }

    /// Takes its space only where there is much of it.
    pub fn wide_only(mut self) -> Self {
        self.class = if self.class == "num" {
            "num wide"
        } else {
            "wide"
        };
        self
    }
}

/// A table of the first `slots` rows of a list.
#[component]
pub fn DataTable<T, I>(
    /// What it holds, for those who do not see it.
    label: &'static str,
    #[prop(into)] rows: Signal<Option<Vec<T>>>,
    slots: usize,
    columns: Vec<Column<T>>,
    /// What `data-id` says of a row.
    id: I,
    /// Said when there are no rows.
    empty: &'static str,
    #[prop(optional, into)] stale: Signal<bool>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    I: Fn(&T) -> String + Copy + Send + Sync + 'static,
{
    let known = Memo::new(move |_| rows.with(|rows| rows.as_ref().map(|rows| !rows.is_empty())));
    let heads: Vec<_> = columns
        .iter()
        .map(|column| view! { <th scope="col" class=column.class>{column.head}</th> })
        .collect();
    let body: Vec<_> = (0..slots)
        .map(|place| {
            let row = Memo::new(move |_| {
                rows.with(|rows| rows.as_ref().and_then(|rows| rows.get(place).cloned()))
            });
            let is_there = Memo::new(move |_| row.with(Option::is_some));
            let columns = columns.clone();
            move || {
                is_there.get().then(|| {
                    let cells: Vec<_> =
                        columns.iter().map(|column| cell(row, id, column)).collect();
                    view! {
                        <tr data-id=move || row.with(|row| row.as_ref().map(id))>{cells}</tr>
                    }
                })
            }
        })
        .collect();
    view! {
        <div class="scroll" role="region" aria-label=label tabindex="0">
            <table class:stale=move || stale.get() hidden=move || known.get() != Some(true)>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
            {move || match known.get() {
                None => Some(view! { <Absent /> }.into_any()),
                Some(false) => Some(view! { <p class="absent">{empty}</p> }.into_any()),
                Some(true) => None,
            }}
        </div>
    }
    .into_any()
}

fn cell<T, I>(row: Memo<Option<T>>, id: I, column: &Column<T>) -> AnyView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    I: Fn(&T) -> String + Copy + Send + Sync + 'static,
{
    let read = match &column.cell {
        CellOf::Reading(read) => Arc::clone(read),
        CellOf::Widget(build) => return widget_cell(row, id, Arc::clone(build)),
    };
    let reading = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| read(row))));
    // A flash means "this row's figure changed", not "another row stands here now".
    let flash = column.flashes.then(|| {
        flash_class(move || {
            let id = row.with(|row| row.as_ref().map(id))?;
            reading.with(|r| r.as_ref().map(|r| format!("{id} {}", r.text)))
        })
    });
    let fixed = column.class;
    let class = move || {
        let tone = reading.with(|r| r.as_ref().map_or("", |r| r.tone.class()));
        let flash = flash.map_or("", |flash| flash.get());
        format!("{fixed} {tone} {flash}")
    };
    let text = move || reading.with(|r| r.as_ref().map(|r| r.text.clone()).unwrap_or_default());
    let href = Memo::new(move |_| reading.with(|r| r.as_ref().and_then(|r| r.href.clone())));
    view! {
        <td
            class=class
            data-value=move || reading.with(|r| r.as_ref().and_then(|r| r.exact.clone()))
            title=move || reading.with(|r| r.as_ref().and_then(|r| r.title.clone()))
        >
            {move || match href.get() {
                Some(href) => view! { <a href=href>{text}</a> }.into_any(),
                None => view! { <span>{text}</span> }.into_any(),
            }}
        </td>
    }
    .into_any()
}

fn widget_cell<T, I>(
    row: Memo<Option<T>>,
    id: I,
    build: Arc<dyn Fn(&T) -> AnyView + Send + Sync>,
) -> AnyView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    I: Fn(&T) -> String + Copy + Send + Sync + 'static,
{
    let key = Memo::new(move |_| row.with(|row| row.as_ref().map(id)));
    view! {
        <td>
            {move || {
                key.get()?;
                row.with_untracked(|row| row.as_ref().map(|row| build(row)))
            }}
        </td>
    }
    .into_any()
}
