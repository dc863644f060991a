//! Says what the rows of one document are: which class, which kind of line, and which rows fit nowhere.
//!
//! | number | lines | becomes |
//! |---|---|---|
//! | any | AMAZONFEE, BANK CHARGES, CRUK, B | an expense, whatever their sign |
//! | six digits | no customer, every price 0 | a stock write-off (negative quantities) or found stock (the others) |
//! | six digits | anything else | a sales order |
//! | `C` | anything else | a credit note |
//! | `A` | anything else | nothing; the rows are rejected |
//!
//! Whether every price is 0 and no customer is named is asked of all rows, those that are rejected later included. A
//! document that mixes these becomes several parts, each with the lines that belong to it: fee lines part from the
//! others, and the lines of a stock document part by their sign. Real files hold no such document.
//!
//! Any code that is not a charge and that is a valid SKU in upper case is taken for goods, since the file has no list of
//! its codes: five digits with letters, DCGS…, PADS, gift_…, M, m and S, and whatever a shop adds.

use super::record::Row;
use crate::import::document::{
    ContentHasher, DocumentClass, DocumentPart, HistoryDocument, HistoryLine, HistoryLineKind, RejectedRow,
};
use std::collections::HashMap;
use tillroll_domain::{
    common::DocumentForm,
    expense::events::ExpenseKind,
    money::{Currency, Rounding},
    order,
    quantity::Quantity,
    text::{Reference, Sku},
};

/// A row with what it stands for, before it is known to fit its part.
struct Candidate {
    row: Row,
    line: HistoryLine,
}

/// Makes a document of its rows, which are all of the same number and not none.
pub(super) fn classify(rows: Vec<Row>, currency: Currency) -> Option<HistoryDocument> {
    let first = rows.first()?;
    let (number, customer, country) = (first.number, first.customer.clone(), first.country.clone());
    let (form, local_time) = (first.number.form, first.local_time);
    // Of all rows: one that is rejected for its code still says that the document has a price.
    let is_stock_document = form == DocumentForm::Order && rows.iter().all(is_free_for_nobody);
    let mut rejected = Vec::new();
    let mut candidates = Vec::with_capacity(rows.len());
    for row in rows {
        let fits = if row.customer != customer {
            Err("CustomerID is not the one of the document's first row".to_owned())
        } else if row.country != country {
            Err("Country is not the one of the document's first row".to_owned())
        } else {
            line_of(&row, currency)
        };
        match fits {
            Ok(line) => candidates.push(Candidate { row, line }),
            Err(reason) => rejected.push(rejection(&row, reason)),
        }
    }
    let candidates = assign(form, is_stock_document, candidates, &mut rejected);
    let candidates = without_uncountable_units(candidates, &mut rejected);
    let candidates = without_oversized_parts(candidates, &mut rejected);
    rejected.sort_by_key(|row| row.line);

    let mut hasher = ContentHasher::default();
    let number = number.to_string();
    for field in [number.as_str(), customer.as_ref().map_or("", Reference::as_str), country.as_str()] {
        hasher.field(field);
    }
    let mut parts: Vec<DocumentPart> = Vec::new();
    for (class, candidate) in candidates {
        digest_row(&mut hasher, &candidate.row);
        match parts.iter_mut().find(|part| part.class == class) {
            Some(part) => part.lines.push(candidate.line),
            None => parts.push(DocumentPart { class, lines: vec![candidate.line] }),
        }
    }
    parts.sort_by_key(|part| part.class);
    let number = number.parse().expect("a document number is a reference");
    Some(HistoryDocument { number, form, customer, country, local_time, digest: hasher.finish(), parts, rejected })
}

fn rejection(row: &Row, reason: impl Into<String>) -> RejectedRow {
    RejectedRow { line: row.line, document: Some(row.number.to_string()), reason: reason.into() }
}

fn digest_row(hasher: &mut ContentHasher, row: &Row) {
    hasher.field(row.code.as_str());
    hasher.field(row.description.as_str());
    hasher.field(&row.quantity.to_string());
    hasher.field(&row.local_time.to_string());
    hasher.field(&row.unit_price.to_string());
}

fn line_of(row: &Row, currency: Currency) -> Result<HistoryLine, String> {
    let kind = kind_of(row.code.as_str())?;
    let amount = row.unit_price.times(row.quantity, currency, Rounding::HalfUp);
    let amount = amount.map_err(|error| format!("Quantity times UnitPrice: {error}"))?;
    Ok(HistoryLine {
        code: row.code.clone(),
        kind,
        description: row.description.clone(),
        quantity: row.quantity,
        unit_price: row.unit_price,
        amount_minor: amount.minor,
        rounding_micros: amount.rounding_micros,
    })
}

fn kind_of(code: &str) -> Result<HistoryLineKind, String> {
    let code = code.to_ascii_uppercase();
    Ok(match code.as_str() {
        "POST" | "DOT" | "C2" => HistoryLineKind::Carriage,
        "D" => HistoryLineKind::Discount,
        "AMAZONFEE" => HistoryLineKind::Expense(ExpenseKind::MarketplaceFee),
        "BANK CHARGES" => HistoryLineKind::Expense(ExpenseKind::BankCharges),
        "CRUK" => HistoryLineKind::Expense(ExpenseKind::Charity),
        "B" => HistoryLineKind::Expense(ExpenseKind::BadDebt),
        goods => HistoryLineKind::Goods(goods.parse().map_err(|error| format!("StockCode {error}"))?),
    })
}

/// Whether a row leaves its document a stock document: it has no price and names no customer. What is charged to the shop
/// itself says nothing of the goods beside it.
fn is_free_for_nobody(row: &Row) -> bool {
    let is_fee = || matches!(kind_of(row.code.as_str()), Ok(HistoryLineKind::Expense(_)));
    row.customer.is_none() && (row.unit_price.micros() == 0 || is_fee())
}

/// Gives every row its class, or rejects it.
fn assign(
    form: DocumentForm,
    is_stock_document: bool,
    candidates: Vec<Candidate>,
    rejected: &mut Vec<RejectedRow>,
) -> Vec<(DocumentClass, Candidate)> {
    let is_fee = |candidate: &Candidate| matches!(candidate.line.kind, HistoryLineKind::Expense(_));
    let mut assigned = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let class = match form {
            _ if is_fee(&candidate) => Ok(DocumentClass::Expense),
            DocumentForm::Order if is_stock_document && candidate.line.quantity < 0 => Ok(DocumentClass::StockWriteOff),
            DocumentForm::Order if is_stock_document => Ok(DocumentClass::StockFound),
            DocumentForm::Order => order_line(&candidate.line).map(|()| DocumentClass::SalesOrder),
            DocumentForm::CreditNote => credit_line(&candidate.line).map(|()| DocumentClass::CreditNote),
            DocumentForm::Adjustment => Err("an adjustment has only the fee codes AMAZONFEE, BANK CHARGES, CRUK and B"),
        };
        match class {
            Ok(class) => assigned.push((class, candidate)),
            Err(reason) => rejected.push(rejection(&candidate.row, reason)),
        }
    }
    assigned
}

fn order_line(line: &HistoryLine) -> Result<(), &'static str> {
    let discount = line.kind == HistoryLineKind::Discount;
    if line.unit_price.is_negative() {
        Err("UnitPrice of an order line is negative")
    } else if discount && line.quantity > 0 {
        Err("Quantity of a discount on an order is positive, which would raise what is owed")
    } else if !discount && line.quantity < 0 {
        Err("Quantity of an order line is negative")
    } else {
        Ok(())
    }
}

fn credit_line(line: &HistoryLine) -> Result<(), &'static str> {
    if line.unit_price.is_negative() {
        Err("UnitPrice of a credit line is negative")
    } else if line.quantity > 0 {
        Err("Quantity of a credit line is positive")
    } else {
        Ok(())
    }
}

/// Rejects the rows with which a part would move more units of one SKU than can be counted.
fn without_uncountable_units(
    assigned: Vec<(DocumentClass, Candidate)>,
    rejected: &mut Vec<RejectedRow>,
) -> Vec<(DocumentClass, Candidate)> {
    let units = |(_, candidate): &(DocumentClass, Candidate)| u128::from(candidate.line.quantity.unsigned_abs());
    if assigned.iter().map(units).sum::<u128>() <= u128::from(Quantity::MAX) {
        // All together can be counted, so those of each SKU can: every real document ends here.
        return assigned;
    }
    let mut moved: HashMap<(DocumentClass, Sku), u64> = HashMap::new();
    let mut kept = Vec::with_capacity(assigned.len());
    for (class, candidate) in assigned {
        if let Some(sku) = candidate.line.kind.sku() {
            // Within a part, the goods of one SKU all go the same way.
            let so_far = moved.entry((class, sku.clone())).or_default();
            let units = so_far.saturating_add(candidate.line.quantity.unsigned_abs());
            if units > u64::from(Quantity::MAX) {
                let reason = format!("the document's units of {sku} would exceed {}", Quantity::MAX);
                rejected.push(rejection(&candidate.row, reason));
                continue;
            }
            *so_far = units;
        }
        kept.push((class, candidate));
    }
    kept
}

/// Rejects the rows of parts that are too long, or whose discounts exceed what they are given on.
fn without_oversized_parts(
    assigned: Vec<(DocumentClass, Candidate)>,
    rejected: &mut Vec<RejectedRow>,
) -> Vec<(DocumentClass, Candidate)> {
    let lines = |class: DocumentClass| assigned.iter().filter(move |(of, _)| *of == class);
    let too_long = |class: DocumentClass| {
        lines(class).nth(order::commands::LINES_MAX).map(|_| "the document has more than 2000 lines")
    };
    let owed: i128 = lines(DocumentClass::SalesOrder).map(|(_, row)| i128::from(row.line.amount_minor)).sum();
    let reason = |class: DocumentClass| match class {
        DocumentClass::SalesOrder if owed < 0 => Some("the document's discounts exceed its goods and carriage"),
        DocumentClass::SalesOrder
        | DocumentClass::CreditNote
        | DocumentClass::Expense
        | DocumentClass::StockWriteOff
        | DocumentClass::StockFound => too_long(class),
    };
    let refused: Vec<(DocumentClass, &'static str)> = [
        DocumentClass::SalesOrder,
        DocumentClass::CreditNote,
        DocumentClass::Expense,
        DocumentClass::StockWriteOff,
        DocumentClass::StockFound,
    ]
    .into_iter()
    .filter_map(|class| Some((class, reason(class)?)))
    .collect();
    let mut kept = Vec::with_capacity(assigned.len());
    for (class, candidate) in assigned {
        match refused.iter().find(|(of, _)| *of == class) {
            Some((_, reason)) => rejected.push(rejection(&candidate.row, *reason)),
            None => kept.push((class, candidate)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{super::record::split, *};

    /// A document of rows given as `code,quantity,price`.
    fn document(number: &str, customer: &str, rows: &[&str]) -> HistoryDocument {
        let rows = rows.iter().enumerate().map(|(index, row)| {
            let [code, quantity, price] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
            let line = format!("{number},{code},TEXT,{quantity},2010-12-01 08:26:00,{price},{customer},France");
            Row::parse(2 + index as u64, &split(&line).unwrap()).unwrap()
        });
        classify(rows.collect(), "GBP".parse().unwrap()).unwrap()
    }

    fn classes(document: &HistoryDocument) -> Vec<(DocumentClass, Vec<&str>)> {
        let parts = document.parts.iter();
        parts.map(|part| (part.class, part.lines.iter().map(|line| line.code.as_str()).collect())).collect()
    }

    fn reasons(document: &HistoryDocument) -> Vec<(u64, &str)> {
        document.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect()
    }

    #[test]
    fn six_digits_are_an_order_even_if_free_for_a_named_customer() {
        use DocumentClass::SalesOrder;
        assert_eq!(classes(&document("536365", "17850", &["85123A,6,2.55"])), [(SalesOrder, vec!["85123A"])]);
        assert_eq!(classes(&document("536365", "17850", &["85123A,6,0"])), [(SalesOrder, vec!["85123A"])]);
        assert_eq!(classes(&document("536365", "", &["1,6,0", "2,1,1"])), [(SalesOrder, vec!["1", "2"])]);
    }

    #[test]
    fn free_goods_for_nobody_correct_the_stock() {
        use DocumentClass::{StockFound, StockWriteOff};
        assert_eq!(classes(&document("536365", "", &["85123A,-6,0"])), [(StockWriteOff, vec!["85123A"])]);
        assert_eq!(classes(&document("536365", "", &["85123A,6,0", "DOT,1,0"])), [(StockFound, vec!["85123A", "DOT"])]);
    }

    #[test]
    fn a_rejected_row_with_a_price_or_a_customer_still_makes_it_no_stock_document() {
        use DocumentClass::{SalesOrder, StockFound};
        let priced = document("536365", "", &["22423,1,0", "BAD CODE,1,12.95"]);
        assert_eq!(classes(&priced), [(SalesOrder, vec!["22423"])]);
        assert_eq!(priced.rejected.len(), 1);
        let free = document("536365", "", &["22423,1,0", "BAD CODE,1,0"]);
        assert_eq!(classes(&free), [(StockFound, vec!["22423"])]);
        let rows =
            ["536365,22423,T,1,2010-12-01 08:26:00,0,,France", "536365,22423,T,1,2010-12-01 08:26:00,0,17850,France"];
        let rows = rows.iter().zip(2..).map(|(row, line)| Row::parse(line, &split(row).unwrap()).unwrap());
        let named = classify(rows.collect(), "GBP".parse().unwrap()).unwrap();
        assert_eq!(classes(&named), [(SalesOrder, vec!["22423"])]);
    }

    #[test]
    fn rows_that_move_more_units_of_a_sku_than_can_be_counted_are_rejected() {
        let reason = "the document's units of 1A would exceed 1000000000";
        let rows = ["1a,600000000,0", "2,600000000,0", "1A,600000000,0", "1A,400000000,0", "1A,1,0"];
        for (customer, class) in [("17850", DocumentClass::SalesOrder), ("", DocumentClass::StockFound)] {
            let order = document("536365", customer, &rows);
            assert_eq!(classes(&order), [(class, vec!["1a", "2", "1A"])]);
            assert_eq!(reasons(&order), [(4, reason), (6, reason)]);
        }
        let credit = document("C536365", "17850", &["1A,-600000000,0", "1A,-600000000,0"]);
        assert_eq!((credit.lines().count(), reasons(&credit)), (1, vec![(3, reason)]));
        // Found and written off are parts of their own.
        let stock = document("536365", "", &["1A,600000000,0", "1A,-600000000,0"]);
        assert_eq!((stock.parts.len(), stock.rejected.len()), (2, 0));
    }

    #[test]
    fn fees_are_expenses_whatever_the_number_and_the_sign() {
        use DocumentClass::Expense;
        assert_eq!(classes(&document("536779", "", &["BANK CHARGES,1,15"])), [(Expense, vec!["BANK CHARGES"])]);
        assert_eq!(classes(&document("C537600", "", &["AMAZONFEE,-1,1"])), [(Expense, vec!["AMAZONFEE"])]);
        assert_eq!(classes(&document("A563186", "", &["B,1,-11062.06"])), [(Expense, vec!["B"])]);
        assert_eq!(document("A563186", "", &["B,1,-11062.06"]).parts[0].lines[0].amount_minor, -1_106_206);
    }

    #[test]
    fn a_mixed_document_is_split_by_what_its_lines_are() {
        use DocumentClass::{CreditNote, Expense, SalesOrder, StockFound, StockWriteOff};
        assert_eq!(
            classes(&document("536365", "17850", &["CRUK,-1,5", "1,6,2", "POST,1,3"])),
            [(SalesOrder, vec!["1", "POST"]), (Expense, vec!["CRUK"])]
        );
        assert_eq!(
            classes(&document("C536365", "17850", &["1,-6,2", "B,1,3"])),
            [(CreditNote, vec!["1"]), (Expense, vec!["B"])]
        );
        assert_eq!(
            classes(&document("536365", "", &["1,6,0", "2,-6,0"])),
            [(StockWriteOff, vec!["2"]), (StockFound, vec!["1"])]
        );
    }

    #[test]
    fn manual_lines_and_samples_are_goods_under_an_upper_case_sku() {
        let document = document("536365", "17850", &["m,1,2", "S,1,2", "gift_0001_10,1,2"]);
        let skus: Vec<&str> = document.lines().filter_map(|line| Some(line.kind.sku()?.as_str())).collect();
        assert_eq!(skus, ["M", "S", "GIFT_0001_10"]);
        assert_eq!(document.lines().next().unwrap().code.as_str(), "m");
    }

    #[test]
    fn rows_that_no_head_document_can_hold_are_rejected_and_the_others_stay() {
        let order = document("536365", "17850", &["1,6,2", "2,-1,2", "3,1,-2", "D,1,2", "A B,1,1"]);
        assert_eq!(classes(&order), [(DocumentClass::SalesOrder, vec!["1"])]);
        assert_eq!(
            reasons(&order),
            [
                (3, "Quantity of an order line is negative"),
                (4, "UnitPrice of an order line is negative"),
                (5, "Quantity of a discount on an order is positive, which would raise what is owed"),
                (6, "StockCode must not contain ' '; use A-Z, 0-9 and, after the first, . _ or -"),
            ]
        );
        let credit = document("C536365", "17850", &["1,6,2"]);
        assert_eq!((credit.parts.len(), reasons(&credit)), (0, vec![(2, "Quantity of a credit line is positive")]));
        let adjustment = document("A536365", "", &["1,6,2"]);
        assert_eq!(adjustment.rejected.len(), 1);
    }

    #[test]
    fn a_discount_lowers_an_order_but_never_below_nothing() {
        let fair = document("536365", "17850", &["1,6,2", "D,-1,5"]);
        assert_eq!(fair.lines().map(|line| line.amount_minor).sum::<i64>(), 700);
        let unfair = document("536365", "17850", &["1,1,2", "D,-1,5"]);
        assert!(unfair.parts.is_empty());
        assert_eq!(reasons(&unfair)[0], (2, "the document's discounts exceed its goods and carriage"));
    }

    #[test]
    fn a_document_has_one_customer_and_one_country() {
        let rows = [
            "536365,1,T,6,2010-12-01 08:26:00,2,17850,France",
            "536365,1,T,6,2010-12-01 08:26:00,2,,France",
            "536365,1,T,6,2010-12-01 08:26:00,2,17850,Spain",
        ];
        let rows = rows.iter().zip(2..).map(|(row, line)| Row::parse(line, &split(row).unwrap()).unwrap());
        let document = classify(rows.collect(), "GBP".parse().unwrap()).unwrap();
        assert_eq!(document.lines().count(), 1);
        assert_eq!(
            reasons(&document),
            [
                (3, "CustomerID is not the one of the document's first row"),
                (4, "Country is not the one of the document's first row"),
            ]
        );
    }

    #[test]
    fn the_digest_follows_the_facts_and_not_how_they_are_written() {
        let digest = |rows: &[&str]| document("536365", "17850", rows).digest;
        assert_eq!(digest(&["1,6,2.50", "2,1,1"]), digest(&["1,6,2.5", "2,1,1"]));
        assert_ne!(digest(&["1,6,2.50", "2,1,1"]), digest(&["2,1,1", "1,6,2.50"]), "the order of the rows counts");
        assert_ne!(digest(&["1,6,2.50"]), digest(&["1,6,2.51"]));
        assert_ne!(digest(&["1,6,2"]), document("536365", "", &["1,6,2"]).digest);
        assert_eq!(digest(&["1,6,2", "1,-6,2"]), digest(&["1,6,2"]), "a rejected row does not count");
    }
}
