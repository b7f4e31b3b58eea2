//! Whether bytes are text.

/// Returns whether bytes, or those up to the first newline, are text in UTF-8 in which a JSON object begins. A log is read
/// even if its first line begins with the mark of another kind of file, or text in another encoding follows.
pub fn holds_json_text(start: &[u8]) -> bool {
    let first_line = memchr::memchr(b'\n', start).map_or(start, |newline| &start[..newline]);
    let mut texts = [start, first_line].into_iter();
    texts.any(|text| is_text(text) && memchr::memmem::find(text, b"{\"").is_some())
}

/// Returns whether bytes are the start of a text in UTF-8.
pub fn is_text(start: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(start) {
        Ok(_) => true,
        // The last character may be incomplete.
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !is_binary(start)
}

/// Returns whether bytes contain control characters that no text has.
pub fn is_binary(bytes: &[u8]) -> bool {
    let is_of_text = |byte: u8| byte >= b' ' || matches!(byte, b'\t'..=b'\r' | b'\x1b');
    !bytes.iter().all(|&byte| is_of_text(byte))
}

/// Returns whether the first line is one of base64, or the first line of data in the form of PEM.
pub fn is_armored(start: &[u8]) -> bool {
    let first_line = start.split(|&byte| byte == b'\n').next().unwrap_or(start);
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    first_line.starts_with(b"-----BEGIN ") || first_line.trim_ascii_end().iter().all(is_base64)
}
