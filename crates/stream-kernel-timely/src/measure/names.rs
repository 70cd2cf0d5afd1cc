//! Names of kinds of work and of packets, for people.

use stream_kernel_run::{Application, Job};

use super::timeline::Did;
use crate::packet::Topic;
use crate::run::WorkersError;
use crate::worker::Work;

/// The names of stages: those of their first steps.
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn of<A: Application>(job: &Job<A>) -> Result<Self, WorkersError> {
        let stages = job.scenario().stages().map_err(WorkersError::NotShared)?;
        let pipeline = &job.config().runtime.pipeline;
        let name = |step: usize| pipeline.get(step).cloned().unwrap_or_default();
        Ok(Self(stages.iter().map(|stage| name(stage.steps.start)).collect()))
    }

    fn stage(&self, stage: usize) -> &str {
        self.0.get(stage).map_or("", String::as_str)
    }

    pub(super) fn of_work(&self, did: Did) -> String {
        match did {
            Did::Work(Work::Begin) => "begin".to_owned(),
            Did::Work(Work::Save) => "save".to_owned(),
            Did::Work(Work::Read) => "read".to_owned(),
            Did::Work(Work::Number) => "take to the first stage, and ask".to_owned(),
            Did::Work(Work::Answer(stage)) => format!("answer `{}`", self.stage(stage)),
            Did::Work(Work::Advance(stage)) => format!("go on behind `{}`", self.stage(stage)),
            Did::Work(Work::Tell) => "take through to the end".to_owned(),
            Did::Work(Work::Write) => "write".to_owned(),
            Did::Work(Work::End) => "end".to_owned(),
            Did::WokeUp => "wake up for packets".to_owned(),
            Did::Copied => "copy packets".to_owned(),
        }
    }

    pub(super) fn of_topic(&self, topic: Topic) -> String {
        match topic {
            Topic::Lines => "line counts".to_owned(),
            Topic::Asks { stage } => format!("questions to `{}`", self.stage(stage)),
            Topic::Round { stage, .. } | Topic::Counted { stage } => {
                format!("rounds of `{}`", self.stage(stage))
            }
            Topic::Answers { stage } => format!("answers of `{}`", self.stage(stage)),
            Topic::Gathered => "bytes that worker 0 writes".to_owned(),
            Topic::Piece { .. } => "what is saved".to_owned(),
            Topic::Told => "results".to_owned(),
            Topic::Wanted | Topic::Memory | Topic::Done | Topic::Alive => "the end".to_owned(),
        }
    }
}
