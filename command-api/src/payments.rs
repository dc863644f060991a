//! What staff ask of payments, and the buyer's next attempt to pay.
//!
//! A handler only records what is wanted, on the payment; whoever settles payments asks the provider afterwards, under the
//! recorded operation's id.
//!
//! **Invariant:** nothing here calls a provider.

pub(crate) mod webhooks;

use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    body::Amount,
    orders::access,
    problems::{
        AMOUNT_TOO_FINE, AMOUNT_TOO_LARGE, CURRENCY_MISMATCH, ORDER_CANCELLED, ORDER_NOT_PAYABLE, PAYMENT_NOT_READY,
        PAYMENT_WITHOUT_PROVIDER,
    },
    refusal::{Refusal, problem_of},
    request::{KeyedWriteHeaders, Write, WriteRequest},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::{Currency, Rounding},
    order::status::Lifecycle,
    payment::{Payment, PaymentError, commands::PaymentCommand, payment_of_order, state::CreatedPayment},
    price::Price,
    text::{Note, Reference},
};
use tillroll_http::{Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::Loaded;
use utoipa::ToSchema;

/// Money to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureMoney {
    /// How much, in the payment's currency; all that can be captured where absent.
    #[schema(value_type = Option<Amount>)]
    amount: Option<Price>,
}

/// Money to give back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundMoney {
    /// How much, in the payment's currency; all that can be refunded where absent.
    #[schema(value_type = Option<Amount>)]
    amount: Option<Price>,
    /// Why; nothing personal. May be empty.
    #[schema(value_type = schema::Note)]
    reason: Note,
}

/// Why a payment is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelPayment {
    /// Why; nothing personal.
    #[schema(value_type = schema::Reference)]
    reason: Reference,
}

/// What to pay with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayOrder {
    /// What the payment provider knows the buyer's means of payment by: the token that the provider's own form answered.
    /// Never the number of a card.
    #[schema(value_type = schema::Reference, example = "tok_approve")]
    instrument: Reference,
}

/// Take money that is set aside.
///
/// The request is recorded, and the provider is asked afterwards; the payment tells what became of `operation_id`. With what
/// was taken and is being taken, it is at most what was set aside (409 `capture_exceeds_authorized`).
#[utoipa::path(post, path = "/api/v1/payments/{id}/capture", tag = "payments",
    params(("id" = inline(schema::PaymentId), Path), KeyedWriteHeaders), request_body = CaptureMoney,
    responses(Changed, Refusals))]
pub(crate) async fn capture_payment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<PaymentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManagePayments)?;
    request.require_key()?;
    let CaptureMoney { amount } = request.body()?;
    let loaded = load(&api, id).await?;
    let payment = with_provider(&loaded)?;
    let amount_minor = match amount {
        Some(amount) => minor(amount, payment.amount().currency)?,
        None => payment.capturable_minor(),
    };
    let write = request.begin(&api, &principal);
    let operation_id = operation_id(&api, &write);
    let command = PaymentCommand::RequestCapture { operation_id, amount_minor };
    Ok(run(&api, &write, id, command).await?.operation(operation_id))
}

/// Give money back.
///
/// The request is recorded, and the provider is asked afterwards; the payment tells what became of `operation_id`. With what
/// was given back, is being given back, and is in dispute or lost to one, it is at most what was captured (409
/// `refund_exceeds_captured`).
#[utoipa::path(post, path = "/api/v1/payments/{id}/refund", tag = "payments",
    params(("id" = inline(schema::PaymentId), Path), KeyedWriteHeaders), request_body = RefundMoney,
    responses(Changed, Refusals))]
pub(crate) async fn refund_payment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<PaymentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManagePayments)?;
    request.require_key()?;
    let RefundMoney { amount, reason } = request.body()?;
    let loaded = load(&api, id).await?;
    let payment = with_provider(&loaded)?;
    let amount_minor = match amount {
        Some(amount) => minor(amount, payment.amount().currency)?,
        None => payment.refundable_minor(),
    };
    let write = request.begin(&api, &principal);
    let operation_id = operation_id(&api, &write);
    let reason = Some(reason).filter(|reason| !reason.as_str().is_empty());
    let command = PaymentCommand::RequestRefund { operation_id, amount_minor, reason };
    Ok(run(&api, &write, id, command).await?.operation(operation_id))
}

/// Give a payment up: nothing more is taken, what is set aside is set free, and what was taken, or turns out to have been, is
/// given back.
///
/// Whoever cancels an order need not do this; it follows by itself.
#[utoipa::path(post, path = "/api/v1/payments/{id}/cancel", tag = "payments",
    params(("id" = inline(schema::PaymentId), Path), KeyedWriteHeaders), request_body = CancelPayment,
    responses(Changed, Refusals))]
pub(crate) async fn cancel_payment(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<PaymentId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    principal.require(Permission::ManagePayments)?;
    request.require_key()?;
    let CancelPayment { reason } = request.body()?;
    run(&api, &request.begin(&api, &principal), id, PaymentCommand::Cancel { reason }).await
}

/// Try to pay an order that waits for its payment, after another attempt was declined or left unfinished.
///
/// For the order's buyer, the storefront that acts for them, and who manages orders. The attempt is recorded, and the provider
/// is asked afterwards: `GET /orders/{id}/payments` tells what became of `operation_id`, and where to send the buyer if the
/// provider wants something of them. Refused while another attempt has no outcome (409 `operation_open`) or stands (409
/// `payment_authorized`), and once the order does not wait for a payment (409 `order_not_payable`, `order_cancelled`).
#[utoipa::path(post, path = "/api/v1/orders/{id}/pay", tag = "payments",
    params(("id" = inline(schema::OrderId), Path), KeyedWriteHeaders), request_body = PayOrder,
    responses(Changed, Refusals))]
pub(crate) async fn pay_order(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<OrderId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let order = access::authorized(&api, &principal, id).await?.order;
    request.require_key()?;
    let PayOrder { instrument } = request.body()?;
    let payment_id = payment_of_order(id);
    let write = request.begin(&api, &principal);
    let loaded = stored(&api, payment_id).await?;
    let placed = order.state.placed().map_err(|refusal| refusal.problem())?;
    let answered = loaded.answer_to(write.command_id()).is_some();
    let terms = placed.payment_terms().ok_or_else(|| not_payable(placed.lifecycle()))?;
    if !answered {
        match placed.lifecycle() {
            Lifecycle::Placed if placed.holds().is_empty() || loaded.state.created().is_err() => {
                return Err(Problem::of(&PAYMENT_NOT_READY).detail("the order's stock is not held yet"));
            }
            Lifecycle::Placed => {}
            Lifecycle::Cancelled => return Err(Problem::of(&ORDER_CANCELLED).detail("the order is cancelled")),
            other @ (Lifecycle::Confirmed | Lifecycle::Closed) => return Err(not_payable(other)),
        }
    }
    let operation_id = operation_id(&api, &write);
    let provider = terms.provider.clone();
    let command = PaymentCommand::RequestAuthorization { operation_id, provider, instrument: Some(instrument) };
    Ok(run(&api, &write, payment_id, command).await?.operation(operation_id))
}

fn not_payable(lifecycle: Lifecycle) -> Problem {
    let problem = Problem::of(&ORDER_NOT_PAYABLE).detail("the order does not wait for a payment");
    problem.with("lifecycle", lifecycle.as_str())
}

/// The payment, which must be there.
async fn load(api: &CommandApi, id: PaymentId) -> Result<Loaded<Payment>, Problem> {
    let loaded = stored(api, id).await?;
    if loaded.state.created().is_err() { Err(PaymentError::NotCreated.problem()) } else { Ok(loaded) }
}

async fn stored(api: &CommandApi, id: PaymentId) -> Result<Loaded<Payment>, Problem> {
    api.bus.load::<Payment>(&api.tenant, &id.uuid().to_string()).await.map_err(problem_of)
}

/// The payment, if somebody could move its money.
fn with_provider(loaded: &Loaded<Payment>) -> Result<&CreatedPayment, Problem> {
    let payment = loaded.state.created().map_err(|refusal| refusal.problem())?;
    if payment.provider().is_none() {
        return Err(Problem::of(&PAYMENT_WITHOUT_PROVIDER).detail("no provider took the payment"));
    }
    Ok(payment)
}

fn operation_id(api: &CommandApi, write: &Write) -> OperationId {
    OperationId::new(write.new_id(api, "operation"))
}

/// The amount in minor units, which must be whole ones of the payment's currency.
fn minor(amount: Price, currency: Currency) -> Result<i64, Problem> {
    if amount.currency != currency {
        let problem = Problem::of(&CURRENCY_MISMATCH).detail("the payment is in another currency");
        return Err(problem.with("field", "amount").with("expected", currency).with("given", amount.currency));
    }
    let money = amount
        .amount
        .times(1, currency, Rounding::HalfUp)
        .map_err(|_| Problem::of(&AMOUNT_TOO_LARGE).detail("the amount is too large").with("field", "amount"))?;
    if money.rounding_micros != 0 {
        let problem = Problem::of(&AMOUNT_TOO_FINE).detail("the amount is finer than the currency's minor unit");
        return Err(problem.with("field", "amount").with("amount", amount.amount).with("currency", currency));
    }
    Ok(money.minor)
}

async fn run(api: &CommandApi, write: &Write, id: PaymentId, command: PaymentCommand) -> Result<Written, Problem> {
    let executed = api.bus.execute::<Payment>(&id.uuid().to_string(), command, write.first()).await;
    Ok(Written::new(id, &executed.map_err(problem_of)?))
}
