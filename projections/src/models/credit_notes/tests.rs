//! Given a credit note, these rows.

use super::*;
use crate::models::testing::{
    History, recorded_at,
    shop::{self, CREDIT_NOTE, CREDIT_NOTE_ID, ORDER_ID},
};

fn history() -> History<CreditNotes> {
    let mut history = History::of(CreditNotes);
    history.metadata.effective_at = Some(recorded_at(500));
    history.push::<CreditNoteEvent>(CREDIT_NOTE, shop::credit_note());
    history
}

#[test]
fn a_credit_note_sums_up_what_no_sale_answers_for() {
    let note: CreditNoteRow = history().tables.only();
    assert_eq!(note.credit_note_id, CREDIT_NOTE_ID);
    assert_eq!((note.total_minor, note.tax_minor, note.lines, note.quantity), (560, Some(10), 2, 3));
    assert_eq!((note.unmatched_lines, note.unmatched_quantity, note.unmatched_minor), (2, 2, 350));
    assert_eq!((note.issued_at, note.recorded_at), (recorded_at(500), recorded_at(1)));
    assert_eq!(note.source_number.as_deref(), Some("C536379"));
}

#[test]
fn a_line_says_what_it_was_set_against() {
    let lines: Vec<CreditNoteLineRow> = history().tables.all();
    assert_eq!(lines.len(), 2);
    let goods = &lines[0];
    assert_eq!((goods.line, goods.kind.as_str(), goods.sku.as_deref()), (1, "goods", Some("85123A")));
    assert_eq!((goods.matched_quantity, goods.unmatched_quantity, goods.unmatched_minor), (1, 1, 200));
    let expected = format!(r#"[{{"order_id":"{ORDER_ID}","line":1,"quantity":1,"same_price":true}}]"#);
    assert_eq!(goods.matches, expected);
    let carriage = &lines[1];
    assert_eq!((carriage.sku.as_deref(), carriage.matches.as_str()), (None, "[]"));
}
