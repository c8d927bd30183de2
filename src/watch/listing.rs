//! The objects of one kind, from the lists and the changes that the API server sends.

use std::mem::take;
use std::sync::Arc;

use kube::runtime::watcher::Event;
use rpds::RedBlackTreeMapSync;

use super::availability::Availability;
use super::update::{Kept, WatchResult};

/// Objects by name. Changed objects share what has not changed with those before.
pub(super) type Objects<T> = RedBlackTreeMapSync<Arc<str>, T>;

/// The objects that an event changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// None, and not the state of the list either.
    Nothing,
    /// The one of this name.
    One(Arc<str>),
    /// Any of them, or the state of the list.
    All,
}

/// The objects of one kind, and the state of their list.
#[derive(Debug)]
pub(super) struct Listing<T> {
    availability: Availability,
    objects: Objects<T>,
    /// The part of a list that has arrived so far. It replaces the objects once the list is complete.
    arriving: Objects<T>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            availability: Availability::Unknown,
            objects: Objects::default(),
            arriving: Objects::default(),
        }
    }
}

impl<T: Clone + PartialEq> Listing<T> {
    /// Applies an update of the watch.
    pub(super) fn apply(&mut self, result: WatchResult<T>) -> Change {
        match result {
            Ok(event) => self.take(event),
            Err(availability) => self.failed(availability),
        }
    }

    /// Applies an event.
    fn take(&mut self, event: Event<Kept<T>>) -> Change {
        match event {
            Event::Init => self.arriving = Objects::default(),
            Event::InitApply((_, None)) => {}
            Event::InitApply((name, Some(object))) => {
                // An unchanged object is shared with the last list, so that a second list takes no memory of its own.
                let (name, object) = match self.objects.get_key_value(&name) {
                    Some((name, known)) if *known == object => (Arc::clone(name), known.clone()),
                    _ => (name, object),
                };
                self.arriving.insert_mut(name, object);
            }
            Event::InitDone => {
                let objects = take(&mut self.arriving);
                if self.availability != Availability::Listed || self.objects != objects {
                    self.availability = Availability::Listed;
                    self.objects = objects;
                    return Change::All;
                }
            }
            Event::Apply((name, Some(object))) => {
                if self.objects.get(&name) != Some(&object) {
                    self.objects.insert_mut(Arc::clone(&name), object);
                    return Change::One(name);
                }
            }
            Event::Apply((name, None)) | Event::Delete((name, _)) => {
                if self.objects.remove_mut(&name) {
                    return Change::One(name);
                }
            }
        }
        Change::Nothing
    }

    /// Applies a failure, with the availability that follows from it, if any.
    ///
    /// The objects of the last complete list stay. A list that breaks off is dropped.
    fn failed(&mut self, availability: Option<Availability>) -> Change {
        self.arriving = Objects::default();
        match availability {
            Some(availability)
                if self.availability != Availability::Listed
                    && self.availability != availability =>
            {
                self.availability = availability;
                Change::All
            }
            _ => Change::Nothing,
        }
    }

    /// True while a part of a list has arrived, and not its end.
    pub(super) fn is_arriving(&self) -> bool {
        !self.arriving.is_empty()
    }

    /// Returns the API server's answer to the request for a list.
    pub(super) fn availability(&self) -> Availability {
        self.availability
    }

    /// Returns the objects that are there now.
    pub(super) fn objects(&self) -> &Objects<T> {
        &self.objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: u8) -> Kept<u8> {
        (name.into(), Some(value))
    }

    fn known(listing: &Listing<u8>) -> Vec<(&str, u8)> {
        let objects = listing.objects().iter();
        objects.map(|(name, value)| (&**name, *value)).collect()
    }

    #[test]
    fn a_list_counts_when_it_is_complete() {
        let mut listing = Listing::default();
        assert_eq!(listing.take(Event::Init), Change::Nothing);
        assert_eq!(
            listing.take(Event::InitApply(entry("a", 1))),
            Change::Nothing
        );
        assert_eq!(
            listing.take(Event::InitApply(("b".into(), None))),
            Change::Nothing
        );
        assert_eq!(listing.availability(), Availability::Unknown);
        assert_eq!(listing.take(Event::InitDone), Change::All);
        assert_eq!(listing.availability(), Availability::Listed);
        assert_eq!(known(&listing), [("a", 1)]);

        // A list that breaks off is dropped.
        listing.take(Event::InitApply(entry("c", 1)));
        assert_eq!(listing.failed(None), Change::Nothing);
        listing.take(Event::InitApply(entry("a", 1)));
        assert_eq!(listing.take(Event::InitDone), Change::Nothing);
        assert_eq!(known(&listing), [("a", 1)]);
    }

    #[test]
    fn changes_count_at_once_and_only_once() {
        let mut listing = Listing::default();
        // That there is nothing is news.
        assert_eq!(listing.take(Event::InitDone), Change::All);
        assert_eq!(
            listing.take(Event::Apply(entry("a", 1))),
            Change::One("a".into())
        );
        assert_eq!(listing.take(Event::Apply(entry("a", 1))), Change::Nothing);
        assert_eq!(
            listing.take(Event::Apply(entry("a", 2))),
            Change::One("a".into())
        );
        assert_eq!(
            listing.take(Event::Apply(("a".into(), None))),
            Change::One("a".into())
        );
        assert_eq!(listing.take(Event::Delete(entry("a", 2))), Change::Nothing);
    }

    #[test]
    fn what_was_listed_is_kept_when_the_api_server_refuses_later() {
        let mut listing = Listing::default();
        assert_eq!(listing.failed(None), Change::Nothing);
        assert_eq!(listing.failed(Some(Availability::Forbidden)), Change::All);
        assert_eq!(
            listing.failed(Some(Availability::Forbidden)),
            Change::Nothing
        );
        listing.take(Event::Init);
        listing.take(Event::InitApply(entry("a", 1)));
        assert_eq!(listing.take(Event::InitDone), Change::All);
        assert_eq!(listing.failed(Some(Availability::Absent)), Change::Nothing);
        assert_eq!(listing.availability(), Availability::Listed);
        assert_eq!(known(&listing), [("a", 1)]);
    }
}
