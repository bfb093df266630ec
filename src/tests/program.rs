//! The program as a process: run to its end, or kept running.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::harness::{GLANCE, PATIENCE};

/// A program that does not outlive its test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, most of the time.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program with these arguments.
pub fn plainsight<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    program(env!("CARGO_BIN_EXE_plainsight"), arguments)
}

/// The load tool with these.
pub fn load_tool<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    program(env!("CARGO_BIN_EXE_plainsight-load"), arguments)
}

/// Nothing of this process's environment configures it.
fn program<'a>(path: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PLAINSIGHT_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a program that was run to its end left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program to its end, which must come in time.
pub fn run(mut command: Command) -> Ran {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    let mut err = child.stderr.take().unwrap();
    let erring = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = wait(&mut child);
    Ran {
        code: status.code(),
        stdout: reading.join().unwrap(),
        stderr: erring.join().unwrap(),
    }
}

pub fn wait(child: &mut Child) -> std::process::ExitStatus {
    let deadline = Instant::now() + 4 * PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the program does not end");
        }
        std::thread::sleep(GLANCE);
    }
}

/// By the shell's own `kill`: not every system has one as a program.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -s {name} {pid}")])
        .status();
    assert!(sent.unwrap().success());
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
}
