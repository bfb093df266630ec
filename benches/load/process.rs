//! What the kernel says of a process: processor time and memory; and how many files it allows us.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Failure;

/// Processor time and memory of a process.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// User and system time since its start, µs.
    pub cpu_us: u64,
    /// Resident memory, bytes.
    pub resident: u64,
}

/// Reads both of process `pid`.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub fn sample(pid: u32) -> Result<Sample, Failure> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).map_err(Failure::io("the server"))?;
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).map_err(Failure::io("the server"))?;
    match (cpu_ticks(&stat), resident_kb(&status)) {
        (Some(ticks), Some(kb)) => Ok(Sample {
            cpu_us: ticks * 1_000_000 / rustix::param::clock_ticks_per_second(),
            resident: kb * 1024,
        }),
        _ => Err(Failure::Told(format!("/proc/{pid} cannot be read"))),
    }
}

/// Fields 14 and 15; the name in field 2 may hold blanks, so that counting begins behind it.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

fn resident_kb(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Makes room for `connections`: raises the limit of open files to the hard one.
///
/// # Errors
/// When even that is too low; better now than after half of the connections.
pub fn allow_files(connections: usize) -> Result<(), Failure> {
    let hard = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: hard,
        maximum: hard,
    };
    // A refusal shows in what is allowed.
    let _ = setrlimit(Resource::Nofile, limit);
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = connections as u64 + 32;
    if needed > allowed {
        return Err(Failure::Told(format!(
            "{connections} connections need {needed} open files, the limit is {allowed} (ulimit -Hn)"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_text_is_read() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20";
        assert_eq!(cpu_ticks(stat), Some(150));
        assert_eq!(resident_kb("Name:\tx\nVmRSS:\t   1234 kB\n"), Some(1234));
        assert_eq!(resident_kb(""), None);
        assert!(sample(std::process::id()).unwrap().resident > 100_000);
    }
}
