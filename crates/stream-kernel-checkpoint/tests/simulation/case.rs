//! Cases: a scene, its disturbances of one process after another, and the checks at the end.

use std::path::Path;

use stream_kernel_checkpoint::verify;
use stream_kernel_disk::{Disk, Disturbance, Fault, PlannedFault, SimulatedDisk};

use crate::toy::{self, BROKEN, CHECKPOINT, INPUT, OUTPUT, PARTIAL, Promise, TRACE, VOLATILE};

/// The beginning and the end of a run.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    disk: SimulatedDisk,
    promise: Promise,
    output: String,
    trace: String,
    /// The number of operations of an undisturbed run.
    pub(crate) operations: u64,
}

const LINES: [&str; 11] = ["a 1", "b 2", "a 3", "c 4", "b 5", "a 6", "d 7", "c 8", "a 9", "e 10", "b 11"];

impl Scene {
    /// Returns a run from the start, and one that goes on after a complete one.
    pub(crate) fn all() -> [Self; 2] {
        let disk = SimulatedDisk::new(0);
        for dir in ["/in", "/out", "/trace", "/run"] {
            disk.create_dir(Path::new(dir)).unwrap();
        }
        disk.sync_dir(Path::new("/")).unwrap();
        let mut promise = Promise::default();
        let put = |disk: &SimulatedDisk, lines| {
            let text = LINES[..lines].join("\n") + "\n";
            disk.put(Path::new(INPUT), text.as_bytes());
        };
        put(&disk, LINES.len());
        let fresh = Self::new("fresh", disk.after_kill(0), promise.clone());
        put(&disk, 4);
        toy::run(&disk, &mut promise).unwrap();
        put(&disk, LINES.len());
        promise.is_complete = false;
        [fresh, Self::new("continued", disk, promise)]
    }

    /// Returns the scene, after an undisturbed run of it.
    fn new(name: &'static str, disk: SimulatedDisk, promise: Promise) -> Self {
        let undisturbed = disk.after_kill(0);
        toy::run(&undisturbed, &mut promise.clone()).unwrap();
        let [output, trace] = [OUTPUT, TRACE].map(|path| lasting(&undisturbed, path).unwrap());
        Self { name, disk, promise, output, trace, operations: undisturbed.operations() }
    }

    /// Disturbs one process after another, and lets a last one complete the run; returns how many recovered.
    pub(crate) fn play(&self, seed: u64, disturbances: &[Disturbance]) -> Result<u64, String> {
        let mut disk = self.disk.after_kill(seed);
        let mut promise = self.promise.clone();
        let told = |what: &str, disk: &SimulatedDisk| {
            let name = self.name;
            Err(format!("{what}\nscene {name}, seed {seed}, {disturbances:#?}\n{}", disk.history()))
        };
        for (number, disturbance) in disturbances.iter().enumerate() {
            disk.plan(disturbance.fault);
            match toy::run(&disk, &mut promise) {
                Err(error) if error.starts_with(BROKEN) => return told(&error, &disk),
                // A process that ended well is checked like any other.
                Ok(()) | Err(_) => {}
            }
            disk = disturbance.end.of(&disk, seed.wrapping_add(number as u64));
            if promise.is_complete
                && let Err(what) = self.check_result(&disk)
            {
                return told(&what, &disk);
            }
        }
        let ended = toy::run(&disk, &mut promise).and_then(|()| self.check_end(&disk, seed));
        ended.map(|()| disturbances.len() as u64).or_else(|what| told(&what, &disk))
    }

    /// Kills a run at an operation, and returns the disk.
    pub(crate) fn killed_at(&self, operation: u64) -> SimulatedDisk {
        let disk = self.disk.after_kill(operation);
        disk.plan(PlannedFault { fault: Fault::Crash, at: operation, from_then_on: true });
        toy::run(&disk, &mut self.promise.clone()).unwrap_err();
        disk.after_kill(operation)
    }

    /// Checks everything that must hold when a run has ended well.
    fn check_end(&self, disk: &SimulatedDisk, seed: u64) -> Result<(), String> {
        self.check_result(disk)?;
        if disk.contents(Path::new(PARTIAL)).is_some() {
            return Err("the partial output is left".to_owned());
        }
        let (inspection, findings) =
            verify(disk, Path::new(CHECKPOINT), &mut |_| Ok(())).map_err(|error| error.to_string())?;
        if let Some(finding) = findings.first() {
            return Err(format!("the checkpoint does not verify: {finding}"));
        }
        let last = inspection.last.ok_or("the checkpoint is empty")?;
        if !last.committed.complete {
            return Err(format!("the checkpoint is not that of a complete run: {last:?}"));
        }
        for seed in [seed, !seed] {
            let disk = disk.after_crash(seed);
            let again = || toy::run(&disk, &mut all_promised()).and_then(|()| self.check_result(&disk));
            let checked = self.check_result(&disk).and_then(|()| again());
            checked.map_err(|what| format!("after a power cut, {what}"))?;
        }
        Ok(())
    }

    /// Checks that output and trace are those of an undisturbed run.
    pub(crate) fn check_result(&self, disk: &SimulatedDisk) -> Result<(), String> {
        for (path, expected) in [(OUTPUT, &self.output), (TRACE, &self.trace)] {
            let found = lasting(disk, path).ok_or_else(|| format!("{path} is missing"))?;
            if found != *expected {
                return Err(format!("{path} differs:\n{found}\ninstead of\n{expected}"));
            }
        }
        Ok(())
    }
}

/// Returns the promise of a run that has ended well.
fn all_promised() -> Promise {
    Promise { lines: Some(LINES.len() as u64), is_complete: true }
}

/// Returns the content of a file, without the parts that may differ from run to run.
fn lasting(disk: &SimulatedDisk, path: &str) -> Option<String> {
    let bytes = disk.contents(Path::new(path))?;
    let text = String::from_utf8_lossy(&bytes);
    let without_volatile = |line: &str| line.split(VOLATILE).next().unwrap_or_default().to_owned() + "\n";
    Some(text.split_terminator('\n').map(without_volatile).collect())
}
