//! What was captured of the value of cancelled units is given back.

use super::{Answer, is_cancelled, of_checkout};
use crate::{
    cancel_order::messages::SurplusRefund,
    operations::operation_id,
    sending::{context, load, send_in},
    worker::{Sender, WorkerError},
};
use std::collections::BTreeSet;
use tillroll_domain::{
    ids::{OperationId, OrderId, PaymentId},
    order::Order,
    payment::{
        Payment, PaymentError,
        commands::PaymentCommand,
        payment_of_order,
        state::{CreatedPayment, OperationOutcome},
    },
    text::Note,
};
use tillroll_infra::bus::{Bus, CommandContext};

/// A count of the surplus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) order_id: OrderId,
    pub(super) value_minor: i64,
    pub(super) refused_minor: i64,
    pub(super) round: u32,
}

/// The refund that a count requests of a payment.
pub(super) fn refund_id(payment_id: PaymentId, round: u32) -> OperationId {
    operation_id(payment_id, &format!("cancelled-lines/{round}"))
}

/// Requests refunds of what was captured of the value of all cancelled units, less what was requested for them before and not
/// refused, from the order's payments one after the other. What came back, and what others gave back, has no part in that:
/// of the total, only what was cancelled is not to be kept. Repeated, it finds what it requested.
///
/// Each request stands on the payment as it was counted; if that has changed meanwhile, everything is counted anew.
pub(super) async fn surplus(bus: &Bus, sender: &Sender, count: Count) -> Result<Answer, WorkerError> {
    let Count { order_id, value_minor, refused_minor, round } = count;
    let loaded = load::<Order>(bus, &sender.tenant, &order_id.uuid().to_string()).await?;
    // Of an order that is cancelled as a whole by now, all is given back.
    let Some(order) = of_checkout(&loaded.state).filter(|order| !is_cancelled(order)) else {
        return Ok(Answer::Requested { refunds: vec![], lacking_minor: 0 });
    };
    let ids: BTreeSet<PaymentId> = order.payments().keys().copied().chain([payment_of_order(order_id)]).collect();
    let mut payments = vec![];
    for payment_id in ids {
        payments.push((payment_id, load::<Payment>(bus, &sender.tenant, &payment_id.uuid().to_string()).await?));
    }
    // A cancelled payment gives back all that it took.
    let counting = || {
        let created = payments.iter().filter_map(|(id, loaded)| Some((*id, loaded, loaded.state.created().ok()?)));
        created.filter(|(_, _, payment)| !payment.is_cancelled())
    };
    // What was taken beyond a payment's amount, the payment's own process gives back.
    let captured_minor: i64 =
        counting().map(|(_, _, payment)| payment.captured_minor().min(payment.amount().minor)).sum();
    let requested_minor: i64 = counting().map(|(id, _, payment)| requested(payment, id, round)).sum();
    let due_minor = (captured_minor - (order.total_minor() - value_minor)).clamp(0, value_minor.max(0));
    let mut lacking_minor = due_minor - requested_minor - refused_minor;
    let mut refunds = vec![];
    for (payment_id, loaded, payment) in counting() {
        let operation_id = refund_id(payment_id, round);
        if let Some(refund) = payment.operations().get(&operation_id) {
            refunds.push(SurplusRefund { operation_id, amount_minor: refund.amount_minor });
            continue;
        }
        let amount_minor = lacking_minor.min(payment.refundable_minor());
        if amount_minor <= 0 {
            continue;
        }
        let command = PaymentCommand::RequestRefund { operation_id, amount_minor, reason: Some(reason()) };
        let context = CommandContext { if_revision: loaded.revision, ..context(sender, &format!("{payment_id}")) };
        match send_in::<Payment>(bus, &payment_id.uuid().to_string(), command, context).await? {
            Ok(_) => {
                lacking_minor -= amount_minor;
                refunds.push(SurplusRefund { operation_id, amount_minor });
            }
            // Another payment may have it; if none has, that is said.
            Err(PaymentError::TooManyOperations { .. }) => {}
            // It was possible on the very state that it was decided on.
            Err(refusal) => return Err(WorkerError(refusal.to_string())),
        }
    }
    Ok(Answer::Requested { refunds, lacking_minor: lacking_minor.max(0) })
}

/// What all counts so far have requested of a payment and the provider did not refuse, in minor units.
fn requested(payment: &CreatedPayment, payment_id: PaymentId, round: u32) -> i64 {
    let refunds = (0..=round).filter_map(|round| payment.operations().get(&refund_id(payment_id, round)));
    refunds.filter(|refund| refund.outcome != OperationOutcome::Failed).map(|refund| refund.amount_minor).sum()
}

fn reason() -> Note {
    "units of the order were cancelled".parse().expect("a constant is a note")
}
