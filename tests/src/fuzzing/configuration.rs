//! Configurations: each is accepted, and then shown as an equal one, or refused with a reason.

use fund_load::FundLoad;
use stream_kernel_run::Job;
use stream_kernel_run::config::Mistakes;

/// Loads the text as a configuration file.
///
/// # Panics
///
/// If a refusal is empty, or contains something that steers a terminal; if the output of `config show` is another
/// configuration.
pub fn configuration(yaml: &[u8]) {
    let Ok(yaml) = str::from_utf8(yaml) else { return };
    // The only file that is read during a check of a configuration.
    if yaml.contains("key_file") {
        return;
    }
    match prepare(yaml) {
        Ok(job) => {
            let shown = job.effective();
            let again = prepare(shown.yaml())
                .unwrap_or_else(|mistakes| panic!("what is shown is refused: {mistakes}\n{}", shown.yaml()));
            assert_eq!(again.effective().json(), shown.json(), "{}", shown.yaml());
            assert_eq!(again.effective().yaml(), shown.yaml());
        }
        Err(mistakes) => {
            assert!(mistakes.len() > 0, "refused without a mistake");
            let told = mistakes.to_string();
            let steers = |character: char| character.is_control() && character != '\n';
            assert!(!told.is_empty() && !told.contains(steers), "{told:?}");
        }
    }
}

fn prepare(yaml: &str) -> Result<Job<FundLoad>, Mistakes> {
    Job::prepare(Job::<FundLoad>::loader().built_in("fuzzed", yaml))
}
