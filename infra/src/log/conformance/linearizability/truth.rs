//! The log as it stands when a history has ended, looked at as a line of appends.

use super::{
    calls::{LogCall, revision},
    history::Call,
    sweep::Violation,
};
use crate::{
    event::RecordedEvent,
    log::EventFilter,
    stream::{Position, StreamId},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The events of a history in the order of their positions. A place is a number of events: at place 3, the first three
/// stand in the log.
#[derive(Debug)]
pub(super) struct Truth<'a> {
    events: &'a [RecordedEvent],
    streams: HashMap<&'a StreamId, Standing>,
    places: HashMap<Uuid, usize>,
    appends: Vec<(usize, usize)>,
    /// For every place, the end of the append that it lies in.
    ends: Vec<usize>,
}

/// The events of one stream: their ids, and the places at which they had come to stand.
#[derive(Debug, Default)]
struct Standing {
    ids: Vec<Uuid>,
    places: Vec<usize>,
}

impl<'a> Truth<'a> {
    /// Takes the log apart into the appends that made it.
    pub(super) fn new(events: &'a [RecordedEvent], calls: &[Call<LogCall>]) -> Result<Self, Violation> {
        let mut truth =
            Self { events, streams: HashMap::new(), places: HashMap::new(), appends: Vec::new(), ends: vec![0] };
        let mut before = Position::START;
        for (event, place) in events.iter().zip(1..) {
            if event.position <= before {
                return Err(Violation::PositionsDoNotGrow { position: event.position });
            }
            before = event.position;
            let standing = truth.streams.entry(&event.stream).or_default();
            if event.revision != revision(standing.ids.len()) {
                return Err(Violation::Fork { stream: event.stream.clone(), revision: event.revision });
            }
            standing.ids.push(event.id);
            standing.places.push(place);
            if truth.places.insert(event.id, place).is_some() {
                return Err(Violation::Twice { id: event.id });
            }
        }
        truth.find_appends(calls)?;
        Ok(truth)
    }

    /// Where one append ends and the next begins: at each place the longest append that begins there and stands whole.
    /// (One append may repeat the beginning of another, so that more than one can begin at a place.)
    fn find_appends(&mut self, calls: &[Call<LogCall>]) -> Result<(), Violation> {
        let mut longest: HashMap<usize, usize> = HashMap::new();
        for call in calls {
            if let LogCall::Append { stream, ids, .. } = &call.what
                && let Some((start, end)) = self.place_of(stream, ids)
            {
                let known = longest.entry(start).or_insert(end);
                *known = end.max(*known);
            }
        }
        let mut place = 0;
        while place < self.events.len() {
            let position = self.events[place].position;
            let Some(&end) = longest.get(&place) else { return Err(Violation::HalfOrUnknown { position }) };
            self.appends.push((place, end));
            self.ends.extend(std::iter::repeat_n(end, end - place));
            place = end;
        }
        Ok(())
    }

    /// Between which places an append stands, whole.
    pub(super) fn place_of(&self, stream: &StreamId, ids: &[Uuid]) -> Option<(usize, usize)> {
        let start = self.places.get(ids.first()?)? - 1;
        let end = start + ids.len();
        let standing = self.events.get(start..end)?;
        let is_there = standing.iter().zip(ids).all(|(event, id)| event.id == *id && event.stream == *stream);
        is_there.then_some((start, end))
    }

    /// The first place at or behind this one at which no append is half done; `None` behind the end.
    pub(super) fn whole_at(&self, place: usize) -> Option<usize> {
        self.ends.get(place).copied()
    }

    /// The appends, as the places between which they stand.
    pub(super) fn appends(&self) -> impl Iterator<Item = (usize, usize)> {
        self.appends.iter().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// The place behind all events up to a position.
    pub(super) fn place_at(&self, position: Position) -> usize {
        self.events.partition_point(|event| event.position <= position)
    }

    /// The event that completes a place.
    pub(super) fn event_at(&self, place: usize) -> Option<&'a RecordedEvent> {
        self.events.get(place.checked_sub(1)?)
    }

    /// True if exactly this event stands in the log, byte for byte.
    pub(super) fn holds(&self, event: &RecordedEvent) -> bool {
        self.places.get(&event.id).and_then(|&place| self.event_at(place)) == Some(event)
    }

    /// The events of a stretch of the log that pass a filter.
    pub(super) fn between(
        &self,
        after: Position,
        to: Position,
        filter: &EventFilter,
    ) -> impl Iterator<Item = &'a RecordedEvent> {
        let (start, end) = (self.place_at(after), self.place_at(to));
        let filter = filter.clone();
        self.events[start..end.max(start)].iter().filter(move |event| filter.accepts(&event.stream, &event.event_type))
    }

    /// The first and the last place at which a stream holds at least and at most so many events.
    pub(super) fn while_length(&self, stream: &StreamId, least: usize, most: Option<usize>) -> Option<(usize, usize)> {
        let places = self.streams.get(stream).map_or(&[][..], |standing| &standing.places);
        let first = if least == 0 { 0 } else { *places.get(least - 1)? };
        let last = most.and_then(|most| places.get(most)).map_or(self.len(), |next| next - 1);
        (first <= last).then_some((first, last))
    }

    /// The ids of the events that a stream has at a place.
    pub(super) fn ids_at(&self, stream: &StreamId, place: usize) -> &[Uuid] {
        let Some(standing) = self.streams.get(stream) else { return &[] };
        &standing.ids[..standing.places.partition_point(|at| *at <= place)]
    }

    /// The ids of the first events of a stream.
    pub(super) fn ids(&self, stream: &StreamId, length: usize) -> Option<&[Uuid]> {
        self.streams.get(stream).map_or(&[][..], |standing| &standing.ids).get(..length)
    }
}

/// True if the streams, each read whole at the end of a history, show together what the whole log shows.
pub(super) fn agrees(events: &[RecordedEvent], by_stream: &[Vec<RecordedEvent>]) -> bool {
    let mut seen = HashSet::new();
    let stands = |event: &RecordedEvent| {
        let place = events.partition_point(|other| other.position < event.position);
        events.get(place) == Some(event)
    };
    by_stream.iter().flatten().all(|event| seen.insert(event.position) && stands(event)) && seen.len() == events.len()
}
