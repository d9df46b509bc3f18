//! The function with the record of its call put in front of its body.

use crate::arguments::{Show, format_call};
use crate::body::{NameLines, has_body};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{Error, Ident, ItemFn, Result, Signature, Stmt, parse_quote};

/// What an item that is no function with a body is told.
pub(crate) fn no_function(item: &TokenStream, error: Error) -> Error {
    let Some(first) = item.clone().into_iter().next() else { return error };
    let text = "#[log] stands on a function or method that has a body";
    let is_function = item.to_string().contains("fn ");
    // A function with a body that does not parse has a fault of its own.
    if is_function && has_body(item) { error } else { Error::new(first.span(), text) }
}

/// Puts the record in front of the body.
pub(crate) fn expand(show: &Show, mut function: ItemFn) -> Result<TokenStream> {
    refuse_kinds(&function.sig)?;
    let arguments = format_call(show, &function.sig)?;
    let name = function.sig.ident.unraw().to_string();
    NameLines { function: &name }.visit_block_mut(&mut function.block);
    // Names of mixed site do not meet those of the body.
    let guard = Ident::new("__call", Span::mixed_site());
    let record: Stmt = parse_quote! {
        let #guard = if ::log::log_enabled!(::log::Level::Debug) {
            ::core::option::Option::Some(::jim::logging::trace::enter(
                #name,
                ::core::module_path!(),
                #arguments,
            ))
        } else {
            ::core::option::Option::None
        };
    };
    function.block.stmts.insert(0, record);
    Ok(function.into_token_stream())
}

/// Refuses functions whose call cannot be recorded.
fn refuse_kinds(signature: &Signature) -> Result<()> {
    let refuse = |span, text| Err(Error::new(span, text));
    if let Some(keyword) = &signature.asyncness {
        return refuse(keyword.span, "#[log] cannot stand on an async function");
    }
    if let Some(keyword) = &signature.constness {
        return refuse(
            keyword.span,
            "#[log] cannot stand on a const function: it may run while compiling",
        );
    }
    if let Some(abi) = &signature.abi {
        return refuse(abi.extern_token.span, "#[log] cannot stand on an extern function");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(item: &str) -> String {
        let show: Show = syn::parse_str("").unwrap();
        let item: TokenStream = item.parse().unwrap();
        let expanded = syn::parse2::<ItemFn>(item.clone())
            .map_err(|error| no_function(&item, error))
            .and_then(|function| expand(&show, function));
        expanded.err().unwrap().to_string()
    }

    #[test]
    fn wrong_places_are_refused() {
        assert_eq!(fault("struct S;"), "#[log] stands on a function or method that has a body");
        assert_eq!(fault("fn f();"), "#[log] stands on a function or method that has a body");
        assert_eq!(fault("async fn f() {}"), "#[log] cannot stand on an async function");
        assert!(fault("const fn f() {}").starts_with("#[log] cannot stand on a const function"));
        assert_eq!(fault("extern \"C\" fn f() {}"), "#[log] cannot stand on an extern function");
    }
}
