//! The problems that writes answer besides those of the edge.

use tillroll_http::{ProblemKind, problem_kinds};

problem_kinds! {
    /// Every kind of this API, for the documentation routes.
    PROBLEMS;

    IDEMPOTENCY_KEY_REUSED = ProblemKind::new("idempotency_key_reused", 422, "The idempotency key was used before",
        "The `Idempotency-Key` was used before for another request to this resource. Use a new key for a new request, and \
         send a retry with the same method, address and body, byte for byte.");
    TOO_LATE = ProblemKind::new("too_late", 409, "Too late", "The command's validity has ended.");
    BUSY = ProblemKind::new("busy", 503, "Too many writes wait",
        "Too many writes to this resource wait or compete. What was asked for did not happen, or not completely: of a product \
         with variants, or a variant with prices, the first parts may be there. Send it again with the same \
         `Idempotency-Key` after `Retry-After` seconds; it goes on where it stopped.")
        .retryable(1);
    STORAGE_FULL = ProblemKind::new("storage_full", 503, "No room for more events",
        "The disk that holds the event log is full; whoever runs the server frees some space. What was asked for did not \
         happen, or not completely: of a product with variants, or a variant with prices, the first parts may be there. \
         Send it again with the same `Idempotency-Key`; it goes on where it stopped.")
        .retryable(30);
    PERSON_ERASED = ProblemKind::new("person_erased", 409, "The person was erased",
        "The request brings data of a person whose data was erased for good, and for whom nothing is stored any more. \
         Sending it again does not help, nor does a request that was carried out before find its first answer. \
         Members: `subject_id`.");
    REFUSED = ProblemKind::new("refused", 409, "Refused by a rule", "A rule refuses it; `detail` says which.");

    SKU_TAKEN = ProblemKind::new("sku_taken", 409, "The SKU belongs to another product",
        "A SKU belongs to one product for ever. If another product took it while this one was being created, this one stays a \
         draft with the variants before it. Members: `sku`, `product_id` of its owner.");
    SKU_UNKNOWN = ProblemKind::new("sku_unknown", 404, "Nobody sells this SKU",
        "No product has this SKU; add it as a variant first. Members: `sku`.");
    PRODUCT_EXISTS = ProblemKind::new("product_exists", 409, "The product exists under another name", "Members: `name`.");
    PRODUCT_DISCONTINUED = ProblemKind::new("product_discontinued", 409, "The product is discontinued",
        "A discontinued product never changes again.");
    VARIANT_NOT_FOUND = ProblemKind::new("variant_not_found", 404, "The product has no such variant", "Members: `sku`.");
    VARIANT_DIFFERS = ProblemKind::new("variant_differs", 409, "The variant exists with other attributes",
        "Members: `sku`.");
    VARIANT_WITHDRAWN = ProblemKind::new("variant_withdrawn", 409, "The variant was withdrawn",
        "A withdrawn variant is not offered again. Members: `sku`.");
    TOO_MANY_VARIANTS = ProblemKind::new("too_many_variants", 409, "The product has too many variants",
        "Withdrawn variants count. Members: `max`.");
    TOO_MANY_ATTRIBUTES = ProblemKind::new("too_many_attributes", 422, "The variant has too many attributes",
        "Members: `max`.");
    DUPLICATE_ATTRIBUTE = ProblemKind::new("duplicate_attribute", 422, "An attribute is given twice", "Members: `name`.");
    DUPLICATE_SKU = ProblemKind::new("duplicate_sku", 422, "A SKU is given twice", "Members: `sku`.");
    DUPLICATE_PRICE = ProblemKind::new("duplicate_price", 422, "Two prices in one currency",
        "A variant has one list price per currency. Members: `sku`, `currency`.");
    NEGATIVE_PRICE = ProblemKind::new("negative_price", 422, "A price is negative", "Members: `amount`.");
    NOTHING_OFFERED = ProblemKind::new("nothing_offered", 409, "Nothing to publish",
        "A product needs a variant on offer before it can be published.");

    INSUFFICIENT_STOCK = ProblemKind::new("insufficient_stock", 409, "Not enough stock",
        "Members: `location`, `sku`, `requested`, `available` units.");
    EXPIRY_NOT_IN_FUTURE = ProblemKind::new("expiry_not_in_future", 422, "A reservation must end in the future",
        "Members: `expires_at`, `now`.");
    RESERVATION_DIFFERS = ProblemKind::new("reservation_differs", 409, "The reservation holds another quantity",
        "Members: `reservation_id`, `held`, `requested`.");
    RESERVATION_NOT_FOUND = ProblemKind::new("reservation_not_found", 404, "There is no such reservation",
        "None is held, and none that ended is remembered under this id. Members: `reservation_id`.");
    RESERVATION_ENDED = ProblemKind::new("reservation_ended", 409, "The reservation has ended",
        "Its id cannot be used again. Members: `reservation_id`, `ending`.");
    RESERVATION_ALLOCATED = ProblemKind::new("reservation_allocated", 409, "The reservation became a promise to an order",
        "Release the allocation instead. Members: `reservation_id`, `order_id`.");
    TOO_MANY_RESERVATIONS = ProblemKind::new("too_many_reservations", 409, "Too many reservations of one item",
        "Members: `max`.");
    TOO_MANY_ALLOCATIONS = ProblemKind::new("too_many_allocations", 409, "Too many orders wait for one item",
        "Members: `max`.");
    ALLOCATION_TOO_LARGE = ProblemKind::new("allocation_too_large", 409, "Too many units promised to one order",
        "Members: `order_id`.");
    INSUFFICIENT_ALLOCATION = ProblemKind::new("insufficient_allocation", 409, "Less is promised to the order",
        "Goods leave out of what was promised to the order. Members: `order_id`, `requested`, `allocated`.");
    RECEIPT_DIFFERS = ProblemKind::new("receipt_differs", 409, "The receipt was booked otherwise",
        "Members: `receipt_id`, `booked`, `requested`.");
    SHIPMENT_DIFFERS = ProblemKind::new("shipment_differs", 409, "The shipment was booked otherwise",
        "Members: `shipment_id`, and for stock `order_id` and `quantity` as booked.");
    RETURN_DIFFERS = ProblemKind::new("return_differs", 409, "The return was booked otherwise",
        "Members: `return_id`, and for stock `order_id`, `quantity` and `condition` as booked.");
    ZERO_ADJUSTMENT = ProblemKind::new("zero_adjustment", 422, "An adjustment of nothing", "`delta` must not be zero.");
    ADJUSTMENT_SIGN = ProblemKind::new("adjustment_sign", 422, "The sign contradicts the reason",
        "What is found adds; what is written off, damaged or lost takes. Members: `delta`, `reason`.");
    COUNT_TOO_LARGE = ProblemKind::new("count_too_large", 409, "The count would be too large", "It must fit 64 bits.");

    CUSTOMER_EXISTS = ProblemKind::new("customer_exists", 409, "The customer is registered otherwise",
        "Members: `country`, `external_reference` as registered.");
    CUSTOMER_UNKNOWN = ProblemKind::new("customer_unknown", 422, "The order names an unknown customer",
        "Register the customer first. Members: `customer_id`.");
    CUSTOMER_INACTIVE = ProblemKind::new("customer_inactive", 409, "The customer is deactivated",
        "No orders are taken of a deactivated customer. Members: `customer_id`.");

    ORDER_EXISTS = ProblemKind::new("order_exists", 409, "The order was placed before", "An id is placed once.");
    LINE_SKU_UNKNOWN = ProblemKind::new("line_sku_unknown", 422, "A line names an unknown SKU",
        "No product has this SKU. Members: `line`, `sku`.");
    SKU_NOT_OFFERED = ProblemKind::new("sku_not_offered", 409, "The SKU is no longer offered",
        "Its variant was withdrawn or its product discontinued. Members: `line`, `sku`.");
    NO_LIST_PRICE = ProblemKind::new("no_list_price", 409, "The SKU has no list price in this currency",
        "Set one, or state the line's `unit_price`. Members: `line`, `sku`, `currency`.");
    CURRENCY_MISMATCH = ProblemKind::new("currency_mismatch", 422, "Amounts in two currencies",
        "All amounts of an order are in its currency. Members: `field`, `expected`, `given`.");
    AMOUNT_TOO_FINE = ProblemKind::new("amount_too_fine", 422, "The amount is finer than the currency",
        "Only unit prices may be finer than a minor unit. Members: `field`, `amount`, `currency`.");
    AMOUNT_TOO_LARGE = ProblemKind::new("amount_too_large", 422, "The amount is too large",
        "Amounts and their sums must fit 64 bits of minor units.");
    DISCOUNT_TOO_HIGH = ProblemKind::new("discount_too_high", 422, "The discount exceeds the order",
        "Members: `discount_minor`, `base_minor`: goods and carriage.");
    NEGATIVE_TAX = ProblemKind::new("negative_tax", 422, "The stated tax is negative", "Members: `amount_minor`.");
    NO_LINES = ProblemKind::new("no_lines", 422, "At least one line is needed", "Name a line.");
    ORDER_TOO_LARGE = ProblemKind::new("order_too_large", 422, "The order is too large to be stored",
        "An order is stored with the names of its products, in 1 MiB at most. Place it as several orders.");
    TOO_MANY_LINES = ProblemKind::new("too_many_lines", 422, "Too many lines", "Members: `given`, `max`.");
    LINE_REPEATED = ProblemKind::new("line_repeated", 422, "A line is named twice", "Members: `line`.");
    UNKNOWN_LINE = ProblemKind::new("unknown_line", 422, "The order has no such line",
        "Members: `line`, and `lines`: how many the order has.");
    LINE_NOT_GOODS = ProblemKind::new("line_not_goods", 409, "The line is not for goods", "Members: `line`, `kind`.");
    QUANTITY_EXCEEDED = ProblemKind::new("quantity_exceeded", 409, "More units than the line has",
        "Members: `line`, `action`, `requested`, `available`.");
    ORDER_NOT_CONFIRMED = ProblemKind::new("order_not_confirmed", 409, "The order is not confirmed", "Confirm it first.");
    ORDER_CANCELLED = ProblemKind::new("order_cancelled", 409, "The order is cancelled", "Nothing more is done for it.");
    ORDER_CLOSED = ProblemKind::new("order_closed", 409, "The order is closed", "Nothing more happens to it.");
    ORDER_SHIPPED = ProblemKind::new("order_shipped", 409, "Goods of the order have left",
        "It cannot be cancelled as a whole; cancel the lines that remain. Members: `shipped` units.");
    TOO_MANY_MOVEMENTS = ProblemKind::new("too_many_movements", 409, "Too many shipments or returns of one order",
        "Members: `max` of each.");
    NOTHING_TO_SHIP = ProblemKind::new("nothing_to_ship", 409, "The order has no goods to ship", "All have left, or \
        none were ordered.");
    NOT_FULLY_SHIPPED = ProblemKind::new("not_fully_shipped", 409, "Goods still have to leave",
        "Members: `outstanding` units.");
    NOT_CLOSABLE = ProblemKind::new("not_closable", 409, "Only a delivered or cancelled order can be closed",
        "Members: `lifecycle`, `fulfillment`.");
}
