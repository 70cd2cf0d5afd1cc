//! One round: an input and a configuration, a run without a checkpoint, and one that is killed until it is left alone.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::attempts::Random;
use crate::failure::Failure;
use crate::stream;

const MAX_LINES: u64 = 50_000;
/// A record has about a KiB, and a line eight of them.
const MAX_TRACED_LINES: u64 = 4_000;
const MAX_KILLS: u64 = 20;
/// The longest time before the program is killed, in microseconds.
const LONGEST_US: u64 = 200_000;
const SIGKILL: i32 = 9;

/// The programs.
pub(crate) struct Programs {
    pub(crate) fund_load: PathBuf,
    /// A run of fund-load that kills itself at an operation on files.
    pub(crate) killed_run: PathBuf,
}

/// A round. Its seed decides everything except the time that it takes to kill a program.
pub(crate) struct Round<'a> {
    seed: u64,
    random: Random,
    programs: &'a Programs,
    folder: PathBuf,
    input: GrowingInput,
    /// The events of the run, for the report of a failure.
    history: Vec<String>,
}

impl<'a> Round<'a> {
    /// Creates input and configuration in `folder` again.
    pub(crate) fn new(seed: u64, programs: &'a Programs, folder: &Path) -> Result<Self, Failure> {
        let mut random = Random::new(seed);
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|source| Failure::file("remove", folder, source))?;
        }
        let is_traced = random.once_in(2);
        let lines = random.between(1, if is_traced { MAX_TRACED_LINES } else { MAX_LINES });
        let configuration = configuration(&mut random, lines, is_traced);
        for run in ["undisturbed", "killed"] {
            let folder = folder.join(run);
            fs::create_dir_all(&folder).map_err(|source| Failure::file("create", &folder, source))?;
            let path = folder.join("torture.yaml");
            fs::write(&path, &configuration).map_err(|source| Failure::file("write", &path, source))?;
            let kind = if seed.is_multiple_of(2) { "clean" } else { "dirty" };
            let (lines, seed, path) = (lines.to_string(), seed.to_string(), folder.join("input.txt"));
            let words = ["--kind", kind, "--lines", &lines, "--seed", &seed, "--output"].map(OsString::from);
            stream::stream(&words.into_iter().chain([path.into()]).collect::<Vec<_>>())?;
        }
        let input = GrowingInput::new(folder.join("killed").join("input.txt"))?;
        let folder = folder.to_owned();
        Ok(Self { seed, random, programs, folder, input, history: vec![configuration] })
    }

    /// Plays the round and returns the number of kills.
    pub(crate) fn play(mut self) -> Result<u64, Failure> {
        self.must_succeed(
            "undisturbed",
            &["run", "--config", "torture.yaml", "--set", "runtime.checkpoint=null"],
        )?;
        let mut kills = 0;
        // Some inputs are complete from the start.
        if self.random.once_in(2) {
            self.input.cut(&mut self.random)?;
        }
        for _ in 0..self.random.between(1, MAX_KILLS) {
            if self.random.once_in(3) {
                let bytes = self.input.grow(&mut self.random)?;
                self.history.push(format!("{bytes} bytes are appended to the input"));
            }
            let status =
                if self.random.once_in(2) { self.kill_at_a_point()? } else { self.kill_at_a_moment()? };
            match (status.signal(), status.success()) {
                (Some(SIGKILL), _) => kills += 1,
                (None, true) => self.history.push("and it was complete before".to_owned()),
                _ => return Err(self.failed(&format!("the run failed by itself ({status})"))),
            }
        }
        self.input.complete()?;
        self.must_succeed("killed", &["run", "--config", "torture.yaml"])?;
        self.compare()?;
        Ok(kills)
    }

    /// Lets the run kill itself around some operation.
    fn kill_at_a_point(&mut self) -> Result<ExitStatus, Failure> {
        let moment = if self.random.once_in(2) { "before" } else { "after" };
        let operation = self.random.skewed_below(1_000).to_string();
        self.history.push(format!("killed-run torture.yaml {moment} {operation}"));
        let mut command = self.command(&self.programs.killed_run, "killed");
        command.args(["torture.yaml", moment, &operation]);
        command.status().map_err(|source| Failure::start(&command, source))
    }

    /// Kills the program after some time.
    fn kill_at_a_moment(&mut self) -> Result<ExitStatus, Failure> {
        let microseconds = self.random.below(LONGEST_US);
        self.history.push(format!("fund-load run --config torture.yaml, killed after {microseconds} us"));
        let mut command = self.command(&self.programs.fund_load, "killed");
        command.args(["run", "--config", "torture.yaml"]);
        let mut child = command.spawn().map_err(|source| Failure::start(&command, source))?;
        sleep(Duration::from_micros(microseconds));
        // It may be over by now.
        let _ = child.kill();
        child.wait().map_err(|source| Failure::start(&command, source))
    }

    fn must_succeed(&self, run: &str, args: &[&str]) -> Result<(), Failure> {
        let mut command = self.command(&self.programs.fund_load, run);
        let status = command.args(args).status().map_err(|source| Failure::start(&command, source))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(&format!("`fund-load {}` failed ({status})", args.join(" "))))
        }
    }

    /// Compares the outputs of the two runs byte for byte, and the traces without their times.
    fn compare(&self) -> Result<(), Failure> {
        let [undisturbed, killed] = ["undisturbed", "killed"].map(|run| {
            let path = self.folder.join(run).join("output.txt");
            fs::read(&path).map_err(|source| Failure::file("read", &path, source))
        });
        if undisturbed? != killed? {
            return Err(self.failed("the outputs differ"));
        }
        if self.folder.join("undisturbed").join("trace.jsonl").exists() {
            self.must_succeed("killed", &["trace", "diff", "../undisturbed/trace.jsonl", "trace.jsonl"])?;
        }
        self.must_succeed("killed", &["checkpoint", "verify", "run.ckpt"])
    }

    fn command(&self, program: &Path, run: &str) -> Command {
        let mut command = Command::new(program);
        let quiet = [Stdio::null(), Stdio::null(), Stdio::null()];
        let [stdin, stdout, stderr] = quiet;
        command.current_dir(self.folder.join(run)).env_clear().stdin(stdin).stdout(stdout).stderr(stderr);
        command
    }

    fn failed(&self, what: &str) -> Failure {
        let history = self.history.join("\n  ");
        Failure::Torture { what: what.to_owned(), seed: self.seed, folder: self.folder.clone(), history }
    }
}

/// An input that is there in part, and grows line by line.
struct GrowingInput {
    path: PathBuf,
    content: Vec<u8>,
    /// How much of it is there.
    len: usize,
}

impl GrowingInput {
    /// Takes a complete input.
    fn new(path: PathBuf) -> Result<Self, Failure> {
        let content = fs::read(&path).map_err(|source| Failure::file("read", &path, source))?;
        Ok(Self { path, len: content.len(), content })
    }

    /// Truncates it to some of the first lines, perhaps none.
    fn cut(&mut self, random: &mut Random) -> Result<(), Failure> {
        self.len = 0;
        fs::write(&self.path, "").map_err(|source| Failure::file("write", &self.path, source))?;
        self.grow(random).map(drop)
    }

    /// Appends some lines, perhaps none, and returns their bytes.
    fn grow(&mut self, random: &mut Random) -> Result<usize, Failure> {
        let left = &self.content[self.len..];
        let some = usize::try_from(random.below(left.len() as u64 + 1)).unwrap_or(0);
        let lines = left[..some].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.append(lines)?;
        Ok(lines)
    }

    /// Appends the rest.
    fn complete(&mut self) -> Result<(), Failure> {
        self.append(self.content.len() - self.len)
    }

    fn append(&mut self, bytes: usize) -> Result<(), Failure> {
        let failed = |source| Failure::file("append to", &self.path, source);
        let mut file = OpenOptions::new().append(true).open(&self.path).map_err(failed)?;
        file.write_all(&self.content[self.len..self.len + bytes]).map_err(failed)?;
        self.len += bytes;
        Ok(())
    }
}

/// Returns a configuration: some cadence of commits, a trace or none, records durable or not, ids forgotten or not,
/// gates on or off.
fn configuration(random: &mut Random, lines: u64, is_traced: bool) -> String {
    let every_lines = random.between(1, lines.div_ceil(8)).max(lines / 400);
    let tracing = if is_traced {
        let flush_every_n = random.between(1, 200);
        let fsync_every_n =
            if random.once_in(3) { random.between(20, 400).to_string() } else { "null".to_owned() };
        format!(
            "{{enabled: true, context_diff: {{mode: full}}, sink: {{kind: jsonl, jsonl: {{path: trace.jsonl, write_mode: batch, flush_every_n: {flush_every_n}, fsync_every_n: {fsync_every_n}}}}}}}"
        )
    } else {
        "{enabled: false}".to_owned()
    };
    let gates = random.once_in(2);
    let remember_days = if random.once_in(3) { random.between(1, 40).to_string() } else { "null".to_owned() };
    format!(
        "\
version: 1
scenario: {{name: torture}}
runtime:
  checkpoint: {{dir: run.ckpt, every_lines: {every_lines}}}
  tracing: {tracing}
nodes:
  idempotency_gate: {{remember_days: {remember_days}}}
  compute_features: {{prime_gate: {{enabled: {gates}}}, monday_multiplier: {{enabled: {gates}}}}}
  evaluate_policies: {{prime_gate: {{enabled: {gates}}}}}
  update_windows: {{daily_prime_gate: {{enabled: {gates}}}}}
"
    )
}
