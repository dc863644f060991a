//! `tillroll serve`: runs the engine until it is told to stop.

use super::import;
use crate::{
    engine::Engine,
    import::{ImportOptions, Input},
};
use anyhow::Context;
use std::path::PathBuf;
use tillroll_http::{ServerLimits, serve};
use tillroll_infra::config::Settings;
use tokio::{net::TcpListener, signal};

pub(super) async fn run(settings: Settings, history: Option<Option<PathBuf>>) -> anyhow::Result<()> {
    let limits = ServerLimits {
        connections_max: settings.http.connections_max,
        connections_per_address_max: settings.http.connections_per_ip_max,
        ..ServerLimits::default()
    };
    let options = history.map(|file| ImportOptions { input: file.map(Input::file), until: None, strict: false });
    options.as_ref().map_or(Ok(()), ImportOptions::check)?;
    let listen = settings.listen;
    // Before anything that takes long: nobody likes to wait for an import only to hear that the port is taken.
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}; is something else there? choose with --listen"))?;
    let engine = Engine::open(settings).await?;
    let follower = engine.projections.start();
    let served = import_and_serve(&engine, listener, limits, options).await;
    engine.close(Some(follower)).await;
    served
}

async fn import_and_serve(
    engine: &Engine,
    listener: TcpListener,
    limits: ServerLimits,
    history: Option<ImportOptions>,
) -> anyhow::Result<()> {
    let router = engine.router()?;
    if let Some(options) = history {
        let report = import::import(engine, options).await?;
        eprintln!("{report}");
    }
    // After an import, since history is no occasion to do anything; and before anybody is served or any message delivered,
    // since a process is told of nothing that came before it was enabled.
    let processes = engine.start_processes().await?;
    let simulated_provider = engine.start_simulated_provider()?;
    let address = listener.local_addr()?;
    let simulated = match engine.payments()?.providers.simulated().next() {
        Some(_) => "payments are SIMULATED: no money moves\n",
        None => "",
    };
    let keys = engine.keys_path();
    let keys = keys.display();
    eprintln!(
        "tillroll serves http://{address}/ (the API with a page to try it)\n\
         {simulated}role keys: {keys}\n\
         sales by month, for instance:\n  \
         curl -H \"Authorization: Bearer $(sed -n 's/^analyst = \"\\(.*\\)\"/\\1/p' '{keys}')\" \
         http://{address}/api/v1/sales/by-month\n\
         stop with Ctrl-C"
    );
    let stopped = async {
        stop_signal().await;
        engine.end_live_streams();
    };
    let served = serve(listener, router, limits, stopped).await;
    drop(simulated_provider);
    processes.shutdown().await;
    Ok(served?)
}

/// Completes when the process is asked to end.
async fn stop_signal() {
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard; stop with Ctrl-C");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        interrupted = signal::ctrl_c() => if let Err(error) = interrupted {
            tracing::warn!(%error, "Ctrl-C cannot be heard; the server ends");
        },
        () = terminated => {}
    }
}
