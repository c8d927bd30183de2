//! The objects of one kind, as far as the API server has told.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use kube::runtime::watcher::Event;

use super::availability::Availability;
use super::update::Entry;

/// The objects by name.
pub(super) type Objects<T> = BTreeMap<Arc<str>, T>;

/// The objects of one kind.
#[derive(Debug)]
pub(super) struct Listing<T> {
    availability: Availability,
    objects: Arc<Objects<T>>,
    /// A list that has begun to arrive, and that takes the place of the objects when it is complete.
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
    /// Takes notice of an event; true where it changes anything.
    pub(super) fn take(&mut self, event: Event<Entry<T>>) -> bool {
        match event {
            Event::Init => self.arriving.clear(),
            Event::InitApply((_, None)) => {}
            Event::InitApply((name, Some(object))) => {
                // What has not changed is kept, so that a second list does not take memory a second time.
                let known = self.objects.get_key_value(&name);
                let known = known.filter(|(_, known)| **known == object);
                let (name, object) = known.map_or((name, object), |(name, known)| {
                    (Arc::clone(name), known.clone())
                });
                self.arriving.insert(name, object);
            }
            Event::InitDone => {
                let objects = take(&mut self.arriving);
                let news = self.availability != Availability::Listed || *self.objects != objects;
                self.availability = Availability::Listed;
                if news {
                    self.objects = Arc::new(objects);
                }
                return news;
            }
            Event::Apply((name, Some(object))) => {
                let news = self.objects.get(&name) != Some(&object);
                if news {
                    Arc::make_mut(&mut self.objects).insert(name, object);
                }
                return news;
            }
            Event::Apply((name, None)) | Event::Delete((name, _)) => {
                let news = self.objects.contains_key(&name);
                if news {
                    Arc::make_mut(&mut self.objects).remove(&name);
                }
                return news;
            }
        }
        false
    }

    /// Takes notice of a failure, and of what it says of the resource; true where that is news. What was listed once is
    /// kept; a list that breaks off is forgotten.
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

    /// What the API server made of the request for a list.
    pub(super) fn availability(&self) -> Availability {
        self.availability
    }

    /// The objects.
    pub(super) fn objects(&self) -> &Arc<Objects<T>> {
        &self.objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, value: u8) -> Entry<u8> {
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

        // A list that breaks off is forgotten.
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
