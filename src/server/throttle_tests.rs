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

#[test]
fn a_place_that_guesses_on_waits_longer_each_time() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 2, ..settings() };
    let from = address("192.0.2.1");
    let mut guess = |from, at| throttle.may_guess(&settings, from, seconds(at));
    assert_eq!([guess(from, 0), guess(from, 0)], [Ok(()); 2]);
    assert_eq!(guess(from, 0), Err(seconds(30)));
    assert_eq!(guess(from, 10), Err(seconds(20)), "asking costs nothing");
    assert_eq!(guess(address("192.0.2.2"), 10), Ok(()), "others are let in");
    assert_eq!(guess(from, 30), Ok(()));
    assert_eq!(guess(from, 30), Err(seconds(60)));
    assert_eq!([guess(from, 90), guess(from, 90)], [Ok(()); 2]);
    assert_eq!(guess(from, 90), Err(seconds(120)));
    assert_eq!(guess(from, 210), Ok(()));
    assert_eq!(guess(from, 210), Ok(()));
    assert_eq!(guess(from, 210), Err(seconds(240)));
    for _ in 0..2 {
        assert_eq!(guess(from, 5000), Ok(()));
    }
    assert_eq!(guess(from, 5000), Err(seconds(30)), "a quiet hour is a new beginning");
}

#[test]
fn the_right_password_costs_nothing() {
    let mut throttle = Throttle::default();
    let settings = Throttling { failed_logins_per_minute: 1, ..settings() };
    let from = address("2001:db8::1");
    for at in 0..100 {
        assert_eq!(throttle.may_guess(&settings, from, seconds(at)), Ok(()));
        throttle.guessed_right(&settings, address("2001:db8::2"));
    }
    assert_eq!(throttle.may_guess(&settings, from, seconds(100)), Ok(()));
    assert_eq!(throttle.may_guess(&settings, from, seconds(100)), Err(seconds(30)));
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
