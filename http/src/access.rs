//! Who may do what: roles, permissions, and the caller behind a key.

use crate::problem::Problem;
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use keys::Keys;

pub mod keys;

macro_rules! named {
    ($(#[$meta:meta])* $family:ident { $($(#[$vmeta:meta])* $variant:ident = $name:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $family { $($(#[$vmeta])* $variant,)+ }

        impl $family {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

named! {
    /// What a key stands for.
    Role {
        /// Runs the shop: everything.
        Admin = "admin";
        /// Reads everything, history included; writes nothing.
        Analyst = "analyst";
        /// Inspects money and documents; writes nothing.
        Auditor = "auditor";
        /// The shop's front: reads what shoppers may see.
        Storefront = "storefront";
    }
}

named! {
    /// What a handler asks for.
    Permission {
        /// Change products, variants and list prices.
        ManageCatalog = "manage_catalog";
        /// Book, hold, promise and ship stock.
        ManageStock = "manage_stock";
        /// Register and change customers.
        ManageCustomers = "manage_customers";
        /// Place orders directly and carry them out.
        ManageOrders = "manage_orders";
        /// Read products and list prices.
        ReadCatalog = "read_catalog";
        /// Read stock.
        ReadStock = "read_stock";
        /// Read customers.
        ReadCustomers = "read_customers";
        /// Read orders.
        ReadOrders = "read_orders";
        /// Read payments.
        ReadPayments = "read_payments";
        /// Read sales figures.
        ReadSales = "read_sales";
        /// Read the recorded events.
        ReadEvents = "read_events";
        /// See how the engine itself is doing: projections, lag, parked events.
        Operate = "operate";
    }
}

impl Role {
    /// True if the role has the permission.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::ManageCatalog | P::ManageStock | P::ManageCustomers | P::ManageOrders => matches!(self, Self::Admin),
            P::Operate => matches!(self, Self::Admin | Self::Analyst),
            P::ReadCustomers | P::ReadOrders | P::ReadPayments | P::ReadSales | P::ReadEvents => {
                matches!(self, Self::Admin | Self::Analyst | Self::Auditor)
            }
            P::ReadCatalog | P::ReadStock => true,
        }
    }
}

/// The caller of a request. As an extractor it answers 401 unless `Authorization: Bearer <key>` carries a key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The role of the key.
    pub role: Role,
}

impl Principal {
    /// Handlers call this first.
    ///
    /// # Errors
    /// 403 if the role lacks the permission.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) { Ok(()) } else { Err(Problem::forbidden(permission)) }
    }

    /// Who it is, for the metadata of events; nothing personal.
    #[must_use]
    pub const fn actor(&self) -> &'static str {
        self.role.name()
    }
}

impl<S> FromRequestParts<S> for Principal
where
    Keys: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Problem::unauthorized());
        };
        let role = bearer(value.as_bytes()).and_then(|key| Keys::from_ref(state).role_of(key));
        role.map(|role| Self { role }).ok_or_else(Problem::unauthorized)
    }
}

/// The credentials behind the scheme `Bearer`, whose case does not matter (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_administrator_writes() {
        let writes = Permission::ALL.iter().filter(|permission| permission.name().starts_with("manage_"));
        for &permission in writes {
            let may: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.may(permission)).collect();
            assert_eq!(may, [Role::Admin], "{permission:?}");
        }
    }

    #[test]
    fn a_storefront_sees_catalog_and_stock_only() {
        let may: Vec<_> = Permission::ALL.iter().copied().filter(|&p| Role::Storefront.may(p)).collect();
        assert_eq!(may, [Permission::ReadCatalog, Permission::ReadStock]);
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(bearer(b"Bearer abc"), Some(b"abc".as_slice()));
        assert_eq!(bearer(b"bearer  abc"), Some(b"abc".as_slice()));
        assert_eq!(bearer(b"Basic abc"), None);
        assert_eq!(bearer(b"Bear"), None);
    }
}
