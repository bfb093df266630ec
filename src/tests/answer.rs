//! What the server answered over HTTP.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer over HTTP, read to the end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn seq(&self) -> u64 {
        self.header("plainsight-seq")
            .and_then(|seq| seq.parse().ok())
            .unwrap_or_else(|| panic!("no Plainsight-Seq: {self:?}"))
    }

    pub fn json(&self) -> Value {
        self.read()
    }

    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that this is a problem with this status and code, and gives the rest of it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let kind = self.header("content-type").unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(
            (self.status, problem["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(problem["status"], status, "{self:?}");
        problem
    }
}
