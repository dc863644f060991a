//! What the other read models show of an import, wherever it can be told exactly beside live trade.
//!
//! Sums are kept to documents that name the import, and to columns that later trade does not change. Stock names no
//! origin: its units may only be more than history moved.

use super::models::{INT, int, rows};
use crate::import::{ImportError, document::DocumentClass, mapping::Inferred, totals::Totals};
use tillroll_projections::{
    models::{credit_notes, orders, payments, stock},
    read::ReadModels,
    table::Value,
};

const ORDERS: &str = "SELECT COUNT(*), COALESCE(SUM(total_minor), 0) FROM orders WHERE source_system = $1";
const CREDIT_NOTES: &str = "SELECT COUNT(*), COALESCE(SUM(total_minor), 0) FROM credit_notes WHERE source_system = $1";
const PAYMENTS: &str = "SELECT COUNT(*), COALESCE(SUM(captured_minor), 0) FROM payments WHERE source_system = $1";
const STOCK: &str = "SELECT COALESCE(SUM(opening), 0), COALESCE(SUM(shipped), 0), COALESCE(SUM(returned), 0), \
     COALESCE(SUM(CASE WHEN on_hand = opening + received + returned - damaged - shipped + adjusted THEN 0 ELSE 1 END), 0) \
     FROM stock";

/// Compares what the file states, and what was inferred from it, with orders, credit notes, payments and stock. Answers
/// what differs, in words.
pub(super) async fn differences(
    read_models: &ReadModels,
    system: &str,
    file: &Totals,
    inferred: &Inferred,
) -> Result<Vec<String>, ImportError> {
    let mut found = Vec::new();
    let mut differ = |what: &str, expected: i128, model: &str, shown: i128, fits: bool| {
        if !fits {
            found.push(format!("{what}: the file {expected}, the read model {model} {shown}"));
        }
    };
    let mut snapshot = read_models.snapshot(&[orders::NAME, credit_notes::NAME, payments::NAME, stock::NAME]).await?;
    let by_system = [Value::Text(system.to_owned())];
    let of_class = |class| (i128::from(file.heads_of(class)), i128::from(file.net_minor_of(class)));
    let (orders, orders_minor) = of_class(DocumentClass::SalesOrder);
    let (credits, credits_minor) = of_class(DocumentClass::CreditNote);
    let settled = (i128::from(inferred.payments.count), i128::from(inferred.payments.minor));
    for (sql, model, (count, minor)) in [
        (ORDERS, orders::NAME, (orders, orders_minor)),
        // The source's signs: what lowers the shop's takings is negative.
        (CREDIT_NOTES, credit_notes::NAME, (credits, -credits_minor)),
        (PAYMENTS, payments::NAME, settled),
    ] {
        for [shown, shown_minor] in rows(&mut snapshot, sql, [INT, INT], &by_system).await? {
            let (shown, shown_minor) = (i128::from(int(&shown)), i128::from(int(&shown_minor)));
            differ("documents", count, model, shown, count == shown);
            differ("minor units", minor, model, shown_minor, minor == shown_minor);
        }
    }
    for [opening, shipped, returned, broken] in rows(&mut snapshot, STOCK, [INT; 4], &[]).await? {
        for (what, expected, shown) in [
            ("at least these units of opening stock", inferred.opening_stock.units, int(&opening)),
            ("at least these units shipped", inferred.shipments.units, int(&shipped)),
            ("at least these units returned", inferred.returns.units, int(&returned)),
        ] {
            differ(what, expected.into(), stock::NAME, shown.into(), shown >= expected);
        }
        let broken = int(&broken);
        differ("SKUs whose movements do not add up", 0, stock::NAME, broken.into(), broken == 0);
    }
    Ok(found)
}
