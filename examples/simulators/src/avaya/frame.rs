//! Frames: two zero bytes, the length of all (big endian), four digits that join a reply to its request, the XML.

/// The digits of what nobody asked for.
pub(crate) const EVENT: u16 = 9_999;
/// The header's length.
const HEADER: usize = 8;

/// A frame that has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) invoke: u16,
    pub(crate) body: Vec<u8>,
}

/// A message in its frame; `None` when it is too long for one.
pub(crate) fn write(invoke: u16, body: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(body.len() + HEADER).ok()?;
    Some(write_as(invoke, body, length))
}

/// A message with any length in its header: a true one, or not.
pub(crate) fn write_as(invoke: u16, body: &[u8], length: u16) -> Vec<u8> {
    let mut frame = vec![0, 0];
    frame.extend(length.to_be_bytes());
    frame.extend(format!("{invoke:04}").bytes());
    frame.extend(body);
    frame
}

/// What has come of a stream and is no whole frame yet.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Vec<u8>);

/// The stream cannot be read any further: where the next frame begins is lost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost;

impl Pieces {
    /// Takes bytes as they come.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// The next whole frame.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Lost> {
        let Some(header) = self.0.first_chunk::<HEADER>() else { return Ok(None) };
        // A real server does not look at the first two bytes; one client is known to send the digits "00".
        if !matches!(header[..2], [0, 0] | [b'0', b'0']) {
            return Err(Lost);
        }
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let digits = &header[4..];
        if length <= HEADER || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Lost);
        }
        let invoke = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        if self.0.len() < length {
            return Ok(None);
        }
        let body = self.0.drain(..length).skip(HEADER).collect();
        Ok(Some(Frame { invoke, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest body that a length of sixteen bits has room for.
    const LONGEST: usize = 65_535 - HEADER;

    #[test]
    fn frames_are_read_from_any_pieces() {
        let all: Vec<u8> = [write(7, b"<a/>").unwrap(), write(EVENT, b"<bb/>").unwrap()].concat();
        assert_eq!(&all[..12], b"\0\0\0\x0c0007<a/>");
        for size in 1..=all.len() {
            let (mut pieces, mut frames) = (Pieces::default(), Vec::new());
            for piece in all.chunks(size) {
                pieces.push(piece);
                while let Some(frame) = pieces.next().unwrap() {
                    frames.push((frame.invoke, frame.body));
                }
            }
            assert_eq!(frames, [(7, b"<a/>".to_vec()), (EVENT, b"<bb/>".to_vec())], "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_header_is_the_end() {
        for wrong in [&b"\0\0\0\x080001"[..], b"\0\x01\0\x0c0001abcd", b"\0\0\0\x0c00x1abcd", b"GET / HTTP/1.1"] {
            let mut pieces = Pieces::default();
            pieces.push(wrong);
            assert_eq!(pieces.next(), Err(Lost));
        }
        let mut pieces = Pieces::default();
        pieces.push(b"00\0\x0c0001abcd");
        assert_eq!(pieces.next(), Ok(Some(Frame { invoke: 1, body: b"abcd".to_vec() })));
        assert!(write(1, &vec![b'x'; LONGEST]).is_some() && write(1, &vec![b'x'; LONGEST + 1]).is_none());
    }
}
