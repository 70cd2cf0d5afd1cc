//! Snapshots after every line: each must restore completely, and a run must go on from it unchanged.

use stream_kernel_exec::Memory;

use super::undisturbed::MemoryRun;
use super::{Scene, Undisturbed, again};
use crate::{Application, Job, LineReader};

pub(super) fn check<A: Application>(scene: &Scene<A>) -> Result<u64, String> {
    let job = scene.job(false)?;
    let undisturbed = Undisturbed::of(scene, &job)?;
    let mut lines = scene.reader(&job, 0, 0);
    let mut first = MemoryRun::begin(again(&job)?);
    loop {
        let (line_no, offset) = (lines.line_no(), usize::try_from(lines.bytes_read()).unwrap_or(usize::MAX));
        let continued =
            go_on(again(&job)?, &records(first.session.memory()), scene.reader(&job, line_no, offset));
        let taken = usize::try_from(line_no).unwrap_or(usize::MAX);
        continued
            .and_then(|continued| undisturbed.check(&continued, taken))
            .map_err(|what| format!("from a snapshot after line {line_no}: {what}"))?;
        match lines.next_line().map_err(|error| error.to_string())? {
            Some(line) => first.take(line)?,
            None => return Ok(line_no + 1),
        }
    }
}

/// Restores a snapshot, and takes the lines after it.
fn go_on<A: Application>(
    job: Job<A>,
    snapshot: &[Vec<u8>],
    mut lines: LineReader<&[u8]>,
) -> Result<Undisturbed, String> {
    let mut run = MemoryRun::begin(job);
    let memory = run.session.memory();
    for record in snapshot {
        let restored = memory.check(record).and_then(|()| memory.restore(record));
        restored.map_err(|error| format!("a record cannot be restored: {error:?}: {record:?}"))?;
    }
    let again = records(memory);
    if let Some(at) = (0..snapshot.len().max(again.len())).find(|&at| snapshot.get(at) != again.get(at)) {
        return Err(format!(
            "what is restored has another record {at} than the snapshot:\n{:?}\ninstead of\n{:?}",
            again.get(at),
            snapshot.get(at)
        ));
    }
    while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
        run.take(line)?;
    }
    Ok(run.end())
}

fn records(memory: &Memory) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let Ok(()) = memory.snapshot::<std::convert::Infallible>(&mut |record| {
        records.push(record.to_vec());
        Ok(())
    });
    records
}
