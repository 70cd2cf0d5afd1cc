//! The machine, as far as it explains figures, without its owner's identity.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cargo::capture;
use crate::failure::Failure;

/// The facts on which figures depend.
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    /// Numbers only: the rest of the text may name the builder.
    pub(crate) kernel: String,
    pub(crate) compiler: String,
}

impl Machine {
    pub(crate) fn describe() -> Result<Self, Failure> {
        let cpus = read("/proc/cpuinfo")?;
        let memory_kib: u64 = field(&read("/proc/meminfo")?, "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse().ok())
            .unwrap_or_default();
        let release = read("/proc/sys/kernel/osrelease")?;
        let kernel: String =
            release.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
        Ok(Self {
            processor: field(&cpus, "model name").unwrap_or("of unknown make").to_owned(),
            cores: cpus.lines().filter(|line| line.starts_with("processor")).count(),
            memory_gib: memory_kib.div_ceil(1024 * 1024),
            kernel: kernel.trim_end_matches('.').to_owned(),
            compiler: compiler()?,
        })
    }

    /// Returns the machine as a sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self { processor, cores, memory_gib, kernel, compiler } = self;
        format!(
            "Measured on a machine with {cores} cores ({processor}) and {memory_gib} GiB of memory, Linux {kernel}, built with \
             {compiler}."
        )
    }
}

/// Returns the compiler and its version, `rustc 1.95.0`.
pub(crate) fn compiler() -> Result<String, Failure> {
    let text = capture(Command::new("rustc").arg("--version"))?;
    Ok(text.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

fn read(path: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::file("read", Path::new(path), source))
}

/// Returns the text after the first `name` and its colon.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "model\t\t: 106\nmodel name\t: Some CPU\nMemTotal:       1048576 kB\n";
        assert_eq!(field(text, "model name"), Some("Some CPU"));
        assert_eq!(field(text, "MemTotal"), Some("1048576 kB"));
        assert_eq!(field(text, "name"), None);
    }
}
