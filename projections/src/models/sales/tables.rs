//! The tables of the sales figures: the same figures under different keys.

use crate::{
    models::fold::sum,
    projection::ApplyError,
    read_table,
    table::{Column, Row},
};
use chrono::NaiveDate;

/// A row of figures under a key and a currency.
pub trait SalesRow: Row {
    /// What the row is about.
    type Key: Column + Clone + Send + Sync;

    /// A row.
    fn new(key: Self::Key, currency: String, figures: Figures) -> Self;

    /// What the row is about.
    fn key(&self) -> &Self::Key;

    /// The currency of its amounts.
    fn currency(&self) -> &str;

    /// Its figures.
    fn figures(&self) -> Figures;
}

macro_rules! figures {
    ($($(#[$meta:meta])* $field:ident;)+) => {
        /// The figures of one key. Amounts are minor units of the key's currency.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Figures {
            $($(#[$meta])* pub $field: i64,)+
        }

        impl Figures {
            /// The sums.
            pub(super) fn plus(&self, other: &Self) -> Result<Self, ApplyError> {
                Ok(Self { $($field: sum(self.$field, other.$field)?,)+ })
            }
        }
    };
}

figures! {
    /// Order documents.
    orders;
    /// Credit notes.
    credit_notes;
    /// Expense documents.
    expense_documents;
    /// Stock documents that write off.
    stock_write_offs;
    /// Stock documents that add what was found.
    stock_found;
    /// Lines of all these documents.
    lines;
    /// Units: goods and carriage of orders count up, discounts and credit lines down, expense and stock lines by their own
    /// sign.
    quantity;
    /// Goods sold.
    goods_minor;
    /// Carriage charged.
    carriage_minor;
    /// Discounts given on orders, as a positive amount.
    discount_minor;
    /// Credits given, as a positive amount.
    credits_minor;
    /// Expenses with their sign: a cost is negative.
    expenses_minor;
    /// Stated tax of orders less that of credit notes; not part of net, and known for documents only, not for products.
    tax_minor;
    /// Goods + carriage - discount - credits + expenses.
    net_minor;
    /// Credit lines with units that no known sale answers for.
    unmatched_credit_lines;
    /// The part of the credits that belongs to those units.
    unmatched_credit_minor;
}

macro_rules! sales_table {
    (
        $(#[$meta:meta])*
        $row:ident in $table:literal, indexes [$($index:literal),*] {
            $(#[$key_meta:meta])* $key:ident: $key_type:ty
        }
    ) => {
        sales_table! { @fields
            [$(#[$meta])*] [$(#[$key_meta])*] $row $table [$($index),*] $key $key_type;
            orders credit_notes expense_documents stock_write_offs stock_found lines quantity goods_minor carriage_minor
            discount_minor credits_minor expenses_minor tax_minor net_minor unmatched_credit_lines unmatched_credit_minor
        }
    };
    (@fields
        [$(#[$meta:meta])*] [$(#[$key_meta:meta])*] $row:ident $table:literal [$($index:literal),*] $key:ident
        $key_type:ty; $($field:ident)+
    ) => {
        read_table! {
            $(#[$meta])*
            pub struct $row in $table, key 2, indexes [$($index),*] {
                $(#[$key_meta])* pub $key: $key_type,
                /// ISO 4217 code.
                pub currency: String,
                $(#[doc = concat!("See [`Figures::", stringify!($field), "`].")] pub $field: i64,)+
            }
        }

        impl SalesRow for $row {
            type Key = $key_type;

            fn new(key: Self::Key, currency: String, figures: Figures) -> Self {
                Self { $key: key, currency, $($field: figures.$field,)+ }
            }

            fn key(&self) -> &Self::Key {
                &self.$key
            }

            fn currency(&self) -> &str {
                &self.currency
            }

            fn figures(&self) -> Figures {
                Figures { $($field: self.$field,)+ }
            }
        }
    };
}

sales_table! {
    /// The figures of a day.
    SalesByDayRow in "sales_by_day", indexes ["net_minor, business_date, currency"] {
        /// The store's date.
        business_date: NaiveDate
    }
}

sales_table! {
    /// The figures of a month.
    SalesByMonthRow in "sales_by_month", indexes ["net_minor, month, currency"] {
        /// The store's month, such as `2010-12`.
        month: String
    }
}

sales_table! {
    /// The figures of a country.
    SalesByCountryRow in "sales_by_country", indexes ["net_minor, country, currency"] {
        /// The country as the documents state it.
        country: String
    }
}

sales_table! {
    /// The figures of a product. A document counts once for each product it has a line of.
    SalesByProductRow in "sales_by_product", indexes ["net_minor, product, currency"] {
        /// The SKU; for lines without stock the code as the source states it.
        product: String
    }
}

sales_table! {
    /// The figures of a customer.
    SalesByCustomerRow in "sales_by_customer", indexes ["net_minor, customer_id, currency"] {
        /// The customer's typed id, or `none` for documents that name nobody.
        customer_id: String
    }
}
