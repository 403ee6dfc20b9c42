//! Server frames of RFC 6455, written once and shared by every client: a server does not mask, so all get the same
//! bytes.

use bytes::{BufMut, Bytes, BytesMut};

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
/// The header of a text between 126 bytes and 64 KiB, which is nearly every event.
const USUAL_HEADER: usize = 4;

/// Appends a text frame whose payload `write` appends. Returns where the frame ends.
pub fn push_text(buf: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> usize {
    let start = buf.len();
    buf.extend_from_slice(&[TEXT, 126, 0, 0]);
    write(buf);
    let length = buf.len() - start - USUAL_HEADER;
    match u16::try_from(length) {
        Ok(short @ 0..126) => {
            buf[start + 1] = short.to_le_bytes()[0];
            buf.drain(start + 2..start + USUAL_HEADER);
        }
        Ok(usual) => buf[start + 2..start + USUAL_HEADER].copy_from_slice(&usual.to_be_bytes()),
        Err(_) => {
            let long = (length as u64).to_be_bytes();
            buf[start + 1] = 127;
            buf.splice(start + 2..start + USUAL_HEADER, long);
        }
    }
    buf.len()
}

/// A text frame.
#[must_use]
pub fn text(payload: &[u8]) -> Bytes {
    let mut buf = Vec::with_capacity(payload.len() + 10);
    push_text(&mut buf, |b| b.extend_from_slice(payload));
    buf.into()
}

/// A ping without payload.
#[must_use]
pub const fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

/// A close frame; the reason is cut at 123 bytes, as the protocol wants.
#[must_use]
pub fn close(code: u16, reason: &str) -> Bytes {
    let mut cut = reason.len().min(123);
    while !reason.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut buf = BytesMut::with_capacity(4 + cut);
    buf.put_u8(CLOSE);
    buf.put_u8(u8::try_from(cut + 2).unwrap_or(2));
    buf.put_u16(code);
    buf.put_slice(&reason.as_bytes()[..cut]);
    buf.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_its_header() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let payload = vec![b'x'; length];
            let mut expected = header;
            expected.extend_from_slice(&payload);
            assert_eq!(text(&payload).to_vec(), expected, "{length}");
        }
    }

    #[test]
    fn frames_stand_one_after_the_other() {
        let mut buf = Vec::new();
        assert_eq!(push_text(&mut buf, |b| b.extend_from_slice(b"one")), 5);
        assert_eq!(push_text(&mut buf, |b| b.extend_from_slice(&[b'y'; 200])), 5 + 204);
        assert_eq!(&buf[..7], b"\x81\x03one\x81\x7e");
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let frame = close(4400, &"ї".repeat(100));
        assert_eq!(frame[1], 124);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
