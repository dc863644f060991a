//! How many connections one address has.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts connections per address. Holds an entry only for addresses that have one, so that it is bounded by the
/// number of connections.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    max: usize,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    admission: Admission,
    address: IpAddr,
}

impl Admission {
    pub(super) fn new(max: usize) -> Self {
        Self { max, counts: Arc::default() }
    }

    /// A place for one more connection from an address; `None` if it has too many.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Admitted> {
        let address = accounted(address);
        let mut counts = self.lock();
        let count = counts.get(&address).copied().unwrap_or(0);
        if count >= self.max {
            return None;
        }
        counts.insert(address, count + 1);
        Some(Admitted { admission: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // No code panics while it holds the lock, and a count is right after every statement.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.remove(&self.address);
            }
        }
    }
}

/// What is counted as one address: an IPv6 client owns at least its /64.
fn accounted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_with_too_many_connections_waits_for_one_to_end() {
        let admission = Admission::new(2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("192.0.2.1")).unwrap();
        assert!(admission.admit(ip("192.0.2.1")).is_none());
        assert!(admission.admit(ip("192.0.2.2")).is_some(), "others are not concerned");
        drop(first);
        assert!(admission.admit(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn addresses_without_connections_are_forgotten() {
        let admission = Admission::new(2);
        drop(admission.admit(ip("192.0.2.1")));
        assert!(admission.lock().is_empty());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        assert_eq!(accounted(ip("2001:db8:1:2:aaaa::1")), accounted(ip("2001:db8:1:2:bbbb::2")));
        assert_ne!(accounted(ip("2001:db8:1:2::1")), accounted(ip("2001:db8:1:3::1")));
        assert_eq!(accounted(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
