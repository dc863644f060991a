//! What carts' events make of the tables.

use super::{CartLineRow, CartRow};
use crate::{
    models::{
        fold::{int, is_shown, json, known, position, revision, stream_uuid},
        query::text,
    },
    personal::PersonalCell,
    projection::{ApplyError, Incoming, Tables, TablesExt},
    table::Value,
};
use chrono::{DateTime, Utc};
use tillroll_domain::{
    cart::{
        AddressKind, CartLine, CartOwner,
        events::{CartCreated, CartEvent, CartQuoted},
        line::LinePrice,
    },
    ids::{CartId, CartLineId},
    price::UnitPrice,
    text::Country,
};

pub(super) async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let fact = incoming.decode::<CartEvent>()?;
    let event = incoming.recorded();
    let cart_id = CartId::new(stream_uuid(event)?).to_string();
    let mut row = match fact {
        CartEvent::CartCreated(created) => begun(cart_id, created)?,
        _ => known(tables.get(vec![text(cart_id)]).await?, event)?,
    };
    match fact {
        CartEvent::CartCreated(_) => {}
        CartEvent::CartLineAdded(added) => {
            void_quote(&mut row);
            let line = CartLine {
                line_id: added.line_id,
                sku: added.sku.clone(),
                options: added.options.clone(),
                quantity: added.quantity,
                unit_price: added.unit_price,
            };
            put_lines(&mut row, &[line], added.at, tables)?;
        }
        CartEvent::CartLineQuantityChanged(changed) => {
            void_quote(&mut row);
            let mut line: CartLineRow = known(tables.get(line_key(&row, changed.line_id)).await?, event)?;
            row.units += changed.quantity.as_i64() - line.quantity;
            line.quantity = changed.quantity.as_i64();
            tables.put(&line);
        }
        CartEvent::CartLineRemoved(removed) => {
            void_quote(&mut row);
            let line: CartLineRow = known(tables.get(line_key(&row, removed.line_id)).await?, event)?;
            let mut ids = line_ids(&row)?;
            ids.retain(|id| *id != removed.line_id);
            row.line_ids = json(&ids)?;
            row.lines -= 1;
            row.units -= line.quantity;
            tables.delete::<CartLineRow>(line_key(&row, removed.line_id));
        }
        CartEvent::CartCleared(_) => {
            void_quote(&mut row);
            delete_lines(&mut row, tables)?;
        }
        CartEvent::CartAddressSet(set) => {
            let address = Some(PersonalCell::take_required(incoming, "address")?);
            match set.kind {
                AddressKind::Shipping => {
                    row.shipping_address = address;
                    go_to(&mut row, &set.country);
                }
                AddressKind::Billing => row.billing_address = address,
            }
        }
        CartEvent::CartEmailSet(_) => row.email = Some(PersonalCell::take_required(incoming, "email")?),
        CartEvent::CartCountryChanged(changed) => go_to(&mut row, &changed.country),
        CartEvent::CartShippingSelected(selected) => {
            void_quote(&mut row);
            row.shipping_method = Some(selected.method.to_string());
        }
        CartEvent::CartCurrencyChanged(changed) => {
            void_quote(&mut row);
            row.currency = changed.currency.to_string();
            for LinePrice { line_id, unit_price } in &changed.prices {
                let line: CartLineRow = known(tables.get(line_key(&row, *line_id)).await?, event)?;
                tables.put(&priced(line, *unit_price));
            }
        }
        CartEvent::CartQuoted(quoted) => set_quote(&mut row, quoted)?,
        CartEvent::CartCompletionClaimed(claimed) => row.claimed_until = Some(claimed.expires_at),
        CartEvent::CartCheckoutBegan(began) => row.checkout_order_id = Some(began.order_id.to_string()),
        CartEvent::CartCompletionReleased(_) => release(&mut row),
        CartEvent::CartConverted(converted) => {
            close(&mut row, "converted");
            row.order_id = Some(converted.order_id.to_string());
        }
        CartEvent::CartPaymentAttached(_) => row.payments += 1,
        CartEvent::CartPaymentDetached(_) => row.payments -= 1,
        CartEvent::CartAssigned(assigned) => {
            row.customer_id = Some(assigned.customer_id.to_string());
            forget_contact(&mut row);
        }
        CartEvent::CartMerged(merged) => {
            close(&mut row, "merged");
            row.merged_into = Some(merged.into.to_string());
            void_quote(&mut row);
            delete_lines(&mut row, tables)?;
        }
        CartEvent::CartAbsorbed(absorbed) => {
            absorb(&mut row, &absorbed.lines, absorbed.at, tables).await?;
        }
        CartEvent::CartExpired(_) => close(&mut row, "expired"),
        CartEvent::CartContactErased(_) => {
            // Of an assigned cart, it is the guest's that is erased, and went when it was assigned.
            if row.customer_id.is_none() {
                forget_contact(&mut row);
            }
        }
    }
    row.filled = row.lines > 0;
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

fn begun(cart_id: String, created: &CartCreated) -> Result<CartRow, ApplyError> {
    Ok(CartRow {
        cart_id,
        state: "open".to_owned(),
        customer_id: match created.owner {
            CartOwner::Guest => None,
            CartOwner::Customer(customer_id) => Some(customer_id.to_string()),
        },
        currency: created.currency.to_string(),
        country: created.country.to_string(),
        shipping_method: None,
        shipping_address: None,
        billing_address: None,
        email: None,
        line_ids: json::<[CartLineId; 0]>(&[])?,
        filled: false,
        lines: 0,
        units: 0,
        quote: None,
        quote_hash: None,
        quote_total_minor: None,
        quote_expires_at: None,
        claimed_until: None,
        checkout_order_id: None,
        payments: 0,
        merged_into: None,
        order_id: None,
        created_at: created.at,
        updated_at: created.at,
        revision: 0,
        position: 0,
    })
}

fn close(row: &mut CartRow, state: &str) {
    state.clone_into(&mut row.state);
    release(row);
}

fn release(row: &mut CartRow) {
    (row.claimed_until, row.checkout_order_id) = (None, None);
}

fn set_quote(row: &mut CartRow, quoted: &CartQuoted) -> Result<(), ApplyError> {
    row.quote = Some(json(&*quoted.quote)?);
    row.quote_hash = Some(quoted.quote.hash.to_string());
    row.quote_total_minor = Some(quoted.quote.total_minor);
    row.quote_expires_at = Some(quoted.quote.expires_at);
    Ok(())
}

fn void_quote(row: &mut CartRow) {
    (row.quote, row.quote_hash, row.quote_total_minor, row.quote_expires_at) = (None, None, None, None);
}

fn go_to(row: &mut CartRow, country: &Country) {
    if row.country != country.as_str() {
        row.country = country.to_string();
        void_quote(row);
    }
}

fn forget_contact(row: &mut CartRow) {
    (row.shipping_address, row.billing_address, row.email) = (None, None, None);
}

/// Takes the result of a merge. The quote stays if the lines are what they were.
async fn absorb(
    row: &mut CartRow,
    lines: &[CartLine],
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let mut before = Vec::with_capacity(lines.len());
    for id in line_ids(row)? {
        before.extend(tables.get::<CartLineRow>(line_key(row, id)).await?);
    }
    let is_same = |stored: &CartLineRow, line: &CartLine| {
        (stored.line_id == line.line_id.to_string()) && stored.quantity == line.quantity.as_i64()
    };
    if before.len() == lines.len() && before.iter().zip(lines).all(|(stored, line)| is_same(stored, line)) {
        return Ok(());
    }
    void_quote(row);
    delete_lines(row, tables)?;
    put_lines(row, lines, at, tables)?;
    // What was there before keeps the time at which it came.
    for stored in before {
        if let Some(line) = lines.iter().find(|line| line.line_id.to_string() == stored.line_id) {
            tables.put(&CartLineRow { added_at: stored.added_at, ..line_row(row, line, at)? });
        }
    }
    Ok(())
}

fn put_lines(
    row: &mut CartRow,
    lines: &[CartLine],
    at: DateTime<Utc>,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let mut ids = line_ids(row)?;
    for line in lines {
        ids.push(line.line_id);
        row.lines += 1;
        row.units += line.quantity.as_i64();
        tables.put(&line_row(row, line, at)?);
    }
    row.line_ids = json(&ids)?;
    Ok(())
}

fn line_row(row: &CartRow, line: &CartLine, at: DateTime<Utc>) -> Result<CartLineRow, ApplyError> {
    Ok(CartLineRow {
        cart_id: row.cart_id.clone(),
        line_id: line.line_id.to_string(),
        sku: line.sku.to_string(),
        options: json(&line.options)?,
        quantity: int(line.quantity.get()),
        unit_price: line.unit_price.to_string(),
        unit_price_micros: line.unit_price.micros(),
        added_at: at,
    })
}

fn priced(line: CartLineRow, unit_price: UnitPrice) -> CartLineRow {
    CartLineRow { unit_price: unit_price.to_string(), unit_price_micros: unit_price.micros(), ..line }
}

fn delete_lines(row: &mut CartRow, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    for id in line_ids(row)? {
        tables.delete::<CartLineRow>(line_key(row, id));
    }
    row.line_ids = json::<[CartLineId; 0]>(&[])?;
    (row.lines, row.units) = (0, 0);
    Ok(())
}

fn line_key(row: &CartRow, id: CartLineId) -> Vec<Value> {
    vec![text(&row.cart_id), text(id)]
}

/// Rows can be deleted by their keys alone, so the cart's row knows them.
fn line_ids(row: &CartRow) -> Result<Vec<CartLineId>, ApplyError> {
    serde_json::from_str(&row.line_ids).map_err(|error| ApplyError::Poison(error.to_string()))
}
