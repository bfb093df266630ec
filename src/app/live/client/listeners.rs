//! Functions that scripts want called: by the name of an event or a topic.

use std::rc::Rc;

use js_sys::{Function, JSON};
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::{Core, browser};

/// Who listens to what.
#[derive(Default)]
pub(super) struct Listeners {
    next: u64,
    all: Vec<(u64, String, Function)>,
}

impl Listeners {
    pub(super) fn add(&mut self, name: String, function: Function) -> u64 {
        self.next += 1;
        self.all.push((self.next, name, function));
        self.next
    }

    /// Whether the listener was there.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.all.len();
        self.all.retain(|(known, ..)| *known != id);
        self.all.len() < before
    }

    /// Whether anybody listens to `name`.
    pub(super) fn hear(&self, name: &str) -> bool {
        self.all.iter().any(|(_, known, _)| known == name)
    }

    fn of(&self, name: &str) -> Vec<Function> {
        self.all
            .iter()
            .filter(|(_, known, _)| known == name)
            .map(|(.., function)| function.clone())
            .collect()
    }
}

/// A value as a script sees it.
pub(super) fn to_js(value: &Value) -> JsValue {
    parse(&value.to_string())
}

fn parse(json: &str) -> JsValue {
    JSON::parse(json).unwrap_or(JsValue::NULL)
}

impl Core {
    /// Calls whoever listens to `name`. A function that throws harms nobody but itself.
    pub(super) fn tell(&self, name: &str, detail: &Value) {
        self.tell_text(name, &detail.to_string());
    }

    /// The same with what is JSON already.
    pub(super) fn tell_text(&self, name: &str, json: &str) {
        let functions = self.listeners.borrow().of(name);
        if functions.is_empty() {
            return;
        }
        let detail = parse(json);
        for function in functions {
            if let Err(error) = function.call1(&JsValue::NULL, &detail) {
                browser::warn(&format!("a listener of {name:?} threw {error:?}"));
            }
        }
    }

    /// Adds a listener and gives the function that takes it away again.
    pub(super) fn listen(
        self: &Rc<Self>,
        name: String,
        function: Function,
        then: impl FnOnce() + 'static,
    ) -> JsValue {
        let id = self.listeners.borrow_mut().add(name, function);
        let core = self.clone();
        let mut then = Some(then);
        // May be called more than once; only the first counts.
        Closure::<dyn FnMut()>::new(move || {
            if core.listeners.borrow_mut().remove(id)
                && let Some(then) = then.take()
            {
                then();
            }
        })
        .into_js_value()
    }
}
