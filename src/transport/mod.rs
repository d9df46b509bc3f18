//! How bytes reach us: the streams that connections read and write, plain or in TLS.

mod client_tls;
pub mod http;
mod pinned;
mod records;
mod server_tls;
mod stream;
mod tls;

pub use client_tls::{ClientTls, ClientTlsFault, Handshake, Trust};
pub use server_tls::{ACCESS_DENIED, ServerTls, Shown};
pub use stream::{Received, Stream};
