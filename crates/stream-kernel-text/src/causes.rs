//! Errors with their causes.

use std::error::Error;
use std::iter;

use crate::escaped;

/// Returns the error and its causes on one line, `what: why: why that`, [escaped].
///
/// ```
/// use stream_kernel_text::with_causes;
///
/// assert_eq!(with_causes(&std::fmt::Error), std::fmt::Error.to_string());
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    let text = causes.fold(error.to_string(), |text, cause| text + &format!(": {cause}"));
    escaped(&text).to_string()
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Failure(&'static str, Option<Box<Failure>>);

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failure {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|cause| &**cause as _)
        }
    }

    #[test]
    fn causes_follow_on_one_line() {
        let cause = |text, cause| Some(Box::new(Failure(text, cause)));
        let failure = Failure("what", cause("why\n", cause("why that", None)));
        assert_eq!(with_causes(&failure), r"what: why\n: why that");
        assert_eq!(with_causes(&Failure("what", None)), "what");
    }
}
