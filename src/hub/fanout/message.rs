//! Finished bytes for the transport: frames of the protocol gathered into WebSocket messages.
//! A server's frames are not masked (RFC 6455, 5.1), so that the same bytes serve every client.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::wire::{CloseCode, Encoding};

/// A message is not made longer than this by further frames, in bytes.
const MESSAGE: usize = 64 * 1024;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// A WebSocket ping without content.
pub const PING_FRAME: [u8; 2] = [FINAL | PING, 0];

fn header(out: &mut BytesMut, opcode: u8, length: usize) {
    out.put_u8(FINAL | opcode);
    // A server's length field: 7 bits, or 126 and 16 bits, or 127 and 64 bits; no mask bit.
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => out.put_u8(short),
        (_, Ok(medium)) => {
            out.put_u8(126);
            out.put_u16(medium);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
}

/// Gathers frames into as few messages as their size allows, all of them in one piece of memory.
pub fn finish(encoding: Encoding, frames: &[Bytes]) -> Bytes {
    let (opcode, separator): (u8, &[u8]) = match encoding {
        Encoding::Json => (TEXT, b"\n"),
        // Each frame stands behind its length.
        Encoding::Postcard => (BINARY, b""),
    };
    let content: usize = frames.iter().map(|frame| frame.len() + 1).sum();
    let mut out = BytesMut::with_capacity(content + 10 * (1 + content / MESSAGE));
    let mut rest = frames;
    while let Some(first) = rest.first() {
        let mut length = first.len();
        let mut count = 1;
        for frame in &rest[1..] {
            let longer = length + separator.len() + frame.len();
            if longer > MESSAGE {
                break;
            }
            length = longer;
            count += 1;
        }
        let (message, later) = rest.split_at(count);
        header(&mut out, opcode, length);
        for (place, frame) in message.iter().enumerate() {
            if place > 0 {
                out.put_slice(separator);
            }
            out.put_slice(frame);
        }
        rest = later;
    }
    out.freeze()
}

/// A binary message.
pub fn binary(content: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(10 + content.len());
    header(&mut out, BINARY, content.len());
    out.put_slice(content);
    out.freeze()
}

/// A WebSocket close frame.
pub fn close(code: u16, reason: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(4 + reason.len());
    header(&mut out, CLOSE, 2 + reason.len());
    out.put_u16(code);
    out.put_slice(reason.as_bytes());
    out.freeze()
}

/// The close frame of a code of ours.
pub fn close_with(code: CloseCode) -> Bytes {
    close(code.code(), code.reason())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_their_three_forms() {
        for (length, head) in [
            (5, vec![0x81, 5]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = Bytes::from(vec![b'x'; length]);
            let bytes = finish(Encoding::Json, &[frame]);
            assert_eq!(bytes[..head.len()], head);
            assert_eq!(bytes.len(), head.len() + length);
        }
    }

    #[test]
    fn frames_share_a_message_until_it_is_full() {
        let small = Bytes::from_static(b"{}");
        assert_eq!(
            &finish(Encoding::Json, &[small.clone(), small.clone()])[..],
            b"\x81\x05{}\n{}"
        );
        let large = Bytes::from(vec![b'x'; MESSAGE - 1]);
        let bytes = finish(Encoding::Json, &[small.clone(), large, small]);
        assert_eq!(&bytes[..4], b"\x81\x02{}");
        assert!(bytes.ends_with(b"\x81\x02{}"), "the large one stands alone");
        assert!(finish(Encoding::Json, &[]).is_empty());
    }

    #[test]
    fn a_close_frame_has_code_and_reason() {
        assert_eq!(
            &close_with(CloseCode::TooSlow)[..],
            b"\x88\x0a\x0f\xa8too slow"
        );
    }
}
