//! A bank account as an application of `cqrs-es` has it; nothing here knows of Tillroll.

use async_trait::async_trait;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, Query, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BankAccountEvent {
    AccountOpened { account_id: String },
    CustomerDepositedMoney { amount: u64, balance: u64 },
    CustomerWithdrewCash { amount: u64, balance: u64 },
}

impl DomainEvent for BankAccountEvent {
    fn event_type(&self) -> String {
        let name = match self {
            Self::AccountOpened { .. } => "AccountOpened",
            Self::CustomerDepositedMoney { .. } => "CustomerDepositedMoney",
            Self::CustomerWithdrewCash { .. } => "CustomerWithdrewCash",
        };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Debug)]
pub(crate) enum BankAccountCommand {
    OpenAccount {
        account_id: String,
    },
    DepositMoney {
        amount: u64,
    },
    WithdrawMoney {
        amount: u64,
    },
    /// Deposits and withdraws at once: two events of one command.
    PassThrough {
        amount: u64,
    },
    /// Decides that nothing happens.
    LookAtBalance,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BankAccountError(pub(crate) &'static str);

impl std::fmt::Display for BankAccountError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BankAccountError {}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct BankAccount {
    opened: bool,
    balance: u64,
}

impl Aggregate for BankAccount {
    const TYPE: &'static str = "BankAccount";
    type Command = BankAccountCommand;
    type Event = BankAccountEvent;
    type Error = BankAccountError;
    type Services = ();

    async fn handle(
        &mut self,
        command: BankAccountCommand,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), BankAccountError> {
        match command {
            BankAccountCommand::OpenAccount { account_id } => {
                if self.opened {
                    return Err(BankAccountError("already open"));
                }
                sink.write(BankAccountEvent::AccountOpened { account_id }, self).await;
            }
            BankAccountCommand::DepositMoney { amount } => self.deposit(amount, sink).await,
            BankAccountCommand::WithdrawMoney { amount } => self.withdraw(amount, sink).await?,
            BankAccountCommand::PassThrough { amount } => {
                self.deposit(amount, sink).await;
                self.withdraw(amount, sink).await?;
            }
            BankAccountCommand::LookAtBalance => {}
        }
        Ok(())
    }

    fn apply(&mut self, event: BankAccountEvent) {
        match event {
            BankAccountEvent::AccountOpened { .. } => self.opened = true,
            BankAccountEvent::CustomerDepositedMoney { balance, .. }
            | BankAccountEvent::CustomerWithdrewCash { balance, .. } => self.balance = balance,
        }
    }
}

impl BankAccount {
    async fn deposit(&mut self, amount: u64, sink: &EventSink<Self>) {
        let balance = self.balance + amount;
        sink.write(BankAccountEvent::CustomerDepositedMoney { amount, balance }, self).await;
    }

    async fn withdraw(&mut self, amount: u64, sink: &EventSink<Self>) -> Result<(), BankAccountError> {
        let Some(balance) = self.balance.checked_sub(amount) else { return Err(BankAccountError("not enough money")) };
        sink.write(BankAccountEvent::CustomerWithdrewCash { amount, balance }, self).await;
        Ok(())
    }
}

/// What a query was told: id, sequence, event, metadata.
pub(crate) type Told = (String, usize, BankAccountEvent, Vec<(String, String)>);

/// A query that writes down what it is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statement(Arc<Mutex<Vec<Told>>>);

impl Statement {
    pub(crate) fn told(&self) -> Vec<Told> {
        self.0.lock().expect("no query has panicked").clone()
    }
}

#[async_trait]
impl Query<BankAccount> for Statement {
    async fn dispatch(&self, aggregate_id: &str, events: &[EventEnvelope<BankAccount>]) {
        for event in events {
            assert_eq!(event.aggregate_id, aggregate_id);
            let mut metadata: Vec<_> = event.metadata.clone().into_iter().collect();
            metadata.sort();
            let told = (aggregate_id.to_owned(), event.sequence, event.payload.clone(), metadata);
            self.0.lock().expect("no query has panicked").push(told);
        }
    }
}
