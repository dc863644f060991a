//! A small history that the program makes itself, for those who have no file: always the same one.
//!
//! It has the shape of an Online Retail file and takes the same way through reader, mapping and driver, under a name of
//! its own. Products, customers and amounts are invented.

use super::{input::Input, online_retail::HEADER};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use std::{fmt::Write, sync::Arc};

/// The name of its import.
pub const NAME: &str = "made-up";

/// How many days it covers, without Sundays.
const DAYS: i64 = 150;
const SEED: u64 = 0x7111_0011;

/// What the shop sells: code, name, price in pence.
const PRODUCTS: [(&str, &str, u32); 24] = [
    ("TR-1001", "OAK EGG CUP", 250),
    ("TR-1002", "BEECH ROLLING PIN", 795),
    ("TR-1003", "LINEN TEA TOWEL STRIPES", 425),
    ("TR-1004", "LINEN TEA TOWEL DOTS", 425),
    ("TR-1005", "ENAMEL MUG CREAM", 595),
    ("TR-1006", "ENAMEL MUG \"BLUE RIM\"", 595),
    ("TR-1007", "GLASS BUTTER DISH", 1250),
    ("TR-1008", "COPPER COOKIE CUTTER STAR", 315),
    ("TR-1009", "COPPER COOKIE CUTTER MOON", 315),
    ("TR-1010", "BEESWAX CANDLE SMALL", 199),
    ("TR-1011", "BEESWAX CANDLE LARGE", 549),
    ("TR-1012", "PAPER LANTERN WHITE", 365),
    ("TR-1013", "WOOL THROW GREY", 3950),
    ("TR-1014", "WOOL THROW MUSTARD", 3950),
    ("TR-1015", "JUTE STRING, 50 M", 185),
    ("TR-1016", "SEED TRAY", 99),
    ("TR-1017", "WATERING CAN GREEN", 1895),
    ("TR-1018", "BIRD FEEDER TIN", 875),
    ("TR-1019", "PICTURE FRAME OAK A5", 1145),
    ("TR-1020", "PICTURE FRAME OAK A4", 1545),
    ("TR-1021", "NOTEBOOK RULED", 320),
    ("TR-1022", "NOTEBOOK PLAIN", 320),
    ("TR-1023", "PENCIL SET OF 12", 480),
    ("TR-1024", "FELT POUCH", 265),
];

/// Customers: number and country.
const CUSTOMERS: [(&str, &str); 12] = [
    ("10001", "United Kingdom"),
    ("10002", "United Kingdom"),
    ("10003", "United Kingdom"),
    ("10004", "United Kingdom"),
    ("10005", "United Kingdom"),
    ("10006", "EIRE"),
    ("10007", "Germany"),
    ("10008", "France"),
    ("10009", "Netherlands"),
    ("10010", "Norway"),
    ("10011", "United Kingdom"),
    ("10012", "Japan"),
];

/// The history as a file in memory.
#[must_use]
pub fn input() -> Input {
    Input::bytes("the made-up history", Arc::<[u8]>::from(csv().into_bytes()))
}

/// A line of an order that a customer may bring back.
struct Sold {
    customer: (&'static str, &'static str),
    product: usize,
    quantity: u32,
}

struct Writer {
    text: String,
    random: SplitMix,
    next_number: u32,
    time: NaiveDateTime,
    sold: Vec<Sold>,
}

fn csv() -> String {
    let first =
        NaiveDate::from_ymd_opt(2025, 1, 2).and_then(|day| day.and_hms_opt(0, 0, 0)).expect("a day with a morning");
    let mut writer =
        Writer { text: HEADER.join(","), random: SplitMix(SEED), next_number: 100_001, time: first, sold: Vec::new() };
    writer.text.push_str("\r\n");
    for day in 0..DAYS {
        if day % 7 != 3 {
            writer.day(first + TimeDelta::days(day), day);
        }
    }
    writer.text
}

impl Writer {
    fn day(&mut self, midnight: NaiveDateTime, day: i64) {
        self.time = midnight + TimeDelta::hours(8);
        for _ in 0..1 + self.random.below(3) {
            self.order();
        }
        if self.random.below(4) == 0 {
            self.credit_note();
        }
        if self.random.below(9) == 0 {
            self.stock_document();
        }
        if day % 30 == 29 {
            self.fees();
        }
    }

    /// The number and time of the next document.
    fn begin(&mut self, letter: &str) -> String {
        let minutes = 5 + self.random.below(120);
        self.time += TimeDelta::minutes(i64::from(minutes));
        self.next_number += 1;
        format!("{letter}{}", self.next_number - 1)
    }

    fn row(&mut self, number: &str, code: &str, text: &str, quantity: i64, price: &str, customer: (&str, &str)) {
        let quoted =
            if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() };
        let (time, (customer, country)) = (self.time, customer);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{number},{code},{quoted},{quantity},{time},{price},{customer},{country}\r\n");
    }

    fn order(&mut self) {
        let number = self.begin("");
        // Now and then somebody buys without a name, and now and then somebody gets everything for nothing.
        let customer = if self.random.below(12) == 0 { ("", "United Kingdom") } else { *self.random.of(&CUSTOMERS) };
        let free = !customer.0.is_empty() && self.random.below(40) == 0;
        for _ in 0..1 + self.random.below(6) {
            let product = self.random.index(PRODUCTS.len());
            let (code, name, pence) = PRODUCTS[product];
            let quantity = [1, 2, 3, 6, 12][self.random.index(5)];
            let price =
                if free { "0".to_owned() } else { pounds(if quantity >= 6 { pence - pence / 10 } else { pence }) };
            self.row(&number, code, name, i64::from(quantity), &price, customer);
            if !customer.0.is_empty() {
                self.sold.push(Sold { customer, product, quantity });
            }
        }
        if customer.1 != "United Kingdom" && !free {
            self.row(&number, "POST", "POSTAGE", 1, "12.5", customer);
        }
    }

    fn credit_note(&mut self) {
        if self.sold.is_empty() {
            return;
        }
        let number = self.begin("C");
        let at = self.random.index(self.sold.len());
        let Sold { customer, product, quantity } = self.sold.swap_remove(at);
        let (code, name, pence) = PRODUCTS[product];
        let back = 1 + self.random.below(quantity);
        // Some credits are at the list price although the sale was below it, and some goods were never sold here.
        let (code, name) = if self.random.below(8) == 0 { ("TR-0900", "OLD STOCK BASKET") } else { (code, name) };
        self.row(&number, code, name, -i64::from(back), &pounds(pence), customer);
        if self.random.below(10) == 0 {
            let number = self.begin("C");
            self.row(&number, "D", "Discount", -1, "4.99", customer);
        }
    }

    fn stock_document(&mut self) {
        let number = self.begin("");
        let (code, _, _) = *self.random.of(&PRODUCTS);
        let (text, quantity) = if self.random.below(3) == 0 { ("found", 3) } else { ("damaged", -2) };
        self.row(&number, code, text, quantity, "0", ("", "United Kingdom"));
    }

    fn fees(&mut self) {
        let shop = ("", "United Kingdom");
        let number = self.begin("");
        self.row(&number, "BANK CHARGES", "Bank Charges", -1, "15", shop);
        let number = self.begin("C");
        self.row(&number, "AMAZONFEE", "MARKETPLACE FEE", -1, "37.215", shop);
    }
}

fn pounds(pence: u32) -> String {
    format!("{}.{:02}", pence / 100, pence % 100)
}

/// SplitMix64 (Steele, Lea, Flood 2014), so that the history is the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is small and not zero.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap_or(0)
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next() % (len as u64)).unwrap_or(0)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.index(all.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{document::DocumentClass, online_retail::OnlineRetail, progress::Silent, survey::Survey};
    use tillroll_domain::common::DocumentForm;

    #[test]
    fn it_has_documents_of_every_class_and_no_row_is_rejected() {
        let source = OnlineRetail::open(NAME, input(), true, &mut Silent).unwrap();
        let survey = Survey::of(&source, true, 0, &mut Silent).unwrap();
        let totals = survey.totals(survey.documents().len()).unwrap();
        assert!((200..1_000).contains(&survey.documents().len()), "{}", survey.documents().len());
        assert!(totals.by_month.len() >= 4 && totals.by_country.len() >= 5, "{totals:?}");
        assert!(totals.numbers_of(DocumentForm::CreditNote) > 20);
        for class in
            [DocumentClass::SalesOrder, DocumentClass::Expense, DocumentClass::StockWriteOff, DocumentClass::StockFound]
        {
            assert!(totals.orders_of(class) > 1, "{class:?}");
        }
    }

    #[test]
    fn it_is_the_same_every_time() {
        assert_eq!(csv(), csv());
    }
}
