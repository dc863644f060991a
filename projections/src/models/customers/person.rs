//! What a customer's own events tell of the person.

use super::{CustomerAddressRow, CustomerConsentRow, CustomerRow};
use crate::{
    models::{
        fold::{basis, effective_at, json, known, position, revision, stream_uuid},
        query::text,
    },
    personal::PersonalCell,
    projection::{ApplyError, Incoming, Tables, TablesExt},
    table::Value,
};
use tillroll_domain::{
    customer::events::{AddressKind, CustomerEvent},
    ids::{AddressId, CustomerId},
    text::Country,
};

pub(super) async fn person(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let fact = incoming.decode::<CustomerEvent>()?;
    let event = incoming.recorded();
    let customer_id = CustomerId::new(stream_uuid(event)?).to_string();
    let mut row = match fact {
        CustomerEvent::CustomerRegistered(registered) => CustomerRow {
            customer_id,
            country: registered.country.to_string(),
            external_reference: registered.external_reference.as_ref().map(ToString::to_string),
            active: true,
            erased: false,
            profile: None,
            email: None,
            address_ids: json::<[AddressId; 0]>(&[])?,
            default_shipping: None,
            default_billing: None,
            basis: basis(registered.basis),
            registered_at: effective_at(event)?,
            updated_at: event.recorded_at,
            revision: 0,
            position: 0,
        },
        _ => known(tables.get(vec![text(customer_id)]).await?, event)?,
    };
    match fact {
        CustomerEvent::CustomerRegistered(_) => {}
        CustomerEvent::CustomerCountryChanged(changed) => row.country = changed.country.to_string(),
        CustomerEvent::CustomerDeactivated(_) => row.active = false,
        CustomerEvent::CustomerReactivated(_) => row.active = true,
        CustomerEvent::CustomerProfileChanged(_) => {
            row.profile = Some(PersonalCell::take_required(incoming, "profile")?);
        }
        CustomerEvent::CustomerEmailChanged(_) => row.email = Some(PersonalCell::take_required(incoming, "email")?),
        CustomerEvent::CustomerAddressAdded(added) => {
            let address = address(incoming, &row, added.address_id, &added.country)?;
            let mut ids = address_ids(&row)?;
            ids.push(added.address_id);
            row.address_ids = json(&ids)?;
            tables.put(&address);
        }
        CustomerEvent::CustomerAddressChanged(changed) => {
            let key = address_key(&row, changed.address_id);
            let before: CustomerAddressRow = known(tables.get(key).await?, event)?;
            let address = address(incoming, &row, changed.address_id, &changed.country)?;
            tables.put(&CustomerAddressRow { added_position: before.added_position, ..address });
        }
        CustomerEvent::CustomerAddressRemoved(removed) => {
            let mut ids = address_ids(&row)?;
            ids.retain(|id| *id != removed.address_id);
            row.address_ids = json(&ids)?;
            let gone = removed.address_id.to_string();
            for default in [&mut row.default_shipping, &mut row.default_billing] {
                default.take_if(|id| *id == gone);
            }
            tables.delete::<CustomerAddressRow>(address_key(&row, removed.address_id));
        }
        CustomerEvent::CustomerDefaultAddressChanged(changed) => {
            let default = match changed.kind {
                AddressKind::Shipping => &mut row.default_shipping,
                AddressKind::Billing => &mut row.default_billing,
            };
            *default = Some(changed.address_id.to_string());
        }
        CustomerEvent::CustomerConsentChanged(changed) => tables.put(&CustomerConsentRow {
            customer_id: row.customer_id.clone(),
            purpose: changed.purpose.to_string(),
            granted: changed.granted,
            source: changed.source.to_string(),
            changed_at: changed.changed_at,
        }),
        CustomerEvent::CustomerErased(_) => {
            for id in address_ids(&row)? {
                tables.delete::<CustomerAddressRow>(address_key(&row, id));
            }
            row = CustomerRow {
                active: false,
                erased: true,
                profile: None,
                email: None,
                address_ids: json::<[AddressId; 0]>(&[])?,
                default_shipping: None,
                default_billing: None,
                ..row
            };
        }
    }
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

fn address(
    incoming: &Incoming,
    customer: &CustomerRow,
    id: AddressId,
    country: &Country,
) -> Result<CustomerAddressRow, ApplyError> {
    Ok(CustomerAddressRow {
        customer_id: customer.customer_id.clone(),
        address_id: id.to_string(),
        country: country.to_string(),
        address: PersonalCell::take_required(incoming, "address")?,
        added_position: position(incoming.recorded()),
    })
}

fn address_key(customer: &CustomerRow, id: AddressId) -> Vec<Value> {
    vec![text(&customer.customer_id), text(id)]
}

/// Rows can be deleted by their keys alone, so the customer's row knows them.
fn address_ids(customer: &CustomerRow) -> Result<Vec<AddressId>, ApplyError> {
    serde_json::from_str(&customer.address_ids).map_err(|error| ApplyError::Poison(error.to_string()))
}
