"""Opens a small shop over HTTP and prints the ids of what is in it, by resource: shop.py ADDRESS KEYS_FILE."""

import json
import re
import sys
import time

import requests

ADDRESS, KEYS = sys.argv[1] + "/api/v1", sys.argv[2]
with open(KEYS, encoding="utf-8") as file:
    ROLES = dict(re.findall(r'^(\w+) = "(.*)"$', file.read(), re.MULTILINE))
SESSION = requests.Session()
SESSION.headers["Authorization"] = "Bearer " + ROLES["admin"]


def post(path, body=None, key=None, **headers):
    """Writes, and fails unless that succeeds. A header is named with underscores."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        headers["Idempotency-Key"] = f'"{key}"'
    answer = SESSION.post(ADDRESS + path, json=body or {}, headers=headers, timeout=20)
    if not answer.ok:
        sys.exit(f"POST {path} {json.dumps(body)}: {answer.status_code} {answer.text}")
    return answer.json()


def ids(path, after, name="id"):
    """The first ids of a list."""
    answer = SESSION.get(ADDRESS + path, params={"limit": 20}, headers={"Tillroll-After": str(after)}, timeout=20)
    if not answer.ok:
        sys.exit(f"GET {path}: {answer.status_code} {answer.text}")
    return [item[name] for item in answer.json()["data"]]


ADDRESS_OF_ANNA = {
    "recipient": "Anna Berg",
    "line1": "Lindenweg 1",
    "city": "Berlin",
    "postal_code": "10969",
    "country": "DE",
}


def cart(key, **headers):
    """A cart with a line and a quote: its id, the line's and the quote's hash."""
    begun = post("/carts", {"currency": "EUR", "country": "DE"}, key, **headers)
    if "secret" in begun:
        headers = {**headers, "Tillroll_Cart_Secret": begun["secret"]}
    path = f"/carts/{begun['id']}"
    line = post(f"{path}/lines", {"sku": "CUP-1", "quantity": 2}, **headers)
    post(f"{path}/set-address", {"kind": "shipping", "address": ADDRESS_OF_ANNA}, **headers)
    post(f"{path}/select-shipping", {"method": "standard"}, **headers)
    quote = post(f"{path}/quote", **headers)
    return begun["id"], line["line_id"], quote["quote"]["hash"]


def order(cart_id, quote_hash, steps):
    """The order of a cart, planned and then what `steps` say, and half of it on the way back once it was delivered."""
    placed = post(f"/carts/{cart_id}/place-order", {"quote_hash": quote_hash}, "order")["id"]
    post(f"/orders/{placed}/confirm")
    lines = [{"line": 1, "quantity": 2}]
    shipment = post(f"/orders/{placed}/shipments", {"location": "main", "lines": lines}, "shipment")["id"]
    for step in steps:
        post(f"/shipments/{shipment}/{step}")
    if "deliver" not in steps:
        return placed, shipment, None
    asked = {"lines": [{"line": 1, "quantity": 1, "reason": "unwanted"}]}
    return placed, shipment, post(f"/orders/{placed}/returns", asked, "return")["id"]


def check_out(cart_id, quote_hash, instrument):
    """The order of a cart that is checked out and paid with this, as far as that goes, and its payment."""
    body = {"quote_hash": quote_hash, "payment": {"instrument": instrument}}
    done = post(f"/carts/{cart_id}/checkout", body, "checkout", Prefer="wait=9")
    return done["id"], done["payment"]["payment_id"]


def capture(payment_id):
    """Takes the money of a payment, and waits until it is taken."""
    post(f"/payments/{payment_id}/capture", {}, "capture")
    for _ in range(500):
        answer = SESSION.get(f"{ADDRESS}/payments/{payment_id}", timeout=20)
        if answer.ok and answer.json()["captured"]["minor"] > 0:
            return
        time.sleep(0.02)
    sys.exit(f"the payment {payment_id} is not captured")


def main():
    front = {"Authorization": "Bearer " + ROLES["storefront"]}
    known = {"locations": ["main"], "skus": ["CUP-1"], "variants": ["CUP-1"], "slugs": ["cup", "kitchen"]}
    # Orders are of two units on line 1; other lines and more units are always refused.
    known.update(order_lines=[1], quantities=[1, 2])
    known.update(providers=["simulated"], instruments=["tok_approve", "tok_decline", "tok_action"])
    # By the id of the cart.
    known["quotes"] = {}

    def add(resource, *found):
        known.setdefault(resource, []).extend(one for one in found if one)

    category = post("/categories", {"name": "Kitchen", "slug": "kitchen"}, "category")["id"]
    add("categories", category, post("/categories", {"name": "Garden", "slug": "garden"}, "garden")["id"])
    prices = [{"amount": "12.34", "currency": "EUR"}]
    product = post(
        "/products",
        {"name": "Cup", "slug": "cup", "category_ids": [category], "variants": [{"sku": "CUP-1", "prices": prices}]},
        "cup",
    )["id"]
    add("products", product)
    post(f"/products/{product}/publish")
    post("/stock/main/CUP-1/receive", {"quantity": 1000000})
    for year in range(2090, 2096):
        price = {"amount": "11.11", "currency": "EUR"}
        valid = {"valid_from": f"{year}-01-01T00:00:00Z", "valid_until": f"{year + 1}-01-01T00:00:00Z"}
        add("price_rows", post("/variants/CUP-1/prices", {"price": price, **valid}, f"price-{year}")["price_row_id"])
    for number in range(3):
        customer = post("/customers", {"country": "DE"}, f"customer-{number}")["id"]
        add("customers", customer)
        for where in range(2):
            path = f"/customers/{customer}/addresses"
            add("addresses", post(path, {"address": ADDRESS_OF_ANNA}, f"address-{where}")["address_id"])
        sold, _, quote_hash = cart(f"sold-{number}", **front, Tillroll_Customer=customer)
        steps = [[], ["pack", "ship"], ["pack", "ship", "deliver"]][number]
        for resource, one in zip(("orders", "shipments", "returns"), order(sold, quote_hash, steps)):
            add(resource, one)
        begun, line, _ = cart(f"customer-{number}", **front, Tillroll_Customer=customer)
        add("carts", begun)
        add("lines", line)
    for number in range(24):
        begun, line, quote_hash = cart(f"guest-{number}", **front)
        add("carts", begun)
        add("lines", line)
        known["quotes"][begun] = quote_hash
    for number, instrument in enumerate(["tok_approve"] * 6 + ["tok_decline", "tok_action"] * 2):
        begun, _, quote_hash = cart(f"checked-out-{number}", **front)
        order_id, payment_id = check_out(begun, quote_hash, instrument)
        add("orders", order_id)
        add("payments", payment_id)
        add("charges", payment_id)
        if instrument != "tok_approve":
            add("payable", order_id)
        elif number % 2:
            capture(payment_id)
            add("captured", payment_id)
    lines = [{"sku": "CUP-1", "quantity": 2}]
    for number in range(4):
        direct = {"country": "DE", "currency": "EUR", "customer_id": known["customers"][0], "lines": lines}
        ordered = post("/orders", direct, f"direct-{number}")
        add("orders", ordered["id"])
        if number % 2:
            post(f"/orders/{ordered['id']}/confirm")
    after = ordered["position"]
    for resource in ("orders", "payments", "products", "credit-notes"):
        add(resource, *ids(f"/{resource}", after)[:5])
    print(json.dumps(known))


main()
