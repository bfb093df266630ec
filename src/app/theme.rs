//! Dark, light, or what the reader's system says. The choice is applied before the first paint by
//! the script in the document's head; here it is changed and remembered.

use leptos::prelude::*;

/// Sets the remembered theme before anything is painted.
pub const EARLY_SCRIPT: &str = "try{var t=localStorage.getItem('theme');\
     if(t==='dark'||t==='light'||t==='system')document.documentElement.dataset.theme=t}catch(e){}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    Dark,
    Light,
    System,
}

impl Theme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::System => "system",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::System,
            Self::System => Self::Dark,
        }
    }

    /// What the head's script left on the document.
    fn current() -> Self {
        let set = document()
            .document_element()
            .and_then(|html| html.get_attribute("data-theme"));
        match set.as_deref() {
            Some("light") => Self::Light,
            Some("system") => Self::System,
            _ => Self::Dark,
        }
    }

    /// Where storage is denied the choice lasts as long as the page.
    fn apply(self) {
        if let Some(html) = document().document_element() {
            let _ = html.set_attribute("data-theme", self.as_str());
        }
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = storage.set_item("theme", self.as_str());
        }
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::Dark);
    Effect::new(move |_| theme.set(Theme::current()));
    let turn = move |_| {
        theme.update(|theme| *theme = theme.next());
        theme.get_untracked().apply();
    };
    let text = move || match theme.get() {
        Theme::Dark => "Dark",
        Theme::Light => "Light",
        Theme::System => "System",
    };
    view! {
        <button
            type="button"
            class="switch needs-script"
            data-switch="theme"
            title="Theme: dark, light, or as the system"
            on:click=turn
        >
            {text}
        </button>
    }
    .into_any()
}
