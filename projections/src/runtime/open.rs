//! What is there when the runtime begins: which tables, at which positions, of which version.

use super::{
    Context, OpenError,
    member::{Member, Mode, generation_spec},
    progress::Handle,
    scan::{Scan, mismatch},
};
use crate::{
    projection::Projection,
    store::{Checkpoint, GenerationState, Registration},
    table::{TableSpec, is_identifier},
};
use std::{collections::HashSet, sync::Arc};
use tillroll_infra::stream::Position;

/// Looks for declarations that cannot work.
pub(super) fn check(projections: &[Arc<dyn Projection>]) -> Result<(), OpenError> {
    let mut names = HashSet::new();
    let mut tables = HashSet::new();
    for projection in projections {
        let name = projection.name();
        let refuse = |reason: String| Err(OpenError::Declaration { projection: name, reason });
        if !is_identifier(name) || !names.insert(name) {
            return refuse("has a name that is no identifier or is taken".to_owned());
        }
        for table in projection.tables() {
            if let Some(reason) = table_fault(&table) {
                return refuse(format!("declares the table {}, {reason}", table.name));
            }
            if !tables.insert(table.name) {
                return refuse(format!("declares the table {}, which is declared twice", table.name));
            }
        }
    }
    Ok(())
}

fn table_fault(table: &TableSpec) -> Option<&'static str> {
    let mut columns = HashSet::new();
    // Generations put a suffix behind the name, which must stay an identifier and must not look like another table.
    if !is_identifier(table.name) || table.name.len() > 40 || table.name.contains("__") {
        return Some("whose name is no identifier of at most 40 bytes without double underscores");
    }
    if table.name.starts_with("tillroll_") || table.name.starts_with("sqlite_") {
        return Some("whose name is reserved");
    }
    if table.key_columns == 0 || table.key_columns > table.columns.len() {
        return Some("whose key has no columns, or more than there are");
    }
    if !table.columns.iter().all(|column| is_identifier(column.name) && columns.insert(column.name)) {
        return Some("which has a column whose name is no identifier or is taken");
    }
    if table.columns.iter().take(table.key_columns).any(|column| column.nullable) {
        return Some("whose key may be null");
    }
    None
}

/// One scan for each position at which projections stand. Those that cannot go on are stopped and in none.
pub(super) async fn scans(
    context: &Context,
    projections: &[Arc<dyn Projection>],
    handles: &[Arc<Handle>],
) -> Result<Vec<Scan>, OpenError> {
    let registrations = context.store.registrations().await?;
    let mut groups: Vec<(Checkpoint, Vec<Member>)> = Vec::new();
    for (projection, handle) in projections.iter().zip(handles) {
        let own: Vec<&Registration> =
            registrations.iter().filter(|registration| registration.projection == projection.name()).collect();
        let Some((generation, mode, checkpoint)) = place(context, projection.as_ref(), handle, &own).await? else {
            continue;
        };
        let member =
            Member::new(projection.clone(), handle.clone(), generation, mode, checkpoint.position, &context.limits);
        match groups.iter_mut().find(|(at, _)| *at == checkpoint) {
            Some((_, members)) => members.push(member),
            None => groups.push((checkpoint, vec![member])),
        }
    }
    Ok(groups.into_iter().map(|(at, members)| Scan::new(members, at, context)).collect())
}

/// The generation that is to be filled; `None` if the projection is stopped.
async fn place(
    context: &Context,
    projection: &dyn Projection,
    handle: &Handle,
    own: &[&Registration],
) -> Result<Option<(u32, Mode, Checkpoint)>, OpenError> {
    let name = projection.name();
    let live = own.iter().find(|registration| registration.state == GenerationState::Live);
    let old = live.is_some_and(|live| live.version != projection.version());
    if let Some(live) = live {
        let parked = context.store.parked(Some(name), None, context.limits.parked_max).await?;
        handle.set_parked(parked.len());
        handle.update(|progress| progress.position = live.checkpoint.position);
    }
    // What was being built is of use only if it is what would be built now, from this log.
    let mut resumed = None;
    for left in own.iter().filter(|registration| registration.state == GenerationState::Building) {
        let fits = old && resumed.is_none() && left.version == projection.version();
        if fits && mismatch(context.log.as_ref(), left.checkpoint).await?.is_none() {
            resumed = Some((left.generation, left.checkpoint));
        } else {
            context.store.discard(name, left.generation).await?;
        }
    }
    match live {
        Some(live) if !old => match mismatch(context.log.as_ref(), live.checkpoint).await? {
            Some(reason) => {
                handle.stop(&reason);
                Ok(None)
            }
            None => Ok(Some((live.generation, Mode::Live, live.checkpoint))),
        },
        Some(_) => {
            let (generation, checkpoint) = match resumed {
                Some(resumed) => resumed,
                None => {
                    let spec = generation_spec(projection);
                    (context.store.create(spec, GenerationState::Building).await?, Checkpoint::default())
                }
            };
            handle.update(|progress| progress.building = Some(checkpoint.position));
            Ok(Some((generation, Mode::Building, checkpoint)))
        }
        None => {
            let generation = context.store.create(generation_spec(projection), GenerationState::Live).await?;
            handle.update(|progress| progress.position = Position::START);
            Ok(Some((generation, Mode::Live, Checkpoint::default())))
        }
    }
}
