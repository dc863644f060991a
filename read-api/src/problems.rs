//! The problems that reads answer besides those of the edge.

use tillroll_http::{ProblemKind, problem_kinds};

problem_kinds! {
    /// Every kind of this API, for the documentation routes.
    PROBLEMS;

    POSITION_BEYOND_LOG = ProblemKind::new("position_beyond_log", 400, "The log does not reach that far",
        "`Tillroll-After` names a position beyond the end of the event log, so no write can have answered it. Members: \
         `after`, and `head`: where the log ends.");
    READ_MODEL_BEHIND = ProblemKind::new("read_model_behind", 503, "The read model is behind",
        "The read model did not pass the position in `Tillroll-After` in time. Try again after `Retry-After` seconds, or \
         without the header for an older state. Members: `after`, and `position`: where the read model stands.")
        .retryable(1);
    READ_MODEL_REBUILDING = ProblemKind::new("read_model_rebuilding", 503, "The read model is being rebuilt",
        "The server is new and builds its tables from the event log. Members: `projection`.").retryable(5);

    TOO_MANY_STREAMS = ProblemKind::new("too_many_streams", 503, "Too many live streams are open",
        "The server holds as many live streams as its settings allow (`http.live_streams_max`, of which a quarter is for \
         those who read every event), or as many as one cart or order may have. Try again after `Retry-After` seconds.").retryable(5);

    PRODUCT_NOT_FOUND = ProblemKind::new("product_not_found", 404, "There is no such product",
        "Or it is not published, and the key is a storefront's. Members: `parked`: true if an event of it waits for \
         an operator.");
    CATEGORY_NOT_FOUND = ProblemKind::new("category_not_found", 404, "There is no such category",
        "Or it is archived, and the caller is a shopper. Members: `parked`.");
    OFFER_NOT_FOUND = ProblemKind::new("offer_not_found", 404, "Shoppers cannot buy this SKU",
        "Nobody has it, its variant was withdrawn, or its product is not published. Members: `parked`.");
    STOCK_ITEM_NOT_FOUND = ProblemKind::new("stock_item_not_found", 404, "The SKU has no stock at this location",
        "Nothing was ever booked for it there. Members: `parked`.");
    CART_NOT_FOUND = ProblemKind::new("cart_not_found", 404, "There is no such cart",
        "Or it is somebody else's. Members: `parked`.");
    QUOTE_NOT_FOUND = ProblemKind::new("quote_not_found", 404, "The cart has no quote",
        "None was asked for, or the cart has changed since. Members: `parked`.");
    ORDER_NOT_FOUND = ProblemKind::new("order_not_found", 404, "There is no such order", "Members: `parked`.");
    SHIPMENT_NOT_FOUND = ProblemKind::new("shipment_not_found", 404, "There is no such shipment",
        "Or it is of somebody else's order. Members: `parked`.");
    RETURN_NOT_FOUND = ProblemKind::new("return_not_found", 404, "There is no such return",
        "Or it is of somebody else's order. Members: `parked`.");
    PAYMENT_NOT_FOUND = ProblemKind::new("payment_not_found", 404, "There is no such payment", "Members: `parked`.");
    CUSTOMER_NOT_FOUND = ProblemKind::new("customer_not_found", 404, "There is no such customer", "Members: `parked`.");
    CREDIT_NOTE_NOT_FOUND = ProblemKind::new("credit_note_not_found", 404, "There is no such credit note",
        "Members: `parked`.");
    SOURCE_DOCUMENT_NOT_FOUND = ProblemKind::new("source_document_not_found", 404, "There is no such document",
        "No document of this number was imported from this system. Members: `parked`.");
}
