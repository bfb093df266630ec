//! Where recorded market data and golden references lie: beside the project, not in it. Unit tests
//! and integration tests both ask here.

use std::path::{Path, PathBuf};

/// A folder of `../shared/data`; where it is absent the test is skipped, in CI it fails.
pub fn recorded(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let message = format!("{}: this folder is not there", path.display());
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{message}"
    );
    println!("skipped: {message}");
    None
}
