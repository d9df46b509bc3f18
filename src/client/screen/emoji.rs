//! Short names of emoji, for completion.

/// The names, with the blank-free words that chats have given them.
const TABLE: [(&str, &str); 40] = [
    (":+1:", "👍"),
    (":-1:", "👎"),
    (":100:", "💯"),
    (":beer:", "🍺"),
    (":bug:", "🐛"),
    (":cake:", "🍰"),
    (":cat:", "🐱"),
    (":check:", "✅"),
    (":clap:", "👏"),
    (":coffee:", "☕"),
    (":cold:", "🥶"),
    (":cry:", "😢"),
    (":dog:", "🐶"),
    (":eyes:", "👀"),
    (":fire:", "🔥"),
    (":gift:", "🎁"),
    (":grin:", "😁"),
    (":heart:", "💜"),
    (":hot:", "🥵"),
    (":hug:", "🤗"),
    (":idea:", "💡"),
    (":joy:", "😂"),
    (":kiss:", "😘"),
    (":lock:", "🔒"),
    (":moon:", "🌙"),
    (":ok:", "👌"),
    (":party:", "🎉"),
    (":pray:", "🙏"),
    (":rocket:", "🚀"),
    (":sad:", "😞"),
    (":shrug:", "🤷"),
    (":smile:", "😄"),
    (":star:", "⭐"),
    (":sun:", "🌞"),
    (":tea:", "🍵"),
    (":think:", "🤔"),
    (":wave:", "👋"),
    (":wink:", "😉"),
    (":x:", "❌"),
    (":zzz:", "💤"),
];

/// The emoji whose names begin so.
pub(super) fn begins(word: &str) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |(name, _)| name.starts_with(word)).map(|(_, emoji)| *emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_each_once() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TABLE.iter().all(|(name, _)| name.starts_with(':') && name.ends_with(':')));
        assert_eq!(begins(":wa").collect::<Vec<_>>(), ["👋"]);
        assert_eq!(begins(":nothing").count(), 0);
    }
}
