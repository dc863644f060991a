//! Who may do what: roles, permissions, owners, and the caller behind a request.

use crate::{headers, problem::Problem};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, Method, header, request::Parts},
};
use keys::Keys;
use secrets::Presented;
use std::fmt;
use tillroll_domain::ids::{CartId, CustomerId};

mod document;
pub mod keys;
mod private_file;
pub mod secrets;

pub use document::security_scheme;

/// `Tillroll-Customer`: the customer for whom a storefront acts.
pub static CUSTOMER: HeaderName = HeaderName::from_static("tillroll-customer");
/// `Tillroll-Cart-Secret`: the secret of a guest's cart.
pub static CART_SECRET: HeaderName = HeaderName::from_static("tillroll-cart-secret");
/// `Tillroll-Client-Secret`: a secret that a client made up, to which its idempotency keys are bound.
pub static CLIENT_SECRET: HeaderName = HeaderName::from_static("tillroll-client-secret");

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
    /// What a key stands for, and what the lack of one does.
    Role {
        /// Runs the shop: everything.
        Admin = "admin";
        /// Reads everything, history included; writes nothing.
        Analyst = "analyst";
        /// Inspects money and documents; writes nothing.
        Auditor = "auditor";
        /// The shop's front, a server: reads what shoppers may see, and acts for customers and guests.
        Storefront = "storefront";
        /// Nobody known: a shopper's browser without a key.
        Anonymous = "anonymous";
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
        /// Capture, refund and cancel payments; tell a simulated provider what to do.
        ManagePayments = "manage_payments";
        /// Change and close anybody's cart.
        ManageCarts = "manage_carts";
        /// Start a guest's cart.
        CreateCarts = "create_carts";
        /// Register a new customer.
        RegisterCustomers = "register_customers";
        /// Read products and list prices.
        ReadCatalog = "read_catalog";
        /// Read scheduled and past prices.
        ReadPrices = "read_prices";
        /// Read stock.
        ReadStock = "read_stock";
        /// Read customers.
        ReadCustomers = "read_customers";
        /// Read anybody's cart.
        ReadCarts = "read_carts";
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
    /// The roles that have a key.
    pub const KEYED: [Self; 4] = [Self::Admin, Self::Analyst, Self::Auditor, Self::Storefront];

    /// True if the role has the permission. Of [`Role::Anonymous`] this is true only where the server lets it in; see
    /// [`Principal::may`].
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::ManageCatalog
            | P::ManageStock
            | P::ManageCustomers
            | P::ManageOrders
            | P::ManagePayments
            | P::ManageCarts => matches!(self, Self::Admin),
            P::CreateCarts => matches!(self, Self::Admin | Self::Storefront | Self::Anonymous),
            P::RegisterCustomers => matches!(self, Self::Admin | Self::Storefront),
            P::Operate | P::ReadCarts => matches!(self, Self::Admin | Self::Analyst),
            P::ReadCustomers | P::ReadPrices | P::ReadOrders | P::ReadPayments | P::ReadSales | P::ReadEvents => {
                matches!(self, Self::Admin | Self::Analyst | Self::Auditor)
            }
            P::ReadCatalog | P::ReadStock => true,
        }
    }

    /// True for the roles behind which there is a shopper: they see what is published and offered, and no more.
    #[must_use]
    pub const fn is_shopper(self) -> bool {
        matches!(self, Self::Storefront | Self::Anonymous)
    }
}

/// Whose a cart, an order or a customer's data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A customer.
    Customer(CustomerId),
    /// The guest who has the secret of this cart; also of the order made from it.
    Guest(CartId),
    /// Nobody who could come through the storefront.
    Nobody,
}

/// The caller of a request.
///
/// As an extractor it answers 401 unless `Authorization: Bearer <key>` carries a key of ours, or there is no such header
/// and the server lets anonymous callers in or the request carries `Tillroll-Cart-Secret`. `Tillroll-Customer` comes with
/// the storefront's key only, and the secrets with that key or without any; with another key they are 400 `malformed`.
#[derive(Clone)]
pub struct Principal {
    /// The role of the key.
    pub role: Role,
    acting_for: Option<CustomerId>,
    cart_secret: Option<Presented>,
    /// A digest of what binds the idempotency keys of a guest to the guest.
    client: Option<String>,
    keys: Keys,
}

impl Principal {
    /// Handlers call this first, unless they ask [`Self::may_use`].
    ///
    /// # Errors
    /// 403 if the caller lacks the permission; 401 if the caller has no key.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        match self.role {
            _ if self.may(permission) => Ok(()),
            Role::Anonymous => Err(Problem::unauthorized()),
            Role::Admin | Role::Analyst | Role::Auditor | Role::Storefront => Err(Problem::forbidden(permission)),
        }
    }

    /// True if the caller has the permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        // Without a key, a cart's secret opens that cart and nothing else.
        let is_let_in = self.role != Role::Anonymous || self.keys.allows_anonymous();
        is_let_in && self.role.may(permission)
    }

    /// True if the caller may use what belongs to this owner: by permission, as the storefront that acts for the customer,
    /// or by the cart's secret. A handler that gets false answers exactly as if there were no such thing.
    #[must_use]
    pub fn may_use(&self, owner: Owner, everyone_with: Permission) -> bool {
        self.may(everyone_with) || self.owns(owner)
    }

    /// True if the caller is the owner, or the storefront that acts for the owner.
    #[must_use]
    pub fn owns(&self, owner: Owner) -> bool {
        match owner {
            Owner::Customer(customer) => self.acting_for == Some(customer),
            Owner::Guest(cart) => {
                self.cart_secret.as_ref().is_some_and(|presented| self.keys.server().opens(cart, presented))
            }
            Owner::Nobody => false,
        }
    }

    /// The customer for whom the storefront acts.
    #[must_use]
    pub fn acting_for(&self) -> Option<CustomerId> {
        self.acting_for
    }

    /// Who it is, for the metadata of events; nothing personal and no secret: a role, `customer:<id>` or `guest`.
    #[must_use]
    pub fn actor(&self) -> String {
        match (self.role, self.acting_for) {
            (_, Some(customer)) => format!("customer:{customer}"),
            (Role::Anonymous, None) => "guest".to_owned(),
            (Role::Storefront, None) if self.cart_secret.is_some() => "guest".to_owned(),
            (role, None) => role.name().to_owned(),
        }
    }

    /// Within what an idempotency key names one request: the same key of two customers, or of two guests whose secrets
    /// differ, is two requests. Holds no secret, only a digest that this server alone can make.
    #[must_use]
    pub fn key_scope(&self) -> String {
        match &self.client {
            Some(client) => format!("{}:{client}", self.actor()),
            None => self.actor(),
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("role", &self.role)
            .field("acting_for", &self.acting_for)
            .finish_non_exhaustive()
    }
}

impl<S> FromRequestParts<S> for Principal
where
    Keys: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let keys = Keys::from_ref(state);
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let role = match (values.next(), values.next()) {
            (Some(value), None) => bearer(value.as_bytes()).and_then(|key| keys.role_of(key)),
            (None, _) => {
                let has_secret = parts.headers.contains_key(&CART_SECRET);
                let claims_a_customer = parts.headers.contains_key(&CUSTOMER);
                ((keys.allows_anonymous() || has_secret) && !claims_a_customer).then_some(Role::Anonymous)
            }
            _ => None,
        };
        let role = role.ok_or_else(Problem::unauthorized)?;
        let principal = principal(role, &parts.headers, keys)?;
        let is_write = !matches!(parts.method, Method::GET | Method::HEAD);
        if is_write && role == Role::Anonymous && principal.client.is_none() && has_key(&parts.headers) {
            return Err(Problem::malformed(
                "without a key of this server, an Idempotency-Key is honored only with Tillroll-Client-Secret, 16 bytes or \
                 more of base64url that this client alone knows",
            ));
        }
        Ok(principal)
    }
}

fn has_key(headers: &HeaderMap) -> bool {
    headers.contains_key(&headers::IDEMPOTENCY_KEY)
}

fn principal(role: Role, headers: &HeaderMap, keys: Keys) -> Result<Principal, Problem> {
    let [customer, cart, client] = [&CUSTOMER, &CART_SECRET, &CLIENT_SECRET].map(|name| headers::single(headers, name));
    let (customer, cart, client) = (customer?, cart?, client?);
    if !role.is_shopper()
        && let Some(name) = [(&CUSTOMER, customer), (&CART_SECRET, cart), (&CLIENT_SECRET, client)]
            .into_iter()
            .find_map(|(name, value)| value.map(|_| name))
    {
        return Err(Problem::malformed(format!("the header {name} is for the storefront's key, not for this one")));
    }
    let acting_for = customer.map(|text| {
        text.parse::<CustomerId>().map_err(|error| Problem::malformed(format!("Tillroll-Customer: {error}")))
    });
    // What was given is never repeated: it may be a secret with a slip of the pen.
    let cart_secret = cart.map(|text| {
        Presented::parse(text)
            .ok_or_else(|| Problem::malformed("Tillroll-Cart-Secret is 43 characters of base64url, as it was answered"))
    });
    let client_secret = client.map(|text| {
        secrets::client_secret(text)
            .ok_or_else(|| Problem::malformed("Tillroll-Client-Secret is 16 to 64 bytes of base64url without padding"))
    });
    let (acting_for, cart_secret, client_secret) =
        (acting_for.transpose()?, cart_secret.transpose()?, client_secret.transpose()?);
    // A guest who knows a cart's secret is told from others by it, and needs no further one.
    let binding = client_secret.as_deref().map(Vec::as_slice).or(cart.map(str::as_bytes));
    // A customer is a scope already.
    let client = binding.filter(|_| acting_for.is_none()).map(|secret| keys.server().client_digest(secret));
    Ok(Principal { role, acting_for, cart_secret, client, keys })
}

/// The credentials behind the scheme `Bearer`, whose case does not matter (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests;
