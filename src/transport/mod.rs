//! How bytes reach us: the streams that connections read and write.

pub mod http;
mod stream;

pub use stream::Stream;
