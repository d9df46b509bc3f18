//! The one thing that is said in HTTP: that this is no web server.

/// The answer to any HTTP request.
pub const NOT_IMPLEMENTED: &[u8] = b"HTTP/1.1 501 Not Implemented\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 84\r\n\
    Connection: close\r\n\
    \r\n\
    This is a JIM chat server: connect by TCP and send JSON objects, see jim-client -h.\n";

#[cfg(test)]
mod tests {
    use super::NOT_IMPLEMENTED;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let text = std::str::from_utf8(NOT_IMPLEMENTED).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }
}
