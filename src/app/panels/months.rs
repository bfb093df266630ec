//! The returns of the months as a heat map, which is a table.

use leptos::prelude::*;

use crate::app::format;
use crate::app::live::Live;
use crate::app::widgets::Absent;
use crate::domain::Performance;
use crate::domain::performance::MonthReturn;

const NAMES: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A year with its twelve months.
#[derive(Debug, Clone, PartialEq)]
struct Year {
    year: i32,
    months: [Option<MonthReturn>; 12],
}

/// Newest first.
fn years(months: &[MonthReturn]) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for month in months.iter().rev() {
        if years.last().is_none_or(|last| last.year != month.year) {
            years.push(Year {
                year: month.year,
                months: [const { None }; 12],
            });
        }
        let place = usize::from(month.month).checked_sub(1);
        let cell = years
            .last_mut()
            .zip(place)
            .and_then(|(year, place)| year.months.get_mut(place));
        if let Some(cell) = cell {
            *cell = Some(month.clone());
        }
    }
    years
}

/// How strongly a cell is coloured: the text says the figure, the colour only how large it is.
fn heat(value: f64) -> &'static str {
    let steps = if value < 0.0 {
        ["heat-down-1", "heat-down-2", "heat-down-3"]
    } else {
        ["heat-up-1", "heat-up-2", "heat-up-3"]
    };
    match value.abs() {
        size if size < 0.01 => steps[0],
        size if size < 0.05 => steps[1],
        _ => steps[2],
    }
}

#[component]
pub fn MonthHeatMap(performance: Live<Performance>) -> impl IntoView {
    let known = Memo::new(move |_| {
        performance
            .value
            .with(|performance| performance.as_ref().map(|known| years(&known.months)))
    });
    let heads: Vec<_> = NAMES
        .iter()
        .map(|name| view! { <th scope="col" class="num">{*name}</th> })
        .collect();
    view! {
        <div class="scroll" role="region" aria-label="Returns by month" tabindex="0">
            <table class="heat-map" class:stale=move || performance.stale.get()>
                <thead>
                    <tr>
                        <th scope="col">"UTC"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        let years = known.get().unwrap_or_default();
                        years.iter().map(row).collect::<Vec<_>>()
                    }}
                </tbody>
            </table>
            {move || match known.get() {
                None => Some(view! { <Absent /> }.into_any()),
                Some(years) if years.is_empty() => {
                    Some(view! { <p class="absent">"No return yet."</p> }.into_any())
                }
                Some(_) => None,
            }}
        </div>
        <p class="note">"Compounded from the ends of the UTC days; the running month until now."</p>
    }
    .into_any()
}

fn row(year: &Year) -> AnyView {
    let cells: Vec<_> = year
        .months
        .iter()
        .map(|month| {
            let value = month.as_ref().and_then(|month| month.value);
            let class = value.map_or("", heat);
            let text = match (month, value) {
                (None, _) => String::new(),
                (Some(_), None) => format::NONE.to_owned(),
                (Some(_), Some(value)) => format::signed_fraction(value),
            };
            let title = month.as_ref().map(|month| format!("n = {} days", month.n));
            view! {
                <td class=format!("num {class}") data-value=value.map(|v| v.to_string()) title=title>
                    {text}
                </td>
            }
        })
        .collect();
    view! {
        <tr>
            <th scope="row">{year.year}</th>
            {cells}
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_stand_in_their_years() {
        let month = |year, month, value| MonthReturn {
            year,
            month,
            value,
            n: 1,
        };
        let found = years(&[
            month(2023, 12, Some(0.1)),
            month(2024, 1, None),
            month(2024, 3, Some(-0.1)),
        ]);
        assert_eq!(
            found.iter().map(|y| y.year).collect::<Vec<_>>(),
            [2024, 2023]
        );
        assert!(found[0].months[1].is_none() && found[0].months[2].is_some());
        assert_eq!(found[1].months[11], Some(month(2023, 12, Some(0.1))));
        assert!(years(&[]).is_empty());
    }

    #[test]
    fn heat_grows_with_the_size() {
        assert_eq!(
            [-0.2, -0.02, 0.0, 0.02, 0.2].map(heat),
            [
                "heat-down-3",
                "heat-down-2",
                "heat-up-1",
                "heat-up-2",
                "heat-up-3"
            ]
        );
    }
}
