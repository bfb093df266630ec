//! Content that is built anew when what it is about changes.

use leptos::prelude::*;

/// Builds `children` for the key, and again from nothing when the key is another: within it the
/// key is a constant, so hooks get the topics they need once. Types are erased here and in the other
/// widgets: the types of whole pages would exceed what the compiler can lay out.
pub fn keyed<K, V>(
    key: Memo<K>,
    build: impl Fn(K) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    K: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <For
            each=move || [key.get()]
            key=|key| format!("{key:?}")
            children=move |key| build(key).into_any()
        />
    }
    .into_any()
}
