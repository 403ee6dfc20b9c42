//! How often somebody may try to log in with something wrong.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong ones that may come at once from an address, and how long it takes until one more may.
const BURST: f64 = 10.0;
const ONE_MORE: f64 = 6.0;
/// Addresses that are remembered. Beyond it the one that has been quiet the longest is forgotten.
const MOST: usize = 10_000;

/// What is left to each address that has failed lately. What was right costs nothing.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<IpAddr, Left>);

#[derive(Debug, Clone, Copy)]
struct Left {
    tries: f64,
    at: Instant,
}

impl Left {
    fn now(self, now: Instant) -> f64 {
        (self.tries + now.duration_since(self.at).as_secs_f64() / ONE_MORE).min(BURST)
    }
}

impl Attempts {
    pub(super) fn may(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let tries = self.0.get(&network(from)).map_or(BURST, |left| left.now(now));
        if tries >= 1.0 { Ok(()) } else { Err(Duration::from_secs_f64((1.0 - tries) * ONE_MORE)) }
    }

    pub(super) fn failed(&mut self, from: IpAddr, now: Instant) {
        let from = network(from);
        if self.0.len() >= MOST && !self.0.contains_key(&from) {
            self.0.retain(|_, left| left.now(now) < BURST);
            if self.0.len() >= MOST
                && let Some(quiet) = self.0.iter().min_by_key(|(_, left)| left.at).map(|(address, _)| *address)
            {
                self.0.remove(&quiet);
            }
        }
        let left = self.0.entry(from).or_insert(Left { tries: BURST, at: now });
        *left = Left { tries: (left.now(now) - 1.0).max(0.0), at: now };
    }
}

/// What one customer of a provider has: an IPv4 address, or an IPv6 network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_must_wait_and_others_need_not() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let (guesses, other): (IpAddr, IpAddr) = ("10.0.0.7".parse().unwrap(), "10.0.0.8".parse().unwrap());
        for _ in 0..10 {
            assert_eq!(attempts.may(guesses, now), Ok(()));
            attempts.failed(guesses, now);
        }
        assert_eq!(attempts.may(guesses, now), Err(Duration::from_secs(6)));
        assert_eq!(attempts.may(other, now), Ok(()));
        let later = now + Duration::from_secs(6);
        assert_eq!(attempts.may(guesses, later), Ok(()));
        attempts.failed(guesses, later);
        assert!(attempts.may(guesses, later).is_err());
    }

    #[test]
    fn an_ipv6_customer_is_one_and_addresses_do_not_pile_up() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for number in 0..10 {
            attempts.failed(format!("2001:db8:1:2::{number:x}").parse().unwrap(), now);
        }
        assert!(attempts.may("2001:db8:1:2:ffff::1".parse().unwrap(), now).is_err());
        assert!(attempts.may("2001:db8:1:3::1".parse().unwrap(), now).is_ok());
        for number in 0..u32::try_from(MOST).unwrap() + 100 {
            attempts.failed(IpAddr::V4(number.into()), now);
        }
        assert!(attempts.0.len() <= MOST);
    }
}
