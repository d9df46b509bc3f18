//! What the throttle lets through, with a clock of the test's own.

use super::*;

const ALL: usize = usize::MAX;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn settings() -> Throttling {
    Throttling { exempt: Vec::new(), ..Throttling::default() }
}

#[test]
fn connections_are_counted_by_place() {
    let mut throttle = Throttle::default();
    let settings = settings();
    let mut come = |from: &str| {
        let admitted = throttle.admit(&settings, 2, address(from), seconds(1));
        if admitted.is_ok() {
            throttle.count_in(address(from));
            throttle.made_known(address(from));
        }
        admitted
    };
    assert_eq!(come("2001:db8::1"), Ok(()));
    assert_eq!(come("2001:db8::2"), Ok(()));
    assert_eq!(come("2001:db8::ffff:1"), Err(TooMany::Here(2)), "one /64 is one place");
    assert_eq!(come("2001:db8:0:1::1"), Ok(()));
    assert_eq!(come("192.0.2.1"), Ok(()));
    assert_eq!(come("192.0.2.2"), Ok(()));
    throttle.count_out(address("2001:db8::9"), false);
    assert_eq!(throttle.admit(&settings, 2, address("2001:db8::3"), seconds(1)), Ok(()));
}

#[test]
fn strangers_have_a_limit_of_their_own_until_they_say_who_they_are() {
    let mut throttle = Throttle::default();
    let settings = Throttling { unauthenticated_per_address: 2, ..settings() };
    let from = address("192.0.2.1");
    for _ in 0..2 {
        assert_eq!(throttle.admit(&settings, ALL, from, seconds(1)), Ok(()));
        throttle.count_in(from);
    }
    assert_eq!(throttle.admit(&settings, ALL, from, seconds(1)), Err(TooMany::Here(2)));
    throttle.made_known(from);
    assert_eq!(throttle.admit(&settings, ALL, from, seconds(1)), Ok(()));
    throttle.count_in(from);
    throttle.count_out(from, true);
    throttle.count_out(from, true);
    throttle.count_out(from, false);
    assert!(throttle.here.is_empty() && throttle.strangers == 0, "{throttle:?}");
    let settings = Throttling { unauthenticated_in_all: 1, ..settings };
    throttle.count_in(address("::1"));
    assert_eq!(throttle.admit(&settings, ALL, from, seconds(1)), Err(TooMany::Here(1)));
}

#[test]
fn who_comes_too_often_is_told_how_long_to_wait() {
    let mut throttle = Throttle::default();
    let settings = Throttling { connections_per_minute: 3, ..settings() };
    let mut come = |at| throttle.admit(&settings, ALL, address("192.0.2.1"), seconds(at));
    assert_eq!([come(9), come(9), come(9)], [Ok(()); 3]);
    assert_eq!(come(9), Err(TooMany::Lately(seconds(20))));
    assert_eq!(come(29), Ok(()));
    let exempt = vec!["192.0.2.0/24".parse().unwrap()];
    let settings = Throttling { exempt, ..settings };
    for _ in 0..10 {
        assert_eq!(throttle.admit(&settings, 0, address("192.0.2.1"), seconds(29)), Ok(()));
    }
    let settings = Throttling { connections_per_minute_in_all: 1, ..settings };
    let mut come = |from| throttle.admit(&settings, ALL, address(from), seconds(30));
    assert_eq!(come("192.0.2.1"), Ok(()));
    assert_eq!(come("192.0.2.2"), Err(TooMany::Lately(seconds(60))));
}

const fn connection(slot: u32) -> ConnectionId {
    ConnectionId { slot, generation: 1 }
}

const fn wrong(wait: u64) -> Result<(), NoGuess> {
    Err(NoGuess::Wrong(Duration::from_secs(wait)))
}

/// A password that is looked at at once.
fn guess(
    throttle: &mut Throttle,
    settings: &Throttling,
    (from, at): (IpAddr, u64),
    is_right: bool,
) -> Result<(), NoGuess> {
    throttle.may_guess(settings, (connection(0), from), seconds(at))?;
    throttle.guessed(settings, (connection(0), is_right), seconds(at));
    Ok(())
}

#[test]
fn a_place_that_guesses_on_waits_longer_each_time() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 2, ..settings() };
    let from = address("192.0.2.1");
    let mut guess = |from, at| guess(&mut throttle, &settings, (from, at), false);
    assert_eq!([guess(from, 0), guess(from, 0)], [Ok(()); 2]);
    assert_eq!(guess(from, 0), wrong(30));
    assert_eq!(guess(from, 10), wrong(20), "asking costs nothing");
    assert_eq!(guess(address("192.0.2.2"), 10), Ok(()), "others are let in");
    assert_eq!(guess(from, 30), Ok(()));
    assert_eq!(guess(from, 30), wrong(60));
    assert_eq!([guess(from, 90), guess(from, 90)], [Ok(()); 2]);
    assert_eq!(guess(from, 90), wrong(120));
    assert_eq!(guess(from, 210), Ok(()));
    assert_eq!(guess(from, 210), Ok(()));
    assert_eq!(guess(from, 210), wrong(240));
    for _ in 0..2 {
        assert_eq!(guess(from, 5000), Ok(()));
    }
    assert_eq!(guess(from, 5000), wrong(30), "a quiet hour is a new beginning");
}

#[test]
fn the_right_password_costs_nothing() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 1, ..settings() };
    let from = address("2001:db8::1");
    for at in 0..100 {
        assert_eq!(guess(&mut throttle, &settings, (from, at), true), Ok(()));
    }
    assert_eq!(guess(&mut throttle, &settings, (from, 100), false), Ok(()));
    assert_eq!(guess(&mut throttle, &settings, (from, 100), true), wrong(30));
    // The penalty is over, and no failure is left yet: asking makes the penalty no longer.
    assert_eq!([guess(&mut throttle, &settings, (from, 140), true); 2], [wrong(20); 2]);
    assert_eq!(guess(&mut throttle, &settings, (from, 160), true), Ok(()));
}

#[test]
fn what_is_looked_at_is_no_failure_yet() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 3, ..settings() };
    let from = address("192.0.2.1");
    let busy = Err(NoGuess::Busy(seconds(1)));
    let come = |throttle: &mut Throttle, slot, at| {
        throttle.may_guess(&settings, (connection(slot), from), seconds(at))
    };
    assert_eq!([0, 1, 2].map(|slot| come(&mut throttle, slot, 0)), [Ok(()); 3]);
    for _ in 0..100 {
        assert_eq!(come(&mut throttle, 3, 0), busy);
    }
    throttle.guessed(&settings, (connection(0), true), seconds(0));
    assert_eq!(come(&mut throttle, 3, 0), Ok(()));
    // One that left is not waited for.
    throttle.forget_guess(connection(3));
    throttle.forget_guess(connection(3));
    assert_eq!([come(&mut throttle, 4, 0), come(&mut throttle, 5, 0)], [Ok(()), busy]);
    throttle.guessed(&settings, (connection(1), false), seconds(0));
    assert_eq!(come(&mut throttle, 5, 0), busy, "a wrong one takes a place for good");
    throttle.guessed(&settings, (connection(2), false), seconds(0));
    throttle.guessed(&settings, (connection(4), false), seconds(0));
    assert_eq!(come(&mut throttle, 5, 0), wrong(30));
    assert!(throttle.guesses.is_empty() && throttle.guesses_here.is_empty(), "{throttle:?}");
}

#[test]
fn all_places_together_have_a_bound_of_their_own() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute_in_all: 2, ..settings() };
    let come = |throttle: &mut Throttle, last: u8, at| {
        let from = IpAddr::from([192, 0, 2, last]);
        throttle.may_guess(&settings, (connection(last.into()), from), seconds(at))
    };
    assert_eq!([1, 2].map(|last| come(&mut throttle, last, 0)), [Ok(()); 2]);
    assert_eq!(come(&mut throttle, 3, 0), Err(NoGuess::Busy(seconds(1))));
    throttle.guessed(&settings, (connection(1), true), seconds(0));
    throttle.guessed(&settings, (connection(2), false), seconds(0));
    assert_eq!(come(&mut throttle, 3, 0), Ok(()));
    throttle.guessed(&settings, (connection(3), false), seconds(0));
    assert_eq!(come(&mut throttle, 4, 0), wrong(30));
    assert_eq!(come(&mut throttle, 4, 30), Ok(()));
}

#[test]
fn a_user_pays_with_a_pause_over_all_its_connections() {
    let mut throttle = Throttle::default();
    let settings = Throttling {
        messages_per_second: 10,
        messages_burst: 5,
        bytes_per_second: 1000,
        ..settings()
    };
    let ann = User::Account(Name::shown("ann"));
    let mut charge = |user, used, at| throttle.charge(&settings, user, used, seconds(at));
    assert_eq!(charge(&ann, (5, 100), 1), Duration::ZERO);
    assert_eq!(charge(&ann, (2, 100), 1), Duration::from_millis(200));
    assert_eq!(charge(&ann, (0, 1000), 1), Duration::from_millis(200));
    assert_eq!(charge(&ann, (0, 1800), 1), seconds(2));
    let other = User::Connection(ConnectionId { slot: 1, generation: 1 });
    assert_eq!(charge(&other, (5, 100), 1), Duration::ZERO);
}

/// One of a million customers' networks.
fn customer(number: u128) -> IpAddr {
    std::net::Ipv6Addr::from_bits((0x2001_0db8 << 96) | (number << 64) | 7).into()
}

#[test]
fn a_million_networks_take_a_bounded_memory_and_nobodys_wrong_passwords_are_forgotten_for_them() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 2, ..settings() };
    let from = address("2001:db8:ffff::1");
    for _ in 0..2 {
        assert_eq!(guess(&mut throttle, &settings, (from, 0), false), Ok(()));
    }
    for number in 0..1_000_000 {
        let other = customer(number);
        assert_eq!(throttle.admit(&settings, 2, other, seconds(1)), Ok(()));
        throttle.count_in(other);
        if number % 8 == 0 {
            // The right password is no failure either.
            assert_eq!(guess(&mut throttle, &settings, (other, 1), true), Ok(()));
        }
        throttle.count_out(other, true);
    }
    assert_eq!(guess(&mut throttle, &settings, (from, 1), true), wrong(29));
    assert_eq!((throttle.connects.len(), throttle.failures.len()), (MOST_PLACES, 1));
    assert!(throttle.here.is_empty() && throttle.guesses_here.is_empty());

    // Even with a wrong one from each of them, who tries again and again is not forgotten.
    for number in 0..200_000 {
        assert_eq!(guess(&mut throttle, &settings, (customer(number), 2), false), Ok(()));
        if number % 10_000 == 0 {
            assert_eq!(guess(&mut throttle, &settings, (from, 2), true), wrong(28));
        }
    }
    let memory = throttle.connects.memory() + throttle.failures.memory();
    assert!((10 << 20..20 << 20).contains(&memory), "{memory}");
    assert_eq!(throttle.failures.len(), MOST_PLACES);
}
