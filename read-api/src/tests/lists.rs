//! What lists show, how they are filtered and sorted, and that walking them finds every item once.

use super::{Answer, LISTS, Server};
use axum::http::StatusCode;
use serde_json::{Value, json};

fn data(answer: &Answer) -> Vec<Value> {
    Server::body(answer)["data"].as_array().expect("a list has data").clone()
}

/// One member of every item.
fn members(answer: &Answer, member: &str) -> Vec<Value> {
    data(answer).iter().map(|item| item[member].clone()).collect()
}

#[tokio::test]
async fn walking_a_list_finds_every_item_once_in_order() {
    let server = Server::with_a_shop().await;
    for (path, sorts) in LISTS {
        let sorts =
            if sorts.is_empty() { vec![String::new()] } else { sorts.iter().map(|s| format!("sort={s}&")).collect() };
        for sort in sorts {
            let whole = data(&server.get(&format!("{path}?{sort}limit=100")).await);
            assert!(whole.len() > 1, "{path} has something to walk over");
            for limit in [1, 3] {
                let (mut walked, mut cursor) = (vec![], String::new());
                loop {
                    let answer = server.get(&format!("{path}?{sort}limit={limit}{cursor}")).await;
                    let items = data(&answer);
                    assert!(items.len() <= limit, "{path}?{sort}");
                    walked.extend(items);
                    assert!(walked.len() <= whole.len(), "{path}?{sort} repeats items: {walked:#?}");
                    match answer.body["next_cursor"].as_str() {
                        Some(next) => cursor = format!("&cursor={next}"),
                        None => break,
                    }
                }
                assert_eq!(walked, whole, "{path}?{sort}limit={limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_backward_sort_is_the_forward_sort_backwards() {
    let server = Server::with_a_shop().await;
    for (path, sorts) in LISTS {
        for sort in sorts.iter().filter(|sort| !sort.starts_with('-')) {
            let forwards = data(&server.get(&format!("{path}?sort={sort}")).await);
            let mut backwards = data(&server.get(&format!("{path}?sort=-{sort}")).await);
            backwards.reverse();
            assert_eq!(forwards, backwards, "{path}?sort={sort}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_sort_or_filter_is_refused() {
    let server = Server::with_a_shop().await;
    let answer = server.get("/orders?sort=total&limit=1").await;
    let cursor = answer.body["next_cursor"].as_str().unwrap().to_owned();
    let same = server.get(&format!("/orders?sort=total&limit=2&cursor={cursor}")).await;
    assert_eq!(same.status, StatusCode::OK, "the limit may change");
    for other in ["/orders?sort=-total", "/orders?sort=total&country=France", "/payments?sort=amount", "/orders?"] {
        let answer = server.get(&format!("{other}&cursor={cursor}")).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{other}");
    }
    assert_eq!(server.get("/orders?cursor=nonsense").await.code(), "malformed");
}

#[tokio::test]
async fn unknown_parameters_sorts_and_limits_are_refused() {
    let server = Server::with_a_shop().await;
    for (path, _) in LISTS {
        for query in ["colour=red", "limit=0", "limit=101", "limit=x", "limit=1&limit=2", "cursor=x"] {
            let answer = server.get(&format!("{path}?{query}")).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"), "{path}?{query}");
        }
        assert_eq!(server.get(&format!("{path}?sort=beauty")).await.code(), "malformed", "{path}");
    }
    for path in ["/orders?status=lost", "/orders?placed_from=yesterday", "/sales/by-month?from=2010-13", "/stock?sku=a"]
    {
        assert_eq!(server.get(path).await.code(), "malformed", "{path}");
    }
}

#[tokio::test]
async fn orders_are_filtered_by_status_customer_country_and_date() {
    let server = Server::with_a_shop().await;
    let id = |number: u32| json!(format!("ord_00000000-0000-7000-8000-000000000b{number:02}"));
    let cases: [(&str, Vec<u32>); 8] = [
        ("", vec![5, 4, 3, 2, 1]),
        ("?sort=placed_at", vec![1, 2, 3, 4, 5]),
        ("?sort=-total", vec![1, 4, 3, 2, 5]),
        ("?status=confirmed", vec![5, 4, 3, 2]),
        ("?status=shipped&country=France", vec![1]),
        ("?customer=cus_00000000-0000-7000-8000-000000000d02", vec![4, 3]),
        ("?placed_from=2010-12-02&placed_to=2010-12-02&sort=placed_at", vec![3, 4]),
        ("?source_number=536366", vec![2]),
    ];
    for (query, expected) in cases {
        let answer = server.get(&format!("/orders{query}")).await;
        assert_eq!(members(&answer, "id"), expected.into_iter().map(id).collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test]
async fn other_lists_have_filters_of_their_own() {
    let server = Server::with_a_shop().await;
    let cases = [
        ("/products?status=published", "name", json!(["Mug"])),
        ("/products?name=Cup", "status", json!(["draft"])),
        ("/products?sku=MUG-2", "variants", json!([1])),
        ("/products?sku=NOBODYS", "id", json!([])),
        ("/stock?available[lte]=6", "sku", json!(["CUP-1", "MUG-1"])),
        ("/stock?location=main&sku=MUG-2", "available", json!([10])),
        ("/stock?location=elsewhere", "sku", json!([])),
        ("/payments?order=ord_00000000-0000-7000-8000-000000000b02", "status", json!(["captured"])),
        ("/payments?status=refunded", "id", json!([])),
        ("/customers?country=Spain", "external_reference", json!(["12342"])),
        ("/customers?external_reference=12341&active=true", "country", json!(["France"])),
        ("/customers?active=false", "id", json!([])),
        ("/credit-notes?unmatched=false", "id", json!([])),
        ("/credit-notes?issued_to=2010-12-30", "id", json!([])),
        ("/source-documents?class=stock_write_off", "number", json!(["536589"])),
        ("/source-documents?class=expense&from=2010-12-31&to=2010-12-31", "form", json!(["credit_note"])),
        ("/sales/by-day?from=2010-12-02&to=2010-12-03", "date", json!(["2010-12-02", "2010-12-03"])),
        ("/sales/by-month?from=2010-12&to=2010-12&currency=GBP", "month", json!(["2010-12"])),
        ("/sales/by-country?currency=EUR", "country", json!([])),
        ("/sales/by-product?product=POST", "quantity", json!([5])),
        ("/sales/by-customer?customer=none&currency=GBP", "lines", json!([4])),
    ];
    for (path, member, expected) in cases {
        assert_eq!(json!(members(&server.get(path).await, member)), expected, "{path}");
    }
}

#[tokio::test]
async fn sales_by_month_tell_the_figures() {
    let server = Server::with_a_shop().await;
    let money = |amount: &str, minor: i64| json!({ "amount": amount, "minor": minor, "currency": "GBP" });
    let expected = json!({
        "month": "2010-12",
        "currency": "GBP",
        "documents": { "orders": 5, "credit_notes": 3, "expenses": 1, "stock_write_offs": 0, "stock_found": 0 },
        "lines": 14,
        "quantity": 15 - 6 - 1,
        "goods": money("40.00", 4_000),
        "carriage": money("17.50", 1_750),
        "discount": money("0.00", 0),
        "credits": money("6.00", 600),
        "expenses": money("-15.00", -1_500),
        "tax": money("0.00", 0),
        "net": money("36.50", 3_650),
        "unmatched_credits": { "lines": 3, "amount": money("3.00", 300) },
    });
    assert_eq!(data(&server.get("/sales/by-month?currency=GBP&to=2010-12").await), [expected]);
}

#[tokio::test]
async fn the_best_sold_product_comes_first() {
    let server = Server::with_a_shop().await;
    let answer = server.get("/sales/by-product?currency=GBP&limit=2").await;
    assert_eq!(json!(members(&answer, "product")), json!(["MUG-1", "POST"]));
    let nets: Vec<_> = data(&answer).iter().map(|item| item["net"]["minor"].clone()).collect();
    assert_eq!(nets, [3_000 - 600, 1_750]);
}

#[tokio::test]
async fn a_timeline_tells_what_happened_and_when_it_took_effect() {
    let server = Server::with_a_shop().await;
    let answer = server.get(super::shop::TIMELINE).await;
    let types = json!(["OrderPlaced", "OrderConfirmed", "OrderPaymentChanged", "OrderLinesShipped"]);
    assert_eq!(json!(members(&answer, "type")), types);
    let first = json!({
        "revision": 0,
        "type": "OrderPlaced",
        "occurred_at": "1970-01-02T00:00:00Z",
        "recorded_at": "1970-01-01T00:00:00Z",
        "actor": "admin",
        "origin": "live",
        "basis": "recorded",
        "details": { "lines": 2, "total_minor": 2_350, "currency": "GBP" },
        "position": answer.body["data"][0]["position"],
    });
    assert_eq!(data(&answer)[0], first);
}
