//! A job: a configuration that was found right, with its steps built and wired; and the run that it becomes.

use std::io;

use stream_kernel_config::{Config, Effective, Loader, Mistakes, OnStepError as ConfiguredPolicy, Warning};
use stream_kernel_exec::{InputOutcome, OnStepError, RunReport, Scenario, StepFailure, SyncRunner};
use stream_kernel_trace::{Clock, Context, Recorder, Redaction, RunLabel, SinkFailure, Timestamp, TraceSink};

use crate::{Application, LineOutput, RawLine, SharedOutput, State, SummaryRow};
use crate::{checks, redaction, tracing};

/// A configuration that was found right, with its steps built and wired. No file has been touched yet, but for the key of a
/// redaction, which was read.
///
/// A command line makes one for each command; a program or test of its own prepares one and starts it, with any output,
/// clock and sink. The [crate's documentation](crate) has a whole example.
pub struct Job<A: Application> {
    config: Config<A::Nodes, A::Adapters>,
    effective: Effective,
    scenario: Scenario<A::Message>,
    warnings: Vec<Warning>,
    redaction: Redaction,
    resources: A::Resources,
    output: SharedOutput,
}

impl<A: Application> Job<A> {
    /// Returns a loader that knows the application's defaults, but no layer yet.
    pub fn loader() -> Loader {
        let (name, yaml) = A::PROFILE;
        let loader = Loader::new(environment_prefix(A::NAME))
            .default_pipeline(A::registry().names())
            .built_in(name, yaml);
        let loader =
            A::LIMITS.iter().fold(loader, |loader, (name, description)| loader.limit(*name, *description));
        A::RETIRED_KEYS.iter().fold(loader, |loader, (pattern, hint)| loader.retired(*pattern, *hint))
    }

    /// Loads the configuration, checks it in full, and builds the steps.
    ///
    /// # Errors
    ///
    /// Returns every mistake at once.
    pub fn prepare(layers: Loader) -> Result<Self, Mistakes> {
        let mut loaded = layers.load::<A::Nodes, A::Adapters>()?;
        let output = SharedOutput::default();
        let resources = A::resources(loaded.config(), &output);
        let scenario = checks::check::<A>(&mut loaded, &resources);
        let redaction = redaction::check(&mut loaded);
        let left_out = loaded.warnings().to_vec();
        let (config, effective) = loaded.finish()?;
        match scenario {
            Some((scenario, wiring)) => {
                let warnings = [left_out, wiring].concat();
                Ok(Self { config, effective, scenario, warnings, redaction, resources, output })
            }
            None => unreachable!("a pipeline that cannot be bound was reported as a mistake"),
        }
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config<A::Nodes, A::Adapters> {
        &self.config
    }

    /// Returns the configuration as text, with the origin of every value.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }

    /// Returns the steps as they are wired.
    pub fn scenario(&self) -> &Scenario<A::Message> {
        &self.scenario
    }

    /// Returns what is let pass: optional sources that could not be read, and what is wrong with a pipeline that is not strict.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns what the trace hides.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Returns the recorder that the configuration asks for, with `sink` as its sink; `None` if tracing is off. Its clock is made only if
    /// there is one.
    pub fn recorder<C: Clock + 'static>(
        &self,
        clock: impl FnOnce() -> C,
        sink: Option<Box<dyn TraceSink>>,
    ) -> Option<Recorder> {
        let tracing = &self.config.runtime.tracing;
        tracing.enabled.then(|| {
            let recorder =
                Recorder::new(tracing::settings(tracing), clock()).with_redaction(self.redaction.clone());
            match sink {
                Some(sink) => recorder.with_sink(sink),
                None => recorder,
            }
        })
    }

    /// Returns what the application remembers from line to line, `None` if it cannot be kept.
    pub fn state(&self) -> Option<Box<dyn State>> {
        A::state(&self.resources)
    }

    /// Begins a run named `run_id` that writes its lines to `output`.
    pub fn start(
        self,
        run_id: &str,
        recorder: Option<Recorder>,
        output: impl LineOutput + 'static,
    ) -> Run<A> {
        self.start_after(run_id, recorder, output, RunReport::default())
    }

    /// Does the same for a run of which a part is done, which came to `report`.
    pub(crate) fn start_after(
        self,
        run_id: &str,
        recorder: Option<Recorder>,
        output: impl LineOutput + 'static,
        report: RunReport,
    ) -> Run<A> {
        self.output.connect(Box::new(output));
        let label = RunLabel { run_id: run_id.to_owned(), scenario_id: self.config.scenario.name.clone() };
        let on_step_error = match self.config.runtime.on_step_error {
            ConfiguredPolicy::Stop => OnStepError::Stop,
            ConfiguredPolicy::Continue => OnStepError::Continue,
        };
        let mut runner = SyncRunner::new(self.scenario, label, on_step_error).after(report);
        if let Some(recorder) = recorder {
            runner = runner.with_recorder(recorder);
        }
        Run { runner, resources: self.resources, output: self.output }
    }
}

/// A run: takes lines in until it is finished.
///
/// [`process`](Self::process) each line, [`complete`](Self::complete) after the last one, and always [`finish`](Self::finish).
pub struct Run<A: Application> {
    runner: SyncRunner<A::Message>,
    resources: A::Resources,
    output: SharedOutput,
}

impl<A: Application> Run<A> {
    /// Shows `observer` the context of each line when it is done, the tape included if records are kept there.
    pub fn with_observer(mut self, observer: impl FnMut(&Context) + 'static) -> Self {
        self.runner = self.runner.with_observer(observer);
        self
    }

    /// Takes one line through the pipeline.
    ///
    /// # Errors
    ///
    /// Returns the failure of a step that ends the run. It must still be [finished](Self::finish).
    pub fn process(&mut self, line: RawLine) -> Result<InputOutcome, StepFailure> {
        self.runner.process(line.line_no(), line)
    }

    /// Shows the application lines that come next, which makes it quicker and changes nothing else: see
    /// [`Application::look_ahead`].
    pub fn look_ahead(&self, lines: &[&[u8]]) {
        if !lines.is_empty() {
            A::look_ahead(&self.resources, lines);
        }
    }

    /// Tells the trace's sink that nothing happens for a while: to be called before waiting for input.
    pub fn idle(&mut self) {
        self.runner.idle();
    }

    /// Writes what the application has to say after the last line.
    ///
    /// # Errors
    ///
    /// Returns the error of the output.
    pub fn complete(&mut self) -> io::Result<()> {
        A::finish(&self.resources, &mut self.output)
    }

    /// Returns the time at which the last record of the trace ends, the epoch if there is none.
    pub(crate) fn last_time(&self) -> Timestamp {
        self.runner.last_time()
    }

    /// Returns the counts so far.
    pub fn report(&self) -> RunReport {
        self.runner.report()
    }

    /// Returns what the application wants people to know since the last call: see [`Application::take_notices`].
    pub fn take_notices(&self) -> Vec<String> {
        A::take_notices(&self.resources)
    }

    /// Returns the application's part of the summary.
    pub fn summary(&self) -> Vec<SummaryRow> {
        A::summary(&self.resources)
    }

    /// Ends the run, after an error as well: brings out what the trace's sink still holds.
    ///
    /// # Errors
    ///
    /// Returns why the trace is not complete, if it is not.
    pub fn finish(self) -> Result<RunReport, SinkFailure> {
        self.runner.finish()
    }
}

/// Returns the prefix of the program's environment variables: `fund-load` has `FUND_LOAD`.
fn environment_prefix(program: &str) -> String {
    program.to_ascii_uppercase().replace('-', "_")
}
