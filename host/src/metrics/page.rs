//! Reading our own page of numbers again (OpenMetrics text): the library that counts gives histograms out in no other
//! way. Only what this host writes is understood: label values without quotes in them.

/// The samples of a page.
#[derive(Debug)]
pub struct Page<'a> {
    samples: Vec<Sample<'a>>,
}

#[derive(Debug)]
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    value: f64,
}

/// How often something took how long.
#[derive(Debug, Default, PartialEq)]
pub struct Buckets {
    /// How often in all.
    pub count: u64,
    /// How often at most so many seconds, growing.
    pub at_most: Vec<(f64, u64)>,
}

impl Buckets {
    /// The least bound within which this share of all lies. None: there is nothing, or it lies beyond all bounds.
    #[must_use]
    pub fn within(&self, share: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = share * self.count as f64;
        self.at_most.iter().find(|(_, count)| *count as f64 >= wanted).map(|(bound, _)| *bound)
    }
}

impl<'a> Page<'a> {
    /// Reads a page; lines that are no samples are passed over.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        Self { samples: text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect() }
    }

    /// The sum of all samples of a name that have these labels.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let matches =
            |sample: &&Sample<'_>| sample.name == name && labels.iter().all(|label| sample.labels.contains(label));
        let sum: f64 = self.samples.iter().filter(matches).map(|sample| sample.value).sum();
        // Counts and gauges of things: whole and not negative, but for a gauge in the middle of a change.
        sum.max(0.0) as u64
    }

    /// A histogram.
    #[must_use]
    pub fn buckets(&self, name: &str) -> Buckets {
        let bucket = format!("{name}_bucket");
        let bounds = self.samples.iter().filter(|sample| sample.name == bucket).filter_map(|sample| {
            let bound: f64 = sample.labels.iter().find(|(label, _)| *label == "le")?.1.parse().ok()?;
            bound.is_finite().then_some((bound, sample.value as u64))
        });
        Buckets { count: self.sum(&format!("{name}_count"), &[]), at_most: bounds.collect() }
    }
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let (name, rest) = match line.split_once('{') {
        Some((name, rest)) => (name, rest.split_once('}')?),
        None => {
            let (name, value) = line.split_once(' ')?;
            (name, ("", value))
        }
    };
    let (labels, value) = rest;
    let labels = labels.split(',').filter(|label| !label.is_empty());
    let labels = labels.map(|label| label.split_once('=').map(|(name, value)| (name, value.trim_matches('"'))));
    Some(Sample { name, labels: labels.collect::<Option<_>>()?, value: value.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::EventName;

    #[test]
    fn what_was_counted_is_read_again() {
        let metrics = Metrics::new();
        let (ast, sim) = (metrics.connection("ast"), metrics.connection("sim"));
        ast.event(EventName::CallStarted);
        ast.event(EventName::CallFinished);
        sim.event(EventName::CallStarted);
        ast.calls.set(3);
        for seconds in [0.00001, 0.0003, 0.0004, 3.0] {
            metrics.hub.latency.observe(seconds);
        }
        let text = metrics.page();
        let page = Page::read(&text);
        assert_eq!(page.sum("cti_events_total", &[("connection", "ast")]), 2);
        assert_eq!(page.sum("cti_events_total", &[]), 3);
        assert_eq!(page.sum("cti_calls", &[("connection", "ast")]), 3);
        assert_eq!(page.sum("no such number", &[]), 0);
        let latency = page.buckets("jackfield_latency_seconds");
        assert_eq!((latency.count, latency.at_most.len()), (4, 12));
        assert_eq!(
            (latency.within(0.5), latency.within(0.75), latency.within(0.99)),
            (Some(0.0005), Some(0.0005), None)
        );
        assert_eq!(page.buckets("jackfield_store_commit_seconds").within(0.5), None);
    }
}
