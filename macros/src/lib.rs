//! The `#[log]` attribute of jim: it records calls and names the function in every log line.

mod arguments;
mod body;
mod expand;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Records each call of a function in the log, at level `debug`.
///
/// ```text
/// #[log(show(user))]
/// fn login(&mut self, user: &str, password: &str) { … }
/// ```
///
/// records `login(user="bob", password=…) called from dispatch`.
///
/// - An argument is shown, by its `Debug`, only if `show(…)` names it; every other one is `…`, so
///   that no password can slip in. `self` is never shown. Of a pattern, `show(…)` names the
///   variables.
/// - The caller is the nearest enclosing `#[log]` function of the thread, and `-` where there is
///   none. (`#[track_caller]` would name the place of each call, but it would also move the place
///   of every panic within the function to its caller.)
/// - When `debug` is off for the module, nothing is evaluated: the cost is that one check.
/// - The macros of the `log` crate that stand in the function itself (`log::info!(…)`, or
///   `info!(…)` imported by its own name) pass on the function's name, at every level and at no
///   cost: it becomes the `<function>` of their lines. Within another macro's arguments, and in
///   functions without `#[log]`, a line has `-` there.
///
/// It stands on functions and methods, generic ones and default methods of traits too; not on
/// `async`, `const` or `extern` functions. The crate that uses it must be `jim` or
/// depend on `jim` and `log`.
#[proc_macro_attribute]
pub fn log(options: TokenStream, item: TokenStream) -> TokenStream {
    let show = parse_macro_input!(options as arguments::Show);
    let item = proc_macro2::TokenStream::from(item);
    let expanded = syn::parse2::<ItemFn>(item.clone())
        .map_err(|error| expand::no_function(&item, error))
        .and_then(|function| expand::expand(&show, function));
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}
