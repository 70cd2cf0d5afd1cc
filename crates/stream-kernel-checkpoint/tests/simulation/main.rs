//! Simulation of runs on a disk that fails and loses power at every operation, and again during recovery. In the end,
//! they have written the bytes of an undisturbed run.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod case;
mod damage;
#[cfg(feature = "injected-faults")]
mod injected;
mod sweep;
mod toy;

use std::path::Path;

use stream_kernel_disk::{SimulatedDisk, is_exhaustive};

use case::Scene;
use toy::Promise;

/// Every operation of a run fails in every way, and the run is resumed; in samples, operations of the resumed run fail,
/// too. Or a part of all these.
#[test]
fn disturbed_runs_end_like_undisturbed_ones() {
    let recoveries: u64 = on_threads(|scene| sweep::sampled(scene, 250).unwrap()).into_iter().sum();
    let at_least = if is_exhaustive() { 100_000 } else { 5_000 };
    assert!(recoveries >= at_least, "only {recoveries} recoveries");
}

/// Changed bits on the medium, and files that somebody cuts, lead to a refusal that touches nothing, or do no harm.
#[test]
fn damage_is_refused_or_harmless() {
    on_threads(|scene| damage::sweep(scene).unwrap());
}

/// Plays each scene on a thread of its own: one after the other they would leave the other cores nothing to do.
fn on_threads<R: Send>(play: fn(&Scene) -> R) -> Vec<R> {
    let scenes = Scene::all();
    std::thread::scope(|threads| {
        let playing: Vec<_> = scenes.iter().map(|scene| threads.spawn(move || play(scene))).collect();
        playing.into_iter().map(|played| played.join().unwrap()).collect()
    })
}

/// Without this check, everything else could hold because nothing happens.
#[test]
fn an_undisturbed_run_completes() {
    let disk = SimulatedDisk::new(0);
    for dir in ["/in", "/out", "/trace", "/run"] {
        stream_kernel_disk::Disk::create_dir(&disk, Path::new(dir)).unwrap();
    }
    disk.put(Path::new(toy::INPUT), b"a 1\nb 2\na 3\nc 4\nb 5\na 6\nd 7\n");
    let mut promise = Promise::default();
    toy::run(&disk, &mut promise).unwrap();
    let text = |path: &str| String::from_utf8(disk.contents(Path::new(path)).unwrap()).unwrap();
    assert_eq!(text(toy::OUTPUT), "1 a=1\n2 b=2\n3 a=4\n4 c=4\n5 b=7\n6 a=10\n7 d=7\n");
    assert_eq!(text(toy::TRACE).lines().count(), 14);
    let (inspection, findings) =
        stream_kernel_checkpoint::verify(&disk, Path::new(toy::CHECKPOINT), &mut |_| Ok(())).unwrap();
    assert_eq!(findings, [""; 0]);
    let last = inspection.last.unwrap();
    let snapshot = last.snapshot.unwrap();
    assert_eq!((last.sequence, snapshot.number, last.committed.lines), (5, 5, 7));
    assert_eq!(last.committed.replay.lines, 7);
    assert!(last.committed.complete);
    assert_eq!(promise, Promise { lines: Some(7), is_complete: true });
}

/// Two runs at once would spoil each other's output.
#[test]
fn a_second_run_is_refused_meanwhile() {
    let disk = SimulatedDisk::new(0);
    for dir in ["/in", "/out", "/trace", "/run"] {
        stream_kernel_disk::Disk::create_dir(&disk, Path::new(dir)).unwrap();
    }
    disk.put(Path::new(toy::INPUT), b"a 1\n");
    let dir = Path::new(toy::CHECKPOINT);
    let first = stream_kernel_checkpoint::Checkpoint::open(std::sync::Arc::new(disk.clone()), dir).unwrap();
    let error = toy::run(&disk, &mut Promise::default()).unwrap_err();
    assert!(error.contains("in use by another run"), "{error}");
    drop(first);
    toy::run(&disk, &mut Promise::default()).unwrap();
}
