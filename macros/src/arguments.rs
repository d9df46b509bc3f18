//! Which arguments a function has, which are shown, and how the call's record looks.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Error, FnArg, Ident, PatIdent, Result, Signature, Token, parenthesized};

/// What stands in `#[log(…)]`: nothing, or `show(a, b)`.
pub(crate) struct Show(Vec<Ident>);

impl Parse for Show {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let option = input.call(Ident::parse_any)?;
        if option != "show" {
            let text =
                format!("#[log] has no option `{option}`: write #[log] or #[log(show(a, b))]");
            return Err(Error::new(option.span(), text));
        }
        if input.is_empty() {
            let text = "name the arguments to show: #[log(show(a, b))]";
            return Err(Error::new(option.span(), text));
        }
        let names;
        parenthesized!(names in input);
        let names =
            Punctuated::<Ident, Token![,]>::parse_terminated_with(&names, Ident::parse_any)?;
        if !input.is_empty() {
            return Err(input.error("nothing may follow show(…)"));
        }
        Ok(Self(names.into_iter().collect()))
    }
}

/// The variables that one argument binds: one for `a: A`, several for a pattern, none for `_`.
struct Argument(Vec<Ident>);

/// The expression that formats a call: `a="x", b=…`.
pub(crate) fn format_call(show: &Show, signature: &Signature) -> Result<TokenStream> {
    let arguments: Vec<Argument> = signature.inputs.iter().filter_map(bound).collect();
    check(show, &arguments)?;
    let mut format = Vec::new();
    let mut values = Vec::new();
    for Argument(names) in &arguments {
        if names.is_empty() {
            format.push("…".to_owned());
        }
        for name in names {
            let shown = show.0.iter().find(|shown| *shown == name);
            let mark = if shown.is_some() { "{:?}" } else { "…" };
            format.push(format!("{}={mark}", name.unraw()));
            values.extend(shown);
        }
    }
    let format = format.join(", ");
    Ok(quote!(::core::format_args!(#format #(, &#values)*)))
}

/// An argument's variables; `None` for `self`.
fn bound(argument: &FnArg) -> Option<Argument> {
    let FnArg::Typed(typed) = argument else { return None };
    let mut names = Names(Vec::new());
    names.visit_pat(&typed.pat);
    Some(Argument(names.0))
}

struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        // `Unit` in a pattern is a value to compare with, no variable.
        let first = pattern.ident.unraw().to_string().chars().next();
        if !first.is_some_and(char::is_uppercase) {
            self.0.push(pattern.ident.clone());
        }
        syn::visit::visit_pat_ident(self, pattern);
    }
}

/// Refuses names that are no arguments, `self` and names given twice.
fn check(show: &Show, arguments: &[Argument]) -> Result<()> {
    for (index, name) in show.0.iter().enumerate() {
        if name == "self" {
            return Err(Error::new(name.span(), "`self` is never shown"));
        }
        if show.0.iter().take(index).any(|earlier| earlier == name) {
            return Err(Error::new(name.span(), format!("`{name}` is named twice")));
        }
        if !arguments.iter().any(|argument| argument.0.contains(name)) {
            return Err(Error::new(name.span(), unknown(name, arguments)));
        }
    }
    Ok(())
}

fn unknown(name: &Ident, arguments: &[Argument]) -> String {
    let known: Vec<String> = arguments
        .iter()
        .flat_map(|argument| &argument.0)
        .map(|known| format!("`{known}`"))
        .collect();
    if known.is_empty() {
        return format!("no argument is called `{name}`: the function has none to show");
    }
    format!("no argument is called `{name}`: there is {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_format(show: &str, function: &str, expected: &str) {
        let show: Show = syn::parse_str(show).unwrap();
        let signature: Signature = syn::parse_str(function).unwrap();
        let text = match format_call(&show, &signature) {
            Ok(tokens) => tokens.to_string().replace(":: core :: format_args ! ", ""),
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn only_named_arguments_are_shown() {
        check_format("", "fn f()", r#"("")"#);
        check_format("", "fn f(&self, a: u8, mut b: u8)", r#"("a=…, b=…")"#);
        check_format("show(b)", "fn f(&self, a: u8, mut b: u8)", r#"("a=…, b={:?}" , & b)"#);
        check_format("show(r#type)", "fn f(r#type: u8)", r#"("type={:?}" , & r#type)"#);
    }

    #[test]
    fn patterns_are_shown_by_their_variables() {
        check_format("show(y)", "fn f((x, y): (u8, u8), _: u8)", r#"("x=…, y={:?}, …" , & y)"#);
        check_format("show(p)", "fn f(P { x: p, .. }: P, Unit: Unit)", r#"("p={:?}, …" , & p)"#);
    }

    #[test]
    fn wrong_names_are_refused() {
        check_format("show(self)", "fn f(&self)", "`self` is never shown");
        check_format("show(a, a)", "fn f(a: u8)", "`a` is named twice");
        check_format(
            "show(c)",
            "fn f(a: u8, b: u8)",
            "no argument is called `c`: there is `a`, `b`",
        );
        check_format(
            "show(c)",
            "fn f()",
            "no argument is called `c`: the function has none to show",
        );
    }

    #[test]
    fn wrong_options_are_refused() {
        let fault = |text| syn::parse_str::<Show>(text).err().unwrap().to_string();
        assert!(fault("hide(a)").starts_with("#[log] has no option `hide`"));
        assert!(fault("show").starts_with("name the arguments"));
        assert!(fault("show(a), b").starts_with("nothing may follow"));
    }
}
