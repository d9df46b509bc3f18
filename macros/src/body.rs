//! Lets the log lines of a function's body carry its name: `log::info!("…")` becomes
//! `log::info!(function = "name"; "…")`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{Item, Macro, Path};

/// The key under which the encoder finds the function's name.
const KEY: &str = "function";

/// Visits a body and names the function in its log lines. Functions within have names of their
/// own.
pub(crate) struct NameLines<'a> {
    pub(crate) function: &'a str,
}

impl VisitMut for NameLines<'_> {
    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if let Some(kind) = log_macro(&call.path) {
            call.tokens = with_name(call.tokens.clone(), kind, self.function);
        }
        visit_mut::visit_macro_mut(self, call);
    }

    fn visit_item_mut(&mut self, _item: &mut Item) {}
}

/// Whether a macro is one of the `log` crate's, and whether its level is its first argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Leveled,
    LevelGiven,
}

fn log_macro(path: &Path) -> Option<Kind> {
    let mut names = path.segments.iter().rev();
    let name = names.next()?.ident.to_string();
    let kind = match name.as_str() {
        "error" | "warn" | "info" | "debug" | "trace" => Kind::Leveled,
        "log" => Kind::LevelGiven,
        _ => return None,
    };
    let of_log = names.next().is_none_or(|name| name.ident == "log") && names.next().is_none();
    of_log.then_some(kind)
}

/// Puts the name where key-values stand: behind `logger:`, `target:` and the level, before the
/// text.
fn with_name(tokens: TokenStream, kind: Kind, function: &str) -> TokenStream {
    let (head, rest) = split_head(tokens.into_iter().collect(), kind);
    if names_function(&rest) {
        return quote!(#(#head)* #(#rest)*);
    }
    let key = proc_macro2::Ident::new(KEY, proc_macro2::Span::call_site());
    if rest.iter().any(|token| is_punct(token, ';')) {
        quote!(#(#head)* #key = #function, #(#rest)*)
    } else {
        quote!(#(#head)* #key = #function; #(#rest)*)
    }
}

/// Splits off `logger: x,`, `target: x,` and the level with its comma.
fn split_head(tokens: Vec<TokenTree>, kind: Kind) -> (Vec<TokenTree>, Vec<TokenTree>) {
    let mut end = 0;
    while tokens.get(end).is_some_and(is_option) && is_colon(tokens.get(end + 1)) {
        end = behind_comma(&tokens, end);
    }
    if kind == Kind::LevelGiven {
        end = behind_comma(&tokens, end);
    }
    let mut head = tokens;
    let rest = head.split_off(end);
    (head, rest)
}

fn is_option(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(name) if name == "target" || name == "logger")
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    token.is_some_and(|token| is_punct(token, ':'))
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn behind_comma(tokens: &[TokenTree], from: usize) -> usize {
    let comma = tokens.iter().skip(from).position(|token| is_punct(token, ','));
    comma.map_or(tokens.len(), |at| from + at + 1)
}

/// Whether the line says itself which function it is of.
fn names_function(rest: &[TokenTree]) -> bool {
    let named = |pair: &[TokenTree]| match pair {
        [TokenTree::Ident(key), mark] => {
            key == KEY && is_punct(mark, '=') && rest.iter().any(|token| is_punct(token, ';'))
        }
        _ => false,
    };
    rest.windows(2).any(named)
}

/// Whether a text has a brace-delimited body at its end, as a function has.
pub(crate) fn has_body(item: &TokenStream) -> bool {
    let last = item.clone().into_iter().last();
    matches!(last, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(call: &str, expected: &str) {
        let mut call: Macro = syn::parse_str(call).unwrap();
        NameLines { function: "f" }.visit_macro_mut(&mut call);
        let expected: Macro = syn::parse_str(expected).unwrap();
        assert_eq!(quote!(#call).to_string(), quote!(#expected).to_string());
    }

    #[test]
    fn log_macros_get_the_name() {
        check(r#"log::info!("a {}", b)"#, r#"log::info!(function = "f"; "a {}", b)"#);
        check(r#"::log::warn!("a")"#, r#"::log::warn!(function = "f"; "a")"#);
        check(r#"error!(target: "t", "a")"#, r#"error!(target: "t", function = "f"; "a")"#);
        check(r#"debug!(x = 1; "a")"#, r#"debug!(function = "f", x = 1; "a")"#);
        check(
            r#"log!(target: t(1, 2), Level::Info, "a", b)"#,
            r#"log!(target: t(1, 2), Level::Info, function = "f"; "a", b)"#,
        );
    }

    #[test]
    fn others_stay() {
        check(r#"println!("a")"#, r#"println!("a")"#);
        check(r#"tracing::info!("a")"#, r#"tracing::info!("a")"#);
        check(r#"log::log_enabled!(Level::Info)"#, r#"log::log_enabled!(Level::Info)"#);
        check(r#"info!(function = "g"; "a")"#, r#"info!(function = "g"; "a")"#);
    }
}
