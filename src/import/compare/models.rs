//! What the read models show, added up by their database.

use super::log::{SalesSums, form_of};
use crate::import::{ImportError, document::DocumentClass, totals::Totals};
use tillroll_infra::stream::Position;
use tillroll_projections::{
    models::{sales, source_documents},
    read::{ReadModels, Snapshot},
    table::{ColumnSpec, ColumnType, Value},
};

/// A row of a sum that a group has; the second and later parts of a mixed document have a slash in their number.
const BY_FORM: &str = "SELECT form, class, COUNT(*), SUM(CASE WHEN number LIKE '%/%' THEN 0 ELSE 1 END), SUM(lines), \
     SUM(quantity), SUM(net_minor) FROM source_documents WHERE system = $1 GROUP BY form, class ORDER BY form, class";
const BY_MONTH: &str = "SELECT SUBSTR(CAST(business_date AS TEXT), 1, 7), SUM(net_minor) FROM source_documents \
     WHERE system = $1 GROUP BY 1 ORDER BY 1";
const BY_COUNTRY: &str =
    "SELECT country, SUM(net_minor) FROM source_documents WHERE system = $1 GROUP BY country ORDER BY country";
const SALES_BY_MONTH: &str = "SELECT month, currency, net_minor FROM sales_by_month ORDER BY month, currency";
const SALES_BY_COUNTRY: &str = "SELECT country, currency, net_minor FROM sales_by_country ORDER BY country, currency";

/// The documents of one import, from `source_documents`.
pub(super) async fn documents(read_models: &ReadModels, system: &str) -> Result<Totals, ImportError> {
    let mut snapshot = read_models.snapshot(&[source_documents::NAME]).await?;
    let system = [Value::Text(system.to_owned())];
    let mut totals = Totals::default();
    for row in rows(&mut snapshot, BY_FORM, [TEXT, TEXT, INT, INT, INT, INT, INT], &system).await? {
        let [form, class, heads, numbers, lines, quantity, net_minor] = row;
        let (form, class) = (text(form), text(class));
        let unknown = |what: &str, word: &str| ImportError::Differs(vec![format!("the {what} {word:?} is not known")]);
        let form = form_of(&form).ok_or_else(|| unknown("form", &form))?;
        let class = class_of(&class).ok_or_else(|| unknown("class", &class))?;
        *totals.numbers.entry(form).or_default() += count(&numbers);
        *totals.heads.entry((form, class)).or_default() += count(&heads);
        let of_class = totals.by_class.entry(class).or_default();
        *of_class = of_class.checked_add(int(&net_minor)).ok_or(ImportError::TooLarge)?;
        totals.rows += count(&lines);
        totals.quantity = totals.quantity.checked_add(int(&quantity)).ok_or(ImportError::TooLarge)?;
        totals.net_minor = totals.net_minor.checked_add(int(&net_minor)).ok_or(ImportError::TooLarge)?;
    }
    for [month, net_minor] in rows(&mut snapshot, BY_MONTH, [TEXT, INT], &system).await? {
        totals.by_month.insert(text(month), int(&net_minor));
    }
    for [country, net_minor] in rows(&mut snapshot, BY_COUNTRY, [TEXT, INT], &system).await? {
        totals.by_country.insert(text(country), int(&net_minor));
    }
    Ok(totals)
}

/// The sales figures of everybody, and the position that they show.
pub(super) async fn sales(read_models: &ReadModels) -> Result<(SalesSums, Position), ImportError> {
    let mut snapshot = read_models.snapshot(&[sales::NAME]).await?;
    let mut sums = SalesSums::default();
    for [month, currency, net_minor] in rows(&mut snapshot, SALES_BY_MONTH, [TEXT, TEXT, INT], &[]).await? {
        sums.add_to_month(&text(month), &text(currency), int(&net_minor))?;
    }
    for [country, currency, net_minor] in rows(&mut snapshot, SALES_BY_COUNTRY, [TEXT, TEXT, INT], &[]).await? {
        sums.add_to_country(&text(country), &text(currency), int(&net_minor))?;
    }
    Ok((sums, snapshot.position()))
}

pub(super) const TEXT: ColumnType = ColumnType::Text;
pub(super) const INT: ColumnType = ColumnType::Int;

/// The rows of a query, in which no value is absent.
pub(super) async fn rows<const N: usize>(
    snapshot: &mut Snapshot,
    sql: &'static str,
    types: [ColumnType; N],
    values: &[Value],
) -> Result<Vec<[Value; N]>, ImportError> {
    let columns = types.map(|column_type| ColumnSpec { name: "figure", column_type, nullable: false });
    let found = snapshot.query(sql, &columns, values).await?;
    // Every row has as many values as there are columns.
    Ok(found.into_iter().filter_map(|row| row.try_into().ok()).collect())
}

fn text(value: Value) -> String {
    if let Value::Text(text) = value { text } else { String::new() }
}

pub(super) fn int(value: &Value) -> i64 {
    if let Value::Int(number) = value { *number } else { 0 }
}

fn count(value: &Value) -> u64 {
    u64::try_from(int(value)).unwrap_or(0)
}

fn class_of(word: &str) -> Option<DocumentClass> {
    Some(match word {
        "sales_order" => DocumentClass::SalesOrder,
        "credit_note" => DocumentClass::CreditNote,
        "expense" => DocumentClass::Expense,
        "stock_write_off" => DocumentClass::StockWriteOff,
        "stock_found" => DocumentClass::StockFound,
        _ => return None,
    })
}
