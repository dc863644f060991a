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
    SLUG_TAKEN = ProblemKind::new("slug_taken", 409, "The slug belongs to another product",
        "It is free again once that product has another one. Members: `slug`, `product_id` of its owner.");
    TOO_MANY_PRODUCT_CATEGORIES = ProblemKind::new("too_many_product_categories", 422,
        "The product would be in too many categories", "Members: `max`.");
    DUPLICATE_CATEGORY = ProblemKind::new("duplicate_category", 422, "A category is given twice",
        "Members: `category_id`.");
    TOO_MANY_MEDIA = ProblemKind::new("too_many_media", 422, "The product would have too many media", "Members: `max`.");
    DUPLICATE_MEDIA = ProblemKind::new("duplicate_media", 422, "A medium is given twice", "Members: `url`.");
    SEVERAL_PRIMARY_MEDIA = ProblemKind::new("several_primary_media", 422, "Several media are primary",
        "One of them stands for the product in lists.");

    CATEGORY_UNKNOWN = ProblemKind::new("category_unknown", 422, "There is no such category",
        "Add it first. Members: `category_id`.");
    CATEGORY_ARCHIVED = ProblemKind::new("category_archived", 409, "The category is archived",
        "Nothing is put into an archived category or under it. Members: `category_id`.");
    CATEGORY_EXISTS = ProblemKind::new("category_exists", 409, "The category exists otherwise",
        "Members: `category_id`.");
    CATEGORY_SLUG_TAKEN = ProblemKind::new("category_slug_taken", 409, "The slug belongs to another category",
        "Archived categories keep theirs. Members: `slug`, `category_id` of its owner.");
    CATEGORY_CIRCLE = ProblemKind::new("category_circle", 409, "A category cannot be below itself",
        "Members: `category_id`, `parent_id`.");
    CATEGORY_TOO_DEEP = ProblemKind::new("category_too_deep", 409, "The category would be too far below the first level",
        "Those below it count. Members: `max` levels.");
    CATEGORY_NOT_EMPTY = ProblemKind::new("category_not_empty", 409, "Active categories are below this one",
        "Archive or move them first. Members: `children`: how many are right below.");
    TOO_MANY_CATEGORIES = ProblemKind::new("too_many_categories", 409, "There are too many categories",
        "Archived ones count. Members: `max`.");

    PRICE_ROW_NOT_FOUND = ProblemKind::new("price_row_not_found", 404, "The variant has no such price",
        "None is in its schedule, and none that ended lately. Members: `sku`, `price_row_id`.");
    PRICE_ROW_DIFFERS = ProblemKind::new("price_row_differs", 409, "The price was set otherwise",
        "One id names one price. Members: `sku`, `price_row_id`.");
    PRICE_ROW_WITHDRAWN = ProblemKind::new("price_row_withdrawn", 409, "The price was withdrawn",
        "It never began and never will. Members: `sku`, `price_row_id`.");
    PRICE_IN_PAST = ProblemKind::new("price_in_past", 422, "Prices change in the present or later",
        "What applied before never changes. Members: `sku`, `at`.");
    EMPTY_VALIDITY = ProblemKind::new("empty_validity", 422, "The price would be valid at no time",
        "`valid_until` must lie behind `valid_from`. Members: `sku`.");
    PRICES_OVERLAP = ProblemKind::new("prices_overlap", 409, "Another price is valid in that time",
        "Of one currency, country and quantity one price is valid at a time. End or withdraw the other one first. Members: \
         `sku`, `price_row_id` of the other one.");
    TOO_MANY_PRICES = ProblemKind::new("too_many_prices", 409, "The variant has too many prices",
        "Those that have ended do not count. Members: `sku`, `max`.");
    PRICE_NOT_BEGUN = ProblemKind::new("price_not_begun", 409, "The price has not begun at that time",
        "Withdraw it instead. Members: `sku`, `price_row_id`.");
    PRICE_HAS_BEGUN = ProblemKind::new("price_has_begun", 409, "The price has begun",
        "It can only end. Members: `sku`, `price_row_id`.");
    PRICE_ENDS_EARLIER = ProblemKind::new("price_ends_earlier", 409, "The price ends before",
        "An end is never put off; set another price behind it. Members: `sku`, `price_row_id`, `ends_at`.");
    NO_PRICE = ProblemKind::new("no_price", 409, "The SKU has no price in this currency",
        "Neither a price of its schedule nor a list price applies; nothing is ever converted. Members: `line`, `sku`, \
         `currency`.");
    CURRENCY_NOT_CONFIGURED = ProblemKind::new("currency_not_configured", 409, "The shop does not ship in this currency",
        "No shipping price is configured for it. Members: `currency`.");
    SHIPPING_METHOD_UNKNOWN = ProblemKind::new("shipping_method_unknown", 422, "There is no such shipping method",
        "Members: `method`.");

    INSUFFICIENT_STOCK = ProblemKind::new("insufficient_stock", 409, "Not enough stock",
        "A cart asks for the units of a SKU over all its lines, and takes those of all locations that sell. Members: `sku`, \
         `requested`, `available` units, and `location` where the request names one.");
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
    NOT_ALLOCATED = ProblemKind::new("not_allocated", 409, "The goods are not promised to the order there",
        "Goods of a checkout's order leave from where its stock is held; units of its other shipments from there do not count \
         again. Members: `location`, `sku`, `requested`, `allocated`.");
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
    ADDRESS_NOT_FOUND = ProblemKind::new("address_not_found", 404, "The customer has no such address",
        "Members: `address_id`.");
    ADDRESS_EXISTS = ProblemKind::new("address_exists", 409, "The customer has another address under this id",
        "Members: `address_id`.");
    TOO_MANY_ADDRESSES = ProblemKind::new("too_many_addresses", 409, "The customer has too many addresses",
        "Remove one first. Members: `max`.");
    TOO_MANY_CONSENTS = ProblemKind::new("too_many_consents", 409, "The customer was asked about too many purposes",
        "Members: `max`.");
    CUSTOMER_UNKNOWN = ProblemKind::new("customer_unknown", 422, "The order names an unknown customer",
        "Register the customer first. Members: `customer_id`.");
    CUSTOMER_INACTIVE = ProblemKind::new("customer_inactive", 409, "The customer is deactivated",
        "No orders are taken of a deactivated customer. Members: `customer_id`.");

    CART_EXISTS = ProblemKind::new("cart_exists", 409, "The customer has an open cart",
        "A customer has one open cart at a time. Members: `cart_id`.");
    CART_CLOSED = ProblemKind::new("cart_closed", 409, "The cart is closed",
        "A cart that was merged or converted, or that expired, never changes again. Members: `ending`, and the `order_id` that \
         it became.");
    COMPLETION_IN_PROGRESS = ProblemKind::new("completion_in_progress", 409, "An order is being made of the cart",
        "Nothing changes the cart meanwhile. Members: `until`: when it can be changed again at the latest.");
    CHECKOUT_IN_PROGRESS = ProblemKind::new("checkout_in_progress", 409, "The cart is being checked out",
        "Nothing changes the cart until the checkout has ended, for which the order waits for its stock and its money. \
         Members: `order_id`.");
    CHECKOUT_FAILED = ProblemKind::new("checkout_failed", 409, "The checkout came to nothing",
        "No order was made, because what was asked for is not possible any more, and the cart is open again. Another checkout \
         needs another `Idempotency-Key`. Members: `order_id` that was to be.");
    TOO_MANY_CHECKOUTS = ProblemKind::new("too_many_checkouts", 409, "Too many checkouts of the cart came to nothing",
        "Begin another cart. Members: `max`.");
    PAYMENT_REQUIRED = ProblemKind::new("payment_required", 409, "There is something to pay",
        "The checkout must say how. Members: `total_minor`.");
    PAYMENT_ATTACHED = ProblemKind::new("payment_attached", 409, "A payment depends on the cart",
        "Nothing changes a cart with a payment.");
    CART_LINE_NOT_FOUND = ProblemKind::new("cart_line_not_found", 404, "The cart has no such line", "Members: `line_id`.");
    CART_FULL = ProblemKind::new("cart_full", 409, "The cart has too many lines", "Members: `max`.");
    TOO_MANY_UNITS = ProblemKind::new("too_many_units", 409, "The cart would hold too many units",
        "The units of one SKU are counted over all lines. Members: `sku`, `requested`, `max`.");
    TOO_MANY_OPTIONS = ProblemKind::new("too_many_options", 422, "The line has too many options", "Members: `max`.");
    OPTIONS_TOO_LONG = ProblemKind::new("options_too_long", 422, "The line's options are too long",
        "The names and values of a line's options are counted together. Members: `max` characters.");
    DUPLICATE_OPTION = ProblemKind::new("duplicate_option", 422, "An option is given twice", "Members: `name`.");
    COUNTRY_DIFFERS = ProblemKind::new("country_differs", 409, "The shipping address lies in another country",
        "Change the address instead. Members: `country` of the address.");
    CART_EMPTY = ProblemKind::new("cart_empty", 409, "The cart is empty", "Nothing costs nothing.");
    SHIPPING_NOT_SELECTED = ProblemKind::new("shipping_not_selected", 409, "No shipping method is selected",
        "Select one first.");
    CART_CHANGED = ProblemKind::new("cart_changed", 409, "The cart is not what it was quoted for",
        "Ask for a quote again, and show it. Members: `current_hash` of the quote that holds, if one does.");
    QUOTE_EXPIRED = ProblemKind::new("quote_expired", 409, "The quote has expired",
        "Ask for a quote again, and show it. Members: `expired_at`.");
    STALE_FENCE = ProblemKind::new("stale_fence", 409, "Somebody else claimed the cart since",
        "Members: `given`, `current`.");
    NOT_A_GUESTS_CART = ProblemKind::new("not_a_guests_cart", 409, "The cart belongs to a customer",
        "A customer's data is erased with the customer, and a customer's cart is not merged into another.");
    CUSTOMER_NEEDED = ProblemKind::new("customer_needed", 409, "No customer is named",
        "The storefront names the customer it acts for in `Tillroll-Customer`.");
    TOO_MANY_MERGES = ProblemKind::new("too_many_merges", 409, "The cart has taken in too many carts", "Members: `max`.");
    TOO_MANY_CART_PAYMENTS = ProblemKind::new("too_many_cart_payments", 409, "The cart has too many payments",
        "Members: `max`.");
    CART_NOT_DUE = ProblemKind::new("cart_not_due", 409, "The cart is kept for longer",
        "It changed not long ago. Members: `due_at`.");
    CONTACT_ERASED = ProblemKind::new("contact_erased", 409, "The contact of this cart was erased",
        "None is stored for it any more.");

    ORDER_EXISTS = ProblemKind::new("order_exists", 409, "The order was placed before", "An id is placed once.");
    LINE_SKU_UNKNOWN = ProblemKind::new("line_sku_unknown", 422, "A line names an unknown SKU",
        "No product has this SKU. Members: `line`, `sku`.");
    SKU_NOT_OFFERED = ProblemKind::new("sku_not_offered", 409, "The SKU is no longer offered",
        "Its variant was withdrawn or its product discontinued; in carts and quotes also if the product is not published. \
         Members: `line`, `sku`.");
    NO_LIST_PRICE = ProblemKind::new("no_list_price", 409, "The SKU has no list price in this currency",
        "And no scheduled price applies. Set one, or state the line's `unit_price`. Members: `line`, `sku`, `currency`.");
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
    STOCK_NOT_RESERVED = ProblemKind::new("stock_not_reserved", 409, "No stock is held for the order yet",
        "The checkout that made the order holds it by itself.");
    ORDER_NOT_PAID = ProblemKind::new("order_not_paid", 409, "The order is not paid",
        "Neither authorized nor captured money covers what is due. Members: `due_minor`, `paid_minor`.");
    PAYMENT_NOT_CAPTURED = ProblemKind::new("payment_not_captured", 409, "The money for these goods was not captured",
        "Nothing leaves unpaid. Capture follows the planning of a shipment by itself, unless the money is not set aside any \
         more. Members: `due_minor` for all that would have left, `captured_minor`.");
    ORDER_CANCELLED = ProblemKind::new("order_cancelled", 409, "The order is cancelled", "Nothing more is done for it.");
    ORDER_CLOSED = ProblemKind::new("order_closed", 409, "The order is closed", "Nothing more happens to it.");
    ORDER_SHIPPED = ProblemKind::new("order_shipped", 409, "Goods of the order have left",
        "It cannot be cancelled as a whole; cancel the lines that remain. Members: `shipped` units.");
    ORDER_UNITS_PLANNED = ProblemKind::new("order_units_planned", 409, "Units of the order are planned to leave",
        "Cancel their shipments first. Members: `planned` units.");
    ORDER_FULFILLMENT_STARTED = ProblemKind::new("order_fulfillment_started", 409, "The order is being put together",
        "Its buyer cannot cancel it any more.");
    TAX_PARTS_MISMATCH = ProblemKind::new("tax_parts_mismatch", 422, "The lines' tax is not the order's",
        "Members: `expected_minor`, `given_minor`.");
    SHIPMENT_CANCELLED = ProblemKind::new("shipment_cancelled", 409, "The shipment is cancelled",
        "Nothing leaves under its id any more; create another one.");
    SHIPMENT_SHIPPED = ProblemKind::new("shipment_shipped", 409, "The shipment has left",
        "It cannot be held back, nor leave otherwise than it did. Members: `shipment_id` or `shipment_status`.");
    SHIPMENT_NOT_SHIPPED = ProblemKind::new("shipment_not_shipped", 409, "The shipment has not left",
        "Ship it first. Members: `shipment_status`.");
    SHIPMENT_DELIVERED = ProblemKind::new("shipment_delivered", 409, "The shipment has arrived",
        "What has arrived is not lost.");
    SHIPMENT_NOT_PLANNED = ProblemKind::new("shipment_not_planned", 409, "The order has no plan for the shipment",
        "Members: `shipment_id`.");
    TRACKING_DIFFERS = ProblemKind::new("tracking_differs", 409, "The tracking number was noted with another address",
        "Members: `number`.");
    TOO_MUCH_TRACKING = ProblemKind::new("too_much_tracking", 422, "Too many tracking numbers", "Members: `max`.");
    RETURN_WINDOW_CLOSED = ProblemKind::new("return_window_closed", 409, "The window for returns is over",
        "Members: `ended_on`, its last day.");
    RETURN_OVER = ProblemKind::new("return_over", 409, "The return is over", "Members: `return_id`.");
    RETURN_STATUS = ProblemKind::new("return_status", 409, "The step does not follow where the return stands",
        "Members: `return_status`.");
    RETURN_LINE_UNKNOWN = ProblemKind::new("return_line_unknown", 422, "The return has no such line",
        "Members: `line`.");
    RECEIVED_TOO_MUCH = ProblemKind::new("received_too_much", 409, "More came than was requested",
        "Members: `line`, `received` in all, `requested`.");
    TOO_MANY_PARCELS = ProblemKind::new("too_many_parcels", 409, "Too many parcels of one return", "Members: `max`.");
    INSPECTED_TOO_MUCH = ProblemKind::new("inspected_too_much", 409, "More was inspected than came",
        "Members: `line`, `inspected`, `received`.");
    INSPECTION_WENT_BACK = ProblemKind::new("inspection_went_back", 409, "An inspection cannot be taken back",
        "Members: `line`, and `accepted` and `refused` so far.");
    RETURN_NOT_INSPECTED = ProblemKind::new("return_not_inspected", 409, "Goods that came were not inspected yet",
        "Members: `waiting` units.");
    NOTHING_ACCEPTED = ProblemKind::new("nothing_accepted", 409, "No goods were accepted",
        "There is nothing for which the customer could get something. Members: `outcome`.");
    RETURN_RESOLVED = ProblemKind::new("return_resolved", 409, "The outcome was decided already",
        "Members: `outcome`.");
    TOO_MANY_MOVEMENTS = ProblemKind::new("too_many_movements", 409, "Too many shipments or returns of one order",
        "Members: `max` of each.");
    NOTHING_TO_SHIP = ProblemKind::new("nothing_to_ship", 409, "The order has no goods to ship", "All have left, or \
        none were ordered.");
    NOT_FULLY_SHIPPED = ProblemKind::new("not_fully_shipped", 409, "Goods still have to leave",
        "Members: `outstanding` units.");
    AMOUNT_NOT_POSITIVE = ProblemKind::new("amount_not_positive", 422, "The amount must be more than zero",
        "Members: `given_minor`.");
    PAYMENT_CANCELLED = ProblemKind::new("payment_cancelled", 409, "The payment is cancelled",
        "Nothing more is set aside or taken by it.");
    PAYMENT_WITHOUT_PROVIDER = ProblemKind::new("payment_without_provider", 409, "No provider took the payment",
        "It was imported, or nothing was tried yet, so that there is nobody who could move its money.");
    OPERATION_OPEN = ProblemKind::new("operation_open", 409, "An operation has no outcome yet",
        "Another one has to wait for it. Members: `operation_id`, `kind`, `outcome`.");
    OPERATION_DIFFERS = ProblemKind::new("operation_differs", 409, "The operation was requested with other content",
        "Members: `operation_id`.");
    TOO_MANY_OPERATIONS = ProblemKind::new("too_many_operations", 409, "Too many operations on one payment",
        "Members: `max`.");
    TOO_MANY_ATTEMPTS = ProblemKind::new("too_many_attempts", 409, "Too many attempts to pay", "Members: `max`.");
    PAYMENT_AUTHORIZED = ProblemKind::new("payment_authorized", 409, "The money is set aside already",
        "Members: `authorized_minor`.");
    PAYMENT_CAPTURED = ProblemKind::new("payment_captured", 409, "Money was taken already", "Members: `captured_minor`.");
    NOTHING_AUTHORIZED = ProblemKind::new("nothing_authorized", 409, "Nothing is set aside",
        "So there is nothing to set free.");
    CAPTURE_EXCEEDS_AUTHORIZED = ProblemKind::new("capture_exceeds_authorized", 409, "More than what can be captured",
        "What is set aside, less what other operations may still take. Members: `requested_minor`, `available_minor`.");
    REFUND_EXCEEDS_CAPTURED = ProblemKind::new("refund_exceeds_captured", 409, "More than what can be refunded",
        "What was captured, less what was given back, is being given back, or is in dispute or lost to one. Members: \
         `requested_minor`, `available_minor`.");
    ORDER_NOT_PAYABLE = ProblemKind::new("order_not_payable", 409, "The order does not wait for a payment",
        "It was not made by a checkout, has nothing to pay, or is promised already. Members: `lifecycle`.");
    PAYMENT_NOT_READY = ProblemKind::new("payment_not_ready", 409, "The order cannot be paid yet",
        "Its payment is made once its stock is held. Try again in a moment.");
    WEBHOOK_NOT_AUTHENTIC = ProblemKind::new("webhook_not_authentic", 401, "The message is not the provider's",
        "It is not signed, its signature is not the provider's for this body, or it was signed too long ago.");
    NOT_CLOSABLE = ProblemKind::new("not_closable", 409, "Only a delivered or cancelled order can be closed",
        "Members: `lifecycle`, `fulfillment`.");
}
