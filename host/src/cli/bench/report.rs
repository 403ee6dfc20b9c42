//! What was measured, and what it means.

use std::time::Duration;

use serde_json::{Value, json};

use super::histogram::Percentiles;

/// The share of a core up to which a host answers evenly; above it, what comes together must wait.
const COMFORTABLE: f64 = 0.5;

/// The figures.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) lines: u32,
    pub(super) clients: u32,
    pub(super) calls_per_minute: u32,
    /// For how long events were counted.
    pub(super) seconds: f64,
    /// Milliseconds from an event's `at` to its arrival at a client.
    pub(super) took: Percentiles,
    /// Events that came, one for each client that got it.
    pub(super) delivered: u64,
    /// CPU time of the host meanwhile.
    pub(super) cpu: Option<Duration>,
    /// Bytes, at the end.
    pub(super) memory: Option<u64>,
    /// Bytes, before the first client.
    pub(super) memory_empty: Option<u64>,
    pub(super) cores: usize,
}

impl Report {
    fn delivered_a_second(&self) -> f64 {
        self.delivered as f64 / self.seconds
    }

    /// The share of one core.
    fn busy(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() / self.seconds)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "lines": self.lines, "clients": self.clients, "callsPerMinute": self.calls_per_minute,
            "cores": self.cores, "seconds": self.seconds,
            "deliveredPerSecond": self.delivered_a_second(),
            "latencyMs": {
                "p50": self.took.p50, "p90": self.took.p90, "p99": self.took.p99, "max": self.took.most,
            },
            "cpuOfOneCore": self.busy(),
            "memoryBytes": self.memory, "memoryBytesWithoutClients": self.memory_empty,
            "means": self.meaning(),
        })
    }

    pub(super) fn text(&self) -> String {
        let Percentiles { p50, p90, p99, most } = self.took;
        let mib = |bytes: Option<u64>| {
            bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / 1_048_576.0))
        };
        let cpu = self.busy().map_or_else(|| "unknown".to_owned(), |busy| format!("{:.1} % of one core", busy * 100.0));
        format!(
            "{} lines, {} clients, {} calls a minute, {:.0} s, {} cores\n\
             events     {:.1} a second came at clients\n\
             latency    p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, longest {most} ms\n\
             \u{20}          from the event's time (whole milliseconds: up to 1 ms too much) to the client's program\n\
             CPU        {cpu}, the host's process alone\n\
             memory     {} of the host, {} before the first client\n{}",
            self.lines,
            self.clients,
            self.calls_per_minute,
            self.seconds,
            self.cores,
            self.delivered_a_second(),
            mib(self.memory),
            mib(self.memory_empty),
            self.meaning()
        )
    }

    /// One sentence about sizing.
    fn meaning(&self) -> String {
        let Some(busy) = self.busy().filter(|busy| *busy > 0.0) else {
            return "This system does not tell a process's CPU time, so nothing can be said about sizing.".to_owned();
        };
        let times = COMFORTABLE / busy;
        if times < 1.0 {
            return format!(
                "This load keeps {:.0} % of a core busy, which is more than half: it leaves little for peaks.",
                busy * 100.0
            );
        }
        format!(
            "At half a core a host like this would carry about {times:.0} times this load, by its CPU time alone \
             ({:.0} calls a minute): measure again with that load before relying on it.",
            f64::from(self.calls_per_minute) * times
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(cpu: Option<Duration>) -> Report {
        Report {
            lines: 10,
            clients: 20,
            calls_per_minute: 600,
            seconds: 10.0,
            took: Percentiles { p50: 1, p90: 2, p99: 3, most: 4 },
            delivered: 500,
            cpu,
            memory: Some(10 * 1_048_576),
            memory_empty: None,
            cores: 2,
        }
    }

    #[test]
    fn the_sentence_follows_the_load() {
        let light = report(Some(Duration::from_millis(500)));
        assert!(light.meaning().contains("about 10 times this load"), "{}", light.meaning());
        assert!(light.meaning().contains("(6000 calls a minute)"), "{}", light.meaning());
        assert!(report(Some(Duration::from_secs(8))).meaning().contains("80 % of a core"));
        assert!(report(None).meaning().contains("does not tell"));
    }

    #[test]
    fn text_and_json_say_the_same() {
        let report = report(Some(Duration::from_millis(500)));
        assert!(report.text().contains("50.0 a second") && report.text().contains("5.0 % of one core"));
        assert_eq!(report.json()["deliveredPerSecond"], 50.0);
        assert_eq!(report.json()["latencyMs"]["p99"], 3);
        assert_eq!(report.json()["memoryBytesWithoutClients"], Value::Null);
    }
}
