//! The parts of the kernel, measured by criterion in the bench-only package.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::findings::{Figure, Findings};
use super::options::Part;
use super::scratch::Scratch;
use super::series::Series;
use crate::cargo::{cargo, run};
use crate::failure::Failure;

pub(crate) fn measure(scratch: &Scratch) -> Result<Findings, Failure> {
    let folder = scratch.path("criterion");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|source| Failure::file("remove", &folder, source))?;
    }
    run(cargo(["bench", "--package", "stream-kernel-benches", "--bench", "parts"])
        .env("CRITERION_HOME", &folder))?;
    let mut figures = Vec::new();
    for folder in measured(&folder)? {
        figures.push(figure(&folder)?);
    }
    figures.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Findings { comparisons: Vec::new(), figures })
}

/// Returns the folders of criterion's latest measurements.
fn measured(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(|source| Failure::file("list", folder, source))?.flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name == "new") {
            found.push(path);
        } else if path.is_dir() {
            found.extend(measured(&path)?);
        }
    }
    Ok(found)
}

fn figure(folder: &Path) -> Result<Figure, Failure> {
    let (benchmark, estimates) =
        (read(&folder.join("benchmark.json"))?, read(&folder.join("estimates.json"))?);
    // The number of hops, records or lines in one iteration.
    let elements = benchmark["throughput"]["Elements"].as_f64().unwrap_or(1.0);
    let median = &estimates["median"];
    let bounds = &median["confidence_interval"];
    let values = [&bounds["lower_bound"], &median["point_estimate"], &bounds["upper_bound"]];
    Ok(Figure {
        part: Part::Parts,
        name: benchmark["full_id"].as_str().unwrap_or_default().to_owned(),
        value: Ok(Series::new(values.iter().filter_map(|value| value.as_f64()).collect()).per(elements)),
        unit: "ns",
        remark: String::new(),
    })
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::file("read", path, source))?;
    serde_json::from_str(&text).map_err(|source| Failure::file("read", path, source.into()))
}
