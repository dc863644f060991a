//! Process managers: what carries a business process on from event to command, across crashes, failures and days.
//!
//! A process decides from its own stream alone, which is inbox, outbox and timers in one; see [`process::Process`]. What it
//! wants done is recorded before it is tried, under an id that makes trying again harmless.
//!
//! **Invariant:** handling one input is one append: the input consumed, what was learnt, what is to be done, what is timed.
//! **Invariant:** no read model decides anything; the index of open work only says where to look.

pub mod all;
pub mod authorization_watch;
pub mod cancel_order;
pub mod checkout;
pub mod fulfillment;
pub mod managed;
pub mod operations;
pub mod payment_reconcile;
pub mod process;
pub mod processes;
pub mod provider_inbox;
pub mod registration;
pub mod return_and_refund;
pub mod runtime;
pub mod sending;
pub mod work;
pub mod worker;

#[cfg(test)]
mod testing;
