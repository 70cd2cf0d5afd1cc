//! Random cases: an input and a configuration, shown in a failure's report as a person would write them.

use std::fmt;

use proptest::prelude::*;
use stream_kernel_tests::model::Settings;
use stream_kernel_tests::streams::configuration;

/// An input, and settings for the model and for the program.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) input: Vec<u8>,
    pub(crate) settings: Settings,
    pub(crate) yaml: String,
}

/// Draws a case with an input from `inputs`.
pub(crate) fn case(inputs: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Case> {
    (inputs, configuration()).prop_map(|(input, configuration)| Case {
        input,
        settings: configuration.settings,
        yaml: configuration.yaml,
    })
}

/// Writes the configuration as a file and the input line by line.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\ninput:", self.yaml)?;
        for (line_no, line) in (1..).zip(self.input.split_inclusive(|byte| *byte == b'\n')) {
            writeln!(f, "{line_no:>3}  {}", Unquoted(line))?;
        }
        Ok(())
    }
}

/// Bytes with escapes for everything invisible, except quotation marks, which JSON is full of.
struct Unquoted<'a>(&'a [u8]);

impl fmt::Display for Unquoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.escape_ascii().to_string().replace("\\\"", "\""))
    }
}
