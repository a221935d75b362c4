//! Counts what each user has open, so that nobody takes more than their share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A user: tenant and subject of the token.
pub(crate) type User = (String, String);

/// Open connections by user; clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Users(Arc<Mutex<HashMap<User, usize>>>);

/// One of a user's places, given back when dropped.
#[derive(Debug)]
pub(crate) struct UserPlace {
    users: Users,
    user: User,
}

impl Users {
    /// Takes a place, if the user has fewer than `max`.
    pub(crate) fn enter(&self, user: &User, max: usize) -> Option<UserPlace> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(user.clone()).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(UserPlace {
            users: self.clone(),
            user: user.clone(),
        })
    }
}

impl Drop for UserPlace {
    fn drop(&mut self) {
        let mut counts = self.users.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_given_back_can_be_taken_again() {
        let users = Users::default();
        let user = ("main".to_owned(), "U1".to_owned());
        let first = users.enter(&user, 1);
        assert!(users.enter(&user, 1).is_none());
        assert!(users.enter(&("main".to_owned(), "U2".to_owned()), 1).is_some());
        drop(first);
        assert!(users.enter(&user, 1).is_some());
    }
}
