//! Requests of the page's script to its own server, over HTTP: what no topic pushes. Only the browser
//! ever sends one.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, Headers, HtmlFormElement, RequestInit, Response, UrlSearchParams};

use crate::domain::Rejection;

/// Why there is no answer to work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The server says no, and why.
    #[error("{0}")]
    Refused(Rejection),
    /// It did not answer: what was asked for may have been done, or not.
    #[error("the server did not answer")]
    Unreachable,
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

impl Failure {
    /// As what is shown beside a form.
    pub fn into_rejection(self) -> Rejection {
        match self {
            Self::Refused(rejection) => rejection,
            Self::Unreachable => Rejection::new(
                "unreachable",
                "The server did not answer. Send it again: it is not done twice.",
            ),
            Self::Unreadable(message) => Rejection::new("unreadable", message),
        }
    }
}

pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    fetch("GET", path, None).await
}

pub async fn post_json<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
) -> Result<T, Failure> {
    let body = serde_json::to_string(body).map_err(unreadable)?;
    fetch("POST", path, Some(("application/json", &body))).await
}

/// Sends what a plain form would send.
pub async fn post_form<T: DeserializeOwned>(path: &str, body: &str) -> Result<T, Failure> {
    fetch(
        "POST",
        path,
        Some(("application/x-www-form-urlencoded", body)),
    )
    .await
}

/// The text that the form would send by itself.
pub fn form_text(form: &HtmlFormElement) -> String {
    let data = FormData::new_with_form(form).ok();
    let text = data.and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data).ok());
    text.map(|text| String::from(text.to_string()))
        .unwrap_or_default()
}

async fn fetch<T: DeserializeOwned>(
    method: &str,
    path: &str,
    body: Option<(&str, &str)>,
) -> Result<T, Failure> {
    let (status, text) = exchange(method, path, body)
        .await
        .map_err(|_| Failure::Unreachable)?;
    if (200..300).contains(&status) {
        return serde_json::from_str(&text).map_err(unreadable);
    }
    let problem: Problem = serde_json::from_str(&text).map_err(unreadable)?;
    Err(Failure::Refused(Rejection {
        code: problem.code,
        field: problem.field,
        message: problem.detail,
    }))
}

/// A problem as REST says it.
#[derive(serde::Deserialize)]
struct Problem {
    code: String,
    field: Option<String>,
    detail: String,
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::Unreadable(error.to_string())
}

async fn exchange(
    method: &str,
    path: &str,
    body: Option<(&str, &str)>,
) -> Result<(u16, String), JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    if let Some((kind, text)) = body {
        headers.set("Content-Type", kind)?;
        init.set_body(&JsValue::from_str(text));
    }
    init.set_headers(&headers);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let response = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await?;
    let response: Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}
