//! The body of a simulated message, as it is written and as it is read.

use crate::payments::{ParsedWebhook, WEBHOOK_BYTES_MAX, WebhookError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    provider_message::{ProviderFact, ProviderFactKind},
    text::Reference,
};

/// Every kind of message and its name.
const TYPES: [(ProviderFactKind, &str); 11] = [
    (ProviderFactKind::Authorized, "payment.authorized"),
    (ProviderFactKind::ActionRequired, "payment.action_required"),
    (ProviderFactKind::Failed, "payment.failed"),
    (ProviderFactKind::Captured, "payment.captured"),
    (ProviderFactKind::Voided, "payment.voided"),
    (ProviderFactKind::Refunded, "refund.succeeded"),
    (ProviderFactKind::RefundFailed, "refund.failed"),
    (ProviderFactKind::AuthorizationExpired, "authorization.expired"),
    (ProviderFactKind::DisputeOpened, "dispute.opened"),
    (ProviderFactKind::DisputeWon, "dispute.won"),
    (ProviderFactKind::DisputeLost, "dispute.lost"),
];

#[derive(Serialize)]
struct Written<'a> {
    id: &'a Reference,
    r#type: &'a str,
    created_at: DateTime<Utc>,
    data: &'a ProviderFact,
}

#[derive(Deserialize)]
struct Read {
    id: Reference,
    r#type: String,
}

/// What a message of a known kind says besides.
#[derive(Deserialize)]
struct Told {
    data: ProviderFact,
}

/// The body of a message about a fact.
pub(super) fn write(id: &Reference, created_at: DateTime<Utc>, fact: &ProviderFact) -> String {
    let name = TYPES.iter().find(|(kind, _)| *kind == fact.kind).map_or("other", |(_, name)| name);
    let written = Written { id, r#type: name, created_at, data: fact };
    serde_json::to_string(&written).expect("a message is JSON")
}

/// Reads a body whose signature was right.
pub(super) fn read(body: &[u8], signed_at: DateTime<Utc>) -> Result<ParsedWebhook, WebhookError> {
    if body.len() > WEBHOOK_BYTES_MAX {
        return Err(malformed(format!("it is longer than {WEBHOOK_BYTES_MAX} bytes")));
    }
    let Read { id, r#type } = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let Some((kind, _)) = TYPES.iter().find(|(_, name)| *name == r#type) else {
        // Kept, and of no consequence.
        let code = r#type.chars().take(Reference::MAX_CHARS).collect::<String>().parse().ok();
        let fact = ProviderFact { code, ..ProviderFact::of(ProviderFactKind::Other) };
        return Ok(ParsedWebhook { message_id: id, signed_at, fact });
    };
    let Told { data: fact } = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    if fact.kind != *kind {
        return Err(malformed("its type is not that of its data".to_owned()));
    }
    Ok(ParsedWebhook { message_id: id, signed_at, fact })
}

const fn malformed(reason: String) -> WebhookError {
    WebhookError::Malformed { reason }
}

/// Where a body cannot be read. The error's own text would quote the body.
fn unreadable(error: &serde_json::Error) -> WebhookError {
    malformed(format!("{:?} error in line {}, column {}", error.classify(), error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillroll_domain::{
        ids::{OperationId, PaymentId},
        money::Money,
    };
    use uuid::Uuid;

    fn fact(kind: ProviderFactKind) -> ProviderFact {
        ProviderFact {
            payment_id: Some(PaymentId::new(Uuid::from_u128(1))),
            operation_id: Some(OperationId::new(Uuid::from_u128(2))),
            provider_reference: Some("sim_cap_a".parse().unwrap()),
            amount: Some(Money::new(1_234, "EUR".parse().unwrap())),
            code: Some("card_declined".parse().unwrap()),
            dispute: Some("sim_dis_a".parse().unwrap()),
            expires_at: DateTime::from_timestamp(1_000, 0),
            action_url: Some("/simulator/pay/a".parse().unwrap()),
            ..ProviderFact::of(kind)
        }
    }

    #[test]
    fn every_message_is_read_as_it_was_written() {
        let (id, now): (Reference, _) = ("sim_evt_a".parse().unwrap(), DateTime::UNIX_EPOCH);
        for (kind, name) in TYPES {
            for fact in [fact(kind), ProviderFact::of(kind)] {
                let body = write(&id, now, &fact);
                assert!(body.contains(name), "{body}");
                let parsed = ParsedWebhook { message_id: id.clone(), signed_at: now, fact };
                assert_eq!(read(body.as_bytes(), now), Ok(parsed));
            }
        }
    }

    #[test]
    fn a_message_about_something_else_is_of_no_consequence() {
        let parsed = read(br#"{"id":"e1","type":"payout.paid","data":{"x":1}}"#, DateTime::UNIX_EPOCH).unwrap();
        let expected =
            ProviderFact { code: Some("payout.paid".parse().unwrap()), ..ProviderFact::of(ProviderFactKind::Other) };
        assert_eq!((parsed.message_id.as_str(), parsed.fact), ("e1", expected));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_place_and_never_by_its_text() {
        let in_data = r#"{"id":"e1","type":"payment.captured","data":{"kind":"Mary Major"}}"#;
        let in_head = r#"{"id":{"Mary Major":1},"type":"payment.captured"}"#;
        let in_type = r#"{"id":"e1","type":"payment.captured","data":"Mary Major"}"#;
        for body in [in_data, in_head, in_type, "Mary Major"] {
            let reason = read(body.as_bytes(), DateTime::UNIX_EPOCH).unwrap_err().to_string();
            assert!(!reason.contains("Mary"), "{reason}");
            assert!(reason.contains("line 1, column"), "{reason}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let lies = r#"{"id":"e1","type":"payment.captured","data":{"kind":"refunded"}}"#;
        let long = format!("{{\"id\":\"e1\",\"type\":\"{}\"}}", "a".repeat(WEBHOOK_BYTES_MAX));
        for body in ["", "{}", "[]", r#"{"id":"","type":"x"}"#, r#"{"id":"e1","type":"payment.captured"}"#, lies, &long]
        {
            let read = read(body.as_bytes(), DateTime::UNIX_EPOCH);
            assert!(matches!(read, Err(WebhookError::Malformed { .. })), "{body}");
        }
    }
}
