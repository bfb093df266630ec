//! The house rules, read from the sources: who may import whom, what the core never sees, where
//! features may be asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format as _, Toml};
use figment::value::Dict;

/// What a module may take of the others, as paths in the crate; itself it may take whole.
struct Rule {
    module: &'static str,
    may_import: &'static [&'static str],
    /// Paths of other crates and of the standard library that it must not see.
    never: &'static [&'static str],
}

/// What does I/O, knows the time or draws by lot.
const IMPURE: &[&str] = &[
    "tokio",
    "axum",
    "leptos",
    "sqlx",
    "tower",
    "tower_http",
    "reqwest",
    "rand",
    "rand_chacha",
    "gloo_net",
    "web_sys",
    "js_sys",
    "sysinfo",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant",
];

const RULES: [Rule; 13] = [
    Rule {
        module: "domain",
        may_import: &[],
        never: IMPURE,
    },
    Rule {
        module: "wire",
        may_import: &["domain"],
        never: IMPURE,
    },
    Rule {
        module: "seal",
        may_import: &["domain"],
        never: IMPURE,
    },
    // What it checks comes by hand: neither files nor tables are its own.
    Rule {
        module: "audit",
        may_import: &["domain", "seal"],
        never: IMPURE,
    },
    Rule {
        module: "engine",
        may_import: &["domain"],
        never: IMPURE,
    },
    Rule {
        module: "feed",
        may_import: &["domain", "engine"],
        never: &["axum", "leptos", "sqlx", "SystemTime"],
    },
    Rule {
        module: "hub",
        may_import: &["domain", "engine", "wire"],
        never: &["axum", "leptos", "sqlx", "std::fs", "SystemTime"],
    },
    // It keeps the feed's cursor for it, unread, and stores the engine's canonical events.
    Rule {
        module: "store",
        may_import: &["audit", "domain", "engine", "wire", "feed::Cursor", "seal"],
        never: &["axum", "leptos", "SystemTime"],
    },
    // The wall clock comes in as an argument.
    Rule {
        module: "auth",
        may_import: &["domain", "store"],
        never: &["axum", "leptos", "sqlx", "SystemTime", "Instant"],
    },
    Rule {
        module: "inference",
        may_import: &["domain"],
        never: &["tokio", "axum", "leptos", "sqlx", "SystemTime"],
    },
    Rule {
        module: "server",
        may_import: &[
            "app",
            "auth",
            "domain",
            "engine",
            "feed",
            "hub",
            "inference",
            "seal",
            "store",
            "wire",
        ],
        never: &[],
    },
    Rule {
        module: "cli",
        may_import: &[
            "audit",
            "auth",
            "domain",
            "engine",
            "feed",
            "inference",
            "seal",
            "server",
            "store",
            "wire",
        ],
        never: &["axum", "leptos", "sqlx"],
    },
    Rule {
        module: "app",
        may_import: &["domain", "seal", "wire"],
        never: &[
            "tokio",
            "axum",
            "sqlx",
            "std::fs",
            "std::net",
            "std::thread",
            "SystemTime",
            "Instant",
        ],
    },
];

impl Rule {
    /// What in the text is against the rule.
    fn breaches(&self, text: &str) -> Vec<String> {
        let mut breaches = Vec::new();
        for path in imports(text) {
            let within = |allowed: &str| {
                let rest = path.strip_prefix(allowed);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            if !within(self.module) && !self.may_import.iter().any(|allowed| within(allowed)) {
                breaches.push(format!("crate::{path}"));
            }
        }
        let seen = self.never.iter().filter(|name| mentions(text, name));
        breaches.extend(seen.map(|name| (*name).to_owned()));
        breaches
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every path behind `crate::`, to its first two parts; a group of names gives one path each.
fn imports(text: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (place, _) in text.match_indices("crate::") {
        if place > 0 && is_word(text.as_bytes()[place - 1]) {
            continue;
        }
        read_path(&text[place + "crate::".len()..], "", &mut paths);
    }
    paths
}

fn read_path(text: &str, before: &str, paths: &mut BTreeSet<String>) {
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 1;
        let end = group.find(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        for item in split_group(&group[..end.unwrap_or(group.len())]) {
            read_path(item.trim(), before, paths);
        }
        return;
    }
    let end = text
        .bytes()
        .position(|byte| !is_word(byte))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return;
    }
    match rest.strip_prefix("::") {
        Some(rest)
            if before.is_empty() && rest.starts_with(|c: char| c == '{' || c.is_alphabetic()) =>
        {
            read_path(rest, &format!("{name}::"), paths);
        }
        _ => {
            paths.insert(format!("{before}{name}"));
        }
    }
}

/// Splits at the commas that are in no inner group.
fn split_group(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (place, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(&text[start..place]);
            start = place + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Whether the name stands in the text as a whole path or the beginning or end of one.
fn mentions(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices(name).any(|(place, _)| {
        let before = place == 0 || !is_word(bytes[place - 1]);
        let rest = &text[place + name.len()..];
        let type_name = name.starts_with(char::is_uppercase);
        before && (rest.starts_with("::") || type_name && !rest.bytes().next().is_some_and(is_word))
            || before && rest.starts_with(';') && text[..place].ends_with("use ")
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file but the tests, by its path in `src`.
fn sources() -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }
    let src = root().join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&src)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| {
            !name.starts_with("tests/") && !name.contains("tests.rs") && !name.contains("fixtures")
        })
        .map(|(name, text)| (name, code_of(&text)))
        .collect()
}

/// The text without comments and without the tests at its end.
fn code_of(text: &str) -> String {
    let (code, _) = text
        .split_once("#[cfg(test)]\nmod tests {")
        .unwrap_or((text, ""));
    let lines = code.lines().map(|line| match line.find("//") {
        Some(place) if !line[..place].contains('"') => &line[..place],
        _ => line,
    });
    // rustfmt breaks long groups over lines: one import is one line here.
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_import_only_what_they_may() {
    let mut checked = 0;
    for (name, text) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let rule = RULES.iter().find(|rule| rule.module == module);
        let rule = rule.unwrap_or_else(|| panic!("{name}: a new module needs a rule here"));
        assert_eq!(rule.breaches(&text), Vec::<String>::new(), "src/{name}");
        let to_the_top = "super::".repeat(name.split('/').count());
        assert!(
            !text.contains(&to_the_top),
            "src/{name}: {to_the_top} hides an import"
        );
        checked += 1;
    }
    assert!(checked > 100, "only {checked} files were found");
}

#[test]
fn a_forbidden_import_is_found() {
    let store = RULES.iter().find(|rule| rule.module == "store").unwrap();
    let text = "use crate::domain::{Event, Seq};\nuse crate::{feed::{Cursor, Pacer}, hub};\nuse super::Batch;\n\
                fn f() { let _ = crate::server::clock::wall_time(); std::time::SystemTime::now(); }";
    let expected = [
        "crate::feed::Pacer",
        "crate::hub",
        "crate::server::clock",
        "SystemTime",
    ];
    assert_eq!(store.breaches(text), expected);
    let engine = RULES.iter().find(|rule| rule.module == "engine").unwrap();
    assert_eq!(
        engine.breaches("use tokio::sync::mpsc;\nuse std::time::{Duration, Instant};\nuse rand;"),
        ["tokio", "rand", "Instant"]
    );
    assert!(
        engine
            .breaches("let tokio_like = operand::x; struct Instantly;")
            .is_empty()
    );
    assert_eq!(
        code_of("a // crate::hub\n#[cfg(test)]\nmod tests {\n use crate::hub;"),
        "a ".trim()
    );
}

#[test]
fn features_are_asked_for_in_one_file() {
    for (name, text) in sources() {
        let asks = text.contains("cfg(feature")
            || text.contains("cfg!(feature")
            || text.contains("target_arch");
        assert_eq!(
            asks,
            name == "lib.rs",
            "src/{name}: every cfg gate is in lib.rs"
        );
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (name, text) in sources() {
        for word in ["todo!", "unimplemented!", "dbg!", "TODO", "FIXME"] {
            assert!(!text.contains(word), "src/{name}: {word}");
        }
    }
}

#[test]
fn the_binary_is_a_door() {
    let main = std::fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(
        main.lines().count() <= 60,
        "main.rs is the command line's door"
    );
}

/// The table of `[package.metadata.leptos]`.
fn leptos_table(file: &str) -> Dict {
    Figment::from(Toml::file_exact(root().join(file)))
        .extract_inner("package.metadata.leptos")
        .unwrap()
}

#[test]
fn both_files_configure_the_site_alike() {
    let (cargo, leptos) = (leptos_table("Cargo.toml"), leptos_table("Leptos.toml"));
    let mut shared = 0;
    for (key, value) in &leptos {
        // The same text, wherever it was read.
        let in_cargo = cargo
            .get(key)
            .unwrap_or_else(|| panic!("Cargo.toml has no {key}"));
        assert_eq!(
            format!("{:?}", plain(value)),
            format!("{:?}", plain(in_cargo)),
            "{key}"
        );
        shared += 1;
    }
    assert!(shared >= 4, "{leptos:?}");
}

fn plain(value: &figment::value::Value) -> serde_json::Value {
    value.deserialize().unwrap()
}
