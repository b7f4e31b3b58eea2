//! The ids of records that are being delivered to a server that is asked first which records it holds. Of two batches with the
//! same record, one waits for the other. Otherwise both might be told that the server does not hold the record, and store it
//! twice.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

#[derive(Debug, Default)]
pub struct InFlightIds {
    claimed: Mutex<HashSet<Uuid>>,
    released: Condvar,
}

/// A claim of ids, which ends when the value is dropped.
#[derive(Debug)]
pub struct IdClaim<'i> {
    ids: Vec<Uuid>,
    of: &'i InFlightIds,
}

impl InFlightIds {
    /// Waits until nobody else has claimed one of these ids, and claims all of them. The ids must differ, and a thread must
    /// not hold two claims.
    pub fn claim(&self, ids: Vec<Uuid>) -> IdClaim<'_> {
        let mut claimed = self.lock();
        while ids.iter().any(|id| claimed.contains(id)) {
            claimed = self
                .released
                .wait(claimed)
                .unwrap_or_else(PoisonError::into_inner);
        }
        claimed.extend(&ids);
        IdClaim { ids, of: self }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for IdClaim<'_> {
    fn drop(&mut self) {
        let mut claimed = self.of.lock();
        for id in &self.ids {
            claimed.remove(id);
        }
        drop(claimed);
        self.of.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_claim_waits_for_the_end_of_a_claim_of_the_same_id() {
        let [shared, other, third] = [1, 2, 3].map(Uuid::from_u128);
        let ids = InFlightIds::default();
        let first = ids.claim(vec![shared, other]);
        drop(ids.claim(vec![third]));
        let (sender, order) = mpsc::channel();
        thread::scope(|scope| {
            let claimed = sender.clone();
            let ids = &ids;
            scope.spawn(move || {
                let _claim = ids.claim(vec![shared, third]);
                claimed.send("second").unwrap();
            });
            sender.send("first").unwrap();
            drop(first);
        });
        drop(sender);
        assert_eq!(order.iter().collect::<Vec<_>>(), ["first", "second"]);
        assert!(ids.lock().is_empty());
    }
}
