//! Lists of contacts: an account's, on the disk, and a guest's, which ends with its connection.

use super::world::{World, is_listed};
use crate::chat::ACTIONS;
use crate::limits::CONTACTS;
use crate::message::{AccountList, Code};

const BOB: (&str, &str) = ("account_name", "bob");

#[test]
fn an_accounts_list_holds_accounts_and_stays() {
    let mut world = World::new(&["ann", "bob", "cat"]);
    world.guest("guest");
    let ann = world.log_in("ann");
    is_listed(&world.ok(ann, "get_contacts", &[("user", "ann")]), Code::Accepted, &[]);
    world.ok(ann, "add", &[("user", "ann"), ("account_name", "cat")]);
    world.ok(ann, "add_contact", &[("user_id", "bob")]);
    assert_eq!(world.ok(ann, "add", &[("contact", "bob")]).code, Code::Ok, "twice is no error");
    for unknown in ["guest", "nobody"] {
        assert_eq!(world.verdict(ann, "add", &[("contact", unknown)]), "404 no_such_user");
    }
    world.gone(ann);
    let ann = world.log_in("ann");
    is_listed(&world.ok(ann, "get_contacts", &[]), Code::Accepted, &["bob", "cat"]);
    assert_eq!(world.ok(ann, "del_contact", &[("user_id", "bob")]).code, Code::Ok);
    assert_eq!(world.verdict(ann, "remove", &[BOB]), "404 no_such_contact");
    assert_eq!(world.verdict(ann, "remove", &[("contact", "nobody")]), "404 no_such_contact");
    is_listed(&world.ok(ann, "get_contacts", &[]), Code::Accepted, &["cat"]);
}

#[test]
fn a_guests_list_holds_whoever_was_there_and_ends_with_the_connection() {
    let mut world = World::new(&["ann", "bob"]);
    let guest = world.guest("guest");
    let other = world.guest("other");
    for name in ["other", "bob"] {
        world.ok(guest, "add", &[("user", "guest"), ("account_name", name)]);
    }
    assert_eq!(world.verdict(guest, "add", &[("contact", "nobody")]), "404 no_such_user");
    world.gone(other);
    is_listed(&world.ok(guest, "get_contacts", &[]), Code::Accepted, &["bob", "other"]);
    world.ok(guest, "remove", &[("account_name", "other")]);
    assert_eq!(world.verdict(guest, "remove", &[("contact", "other")]), "404 no_such_contact");
    is_listed(&world.ok(guest, "get_contacts", &[]), Code::Accepted, &["bob"]);
    let namesake = world.guest("guest");
    is_listed(&world.ok(namesake, "get_contacts", &[]), Code::Accepted, &[]);
    world.ok(guest, "authenticate", &[("user.account_name", "ann"), ("user.password", "p")]);
    is_listed(&world.ok(guest, "get_contacts", &[]), Code::Accepted, &[]);
}

#[test]
fn a_list_has_an_end() {
    let accounts: Vec<String> = (0..=CONTACTS).map(|place| format!("u{place}")).collect();
    let mut world = World::new(&accounts.iter().map(String::as_str).collect::<Vec<_>>());
    let (account, guest) = (world.log_in("u0"), world.guest("guest"));
    for asker in [account, guest] {
        for name in accounts.iter().take(CONTACTS) {
            world.ok(asker, "add", &[("contact", name)]);
        }
        let last = ("contact", accounts[CONTACTS].as_str());
        assert_eq!(world.verdict(asker, "add", &[last]), "403 too_many_contacts");
        world.ok(asker, "add", &[("contact", &accounts[1])]);
        world.ok(asker, "remove", &[("contact", &accounts[1])]);
        world.ok(asker, "add", &[last]);
    }
}

#[test]
fn a_contact_that_is_not_stored_is_none() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = world.log_in("ann");
    world.is_full = true;
    assert_eq!(world.verdict(ann, "add", &[BOB]), "500 server_failed");
    is_listed(&world.ok(ann, "get_contacts", &[]), Code::Accepted, &[]);
}

#[test]
fn an_account_that_was_removed_is_on_no_list() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = world.log_in("ann");
    world.ok(ann, "add", &[BOB]);
    let kept = world.chat.users.accounts().map(|account| account.record.clone());
    let accounts = kept.filter(|account| account.name.as_str() == "ann").collect();
    world.chat.handle_accounts(AccountList { version: 2, accounts, owners: Vec::new() });
    is_listed(&world.ok(ann, "get_contacts", &[]), Code::Accepted, &[]);
    assert!(world.chat.users.accounts().all(|account| account.contacts.is_empty()));
}

#[test]
fn the_other_is_named_and_oneself_is_oneself() {
    let mut world = World::new(&["ann", "bob"]);
    let ann = world.log_in("ann");
    for action in ["add", "remove"] {
        assert_eq!(world.verdict(ann, action, &[]), "400 missing_field", "{action}");
        let own = ("user.account_name", "ann");
        assert_eq!(world.verdict(ann, action, &[own]), "400 missing_field", "{action}");
        let another = ("user.account_name", "bob");
        let verdict = world.verdict(ann, action, &[another, ("contact", "bob")]);
        assert_eq!(verdict, "403 not_you", "{action}");
        let verdict = world.verdict(ann, action, &[("user", "bob"), BOB]);
        assert_eq!(verdict, "403 not_you", "{action}");
        world.ok(ann, action, &[own, ("contact", "bob")]);
    }
    for action in ["get_users", "get_contacts"] {
        assert_eq!(world.verdict(ann, action, &[BOB]), "403 not_you", "{action}");
        assert_eq!(world.verdict(ann, action, &[("user", "bob")]), "403 not_you", "{action}");
        world.ok(ann, action, &[("account_name", "ann"), ("user", "ann")]);
    }
}

#[test]
fn contacts_need_presence_and_user_may_be_a_text_there_alone() {
    let of_contacts = ["get_users", "get_contacts", "add", "remove"];
    for action in &ACTIONS {
        let expected = of_contacts.contains(&action.name);
        assert_eq!(action.takes_user_text, expected, "{}", action.name);
        let mut world = World::new(&[]);
        let guest = world.guest("guest");
        let verdict = world.verdict(guest, action.name, &[("user", "guest")]);
        assert_eq!(verdict != "400 wrong_type", expected, "{}: {verdict}", action.name);
    }
    let mut world = World::new(&[]);
    let stranger = world.open();
    for action in of_contacts {
        assert_eq!(world.verdict(stranger, action, &[("user", "me")]), "401 not_present");
    }
}
