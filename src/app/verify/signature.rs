//! Ed25519 by the browser's own cryptography, which pages have that came by HTTPS or from this machine.

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::seal::SignedHead;

/// Whether the head is signed by its key; `None` where this browser cannot tell.
pub async fn check(head: &SignedHead) -> Option<bool> {
    let crypto = web_sys::window()?.crypto().ok()?;
    // Undefined in a page that came by plain HTTP from another machine.
    let subtle = js_sys::Reflect::get(&crypto, &"subtle".into()).ok()?;
    let subtle: SubtleCrypto = subtle.dyn_into().ok()?;
    match verified(&subtle, head).await {
        Ok(is_signed) => Some(is_signed),
        // It has no Ed25519. Whatever else it refuses is no key or no signature.
        Err(error) => {
            let name = js_sys::Reflect::get(&error, &"name".into()).ok()?;
            (name.as_string().as_deref() != Some("NotSupportedError")).then_some(false)
        }
    }
}

async fn verified(subtle: &SubtleCrypto, head: &SignedHead) -> Result<bool, JsValue> {
    let raw: Object = Uint8Array::from(head.key.0.as_slice()).into();
    let uses = Array::of1(&"verify".into());
    let key = subtle.import_key_with_str("raw", &raw, "Ed25519", false, &uses)?;
    let key: CryptoKey = JsFuture::from(key).await?.dyn_into()?;
    let signature = Uint8Array::from(head.signature.0.as_slice());
    let signed = Uint8Array::from(head.signed_bytes().as_slice());
    let answer = subtle.verify_with_str_and_buffer_source_and_buffer_source(
        "Ed25519", &key, &signature, &signed,
    )?;
    Ok(JsFuture::from(answer).await?.is_truthy())
}
