"""What schemathesis does not know about Tillroll: which ids exist, and that a valid request is never malformed."""

import atexit
import hashlib
import json
import os
import re

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import JsonSchemaError

with open(os.environ["TILLROLL_FUZZ_SHOP"], encoding="utf-8") as shop:
    # By the name of the resource, as it stands in addresses: {"orders": ["ord_…", …], …}.
    KNOWN = json.load(shop)

# The name of a member of a body, and the resource it is an id of; or what values there are good for.
FIELDS = {
    "cart_id": "carts",
    "category_id": "categories",
    "customer_id": "customers",
    "from": "carts",
    "into": "carts",
    "line_id": "lines",
    "order_id": "orders",
    "parent": "categories",
    "parent_id": "categories",
    "product_id": "products",
    "return_id": "returns",
    "row_id": "price_rows",
    "shipment_id": "shipments",
    "sku": "skus",
    "location": "locations",
    "line": "order_lines",
    "quantity": "quantities",
    "instrument": "instruments",
}

# Parameters of addresses that say more than the collection before them.
PARAMETERS = {
    "address_id": "addresses",
    "line_id": "lines",
    "location": "locations",
    "payment_id": "charges",
    "provider": "providers",
    "row_id": "price_rows",
    "sku": "skus",
    "slug": "slugs",
}

# Of a few operations that ask for more than something that exists.
ENDINGS = {
    "/orders/{id}/pay": "payable",
    "/payments/{id}/capture": "charges",
    "/payments/{id}/refund": "captured",
}


def chance(case, purpose):
    """A number that is always the same for the same request and purpose."""
    text = f"{case.method} {case.path} {case.path_parameters} {case.query} {case.body!r} {purpose}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()[:4], "big")


def pick(resource, case):
    """One of the ids that exist, always the same for the same request; nothing for every third request."""
    known = KNOWN.get(resource)
    number = chance(case, resource)
    return known[number // 3 % len(known)] if known and number % 3 else None


def is_valid(case, location):
    """Whether a part of the request is as the document wants it."""
    meta = case.meta
    if meta is None:
        return True
    component = meta.components.get(location)
    return component is None or component.mode.is_positive


def resource_of(path, parameter):
    """`carts` for `id` in `/carts/{id}/lines/{line_id}`, `lines` for `line_id`."""
    for ending, resource in ENDINGS.items():
        if path.endswith(ending):
            return resource
    before = path.split("{" + parameter + "}")[0].rstrip("/").split("/")[-1]
    return PARAMETERS.get(parameter, before)


@schemathesis.hook
def map_case(context, case):
    """Puts ids that exist into valid requests, since hardly anything can be reached with made-up ones."""
    if case.path_parameters and is_valid(case, ParameterLocation.PATH):
        for name in list(case.path_parameters):
            known = pick(resource_of(case.path, name), case)
            if known is not None:
                case.path_parameters[name] = known
    if isinstance(case.body, dict) and is_valid(case, ParameterLocation.BODY):
        known_body(case.body, case)
        if "quote_hash" in case.body and is_valid(case, ParameterLocation.PATH) and chance(case, "quote") % 4:
            agree(case)
    # A made-up revision is nearly always another one, so that nothing but 412 would be seen.
    if case.headers and is_valid(case, ParameterLocation.HEADER) and chance(case, "if-match") % 4:
        case.headers.pop("If-Match", None)
    # A made-up cursor is always refused, and so would be nearly every list.
    if case.query and is_valid(case, ParameterLocation.QUERY) and chance(case, "cursor") % 3:
        case.query.pop("cursor", None)
    return case


def agree(case):
    """Orders a cart with the quote it has, and with something to pay with; no other quote is ever accepted."""
    quotes = sorted(KNOWN["quotes"].items())
    cart, quote = quotes[chance(case, "cart") % len(quotes)]
    case.path_parameters["id"] = cart
    case.body["quote_hash"] = quote
    if case.path.endswith("/checkout") and chance(case, "payment") % 4:
        instruments = KNOWN["instruments"]
        case.body["payment"] = {"instrument": instruments[chance(case, "instrument") % len(instruments)]}


def known_body(value, case):
    """Replaces the ids and the like in a body, at any depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, child in list(items):
        if isinstance(child, (dict, list)):
            known_body(child, case)
        elif isinstance(child, (str, int)) and name in FIELDS:
            known = pick(FIELDS[name], case)
            if known is not None:
                value[name] = known


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what is no fault of the server."""
    # A header that the document does not name is no violation of it.
    return not any(name.lower().startswith("x-schemathesis") for name in case.headers or {})


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Forgives what is no fault of the server."""
    # OpenAPI 3.1 describes a live stream as a text; that each event is of its form, tests/e2e/edge.rs looks at.
    is_stream = "text/event-stream" in str(response.headers.get("content-type"))
    if is_stream and isinstance(failure, JsonSchemaError):
        return False
    if not isinstance(failure, AcceptedNegativeData):
        return True
    return not LENIENT.search(failure.message)


# RFC 7240, section 2: a preference that is not understood is ignored. RFC 9110, section 13.1.2: a tag that matches nothing.
LENIENT = re.compile("parameter `(Prefer|If-None-Match)` in header")

ANSWERED = {}


@schemathesis.hook
def after_call(context, case, response):
    """Notes which operations ever did what they are for."""
    label = case.operation.label
    ANSWERED[label] = ANSWERED.get(label, False) or response.status_code < 300


@atexit.register
def tell_what_was_reached():
    """Lists the operations that never succeeded, which is no fault, but says how far the fuzzing got."""
    if ANSWERED:
        never = sorted(label for label, succeeded in ANSWERED.items() if not succeeded)
        print(f"{len(ANSWERED) - len(never)} of {len(ANSWERED)} operations succeeded at least once; never: {never}")
        with open(os.environ["TILLROLL_FUZZ_REACHED"], "w", encoding="utf-8") as file:
            file.write(f"{100 * (len(ANSWERED) - len(never)) // len(ANSWERED)}\n")


def parameters_fit(case):
    """Whether headers and path are of their documented form. Schemathesis sends `0` where it knows nothing better, and
    puts any id that an answer held into any address."""
    values = {"header": case.headers or {}, "path": case.path_parameters or {}}
    for parameter in case.operation.definition.raw.get("parameters", []):
        value = values.get(parameter.get("in"), {}).get(parameter.get("name"))
        schema = parameter.get("schema", {})
        schemas = schema.get("oneOf") or schema.get("anyOf") or [schema]
        patterns = [one["pattern"] for one in schemas if "pattern" in one]
        if value is not None and patterns and not any(re.search(pattern, str(value)) for pattern in patterns):
            return False
    return True


class Malformed(Failure):
    """The document allows a request that the server cannot read."""


@schemathesis.check
def valid_is_not_malformed(ctx, response, case):
    """What the document calls valid is never refused as malformed: the schema could have said so."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return None
    try:
        problem = response.json()
    except ValueError:
        return None
    if problem.get("code") not in ("malformed", "bad_value") or not parameters_fit(case):
        return None
    detail = problem.get("detail") or ""
    if any(pattern.search(detail) for pattern in BEYOND_SCHEMAS):
        return None
    raise Malformed(
        operation=case.operation.label,
        title="A valid request is refused as malformed",
        message=f"{problem.get('field') or ''} {detail}".strip(),
        case_id=case.id,
    )


# What JSON Schema cannot say, by what the server says about it.
BEYOND_SCHEMAS = [
    re.compile(pattern)
    for pattern in (
        # An amount's decimals depend on its currency.
        r"decimal",
        # Not every three letters are a currency, not every two a country.
        r"currency|country",
        # To JSON Schema 3.0 is an integer; here a number with a point is none.
        r"floating point",
        # A cursor is what a list answered before.
        r"cursor",
        # Two parameters that contradict each other.
        r"after `?to`?|later than|before",
    )
]
