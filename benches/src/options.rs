//! What to measure, from the command line.

use std::{path::PathBuf, time::Duration};

/// The rows, in the order in which they run.
pub const ROWS: [&str; 10] = [
    "append-64",
    "append-256",
    "command-warm",
    "load-cold",
    "command-64",
    "command-256",
    "hot-stream",
    "replay",
    "replay-ahead",
    "reads",
];

/// What `--help` prints.
pub const HELP: &str = "\
Measures the engine against its baselines and prints one table. With the defaults all rows take about 20 minutes.

Usage: cargo bench -- [OPTIONS]

      --row NAME      append-64, append-256, command-warm, load-cold, command-64, command-256, hot-stream, replay,
                      replay-ahead or reads; may be repeated [default: all]
      --pairs N       pairs of slices, 1 to 1000; fewer than 20 give no verdict [default: 20]
      --slice-ms N    about how long a slice lasts, 10 to 10000 [default: 1000]
      --orders N      orders in the log that is replayed, 1 to 1000000 [default: 40000]
      --streams N     streams in the log from which they are loaded, 1 to 100000 [default: 2000]
      --products N    products in the shop that is read, 10 to 1000000 [default: 100000]
      --carts N       carts in it, 1 to 1000000 [default: 10000]
      --data DIR      where to write; must be on the disk that is meant [default: the build's own folder]
      --smoke         2 pairs of 50 ms, 1000 orders, 50 streams and 500 products: does it run at all?
      --help          this text

Exit code: 0, or 1 if something failed, or 3 if a row is void because the machine was too restless.
";

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names of rows; empty means all.
    pub rows: Vec<String>,
    /// Pairs of slices.
    pub pairs: u32,
    /// About how long a slice lasts.
    pub slice: Duration,
    /// Orders in the log that is replayed.
    pub orders: u32,
    /// Streams in the log from which they are loaded.
    pub streams: u32,
    /// Products in the shop that is read.
    pub products: u32,
    /// Carts in it.
    pub carts: u32,
    /// Where to write.
    pub data: PathBuf,
    /// Print the help and do nothing.
    pub help: bool,
}

impl Options {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn parse(arguments: impl IntoIterator<Item = String>, data: PathBuf) -> Result<Self, String> {
        let (pairs, slice) = (20, Duration::from_secs(1));
        let mut options = Self {
            rows: Vec::new(),
            pairs,
            slice,
            orders: 40_000,
            streams: 2_000,
            products: 100_000,
            carts: 10_000,
            data,
            help: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                // Cargo passes it to every bench.
                "--bench" => {}
                "--help" => options.help = true,
                "--smoke" => {
                    (options.pairs, options.slice) = (2, Duration::from_millis(50));
                    (options.orders, options.streams) = (1_000, 50);
                    (options.products, options.carts) = (500, 50);
                }
                "--row" => {
                    let row = value()?;
                    if !ROWS.contains(&row.as_str()) {
                        return Err(format!("there is no row {row}; see --help"));
                    }
                    options.rows.push(row);
                }
                "--pairs" => options.pairs = number(&argument, &value()?, 1, 1_000)?,
                "--slice-ms" => {
                    options.slice = Duration::from_millis(number(&argument, &value()?, 10, 10_000)?.into());
                }
                "--orders" => options.orders = number(&argument, &value()?, 1, 1_000_000)?,
                "--streams" => options.streams = number(&argument, &value()?, 1, 100_000)?,
                "--products" => options.products = number(&argument, &value()?, 10, 1_000_000)?,
                "--carts" => options.carts = number(&argument, &value()?, 1, 1_000_000)?,
                "--data" => options.data = value()?.into(),
                _ => return Err(format!("there is no option {argument}; see --help")),
            }
        }
        Ok(options)
    }

    /// True if this row is asked for.
    #[must_use]
    pub fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }
}

fn number(name: &str, text: &str, min: u32, max: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("{name} takes a number from {min} to {max}, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(text.split_whitespace().map(str::to_owned), PathBuf::from("here"))
    }

    #[test]
    fn without_arguments_all_rows_run_with_enough_pairs() {
        let options = parse("--bench").unwrap();
        assert!(options.pairs >= crate::harness::PAIRS_MIN && options.slice >= Duration::from_secs(1));
        assert!(ROWS.iter().all(|row| options.wants(row)));
    }

    #[test]
    fn the_help_names_every_row() {
        assert!(ROWS.iter().all(|row| HELP.contains(row)));
    }

    #[test]
    fn rows_and_numbers_can_be_chosen() {
        let options = parse(
            "--row replay --pairs 40 --slice-ms 1500 --orders 7 --streams 9 --data there --products 11 --carts 12",
        )
        .unwrap();
        assert!(options.wants("replay") && !options.wants("append-64"));
        assert_eq!((options.pairs, options.slice, options.orders), (40, Duration::from_millis(1_500), 7));
        assert_eq!((options.streams, options.data), (9, PathBuf::from("there")));
        assert_eq!((options.products, options.carts), (11, 12));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        assert_eq!(parse("--pairs 0").unwrap_err(), "--pairs takes a number from 1 to 1000, not 0");
        assert_eq!(parse("--pairs").unwrap_err(), "--pairs needs a value");
        assert_eq!(parse("--row fast").unwrap_err(), "there is no row fast; see --help");
        assert_eq!(parse("--fast").unwrap_err(), "there is no option --fast; see --help");
    }
}
