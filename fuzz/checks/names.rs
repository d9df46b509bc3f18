//! Any texts as names: what is a name is one in every further reading, however it is spelled, and
//! whether two look alike does not hang on which is asked.

use super::input::Input;
use jim::message::{Name, visible};

const LIMIT: usize = 25;

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let (one, other) = (input.text(), input.text());
    let alike = |one: &Name, other: &Name| one.skeletons().look_alike(&other.skeletons());
    for text in [&one, &other] {
        for name in [Name::account(text, LIMIT), Name::room(text, LIMIT)].into_iter().flatten() {
            let text = name.as_str();
            let again = if text.starts_with('#') {
                Name::room(text, LIMIT)
            } else {
                Name::account(text, LIMIT)
            };
            assert_eq!(again.as_ref(), Ok(&name));
            assert_eq!(visible(text).to_string(), text);
            assert!(alike(&name, &name));
            assert!(name.is_spelled(text));
        }
    }
    if let (Ok(one), Ok(other)) = (Name::account(&one, LIMIT), Name::account(&other, LIMIT)) {
        assert_eq!(alike(&one, &other), alike(&other, &one));
        assert!(one != other || alike(&one, &other));
    }
}
