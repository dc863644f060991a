//! What to measure, from the command line.

use crate::system::Kind;
use std::{path::PathBuf, time::Duration};

/// What `--help` prints.
pub const HELP: &str = "\
Measures appends of single events with forced sync, Tillroll beside other event stores, and prints one table.

      --seconds N       how long a slice lasts, 0.05 to 60 [default: 1]
      --rounds N        slices of each system, 1 to 1000 [default: 10]
      --writers N,N...  concurrent writers, 1 to 1000 each [default: 1,16,64,256]
      --without NAME    leave a system out: tillroll-cqrs-es, postgres-es, umadb, umadb-shared or disintegrate;
                        may be repeated
      --data DIR        where all systems write; must be on the disk that is meant [default: target/data here]
      --help            this text

From the environment: PG_BIN, the folder of PostgreSQL's server programs; UMADB_BIN, the program `umadb`.
";

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How long a slice lasts.
    pub slice: Duration,
    /// Slices of each system for each number of writers.
    pub rounds: usize,
    /// Numbers of concurrent writers.
    pub writers: Vec<usize>,
    /// What is left out.
    pub without: Vec<Kind>,
    /// Where all systems write.
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
        let mut options = Self {
            slice: Duration::from_secs(1),
            rounds: 10,
            writers: vec![1, 16, 64, 256],
            without: Vec::new(),
            data,
            help: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--help" => options.help = true,
                "--seconds" => {
                    let text = value()?;
                    let seconds = text.parse().ok().filter(|seconds| (0.05..=60.0).contains(seconds));
                    let seconds = seconds.ok_or_else(|| format!("--seconds takes 0.05 to 60, not {text}"))?;
                    options.slice = Duration::from_secs_f64(seconds);
                }
                "--rounds" => options.rounds = number(&argument, &value()?)?,
                "--writers" => {
                    let text = value()?;
                    options.writers = text.split(',').map(|text| number(&argument, text)).collect::<Result<_, _>>()?;
                }
                "--without" => {
                    let text = value()?;
                    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text && *kind != Kind::Tillroll);
                    options.without.push(kind.ok_or_else(|| format!("{text} cannot be left out; see --help"))?);
                }
                "--data" => options.data = value()?.into(),
                _ => return Err(format!("there is no option {argument}; see --help")),
            }
        }
        Ok(options)
    }

    /// What is measured, in the order of the table.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| !self.without.contains(kind))
    }
}

fn number(name: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1_000).contains(number));
    number.ok_or_else(|| format!("{name} takes numbers from 1 to 1000, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(text.split_whitespace().map(str::to_owned), PathBuf::from("here"))
    }

    #[test]
    fn without_arguments_everything_is_measured_in_ten_rounds() {
        let options = parse("").unwrap();
        assert_eq!((options.rounds, options.slice), (10, Duration::from_secs(1)));
        assert_eq!(options.writers, [1, 16, 64, 256]);
        assert_eq!(options.kinds().count(), Kind::ALL.len());
    }

    #[test]
    fn what_is_measured_can_be_chosen() {
        let options = parse("--seconds 0.5 --rounds 3 --writers 2,8 --without umadb --data there").unwrap();
        assert_eq!((options.rounds, options.slice), (3, Duration::from_millis(500)));
        assert_eq!((options.writers, options.data), (vec![2, 8], PathBuf::from("there")));
        assert_eq!(options.without, [Kind::UmaDb]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        assert_eq!(parse("--seconds 0").unwrap_err(), "--seconds takes 0.05 to 60, not 0");
        assert_eq!(parse("--writers 1,0").unwrap_err(), "--writers takes numbers from 1 to 1000, not 0");
        assert_eq!(parse("--without tillroll").unwrap_err(), "tillroll cannot be left out; see --help");
        assert_eq!(parse("--fast").unwrap_err(), "there is no option --fast; see --help");
    }
}
