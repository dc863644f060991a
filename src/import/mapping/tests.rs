//! Rules of the mapping by small examples, and the sample file by its totals.

use super::*;
use crate::import::{
    input::Input,
    testing::{file, retail, surveyed},
};
use tillroll_domain::{common::LineKind, credit_note::events::CreditLine, order::commands::OrderSnapshot, text::Name};

/// All documents of a file, mapped, and what was inferred.
fn mapped(input: &Input) -> (Vec<MappedDocument>, Inferred, Vec<MappedCommand>) {
    let (source, survey) = surveyed(input);
    let mut mapper = Mapper::new(source.identity().clone(), survey);
    let documents = source.documents().unwrap().map(|document| mapper.map(&document.unwrap()).unwrap()).collect();
    let opening = mapper.opening_stock().unwrap();
    (documents, mapper.inferred().clone(), opening)
}

fn documents(rows: &[&str]) -> Vec<MappedDocument> {
    mapped(&file(rows)).0
}

fn order(document: &MappedDocument) -> (&OrderSnapshot, &SourceDocument) {
    document
        .heads
        .iter()
        .find_map(|head| match &head.command {
            HistoryCommand::Order(OrderCommand::Record { snapshot, source, .. }) => Some((snapshot, source)),
            _ => None,
        })
        .unwrap()
}

fn credit_lines(document: &MappedDocument) -> &[CreditLine] {
    document
        .heads
        .iter()
        .find_map(|head| match &head.command {
            HistoryCommand::CreditNote(CreditNoteCommand::Record { content, .. }) => Some(content.lines.as_slice()),
            _ => None,
        })
        .unwrap()
}

/// What a document moves on stock items: SKU and difference.
fn movements(document: &MappedDocument) -> Vec<(String, i64)> {
    let moved = |command: &MappedCommand| match &command.command {
        HistoryCommand::StockItem(StockItemCommand::RecordShipment { quantity, .. }) => Some(-quantity.as_i64()),
        HistoryCommand::StockItem(StockItemCommand::RecordReturn { quantity, .. }) => Some(quantity.as_i64()),
        HistoryCommand::StockItem(StockItemCommand::RecordAdjustment { delta, .. }) => Some(*delta),
        _ => None,
    };
    document.followers.iter().filter_map(|command| Some((command.stream.clone(), moved(command)?))).collect()
}

const SALE: &str = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.555,17850,United Kingdom";

#[test]
fn an_order_keeps_its_lines_as_the_source_states_them() {
    let documents = documents(&[
        SALE,
        "536365,m,Manual,1,2010-12-01 08:27:00,1,17850,United Kingdom",
        "536365,POST,POSTAGE,2,2010-12-01 08:27:00,18,17850,United Kingdom",
    ]);
    let (snapshot, source) = order(&documents[0]);
    let lines: Vec<_> = snapshot
        .lines
        .iter()
        .map(|line| {
            (line.kind, line.code.as_str(), line.sku.as_ref().map(Sku::as_str), line.amount_minor, line.rounding_micros)
        })
        .collect();
    assert_eq!(
        lines,
        [
            (LineKind::Goods, "85123A", Some("85123A"), 1533, None),
            (LineKind::Goods, "m", Some("M"), 100, None),
            (LineKind::Carriage, "POST", None, 3600, None),
        ]
    );
    assert_eq!(source.number.as_str(), "536365");
    assert_eq!(source.local_time.to_string(), "2010-12-01 08:26:00");
    assert_eq!(source.time_zone.as_str(), "Europe/London");
}

#[test]
fn a_fraction_of_a_penny_is_rounded_away_from_zero_and_recorded() {
    let documents = documents(&[
        "536365,1,A,1,2010-12-01 08:26:00,2.555,17850,France",
        "C536366,1,A,-1,2010-12-01 08:27:00,2.555,17850,France",
    ]);
    let (snapshot, _) = order(&documents[0]);
    assert_eq!((snapshot.lines[0].amount_minor, snapshot.lines[0].rounding_micros), (256, Some(5_000)));
    let credited = &credit_lines(&documents[1])[0];
    assert_eq!((credited.amount_minor, credited.rounding_micros), (256, Some(5_000)));
}

#[test]
fn goods_leave_once_per_sku_and_order() {
    let documents = documents(&[
        SALE,
        &SALE.replace(",6,", ",4,"),
        &SALE.replace("85123A", "85123a").replace(",6,", ",1,"),
        &SALE.replace("85123A", "22423"),
    ]);
    assert_eq!(movements(&documents[0]), [("main.22423".into(), -6), ("main.85123A".into(), -11)]);
}

#[test]
fn an_order_that_totals_nothing_has_no_payment_but_ships() {
    let documents = documents(&[&SALE.replace("2.555", "0")]);
    let HistoryCommand::Order(OrderCommand::Record { payment_id, shipment_id, .. }) = &documents[0].heads[1].command
    else {
        panic!("{:?}", documents[0].heads)
    };
    assert_eq!((payment_id.is_none(), shipment_id.is_some()), (true, true));
    let pays = |command: &MappedCommand| matches!(command.command, HistoryCommand::Payment(_));
    assert!(!documents[0].followers.iter().any(pays));
    assert_eq!(movements(&documents[0]), [("main.85123A".into(), -6)]);
}

#[test]
fn a_customer_and_a_sku_are_recorded_where_they_come_first() {
    let documents = documents(&[SALE, &SALE.replace("536365", "536366")]);
    let customers = |document: &MappedDocument| {
        document.heads.iter().filter(|head| matches!(head.command, HistoryCommand::Customer(_))).count()
    };
    assert_eq!((customers(&documents[0]), documents[0].products.len()), (1, 1));
    assert_eq!((customers(&documents[1]), documents[1].products.len()), (0, 0));
    assert_eq!(documents[0].products[0].claim.stream, "sku.85123A");
}

#[test]
fn a_product_is_named_by_a_sale_then_by_a_credit_and_never_by_a_stock_document() {
    let names = |rows: &[&str]| -> Vec<Name> {
        let products = documents(rows).into_iter().flat_map(|document| document.products);
        products
            .map(|product| match product.product.command {
                HistoryCommand::Product(ProductCommand::RecordProduct { name, .. }) => name,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let found = "536364,85123A,found in box,1,2010-12-01 08:00:00,0,,United Kingdom";
    let credit = "C536363,85123A,A CREDITED HEART,-1,2010-12-01 08:01:00,2,17850,United Kingdom";
    let silent = &SALE.replace("HEART", "");
    assert_eq!(names(&[found, credit, silent, &SALE.replace("HEART", "  HEART ")])[0].as_str(), "HEART");
    assert_eq!(names(&[found, credit, silent])[0].as_str(), "A CREDITED HEART");
    assert_eq!(names(&[found])[0].as_str(), "85123A");
}

#[test]
fn opening_stock_is_the_least_that_the_documents_can_do_with() {
    let (_, inferred, opening) = mapped(&file(&[
        "500001,1,A,5,2010-12-01 08:00:00,1,17850,France",
        "C500002,1,A,-3,2010-12-01 08:01:00,1,17850,France",
        "500003,1,A,4,2010-12-01 08:02:00,1,17850,France",
        "500004,1,,10,2010-12-01 08:03:00,0,,France",
        "500005,1,A,9,2010-12-01 08:04:00,1,17850,France",
        "C500006,2,B,-1,2010-12-01 08:05:00,1,17850,France",
        "500007,2,B,1,2010-12-01 08:06:00,1,17850,France",
    ]));
    let opening: Vec<_> = opening.iter().map(|command| (command.stream.as_str(), &command.command)).collect();
    let total = Quantity::new(6).unwrap();
    assert_eq!(opening, [("main.1", &HistoryCommand::StockItem(StockItemCommand::RecordOpeningStock { total }))]);
    assert_eq!(inferred.opening_stock, InferredOpening { items: 1, units: 6 });
}

#[test]
fn a_credit_is_set_against_sales_and_spread_over_them_in_the_order_of_matching() {
    let (documents, inferred, _) = mapped(&file(&[
        "500001,1,A,2,2010-12-01 08:00:00,3,17850,France",
        "500002,1,A,1,2010-12-01 08:01:00,2,17850,France",
        "C500003,1,A,-4,2010-12-01 08:02:00,2.5,17850,France",
    ]));
    let line = &credit_lines(&documents[2])[0];
    let matches: Vec<_> = line.matches.iter().map(|found| (found.quantity.get(), found.same_price)).collect();
    assert_eq!(matches, [(1, false), (2, false)]);
    assert_eq!((line.amount_minor, line.unmatched, line.unmatched_minor), (1000, 1, 250));
    assert_eq!(inferred.unmatched_credits(), UnmatchedCredits { lines: 1, minor: 250 });
    let credits: Vec<_> = documents[2]
        .followers
        .iter()
        .filter_map(|command| {
            let HistoryCommand::Order(OrderCommand::RecordCredit { lines, .. }) = &command.command else { return None };
            let lines =
                lines.iter().map(|line| (line.line, line.quantity.get(), line.amount_minor)).collect::<Vec<_>>();
            Some((command.stream.clone(), lines))
        })
        .collect();
    let stream = |document: &MappedDocument| document.heads.last().unwrap().stream.clone();
    let mut expected = vec![(stream(&documents[0]), vec![(1, 2, 500)]), (stream(&documents[1]), vec![(1, 1, 250)])];
    expected.sort();
    assert_eq!(credits, expected);
}

#[test]
fn two_credit_lines_on_one_order_line_become_one_credit() {
    let documents = documents(&[
        "500001,1,A,5,2010-12-01 08:00:00,3,17850,France",
        "C500002,1,A,-1,2010-12-01 08:02:00,3,17850,France",
        "C500002,1,A,-2,2010-12-01 08:02:00,3,17850,France",
    ]);
    let HistoryCommand::Order(OrderCommand::RecordCredit { lines, .. }) = &documents[1].followers[1].command else {
        panic!("{:?}", documents[1].followers)
    };
    assert_eq!((lines.len(), lines[0].quantity.get(), lines[0].amount_minor), (1, 3, 900));
    assert_eq!(movements(&documents[1]), [("main.1".into(), 3)]);
}

#[test]
fn carriage_is_credited_by_its_code_and_a_discount_never() {
    let documents = documents(&[
        "500001,POST,P,2,2010-12-01 08:00:00,18,17850,France",
        "C500002,POST,P,-1,2010-12-01 08:02:00,18,17850,France",
        "C500002,C2,C,-1,2010-12-01 08:02:00,18,17850,France",
        "C500003,D,Discount,-1,2010-12-01 08:02:00,18,17850,France",
    ]);
    let unmatched = |document: &MappedDocument| -> Vec<(LineKind, u32, i64)> {
        credit_lines(document).iter().map(|line| (line.kind, line.unmatched, line.unmatched_minor)).collect()
    };
    assert_eq!(unmatched(&documents[1]), [(LineKind::Carriage, 0, 0), (LineKind::Carriage, 1, 1800)]);
    assert_eq!(unmatched(&documents[2]), [(LineKind::Discount, 1, 1800)]);
    assert!(movements(&documents[1]).is_empty());
}

#[test]
fn nobodys_credit_is_set_against_nobodys_sales() {
    let documents =
        documents(&["500001,1,A,5,2010-12-01 08:00:00,3,,France", "C500002,1,A,-1,2010-12-01 08:02:00,3,,France"]);
    assert_eq!(credit_lines(&documents[1])[0].unmatched, 1);
}

#[test]
fn a_correction_is_one_per_sku_and_charge_codes_change_no_stock() {
    let documents = documents(&[
        "500001,1,,2,2010-12-01 08:00:00,0,,France",
        "500001,1,found,3,2010-12-01 08:00:00,0,,France",
        "500001,DOT,,1,2010-12-01 08:00:00,0,,France",
    ]);
    assert_eq!(movements(&documents[0]), [("main.1".into(), 5)]);
    let HistoryCommand::StockDocument(StockDocumentCommand::Record { kind, lines, .. }) =
        &documents[0].heads[0].command
    else {
        panic!("{:?}", documents[0].heads)
    };
    assert_eq!(*kind, StockDocumentKind::Found);
    let skus: Vec<_> = lines.iter().map(|line| (line.line, line.sku.is_some(), line.quantity)).collect();
    assert_eq!(skus, [(1, true, 2), (2, true, 3), (3, false, 1)]);
    let HistoryCommand::StockItem(StockItemCommand::RecordAdjustment { note, .. }) = &documents[0].followers[0].command
    else {
        panic!("{:?}", documents[0].followers)
    };
    assert_eq!(note.as_str(), "found");
}

#[test]
fn a_mixed_document_has_a_head_per_part_under_numbers_of_their_own() {
    let documents = documents(&[SALE, "536365,CRUK,Commission,-1,2010-12-01 08:26:00,5,17850,United Kingdom"]);
    let numbers: Vec<_> = documents[0]
        .heads
        .iter()
        .filter_map(|head| match &head.command {
            HistoryCommand::Order(OrderCommand::Record { source, .. })
            | HistoryCommand::Expense(ExpenseCommand::Record { source, .. }) => {
                Some((source.number.as_str(), source.form, source.digest.clone()))
            }
            _ => None,
        })
        .collect();
    let digest = numbers[0].2.clone();
    let form = tillroll_domain::common::DocumentForm::Order;
    assert_eq!(numbers, [("536365", form, digest.clone()), ("536365/expense", form, digest)]);
    assert!(is_part_number("536365/expense") && !is_part_number("536365"));
}

#[test]
fn commands_take_effect_at_the_shops_wall_clock_and_never_share_an_id() {
    let documents =
        documents(&[&SALE.replace("2010-12-01 08:26:00", "2011-07-01 00:30:00"), &SALE.replace("536365", "536366")]);
    // The second is earlier and comes first.
    let context = &documents[1].heads[0].context;
    assert_eq!(context.effective_at.unwrap().to_rfc3339(), "2011-06-30T23:30:00+00:00");
    assert_eq!(context.business_date.unwrap().to_string(), "2011-07-01");
    assert_eq!((context.origin.as_str(), context.actor.as_str()), ("import:online-retail", "import"));
    let ids: Vec<CommandId> =
        documents.iter().flat_map(all_commands).map(|command| command.context.command_id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

fn all_commands(document: &MappedDocument) -> Vec<&MappedCommand> {
    let products = document.products.iter().flat_map(|product| [&product.claim, &product.product]);
    products.chain(&document.heads).chain(&document.followers).collect()
}

#[test]
fn mapping_again_gives_the_same_commands() {
    let Some(path) = retail("sample.csv") else { return };
    let commands = |input: &Input| -> Vec<(String, HistoryCommand, CommandId)> {
        let (documents, _, _) = mapped(input);
        let all = documents.iter().flat_map(all_commands);
        all.map(|command| (command.stream.clone(), command.command.clone(), command.context.command_id)).collect()
    };
    let input = Input::file(path);
    let first = commands(&input);
    assert!(first.len() > 2_000);
    assert_eq!(first, commands(&input));
    let ids: HashSet<CommandId> = first.iter().map(|(_, _, id)| *id).collect();
    assert_eq!(ids.len(), first.len(), "no two commands share an id");
}

#[test]
fn the_heads_of_the_sample_add_up_to_its_totals() {
    let Some(path) = retail("sample.csv") else { return };
    let (documents, inferred, _) = mapped(&Input::file(path));
    let (mut net, mut quantity, mut rows, mut unmatched) = (0, 0, 0, 0);
    for head in documents.iter().flat_map(|document| &document.heads) {
        match &head.command {
            HistoryCommand::Order(OrderCommand::Record { snapshot, .. }) => {
                rows += snapshot.lines.len();
                net += snapshot.lines.iter().map(|line| line.amount_minor).sum::<i64>();
                quantity += snapshot.lines.iter().map(|line| line.quantity.as_i64()).sum::<i64>();
            }
            HistoryCommand::CreditNote(CreditNoteCommand::Record { content, .. }) => {
                rows += content.lines.len();
                net -= content.lines.iter().map(|line| line.amount_minor).sum::<i64>();
                quantity -= content.lines.iter().map(|line| line.quantity.as_i64()).sum::<i64>();
                unmatched += content.lines.iter().filter(|line| line.unmatched > 0).count() as u64;
            }
            HistoryCommand::Expense(ExpenseCommand::Record { lines, .. }) => {
                rows += lines.len();
                net += lines.iter().map(|line| line.amount_minor).sum::<i64>();
                quantity += lines.iter().map(|line| line.quantity).sum::<i64>();
            }
            HistoryCommand::StockDocument(StockDocumentCommand::Record { lines, .. }) => {
                rows += lines.len();
                quantity += lines.iter().map(|line| line.quantity).sum::<i64>();
            }
            _ => {}
        }
    }
    assert_eq!((rows, net, quantity), (2_000, 4_702_129, 30_410));
    assert_eq!(inferred.unmatched_credits().lines, unmatched);
    assert_eq!(inferred.payments.count, 162 - 1, "every order above zero but the fee document has a payment");
}
