//! The little that the client asks of the browser: clocks, timers, the page's address and what it
//! was rendered from, events, marks in the performance timeline.

use futures::future::{AbortHandle, abortable};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, VisibilityState, Window};

use crate::domain::TimeUs;
use crate::wire::Boot;

/// Where the page keeps what it was rendered from.
const BOOT_ID: &str = "plainsight-boot";
/// The socket's place at the page's own host.
const SOCKET_PATH: &str = "/v1/ws";

pub(super) fn window() -> Option<Window> {
    web_sys::window()
}

/// What the page was rendered from; `None`, with a word in the console, where it cannot be read.
pub fn read_boot() -> Option<Boot> {
    let text = window()?
        .document()?
        .get_element_by_id(BOOT_ID)?
        .text_content()?;
    match serde_json::from_str(&text) {
        Ok(boot) => Some(boot),
        Err(error) => {
            warn(&format!(
                "what the page was rendered from is unreadable: {error}"
            ));
            None
        }
    }
}

/// The steady clock, ms.
pub(super) fn now_ms() -> f64 {
    match window().and_then(|window| window.performance()) {
        Some(performance) => performance.now(),
        None => js_sys::Date::now(),
    }
}

/// The machine's own wall clock.
pub(super) fn wall() -> TimeUs {
    TimeUs((js_sys::Date::now() * 1_000.0) as i64)
}

pub(super) fn random() -> f64 {
    js_sys::Math::random()
}

/// What the browser says of its network.
pub(super) fn is_online() -> bool {
    window().is_none_or(|window| window.navigator().on_line())
}

pub(super) fn is_hidden() -> bool {
    window()
        .and_then(|window| window.document())
        .is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

/// Whether `localStorage.debug` asks for the frames.
pub(super) fn wants_frames() -> bool {
    window()
        .and_then(|window| window.local_storage().ok().flatten())
        .and_then(|storage| storage.get_item("debug").ok().flatten())
        .is_some_and(|debug| debug.split(',').any(|part| part.trim() == "websocket"))
}

/// The address of the socket.
pub(super) fn socket_url() -> Option<String> {
    let location = window()?.location();
    let scheme = match location.protocol().ok()?.as_str() {
        "https:" => "wss",
        _ => "ws",
    };
    Some(format!("{scheme}://{}{SOCKET_PATH}", location.host().ok()?))
}

/// Marks a push in the performance timeline. The mark before it is taken out of the page's buffer,
/// which grows without bound otherwise; recordings and observers have seen it.
pub(super) fn mark(name: &str) {
    if let Some(performance) = window().and_then(|window| window.performance()) {
        performance.clear_marks_with_mark_name(name);
        let _ = performance.mark(name);
    }
}

pub(super) fn warn(text: &str) {
    web_sys::console::warn_1(&JsValue::from_str(&format!("plainsight: {text}")));
}

pub(super) fn debug(direction: &str, text: &str) {
    web_sys::console::log_2(&JsValue::from_str(direction), &JsValue::from_str(text));
}

/// Listens for the page's life. Install each listener once: it is never taken away.
pub(super) fn listen(target: &EventTarget, event: &str, on: impl FnMut(web_sys::Event) + 'static) {
    let function = Closure::<dyn FnMut(web_sys::Event)>::new(on).into_js_value();
    let _ = target.add_event_listener_with_callback(event, function.unchecked_ref());
}

pub(super) async fn sleep(ms: u32) {
    // The browser takes a signed number and reads a negative one as zero.
    TimeoutFuture::new(ms.min(i32::MAX.unsigned_abs())).await;
}

/// Something that happens later, unless this is dropped before.
pub(super) struct Timer(AbortHandle);

impl Timer {
    pub(super) fn after(ms: u32, then: impl FnOnce() + 'static) -> Self {
        let (waiting, handle) = abortable(async move {
            sleep(ms).await;
            then();
        });
        wasm_bindgen_futures::spawn_local(async move {
            let _ = waiting.await;
        });
        Self(handle)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}
