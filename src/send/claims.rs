//! The ids of the records that are being delivered to a server that is asked first what it holds. Two batches may have records
//! with the same id. If they were delivered at the same time, neither lookup would find the record of the other batch.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::breaker::CHECK_INTERVAL;

/// The ids of all records that are being delivered.
#[derive(Debug, Default)]
pub struct Claims {
    ids: Mutex<HashSet<Uuid>>,
    released: Condvar,
}

/// The ids of records that only one worker delivers, until the value is dropped.
pub struct Claim<'c> {
    claims: &'c Claims,
    ids: Vec<Uuid>,
}

impl Claims {
    /// Claims ids, unless another worker has claimed one of them.
    pub fn try_claim(&self, ids: Vec<Uuid>) -> Result<Claim<'_>, Vec<Uuid>> {
        let mut claimed = self.claimed();
        if ids.iter().any(|id| claimed.contains(id)) {
            return Err(ids);
        }
        claimed.extend(&ids);
        Ok(Claim { claims: self, ids })
    }

    /// Waits until no other worker has claimed one of these ids, and claims them. Returns `None` if the target is stopped
    /// meanwhile.
    pub fn claim(&self, mut ids: Vec<Uuid>, is_stopped: impl Fn() -> bool) -> Option<Claim<'_>> {
        while !is_stopped() {
            match self.try_claim(ids) {
                Ok(claim) => return Some(claim),
                Err(refused) => ids = refused,
            }
            let waited = self.released.wait_timeout(self.claimed(), CHECK_INTERVAL);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
        None
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut claimed = self.claims.claimed();
        for id in &self.ids {
            claimed.remove(id);
        }
        drop(claimed);
        self.claims.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_claimed_by_one_worker_at_a_time() {
        let [one, two, three] = [1, 2, 3].map(Uuid::from_u128);
        let claims = Claims::default();
        let first = claims.try_claim(vec![one, two]).ok().unwrap();
        assert!(claims.try_claim(vec![two, three]).is_err());
        assert!(claims.try_claim(vec![three]).is_ok());
        assert!(claims.claim(vec![two], || true).is_none());
        drop(first);
        assert!(claims.claim(vec![two, three], || false).is_some());
    }
}
