//! The statements behind lists against what SQLite says it will do: which index it follows, and whether it sorts.

use super::{super::*, Shop, filters, orders, range, stocked};
use crate::models::testing::parse;

/// What SQLite says it will do.
async fn plan(snapshot: &mut Snapshot, statement: &Statement) -> Vec<String> {
    let column = |name, column_type| ColumnSpec { name, column_type, nullable: true };
    let columns = [
        column("id", ColumnType::Int),
        column("parent", ColumnType::Int),
        column("notused", ColumnType::Int),
        column("detail", ColumnType::Text),
    ];
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.text);
    let rows = snapshot.query(&sql, &columns, &statement.values).await.unwrap();
    let detail = |row: Vec<Value>| match row.into_iter().nth(3) {
        Some(Value::Text(detail)) => detail,
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(detail).collect()
}

fn reads_all(steps: &[String]) -> bool {
    // `w0`, `w1` … and `walks` are what walks have found, a page each at most.
    steps.iter().any(|step| step.starts_with("SCAN ") && !step.starts_with("SCAN w") && !step.contains("CONSTANT ROW"))
}

fn sorts(steps: &[String]) -> bool {
    steps.iter().any(|step| step.contains("TEMP B-TREE"))
}

#[tokio::test]
async fn a_walk_follows_an_index_and_sorts_nothing() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    for filter in filters(&["cat_1".to_owned()]) {
        for order in orders() {
            let columns = order.ordering().columns.len();
            let after = vec![Value::Int(1); columns];
            for place in ["", "cat_1"] {
                let filter = ProductFilter { statuses: vec!["published"], ..filter.clone() };
                let statement = sql::walked(&filter, order, &[place.to_owned()], Some(&after), 21);
                let steps = plan(&mut snapshot, &statement).await;
                assert!(!reads_all(&steps) && !sorts(&steps), "{filter:?} {order:?}: {steps:#?}\n{}", statement.text);
            }
        }
    }
}

/// A brand is a list of its own, so that its page is read in order like any other, however many products it has.
#[tokio::test]
async fn a_brand_is_walked_in_every_order_and_neither_picked_nor_sorted() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    let brand = Some("Lumen".to_owned());
    let filter = ProductFilter { statuses: vec!["published"], brand, ..ProductFilter::default() };
    for order in orders() {
        assert_eq!(sql::pickers(&filter, order, 11), [], "{order:?}");
        let places = sql::places(&filter);
        assert_eq!(places, ["brand:Lumen"]);
        let statement = sql::walked(&filter, order, &places, Some(&[Value::Int(1), Value::Int(1)]), 21);
        let steps = plan(&mut snapshot, &statement).await;
        assert!(!reads_all(&steps) && !sorts(&steps), "{order:?}: {steps:#?}");
        assert_eq!(steps.len(), 1, "one index and nothing beside it: {steps:#?}");
        assert!(steps[0].contains("(place=? AND"), "{steps:#?}");
    }
}

#[tokio::test]
async fn a_glimpse_follows_the_index_of_the_order() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    let contains = Some("mug".to_owned());
    let filter = ProductFilter { statuses: vec!["published"], contains, ..ProductFilter::default() };
    for order in orders() {
        let after = [Value::Int(1), Value::Int(1)];
        let statement = sql::glimpsed(&filter, order, ("", "published"), Some(&after), (2_000, 21));
        let steps = plan(&mut snapshot, &statement).await;
        let key = order.ordering().columns[0];
        let walks = steps.iter().filter(|step| step.starts_with("SEARCH") && step.contains(&format!("({key},")));
        assert_eq!(walks.count(), 1, "{order:?}: {steps:#?}");
        let scans: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
        assert!(scans.is_empty() || scans == ["SCAN l"], "only what was glimpsed is looked through: {steps:#?}");
    }
}

#[tokio::test]
async fn several_walks_are_merged_and_each_follows_an_index() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    let places: Vec<String> = (0..30).map(|n| format!("cat_{n}")).collect();
    for order in orders() {
        let statement = sql::walked(&ProductFilter::default(), order, &places, None, 21);
        let steps = plan(&mut snapshot, &statement).await;
        assert!(!reads_all(&steps), "{order:?}: {steps:#?}");
        let walks = steps.iter().filter(|step| step.starts_with("SEARCH product_list")).count();
        assert_eq!(walks, 90, "{order:?}: {steps:#?}");
        // One for the order and one for what stands in several lists; more would be one per walk.
        let sorted = steps.iter().filter(|step| step.contains("TEMP B-TREE")).count();
        assert!(sorted <= 2, "{order:?}: {steps:#?}");
    }
}

#[tokio::test]
async fn every_filter_with_an_index_is_asked_through_it() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    let filter = ProductFilter {
        contains: Some("mug".to_owned()),
        name: Some("Mug".to_owned()),
        sku: Some(parse("MUG")),
        brand: Some("Lumen".to_owned()),
        featured: Some(true),
        price: Some(range("GBP", Some(1), None)),
        in_stock: stocked(true),
        categories: Some(vec!["cat_1".to_owned()]),
        ..ProductFilter::default()
    };
    for order in orders() {
        let pickers = sql::pickers(&filter, order, 11);
        // By name, the walk itself is the search.
        let by_name = order.key == SortKey::Name;
        assert_eq!(pickers.len(), if by_name { 6 } else { 7 });
        for statement in &pickers {
            let steps = plan(&mut snapshot, statement).await;
            assert!(!reads_all(&steps), "{}: {steps:#?}", statement.text);
            let is_of_stock = statement.text.contains("FROM stock");
            let follows_stock = steps.iter().any(|step| step.contains("(location=? AND available>?)"));
            assert!(!is_of_stock || follows_stock, "what is sold here, and no other location: {steps:#?}");
        }
        if by_name {
            continue;
        }
        let search = sql::pickers(&filter, order, 11).pop().unwrap();
        let steps = plan(&mut snapshot, &search).await;
        assert!(steps.iter().any(|step| step.contains("COVERING INDEX")), "names are read from an index: {steps:#?}");
    }
}

#[tokio::test]
async fn picked_products_are_looked_up_by_their_ids() {
    let shop = Shop::open().await;
    let mut snapshot = shop.snapshot().await;
    let picked: Vec<String> = (0..5).map(|n| format!("prd_{n}")).collect();
    for filter in filters(&["cat_1".to_owned()]) {
        for order in orders() {
            let statement = sql::picked(&filter, order, &picked, None, 21);
            let steps = plan(&mut snapshot, &statement).await;
            assert!(!reads_all(&steps), "{}: {steps:#?}", statement.text);
            let by_key = |step: &String| step.starts_with("SEARCH product_list") && step.contains("product_id=?");
            assert!(steps.iter().any(by_key), "{}: {steps:#?}", statement.text);
        }
    }
}
