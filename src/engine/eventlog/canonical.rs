//! Canonical JSON (RFC 8785) written in one pass: members go to one buffer as they come, and an object
//! whose members are not in order is laid out anew when it ends.
//!
//! It is nine tenths of what sealing costs, so it is our own: the crate that verification uses sorts
//! members by trees of allocated keys and takes several times as long. That crate is what the tests hold
//! this one against, byte by byte.

mod forms;

use std::cmp::Ordering;
use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use serde::ser::{Error as _, Serialize};
use serde_json::{Error, Result};

/// Integers up to here are the same as floats, which is what JSON's numbers are here.
const EXACT: u64 = 1 << 53;

pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut writer = Writer {
        out: Vec::with_capacity(1024),
        ..Writer::default()
    };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Where an object is laid out in order.
    sorted: Vec<u8>,
    /// Members of all objects that are being written, the innermost object's last.
    members: Vec<Member>,
}

/// Where a member stands in the output, without a comma.
struct Member {
    /// Its name, without the quotes.
    key: Range<usize>,
    /// Name, colon and value.
    all: Range<usize>,
}

impl Writer {
    fn integer(&mut self, value: impl Display, is_exact: bool, as_float: f64) -> Result<()> {
        if is_exact {
            write!(Text(&mut self.out), "{value}").map_err(Error::custom)
        } else {
            self.float(as_float)
        }
    }

    fn float(&mut self, value: f64) -> Result<()> {
        if !value.is_finite() {
            return Err(Error::custom("NaN and infinity have no JSON"));
        }
        let mut buffer = ryu_js::Buffer::new();
        let text = buffer.format_finite(value);
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn string(&mut self, value: &str) {
        self.out.push(b'"');
        escape(&mut self.out, value);
        self.out.push(b'"');
    }

    fn object(&mut self) -> Compound<'_> {
        Compound {
            begin: self.out.len(),
            first: self.members.len(),
            brackets: Brackets::Object,
            is_variant: false,
            key: 0..0,
            writer: self,
        }
    }

    fn array(&mut self) -> Compound<'_> {
        self.out.push(b'[');
        Compound {
            brackets: Brackets::Array,
            ..self.object()
        }
    }

    /// What follows is the only member of an object of its own.
    fn variant(&mut self, name: &str) {
        self.out.push(b'{');
        self.string(name);
        self.out.push(b':');
    }
}

/// Text as it is: for what has no character that is escaped.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Text of a string.
struct Escaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

fn escape(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| !is_plain(byte)) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x0d => out.extend_from_slice(b"\\r"),
            control => {
                let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(control >> 4), digit(control)]);
            }
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Names by their UTF-16 code units (RFC 8785, 3.2.3), given as they are written.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let is_plain = |key: &[u8]| key.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    if is_plain(a) && is_plain(b) {
        return a.cmp(b);
    }
    let units = |key: &[u8]| -> Vec<u16> {
        let quoted = [b"\"", key, b"\""].concat();
        let text: String = serde_json::from_slice(&quoted).unwrap_or_default();
        text.encode_utf16().collect()
    };
    units(a).cmp(&units(b))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Array,
    Object,
}

/// An array or object that is being written.
struct Compound<'a> {
    writer: &'a mut Writer,
    brackets: Brackets,
    /// Where its content begins in the output, and its first member among all.
    begin: usize,
    first: usize,
    /// Whether it is the value of an enum's variant, whose object ends with it.
    is_variant: bool,
    /// The name whose value comes next.
    key: Range<usize>,
}

impl Compound<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if self.writer.out.len() > self.begin {
            self.writer.out.push(b',');
        }
        value.serialize(&mut *self.writer)
    }

    /// The name was written from `begin` on, in quotes.
    fn named(&mut self, begin: usize) {
        self.key = begin + 1..self.writer.out.len() - 1;
        self.writer.out.push(b':');
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(&mut *self.writer)?;
        let key = self.key.clone();
        let all = key.start - 1..self.writer.out.len();
        self.writer.members.push(Member { key, all });
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        let begin = self.writer.out.len();
        self.writer.string(name);
        self.named(begin);
        self.value(value)
    }

    fn finish(self) -> Result<()> {
        let Writer {
            out,
            sorted,
            members,
        } = self.writer;
        if self.brackets == Brackets::Array {
            out.push(b']');
        } else {
            let own = &mut members[self.first..];
            own.sort_by(|a, b| compare(&out[a.key.clone()], &out[b.key.clone()]));
            sorted.clear();
            for member in own {
                sorted.push(b',');
                sorted.extend_from_slice(&out[member.all.clone()]);
            }
            out.truncate(self.begin);
            out.push(b'{');
            out.extend_from_slice(sorted.get(1..).unwrap_or_default());
            out.push(b'}');
            members.truncate(self.first);
        }
        if self.is_variant {
            out.push(b'}');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
