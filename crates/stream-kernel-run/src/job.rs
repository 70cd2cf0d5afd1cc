//! Jobs: a valid configuration, with its steps built and wired.

use std::sync::Arc;

use stream_kernel_config::{Effective, Loader, Mistakes, OnStepError as ConfiguredPolicy, Warning};
use stream_kernel_exec::{Memory, OnStepError, Plan, Scenario, SyncRunner, WiringFaults};
use stream_kernel_trace::{Clock, Recorder, Redaction, RunLabel, TraceSink};

use crate::{
    About, Application, ClusterSecret, ConfigOf, LineMessage, Meter, Session, checks, cluster_checks,
    editor_rules, redaction, tracing, worker_checks,
};

/// A valid configuration, with its steps built and wired. No file has been touched yet, except the key of a redaction
/// and the secret of a cluster, which are read.
///
/// A command line prepares one for each command. A program or a test can prepare one too, and start it with any output,
/// clock and sink. The [crate's documentation](crate) has a whole example.
pub struct Job<A: Application> {
    config: Arc<ConfigOf<A>>,
    effective: Effective,
    scenario: Scenario<A::Message>,
    warnings: Vec<Warning>,
    redaction: Redaction,
    cluster_secret: Option<ClusterSecret>,
    meter: Option<Arc<Meter>>,
}

impl<A: Application> Job<A> {
    /// Returns a loader with the application's defaults and no layers.
    pub fn loader() -> Loader {
        let About { name: program, profile: (name, yaml), limits, retired_keys, .. } = A::ABOUT;
        let loader = Loader::new(environment_prefix(program))
            .default_pipeline(A::registry().names())
            .built_in(name, yaml);
        let loader =
            limits.iter().fold(loader, |loader, (name, description)| loader.limit(*name, *description));
        retired_keys.iter().fold(loader, |loader, (pattern, hint)| loader.retired(*pattern, *hint))
    }

    /// Returns the JSON Schema of the configuration, for editors: with the names of steps and context fields, and with
    /// the rules that [`prepare`](Self::prepare) checks, as far as a schema can say them.
    ///
    /// # Errors
    ///
    /// One mistake, if a type of the application cannot be checked.
    pub fn json_schema() -> Result<serde_json::Value, Mistakes> {
        let loader = editor_rules::add(Self::loader().step_names(A::registry().names()));
        let loader = A::editor_rules().into_iter().fold(loader, Loader::rule);
        loader.json_schema::<ConfigOf<A>>()
    }

    /// Loads the configuration, checks it in full, and builds the steps.
    ///
    /// # Errors
    ///
    /// Returns every mistake at once.
    pub fn prepare(layers: Loader) -> Result<Self, Mistakes> {
        let mut loaded = layers.load::<ConfigOf<A>>()?;
        let scenario = checks::check::<A>(&mut loaded);
        let redaction = redaction::check(&mut loaded);
        let cluster_secret = cluster_checks::check(&mut loaded);
        if let Some((scenario, _)) = &scenario {
            worker_checks::check_sharing(&mut loaded, scenario.stages().err());
        }
        let left_out = loaded.warnings().to_vec();
        let (config, effective) = loaded.finish()?;
        match scenario {
            Some((scenario, wiring)) => {
                let warnings = [left_out, wiring].concat();
                Ok(Self {
                    config: Arc::new(config),
                    effective,
                    scenario,
                    warnings,
                    redaction,
                    cluster_secret,
                    meter: None,
                })
            }
            None => unreachable!("a pipeline that cannot be bound was reported as a mistake"),
        }
    }

    /// Returns another job of the same configuration, with its own steps and memory, without loading it again.
    ///
    /// # Errors
    ///
    /// A builder that may refuse does so here.
    pub fn again(&self) -> Result<Self, WiringFaults> {
        let (runtime, source) = (&self.config.runtime, A::Message::LINE_KIND);
        let plan = Plan { source, pipeline: &runtime.pipeline, strict: runtime.strict };
        let scenario = A::registry().bind(plan, &self.config)?;
        Ok(Self {
            config: Arc::clone(&self.config),
            effective: self.effective.clone(),
            scenario,
            warnings: self.warnings.clone(),
            redaction: self.redaction.clone(),
            cluster_secret: self.cluster_secret.clone(),
            meter: self.meter.clone(),
        })
    }

    /// Gives the run's figures to a meter: those of a run on one worker while it goes on, and the durations of traced
    /// steps.
    pub fn with_meter(self, meter: Arc<Meter>) -> Self {
        Self { meter: Some(meter), ..self }
    }

    pub(crate) fn meter(&self) -> Option<Arc<Meter>> {
        self.meter.clone()
    }

    /// Returns the configuration.
    pub fn config(&self) -> &ConfigOf<A> {
        &self.config
    }

    /// Returns the configuration, for use beside the job.
    pub fn shared_config(&self) -> Arc<ConfigOf<A>> {
        Arc::clone(&self.config)
    }

    /// Returns the configuration as text, with the origin of every value.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// Returns the wiring of the steps.
    pub fn scenario(&self) -> &Scenario<A::Message> {
        &self.scenario
    }

    /// Returns the warnings: optional sources that could not be read, and faults of a pipeline that is not strict.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns what the trace hides.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Returns whether the configuration asks for several workers: several threads, a cluster of any size, or files of
    /// each worker.
    pub fn is_on_several_workers(&self) -> bool {
        worker_checks::is_on_several_workers(&self.config)
    }

    /// Returns the secret of the cluster; `None` if none is configured.
    pub fn cluster_secret(&self) -> Option<&ClusterSecret> {
        self.cluster_secret.as_ref()
    }

    /// Returns the configured recorder with this `sink`; `None` if tracing is off. Its clock is made only if there is
    /// one.
    pub fn recorder<C: Clock + 'static>(
        &self,
        clock: impl FnOnce() -> C,
        sink: Option<Box<dyn TraceSink>>,
    ) -> Option<Recorder> {
        tracing::recorder(
            &self.config.runtime.tracing,
            self.redaction.clone(),
            clock,
            sink,
            self.meter.as_ref(),
        )
    }

    /// Begins a session of a run named `run_id`, without a checkpoint. It is traced if there is a recorder.
    pub fn start(self, run_id: &str, recorder: Option<Recorder>) -> Session<A> {
        let config = Arc::clone(&self.config);
        Session::new(self.into_runner(run_id, recorder), config)
    }

    /// Returns the runner of a run named `run_id`, for a driver of the caller's own. It is traced if there is a
    /// recorder.
    pub fn into_runner(self, run_id: &str, recorder: Option<Recorder>) -> SyncRunner<A::Message> {
        let label = RunLabel { run_id: run_id.to_owned(), scenario_id: self.config.scenario.name.clone() };
        let on_step_error = match self.config.runtime.on_step_error {
            ConfiguredPolicy::Stop => OnStepError::Stop,
            ConfiguredPolicy::Continue => OnStepError::Continue,
        };
        let runner = SyncRunner::new(self.scenario, label, on_step_error);
        match recorder {
            Some(recorder) => runner.with_recorder(recorder),
            None => runner,
        }
    }
}

/// Returns empty memory as the application declares it, to [check](Memory::check) snapshots with.
///
/// # Errors
///
/// Returns the mistakes in the application's own profile.
pub fn empty_memory<A: Application>() -> Result<Memory, Mistakes> {
    let loaded = Job::<A>::loader().load::<ConfigOf<A>>()?;
    Ok(A::registry().build_memory(loaded.config()))
}

/// Returns the prefix of the program's environment variables: `fund-load` has `FUND_LOAD`.
fn environment_prefix(program: &str) -> String {
    program.to_ascii_uppercase().replace('-', "_")
}
