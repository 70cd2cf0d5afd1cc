use fund_load::FundLoad;
use stream_kernel_run::{Job, SharedFiles};
use stream_kernel_timely::{WorkerOptions, run_on_workers};
fn main() {
    let mut args = std::env::args().skip(1);
    let (workers, epoch, input, output) =
        (args.next().unwrap(), args.next().unwrap(), args.next().unwrap(), args.next().unwrap());
    let mut loader = Job::<FundLoad>::loader()
        .set(format!("adapters.input_source.settings.path={input}"))
        .set(format!("adapters.output_sink.settings.path={output}"));
    for value in args {
        loader = if let Some(file) = value.strip_prefix("file:") {
            loader.location(file)
        } else {
            loader.set(value)
        };
    }
    let job = Job::<FundLoad>::prepare(loader).unwrap_or_else(|e| panic!("{e}"));
    let files = SharedFiles::open(job.config()).unwrap();
    let ended = run_on_workers(
        &job,
        stream_kernel_trace::SystemClock::new,
        files,
        WorkerOptions {
            run_id: "run",
            workers: workers.parse().unwrap(),
            epoch_bytes: epoch.parse().unwrap(),
            between_lines: &mut |_| None,
            tell: &mut |_| {},
        },
    );
    eprintln!("{:?} {:?} {:?}", ended.ended, ended.report, ended.summary);
}
