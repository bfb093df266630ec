//! Which shape the binary encoding has. It is made of the golden vectors (`schema/golden.txt`): how
//! every frame and every stream's snapshot and delta are written as bytes. If one of them changes,
//! so does the hash, and who has another one must not read the bytes.

/// Each vector has a line with its name, one with its JSON and one that starts with [`BYTES`].
const GOLDEN: &[u8] = include_bytes!("schema/golden.txt");

/// What a line of bytes starts with: the only lines that count.
const BYTES: &[u8] = b"hex ";

const HASH: [u8; 16] = hexadecimal(fnv(GOLDEN));

/// FNV-1a, 64 bits, over the lines of bytes. No more is needed: nobody gains by forging it.
const fn fnv(text: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    // How much of `BYTES` the line has begun with; beyond its length the line is another one.
    let mut begun = 0;
    while at < text.len() {
        let byte = text[at];
        if begun == BYTES.len() {
            hash = (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
        }
        if byte == b'\n' {
            begun = 0;
        } else if begun < BYTES.len() {
            begun = if byte == BYTES[begun] {
                begun + 1
            } else {
                BYTES.len() + 1
            };
        }
        at += 1;
    }
    hash
}

const fn hexadecimal(value: u64) -> [u8; 16] {
    let mut text = [0; 16];
    let mut place = 0;
    while place < text.len() {
        text[place] = b"0123456789abcdef"[(value >> (60 - 4 * place) & 15) as usize];
        place += 1;
    }
    text
}

/// The shape of the binary encoding: 16 hexadecimal digits, the same on every machine.
pub fn schema_hash() -> &'static str {
    // Hexadecimal digits are text.
    std::str::from_utf8(&HASH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
