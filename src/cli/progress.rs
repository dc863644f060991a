//! Progress bars on standard error; they are drawn only where somebody can see them.

use crate::import::{Phase, Progress, Progressed};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

const TEMPLATE: &str = "{msg:11} {bar:30} {human_pos}/{human_len} {prefix} {per_sec} {eta} left";
const UNBOUNDED: &str = "{msg:11} {human_pos} {prefix} {per_sec}";

/// A bar over a known number of things.
pub(super) fn bar(what: &'static str, unit: &'static str, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let template = if total.is_some() { TEMPLATE } else { UNBOUNDED };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.set_prefix(unit);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows how far an import has got: one bar a phase, in rows, with the documents beside them.
#[derive(Default)]
pub(super) struct ImportBar(Option<(Phase, ProgressBar)>);

impl ImportBar {
    pub(super) fn finish(&mut self) {
        if let Some((_, bar)) = self.0.take() {
            bar.finish();
        }
    }
}

impl Progress for ImportBar {
    fn progressed(&mut self, progressed: Progressed) {
        let Progressed { phase, rows, rows_total, documents, .. } = progressed;
        if self.0.as_ref().is_none_or(|(shown, _)| *shown != phase) {
            self.finish();
            let what = match phase {
                Phase::Reading => "reading",
                Phase::Surveying => "surveying",
                Phase::Recording => "recording",
                Phase::Comparing => "comparing",
            };
            self.0 = Some((phase, bar(what, "rows", rows_total)));
        }
        if let Some((_, bar)) = &self.0 {
            bar.set_position(rows);
            bar.set_prefix(format!("rows, {documents} documents"));
        }
    }
}
