//! What fuzzing left behind, run once more: nothing that was found comes back. `make fuzz` finds more.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use targets::TARGETS;

#[path = "../../fuzz/targets.rs"]
mod targets;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Files of a corpus, in the order of their names.
fn corpus(name: &str) -> Vec<PathBuf> {
    let directory = fuzz().join("corpus").join(name);
    let files =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{directory:?}: {error}"));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// A test for each target, so that they run side by side.
macro_rules! corpora {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let files = corpus(stringify!($name));
                assert!(files.len() > 2, "there is hardly a corpus");
                for file in files {
                    let data = std::fs::read(&file).unwrap();
                    let ran = catch_unwind(|| targets::run(stringify!($name), &data));
                    assert!(ran.is_ok(), "{}", file.display());
                }
            }
        )*

        #[test]
        fn every_target_is_here_and_can_be_fuzzed() {
            let here = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|(name, _)| name), here);
            let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
            for name in here {
                assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            }
        }
    };
}

corpora! {
    client_json client_bytes server_json server_bytes replica commands reports
    forms tokens headers config dump binance bundle
}
