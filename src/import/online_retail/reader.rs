//! Reads the rows of a file one by one: plain or gzipped, with its header checked, malformed rows set apart.
//!
//! Holds one line at a time, at most [`LINE_BYTES_MAX`] of it.

use super::record::{HEADER, Row, split};
use crate::import::{ImportError, document::RejectedRow, input::Input};
use flate2::read::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// The most bytes of one line; a longer one is a malformed row.
pub(super) const LINE_BYTES_MAX: usize = 16 * 1024;
const BUFFER_BYTES: usize = 128 * 1024;
/// What every gzip member begins with.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The rows of a file.
pub(super) struct RowReader {
    input: Box<dyn BufRead + Send>,
    label: String,
    line: u64,
    buffer: Vec<u8>,
}

impl RowReader {
    /// Opens the input and checks its header.
    pub(super) fn open(input: &Input) -> Result<Self, ImportError> {
        let label = input.to_string();
        let failed = |source| ImportError::Open { input: label.clone(), source };
        let raw = input.open().map_err(failed)?;
        let input = decompressed(raw).map_err(failed)?;
        let mut reader = Self { input, label, line: 0, buffer: Vec::new() };
        reader.check_header()?;
        Ok(reader)
    }

    fn check_header(&mut self) -> Result<(), ImportError> {
        let found = match self.next_line()? {
            Line::Text(text) => text.trim_start_matches('\u{feff}').to_owned(),
            Line::End | Line::Malformed(_) => String::new(),
        };
        let fits = split(&found).is_ok_and(|fields| fields.iter().zip(HEADER).all(|(field, name)| field == name));
        if fits { Ok(()) } else { Err(ImportError::Header { input: self.label.clone(), expected: HEADER.join(",") }) }
    }

    /// The next line without its end.
    fn next_line(&mut self) -> Result<Line<'_>, ImportError> {
        self.buffer.clear();
        self.line += 1;
        let read = (&mut self.input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut self.buffer);
        if read.map_err(|source| self.failed(source))? == 0 {
            return Ok(Line::End);
        }
        if self.buffer.len() > LINE_BYTES_MAX && !self.buffer.ends_with(b"\n") {
            self.skip_rest_of_line()?;
            return Ok(Line::Malformed(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
        }
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Line::Text(text),
            Err(_) => Line::Malformed("the line is not UTF-8".to_owned()),
        })
    }

    fn skip_rest_of_line(&mut self) -> Result<(), ImportError> {
        self.input.skip_until(b'\n').map_err(|source| self.failed(source))?;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> ImportError {
        ImportError::Read { input: self.label.clone(), line: self.line, source }
    }

    /// The next row, or why the next line is none. Empty lines are passed over.
    fn next_row(&mut self) -> Result<Option<Result<Row, RejectedRow>>, ImportError> {
        loop {
            let line = self.line + 1;
            let text = match self.next_line()? {
                Line::End => return Ok(None),
                Line::Malformed(reason) => return Ok(Some(Err(RejectedRow { line, document: None, reason }))),
                Line::Text("") => continue,
                Line::Text(text) => text,
            };
            let row = split(text).and_then(|fields| Row::parse(line, &fields)).map_err(|reason| {
                let number = text.split(',').next().and_then(|number| number.parse().ok());
                RejectedRow {
                    line,
                    document: number.map(|number: super::record::DocumentNumber| number.to_string()),
                    reason,
                }
            });
            return Ok(Some(row));
        }
    }
}

impl Iterator for RowReader {
    type Item = Result<Result<Row, RejectedRow>, ImportError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

enum Line<'a> {
    Text(&'a str),
    Malformed(String),
    End,
}

/// Unpacks the bytes if they begin like a gzip file.
fn decompressed(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
    raw.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let zipped = magic == GZIP_MAGIC;
    let whole = io::Cursor::new(magic).chain(raw);
    Ok(if zipped {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(BufReader::new(whole))))
    } else {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, whole))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn file(lines: &[&str]) -> Vec<u8> {
        let mut text = HEADER.join(",");
        for line in lines {
            text.push_str("\r\n");
            text.push_str(line);
        }
        text.into_bytes()
    }

    fn rows(bytes: Vec<u8>) -> Vec<Result<Row, RejectedRow>> {
        RowReader::open(&Input::bytes("a test", bytes)).unwrap().map(Result::unwrap).collect()
    }

    const GOOD: &str = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom";

    #[test]
    fn a_gzipped_file_reads_like_the_plain_one() {
        let plain = file(&[GOOD, GOOD]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).unwrap();
        assert_eq!(rows(encoder.finish().unwrap()), rows(plain.clone()));
        assert_eq!(rows(plain).len(), 2);
    }

    #[test]
    fn line_ends_may_be_bare_and_empty_lines_are_no_rows() {
        let text = String::from_utf8(file(&[GOOD, "", GOOD, ""])).unwrap().replace("\r\n", "\n");
        let lines: Vec<u64> = rows(text.into_bytes()).into_iter().map(|row| row.unwrap().line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn a_byte_order_mark_before_the_header_is_passed_over() {
        let mut bytes = "\u{feff}".as_bytes().to_vec();
        bytes.extend(file(&[GOOD]));
        assert_eq!(rows(bytes).len(), 1);
    }

    #[test]
    fn another_header_is_refused() {
        for text in ["", "Invoice,StockCode\r\n", GOOD] {
            let opened = RowReader::open(&Input::bytes("a test", text.as_bytes().to_vec()));
            assert!(matches!(opened.err(), Some(ImportError::Header { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_malformed_row_costs_only_itself() {
        let unclosed = "536366,85123A,\"HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom";
        let long = format!("536367,1,{},6,2010-12-01 08:26:00,2.55,17850,United Kingdom", "x".repeat(LINE_BYTES_MAX));
        let mut bytes = file(&[GOOD, unclosed, &long, "nonsense", GOOD]);
        bytes.extend(b"\r\n536368,1,\xff,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\r\n");
        let found: Vec<Result<u64, _>> = rows(bytes)
            .into_iter()
            .map(|row| row.map(|row| row.line).map_err(|row| (row.line, row.document, row.reason)))
            .collect();
        assert_eq!(
            found,
            [
                Ok(2),
                Err((3, Some("536366".into()), "a quote is not closed on its line".into())),
                Err((4, None, "the line is longer than 16384 bytes".into())),
                Err((5, None, "1 fields instead of 8".into())),
                Ok(6),
                Err((7, None, "the line is not UTF-8".into())),
            ]
        );
    }

    #[test]
    fn a_broken_archive_is_an_error_and_not_the_end() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let lines: Vec<&str> = std::iter::repeat_n(GOOD, 100).collect();
        encoder.write_all(&file(&lines)).unwrap();
        let mut packed = encoder.finish().unwrap();
        packed.truncate(packed.len() - 12);
        let mut reader = RowReader::open(&Input::bytes("a test", packed)).unwrap();
        assert!(reader.any(|row| matches!(row, Err(ImportError::Read { .. }))));
    }
}
