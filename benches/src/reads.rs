//! Row `reads`: what do HTTP, JSON and a consistent view cost on top of the SQL that a storefront's reads come to?
//!
//! A shop with many products and carts, served as the program serves it, on loopback. The engine: a mix of listing pages,
//! product pages, offers and carts over kept-alive connections. The baseline: the very statements that these requests came
//! to, recorded on the way to the store, sent to the same SQLite file by plain `rusqlite` in as many threads as the
//! engine has readers; each request's in one read transaction, every value of every row read.
//!
//! After each of the engine's slices the same mix is sent at half the rate that the slice has shown, whatever the answers
//! do (an open loop); the latencies of those are what the row's counters tell.

use crate::{
    Failure,
    harness::{Arm, Row, Slice, Spec},
};
use client::{Client, Connection, Latency};
use direct::Direct;
use mix::{Kind, Request};
use server::Server;
use std::{path::Path, rc::Rc, time::Duration};

mod client;
mod direct;
mod mix;
mod recording;
mod seed;
mod server;

/// Different requests; they repeat after that.
const REQUESTS: usize = 4_000;
/// One in so many requests may be a listing that finds nothing, which in a small shop happens.
const EMPTY_SHARE: usize = 10;
/// Reads that go on at a time: what the engine's store allows unless it is told otherwise.
const READERS: usize = 4;
/// Requests under way at saturation, at most.
const CONNECTIONS: usize = 16;

/// The row on a shop of so many products and carts, which is filled here unless the folder has it from an earlier run.
///
/// # Errors
/// The shop cannot be filled or served.
pub fn spec(folder: &Path, products: u32, carts: u32) -> Result<Spec<'static>, Failure> {
    let source = Rc::new(Source::open(folder, products, carts, REQUESTS)?);
    Ok(Spec {
        name: "reads",
        question: "a storefront's reads over HTTP, against the same SQL sent to the file directly",
        good: 0.1,
        excellent: 0.25,
        baseline_is_a_part: true,
        work: (100, 200_000),
        open: Box::new(move |requests| Ok(Box::new(Reads::open(source.clone(), usize::try_from(requests)?)?))),
    })
}

/// A served shop and what is asked of it.
struct Source {
    server: Server,
    requests: Vec<Request>,
}

impl Source {
    fn open(folder: &Path, products: u32, carts: u32, count: usize) -> Result<Self, Failure> {
        let server = Server::open(folder, products, carts)?;
        if server.was_kept() {
            eprintln!("reads: the shop of an earlier run is used again");
        }
        let mut requests = mix::requests(server.catalog(), count, server.key());
        // Every request once, alone, so that what it asks the database is known.
        let mut connection = Connection::open(server.address())?;
        let mut empty = 0;
        server.recorder().start();
        for request in &mut requests {
            connection.get(request)?;
            request.statements = server.recorder().take();
            if request.statements.iter().all(|statement| statement.rows == 0) {
                let may_be_empty = request.kind == Kind::Listing;
                empty += 1;
                if !may_be_empty || empty * EMPTY_SHARE > count {
                    return Err(format!("{} finds nothing, and as {empty} do", request.address).into());
                }
            }
        }
        server.recorder().stop();
        Ok(Self { server, requests })
    }
}

/// The row, opened.
struct Reads {
    source: Rc<Source>,
    client: Client,
    direct: Direct,
    /// Requests of a slice.
    count: usize,
    /// Where in the requests the next slice of each arm begins; both go the same way.
    next: [usize; 2],
    slices: u32,
    /// At half load.
    latencies: Vec<Latency>,
    /// Of the statements alone, at full load.
    direct_times: Vec<Duration>,
    /// Half loads, in requests a second.
    rates: Vec<f64>,
}

impl Reads {
    fn open(source: Rc<Source>, count: usize) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::connect(source.server.address(), CONNECTIONS)?,
            direct: Direct::open(source.server.database(), READERS)?,
            source,
            count,
            next: [0, 0],
            slices: 0,
            latencies: Vec::new(),
            direct_times: Vec::new(),
            rates: Vec::new(),
        })
    }

    /// What an arm's next slice begins with.
    fn first(&mut self, arm: usize) -> usize {
        let first = self.next[arm];
        self.next[arm] = (first + self.count) % self.source.requests.len();
        first
    }

    fn engine(&mut self) -> Result<Slice, Failure> {
        let source = self.source.clone();
        let first = self.first(0);
        let time = self.client.saturate(&source.requests, first, self.count)?;
        let slice = Slice { events: u64::try_from(self.count)?, time };
        // The first one is cold.
        self.slices += 1;
        if self.slices > 1 {
            let interval = time.div_f64(slice.rate() * time.as_secs_f64()).mul_f64(2.0);
            let half = (self.count / 2).max(1);
            self.latencies.extend(self.client.open_loop(&source.requests, first, half, interval)?);
            self.rates.push(slice.rate() / 2.0);
        }
        Ok(slice)
    }

    fn baseline(&mut self) -> Result<Slice, Failure> {
        let source = self.source.clone();
        let first = self.first(1);
        let (time, times) = self.direct.run(&source.requests, first, self.count)?;
        self.direct_times.extend(times);
        Ok(Slice { events: u64::try_from(self.count)?, time })
    }
}

impl Row for Reads {
    fn slice(&mut self, arm: Arm) -> Result<Slice, Failure> {
        match arm {
            Arm::Engine => self.engine(),
            Arm::Baseline => self.baseline(),
        }
    }

    fn counters(&self) -> String {
        let of = |kind: Option<Kind>| -> Vec<Duration> {
            let wanted = self.latencies.iter().filter(|(found, _)| kind.is_none_or(|kind| kind == *found));
            wanted.map(|(_, latency)| *latency).collect()
        };
        let kinds: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| format!("{} {}", kind.name(), millis(percentile(&of(Some(*kind)), 95))))
            .collect();
        let all = of(None);
        let rate = crate::stats::median(&self.rates).unwrap_or_default();
        let statements: usize = self.source.requests.iter().map(|request| request.statements.len()).sum();
        format!(
            "at half load ({rate:.0} requests/s, {} measured) p50 {}, p95 {}, p99 {} ms (p95: {}); the SQL alone p50 {}, p95 \
             {} ms; {:.1} statements a request; {} products, {} carts",
            all.len(),
            millis(percentile(&all, 50)),
            millis(percentile(&all, 95)),
            millis(percentile(&all, 99)),
            kinds.join(", "),
            millis(percentile(&self.direct_times, 50)),
            millis(percentile(&self.direct_times, 95)),
            crate::cost::per(u64::try_from(statements).unwrap_or_default(), u64::try_from(REQUESTS).unwrap_or(1)),
            self.source.server.products(),
            self.source.server.carts(),
        )
    }
}

/// The time that so many percent of the times do not exceed (nearest rank).
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 95), Duration::from_millis(190));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&[], 95), Duration::ZERO);
    }

    /// Both arms do something, the shop is kept for the next run, and every kind of request finds something.
    #[test]
    fn requests_and_their_statements_find_the_same_shop() {
        let folder = tempfile::tempdir().unwrap();
        for run in 0..2 {
            let source = Rc::new(Source::open(folder.path(), 60, 6, 200).unwrap());
            assert_eq!(source.server.was_kept(), run == 1);
            let kinds: std::collections::BTreeSet<Kind> = source.requests.iter().map(|request| request.kind).collect();
            assert_eq!(kinds.into_iter().collect::<Vec<_>>(), Kind::ALL);
            let mut row = Reads::open(source, 40).unwrap();
            for arm in [Arm::Engine, Arm::Baseline, Arm::Engine] {
                assert_eq!(row.slice(arm).unwrap().events, 40);
            }
            assert_eq!((row.latencies.len(), row.direct_times.len()), (20, 40));
            assert!(row.counters().contains("at half load"));
        }
    }

    #[test]
    fn a_baseline_that_finds_other_rows_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let mut source = Source::open(folder.path(), 60, 6, 50).unwrap();
        source.requests[7].statements[0].rows += 1;
        let mut row = Reads::open(Rc::new(source), 50).unwrap();
        assert!(row.slice(Arm::Engine).is_ok());
        assert!(row.slice(Arm::Baseline).is_err());
    }
}
