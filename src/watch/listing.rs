//! The objects of one kind, from the lists and the changes that the API server sends.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use kube::runtime::watcher::Event;

use super::availability::Availability;
use super::update::Kept;

/// Objects by name.
pub(super) type Objects<T> = BTreeMap<Arc<str>, T>;

/// The objects of one kind, and the state of their list.
#[derive(Debug)]
pub(super) struct Listing<T> {
    availability: Availability,
    objects: Arc<Objects<T>>,
    /// The part of a list that has arrived so far. It replaces the objects once the list is complete.
    arriving: Objects<T>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            availability: Availability::Unknown,
            objects: Arc::default(),
            arriving: Objects::new(),
        }
    }
}

impl<T: Clone + PartialEq> Listing<T> {
    /// Applies an event. Returns true if it changes anything.
    pub(super) fn take(&mut self, event: Event<Kept<T>>) -> bool {
        match event {
            Event::Init => self.arriving.clear(),
            Event::InitApply((_, None)) => {}
            Event::InitApply((name, Some(object))) => {
                // An unchanged object is shared with the last list, so that a second list takes no memory of its own.
                let (name, object) = match self.objects.get_key_value(&name) {
                    Some((name, known)) if *known == object => (Arc::clone(name), known.clone()),
                    _ => (name, object),
                };
                self.arriving.insert(name, object);
            }
            Event::InitDone => {
                let objects = take(&mut self.arriving);
                let changes = self.availability != Availability::Listed || *self.objects != objects;
                self.availability = Availability::Listed;
                if changes {
                    self.objects = Arc::new(objects);
                }
                return changes;
            }
            Event::Apply((name, Some(object))) => {
                let changes = self.objects.get(&name) != Some(&object);
                if changes {
                    Arc::make_mut(&mut self.objects).insert(name, object);
                }
                return changes;
            }
            Event::Apply((name, None)) | Event::Delete((name, _)) => {
                let changes = self.objects.contains_key(&name);
                if changes {
                    Arc::make_mut(&mut self.objects).remove(&name);
                }
                return changes;
            }
        }
        false
    }

    /// Applies a failure, with the availability that follows from it, if any. Returns true if that is a change.
    ///
    /// The objects of the last complete list stay. A list that breaks off is dropped.
    pub(super) fn failed(&mut self, availability: Option<Availability>) -> bool {
        self.arriving.clear();
        match availability {
            Some(availability)
                if self.availability != Availability::Listed
                    && self.availability != availability =>
            {
                self.availability = availability;
                true
            }
            _ => false,
        }
    }

    /// Returns the API server's answer to the request for a list.
    pub(super) fn availability(&self) -> Availability {
        self.availability
    }

    /// Returns the objects that are there now.
    pub(super) fn objects(&self) -> &Arc<Objects<T>> {
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
        assert!(!listing.take(Event::Init));
        assert!(!listing.take(Event::InitApply(entry("a", 1))));
        assert!(!listing.take(Event::InitApply(("b".into(), None))));
        assert_eq!(listing.availability(), Availability::Unknown);
        assert!(listing.take(Event::InitDone));
        assert_eq!(listing.availability(), Availability::Listed);
        assert_eq!(known(&listing), [("a", 1)]);

        // A list that breaks off is dropped.
        listing.take(Event::InitApply(entry("c", 1)));
        assert!(!listing.failed(None));
        listing.take(Event::InitApply(entry("a", 1)));
        assert!(!listing.take(Event::InitDone), "nothing has changed");
        assert_eq!(known(&listing), [("a", 1)]);
    }

    #[test]
    fn changes_count_at_once_and_only_once() {
        let mut listing = Listing::default();
        assert!(
            listing.take(Event::InitDone),
            "that there is nothing is news"
        );
        assert!(listing.take(Event::Apply(entry("a", 1))));
        assert!(!listing.take(Event::Apply(entry("a", 1))));
        assert!(listing.take(Event::Apply(entry("a", 2))));
        assert!(listing.take(Event::Apply(("a".into(), None))));
        assert!(!listing.take(Event::Delete(entry("a", 2))));
    }

    #[test]
    fn what_was_listed_is_kept_when_the_api_server_refuses_later() {
        let mut listing = Listing::default();
        assert!(!listing.failed(None), "no answer says nothing");
        assert!(listing.failed(Some(Availability::Forbidden)));
        assert!(!listing.failed(Some(Availability::Forbidden)));
        listing.take(Event::Init);
        listing.take(Event::InitApply(entry("a", 1)));
        assert!(listing.take(Event::InitDone));
        assert!(!listing.failed(Some(Availability::Absent)));
        assert_eq!(listing.availability(), Availability::Listed);
        assert_eq!(known(&listing), [("a", 1)]);
    }
}
