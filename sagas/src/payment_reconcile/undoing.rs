//! What is to be undone of a payment is requested: a void of what is set aside, a refund of what was taken.

use super::{vocabulary::PaymentReconcileAnswer as Answer, worker::answer_of};
use crate::{
    operations::operation_id,
    sending::send,
    worker::{Sender, WorkerError},
};
use tillroll_domain::{
    ids::PaymentId,
    payment::{Payment, commands::PaymentCommand, state::CreatedPayment},
};
use tillroll_infra::bus::Bus;

/// Requests it. What has to wait for another operation's outcome is requested once that is told.
pub(super) async fn undo(
    bus: &Bus,
    sender: &Sender,
    payment_id: PaymentId,
    payment: &CreatedPayment,
) -> Result<Answer, WorkerError> {
    let mut answer = Answer::Done;
    for (step, command) in requests(payment_id, payment, sender.no) {
        if let refused @ Answer::Refused { .. } =
            answer_of(send::<Payment>(bus, &sender.instance, command, sender, step).await?)
        {
            // Somebody was faster; the outcome of what that was is told as well, and then it is looked again.
            answer = refused;
        }
    }
    Ok(answer)
}

/// The requests, under ids that only this undoing has: repeated, it requests nothing twice.
fn requests(payment_id: PaymentId, payment: &CreatedPayment, no: u32) -> Vec<(&'static str, PaymentCommand)> {
    let mut requests = Vec::new();
    let id = |kind: &str| operation_id(payment_id, &format!("undo/{no}/{kind}"));
    let is_new = |kind: &str| !payment.operations().contains_key(&id(kind));
    if let Some((attempt, _)) = payment.void_due().filter(|_| is_new("void")) {
        requests.push(("void", PaymentCommand::RequestVoid { operation_id: id("void"), attempt: Some(attempt) }));
    }
    let amount_minor = payment.refund_due_minor();
    if amount_minor > 0 && is_new("refund") {
        let request = PaymentCommand::RequestRefund { operation_id: id("refund"), amount_minor, reason: None };
        requests.push(("refund", request));
    }
    requests
}
