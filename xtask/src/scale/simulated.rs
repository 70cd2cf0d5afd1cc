//! The output of `workers_apart`: the cost of each worker, and the time of the run if each has a processor of its own.

use serde_json::Value;

/// A run on several workers, measured separately.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Simulated {
    pub(crate) lines: f64,
    pub(crate) epochs: f64,
    /// From the first piece of work to the last, in nanoseconds.
    pub(crate) wall_ns: f64,
    /// Until all lines were written.
    pub(crate) written_ns: f64,
    pub(crate) workers: Vec<Worker>,
}

/// A worker of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Worker {
    /// By kind, in the order in which an epoch goes through them, in nanoseconds.
    pub(crate) work: Vec<(String, f64)>,
    pub(crate) waited_ns: f64,
    /// By kind of packet: the bytes to other workers.
    pub(crate) sent: Vec<(String, f64)>,
    pub(crate) received_bytes: f64,
}

impl Simulated {
    /// Reads a line of the program's output; `None` if it is not one.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| value[name].as_f64();
        Some(Self {
            lines: number("lines")?,
            epochs: number("epochs")?,
            wall_ns: number("wall_ns")?,
            written_ns: number("written_ns")?,
            workers: value["workers"].as_array()?.iter().map(worker).collect::<Option<_>>()?,
        })
    }

    /// Returns the worker with the most work.
    pub(crate) fn busiest(&self) -> Option<&Worker> {
        self.workers.iter().max_by(|one, other| one.busy_ns().total_cmp(&other.busy_ns()))
    }

    /// Returns what all workers spent on each kind of work, in nanoseconds a line.
    pub(crate) fn work_a_line(&self) -> Vec<(String, f64)> {
        self.a_line(|worker| &worker.work)
    }

    /// Returns the bytes of each kind that all workers sent to others, a line.
    pub(crate) fn sent_a_line(&self) -> Vec<(String, f64)> {
        self.a_line(|worker| &worker.sent)
    }

    fn a_line(&self, of: fn(&Worker) -> &Vec<(String, f64)>) -> Vec<(String, f64)> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        for (kind, amount) in self.workers.iter().flat_map(of) {
            match sums.iter_mut().find(|(known, _)| known == kind) {
                Some((_, sum)) => *sum += amount / self.lines,
                None => sums.push((kind.clone(), amount / self.lines)),
            }
        }
        sums
    }
}

impl Worker {
    /// Returns how long it worked, in nanoseconds.
    pub(crate) fn busy_ns(&self) -> f64 {
        self.work.iter().map(|(_, ns)| ns).sum()
    }

    /// Returns the bytes on its link, in the direction with more of them.
    pub(crate) fn link_bytes(&self) -> f64 {
        let sent: f64 = self.sent.iter().map(|(_, bytes)| bytes).sum();
        sent.max(self.received_bytes)
    }
}

fn worker(value: &Value) -> Option<Worker> {
    // A kind, and its last number: packets are `[kind, count, bytes]`.
    let list = |name: &str| -> Option<Vec<_>> {
        let entries = value[name].as_array()?.iter();
        entries
            .map(|entry| Some((entry[0].as_str()?.to_owned(), entry.as_array()?.last()?.as_f64()?)))
            .collect()
    };
    Some(Worker {
        work: list("work")?,
        waited_ns: value["waited_ns"].as_f64()?,
        sent: list("sent")?,
        received_bytes: value["received_bytes"].as_f64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::Simulated;

    const LINE: &str = r#"{"lines":10,"epochs":2,"output_bytes":5,"wall_ns":100,"written_ns":90,"workers":[
        {"work":[["read",20],["end",10]],"waited_ns":70,"sent":[["results",2,400]],"received_bytes":300},
        {"work":[["read",40],["write",20]],"waited_ns":40,"sent":[["results",2,100],["the end",1,200]],"received_bytes":500}]}"#;

    #[test]
    fn a_line_is_read_and_added_up() {
        let simulated = Simulated::parse(LINE).unwrap();
        let [first, second] = simulated.workers.as_slice() else { panic!("{simulated:?}") };
        assert_eq!((first.busy_ns(), first.link_bytes()), (30.0, 400.0));
        assert_eq!((second.busy_ns(), second.link_bytes()), (60.0, 500.0), "received more than it sent");
        assert_eq!(simulated.busiest(), Some(second));
        let named = |name: &str, amount| (name.to_owned(), amount);
        assert_eq!(simulated.work_a_line(), [named("read", 6.0), named("end", 1.0), named("write", 2.0)]);
        assert_eq!(simulated.sent_a_line(), [named("results", 50.0), named("the end", 20.0)]);
    }

    #[test]
    fn other_lines_are_not_read() {
        for line in
            ["", "[]", "{}", &LINE.replace("waited_ns", "waited"), &LINE.replace("\"read\",20", "\"read\"")]
        {
            assert_eq!(Simulated::parse(line), None, "{line}");
        }
    }
}
