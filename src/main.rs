//! The binary: everything is in the library.

use std::process::ExitCode;

/// What a crowd has used is given back to the system when it has gone, which the system's own allocator
/// does not do (docs/benchmarks.md, the flood).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    plainsight::cli::run()
}
