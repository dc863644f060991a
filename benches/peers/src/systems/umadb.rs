//! UmaDB through its Rust client, with an append condition on the tag of the order behind the last position that its
//! writer knows. Either each writer has a connection, as separate processes would have, or all share one, as tasks of one
//! process would: which is faster depends on how many they are.

use crate::{
    servers::UmaDbServer,
    system::{Counts, System, Writer},
    workload::Event,
};
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
};
use std::sync::Arc;
use tillroll_benches::Failure;
use tillroll_infra::ambient::{Ambient, IdSource};
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};
use uuid::Uuid;

/// A running server.
#[derive(Debug)]
pub struct UmaDb {
    url: String,
    about: String,
    is_shared: bool,
    ids: Arc<dyn IdSource>,
}

impl UmaDb {
    /// The one that was started, whose writers share a connection or have one each.
    #[must_use]
    pub fn new(server: &UmaDbServer, is_shared: bool) -> Self {
        let connections = if is_shared { "one connection for all writers" } else { "one connection for each writer" };
        let about = format!("{}, {connections}, append condition on the tag", server.about());
        Self { url: server.url(), about, is_shared, ids: Ambient::system().ids }
    }

    async fn connect(&self) -> Result<AsyncUmaDbClient, Failure> {
        Ok(UmaDbClient::new(self.url.clone()).connect_async().await?)
    }
}

impl System for UmaDb {
    fn about(&self) -> String {
        self.about.clone()
    }

    fn writers(&self, count: usize) -> BoxFuture<'_, Result<Vec<Box<dyn Writer>>, Failure>> {
        async move {
            let mut writers = Vec::with_capacity(count);
            let mut client = Arc::new(self.connect().await?);
            for _ in 0..count {
                if !self.is_shared && !writers.is_empty() {
                    client = Arc::new(self.connect().await?);
                }
                let client = client.clone();
                writers.push(Box::new(ClientWriter { client, ids: self.ids.clone(), last: None }) as Box<dyn Writer>);
            }
            Ok(writers)
        }
        .boxed()
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, Failure>> {
        async {
            let client = self.connect().await?;
            let mut events = client.read(None, None, false, None).await?;
            let mut counts = Counts::new();
            while let Some(event) = events.next().await {
                let event = event?.event;
                let tag = event.tags.first().ok_or("an event without a tag")?;
                *counts.entry(tag.parse()?).or_default() += 1;
            }
            Ok(counts)
        }
        .boxed()
    }
}

struct ClientWriter {
    client: Arc<AsyncUmaDbClient>,
    ids: Arc<dyn IdSource>,
    last: Option<u64>,
}

impl Writer for ClientWriter {
    fn append<'a>(&'a mut self, stream: Uuid, number: usize, event: &'a Event) -> BoxFuture<'a, Result<u64, Failure>> {
        async move {
            let tag = stream.to_string();
            let boundary = DcbQuery::new().item(DcbQueryItem::new().tags([tag.clone()]));
            let after = self.last.filter(|_| number > 0);
            let entries = event.entries.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let event = DcbEvent::default()
                .event_type(&*event.written.event_type)
                .tags([tag])
                .data(event.written.data.as_bytes())
                .uuid(self.ids.next())
                .metadata(entries);
            let condition = DcbAppendCondition::new(boundary).after(after);
            self.last = Some(self.client.append(vec![event], Some(condition), None).await?);
            Ok(0)
        }
        .boxed()
    }
}
