//! The `friends` program as a process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::logs::Captured;

/// Runs `friends` to its end.
pub fn friends(arguments: &[&str]) -> Output {
    friends_with(arguments, &[])
}

/// The same with environment variables.
pub fn friends_with(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    to_its_end(Command::new(env!("CARGO_BIN_EXE_friends")), arguments, settings)
}

/// Runs `friends` in a folder, with these bytes on its standard input and nothing set.
pub fn friends_in(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut program = prepared(Command::new(env!("CARGO_BIN_EXE_friends")), arguments, &[]);
    program.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("friends starts");
    let sent = child.stdin.take().expect("it was piped").write_all(input);
    sent.expect("the program reads its input");
    child.wait_with_output().expect("friends ends")
}

/// Runs `friends` with nobody who reads what it says on standard output.
pub fn friends_unheard(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut program = prepared(Command::new(env!("CARGO_BIN_EXE_friends")), arguments, &[]);
    program.stdout(writer).stderr(Stdio::piped());
    program.spawn().expect("friends starts").wait_with_output().expect("friends ends")
}

/// Runs `friends` to its end where no file may grow beyond so many kilobytes: writing more fails,
/// as on a full disk.
pub fn friends_where_files_end_at(kilobytes: u32, arguments: &[&str]) -> Output {
    to_its_end(limited_to(kilobytes), arguments, &[])
}

/// Runs `friends`, and interrupts it as Ctrl-C does as soon as `now` says so.
pub fn friends_interrupted(arguments: &[&str], now: impl Fn() -> bool) -> Output {
    let mut program = prepared(Command::new(env!("CARGO_BIN_EXE_friends")), arguments, &[]);
    let mut child =
        program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("friends starts");
    while !now() && child.try_wait().expect("friends can be waited for").is_none() {
        std::thread::yield_now();
    }
    let killed =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success(), "friends was over before it could be interrupted");
    child.wait_with_output().expect("friends ends")
}

fn to_its_end(program: Command, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    prepared(program, arguments, settings).output().expect("friends runs")
}

fn prepared(mut program: Command, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    program
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("FRIENDS_CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/features"))
        .envs(settings.iter().copied())
        .args(arguments);
    program
}

/// `friends` where no file may grow beyond so many kilobytes.
fn limited_to(kilobytes: u32) -> Command {
    let mut shell = Command::new("sh");
    let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", 2 * kilobytes);
    shell.args(["-c", &limited, env!("CARGO_BIN_EXE_friends")]);
    shell
}

/// Peaks of a process's memory in bytes.
#[derive(Clone, Copy)]
pub struct Memory {
    /// In use.
    pub resident: u64,
    /// Asked for.
    pub reserved: u64,
}

/// A running `friends serve`; it is killed when this is dropped.
pub struct Serve {
    pub address: String,
    child: Child,
    captured: Captured,
}

impl Serve {
    /// Starts on a free port and waits until it says where.
    pub fn start(data: &Path) -> Self {
        Self::with(data, &[])
    }

    /// Starts with more arguments.
    pub fn with(data: &Path, arguments: &[&str]) -> Self {
        Self::with_settings(data, arguments, &[])
    }

    /// Starts with more arguments and environment variables.
    pub fn with_settings(data: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_friends")), data, arguments, settings)
    }

    /// Starts where no file may grow beyond so many kilobytes: writing more fails, as on a full
    /// disk.
    pub fn where_files_end_at(kilobytes: u32, data: &Path) -> Self {
        Self::run(limited_to(kilobytes), data, &[], &[])
    }

    fn run(
        mut program: Command,
        data: &Path,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let mut child = program
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["serve", "--port", "0", "--data"])
            .arg(data)
            .args(arguments)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("friends serve starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("it says where").unwrap();
        let address =
            line.split_once("http://").expect("its address").1.trim_end_matches('/').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        let mut captured = Captured::default();
        captured.read(child.stderr.take().unwrap());
        Self { address, child, captured }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The most memory that the process has held so far.
    pub fn memory(&self) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
        };
        Memory { resident: bytes("VmHWM:"), reserved: bytes("VmPeak:") }
    }

    /// Begins to count the most memory anew.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// Time of the processor that the process has taken so far, to a hundredth of a second.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name in brackets: user and system time are the 12th and 13th field, in ticks of
        // which Linux has 100 a second.
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(10 * ticks)
    }

    /// What Ctrl-C sends.
    pub fn interrupt(&self) {
        let status = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(status.success());
    }

    /// The exit code once it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().and_then(|status| status.code())
    }

    /// Kills it, and returns what it wrote to its log.
    pub fn log(mut self) -> String {
        self.child.kill().unwrap();
        self.captured.whole()
    }

    /// The exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.captured.check();
    }
}
