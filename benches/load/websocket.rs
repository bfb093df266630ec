//! As much of RFC 6455 as a client needs whose server neither masks nor fragments.

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

/// One whole frame at the beginning of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub opcode: u8,
    pub payload: &'a [u8],
    /// Bytes of the frame with its head.
    pub length: usize,
}

/// A frame that a server of this protocol does not send: fragmented, masked or extended.
#[derive(Debug, PartialEq, Eq)]
pub struct Unexpected;

/// Reads the frame at the beginning of `bytes`; `None` while it is not whole.
#[inline]
pub fn read(bytes: &[u8]) -> Result<Option<Frame<'_>>, Unexpected> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0xF0 != 0x80 || second & 0x80 != 0 {
        return Err(Unexpected);
    }
    let (head, payload) = match second {
        126 => match rest {
            [a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            _ => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(long) => {
                let long = usize::try_from(u64::from_be_bytes(*long)).map_err(|_| Unexpected)?;
                (10, long)
            }
            None => return Ok(None),
        },
        short => (2, usize::from(*short)),
    };
    let length = head + payload;
    Ok(bytes.get(head..length).map(|payload| Frame {
        opcode: first & 0x0F,
        payload,
        length,
    }))
}

/// Appends a client's frame to `out`. A mask of zeros is a mask: the payload stays as it is.
pub fn write(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(0x80 | opcode);
    match payload.len() {
        short @ 0..126 => out.push(0x80 | short as u8),
        medium @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend((medium as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_once_it_is_whole() {
        for size in [0, 5, 125, 126, 300, 65_535, 65_536, 100_000] {
            let payload = vec![b'x'; size];
            let mut bytes = vec![0x80 | TEXT];
            match size {
                0..126 => bytes.push(size as u8),
                126..0x1_0000 => {
                    bytes.push(126);
                    bytes.extend((size as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend((size as u64).to_be_bytes());
                }
            }
            bytes.extend(&payload);
            let length = bytes.len();
            for cut in [0, 1, 2, 3, length - 1] {
                let part = &bytes[..cut.min(length - 1)];
                assert_eq!(read(part), Ok(None), "{size}: {cut}");
            }
            bytes.extend(b"next");
            let frame = read(&bytes).unwrap().unwrap();
            assert_eq!((frame.opcode, frame.length), (TEXT, length));
            assert_eq!(frame.payload, payload);
        }
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        assert_eq!(read(&[0x01, 0]), Err(Unexpected), "a fragment");
        assert_eq!(read(&[0x81, 0x80]), Err(Unexpected), "a mask");
        assert_eq!(read(&[0xC1, 0]), Err(Unexpected), "a compressed message");
    }

    #[test]
    fn a_client_masks() {
        let mut out = Vec::new();
        write(&mut out, TEXT, b"hi");
        assert_eq!(out, [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }
}
